//! A text made anew of the same bytes: the newest version is told again, the replaced text goes to
//! `extractions`. Whether that is due is decided by the caller.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::rows::ArticleWrite;
use super::{Fault, Writer, article};
use crate::store::error::StoreError;
use crate::store::value::{Text, read_time, time};

/// The newest version of an article, extracted again.
#[derive(Debug, Clone)]
pub struct Reextraction {
    /// The article.
    pub article_id: i64,
    /// Its version, and the hash of the text that the caller compared with: if either has changed
    /// meanwhile the write is a [`StoreError::Conflict`].
    pub version: i64,
    /// As `version`.
    pub text_sha256: String,
    /// When this happened.
    pub at: Timestamp,
    /// What it tells now.
    pub article: Box<ArticleWrite>,
}

impl Writer {
    /// Puts a new extraction in the place of the former one: text, fields, removed blocks, images,
    /// authors, keywords and the index, in one transaction. No version is made. A text that changes
    /// is kept in `extractions`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the article is not as the caller read it, and when the file
    /// cannot be written. Nothing is written then.
    pub async fn reextract(&self, again: Reextraction) -> Result<(), StoreError> {
        self.transact("replace an extraction", move |tx| replace(tx, &again))
            .await
    }
}

/// What of the version stays as it is.
struct Kept {
    url: String,
    fetched_at: Timestamp,
    first_seen_at: Timestamp,
    fetch_id: Option<i64>,
    run_id: i64,
    html_sha256: String,
}

fn replace(tx: &Connection, again: &Reextraction) -> Result<(), Fault> {
    let id = again.article_id;
    let kept = tx
        .prepare_cached(
            "select url, fetched_at, first_seen_at, fetch_id, run_id, html_sha256 from articles
              where id = ?1 and version = ?2 and text_sha256 = ?3",
        )?
        .query_row(params![id, again.version, again.text_sha256], |row| {
            Ok(Kept {
                url: row.get("url")?,
                fetched_at: read_time(row, "fetched_at")?,
                first_seen_at: read_time(row, "first_seen_at")?,
                fetch_id: row.get("fetch_id")?,
                run_id: row.get("run_id")?,
                html_sha256: row.get("html_sha256")?,
            })
        })
        .optional()?
        .ok_or_else(|| {
            Fault::Refused(StoreError::Conflict {
                url: format!("article {id}"),
            })
        })?;
    // Taken from the row before it is overwritten, and given back where the text did not change.
    let n: i64 = tx
        .prepare_cached(
            "insert into extractions (article_id, version, n, at, rule_sha256, memory_sha256, text)
             select id, version,
                    1 + (select coalesce(max(n), 0) from extractions e
                          where e.article_id = a.id and e.version = a.version),
                    :at, rule_sha256, memory_sha256, text
               from articles a where id = :id
             returning n",
        )?
        .query_row(named_params! { ":id": id, ":at": time(again.at) }, |r| r.get(0))?;
    for table in ["removed", "images", "fields"] {
        tx.prepare_cached(&format!(
            "delete from {table} where article_id = ?1 and version = ?2"
        ))?
        .execute([id, again.version])?;
    }
    let origin = article::Origin {
        url: &kept.url,
        fetched_at: kept.fetched_at,
        first_seen_at: kept.first_seen_at,
        fetch_id: kept.fetch_id,
        run_id: kept.run_id,
        html_sha256: Some(&kept.html_sha256),
        // The pages it is read from stay.
        further: &[],
    };
    article::fill(tx, id, again.version, &origin, &again.article)?;
    tx.prepare_cached("update articles set site = ?2 where id = ?1 and site <> ?2")?
        .execute(params![id, Text(&again.article.site)])?;
    tx.prepare_cached(
        "delete from extractions where article_id = ?1 and version = ?2 and n = ?3
            and (select text_sha256 from articles where id = ?1) = ?4",
    )?
    .execute(params![id, again.version, n, again.text_sha256])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{Category, Removal};
    use crate::store::testing::{article, at, desk, revision, story};

    fn again(title: &str, text: &str, version: i64, of: &str) -> Reextraction {
        let mut article = article(title);
        text.clone_into(&mut article.article.blocks[0].text);
        article.article.removed.push(Removal {
            category: Category::Donation,
            rule: "paper.toml:9".to_owned(),
            pattern: ".give".to_owned(),
            text: "Support us.".to_owned(),
            position: 0,
            path: String::new(),
        });
        article.provenance.rule_sha256 = "c".repeat(64);
        Reextraction {
            article_id: 1,
            version,
            text_sha256: of.to_owned(),
            at: at(60),
            article,
        }
    }

    #[tokio::test]
    async fn the_replaced_text_is_kept_and_everything_else_follows() {
        let desk = desk().await;
        let url = "https://news.example/a";
        let first = desk
            .writer
            .record_page(story(desk.run, url, "Told"))
            .await
            .unwrap();
        desk.writer
            .record_page(revision(desk.run, url, "Told twice", first))
            .await
            .unwrap();
        let before = desk.reader().article(1).unwrap().unwrap();
        let write = again("Told twice", "A better text.", 2, &before.text_sha256);
        desk.writer.reextract(write.clone()).await.unwrap();

        let sql = desk.client();
        let one = |query: &str| -> String { sql.query_row(query, [], |r| r.get(0)).unwrap() };
        assert_eq!(one("select text from articles"), "A better text.");
        assert_eq!(
            one("select group_concat(version || text) from extractions"),
            "2Told twice, it is said."
        );
        assert_eq!(one("select rule_sha256 from extractions"), "b".repeat(64));
        assert_eq!(one("select rule_sha256 from articles"), "c".repeat(64));
        assert_eq!(
            one("select group_concat(version || rule) from removed"),
            "2paper.toml:9"
        );
        assert_eq!(
            one("select count(*) || '' from images"),
            "2",
            "those of both versions"
        );
        assert_eq!(one("select count(*) || '' from article_versions"), "2");
        assert_eq!(desk.reader().search("better", 9).unwrap().len(), 1);
        assert_eq!(desk.reader().search("said", 9).unwrap().len(), 0);

        // Whoever compared with the former text is told so, and writes nothing.
        let late = desk.writer.reextract(write).await.unwrap_err();
        assert!(matches!(late, StoreError::Conflict { .. }));
        // The same text by other rules: the provenance changes, nothing is kept.
        let now = desk.reader().article(1).unwrap().unwrap().text_sha256;
        let mut same = again("Told twice", "A better text.", 2, &now);
        same.article.provenance.rule_sha256 = "d".repeat(64);
        desk.writer.reextract(same).await.unwrap();
        assert_eq!(one("select count(*) || '' from extractions"), "1");
        assert_eq!(one("select rule_sha256 from articles"), "d".repeat(64));
    }
}
