//! Articles and bodies as the pipeline reads them: the newest version, the bytes it came from,
//! what to look at again, and the material of site memory. Owns these questions.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::Reader;
use crate::article::Category;
use crate::store::body;
use crate::store::error::StoreError;
use crate::store::value::{int, read_time};
use crate::store::write::MemoryRow;

/// The newest version of an article, as far as the pipeline compares it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredArticle {
    /// Its id.
    pub id: i64,
    /// The site.
    pub site: String,
    /// Its address.
    pub url: String,
    /// Number of this version, from 1.
    pub version: i64,
    /// Headline.
    pub title: Option<String>,
    /// Dek.
    pub subtitle: Option<String>,
    /// The text.
    pub text: String,
    /// Hash of the bytes it was made from.
    pub html_sha256: String,
    /// Hash of `text`.
    pub text_sha256: String,
    /// Hash of the rules that made it.
    pub rule_sha256: String,
    /// Hash of the memory that made it.
    pub memory_sha256: Option<String>,
    /// When it was first seen.
    pub first_seen_at: Timestamp,
    /// When the bytes were fetched.
    pub fetched_at: Timestamp,
    /// The article that first told this story.
    pub story_id: Option<i64>,
}

/// A stored article and how to ask for it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisitTarget {
    /// The article.
    pub article_id: i64,
    /// Its address.
    pub url: String,
    /// Validators of the last answer.
    pub etag: Option<String>,
    /// As `etag`.
    pub last_modified: Option<String>,
    /// Hash of the bytes its newest version was made from.
    pub html_sha256: String,
}

/// A page that a stored version was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePage {
    /// The address that answered with it: what stands on it is relative to this one.
    pub url: String,
    /// The `Content-Type` it came with.
    pub content_type: Option<String>,
    /// Hash of its bytes.
    pub html_sha256: String,
}

/// What site memory is built from: the text of an article, and what memory took out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentText {
    /// The article.
    pub article_id: i64,
    /// Its headline.
    pub title: Option<String>,
    /// Its text: blocks joined by a blank line.
    pub text: String,
    /// Blocks that were taken out because they recur; without them a block that memory knows
    /// would be forgotten and come back.
    pub repeated: Vec<String>,
}

/// Articles that are looked at as perhaps one story because they call one address canonical: some sites
/// call a section the canonical address of all its stories.
const MOST_NAMESAKES: usize = 20;

const STORED: &str = "select id, site, url, version, title, subtitle, text, html_sha256, text_sha256,
    rule_sha256, memory_sha256, first_seen_at, fetched_at, story_id from articles";

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredArticle> {
    Ok(StoredArticle {
        id: row.get("id")?,
        site: row.get("site")?,
        url: row.get("url")?,
        version: row.get("version")?,
        title: row.get("title")?,
        subtitle: row.get("subtitle")?,
        text: row.get("text")?,
        html_sha256: row.get("html_sha256")?,
        text_sha256: row.get("text_sha256")?,
        rule_sha256: row.get("rule_sha256")?,
        memory_sha256: row.get("memory_sha256")?,
        first_seen_at: read_time(row, "first_seen_at")?,
        fetched_at: read_time(row, "fetched_at")?,
        story_id: row.get("story_id")?,
    })
}

impl Reader {
    /// The article at an address.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn article_by_url(&self, url: &str) -> Result<Option<StoredArticle>, StoreError> {
        self.one(&format!("{STORED} where url = ?1"), [url], stored)
    }

    /// The article with an id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn article(&self, id: i64) -> Result<Option<StoredArticle>, StoreError> {
        self.one(&format!("{STORED} where id = ?1"), [id], stored)
    }

    /// The oldest article of a site whose text has this hash and that has this title, or where one is
    /// given this moment of publication: the same story under another address.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn article_by_text(
        &self,
        site: &str,
        text_sha256: &str,
        title: Option<&str>,
        published: Option<&str>,
    ) -> Result<Option<StoredArticle>, StoreError> {
        self.one(
            &format!(
                "{STORED} where text_sha256 = ?1 and site = ?2 and (title is ?3 or published_at = ?4)
                  order by id limit 1"
            ),
            params![text_sha256, site, title, published],
            stored,
        )
    }

    /// Articles of a site that are known under one of these addresses, as their own or as the one
    /// they call canonical; oldest first, and no more than 20 of each.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn articles_known_as(&self, site: &str, urls: &[&str]) -> Result<Vec<StoredArticle>, StoreError> {
        let mut found: Vec<StoredArticle> = Vec::new();
        for url in urls {
            found.extend(self.all(
                &format!(
                    "{STORED} where id in (select id from articles where url = ?2 and site = ?1
                       union select id from articles where site = ?1 and canonical_url = ?2)
                      order by url <> ?2, id limit ?3"
                ),
                params![site, url, int(MOST_NAMESAKES)],
                stored,
            )?);
        }
        found.sort_by_key(|a| a.id);
        found.dedup_by_key(|a| a.id);
        Ok(found)
    }

    /// Articles of a site with this title and moment of publication, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn articles_titled(
        &self,
        site: &str,
        title: &str,
        published: &str,
    ) -> Result<Vec<StoredArticle>, StoreError> {
        self.all(
            &format!("{STORED} where site = ?1 and title = ?2 and published_at = ?3 order by id"),
            [site, title, published],
            stored,
        )
    }

    /// The pages that the newest version of an article was read from, in the story's order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn source_pages(&self, article_id: i64) -> Result<Vec<SourcePage>, StoreError> {
        self.all(
            "select coalesce(f.final_url, s.url) as url, s.html_sha256, json_extract(f.headers, '$.\"content-type\"') as content_type
               from (select 1 as n, url, html_sha256, fetch_id from articles where id = ?1
                     union all
                     select p.n, p.url, p.html_sha256, p.fetch_id
                       from article_pages p join articles a on a.id = p.article_id and a.version = p.version
                      where a.id = ?1) s
               left join fetches f on f.id = s.fetch_id order by s.n",
            [article_id],
            |row| {
                Ok(SourcePage {
                    url: row.get("url")?,
                    content_type: row.get("content_type")?,
                    html_sha256: row.get("html_sha256")?,
                })
            },
        )
    }

    /// Every stored article of a site, newest first, with what a conditional request needs.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stored_articles(&self, site: &str) -> Result<Vec<RevisitTarget>, StoreError> {
        self.all(
            "select a.id, a.url, a.html_sha256, p.etag, p.last_modified
               from articles a left join pages p on p.url = a.url
              where a.site = ?1 order by a.first_seen_at desc, a.id desc",
            [site],
            |row| {
                Ok(RevisitTarget {
                    article_id: row.get("id")?,
                    url: row.get("url")?,
                    etag: row.get("etag")?,
                    last_modified: row.get("last_modified")?,
                    html_sha256: row.get("html_sha256")?,
                })
            },
        )
    }

    /// Hashes of stored bodies that begin with `prefix`, at most `limit`: one is an answer, more
    /// are a question back.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bodies_with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        // Every hash is lower-case hex, so `g` ends the range; an index serves it.
        let prefix = prefix.to_ascii_lowercase();
        self.all(
            "select sha256 from bodies where sha256 >= ?1 and sha256 < ?1 || 'g' order by sha256 limit ?2",
            params![prefix, int(limit)],
            |row| row.get(0),
        )
    }

    /// A stored body, byte for byte, by its whole hash. None: it is not there, or was pruned.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it no longer has its hash, and when the file cannot be read.
    pub fn body(&self, sha256: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let look_up = || {
            let packed = body::get(&self.conn, sha256)?;
            let dictionary = packed.as_ref().and_then(|p| p.dictionary);
            let mut ready = self.dictionaries.borrow_mut();
            let with = dictionary.map(|id| ready.decoder(&self.conn, id)).transpose()?;
            Ok((packed, with.flatten()))
        };
        let (packed, with) = look_up().map_err(|e| self.fault(e))?;
        packed
            .map(|p| p.unpack(with.as_deref()))
            .transpose()
            .map_err(|detail| StoreError::Damaged {
                path: self.path.clone(),
                detail,
            })
    }

    /// When a body was pruned, as in the file. None: it was not, or was never there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pruned_at(&self, sha256: &str) -> Result<Option<String>, StoreError> {
        let found = self.one(
            "select pruned_at from bodies where sha256 = ?1",
            [sha256],
            |row| row.get(0),
        )?;
        Ok(found.flatten())
    }

    /// The `Content-Type` that came with the body of an article's newest version.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn content_type(&self, article_id: i64) -> Result<Option<String>, StoreError> {
        let found: Option<Option<String>> = self.one(
            "select json_extract(f.headers, '$.\"content-type\"')
               from articles a join fetches f on f.id = a.fetch_id where a.id = ?1",
            [article_id],
            |row| row.get(0),
        )?;
        Ok(found.flatten())
    }

    /// The hash of the body of an address: the one its article was made from, else the last one kept.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn body_hash(&self, url: &str) -> Result<Option<String>, StoreError> {
        let found = self.one(
            "select coalesce(
               (select html_sha256 from articles where url = ?1),
               (select a.html_sha256 from pages p join articles a on a.id = p.article_id where p.url = ?1),
               (select b.sha256 from pages p join bodies b on b.sha256 = p.last_body_sha256 where p.url = ?1))",
            [url],
            |row| row.get(0),
        )?;
        Ok(found.flatten())
    }

    /// The body of an address.
    ///
    /// # Errors
    /// As [`Reader::body`].
    pub fn body_by_url(&self, url: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.body_hash(url)?.map_or(Ok(None), |s| self.body(&s))
    }

    /// The last `limit` articles of a site, newest first, as material for its memory.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn recent_texts(&self, site: &str, limit: usize) -> Result<Vec<RecentText>, StoreError> {
        let mut recent = self.all(
            "select id, title, text from articles where site = ?1 order by first_seen_at desc, id desc limit ?2",
            params![site, int(limit)],
            |row| {
                Ok(RecentText {
                    article_id: row.get("id")?,
                    title: row.get("title")?,
                    text: row.get("text")?,
                    repeated: Vec::new(),
                })
            },
        )?;
        for article in &mut recent {
            article.repeated = self.all(
                "select r.text from removed r join articles a on a.id = r.article_id and a.version = r.version
                  where r.article_id = ?1 and r.category = ?2 order by r.n",
                params![article.article_id, Category::Repeated.as_str()],
                |row| row.get(0),
            )?;
        }
        Ok(recent)
    }

    /// The memory of a site.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn memory(&self, site: &str) -> Result<Option<MemoryRow>, StoreError> {
        self.one("select * from memory where site = ?1", [site], |row| {
            Ok(MemoryRow {
                site: row.get("site")?,
                sha256: row.get("sha256")?,
                built_at: read_time(row, "built_at")?,
                run_id: row.get("run_id")?,
                snapshot: row.get("snapshot")?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::article::{Category, Removal};
    use crate::store::testing::{desk, edit_article, story};
    use crate::store::{StoreError, sha256_hex};

    #[tokio::test]
    async fn a_body_is_found_by_hash_prefix_and_address() {
        let desk = desk().await;
        let url = "https://news.example/a";
        let write = story(desk.run, url, "Told");
        let bytes = write.body.clone().unwrap();
        desk.writer.record_page(write).await.unwrap();
        let reader = desk.reader();
        let sha256 = sha256_hex(&bytes);
        assert_eq!(
            reader.bodies_with_prefix(&sha256[..7].to_uppercase(), 2).unwrap(),
            vec![sha256.clone()]
        );
        assert_eq!(reader.bodies_with_prefix("zz", 2).unwrap(), [""; 0]);
        assert_eq!(reader.body(&sha256).unwrap().unwrap(), bytes);
        assert_eq!(reader.body_by_url(url).unwrap().unwrap(), bytes);
        assert_eq!(reader.body_by_url("https://news.example/b").unwrap(), None);
    }

    #[tokio::test]
    async fn a_tampered_body_is_damage_and_not_an_answer() {
        let desk = desk().await;
        let url = "https://news.example/a";
        desk.writer
            .record_page(story(desk.run, url, "Told"))
            .await
            .unwrap();
        let raw = rusqlite::Connection::open(desk.path()).unwrap();
        raw.execute("update bodies set codec = 'raw', bytes = x'00'", [])
            .unwrap();
        assert!(matches!(
            desk.reader().body_by_url(url),
            Err(StoreError::Damaged { .. })
        ));
    }

    #[tokio::test]
    async fn of_many_articles_that_call_one_address_canonical_a_few_are_looked_at_and_its_own_first() {
        let desk = desk().await;
        let section = "https://news.example/section";
        for n in 0..30 {
            let url = match n {
                29 => section.to_owned(),
                _ => format!("https://news.example/{n}"),
            };
            let mut write = story(desk.run, &url, "Told");
            edit_article(&mut write, |a| a.meta.canonical_url = Some(section.to_owned()));
            desk.writer.record_page(write).await.unwrap();
        }
        let known = desk.reader().articles_known_as("paper", &[section]).unwrap();
        assert_eq!(known.len(), super::MOST_NAMESAKES);
        assert!(known.iter().any(|a| a.url == section));
    }

    #[tokio::test]
    async fn memory_is_fed_with_what_it_took_out_before() {
        let desk = desk().await;
        for n in 1..=3 {
            let mut write = story(desk.run, &format!("https://news.example/{n}"), "Told");
            edit_article(&mut write, |article| {
                article.removed.push(Removal {
                    category: Category::Repeated,
                    rule: "memory".to_owned(),
                    pattern: "3 of 50".to_owned(),
                    text: "Support us.".to_owned(),
                    position: 0,
                    path: String::new(),
                });
            });
            desk.writer.record_page(write).await.unwrap();
        }
        let recent = desk.reader().recent_texts("paper", 2).unwrap();
        assert_eq!(recent.len(), 2);
        assert!(recent.iter().all(|r| r.repeated == ["Support us."]));
        assert_eq!(desk.reader().stored_articles("paper").unwrap().len(), 3);
    }
}
