//! What a site's turn has at hand: settings, rules, memory, the way to the network and to the
//! database. Owns lending connections and ending a fetch that takes too long; who makes a desk is
//! `base`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, later};
use crate::extract::Memory;
use crate::fetch::{DEFAULT_DELAY, Exchange, RobotsCopy};
use crate::optout::{self, Signal};
use crate::sites::rule::Site;
use crate::store::{Reader, StoreError, Writer};

use super::crawl::{CrawlSettings, Watcher};
use super::meter::Metered;
use super::reading::Rulebook;
use super::stop::Stop;
use super::{optouts, record};

/// Age beyond which a listing's stories are not fetched, where neither rule file nor `--since` says.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long what is in flight is waited for when a run is to end: service managers kill after 90 s, and
/// a host may ask for longer gaps than that.
const DRAIN: Duration = Duration::from_secs(10);
/// Connections that are kept for the next to ask; each holds a few megabytes of the file.
const KEPT_READERS: usize = 16;

/// What one turn has at hand.
pub(super) struct Desk {
    pub(super) settings: Arc<CrawlSettings>,
    pub(super) clock: Clock,
    pub(super) rulebook: Arc<Rulebook>,
    pub(super) fetcher: Metered,
    pub(super) writer: Writer,
    pub(super) watcher: Arc<dyn Watcher>,
    pub(super) stop: Stop,
    /// The time that is left for what is in flight, once the end was asked for.
    pub(super) drain: Drain,
    pub(super) run_id: i64,
    /// When the turn began.
    pub(super) started: Timestamp,
    /// Whether listings are asked only when they are due: `watch` does, `crawl` asks all.
    pub(super) obeys_schedule: bool,
    /// What was said of the site in its last turn and need not be said again.
    pub(super) said: HashSet<String>,
    /// What the site repeats: the snapshot taken when the turn began serves the whole turn.
    pub(super) memory: Option<Arc<Memory>>,
    /// Reservations known in this turn; how long a stored one serves is `optouts`' to tell.
    pub(super) reservations: optouts::Book,
    pub(super) readers: Arc<Readers>,
}

impl Desk {
    /// Least gap between requests to a site's hosts.
    pub(super) fn delay(&self, site: &Site) -> Duration {
        // What the command line asks for has been checked.
        let least = self.settings.fetch.least_delay(self.settings.allow_private);
        self.settings
            .delay
            .or(site.crawl.delay.map(|delay| delay.max(least)))
            .unwrap_or(DEFAULT_DELAY)
    }

    /// Why a page is not kept, where the policy obeys one of these signals.
    pub(super) fn opted_out(&self, signals: &[Signal]) -> Option<String> {
        optout::refusal(signals, self.settings.opt_out)
    }

    /// The moment before which a listing's stories are too old.
    pub(super) fn oldest(&self, site: &Site) -> Timestamp {
        self.settings.since.unwrap_or_else(|| {
            let age = site.discover.max_age.unwrap_or(DEFAULT_MAX_AGE);
            self.started.checked_sub(age).unwrap_or(Timestamp::MIN)
        })
    }

    /// What the site of this turn repeats.
    pub(super) fn memory(&self) -> Option<Arc<Memory>> {
        self.memory.clone()
    }

    /// A connection for reading, given back when dropped.
    pub(super) fn reader(&self) -> Result<Lent<'_>, StoreError> {
        self.readers.lend()
    }

    /// Does some fetching, unless the run is to end and [`DRAIN`] is over: one for all that is fetched
    /// after the end was asked for.
    pub(super) async fn unless_ended<T>(&self, fetching: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.stop.clone();
        let ended = async {
            stop.asked().await;
            self.clock.sleep(self.drain.left(self.clock.now())).await;
        };
        tokio::select! {
            biased;
            fetched = fetching => Some(fetched),
            () = ended => None,
        }
    }

    /// Keeps robots.txt files fetched on the way.
    pub(super) async fn save_robots(&self, copies: Vec<(RobotsCopy, Exchange)>) -> Result<(), StoreError> {
        for (copy, exchange) in copies {
            self.writer
                .save_robots(record::robots(self.run_id, copy, &exchange))
                .await?;
        }
        Ok(())
    }

    /// Whether this was said of the site in its last turn already, counts and times aside.
    pub(super) fn has_said(&self, words: &str) -> bool {
        self.said.contains(&gist(words))
    }
}

/// The end of the wait for what is in flight, set when it is first asked about.
#[derive(Default)]
pub(super) struct Drain(OnceLock<Timestamp>);

impl Drain {
    /// How much of [`DRAIN`] is left. A clock that was set back meanwhile makes it no longer.
    fn left(&self, now: Timestamp) -> Duration {
        let until = *self.0.get_or_init(|| later(now, DRAIN));
        let left = Duration::try_from(now.duration_until(until)).unwrap_or_default();
        left.min(DRAIN)
    }
}

/// A message without its numbers: what makes it the same trouble as last time.
pub(super) fn gist(words: &str) -> String {
    words.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Connections for reading, handed out and taken back.
pub(super) struct Readers {
    db: PathBuf,
    kept: Mutex<Vec<Reader>>,
}

impl Readers {
    pub(super) fn new(db: PathBuf) -> Self {
        Self {
            db,
            kept: Mutex::default(),
        }
    }

    pub(super) fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match kept {
            Some(reader) => reader,
            None => Reader::open(&self.db)?,
        };
        Ok(Lent {
            owner: self,
            reader: Some(reader),
        })
    }
}

/// A lent connection.
pub(super) struct Lent<'a> {
    owner: &'a Readers,
    reader: Option<Reader>,
}

impl std::ops::Deref for Lent<'_> {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        self.reader.as_ref().expect("taken only when dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            let mut kept = self.owner.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < KEPT_READERS {
                kept.push(reader);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_in_flight_has_ten_seconds_together() {
        let drain = Drain::default();
        let left = |seconds| drain.left(Timestamp::from_second(seconds).unwrap()).as_secs();
        assert_eq!([100, 107, 110, 999, 0].map(left), [10, 3, 0, 0, 10]);
    }
}
