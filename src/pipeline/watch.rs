//! Staying up: each site's turn when it is due, changed rules picked up, the end when it is asked for.
//! Owns the loop; what a turn does is `turn`'s, when one is due `schedule`'s, a day's row `day`'s.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::clock::later;
use crate::sites::rule::Site;
use crate::text::counted;

use super::base::{Base, TurnOf};
use super::crawl::{CrawlError, CrawlSettings, SITES_AT_ONCE, Watcher};
use super::day::Days;
use super::meter::{Enough, EnoughKind};
use super::rules::{LOOK_EVERY, Rules};
use super::stop::Stop;
use super::summary::SiteSummary;
use super::{schedule, turn};

/// Longest sleep of the loop: a clock that was set is noticed then, and so are changed rule files.
const LONGEST_SLEEP: Duration = LOOK_EVERY;
/// Time between two looks at the disk, and two tidyings of what the fetcher remembers.
const ROUND_EVERY: Duration = Duration::from_secs(60);

/// Asks a watch to read its rule files now; clones ask the same one.
#[derive(Debug, Clone, Default)]
pub struct Reload(Arc<Notify>);

impl Reload {
    /// Asks.
    pub fn ask(&self) {
        self.0.notify_one();
    }
}

/// What a watch did until it was ended.
#[derive(Debug, Default, Serialize)]
pub struct Watched {
    /// The database, absolute.
    pub database: PathBuf,
    /// Sites' turns that were taken.
    pub turns: u64,
    /// Of them, those that failed.
    pub failed_turns: u64,
    /// Articles that are new in the database.
    pub new_articles: u64,
    /// Articles that have a new version.
    pub revised: u64,
}

/// Crawls each site when it is due, until the end is asked for. None: another crawl holds the lock.
///
/// # Errors
/// When the database or the HTTP client fails.
pub async fn run(
    settings: CrawlSettings,
    rules: Rules,
    watcher: Arc<dyn Watcher>,
    stop: Stop,
    reload: Reload,
) -> Result<Option<Watched>, CrawlError> {
    let Some(base) = Base::open(settings)? else {
        return Ok(None);
    };
    let mut watch = Watch {
        done: Watched {
            database: base.path().to_owned(),
            ..Watched::default()
        },
        days: Days::default(),
        places: BTreeMap::new(),
        at_work: HashSet::new(),
        working: JoinSet::new(),
        low_disk: None,
        next_round: base.clock.now(),
        robots_kept: BTreeSet::new(),
        base,
        rules,
        watcher,
        stop,
    };
    let ended = match watch.settle_sites() {
        Ok(()) => watch.keep_on(&reload).await,
        Err(error) => Err(error),
    };
    let ended = match ended {
        Ok(()) => watch.drain().await,
        // Turns at work are left: the database they would write to has failed.
        Err(error) => Err(error),
    };
    watch.working.shutdown().await;
    if ended.is_err() {
        watch.days.give_up(&watch.base).await;
    }
    let closed = watch.base.close().await;
    ended?;
    closed?;
    Ok(Some(watch.done))
}

struct Watch {
    base: Base,
    rules: Rules,
    watcher: Arc<dyn Watcher>,
    stop: Stop,
    places: BTreeMap<String, Place>,
    /// Sites whose turn it is now.
    at_work: HashSet<String>,
    working: JoinSet<Ended>,
    days: Days,
    /// Why nothing is begun, while the disk is nearly full.
    low_disk: Option<Enough>,
    next_round: Timestamp,
    /// Origins whose robots.txt the database had at the last round.
    robots_kept: BTreeSet<String>,
    done: Watched,
}

/// A turn's end: its run, and what it did.
type Ended = (i64, Result<SiteSummary, CrawlError>);

/// A site among those that are watched.
struct Place {
    site: Arc<Site>,
    due: Timestamp,
    /// Hash of the rules that its last turn began with.
    taken_by: String,
    /// What its last turn left alone, to be given another chance.
    left_alone: HashSet<String>,
    /// What was said of it.
    said: HashSet<String>,
}

impl Watch {
    /// Takes the sites of the rules in force into the schedule, where the database left off.
    fn settle_sites(&mut self) -> Result<(), CrawlError> {
        let now = self.base.clock.now();
        let rows = self.base.readers.lend()?.schedules()?;
        let mut known: BTreeMap<String, Timestamp> =
            rows.into_iter().map(|row| (row.site, row.next_turn_at)).collect();
        let mut places = BTreeMap::new();
        for site in self.rules.sites() {
            let place = match self.places.remove(&site.id) {
                Some(mut place) => {
                    // A changed `every`, or a new listing, is not to wait for the old one's time.
                    if place.site.sha256 != site.sha256 {
                        place.due = now;
                    }
                    place.site = site.clone();
                    place
                }
                None => Place {
                    site: site.clone(),
                    due: known.remove(&site.id).unwrap_or(now),
                    taken_by: String::new(),
                    left_alone: HashSet::new(),
                    said: HashSet::new(),
                },
            };
            places.insert(site.id.clone(), place);
        }
        self.places = places;
        Ok(())
    }

    /// The loop: begins what is due, hears of what has ended, sleeps.
    async fn keep_on(&mut self, reload: &Reload) -> Result<(), CrawlError> {
        tracing::info!(
            "watching {}; the archive is {}",
            counted(self.places.len(), "site"),
            self.base.path().display()
        );
        let mut stop = self.stop.clone();
        let clock = self.base.clock.clone();
        loop {
            let now = clock.now();
            if now >= self.next_round || self.next_round > later(now, ROUND_EVERY) {
                self.round(now).await?;
            }
            let next = self.begin_due(now).await?;
            let sleep = Duration::try_from(now.duration_until(next)).unwrap_or_default();
            tokio::select! {
                biased;
                () = stop.asked() => return Ok(()),
                Some(ended) = self.working.join_next() => {
                    let ended = ended.map_err(|_| CrawlError::Internal("a site's turn failed"))?;
                    self.hear(ended).await?;
                }
                () = reload.0.notified() => self.load_rules().await?,
                () = clock.sleep(sleep.min(LONGEST_SLEEP)) => {
                    if self.rules.have_changed() {
                        self.load_rules().await?;
                    }
                }
            }
        }
    }

    /// What is done once a minute: rows of past days ended, the disk looked at, old things forgotten.
    async fn round(&mut self, now: Timestamp) -> Result<(), CrawlError> {
        self.next_round = later(now, ROUND_EVERY);
        self.base.fetcher.tidy();
        let kept = self.base.readers.lend()?.robots_origins()?;
        for forgotten in self.robots_kept.difference(&kept) {
            self.base.fetcher.forget_robots(forgotten);
        }
        self.robots_kept = kept;
        self.days.end_past(&self.base, now).await?;
        let low = self.base.disk_is_low();
        match (&low, &self.low_disk) {
            (Some(enough), None) => tracing::error!("{}; watching goes on when there is room", enough.reason),
            (None, Some(_)) => tracing::warn!("there is room on the disk again: going on"),
            _ => {}
        }
        self.low_disk = low;
        Ok(())
    }

    /// Begins the turns that are due, the one that has waited longest first. Returns when to look next.
    async fn begin_due(&mut self, now: Timestamp) -> Result<Timestamp, CrawlError> {
        let later_on = later(now, LONGEST_SLEEP);
        if self.low_disk.is_some() || self.days.budget_is_spent(now) {
            return Ok(later_on);
        }
        let at_work = &self.at_work;
        let is_due = |p: &&mut Place| {
            !at_work.contains(&p.site.id) && schedule::is_due(p.due, now, schedule::every(&p.site))
        };
        let mut due: Vec<&mut Place> = self.places.values_mut().filter(is_due).collect();
        due.sort_by_key(|place| place.due);
        for place in due {
            if self.working.len() >= SITES_AT_ONCE {
                return Ok(later_on);
            }
            let (run_id, meter) = self.days.begin_turn(&self.base, now).await?;
            for host in place.left_alone.drain() {
                self.base.fetcher.try_again(&host);
            }
            let desk = self.base.desk(TurnOf {
                rulebook: self.rules.book(),
                site: &place.site,
                run_id,
                run: &meter,
                watcher: &self.watcher,
                stop: &self.stop,
                obeys_schedule: true,
                said: place.said.clone(),
            })?;
            place.taken_by.clone_from(&place.site.sha256);
            self.at_work.insert(place.site.id.clone());
            let site = place.site.clone();
            self.working
                .spawn(async move { (run_id, turn::take(Arc::new(desk), site).await) });
        }
        let waiting = self
            .places
            .values()
            .filter(|p| !self.at_work.contains(&p.site.id));
        Ok(waiting.map(|p| p.due).min().unwrap_or(later_on))
    }

    /// Takes in what a turn did.
    async fn hear(&mut self, (run_id, summary): Ended) -> Result<(), CrawlError> {
        let summary = summary?;
        self.days.end_turn(&self.base, run_id, &summary).await?;
        self.done.turns += 1;
        self.done.failed_turns += u64::from(summary.failed.is_some());
        self.done.new_articles += summary.new_articles;
        self.done.revised += summary.revised;
        let next = summary.after.next_turn.unwrap_or_else(|| self.base.clock.now());
        if summary.new_articles + summary.revised > 0 {
            tracing::info!(
                "{}: {} new, {} revised; next look {}",
                summary.site,
                summary.new_articles,
                summary.revised,
                next.strftime("%Y-%m-%d %H:%M UTC"),
            );
        }
        self.at_work.remove(&summary.site);
        if summary.after.enough.as_ref().map(|e| e.kind) == Some(EnoughKind::Disk) {
            self.next_round = self.base.clock.now();
        }
        // A site that the rules have lost in the meantime is not looked at again.
        if let Some(place) = self.places.get_mut(&summary.site) {
            // Rules that have come during the turn are not to wait for their time either.
            place.due = match place.taken_by == place.site.sha256 {
                true => next,
                false => self.base.clock.now(),
            };
            place.said = turn::said(&summary);
            place.left_alone = summary.after.left_alone;
        }
        Ok(())
    }

    async fn load_rules(&mut self) -> Result<(), CrawlError> {
        if self.rules.load().await {
            self.settle_sites()?;
        }
        Ok(())
    }

    /// Waits for the turns at work, which end soon, and ends the runs.
    async fn drain(&mut self) -> Result<(), CrawlError> {
        let cut_short = !self.working.is_empty();
        while let Some(ended) = self.working.join_next().await {
            self.hear(ended.map_err(|_| CrawlError::Internal("a site's turn failed"))?)
                .await?;
        }
        self.days.end_all(&self.base, cut_short).await?;
        Ok(())
    }
}
