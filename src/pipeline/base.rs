//! What runs stand on: the lock, the database, the fetcher with what earlier runs learned of hosts.
//! Owns taking and leaving them, and making a desk for a turn. `crawl` has one for a run, `watch` one
//! for as long as it is up.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::clock::Clock;
use crate::fetch::{Fetcher, RobotsCopy};
use crate::sites::rule::Site;
use crate::store::{self, LockGuard, RunStart, Store, StoreError, Writer};

use super::crawl::{CrawlError, CrawlSettings, Watcher};
use super::desk::{Desk, Drain, Readers};
use super::meter::{Enough, Meter, Metered, disk_is_low};
use super::reading::Rulebook;
use super::stop::Stop;
use super::{memory, optouts};

/// Runs begun longer ago have no pause that still holds: a pause is a day at most, and a run is taken
/// to be one too.
const PAUSES_KEPT: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// What runs stand on.
pub(super) struct Base {
    pub(super) settings: Arc<CrawlSettings>,
    pub(super) clock: Clock,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) writer: Writer,
    pub(super) readers: Arc<Readers>,
    store: Store,
    _lock: LockGuard,
}

/// What a turn is given beside the base.
pub(super) struct TurnOf<'a> {
    pub(super) rulebook: &'a Arc<Rulebook>,
    pub(super) site: &'a Site,
    pub(super) run_id: i64,
    /// Counts for the whole run.
    pub(super) run: &'a Arc<Meter>,
    pub(super) watcher: &'a Arc<dyn Watcher>,
    pub(super) stop: &'a Stop,
    pub(super) obeys_schedule: bool,
    pub(super) said: HashSet<String>,
}

impl Base {
    /// Takes the lock and opens everything. None: another crawl holds the lock.
    ///
    /// # Errors
    /// When the database or the HTTP client fails.
    pub(super) fn open(settings: CrawlSettings) -> Result<Option<Self>, CrawlError> {
        let Some(lock) = store::lock(&settings.db)? else {
            return Ok(None);
        };
        let clock = settings.clock.clone();
        let fetcher = settings.fetch.fetcher(settings.allow_private, clock.clone())?;
        let store = Store::open(&settings.db)?;
        let writer = store.writer()?;
        let readers = Arc::new(Readers::new(store.path().to_owned()));
        let reader = readers.lend()?;
        fetcher.remember_robots(reader.robots_copies()?.into_iter().map(robots_copy).collect());
        let since = clock.now().checked_sub(PAUSES_KEPT).unwrap_or(Timestamp::MIN);
        for asked in reader.asked_pauses(since)? {
            // Only addresses that answered are there; one that is none came from another program.
            if let Ok(url) = Url::parse(&asked.url) {
                fetcher.remember_pause(&url, asked.fetched_at, &asked.retry_after);
            }
        }
        drop(reader);
        Ok(Some(Self {
            settings: Arc::new(settings),
            clock,
            fetcher: Arc::new(fetcher),
            writer,
            readers,
            store,
            _lock: lock,
        }))
    }

    /// The database, absolute.
    pub(super) fn path(&self) -> &Path {
        self.store.path()
    }

    /// Begins a run in table `runs`.
    pub(super) async fn begin_run(&self, started_at: Timestamp) -> Result<i64, StoreError> {
        self.writer
            .begin_run(RunStart {
                command: self.settings.command.clone(),
                program_version: env!("CARGO_PKG_VERSION").to_owned(),
                started_at,
            })
            .await
    }

    /// A desk for a site's turn, which begins now.
    pub(super) fn desk(&self, turn: TurnOf<'_>) -> Result<Desk, StoreError> {
        let memory = memory::snapshot(&*self.readers.lend()?, &turn.site.id)?;
        let meter = Meter::new(&self.clock, turn.site.crawl.budget);
        Ok(Desk {
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            rulebook: turn.rulebook.clone(),
            fetcher: Metered::new(self.fetcher.clone(), meter, turn.run.clone()),
            writer: self.writer.clone(),
            watcher: turn.watcher.clone(),
            stop: turn.stop.clone(),
            drain: Drain::default(),
            run_id: turn.run_id,
            started: self.clock.now(),
            obeys_schedule: turn.obeys_schedule,
            said: turn.said,
            memory: memory.map(Arc::new),
            reservations: optouts::Book::default(),
            readers: self.readers.clone(),
        })
    }

    /// Why nothing may be written now, if the disk is nearly full.
    pub(super) fn disk_is_low(&self) -> Option<Enough> {
        disk_is_low(self.path(), self.settings.disk_floor)
    }

    /// Leaves: what waits is written, the log moved into the file, the lock let go.
    pub(super) async fn close(self) -> Result<(), StoreError> {
        self.writer.close().await
    }
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
