//! A run: the lock, the sites side by side, the end. Owns what is shared by all sites of a run and the
//! exit code; one site's work is `site`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::fetch::FetchError;
use crate::optout::OptOutPolicy;
use crate::outcome::Outcome;
use crate::sites::SitesError;
use crate::sites::rule::{Budget, Site};
use crate::store::{RunEnd, StoreError};

use super::base::{Base, TurnOf};
pub(super) use super::desk::Desk;
use super::desk::gist;
use super::errand::FetchSettings;
use super::meter::{EnoughKind, Meter};
use super::reading::Rulebook;
use super::stop::Stop;
use super::summary::{SiteSummary, Summary};
use super::turn;

/// Room on the disk below which nothing more is fetched, in bytes, unless the settings say otherwise.
pub const DISK_FLOOR: u64 = 512 * 1024 * 1024;
/// Sites crawled side by side. Each waits for its host most of the time.
pub(super) const SITES_AT_ONCE: usize = 128;
/// The exit code of a run that could not go on.
pub(super) const COULD_NOT_RUN: i32 = 2;

/// What a crawl is asked to do.
#[derive(Debug, Clone)]
pub struct CrawlSettings {
    /// The database.
    pub db: PathBuf,
    /// The command as typed, for `runs`.
    pub command: String,
    /// How requests are made.
    pub fetch: FetchSettings,
    /// Private addresses and any port allowed.
    pub allow_private: bool,
    /// Most new articles of each site.
    pub max_articles: Option<usize>,
    /// Oldest story, replacing the rule files' `max-age`.
    pub since: Option<Timestamp>,
    /// Look again at every stored article.
    pub refresh: bool,
    /// Least gap between requests to a host, replacing the rule files' own.
    pub delay: Option<Duration>,
    /// Fetch listings, but no article, and queue nothing.
    pub dry_run: bool,
    /// What is done about pages that opt out.
    pub opt_out: OptOutPolicy,
    /// What all sites of a run together may take.
    pub budget: Budget,
    /// Room on the disk, in bytes, below which nothing more is fetched.
    pub disk_floor: u64,
    /// The clock.
    pub clock: Clock,
}

/// Why a run could not go on. What fails at one site or page is no such thing.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A site that nobody knows.
    #[error(transparent)]
    Sites(#[from] SitesError),
    /// A fault of the program.
    #[error("internal fault: {0}; please report it")]
    Internal(&'static str),
}

impl CrawlError {
    /// Whether it speaks of one page, and the others can be read.
    pub(super) fn concerns_one_page(&self) -> bool {
        match self {
            Self::Internal(_) => true,
            Self::Store(error) => error.concerns_one_article(),
            Self::Fetch(_) | Self::Sites(_) => false,
        }
    }
}

/// What happens while a run goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// A site's turn begins.
    SiteStarted {
        /// Its id.
        site: &'a str,
    },
    /// How many pages it has, done and queued.
    Queued {
        /// Its id.
        site: &'a str,
        /// Done and queued.
        pages: u64,
    },
    /// A page is done.
    Page {
        /// Its site's id.
        site: &'a str,
        /// Its address.
        url: &'a str,
        /// What became of it.
        outcome: Outcome,
    },
    /// A site's turn has ended.
    SiteDone {
        /// Its id.
        site: &'a str,
        /// What was done there.
        summary: &'a SiteSummary,
    },
}

/// Someone who is told what happens.
pub trait Watcher: Send + Sync {
    /// Hears of it; called from many threads, must not wait.
    fn on(&self, event: Event<'_>);
}

/// Nobody: for runs without a terminal.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn on(&self, _: Event<'_>) {}
}

/// Crawls these sites once. None: another crawl holds the database's lock.
///
/// # Errors
/// When the database or the HTTP client fails.
pub async fn run(
    settings: CrawlSettings,
    rulebook: Arc<Rulebook>,
    sites: Vec<Arc<Site>>,
    watcher: Arc<dyn Watcher>,
    stop: Stop,
) -> Result<Option<Summary>, CrawlError> {
    let Some(base) = Base::open(settings)? else {
        return Ok(None);
    };
    let started = base.clock.now();
    let run = Run {
        id: base.begin_run(started).await?,
        meter: Arc::new(Meter::new(&base.clock, base.settings.budget)),
        base,
        started,
        rulebook,
        watcher,
        stop,
    };
    let summary = match all(&run, &sites).await {
        Ok(done) => finish(&run, done).await,
        Err(error) => {
            let end = RunEnd {
                finished_at: run.base.clock.now(),
                interrupted: false,
                outcomes: BTreeMap::new(),
                exit_code: COULD_NOT_RUN,
            };
            // May fail for the same reason; the first failure is the one to tell of.
            let _ = run.base.writer.end_run(run.id, end).await;
            Err(error)
        }
    };
    let closed = run.base.close().await;
    let summary = summary?;
    closed?;
    Ok(Some(summary))
}

/// A run at work.
struct Run {
    base: Base,
    id: i64,
    started: Timestamp,
    meter: Arc<Meter>,
    rulebook: Arc<Rulebook>,
    watcher: Arc<dyn Watcher>,
    stop: Stop,
}

impl Run {
    /// A desk for a site.
    fn desk(&self, site: &Site) -> Result<Arc<Desk>, StoreError> {
        // A budget that ends every run is said once, not by every run.
        let before = self.base.readers.lend()?.schedule(&site.id)?;
        let said = before.and_then(|row| row.stopped_by).map(|words| gist(&words));
        Ok(Arc::new(self.base.desk(TurnOf {
            rulebook: &self.rulebook,
            site,
            run_id: self.id,
            run: &self.meter,
            watcher: &self.watcher,
            stop: &self.stop,
            obeys_schedule: false,
            said: said.into_iter().collect(),
        })?))
    }
}

/// Crawls the sites side by side; the first failure of the database ends the run.
async fn all(run: &Run, sites: &[Arc<Site>]) -> Result<Vec<SiteSummary>, CrawlError> {
    let mut waiting = sites.iter().cloned();
    let mut working = JoinSet::new();
    let mut done = Vec::new();
    loop {
        while working.len() < SITES_AT_ONCE && !run.stop.is_asked() {
            let Some(site) = waiting.next() else { break };
            working.spawn(turn::take(run.desk(&site)?, site));
        }
        let Some(ended) = working.join_next().await else {
            break;
        };
        done.push(ended.map_err(|_| CrawlError::Internal("a site's task failed"))??);
    }
    done.sort_by(|a: &SiteSummary, b| a.site.cmp(&b.site));
    Ok(done)
}

/// Ends the run: the row in `runs`, the summary.
async fn finish(run: &Run, sites: Vec<SiteSummary>) -> Result<Summary, CrawlError> {
    let interrupted = run.stop.is_asked();
    let of_all = |site: &SiteSummary| {
        let enough = site.after.enough.clone()?;
        (enough.kind != EnoughKind::Site).then_some(enough)
    };
    let enough = sites.iter().find_map(of_all);
    match &enough {
        Some(enough) if enough.kind == EnoughKind::Disk => tracing::error!("{}", enough.reason),
        Some(enough) => tracing::warn!("{}", enough.reason),
        None => {}
    }
    let needs_person = sites.iter().any(|s| s.failed.is_some() || s.after.drifted)
        || enough.is_some_and(|e| e.kind == EnoughKind::Disk);
    let mut summary = Summary {
        database: run.base.path().to_owned(),
        run: run.id,
        started_at: stamp(run.started),
        finished_at: String::new(),
        interrupted,
        dry_run: run.base.settings.dry_run,
        sites: Vec::new(),
        outcomes: BTreeMap::new(),
        new_articles: 0,
        revised: 0,
        removed: BTreeMap::new(),
        exit_code: if interrupted { 0 } else { i32::from(needs_person) },
    };
    for site in sites {
        summary.add(site);
    }
    let finished_at = run.base.clock.now();
    summary.finished_at = stamp(finished_at);
    let outcomes = summary.outcomes.clone();
    let end = RunEnd {
        finished_at,
        interrupted,
        outcomes,
        exit_code: summary.exit_code,
    };
    run.base.writer.end_run(run.id, end).await?;
    Ok(summary)
}

pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
