//! The frontier as the crawl reads it: what is queued, what is due, what is known of an address,
//! and the robots copies. Owns these questions; order and policy are the crawl's.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::Reader;
use crate::optout::Signal;
use crate::outcome::Outcome;
use crate::store::error::StoreError;
use crate::store::value::{count, int, read_outcome, read_time, read_time_opt, time};
use crate::store::write::PageKind;

/// An address that waits to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedPage {
    /// Its place in the queue: pass the last one seen as `after` to go on from there.
    pub id: i64,
    /// Canonical address.
    pub url: String,
    /// The listing that named it.
    pub discovered_from: Option<String>,
    /// Publication date as that listing told it.
    pub published: Option<String>,
    /// Date of the last change as that listing told it.
    pub lastmod: Option<String>,
    /// Attempts so far.
    pub attempts: u64,
    /// Failures in a row, the last of them at the last attempt.
    pub failures: u64,
    /// Validators of the last answer.
    pub etag: Option<String>,
    /// As `etag`.
    pub last_modified: Option<String>,
    /// The article it told last time.
    pub article_id: Option<i64>,
}

/// What is known of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRow {
    /// Canonical address.
    pub url: String,
    /// The site.
    pub site: Option<String>,
    /// What it leads to.
    pub kind: PageKind,
    /// What became of it at the last attempt; `None`: still queued.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<String>,
    /// The article it tells.
    pub article_id: Option<i64>,
    /// When it was first named.
    pub discovered_at: Timestamp,
    /// When it was last fetched.
    pub last_fetched_at: Option<Timestamp>,
    /// When to look again.
    pub next_visit_at: Option<Timestamp>,
    /// Attempts so far.
    pub attempts: u64,
    /// Time between two visits of a listing, once it is known.
    pub every: Option<Duration>,
    /// Validators of the last answer.
    pub etag: Option<String>,
    /// As `etag`.
    pub last_modified: Option<String>,
    /// Hash of the rules by which a listing's stories were chosen when its validators came.
    pub rules_sha256: Option<String>,
}

/// The last robots.txt of an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsCopy {
    /// Scheme, host and port.
    pub origin: String,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Status of the answer; `None` where there was none.
    pub status: Option<u16>,
    /// The bytes that were read.
    pub body: Vec<u8>,
}

/// The last tdmrep.json of an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TdmrepCopy {
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// The file; empty where there is none.
    pub body: Vec<u8>,
}

/// A pause that a host asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedPause {
    /// The address that answered.
    pub url: String,
    /// When.
    pub fetched_at: Timestamp,
    /// Its `Retry-After`, as sent.
    pub retry_after: String,
}

fn queued(row: &Row<'_>) -> rusqlite::Result<QueuedPage> {
    Ok(QueuedPage {
        id: row.get("id")?,
        url: row.get("url")?,
        discovered_from: row.get("discovered_from")?,
        published: row.get("listed_published")?,
        lastmod: row.get("listed_lastmod")?,
        attempts: count(row, "attempts")?,
        failures: count(row, "failures")?,
        etag: row.get("etag")?,
        last_modified: row.get("last_modified")?,
        article_id: row.get("article_id")?,
    })
}

impl Reader {
    /// Articles of `site` that wait to be fetched, in the order in which they were named, after
    /// place `after` (0: from the start). Those to be tried again later than `now` are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_queued(
        &self,
        site: &str,
        now: Timestamp,
        after: i64,
        limit: usize,
    ) -> Result<Vec<QueuedPage>, StoreError> {
        self.all(
            "select *, 0 as failures from pages
              where site = ?1 and outcome is null and kind = 'article' and id > ?2
                and (next_visit_at is null or next_visit_at <= ?3)
              order by id limit ?4",
            params![site, after, time(now), int(limit)],
            queued,
        )
    }

    /// Articles of `site` that were looked at before and are due to be looked at again, after
    /// place `after`. A visit set for later than `latest` was set by a clock that was wrong then, and is
    /// due too.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn due_visits(
        &self,
        site: &str,
        now: Timestamp,
        latest: Timestamp,
        after: i64,
        limit: usize,
    ) -> Result<Vec<QueuedPage>, StoreError> {
        self.all(
            "select *, case when outcome = 'failed' then min(attempts, (
                      select count(*) from fetches f
                       where f.url = pages.url
                         and f.id > coalesce((select max(g.id) from fetches g
                                               where g.url = pages.url and g.error is null), 0)))
                    else 0 end as failures
               from pages
              where site = ?1 and outcome is not null and kind = 'article' and id > ?2
                and next_visit_at is not null and (next_visit_at <= ?3 or next_visit_at > ?5)
              order by id limit ?4",
            params![site, after, time(now), int(limit), time(latest)],
            queued,
        )
    }

    /// What is known of an address, whatever it leads to.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn page(&self, url: &str) -> Result<Option<PageRow>, StoreError> {
        self.one("select * from pages where url = ?1", [url], |row| {
            let kind: String = row.get("kind")?;
            Ok(PageRow {
                url: row.get("url")?,
                site: row.get("site")?,
                // The table's CHECK knows these words only.
                kind: PageKind::parse(&kind).unwrap_or_default(),
                outcome: read_outcome(row, "outcome")?,
                reason: row.get("reason")?,
                article_id: row.get("article_id")?,
                discovered_at: read_time(row, "discovered_at")?,
                last_fetched_at: read_time_opt(row, "last_fetched_at")?,
                next_visit_at: read_time_opt(row, "next_visit_at")?,
                attempts: count(row, "attempts")?,
                every: row
                    .get::<_, Option<i64>>("every_s")?
                    .and_then(|n| n.try_into().ok())
                    .map(Duration::from_secs),
                etag: row.get("etag")?,
                last_modified: row.get("last_modified")?,
                rules_sha256: row.get("rules_sha256")?,
            })
        })
    }

    /// What a page and its site said of being kept when it last came, in the order found.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn signals(&self, url: &str) -> Result<Vec<Signal>, StoreError> {
        self.all(
            "select source, value from opt_outs where url = ?1 order by n",
            [url],
            |row| {
                Ok(Signal {
                    source: row.get("source")?,
                    value: row.get("value")?,
                })
            },
        )
    }

    /// The pauses that hosts asked for in runs begun at `since` or later (RFC 9110 §10.2.3); which are
    /// not over yet is the caller's to tell.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn asked_pauses(&self, since: Timestamp) -> Result<Vec<AskedPause>, StoreError> {
        self.all(
            "select f.final_url, f.fetched_at, json_extract(f.headers, '$.\"retry-after\"') as retry_after
               from runs r join fetches f on f.run_id = r.id
              where r.started_at >= ?1 and f.status in (429, 503)
                and json_extract(f.headers, '$.\"retry-after\"') is not null",
            [time(since)],
            |row| {
                Ok(AskedPause {
                    url: row.get("final_url")?,
                    fetched_at: read_time(row, "fetched_at")?,
                    retry_after: row.get("retry_after")?,
                })
            },
        )
    }

    /// The tdmrep.json of an origin; how long it holds is the caller's decision.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn tdmrep(&self, origin: &str) -> Result<Option<TdmrepCopy>, StoreError> {
        self.one(
            "select fetched_at, body from tdmrep where origin = ?1",
            [origin],
            |row| {
                Ok(TdmrepCopy {
                    fetched_at: read_time(row, "fetched_at")?,
                    body: row.get("body")?,
                })
            },
        )
    }

    /// The origins whose robots.txt is kept.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn robots_origins(&self) -> Result<BTreeSet<String>, StoreError> {
        let origins = self.all("select origin from robots", [], |row| row.get(0))?;
        Ok(origins.into_iter().collect())
    }

    /// The robots copies of all origins; how long they hold is the caller's decision.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn robots_copies(&self) -> Result<Vec<RobotsCopy>, StoreError> {
        self.all("select * from robots order by origin", [], |row| {
            Ok(RobotsCopy {
                origin: row.get("origin")?,
                fetched_at: read_time(row, "fetched_at")?,
                status: row.get("status")?,
                body: row.get("body")?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::outcome::Outcome;
    use crate::store::testing::{at, desk, page, story};
    use crate::store::{CandidateRow, ListingWrite, PageKind, PageWrite};

    fn listing(run_id: i64, urls: &[&str]) -> ListingWrite {
        let candidates = urls.iter().map(|url| CandidateRow {
            url: (*url).to_owned(),
            discovered_from: "https://news.example/feed".to_owned(),
            published: Some("2026-11-01T00:00:00Z".to_owned()),
            lastmod: None,
        });
        ListingWrite {
            run_id,
            site: "paper".to_owned(),
            url: "https://news.example/feed".to_owned(),
            kind: PageKind::Feed,
            at: at(0),
            fetch: None,
            outcome: Outcome::Stored,
            reason: None,
            etag: None,
            last_modified: None,
            rules_sha256: None,
            candidates: candidates.collect(),
        }
    }

    #[tokio::test]
    async fn a_listing_queues_only_what_nobody_knew() {
        let desk = desk().await;
        let first = listing(desk.run, &["https://news.example/b", "https://news.example/a"]);
        assert_eq!(desk.writer.record_listing(first).await.unwrap().new, 2);
        desk.writer
            .record_page(story(desk.run, "https://news.example/b", "Told"))
            .await
            .unwrap();
        let again = listing(
            desk.run,
            &[
                "https://news.example/a",
                "https://news.example/b",
                "https://news.example/c",
            ],
        );
        assert_eq!(desk.writer.record_listing(again).await.unwrap().new, 1);

        let reader = desk.reader();
        let queue = reader.next_queued("paper", at(0), 0, 10).unwrap();
        let urls: Vec<_> = queue.iter().map(|q| q.url.as_str()).collect();
        assert_eq!(urls, ["https://news.example/a", "https://news.example/c"]);
        assert_eq!(queue[0].published.as_deref(), Some("2026-11-01T00:00:00Z"));
        assert_eq!(
            reader.next_queued("paper", at(0), queue[0].id, 10).unwrap(),
            queue[1..]
        );
        assert_eq!(reader.next_queued("other", at(0), 0, 10).unwrap(), []);
        let feed = reader.page("https://news.example/feed").unwrap().unwrap();
        assert_eq!(
            (feed.kind, feed.outcome, feed.attempts),
            (PageKind::Feed, Some(Outcome::Stored), 2)
        );
    }

    #[tokio::test]
    async fn a_failure_to_be_retried_stays_queued_until_its_time() {
        let desk = desk().await;
        let url = "https://news.example/a";
        let retry = PageWrite {
            outcome: None,
            reason: Some("connection reset".to_owned()),
            next_visit_at: Some(at(100)),
            ..page(desk.run, url)
        };
        desk.writer.record_page(retry).await.unwrap();
        let reader = desk.reader();
        assert_eq!(reader.next_queued("paper", at(99), 0, 10).unwrap(), []);
        assert_eq!(
            reader.next_queued("paper", at(100), 0, 10).unwrap()[0].attempts,
            1
        );
        assert_eq!(
            reader.due_visits("paper", at(100), at(99_999), 0, 10).unwrap(),
            [],
            "queued, not due"
        );
    }

    #[tokio::test]
    async fn a_stored_page_is_due_again_when_its_revisit_has_come() {
        let desk = desk().await;
        let url = "https://news.example/a";
        let told = PageWrite {
            next_visit_at: Some(at(3600)),
            ..story(desk.run, url, "Told")
        };
        desk.writer.record_page(told).await.unwrap();
        let reader = desk.reader();
        assert_eq!(
            reader.due_visits("paper", at(3599), at(99_999), 0, 10).unwrap(),
            []
        );
        let due = reader.due_visits("paper", at(3600), at(99_999), 0, 10).unwrap();
        assert_eq!((due[0].url.as_str(), due[0].article_id.is_some()), (url, true));
        assert_eq!(reader.next_queued("paper", at(9999), 0, 10).unwrap(), []);
    }

    #[tokio::test]
    async fn what_robots_forbids_leaves_the_queue_and_keeps_its_article() {
        let desk = desk().await;
        let (told, queued) = ("https://news.example/told", "https://news.example/queued");
        let written = desk
            .writer
            .record_page(story(desk.run, told, "Told"))
            .await
            .unwrap();
        desk.writer
            .record_listing(listing(desk.run, &[queued]))
            .await
            .unwrap();
        for url in [told, queued] {
            let denied = PageWrite {
                outcome: Some(Outcome::RobotsDenied),
                reason: Some("Disallow: /".to_owned()),
                ..PageWrite::failed(desk.run, url.to_owned(), at(1))
            };
            desk.writer.record_page(denied).await.unwrap();
        }
        let reader = desk.reader();
        assert_eq!(reader.next_queued("paper", at(1), 0, 10).unwrap(), []);
        let page = reader.page(told).unwrap().unwrap();
        assert_eq!(
            (page.outcome, page.article_id),
            (Some(Outcome::RobotsDenied), written.article_id)
        );
        assert_eq!(page.reason.as_deref(), Some("Disallow: /"));
    }
}
