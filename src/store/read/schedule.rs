//! The schedule as the crawl and monitors read it: each site's place, what waits, what was given up.
//! Owns these questions; what is late is the caller's judgement.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::Reader;
use crate::store::error::StoreError;
use crate::store::value::{count, read_time, read_time_opt, time};
use crate::store::write::ScheduleRow;

fn schedule(row: &Row<'_>) -> rusqlite::Result<ScheduleRow> {
    Ok(ScheduleRow {
        site: row.get("site")?,
        last_turn_at: read_time(row, "last_turn_at")?,
        last_success_at: read_time_opt(row, "last_success_at")?,
        next_turn_at: read_time(row, "next_turn_at")?,
        failing_since: read_time_opt(row, "failing_since")?,
        failed_turns: count(row, "failed_turns")?,
        failure: row.get("failure")?,
        stopped_by: row.get("stopped_by")?,
    })
}

impl Reader {
    /// Every site's place in the schedule, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        self.all("select * from site_schedule order by site", [], schedule)
    }

    /// A site's place in the schedule.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn schedule(&self, site: &str) -> Result<Option<ScheduleRow>, StoreError> {
        self.one("select * from site_schedule where site = ?1", [site], schedule)
    }

    /// When the next of a site's stories is due to be looked at again, after `now`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_visit(&self, site: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let next = self.one(
            "select min(next_visit_at) as next from pages
              where site = ?1 and outcome is not null and next_visit_at is not null and next_visit_at > ?2
                and kind = 'article'",
            params![site, time(now)],
            |row| read_time_opt(row, "next"),
        )?;
        Ok(next.flatten())
    }

    /// Pages of each site that failed and are not tried any more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn given_up(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows = self.all(
            "select site, count(*) as n from pages
              where site is not null and kind = 'article' and outcome = 'failed' and next_visit_at is null
              group by site",
            [],
            |row| Ok((row.get::<_, String>("site")?, count(row, "n")?)),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Whether anything is known of a site.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn knows_site(&self, site: &str) -> Result<bool, StoreError> {
        Ok(self
            .one("select 1 from pages where site = ?1 limit 1", [site], |_| Ok(()))?
            .is_some())
    }
}
