//! The state of the archive: runs, sites, health, sizes. Owns these questions; what of it is
//! alarming is the caller's judgement.

use std::collections::BTreeMap;
use std::fs;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Row, params};
use serde::de::DeserializeOwned;

use super::Reader;
use crate::outcome::Outcome;
use crate::store::connect::beside;
use crate::store::error::StoreError;
use crate::store::value::{count, int, read_outcome, read_time, read_time_opt};
use crate::store::write::HealthRow;

/// A run as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs, and for one that was killed.
    pub finished_at: Option<Timestamp>,
    /// Whether it was asked to stop before it was through.
    pub interrupted: bool,
    /// The command line.
    pub command: String,
    /// Version of copydesk.
    pub program_version: String,
    /// Pages by what became of them.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Exit code; `None` as for `finished_at`.
    pub exit_code: Option<i32>,
}

/// A site in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteStatus {
    /// The site.
    pub site: String,
    /// Articles stored.
    pub articles: u64,
    /// Article pages that wait to be fetched.
    pub queued: u64,
    /// When anything of it was last fetched.
    pub last_fetched_at: Option<Timestamp>,
    /// Its article pages by what became of them at the last attempt.
    pub outcomes: BTreeMap<Outcome, u64>,
}

/// Requests of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// Exchanges; one that was redirected is one.
    pub all: u64,
    /// Redirects followed in them: each was a request more.
    pub redirects: u64,
    /// Those that the server answered with "as it was".
    pub not_modified: u64,
    /// Those that brought nothing.
    pub failed: u64,
}

/// What the archive takes on the disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSizes {
    /// The database.
    pub database: u64,
    /// The write-ahead log beside it.
    pub log: u64,
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(e)))
}

impl Reader {
    /// The last `limit` runs, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn runs(&self, limit: usize) -> Result<Vec<RunRow>, StoreError> {
        self.all(
            "select * from runs order by id desc limit ?1",
            params![int(limit)],
            |row| {
                Ok(RunRow {
                    id: row.get("id")?,
                    started_at: read_time(row, "started_at")?,
                    finished_at: read_time_opt(row, "finished_at")?,
                    interrupted: row.get("interrupted")?,
                    command: row.get("command")?,
                    program_version: row.get("program_version")?,
                    outcomes: from_json(row, "outcomes")?,
                    exit_code: row.get("exit_code")?,
                })
            },
        )
    }

    /// The requests of a run by what they were for: `robots`, `listing`, `article`, `other`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn requests(&self, run_id: i64) -> Result<BTreeMap<String, Requests>, StoreError> {
        let rows = self.all(
            "select case when p.kind in ('feed', 'sitemap', 'section') then 'listing'
                         else coalesce(p.kind, 'other') end as what,
                    count(*) as n, sum(json_array_length(f.redirects)) as redirects,
                    sum(f.status is 304) as not_modified, sum(f.error is not null) as failed
               from fetches f left join pages p on p.url = f.url
              where f.run_id = ?1 group by what",
            [run_id],
            |row| {
                Ok((
                    row.get::<_, String>("what")?,
                    Requests {
                        all: count(row, "n")?,
                        redirects: count(row, "redirects")?,
                        not_modified: count(row, "not_modified")?,
                        failed: count(row, "failed")?,
                    },
                ))
            },
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Every site of the archive in numbers, by name: one that has only ever failed too.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn site_status(&self) -> Result<Vec<SiteStatus>, StoreError> {
        let mut sites: BTreeMap<String, SiteStatus> = BTreeMap::new();
        for row in self.schedules()? {
            sites.entry(row.site).or_default();
        }
        let stored = self.all(
            "select site, count(*) as n from articles group by site",
            [],
            |row| Ok((row.get::<_, String>("site")?, count(row, "n")?)),
        )?;
        for (site, n) in stored {
            sites.entry(site).or_default().articles = n;
        }
        let pages = self.all(
            "select site, outcome, count(*) as n from pages
              where site is not null and kind = 'article' group by site, outcome",
            [],
            |row| {
                Ok((
                    row.get::<_, String>("site")?,
                    read_outcome(row, "outcome")?,
                    count(row, "n")?,
                ))
            },
        )?;
        for (site, outcome, n) in pages {
            let status = sites.entry(site).or_default();
            match outcome {
                Some(outcome) => {
                    status.outcomes.insert(outcome, n);
                }
                None => status.queued = n,
            }
        }
        let fetched = self.all(
            "select site, max(last_fetched_at) as last_fetched_at from pages
              where site is not null group by site",
            [],
            |row| {
                Ok((
                    row.get::<_, String>("site")?,
                    read_time_opt(row, "last_fetched_at")?,
                ))
            },
        )?;
        for (site, last) in fetched {
            sites.entry(site).or_default().last_fetched_at = last;
        }
        let named = sites
            .into_iter()
            .map(|(site, status)| SiteStatus { site, ..status });
        Ok(named.collect())
    }

    /// The health of every site, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn health(&self) -> Result<Vec<HealthRow>, StoreError> {
        self.all("select * from site_health order by site", [], |row| {
            Ok(HealthRow {
                site: row.get("site")?,
                last_run_at: read_time(row, "last_run_at")?,
                articles: count(row, "articles")?,
                layouts: from_json(row, "layouts")?,
                generic_share: row.get("generic_share")?,
                median_words: row
                    .get::<_, Option<i64>>("median_words")?
                    .and_then(|n| n.try_into().ok()),
                removed_share: row.get("removed_share")?,
                failures: count(row, "failures")?,
                drift_since: read_time_opt(row, "drift_since")?,
            })
        })
    }

    /// What the archive takes on the disk.
    ///
    /// # Errors
    /// When the file is gone.
    pub fn file_sizes(&self) -> Result<FileSizes, StoreError> {
        let database = fs::metadata(&self.path).map_err(|source| StoreError::Io {
            path: self.path.clone(),
            doing: "measure",
            source,
        })?;
        let log = fs::metadata(beside(&self.path, "-wal")).map_or(0, |m| m.len());
        Ok(FileSizes {
            database: database.len(),
            log,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::outcome::Outcome;
    use crate::store::PageWrite;
    use crate::store::testing::{at, desk, page, story};

    #[tokio::test]
    async fn a_site_is_told_in_numbers() {
        let desk = desk().await;
        desk.writer
            .record_page(story(desk.run, "https://news.example/a", "Told"))
            .await
            .unwrap();
        for (n, outcome) in [(1, Some(Outcome::Gone)), (2, Some(Outcome::Gone)), (3, None)] {
            let url = format!("https://news.example/{n}");
            desk.writer
                .record_page(PageWrite {
                    outcome,
                    ..page(desk.run, &url)
                })
                .await
                .unwrap();
        }
        let reader = desk.reader();
        let [site] = &reader.site_status().unwrap()[..] else {
            panic!("one site")
        };
        assert_eq!((site.site.as_str(), site.articles, site.queued), ("paper", 1, 1));
        assert_eq!(site.outcomes, [(Outcome::Stored, 1), (Outcome::Gone, 2)].into());
        assert_eq!(site.last_fetched_at, Some(at(0)));
        let run = &reader.runs(1).unwrap()[0];
        assert_eq!((run.finished_at, run.exit_code), (None, None));
        assert!(reader.file_sizes().unwrap().database > 0);
    }
}
