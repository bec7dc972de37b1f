//! Whether a site's rules have ceased to fit: its newest stories against its own past. Owns the
//! thresholds, which docs/rules.md states; pure, over what the database says of each story.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;

use crate::store::{Reader, StoreError, StorySample};

/// Stories of the past that are compared with, at most.
const PAST: usize = 200;
/// Newest stories that are looked at, at most.
const NEWEST: usize = 100;
/// Least number of stories of the past: with fewer nothing is said.
pub const LEAST_PAST: usize = 5;
/// Least number of new stories that show a sign.
pub const LEAST_NEW: usize = 5;
/// Share of the new stories that must show it.
const NEW_SHARE: f64 = 0.8;
/// Share of the past's stories that may show it.
const PAST_SHARE: f64 = 0.1;
/// A story is short with fewer words than this part of the past's median …
const SHORT: u64 = 3;
/// … and short stories are a sign where there are so many of the past,
const LEAST_PAST_WORDS: usize = 20;
/// so many new ones,
const LEAST_NEW_WORDS: usize = 10;
/// on so many days: a day of short stories is none.
const LEAST_DAYS: usize = 3;

/// A site whose rules have ceased to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// When the first story that shows it was fetched.
    pub since: Timestamp,
    /// What has changed, in words.
    pub reasons: Vec<String>,
    /// The newest story that shows it.
    pub example: String,
}

/// Some stories in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// How many.
    pub stories: usize,
    /// Share of them whose text no rule found.
    pub generic_share: f64,
    /// By layout.
    pub layouts: BTreeMap<String, usize>,
    /// Median of their words.
    pub median_words: u64,
    /// Share without a title.
    pub no_title: f64,
    /// Share without authors.
    pub no_authors: f64,
    /// Share without a date.
    pub no_date: f64,
}

/// A site's newest stories beside its past.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The stories since the drift began, or the newest [`LEAST_NEW`].
    pub now: Figures,
    /// Those before.
    pub before: Figures,
    /// Whether the rules have ceased to fit.
    pub drift: Option<Drift>,
}

/// Compares a site's newest stories with its past; `known` is when a drift began that an earlier run saw.
///
/// # Errors
/// When the database cannot be read.
pub fn compare(reader: &Reader, site: &str, known: Option<Timestamp>) -> Result<Comparison, StoreError> {
    // A drift that lasts must not become the past it is measured by.
    let mut samples = match known {
        Some(since) => {
            let newest = reader.story_samples(site, None, NEWEST)?;
            let mut samples = reader.story_samples(site, Some(since), PAST)?;
            samples.extend(newest.into_iter().filter(|s| s.fetched_at >= since));
            samples
        }
        None => reader.story_samples(site, None, PAST + NEWEST)?,
    };
    samples.sort_by_key(|s| s.fetched_at);
    let drift = judge(&samples);
    let split = match &drift {
        Some(drift) => samples.partition_point(|s| s.fetched_at < drift.since),
        None => samples.len().saturating_sub(LEAST_NEW),
    };
    Ok(Comparison {
        now: figures(&samples[split..]),
        before: figures(&samples[..split]),
        drift,
    })
}

/// A sentence about the new stories and those before.
type Told = fn(now: &Figures, before: &Figures) -> String;

/// A sign of drift: how it is told, and which stories show it.
struct Sign {
    told: Told,
    shows: fn(&StorySample) -> bool,
}

const SIGNS: [Sign; 5] = [
    Sign {
        told: |now, before| {
            format!(
                "no layout found the text of {} of {} stories (before: {})",
                percent(now.generic_share),
                now.stories,
                percent(before.generic_share)
            )
        },
        shows: |s| s.layout.is_none(),
    },
    Sign {
        told: |now, _| {
            format!(
                "pages in the place of stories have no text, {} since then",
                now.stories
            )
        },
        shows: |s| !s.told,
    },
    Sign {
        told: |now, before| missing("a title", now.no_title, before.no_title),
        shows: |s| !s.title,
    },
    Sign {
        told: |now, before| missing("an author", now.no_authors, before.no_authors),
        shows: |s| !s.authors,
    },
    Sign {
        told: |now, before| missing("a date", now.no_date, before.no_date),
        shows: |s| !s.published,
    },
];

fn missing(what: &str, now: f64, before: f64) -> String {
    format!(
        "{} are without {what} (before: {})",
        percent(now),
        percent(before)
    )
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Stories oldest first.
fn judge(samples: &[StorySample]) -> Option<Drift> {
    let mut began: Vec<(usize, Told)> = Vec::new();
    for sign in &SIGNS {
        let flags: Vec<bool> = samples.iter().map(sign.shows).collect();
        if let Some(at) = onset(&flags, LEAST_PAST, LEAST_NEW) {
            began.push((at, sign.told));
        }
    }
    if let Some(at) = shortened(samples) {
        began.push((at, |now, before| {
            format!(
                "stories have {} words in the median (before: {})",
                now.median_words, before.median_words
            )
        }));
    }
    let first = began.iter().map(|(at, _)| *at).min()?;
    let reasons = began
        .iter()
        .map(|(at, told)| told(&figures(&samples[*at..]), &figures(&samples[..*at])));
    Some(Drift {
        since: samples[first].fetched_at,
        reasons: reasons.collect(),
        example: samples.last()?.url.clone(),
    })
}

/// Where a sign began that the newest stories show and the past did not.
fn onset(flags: &[bool], least_past: usize, least_new: usize) -> Option<usize> {
    let shown = |part: &[bool]| part.iter().filter(|f| **f).count() as f64;
    let last = flags.len().checked_sub(least_new)?;
    // The newest show it too: what has ended is no drift.
    if shown(&flags[last..]) < least_new as f64 * NEW_SHARE {
        return None;
    }
    (least_past..=last).find(|at| {
        let (past, new) = flags.split_at(*at);
        new[0] && shown(new) >= new.len() as f64 * NEW_SHARE && shown(past) <= past.len() as f64 * PAST_SHARE
    })
}

/// Where stories became short, on several days.
fn shortened(samples: &[StorySample]) -> Option<usize> {
    let last = samples.len().checked_sub(LEAST_NEW_WORDS)?;
    (LEAST_PAST_WORDS..=last).find(|at| {
        let limit = median(&samples[..*at]) / SHORT;
        let flags: Vec<bool> = samples.iter().map(|s| s.told && s.words < limit).collect();
        let day = |s: &StorySample| Offset::UTC.to_datetime(s.fetched_at).date();
        let days: BTreeSet<_> = samples[*at..].iter().map(day).collect();
        days.len() >= LEAST_DAYS && onset(&flags, *at, LEAST_NEW_WORDS) == Some(*at)
    })
}

fn median(samples: &[StorySample]) -> u64 {
    let mut words: Vec<u64> = samples.iter().filter(|s| s.told).map(|s| s.words).collect();
    words.sort_unstable();
    words.get(words.len() / 2).copied().unwrap_or(0)
}

fn figures(samples: &[StorySample]) -> Figures {
    let share = |of: &dyn Fn(&StorySample) -> bool| match samples.len() {
        0 => 0.0,
        n => samples.iter().filter(|s| of(s)).count() as f64 / n as f64,
    };
    let mut layouts = BTreeMap::new();
    for layout in samples.iter().filter_map(|s| s.layout.clone()) {
        *layouts.entry(layout).or_default() += 1;
    }
    Figures {
        stories: samples.len(),
        generic_share: share(&|s| s.layout.is_none()),
        layouts,
        median_words: median(samples),
        no_title: share(&|s| !s.title),
        no_authors: share(&|s| !s.authors),
        no_date: share(&|s| !s.published),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A story of hour `n`.
    fn story(n: usize, change: impl Fn(&mut StorySample)) -> StorySample {
        let mut sample = StorySample {
            url: format!("https://news.example/{n}"),
            fetched_at: Timestamp::from_second(1_700_000_000 + 3_600 * i64::try_from(n).unwrap()).unwrap(),
            layout: Some("now".to_owned()),
            told: true,
            words: 400 + n as u64 % 50,
            title: true,
            authors: true,
            published: true,
        };
        change(&mut sample);
        sample
    }

    fn stories(n: usize, from: usize, change: impl Fn(&mut StorySample)) -> Vec<StorySample> {
        let changed = |i| {
            story(i, |s| {
                if i >= from {
                    change(s)
                }
            })
        };
        (0..n).map(changed).collect()
    }

    #[test]
    fn a_layout_that_is_gone_is_seen_with_the_date_of_its_first_story() {
        let samples = stories(12, 7, |s| s.layout = None);
        let drift = judge(&samples).unwrap();
        assert_eq!(drift.since, samples[7].fetched_at);
        assert_eq!(drift.example, "https://news.example/11");
        assert_eq!(
            drift.reasons,
            ["no layout found the text of 100 % of 5 stories (before: 0 %)"]
        );
    }

    #[test]
    fn few_stories_say_nothing() {
        assert_eq!(judge(&stories(11, 7, |s| s.layout = None)), None);
        assert_eq!(judge(&stories(11, 4, |s| s.layout = None)), None);
        assert_eq!(judge(&[]), None);
    }

    #[test]
    fn a_site_that_never_had_it_lacks_nothing() {
        assert_eq!(judge(&stories(50, 0, |s| s.authors = false)), None);
        assert_eq!(judge(&stories(50, 0, |s| s.layout = None)), None);
    }

    #[test]
    fn fields_that_went_missing_are_named() {
        let drift = judge(&stories(40, 30, |s| s.authors = false)).unwrap();
        assert_eq!(drift.reasons, ["100 % are without an author (before: 0 %)"]);
        let drift = judge(&stories(40, 30, |s| (s.title, s.published) = (false, false))).unwrap();
        assert_eq!(drift.reasons.len(), 2);
    }

    #[test]
    fn a_few_odd_stories_are_no_drift_and_what_has_ended_is_none() {
        let odd = |s: &mut StorySample| {
            if s.url.ends_with('7') {
                s.layout = None;
            }
        };
        assert_eq!(judge(&stories(100, 0, odd)), None);
        let mut ended = stories(20, 10, |s| s.layout = None);
        ended.extend((20..23).map(|n| story(n, |_| {})));
        assert_eq!(judge(&ended), None);
    }

    #[test]
    fn a_day_of_short_stories_is_none_and_four_days_are() {
        // Each story is an hour after the one before.
        let short = |s: &mut StorySample| s.words = 60;
        assert_eq!(judge(&stories(60, 40, short)), None);
        let drift = judge(&stories(120, 40, short)).unwrap();
        assert_eq!(drift.since, story(40, |_| {}).fetched_at);
        assert!(drift.reasons[0].starts_with("stories have 60 words in the median (before: 4"));
    }
}
