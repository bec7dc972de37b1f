//! Time as the program sees it: now, elapsed, sleep. Owns the choice between the system's clock
//! and a faster one for tests; what time means for a schedule or a pace is their own business.
//! Network timeouts stay on real time, because a socket cannot be hurried.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A clock that can be handed around; clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock {
    started: Instant,
    face: Face,
}

#[derive(Debug, Clone, Copy)]
enum Face {
    System,
    Scaled { start: Timestamp, factor: u32 },
}

impl Clock {
    /// The system's clock. [`Clock::monotonic`] counts from this call.
    pub fn system() -> Self {
        Self {
            started: Instant::now(),
            face: Face::System,
        }
    }

    /// A clock for tests: it shows `start` now and runs `factor` times as fast as the system's
    /// (86,400 makes a day of a second). A factor of 0 is taken as 1.
    pub fn scaled(start: Timestamp, factor: u32) -> Self {
        Self {
            started: Instant::now(),
            face: Face::Scaled {
                start,
                factor: factor.max(1),
            },
        }
    }

    /// The time of day, for records and schedules. It may jump when the system's clock is set.
    pub fn now(&self) -> Timestamp {
        match self.face {
            Face::System => Timestamp::now(),
            Face::Scaled { start, .. } => later(start, self.monotonic()),
        }
    }

    /// Time since the clock was made; never runs backwards, so delays are measured by it.
    pub fn monotonic(&self) -> Duration {
        self.started.elapsed().saturating_mul(self.factor())
    }

    /// Sleeps until `duration` has passed on this clock, never less.
    pub async fn sleep(&self, duration: Duration) {
        let end = self.monotonic().saturating_add(duration);
        loop {
            let left = end.saturating_sub(self.monotonic());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(self.real(left)).await;
        }
    }

    /// Sleeps until the time of day is `when`, and not at all when that has passed. Wakes once a
    /// minute of clock time to look again, so that a clock set forward is noticed.
    pub async fn sleep_until(&self, when: Timestamp) {
        const LOOK_AGAIN: Duration = Duration::from_secs(60);
        loop {
            let left = self.now().duration_until(when);
            match Duration::try_from(left) {
                Ok(left) if !left.is_zero() => self.sleep(left.min(LOOK_AGAIN)).await,
                _ => return,
            }
        }
    }

    fn factor(&self) -> u32 {
        match self.face {
            Face::System => 1,
            Face::Scaled { factor, .. } => factor,
        }
    }

    fn real(&self, duration: Duration) -> Duration {
        // At least a nanosecond: a division that rounds to nothing would make the loop spin.
        (duration / self.factor()).max(Duration::from_nanos(1))
    }
}

/// `time` plus `duration`; the last time there is when that cannot be told.
pub fn later(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_day_passes_in_a_moment_on_a_scaled_clock() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock::scaled(start, 86_400_000);
        clock.sleep(Duration::from_secs(24 * 60 * 60)).await;
        assert!(clock.now() >= "2026-01-02T00:00:00Z".parse().unwrap());
        clock.sleep_until("2026-01-05T00:00:00Z".parse().unwrap()).await;
        assert!(clock.now() >= "2026-01-05T00:00:00Z".parse().unwrap());
    }

    #[tokio::test]
    async fn a_time_that_has_passed_is_not_waited_for() {
        let clock = Clock::system();
        clock.sleep_until("2001-01-01T00:00:00Z".parse().unwrap()).await;
    }

    #[test]
    fn clones_tell_the_same_time() {
        let clock = Clock::scaled(Timestamp::UNIX_EPOCH, 1_000);
        let (a, b) = (clock.clone().monotonic(), clock.monotonic());
        assert!(a <= b);
    }
}
