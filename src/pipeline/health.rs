//! How well a site's rules fit, run by run: what table `site_health` keeps. Counting is here; what
//! the numbers mean for a person is the commands' judgement.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::article::{Article, Extractor};
use crate::store::{HealthRow, Reader, StoreError};
use crate::text;

use super::drift;

/// What a run saw of a site's articles.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    layouts: BTreeMap<String, u64>,
    generic: u64,
    words: Vec<u64>,
    removed_words: u64,
    failures: u64,
}

impl Tally {
    /// Counts an article that was extracted.
    pub(super) fn article(&mut self, article: &Article) {
        match (&article.layout, article.extractor) {
            (Some(layout), Extractor::Rules) => *self.layouts.entry(layout.clone()).or_default() += 1,
            _ => self.generic += 1,
        }
        self.words.push(text::word_count(&article.text()) as u64);
        self.removed_words += article
            .removed
            .iter()
            .map(|r| text::word_count(&r.text) as u64)
            .sum::<u64>();
    }

    /// Counts a page that failed.
    pub(super) fn failure(&mut self) {
        self.failures += 1;
    }

    /// Adds what another page counted.
    pub(super) fn add(&mut self, other: Self) {
        for (layout, n) in other.layouts {
            *self.layouts.entry(layout).or_default() += n;
        }
        self.generic += other.generic;
        self.words.extend(other.words);
        self.removed_words += other.removed_words;
        self.failures += other.failures;
    }

    /// The row of a site. A run that saw no article keeps what the last one saw of them.
    pub(super) fn row(mut self, reader: &Reader, site: &str, at: Timestamp) -> Result<HealthRow, StoreError> {
        let last = reader.health()?.into_iter().find(|row| row.site == site);
        let known = last.as_ref().and_then(|row| row.drift_since);
        let drift_since = drift::compare(reader, site, known)?.drift.map(|d| d.since);
        let articles = self.words.len() as u64;
        if let (0, Some(last)) = (articles, last) {
            return Ok(HealthRow {
                last_run_at: at,
                failures: self.failures,
                drift_since,
                ..last
            });
        }
        self.words.sort_unstable();
        let kept: u64 = self.words.iter().sum();
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        Ok(HealthRow {
            site: site.to_owned(),
            last_run_at: at,
            articles,
            layouts: self.layouts,
            generic_share: share(self.generic, articles),
            median_words: self.words.get(self.words.len() / 2).copied(),
            removed_share: share(self.removed_words, self.removed_words + kept),
            failures: self.failures,
            drift_since,
        })
    }
}
