//! One story in many papers: which articles share a `story_id`. Owns prints, links and the number that
//! all articles of a story have; from when two texts are one story is `likeness`'.
//!
//! Articles of two sites whose texts are alike are linked, and all that are linked with each other, over
//! however many, are one story. So it does not matter in which order they came, and when a text changes,
//! its links are made anew and its story falls apart where they held it together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, params};

use super::Writer;
use crate::likeness::{self, Runs};
use crate::store::error::StoreError;
use crate::store::value::{count, int};
use crate::text;

/// Articles that are looked at for one print, the latest: it is common where there are more, and tells
/// little.
const A_PRINT: usize = 64;
/// Of the prints that the shorter of two texts would have, one in so many must be the other's too. A
/// story's half with a word changed in each sentence still has more.
const ONE_IN: usize = 8;
/// Texts that one is compared with at most, those with the most prints in common first.
const COMPARED: usize = 64;
/// Links to articles that are one story already: enough for it to hold together when one of them
/// changes.
const LINKS: usize = 8;

/// An article before a text is written into its row.
pub(super) struct Before {
    site: String,
    text: String,
}

/// The article as it stands.
pub(super) fn before(tx: &Connection, id: i64) -> rusqlite::Result<Before> {
    tx.prepare_cached("select site, text from articles where id = ?1")?
        .query_row([id], |row| {
            Ok(Before {
                site: row.get(0)?,
                text: row.get(1)?,
            })
        })
}

/// Finds the story of an article whose row was written.
pub(super) fn settle(
    tx: &Connection,
    id: i64,
    site: &str,
    text: &str,
    before: &Before,
) -> rusqlite::Result<()> {
    let waited = tx
        .prepare_cached("delete from story_backlog where article_id = ?1")?
        .execute([id])?
        > 0;
    if !waited && before.site == site && before.text == text {
        return Ok(());
    }
    for print in likeness::prints(&before.text) {
        tx.prepare_cached("delete from story_prints where print = ?1 and article_id = ?2")?
            .execute([i64::from(print), id])?;
    }
    // First what the story is without this article: what only it held together falls apart.
    let former = story_of(tx, id)?;
    if unlink(tx, id)? {
        split(tx, former)?;
    }
    let mut stories = BTreeSet::from([story_of(tx, id)?]);
    let prints = likeness::prints(text);
    let article = Article {
        id,
        site,
        text,
        prints: &prints,
    };
    for link in alike(tx, &article)? {
        let mut insert = tx.prepare_cached(
            "insert into story_links (article_id, other_id, runs, share) values (?1, ?2, ?3, ?4)",
        )?;
        for (one, other) in [(id, link.other), (link.other, id)] {
            insert.execute(params![one, other, int(link.common.runs), link.common.share])?;
        }
        stories.insert(link.story);
    }
    for print in &prints {
        tx.prepare_cached("insert or ignore into story_prints (print, article_id) values (?1, ?2)")?
            .execute([i64::from(*print), id])?;
    }
    join(tx, stories)
}

fn story_of(tx: &Connection, id: i64) -> rusqlite::Result<i64> {
    tx.prepare_cached("select coalesce(story_id, id) from articles where id = ?1")?
        .query_row([id], |r| r.get(0))
}

/// Whether there was a link.
fn unlink(tx: &Connection, id: i64) -> rusqlite::Result<bool> {
    tx.prepare_cached(
        "delete from story_links where other_id = ?1
            and article_id in (select other_id from story_links where article_id = ?1)",
    )?
    .execute([id])?;
    let lost = tx
        .prepare_cached("delete from story_links where article_id = ?1")?
        .execute([id])?;
    Ok(lost > 0)
}

/// An article whose story is looked for.
struct Article<'a> {
    id: i64,
    site: &'a str,
    text: &'a str,
    prints: &'a BTreeSet<u32>,
}

struct Link {
    other: i64,
    story: i64,
    common: likeness::Common,
}

/// Articles of other sites that tell the story of this text.
fn alike(tx: &Connection, article: &Article<'_>) -> rusqlite::Result<Vec<Link>> {
    let mut links = Vec::new();
    let mut linked: HashMap<i64, usize> = HashMap::new();
    let mut runs = None;
    let mut compared = 0;
    for candidate in candidates(tx, article)? {
        if compared == COMPARED {
            break;
        }
        if linked.get(&candidate.story).is_some_and(|n| *n >= LINKS) {
            continue;
        }
        compared += 1;
        let other: String = tx
            .prepare_cached("select text from articles where id = ?1")?
            .query_row([candidate.id], |r| r.get(0))?;
        let common = runs
            .get_or_insert_with(|| Runs::of(article.text))
            .common(&Runs::of(&other));
        if common.is_one_story() {
            *linked.entry(candidate.story).or_default() += 1;
            links.push(Link {
                other: candidate.id,
                story: candidate.story,
                common,
            });
        }
    }
    Ok(links)
}

struct Candidate {
    id: i64,
    story: i64,
}

/// Articles of other sites that share prints with a text, those that share the most first.
fn candidates(tx: &Connection, article: &Article<'_>) -> rusqlite::Result<Vec<Candidate>> {
    let mut shared: BTreeMap<i64, usize> = BTreeMap::new();
    let mut with = tx.prepare_cached(
        "select article_id from story_prints where print = ?1 and article_id <> ?2
          order by article_id desc limit ?3",
    )?;
    for print in article.prints {
        let rows = params![i64::from(*print), article.id, int(A_PRINT)];
        for other in with.query_map(rows, |r| r.get(0))? {
            *shared.entry(other?).or_default() += 1;
        }
    }
    let words = text::word_count(article.text).max(1);
    let mut found = Vec::new();
    for (other, prints) in shared {
        let row: Option<(String, u64, i64)> = tx
            .prepare_cached(
                "select site, word_count, coalesce(story_id, id) as story from articles where id = ?1",
            )?
            .query_row([other], |r| {
                Ok((r.get("site")?, count(r, "word_count")?, r.get("story")?))
            })
            .optional()?;
        let Some((its_site, its_words, story)) = row else {
            continue;
        };
        let shorter = words.min(usize::try_from(its_words).unwrap_or(words));
        let needed = article.prints.len() * shorter / words / ONE_IN;
        if its_site != article.site && prints >= needed {
            found.push((prints, Candidate { id: other, story }));
        }
    }
    found.sort_by_key(|(prints, candidate)| (std::cmp::Reverse(*prints), candidate.id));
    Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
}

/// Makes one story of these: its number is the first article's id.
fn join(tx: &Connection, mut stories: BTreeSet<i64>) -> rusqlite::Result<()> {
    let Some(first) = stories.pop_first() else {
        return Ok(());
    };
    for story in stories {
        tx.prepare_cached("update articles set story_id = ?1 where story_id = ?2")?
            .execute([first, story])?;
    }
    Ok(())
}

/// Makes of a story as many as its links hold together, each with the number of its first article.
fn split(tx: &Connection, story: i64) -> rusqlite::Result<()> {
    let members: BTreeSet<i64> = tx
        .prepare_cached("select id from articles where story_id = ?1")?
        .query_map([story], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    let mut reached = BTreeSet::new();
    for first in &members {
        // In the order of ids, so whoever is not reached yet is the first of its story.
        let mut waiting = vec![*first];
        while let Some(id) = waiting.pop() {
            if !members.contains(&id) || !reached.insert(id) {
                continue;
            }
            if *first != story {
                tx.prepare_cached("update articles set story_id = ?1 where id = ?2")?
                    .execute([*first, id])?;
            }
            let mut links = tx.prepare_cached("select other_id from story_links where article_id = ?1")?;
            for other in links.query_map([id], |r| r.get(0))? {
                waiting.push(other?);
            }
        }
    }
    Ok(())
}

impl Writer {
    /// Finds the stories of articles that were stored before stories were looked for, the oldest first,
    /// at most so many. Returns how many that were; 0: none is left.
    ///
    /// # Errors
    /// When the file cannot be written. Nothing is written then.
    pub async fn settle_stories(&self, most: usize) -> Result<usize, StoreError> {
        self.transact("find the stories of older articles", move |tx| {
            let ids: Vec<i64> = tx
                .prepare_cached("select article_id from story_backlog order by article_id limit ?1")?
                .query_map([int(most)], |r| r.get(0))?
                .collect::<Result<_, _>>()?;
            for id in &ids {
                let mut article = before(tx, *id)?;
                let text = std::mem::take(&mut article.text);
                settle(tx, *id, &article.site, &text, &article)?;
            }
            Ok(ids.len())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::int;
    use crate::article::{Block, BlockKind};
    use crate::store::ArticleChange;
    use crate::store::testing::{Desk, desk, edit_article, revision, story};
    use crate::store::write::{PageWrite, PageWritten};

    fn words(range: std::ops::Range<usize>) -> String {
        range.map(|n| format!("w{n} ")).collect()
    }

    /// A page of a site that tells this.
    fn told(run: i64, site: &str, text: &str) -> PageWrite {
        let mut page = story(run, &format!("https://{site}.example/a/{}", text.len()), "Told");
        tell(&mut page, site, text);
        page
    }

    fn tell(page: &mut PageWrite, site: &str, text: &str) {
        edit_article(page, |article| {
            article.blocks = vec![Block {
                kind: BlockKind::Paragraph,
                text: text.to_owned(),
            }];
        });
        page.body = Some(text.as_bytes().to_vec());
        if let ArticleChange::New(write) | ArticleChange::Revision { article: write, .. } = &mut page.article
        {
            site.clone_into(&mut write.site);
        }
    }

    async fn record(desk: &Desk, site: &str, text: &str) -> PageWritten {
        desk.writer.record_page(told(desk.run, site, text)).await.unwrap()
    }

    fn stories(desk: &Desk) -> Vec<i64> {
        let client = desk.client();
        let mut rows = client
            .prepare("select story_id from articles order by id")
            .unwrap();
        let rows = rows.query_map([], |r| r.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[tokio::test]
    async fn a_site_is_never_like_itself_but_two_of_its_articles_may_be_one_story_of_another() {
        let desk = desk().await;
        record(&desk, "north", &words(0..200)).await;
        record(&desk, "north", &format!("{} once more", words(0..200))).await;
        assert_eq!(stories(&desk), [1, 2]);
        record(&desk, "south", &words(0..190)).await;
        assert_eq!(stories(&desk), [1, 1, 1]);
    }

    #[tokio::test]
    async fn short_texts_and_shared_quotes_join_nothing() {
        let desk = desk().await;
        record(&desk, "north", &words(0..49)).await;
        record(&desk, "south", &words(0..49)).await;
        record(&desk, "north", &words(100..300)).await;
        record(
            &desk,
            "south",
            &format!("{} {}", words(100..180), words(1000..1300)),
        )
        .await;
        assert_eq!(stories(&desk), [1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn a_text_that_changes_takes_its_prints_and_links_with_it() {
        let desk = desk().await;
        record(&desk, "north", &words(0..100)).await;
        record(&desk, "south", &words(100..200)).await;
        let whole = record(&desk, "west", &words(0..200)).await;
        assert_eq!(stories(&desk), [1, 1, 1]);
        let url = told(desk.run, "west", &words(0..200)).url;
        let mut other = revision(desk.run, &url, "Told", whole);
        tell(&mut other, "west", &words(500..700));
        desk.writer.record_page(other).await.unwrap();
        assert_eq!(stories(&desk), [1, 2, 3]);
        let client = desk.client();
        let count = |query: &str| -> i64 { client.query_row(query, [], |r| r.get(0)).unwrap() };
        assert_eq!(count("select count(*) from story_links"), 0);
        let kept = int(crate::likeness::prints(&words(500..700)).len());
        assert_eq!(
            count("select count(*) from story_prints where article_id = 3"),
            kept
        );
        record(&desk, "east", &words(500..650)).await;
        assert_eq!(stories(&desk), [1, 2, 3, 3]);
    }

    #[tokio::test]
    async fn a_story_that_many_halves_make_stays_whole_when_the_whole_one_is_corrected() {
        let desk = desk().await;
        for n in 0..super::LINKS + 2 {
            record(&desk, &format!("north{n}"), &words(0..120)).await;
        }
        record(&desk, "south", &words(120..200)).await;
        let whole = record(&desk, "west", &words(0..200)).await;
        let url = told(desk.run, "west", &words(0..200)).url;
        let mut corrected = revision(desk.run, &url, "Told", whole);
        tell(&mut corrected, "west", &format!("{} corrected", words(0..200)));
        desk.writer.record_page(corrected).await.unwrap();
        assert!(stories(&desk).iter().all(|story| *story == 1));
    }

    #[tokio::test]
    async fn an_article_deleted_by_hand_leaves_its_story_to_the_others() {
        let desk = desk().await;
        for site in ["north", "south", "west"] {
            record(&desk, site, &words(0..100)).await;
        }
        let client = desk.client();
        // As the sqlite3 command does it.
        client
            .execute_batch("pragma foreign_keys = off; delete from articles where id = 1")
            .unwrap();
        assert_eq!(stories(&desk), [2, 2]);
        let left = "select group_concat(article_id || other_id) from story_links";
        let left: String = client.query_row(left, [], |r| r.get(0)).unwrap();
        assert_eq!(left, "23,32");
    }

    #[tokio::test]
    async fn articles_of_an_older_file_are_compared_a_few_at_a_time() {
        let desk = desk().await;
        for site in ["north", "south", "west"] {
            record(&desk, site, &words(0..100)).await;
        }
        desk.client()
            .execute_batch(
                "delete from story_prints; delete from story_links; update articles set story_id = id;
                 insert into story_backlog select id from articles",
            )
            .unwrap();
        assert_eq!(desk.writer.settle_stories(2).await.unwrap(), 2);
        assert_eq!(stories(&desk), [1, 1, 3]);
        assert_eq!(desk.writer.settle_stories(2).await.unwrap(), 1);
        assert_eq!(desk.writer.settle_stories(2).await.unwrap(), 0);
        assert_eq!(stories(&desk), [1, 1, 1]);
    }

    #[tokio::test]
    async fn a_print_is_looked_up_by_its_index() {
        let desk = desk().await;
        let plan: String = desk
            .client()
            .query_row(
                "explain query plan select article_id from story_prints where print = 1 and article_id <> 2
                  order by article_id desc limit 64",
                [],
                |r| r.get("detail"),
            )
            .unwrap();
        assert_eq!(plan, "SEARCH story_prints USING PRIMARY KEY (print=?)");
    }
}
