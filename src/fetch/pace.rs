//! One request at a time a host, and time between them. Owns turns, gaps, pauses that a host
//! asked for, backoff and giving up on a host; what counts as a failure is `transport`'s business.
//!
//! A host is its name, whatever the port and scheme: one machine stands behind all of them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OwnedMutexGuard;
use url::Url;

use super::Limits;
use super::refusal::Refusal;
use super::retry_after::MAX_RETRY_AFTER;
use crate::clock::{Clock, later};

/// Jitter adds at most this part of a gap, so that visits do not fall into step; it never takes
/// anything away.
const JITTER_DIVISOR: u32 = 10;
/// No pause is longer: what a host can ask for, and some time for whoever reckons it a little later.
const LONGEST_PAUSE: Duration = MAX_RETRY_AFTER.saturating_add(Duration::from_secs(60));

/// The hosts and their queues.
#[derive(Debug)]
pub(super) struct Pace {
    clock: Clock,
    limits: Limits,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

#[derive(Debug)]
struct Host {
    name: String,
    /// Held from the start of a request to the end of its response; waiters come in order.
    lane: Arc<tokio::sync::Mutex<()>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// End of the last response, on the monotonic clock.
    last_end: Option<Duration>,
    /// What the robots.txt of each origin of this host asks for.
    crawl_delays: HashMap<String, Duration>,
    paused_until: Option<Timestamp>,
    /// Failures in a row, and the last one in words.
    failures: u32,
    last_failure: String,
    turns: u64,
}

impl State {
    /// Whether a pause holds. One that lasts longer than any host can ask for was reckoned by a clock
    /// that has been set back since.
    fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until
            .is_some_and(|until| now < until && until <= later(now, LONGEST_PAUSE))
    }
}

impl Host {
    fn state(&self) -> MutexGuard<'_, State> {
        unpoisoned(&self.state)
    }
}

/// The name under which a URL's host is paced.
pub(super) fn host_of(url: &Url) -> String {
    url.host_str()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned()
}

impl Pace {
    pub(super) fn new(clock: Clock, limits: Limits) -> Self {
        Self {
            clock,
            limits,
            hosts: Mutex::default(),
        }
    }

    /// Waits for this caller's turn at the host: until nobody else asks it, and until `delay`,
    /// or what robots.txt or backoff want beyond it, has passed since the last response ended.
    ///
    /// # Errors
    /// At once, without waiting for the gap, when the host is paused or has been given up.
    pub(super) async fn turn(&self, host: &str, delay: Duration) -> Result<Turn, Refusal> {
        let host = self.host(host);
        // Asked before queueing, so that callers do not wait in line for a refusal, and again
        // after it, since whoever was ahead may have learned it.
        self.admits(&host)?;
        let lane = Arc::clone(&host.lane).lock_owned().await;
        self.admits(&host)?;
        let start = self.earliest_start(&host, delay);
        self.clock
            .sleep(start.saturating_sub(self.clock.monotonic()))
            .await;
        self.admits(&host)?;
        Ok(Turn {
            host,
            clock: self.clock.clone(),
            limits: self.limits.clone(),
            _lane: lane,
        })
    }

    /// Learns what the robots.txt of `origin` asks for.
    pub(super) fn set_crawl_delay(&self, host: &str, origin: &str, delay: Option<Duration>) {
        let host = self.host(host);
        let mut state = host.state();
        match delay {
            Some(delay) => {
                state.crawl_delays.insert(origin.to_owned(), delay);
            }
            None => {
                state.crawl_delays.remove(origin);
            }
        }
    }

    /// Leaves the host alone until `until`, or longer if that was known already.
    pub(super) fn pause(&self, host: &str, until: Timestamp) {
        let host = self.host(host);
        let mut state = host.state();
        state.paused_until = state.paused_until.max(Some(until));
    }

    /// Forgets failures, so that hosts given up are tried again. Pauses they asked for stay.
    pub(super) fn begin_run(&self) {
        for host in unpoisoned(&self.hosts).values() {
            host.state().failures = 0;
        }
    }

    /// Gives a host that was given up one more chance: a single failure closes it again.
    pub(super) fn try_again(&self, host: &str) {
        if let Some(host) = unpoisoned(&self.hosts).get(host) {
            let mut state = host.state();
            state.failures = state.failures.min(self.limits.trouble_after.saturating_sub(1));
        }
    }

    /// Forgets hosts that nobody asks now and nobody has asked for as long as this, and that have no
    /// failure or pause to remember.
    pub(super) fn tidy(&self, unused_for: Duration) {
        let (now, long_ago) = (self.clock.now(), self.clock.monotonic().checked_sub(unused_for));
        unpoisoned(&self.hosts).retain(|_, host| {
            let state = host.state();
            let is_used = Arc::strong_count(host) > 1 || state.last_end >= long_ago;
            is_used || state.failures > 0 || state.is_paused(now)
        });
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = unpoisoned(&self.hosts);
        if let Some(host) = hosts.get(name) {
            return Arc::clone(host);
        }
        let host = Arc::new(Host {
            name: name.to_owned(),
            lane: Arc::default(),
            state: Mutex::default(),
        });
        hosts.insert(name.to_owned(), Arc::clone(&host));
        host
    }

    fn admits(&self, host: &Host) -> Result<(), Refusal> {
        let state = host.state();
        if let Some(until) = state.paused_until
            && state.is_paused(self.clock.now())
        {
            return Err(Refusal::RetryLater {
                host: host.name.clone(),
                until,
            });
        }
        if state.failures >= self.limits.trouble_after {
            return Err(Refusal::HostInTrouble {
                host: host.name.clone(),
                failures: state.failures,
                last: state.last_failure.clone(),
            });
        }
        Ok(())
    }

    fn earliest_start(&self, host: &Host, delay: Duration) -> Duration {
        let mut state = host.state();
        state.turns += 1;
        let Some(last_end) = state.last_end else {
            return Duration::ZERO;
        };
        let asked_for = state.crawl_delays.values().copied().max().unwrap_or_default();
        let gap = delay.max(asked_for).max(backoff(
            self.limits.backoff_first,
            self.limits.backoff_max,
            state.failures,
        ));
        last_end
            .saturating_add(gap)
            .saturating_add(jitter(gap, &host.name, state.turns))
    }
}

/// The right to one request. Dropping it, also when the request was abandoned, starts the gap.
#[derive(Debug)]
pub(super) struct Turn {
    host: Arc<Host>,
    clock: Clock,
    limits: Limits,
    _lane: OwnedMutexGuard<()>,
}

impl Turn {
    /// The host answered as it should.
    pub(super) fn succeeded(self) {
        self.host.state().failures = 0;
    }

    /// The host did not answer, or not as it should.
    pub(super) fn failed(self, why: &str) {
        let mut state = self.host.state();
        state.failures = state.failures.saturating_add(1);
        why.clone_into(&mut state.last_failure);
    }

    /// The host asked for a pause, of `wait` or of a length left to us, which then doubles each
    /// time in a row. Returns its end.
    pub(super) fn pause(self, wait: Option<Duration>, why: &str) -> Timestamp {
        let mut state = self.host.state();
        state.failures = state.failures.saturating_add(1);
        why.clone_into(&mut state.last_failure);
        let wait =
            wait.unwrap_or_else(|| backoff(self.limits.pause_first, self.limits.pause_max, state.failures));
        let until = later(self.clock.now(), wait);
        state.paused_until = state.paused_until.max(Some(until));
        until
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.host.state().last_end = Some(self.clock.monotonic());
    }
}

/// `first`, doubled with every failure after the first, at most `most`; nothing without failures.
fn backoff(first: Duration, most: Duration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => first.saturating_mul(2_u32.saturating_pow(doublings)).min(most),
    }
}

/// Between nothing and a tenth of the gap, the same for the same host and turn in every run, so
/// that a run can be repeated.
fn jitter(gap: Duration, host: &str, turn: u64) -> Duration {
    let mut hasher = DefaultHasher::new();
    (host, turn).hash(&mut hasher);
    // Of 64 hashed bits the upper 16 are enough for a fraction.
    let fraction = u32::try_from(hasher.finish() >> 48).unwrap_or_default();
    gap / JITTER_DIVISOR / u32::from(u16::MAX) * fraction
}

/// No code panics while it holds one of these locks halfway through a change, so what a
/// panicking thread left behind is sound.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
