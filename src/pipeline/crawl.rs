//! A run: the lock, the sites side by side, the end. Owns what is shared by all sites of a run and the
//! exit code; one site's work is `site`.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use url::Url;

use crate::clock::Clock;
use crate::extract::Memory;
use crate::fetch::{DEFAULT_DELAY, Exchange, FetchError, Fetcher, RobotsCopy};
use crate::optout::{self, OptOutPolicy, Signal};
use crate::outcome::Outcome;
use crate::sites::SitesError;
use crate::sites::rule::Site;
use crate::store::{self, Reader, RunEnd, RunStart, Store, StoreError, Writer};

use super::errand::FetchSettings;
use super::reading::Rulebook;
use super::stop::Stop;
use super::summary::{SiteSummary, Summary};
use super::{memory, optouts, record, site};

/// Sites crawled side by side. Each waits for its host most of the time.
const SITES_AT_ONCE: usize = 128;
/// Age beyond which a listing's stories are not fetched, where neither rule file nor `--since` says.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a page in flight is waited for when a run is to end: service managers kill after 90 s, and
/// a host may ask for longer gaps than that.
const DRAIN: Duration = Duration::from_secs(10);
/// Runs begun longer ago have no pause that still holds: a pause is a day at most, and a run is taken
/// to be one too.
const PAUSES_KEPT: Duration = Duration::from_secs(2 * 24 * 60 * 60);
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
    /// Fetch listings, but no article.
    pub dry_run: bool,
    /// What is done about pages that opt out.
    pub opt_out: OptOutPolicy,
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

/// What all sites of a run share.
pub(super) struct Desk {
    pub(super) settings: CrawlSettings,
    pub(super) clock: Clock,
    pub(super) rulebook: Arc<Rulebook>,
    pub(super) fetcher: Fetcher,
    pub(super) writer: Writer,
    pub(super) watcher: Arc<dyn Watcher>,
    pub(super) stop: Stop,
    pub(super) run_id: i64,
    started: Timestamp,
    /// Snapshots taken when the run began: the whole run uses these.
    memories: HashMap<String, Arc<Memory>>,
    pub(super) reservations: optouts::Book,
    /// Connections for reading, handed out and taken back.
    readers: Mutex<Vec<Reader>>,
    db: PathBuf,
}

impl Desk {
    /// Least gap between requests to a site's hosts.
    pub(super) fn delay(&self, site: &Site) -> Duration {
        // What the command line asks for has been checked; a rule file may not undercut the manners.
        let least = if self.settings.allow_private || self.settings.fetch.proxy.is_some() {
            Duration::ZERO
        } else {
            DEFAULT_DELAY
        };
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

    /// What the site repeats.
    pub(super) fn memory(&self, site: &str) -> Option<Arc<Memory>> {
        self.memories.get(site).cloned()
    }

    /// A connection for reading, given back when dropped.
    pub(super) fn reader(&self) -> Result<Lent<'_>, StoreError> {
        let kept = self
            .readers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop();
        let reader = match kept {
            Some(reader) => reader,
            None => Reader::open(&self.db)?,
        };
        Ok(Lent {
            desk: self,
            reader: Some(reader),
        })
    }

    /// Does some fetching, unless the run is to end and it takes longer than [`DRAIN`].
    pub(super) async fn unless_ended<T>(&self, fetching: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.stop.clone();
        let ended = async {
            stop.asked().await;
            self.clock.sleep(DRAIN).await;
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
}

/// A lent connection.
pub(super) struct Lent<'a> {
    desk: &'a Desk,
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
            self.desk
                .readers
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push(reader);
        }
    }
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
    let Some(_lock) = store::lock(&settings.db)? else {
        return Ok(None);
    };
    let fetcher = settings
        .fetch
        .fetcher(settings.allow_private, settings.clock.clone())?;
    let store = Store::open(&settings.db)?;
    let writer = store.writer()?;
    let reader = store.reader()?;
    let clock = settings.clock.clone();
    let started = clock.now();
    fetcher.remember_robots(reader.robots_copies()?.into_iter().map(robots_copy).collect());
    for asked in reader.asked_pauses(started.checked_sub(PAUSES_KEPT).unwrap_or(Timestamp::MIN))? {
        // Only addresses that answered are there; one that is none came from another program.
        if let Ok(url) = Url::parse(&asked.url) {
            fetcher.remember_pause(&url, asked.fetched_at, &asked.retry_after);
        }
    }
    let mut memories = HashMap::new();
    for site in &sites {
        if let Some(memory) = memory::snapshot(&reader, &site.id)? {
            memories.insert(site.id.clone(), Arc::new(memory));
        }
    }
    let run_id = writer
        .begin_run(RunStart {
            command: settings.command.clone(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: started,
        })
        .await?;
    let desk = Arc::new(Desk {
        db: store.path().to_owned(),
        settings,
        clock,
        rulebook,
        fetcher,
        writer: writer.clone(),
        watcher,
        stop,
        run_id,
        started,
        memories,
        reservations: optouts::Book::default(),
        readers: Mutex::new(vec![reader]),
    });
    let summary = match all(&desk, &sites).await {
        Ok(done) => finish(&desk, &store, &writer, done).await,
        Err(error) => {
            let end = RunEnd {
                finished_at: desk.clock.now(),
                interrupted: false,
                outcomes: BTreeMap::new(),
                exit_code: COULD_NOT_RUN,
            };
            // May fail for the same reason; the first failure is the one to tell of.
            let _ = writer.end_run(run_id, end).await;
            Err(error)
        }
    };
    drop(desk);
    let closed = writer.close().await;
    let summary = summary?;
    closed?;
    Ok(Some(summary))
}

/// Crawls the sites side by side; the first failure of the database ends the run.
async fn all(desk: &Arc<Desk>, sites: &[Arc<Site>]) -> Result<Vec<SiteSummary>, CrawlError> {
    let mut waiting = sites.iter().cloned();
    let mut working = JoinSet::new();
    let mut done = Vec::new();
    loop {
        while working.len() < SITES_AT_ONCE && !desk.stop.is_asked() {
            let Some(site) = waiting.next() else { break };
            let desk = desk.clone();
            working.spawn(async move { site::crawl(&desk, &site).await });
        }
        let Some(ended) = working.join_next().await else {
            break;
        };
        done.push(ended.map_err(|_| CrawlError::Internal("a site's task failed"))??);
    }
    done.sort_by(|a, b| a.site.cmp(&b.site));
    Ok(done)
}

/// Ends the run: memory and health of the sites, the row in `runs`, the summary.
async fn finish(
    desk: &Desk,
    store: &Store,
    writer: &Writer,
    sites: Vec<SiteSummary>,
) -> Result<Summary, CrawlError> {
    let interrupted = desk.stop.is_asked();
    let exit_code = i32::from(sites.iter().any(|s| s.failed.is_some()));
    let mut summary = Summary {
        database: store.path().to_owned(),
        run: desk.run_id,
        started_at: stamp(desk.started),
        finished_at: String::new(),
        interrupted,
        sites: Vec::new(),
        outcomes: BTreeMap::new(),
        new_articles: 0,
        revised: 0,
        removed: BTreeMap::new(),
        exit_code: if interrupted { 0 } else { exit_code },
    };
    let mut health = Vec::new();
    for site in &sites {
        if !interrupted {
            memory::learn(
                &*desk.reader()?,
                writer,
                &site.site,
                desk.run_id,
                desk.clock.now(),
            )
            .await?;
        }
        health.push(
            site.tally
                .clone()
                .row(&*desk.reader()?, &site.site, desk.clock.now())?,
        );
    }
    writer.update_health(health).await?;
    for site in sites {
        summary.add(site);
    }
    let finished_at = desk.clock.now();
    summary.finished_at = stamp(finished_at);
    let outcomes = summary.outcomes.clone();
    writer
        .end_run(
            desk.run_id,
            RunEnd {
                finished_at,
                interrupted,
                outcomes,
                exit_code: summary.exit_code,
            },
        )
        .await?;
    Ok(summary)
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn robots_copy(row: store::RobotsCopy) -> RobotsCopy {
    RobotsCopy {
        origin: row.origin,
        fetched_at: row.fetched_at,
        status: row.status,
        body: Some(row.body).filter(|_| row.status.is_some_and(|s| s < 300)),
        unreachable: false,
    }
}
