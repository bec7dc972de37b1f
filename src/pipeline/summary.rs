//! What a run did, in numbers: what the summary shows, `--json` prints and `runs` keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use crate::outcome::Outcome;

use super::health::Tally;
use super::turn::After;

/// What a run did.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The database, absolute.
    pub database: PathBuf,
    /// Id of the run in table `runs`.
    pub run: i64,
    /// When it began, UTC.
    pub started_at: String,
    /// When it ended, UTC.
    pub finished_at: String,
    /// Whether it was asked to end before it was done.
    pub interrupted: bool,
    /// Whether it only looked: nothing was queued or fetched.
    pub dry_run: bool,
    /// Site by site, by id.
    pub sites: Vec<SiteSummary>,
    /// Pages by outcome, over all sites.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Articles that are new in the database.
    pub new_articles: u64,
    /// Articles that have a new version.
    pub revised: u64,
    /// Blocks taken out of the articles of this run, by category.
    pub removed: BTreeMap<crate::article::Category, u64>,
    /// Exit code: 0 all well, 1 a site failed or its rules have ceased to fit.
    pub exit_code: i32,
}

/// What a run did at one site.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SiteSummary {
    /// Id of the rule file.
    pub site: String,
    /// Why nothing could be done there, where that is so.
    pub failed: Option<String>,
    /// Listings that could not be read, with the reason.
    pub warnings: Vec<String>,
    /// Listings read.
    pub listings: u64,
    /// Addresses queued that nobody had queued before.
    pub discovered: u64,
    /// These addresses, in a dry run, which queues none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub stories: BTreeSet<String>,
    /// Pages by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Articles that are new in the database.
    pub new_articles: u64,
    /// Articles that have a new version.
    pub revised: u64,
    /// Blocks taken out, by category.
    pub removed: BTreeMap<crate::article::Category, u64>,
    /// Requests made: pages, listings, robots.txt files, and the redirects among them.
    pub requests: u64,
    /// Bytes of the bodies that came.
    pub bytes: u64,
    /// What ended the turn early: a budget, or a disk that is nearly full.
    pub stopped_by: Option<String>,
    /// How well the rules fitted, for `site_health`.
    #[serde(skip)]
    pub(super) tally: Tally,
    /// What the turn leaves for the next one.
    #[serde(skip)]
    pub(super) after: After,
}

impl SiteSummary {
    /// Counts a page.
    pub(super) fn count(&mut self, outcome: Outcome) {
        *self.outcomes.entry(outcome).or_default() += 1;
    }
}

impl Summary {
    /// Adds a site's numbers to the run's.
    pub(super) fn add(&mut self, site: SiteSummary) {
        for (outcome, n) in &site.outcomes {
            *self.outcomes.entry(*outcome).or_default() += n;
        }
        for (category, n) in &site.removed {
            *self.removed.entry(*category).or_default() += n;
        }
        self.new_articles += site.new_articles;
        self.revised += site.revised;
        self.sites.push(site);
    }
}
