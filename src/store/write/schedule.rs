//! What is written of the schedule: the end of a site's turn, a run's progress, and what a person
//! wants forgotten. Owns these writes; when a turn is due is `pipeline`'s decision.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::Writer;
use super::rows::{Forgotten, ListingDue, ScheduleRow};
use crate::store::error::StoreError;
use crate::store::value::{Text, int, json, opt, time};

/// What makes a row of `pages` as good as new: asked at once, unconditionally, with all its attempts.
/// The article it tells stays its own.
const AS_NEW: &str = "outcome = null, reason = null, next_visit_at = null, attempts = 0, every_s = null,
    etag = null, last_modified = null, last_body_sha256 = null, discovered_at = ?2";

impl Writer {
    /// Records the end of a site's turn: its place in the schedule, and when each listing that the
    /// turn asked is due again.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn end_turn(&self, row: ScheduleRow, listings: Vec<ListingDue>) -> Result<(), StoreError> {
        self.transact("record a site's turn", move |tx| {
            tx.prepare_cached(
                "insert or replace into site_schedule (site, last_turn_at, last_success_at, next_turn_at,
                   failing_since, failed_turns, failure, stopped_by)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                Text(&row.site),
                time(row.last_turn_at),
                row.last_success_at.map(time),
                time(row.next_turn_at),
                row.failing_since.map(time),
                int(row.failed_turns),
                opt(&row.failure),
                opt(&row.stopped_by),
            ])?;
            let mut due = tx.prepare_cached(
                "update pages set every_s = ?2, next_visit_at = ?3 where url = ?1 and kind <> 'article'",
            )?;
            for listing in &listings {
                due.execute(params![
                    Text(&listing.url),
                    int(listing.every.as_secs().max(1)),
                    time(listing.next_visit_at),
                ])?;
            }
            Ok(())
        })
        .await
    }

    /// Records how far a run has come.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn note_progress(
        &self,
        run_id: i64,
        outcomes: std::collections::BTreeMap<crate::outcome::Outcome, u64>,
    ) -> Result<(), StoreError> {
        self.transact("record a run's progress", move |tx| {
            tx.prepare_cached("update runs set outcomes = ?2 where id = ?1")?
                .execute(params![run_id, json(&outcomes)])?;
            Ok(())
        })
        .await
    }

    /// Forgets what is known of one address: it is asked again as if it were new. `None`: it is not
    /// known at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn forget_url(&self, url: String, at: Timestamp) -> Result<Option<Forgotten>, StoreError> {
        self.transact("forget an address", move |tx| {
            let changed = tx.execute(
                &format!("update pages set {AS_NEW} where url = ?1"),
                params![Text(&url), time(at)],
            )?;
            forget_robots(tx, &url)?;
            Ok((changed > 0).then_some(Forgotten {
                queued: changed,
                dropped: 0,
            }))
        })
        .await
    }

    /// Forgets what is known of a site: its listings, its robots.txt and its place in the schedule;
    /// pages that wait or have failed are asked again, all others come back when a listing names
    /// them. Articles stay.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn forget_site(
        &self,
        site: String,
        origins: Vec<String>,
        at: Timestamp,
    ) -> Result<Forgotten, StoreError> {
        self.transact("forget a site", move |tx| {
            for origin in &origins {
                tx.execute("delete from robots where origin = ?1", [Text(origin)])?;
                tx.execute("delete from tdmrep where origin = ?1", [Text(origin)])?;
            }
            let dropped = tx.execute(
                "delete from pages where site = ?1 and outcome is not null
                    and not (kind = 'article' and outcome = 'failed')",
                [Text(&site)],
            )?;
            let queued = tx.execute(
                &format!("update pages set {AS_NEW} where site = ?1"),
                params![Text(&site), time(at)],
            )?;
            tx.execute("delete from site_schedule where site = ?1", [Text(&site)])?;
            Ok(Forgotten { queued, dropped })
        })
        .await
    }
}

/// A robots.txt that is forgotten leaves no copy that would serve in its place, nor does what else is
/// known of its origin.
fn forget_robots(tx: &Connection, url: &str) -> rusqlite::Result<()> {
    for table in ["robots", "tdmrep"] {
        tx.execute(
            &format!("delete from {table} where origin || '/robots.txt' = ?1"),
            [Text(url)],
        )?;
    }
    Ok(())
}
