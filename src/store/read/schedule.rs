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

    /// Listings that could not be read when they were last asked, with the reason, of each site. One
    /// that its site does not ask any more does not count.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn unreadable_listings(&self) -> Result<BTreeMap<String, Vec<(String, String)>>, StoreError> {
        let rows = self.all(
            "select p.site, p.url, coalesce(p.reason, p.outcome) as reason
               from pages p join site_schedule s on s.site = p.site
              where p.kind in ('feed', 'sitemap', 'section') and p.outcome not in ('stored', 'unchanged')
                and p.next_visit_at >= s.last_turn_at
              order by p.id",
            [],
            |row| {
                Ok((
                    row.get::<_, String>("site")?,
                    (row.get("url")?, row.get("reason")?),
                ))
            },
        )?;
        let mut listings: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (site, listing) in rows {
            listings.entry(site).or_default().push(listing);
        }
        Ok(listings)
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
