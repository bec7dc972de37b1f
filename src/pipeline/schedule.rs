//! When what is due: how often a listing is asked, and when a site's next turn comes. Owns the bounds
//! and the arithmetic; it asks nobody and reads no clock.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::sites::rule::Site;

/// How often `watch` looks at a site whose rule file does not say.
pub(super) const DEFAULT_EVERY: Duration = Duration::from_secs(30 * 60);
/// A busy listing is asked up to so many times as often as `every` says …
const BUSY: u32 = 2;
/// … but not more often than this, unless `every` itself does.
const LEAST_EVERY: Duration = Duration::from_secs(5 * 60);
/// A quiet listing is asked up to so many times less often than `every` says …
const QUIET: u32 = 8;
/// … but not less often than this, unless `every` itself does.
const MOST_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest wait before a page that failed for a passing reason is tried again.
pub(super) const RETRY_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Least time from the end of a site's turn to its next, whatever is due.
const LEAST_REST: Duration = Duration::from_secs(60);

/// How often a site is looked at, by its rule file.
pub(super) fn every(site: &Site) -> Duration {
    site.crawl.every.unwrap_or(DEFAULT_EVERY)
}

/// The shortest and the longest time between two visits of a listing.
pub(super) fn bounds(every: Duration) -> (Duration, Duration) {
    let least = (every / BUSY).max(LEAST_EVERY).min(every);
    let most = every.saturating_mul(QUIET).min(MOST_EVERY).max(every);
    (least, most)
}

/// What a visit to a listing brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It could not be read.
    Failed,
    /// So many stories, so many of them new.
    Stories {
        /// All that it lists and the rules let in.
        listed: usize,
        /// Those nobody had named before.
        new: usize,
    },
}

/// The time to the next visit of a listing, by the time before this one and what it brought: half as
/// long after news, half as long again after none, twice as long after a failure. A listing that
/// changed all over may have lost stories in between, and goes to the shortest time at once.
pub(super) fn next_interval(before: Option<Duration>, every: Duration, found: Found) -> Duration {
    let (least, most) = bounds(every);
    let next = match (before, found) {
        // The first look finds everything new, which says nothing of the pace.
        (None, Found::Stories { .. }) => every,
        (Some(_), Found::Stories { listed, new }) if new > 0 && new == listed => least,
        (Some(before), Found::Stories { new: 1.., .. }) => before / 2,
        (Some(before), Found::Stories { new: 0, .. }) => before.saturating_add(before / 2),
        (before, Found::Failed) => before.unwrap_or(every).saturating_mul(2),
    };
    next.clamp(least, most)
}

/// When a site's next turn is due: as soon as a listing or a story is, and not before a rest; after
/// failed turns in a row only when `every`, doubled with each after the first, has passed.
pub(super) fn next_turn(
    now: Timestamp,
    every: Duration,
    failed_turns: u64,
    listings: Option<Timestamp>,
    stories: Option<Timestamp>,
) -> Timestamp {
    if let Some(doublings) = failed_turns.checked_sub(1) {
        let doubled =
            every.saturating_mul(2_u32.saturating_pow(u32::try_from(doublings).unwrap_or(u32::MAX)));
        return later(now, doubled.min(bounds(every).1));
    }
    let listings = listings.unwrap_or_else(|| later(now, every));
    let due = stories.map_or(listings, |stories| stories.min(listings));
    due.max(later(now, LEAST_REST))
}

/// Whether something is due. A time further away than any is ever set was reckoned by a clock that has
/// been set back since: then it is due, too.
pub(super) fn is_due(at: Timestamp, now: Timestamp, every: Duration) -> bool {
    at <= now || at > later(now, bounds(every).1.saturating_mul(2))
}

/// The latest time for which a story's next look is ever set; one later than this was set by a clock
/// that has been set back since.
pub(super) fn latest_look(now: Timestamp, revisit: &[Duration]) -> Timestamp {
    let longest = revisit.iter().copied().max().unwrap_or_default().max(RETRY_MAX);
    later(now, longest.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const EVERY: Duration = Duration::from_secs(30 * 60);

    fn after(visits: impl IntoIterator<Item = Found>) -> Duration {
        visits
            .into_iter()
            .fold(None, |before, found| Some(next_interval(before, EVERY, found)))
            .unwrap()
    }

    fn found(listed: usize, new: usize) -> Found {
        Found::Stories { listed, new }
    }

    #[test]
    fn the_first_visit_leaves_the_rule_files_own_measure() {
        assert_eq!(after([found(20, 20)]), EVERY);
    }

    #[test]
    fn a_quiet_listing_is_asked_up_to_eight_times_less_often_and_no_less() {
        assert_eq!(after([found(20, 20), found(20, 0)]), 45 * MINUTE);
        assert_eq!(after(vec![found(20, 0); 40]), 8 * EVERY);
        assert_eq!(bounds(Duration::from_secs(6 * 3_600)).1, MOST_EVERY);
        let week = Duration::from_secs(7 * 24 * 3_600);
        assert_eq!(bounds(week).1, week, "a rule file may ask for less");
    }

    #[test]
    fn a_busy_listing_is_asked_up_to_twice_as_often_and_no_more() {
        assert_eq!(after(vec![found(20, 1); 40]), EVERY / 2);
        assert_eq!(bounds(8 * MINUTE).0, LEAST_EVERY);
        assert_eq!(bounds(MINUTE).0, MINUTE, "a rule file may ask for more");
    }

    #[test]
    fn a_listing_that_changed_all_over_is_asked_as_often_as_may_be() {
        let quiet = vec![found(20, 0); 40];
        assert_eq!(after(quiet.into_iter().chain([found(20, 20)])), EVERY / 2);
        assert_eq!(
            after([found(0, 0), found(0, 0)]),
            45 * MINUTE,
            "empty is no change"
        );
    }

    #[test]
    fn failures_double_the_time_up_to_its_bound() {
        assert_eq!(after([Found::Failed]), 2 * EVERY);
        assert_eq!(after(vec![Found::Failed; 9]), 8 * EVERY);
    }

    #[test]
    fn a_turn_comes_when_the_first_thing_is_due_and_after_a_rest() {
        let now = Timestamp::UNIX_EPOCH;
        let at = |minutes: u32| later(now, minutes * MINUTE);
        let next = |failed, listings, stories| next_turn(now, EVERY, failed, listings, stories);
        assert_eq!(next(0, Some(at(40)), None), at(40));
        assert_eq!(next(0, Some(at(40)), Some(at(20))), at(20));
        assert_eq!(next(0, Some(at(0)), None), at(1));
        assert_eq!(next(0, None, None), at(30));
        assert_eq!(
            [1, 2, 3, 4, 99].map(|n| next(n, Some(at(1)), None)),
            [30, 60, 120, 240, 240].map(at)
        );
    }

    #[test]
    fn a_time_beyond_all_bounds_is_due() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(!is_due(later(now, 8 * EVERY), now, EVERY));
        assert!(is_due(
            later(now, Duration::from_secs(400 * 24 * 3_600)),
            now,
            EVERY
        ));
    }
}
