//! The runs of a watch: one a day (UTC), so that `runs` stays a table for people and a year of
//! watching is 365 rows. Owns when a day's run begins and ends, and its numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::outcome::Outcome;
use crate::store::{RunEnd, StoreError};

use super::base::Base;
use super::crawl::COULD_NOT_RUN;
use super::meter::{EnoughKind, Meter, run_is_spent};
use super::summary::SiteSummary;

/// The runs that have not ended: today's, and yesterday's while a turn of it is at work.
#[derive(Default)]
pub(super) struct Days {
    open: Vec<Day>,
}

struct Day {
    date: Date,
    run_id: i64,
    /// Counts against the run's budget: what a day may take.
    meter: Arc<Meter>,
    turns_at_work: usize,
    outcomes: BTreeMap<Outcome, u64>,
    /// Sites whose last turn of the day failed, or found that their rules no longer fit.
    failing: BTreeSet<String>,
    /// Whether it was said that the budget is spent.
    said: bool,
}

impl Days {
    /// Counts a turn that begins, in the run of its day. Returns that run.
    pub(super) async fn begin_turn(
        &mut self,
        base: &Base,
        now: Timestamp,
    ) -> Result<(i64, Arc<Meter>), StoreError> {
        let date = date(now);
        let place = match self.open.iter().position(|day| day.date == date) {
            Some(place) => place,
            None => {
                self.open.push(Day {
                    date,
                    run_id: base.begin_run(now).await?,
                    meter: Arc::new(Meter::new(&base.clock, base.settings.budget)),
                    turns_at_work: 0,
                    outcomes: BTreeMap::new(),
                    failing: BTreeSet::new(),
                    said: false,
                });
                self.open.len() - 1
            }
        };
        let day = &mut self.open[place];
        day.turns_at_work += 1;
        Ok((day.run_id, day.meter.clone()))
    }

    /// Whether today's run has taken all it may; said once a day.
    pub(super) fn budget_is_spent(&mut self, now: Timestamp) -> bool {
        let today = date(now);
        let Some(day) = self.open.iter_mut().find(|day| day.date == today) else {
            return false;
        };
        let Some(limit) = day.meter.reached() else {
            return false;
        };
        if !day.said {
            day.said = true;
            tracing::warn!("{}", run_is_spent(limit).reason);
        }
        true
    }

    /// Counts a turn that has ended.
    pub(super) async fn end_turn(
        &mut self,
        base: &Base,
        run_id: i64,
        summary: &SiteSummary,
    ) -> Result<(), StoreError> {
        let Some(day) = self.open.iter_mut().find(|day| day.run_id == run_id) else {
            return Ok(());
        };
        day.turns_at_work -= 1;
        let on_disk = summary.after.enough.as_ref().map(|e| e.kind) == Some(EnoughKind::Disk);
        if summary.failed.is_some() || summary.after.drifted || on_disk {
            day.failing.insert(summary.site.clone());
        } else {
            day.failing.remove(&summary.site);
        }
        for (outcome, n) in &summary.outcomes {
            *day.outcomes.entry(*outcome).or_default() += n;
        }
        if summary.outcomes.is_empty() {
            return Ok(());
        }
        base.writer.note_progress(run_id, day.outcomes.clone()).await
    }

    /// Ends the runs of days that are over and have no turn at work.
    pub(super) async fn end_past(&mut self, base: &Base, now: Timestamp) -> Result<(), StoreError> {
        let today = date(now);
        let (over, open) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|day| day.date != today && day.turns_at_work == 0);
        self.open = open;
        end(base, over, false).await
    }

    /// Ends all runs because one could not go on. It may fail for the same reason, which is told already.
    pub(super) async fn give_up(&mut self, base: &Base) {
        for day in std::mem::take(&mut self.open) {
            let end = RunEnd {
                finished_at: base.clock.now(),
                interrupted: false,
                exit_code: COULD_NOT_RUN,
                outcomes: day.outcomes,
            };
            let _ = base.writer.end_run(day.run_id, end).await;
        }
    }

    /// Ends all runs.
    pub(super) async fn end_all(&mut self, base: &Base, interrupted: bool) -> Result<(), StoreError> {
        end(base, std::mem::take(&mut self.open), interrupted).await
    }
}

async fn end(base: &Base, days: Vec<Day>, interrupted: bool) -> Result<(), StoreError> {
    for day in days {
        let end = RunEnd {
            finished_at: base.clock.now(),
            interrupted,
            exit_code: i32::from(!day.failing.is_empty()),
            outcomes: day.outcomes,
        };
        base.writer.end_run(day.run_id, end).await?;
    }
    Ok(())
}

fn date(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}
