//! Runs, and what is written of them outside their pages: robots copies, site health and site
//! memory. Owns these writes; pages and listings are `page`'s.

use rusqlite::params;

use super::rows::{HealthRow, MemoryRow, PageKind, RobotsWrite, RunEnd, RunStart, TdmrepWrite};
use super::{Writer, page};
use crate::outcome::Outcome;
use crate::store::error::StoreError;
use crate::store::value::{Text, int, json, time};

impl Writer {
    /// Records that a run began. Returns its id.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn begin_run(&self, run: RunStart) -> Result<i64, StoreError> {
        self.transact("begin a run", move |tx| {
            tx.execute(
                "insert into runs (started_at, command, program_version) values (?1, ?2, ?3)",
                params![
                    time(run.started_at),
                    Text(&run.command),
                    Text(&run.program_version)
                ],
            )?;
            Ok(tx.last_insert_rowid())
        })
        .await
    }

    /// Records how a run ended.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn end_run(&self, run_id: i64, end: RunEnd) -> Result<(), StoreError> {
        self.transact("end a run", move |tx| {
            tx.execute(
                "update runs set finished_at = ?2, interrupted = ?3, outcomes = ?4, exit_code = ?5
                  where id = ?1",
                params![
                    run_id,
                    time(end.finished_at),
                    end.interrupted,
                    json(&end.outcomes),
                    end.exit_code
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// Keeps the copy of an origin's robots.txt, with the exchange and its row in `pages`. One that
    /// could not be had is no copy: it must be asked for again, and so takes no row among them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn save_robots(&self, robots: RobotsWrite) -> Result<(), StoreError> {
        self.transact("keep a robots.txt", move |tx| {
            if robots.outcome == Outcome::Failed {
                tx.execute("delete from robots where origin = ?1", [Text(&robots.origin)])?;
            } else {
                tx.prepare_cached(
                    "insert into robots (origin, fetched_at, status, body) values (?1, ?2, ?3, ?4)
                     on conflict (origin) do update set
                       fetched_at = excluded.fetched_at, status = excluded.status, body = excluded.body",
                )?
                .execute(params![
                    Text(&robots.origin),
                    time(robots.fetched_at),
                    robots.status,
                    robots.body
                ])?;
            }
            if let Some(fetch) = &robots.fetch {
                page::insert_fetch(tx, robots.run_id, fetch, None)?;
            }
            page::visit(
                tx,
                &page::Visit {
                    url: &format!("{}/robots.txt", robots.origin),
                    site: robots.site.as_deref(),
                    kind: PageKind::Robots,
                    at: robots.fetched_at,
                    outcome: Some(robots.outcome),
                    reason: robots.reason.as_deref(),
                    fetch: robots.fetch.as_ref(),
                    ..page::Visit::default()
                },
            )?;
            Ok(())
        })
        .await
    }

    /// Keeps a tdmrep.json in place of its origin's former one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn save_tdmrep(&self, tdmrep: TdmrepWrite) -> Result<(), StoreError> {
        self.transact("keep a tdmrep.json", move |tx| {
            page::insert_fetch(tx, tdmrep.run_id, &tdmrep.fetch, None)?;
            tx.prepare_cached(
                "insert into tdmrep (origin, fetched_at, body) values (?1, ?2, ?3)
                 on conflict (origin) do update set fetched_at = excluded.fetched_at, body = excluded.body",
            )?
            .execute(params![
                Text(&tdmrep.origin),
                time(tdmrep.fetch.fetched_at),
                tdmrep.body
            ])?;
            Ok(())
        })
        .await
    }

    /// Keeps a site's memory in place of its former one.
    ///
    /// # Errors
    /// When the file cannot be written, or the snapshot is no JSON.
    pub async fn save_memory(&self, memory: MemoryRow) -> Result<(), StoreError> {
        self.transact("keep a site's memory", move |tx| {
            tx.execute(
                "insert into memory (site, sha256, built_at, run_id, snapshot) values (?1, ?2, ?3, ?4, ?5)
                 on conflict (site) do update set sha256 = excluded.sha256, built_at = excluded.built_at,
                   run_id = excluded.run_id, snapshot = excluded.snapshot",
                params![
                    Text(&memory.site),
                    Text(&memory.sha256),
                    time(memory.built_at),
                    memory.run_id,
                    Text(&memory.snapshot),
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// Rewrites the health of the given sites; others keep theirs.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn update_health(&self, sites: Vec<HealthRow>) -> Result<(), StoreError> {
        self.transact("update the sites' health", move |tx| {
            let mut insert = tx.prepare_cached(
                "insert or replace into site_health (site, last_run_at, articles, layouts, generic_share,
                   median_words, removed_share, failures, drift_since)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?;
            for row in &sites {
                insert.execute(params![
                    Text(&row.site),
                    time(row.last_run_at),
                    int(row.articles),
                    json(&row.layouts),
                    row.generic_share,
                    row.median_words.map(int),
                    row.removed_share,
                    int(row.failures),
                    row.drift_since.map(time),
                ])?;
            }
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::outcome::Outcome;
    use crate::store::testing::{at, desk};
    use crate::store::{HealthRow, MemoryRow, RobotsWrite, RunEnd};

    #[tokio::test]
    async fn a_run_tells_how_it_ended() {
        let desk = desk().await;
        let end = RunEnd {
            finished_at: at(60),
            interrupted: true,
            outcomes: BTreeMap::from([(Outcome::Stored, 3), (Outcome::Soft404, 1)]),
            exit_code: 1,
        };
        desk.writer.end_run(desk.run, end.clone()).await.unwrap();
        let run = &desk.reader().runs(5).unwrap()[0];
        assert_eq!(
            (run.id, run.finished_at, run.exit_code),
            (desk.run, Some(at(60)), Some(1))
        );
        assert!(run.interrupted);
        assert_eq!(run.outcomes, end.outcomes);
    }

    #[tokio::test]
    async fn the_newest_robots_copy_of_an_origin_is_kept() {
        let desk = desk().await;
        for (n, body) in [
            (1, b"User-agent: *".as_slice()),
            (2, b"\xff\0Disallow: /".as_slice()),
        ] {
            let robots = RobotsWrite {
                run_id: desk.run,
                site: Some("paper".to_owned()),
                origin: "https://news.example".to_owned(),
                fetched_at: at(n),
                status: Some(200),
                body: body.to_owned(),
                outcome: Outcome::Stored,
                reason: None,
                fetch: None,
            };
            desk.writer.save_robots(robots).await.unwrap();
        }
        let copies = desk.reader().robots_copies().unwrap();
        assert_eq!(copies.len(), 1);
        assert_eq!(
            (copies[0].fetched_at, copies[0].body.as_slice()),
            (at(2), b"\xff\0Disallow: /".as_slice())
        );
        let page = desk
            .reader()
            .page("https://news.example/robots.txt")
            .unwrap()
            .unwrap();
        assert_eq!(
            (page.kind.as_str(), page.outcome),
            ("robots", Some(Outcome::Stored))
        );
    }

    #[tokio::test]
    async fn a_robots_file_that_could_not_be_had_leaves_no_copy_that_would_serve_as_leave() {
        let desk = desk().await;
        for (status, outcome) in [(Some(200), Outcome::Stored), (Some(503), Outcome::Failed)] {
            let robots = RobotsWrite {
                run_id: desk.run,
                site: None,
                origin: "https://news.example".to_owned(),
                fetched_at: at(1),
                status,
                body: Vec::new(),
                outcome,
                reason: None,
                fetch: None,
            };
            desk.writer.save_robots(robots).await.unwrap();
        }
        assert_eq!(desk.reader().robots_copies().unwrap(), []);
        let page = desk.reader().page("https://news.example/robots.txt").unwrap();
        assert_eq!(page.unwrap().outcome, Some(Outcome::Failed));
    }

    #[tokio::test]
    async fn memory_and_health_come_back_as_written() {
        let desk = desk().await;
        let mut memory = MemoryRow {
            site: "paper".to_owned(),
            sha256: "a".repeat(64),
            built_at: at(5),
            run_id: desk.run,
            snapshot: r#"{"blocks":[]}"#.to_owned(),
        };
        desk.writer.save_memory(memory.clone()).await.unwrap();
        memory.snapshot = r#"{"blocks":["Support us"]}"#.to_owned();
        desk.writer.save_memory(memory.clone()).await.unwrap();
        assert_eq!(desk.reader().memory("paper").unwrap(), Some(memory.clone()));
        memory.snapshot = "{".to_owned();
        desk.writer.save_memory(memory).await.unwrap_err();

        let health = HealthRow {
            site: "paper".to_owned(),
            last_run_at: at(9),
            articles: 12,
            layouts: BTreeMap::from([("2026".to_owned(), 11)]),
            generic_share: Some(0.25),
            median_words: Some(512),
            removed_share: None,
            failures: 2,
            drift_since: Some(at(3)),
        };
        desk.writer.update_health(vec![health.clone()]).await.unwrap();
        assert_eq!(desk.reader().health().unwrap(), [health]);
    }
}
