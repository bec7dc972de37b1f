//! What a turn takes of its site, and when that is enough: budgets of requests, bytes and time, and
//! the room on the disk. Owns counting and judging; ending the turn is `site`'s business.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytesize::ByteSize;
use jiff::SignedDuration;

use crate::clock::Clock;
use crate::fetch::{Exchange, Fetcher, Request, RobotsCopy, RobotsView, Visit};
use crate::sites::rule::Budget;
use crate::store;

/// Why a turn ends before it is through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Enough {
    /// Whose limit it is.
    pub(super) kind: EnoughKind,
    /// What was reached, with the next step.
    pub(super) reason: String,
}

/// Whose limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnoughKind {
    /// The site's own budget: the next turn goes on.
    Site,
    /// The budget of the whole run: the next run goes on.
    Run,
    /// The disk: a person is needed.
    Disk,
}

/// Counts what is taken, against a budget.
#[derive(Debug)]
pub(super) struct Meter {
    clock: Clock,
    started: Duration,
    budget: Budget,
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    /// Begins to count.
    pub(super) fn new(clock: &Clock, budget: Budget) -> Self {
        Self {
            clock: clock.clone(),
            started: clock.monotonic(),
            budget,
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    fn count(&self, exchange: &Exchange) {
        // A redirect is a request, too.
        self.requests
            .fetch_add(1 + exchange.hops.len() as u64, Ordering::Relaxed);
        self.bytes.fetch_add(exchange.bytes as u64, Ordering::Relaxed);
    }

    /// Requests and bytes so far.
    pub(super) fn taken(&self) -> (u64, u64) {
        (
            self.requests.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
        )
    }

    /// The limit that is reached, as it is written in a file.
    pub(super) fn reached(&self) -> Option<String> {
        let (requests, bytes) = self.taken();
        let time = self.clock.monotonic().saturating_sub(self.started);
        if let Some(most) = self.budget.requests.filter(|most| requests >= *most) {
            return Some(format!("max-requests = {most}"));
        }
        if let Some(most) = self.budget.bytes.filter(|most| bytes >= *most) {
            return Some(format!("max-bytes = \"{}\"", ByteSize::b(most)));
        }
        let most = self.budget.time.filter(|most| time >= *most)?;
        let most = SignedDuration::try_from(most).unwrap_or(SignedDuration::MAX);
        Some(format!("max-time = \"{most:#}\""))
    }
}

/// The fetcher as one turn has it: every exchange is counted, for the site and for the run.
#[derive(Debug)]
pub(super) struct Metered {
    fetcher: Arc<Fetcher>,
    site: Meter,
    run: Arc<Meter>,
}

impl Metered {
    pub(super) fn new(fetcher: Arc<Fetcher>, site: Meter, run: Arc<Meter>) -> Self {
        Self { fetcher, site, run }
    }

    /// As [`Fetcher::get`].
    pub(super) async fn get(&self, request: Request) -> Visit {
        let visit = self.fetcher.get(request).await;
        self.count(visit.robots.iter().map(|(_, e)| e).chain(&visit.exchange));
        visit
    }

    /// As [`Fetcher::robots`].
    pub(super) async fn robots(
        &self,
        url: &url::Url,
        delay: Duration,
    ) -> (RobotsView, Vec<(RobotsCopy, Exchange)>) {
        let (view, fetched) = self.fetcher.robots(url, delay).await;
        self.count(fetched.iter().map(|(_, e)| e));
        (view, fetched)
    }

    fn count<'a>(&self, exchanges: impl Iterator<Item = &'a Exchange>) {
        for exchange in exchanges {
            self.site.count(exchange);
            self.run.count(exchange);
        }
    }

    /// Requests and bytes of this turn.
    pub(super) fn taken(&self) -> (u64, u64) {
        self.site.taken()
    }

    /// Which budget is spent, if one is.
    pub(super) fn spent(&self, rule_file: &str) -> Option<Enough> {
        if let Some(limit) = self.site.reached() {
            return Some(Enough {
                kind: EnoughKind::Site,
                reason: format!(
                    "reached {limit} of sites/{rule_file}; the rest waits for the next time: raise it if the queue grows"
                ),
            });
        }
        self.run.reached().map(run_is_spent)
    }
}

/// What is said when the run's budget is spent.
pub(super) fn run_is_spent(limit: String) -> Enough {
    Enough {
        kind: EnoughKind::Run,
        reason: format!(
            "the run reached {limit} of the settings file; the rest waits for the next run: raise it if the queues grow"
        ),
    }
}

/// What is said when the disk has less room than the floor.
pub(super) fn disk_is_low(db: &Path, floor: u64) -> Option<Enough> {
    // Where the room cannot be told, writing will say what is wrong.
    let free = store::free_bytes(db).ok().filter(|free| *free < floor)?;
    Some(Enough {
        kind: EnoughKind::Disk,
        reason: format!(
            "{} are left on the disk of {}, less than the floor of {}; nothing more is fetched: make room, or lower disk-floor in the settings file",
            ByteSize::b(free),
            db.display(),
            ByteSize::b(floor)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_told_as_it_is_written() {
        let clock = Clock::system();
        let reached = |budget| Meter::new(&clock, budget).reached();
        assert_eq!(reached(Budget::default()), None);
        let bytes = Budget {
            bytes: Some(0),
            ..Budget::default()
        };
        assert_eq!(reached(bytes).unwrap(), "max-bytes = \"0 B\"");
        let time = Budget {
            time: Some(Duration::ZERO),
            ..Budget::default()
        };
        assert_eq!(reached(time).unwrap(), "max-time = \"0s\"");
    }
}
