//! One site's part of a run: robots.txt, listings, new stories, and with `--refresh` the old ones.
//! Owns their order and when a site counts as failed.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use crate::address;
use crate::discover::{ListingKind, When};
use crate::sites::rule::Site;
use crate::store::{PageRow, QueuedPage, StoreError};

use super::article::{self, Target, Trouble};
use super::crawl::{CrawlError, Event};
use super::desk::Desk;
use super::listing::{self, Read, Wanted};
use super::listings::Listings;
use super::meter::{self, EnoughKind};
use super::schedule::{self, Found};
use super::summary::SiteSummary;

/// Sitemap indexes that may stand above a sitemap.
const MAX_SITEMAP_DEPTH: usize = 2;
/// Listings of one site that are read in one run.
const MAX_LISTINGS: usize = 500;
/// Queued pages taken from the database at once.
const BATCH: usize = 64;

/// Crawls one site.
///
/// # Errors
/// Only when the database fails; what fails at the site is in the summary.
pub(super) async fn crawl(desk: &Arc<Desk>, site: &Arc<Site>) -> Result<SiteSummary, CrawlError> {
    desk.watcher.on(Event::SiteStarted { site: &site.id });
    let mut run = Run {
        desk,
        site,
        summary: SiteSummary {
            site: site.id.clone(),
            ..Default::default()
        },
        seen: HashSet::new(),
        left_alone: HashSet::new(),
        listings: Listings::default(),
        pages: 0,
    };
    if !run.stopping() && run.discover().await? && !desk.settings.dry_run {
        run.new_stories().await?;
        if desk.settings.refresh {
            run.old_stories().await?;
        }
    }
    if let Some(reason) = &run.summary.failed {
        if desk.has_said(reason) {
            tracing::info!("{}: {reason}", site.id);
        } else {
            tracing::error!("{}: {reason}", site.id);
        }
    }
    run.close();
    desk.watcher.on(Event::SiteDone {
        site: &site.id,
        summary: &run.summary,
    });
    Ok(run.summary)
}

struct Run<'a> {
    desk: &'a Arc<Desk>,
    site: &'a Arc<Site>,
    summary: SiteSummary,
    /// Addresses asked for in this run: none is asked twice.
    seen: HashSet<String>,
    /// Hosts and origins that are not asked again in this run.
    left_alone: HashSet<String>,
    listings: Listings,
    /// Pages done and waiting, for the progress bar.
    pages: u64,
}

impl Run<'_> {
    /// Whether nothing new is to be begun: the run is to end, or the turn has taken enough.
    fn stopping(&mut self) -> bool {
        if self.desk.stop.is_asked() {
            return true;
        }
        let enough = &mut self.summary.after.enough;
        if enough.is_none() {
            *enough = self
                .desk
                .fetcher
                .spent(&self.site.file)
                .or_else(|| meter::disk_is_low(self.desk.writer.path(), self.desk.settings.disk_floor));
        }
        enough.is_some()
    }

    /// Leaves what the next turn needs.
    fn close(&mut self) {
        if let Some(enough) = self.summary.after.enough.clone() {
            // What ends the run for all sites is said by the run.
            if enough.kind == EnoughKind::Site {
                self.warn(enough.reason.clone());
            }
            self.summary.stopped_by = Some(enough.reason);
        }
        let after = &mut self.summary.after;
        after.left_alone = std::mem::take(&mut self.left_alone);
        (after.listings, after.next_listing) =
            std::mem::take(&mut self.listings).due(schedule::every(self.site));
    }

    /// Reads robots.txt and all listings; false when the site is to be left alone.
    async fn discover(&mut self) -> Result<bool, CrawlError> {
        let (desk, site) = (self.desk, self.site);
        let Some(home) = home(desk, site) else {
            self.summary.failed = Some(format!(
                "{} has no host that could be asked: name one without `*` first",
                site.file
            ));
            return Ok(false);
        };
        let robots = desk.fetcher.robots(&home, desk.delay(site));
        let Some((robots, copies)) = desk.unless_ended(robots).await else {
            return Ok(false);
        };
        desk.save_robots(copies).await?;
        if let Some(reason) = robots.unreachable() {
            self.left_alone.insert(robots.origin().to_owned());
            self.left_alone.extend(home.host_str().map(str::to_owned));
            self.summary.failed = Some(format!(
                "robots.txt of {} could not be had ({reason}); nothing is fetched there until the next run",
                robots.origin()
            ));
            return Ok(false);
        }
        let mut queue: VecDeque<Wanted> = self.named_listings(robots.sitemaps(), &home).into();
        let (mut readable, mut tried, mut waiting) = (0, 0, 0);
        let mut first_failure = None;
        while let Some(wanted) = queue.pop_front() {
            if self.stopping() {
                break;
            }
            if tried >= MAX_LISTINGS {
                self.warn(format!(
                    "{MAX_LISTINGS} listings were read and {} more were not: name the ones that matter in the rule file",
                    queue.len() + 1
                ));
                break;
            }
            if self.is_left_alone(&wanted.url) || !self.seen.insert(wanted.url.to_string()) {
                continue;
            }
            let (url, parent) = (wanted.url.as_str(), wanted.parent);
            let known = desk.reader()?.page(url)?;
            if let Some(page) = &known
                && let Some(due) = self.not_yet(page)
            {
                waiting += usize::from(page.outcome.is_some_and(|o| o.is_article()));
                self.listings.wait(url, parent, due);
                continue;
            }
            let before = known.as_ref().and_then(|page| page.every);
            // A listing that cannot be read is said once, and when it can be again: cron is not to
            // mail it at every run.
            let outcome = known.as_ref().and_then(|page| page.outcome);
            let had_failed = outcome.is_some_and(|outcome| !outcome.is_article());
            // From the answer on: the request itself may have waited for its turn.
            let mut note = |found| self.listings.read(url, parent, desk.clock.now(), before, found);
            tried += 1;
            match listing::read(desk, site, &wanted, known).await? {
                Read::Interrupted => break,
                Read::Unchanged => {
                    note(Found::Stories { listed: 0, new: 0 });
                    readable += 1;
                    self.tell_mended(had_failed, url);
                }
                Read::Listed {
                    listing,
                    stories,
                    queued,
                    new,
                } => {
                    let place = Some(note(Found::Stories {
                        listed: stories,
                        new: queued,
                    }));
                    readable += 1;
                    self.tell_mended(had_failed, url);
                    self.summary.stories.extend(new);
                    self.summary.discovered += queued as u64;
                    if wanted.depth < MAX_SITEMAP_DEPTH {
                        let oldest = desk.oldest(site);
                        let mut children = listing.children;
                        children.retain(|(_, lastmod)| listing::is_worth_reading(*lastmod, oldest));
                        children.sort_by_key(|(_, lastmod)| std::cmp::Reverse(*lastmod));
                        queue.extend(children.into_iter().map(|(url, _)| Wanted {
                            url,
                            kind: ListingKind::Sitemap,
                            depth: wanted.depth + 1,
                            parent: place,
                        }));
                    }
                    if listing::follows_feeds(site, &wanted) {
                        queue.extend(listing.feeds.into_iter().map(|url| Wanted {
                            url,
                            kind: ListingKind::Feed,
                            depth: 0,
                            parent: place,
                        }));
                    }
                }
                Read::Failed { reason, refusal } => {
                    note(Found::Failed);
                    let warning = format!("{}: {reason}", wanted.url);
                    first_failure.get_or_insert_with(|| warning.clone());
                    self.warn_unless(had_failed, warning);
                    if let Some(trouble) = refusal.as_ref().and_then(Trouble::of) {
                        self.left_alone.insert(trouble.place);
                    }
                }
            }
        }
        self.summary.listings = readable as u64;
        let cut_short = self.summary.after.enough.is_some() || desk.stop.is_asked();
        if tried > 0 && readable + waiting == 0 && !cut_short {
            let first = first_failure.unwrap_or_default();
            self.summary.failed = Some(format!("none of its listings could be read: {first}"));
        }
        Ok(true)
    }

    /// When a listing is due, where it is not yet and the schedule is obeyed.
    fn not_yet(&self, page: &PageRow) -> Option<Timestamp> {
        let due = page.next_visit_at.filter(|_| self.desk.obeys_schedule)?;
        let now = self.desk.clock.now();
        (!schedule::is_due(due, now, schedule::every(self.site))).then_some(due)
    }

    fn warn(&mut self, warning: String) {
        self.warn_unless(false, warning);
    }

    /// Warns, unless the same went wrong last time.
    fn warn_unless(&mut self, known: bool, warning: String) {
        if known || self.desk.has_said(&warning) {
            tracing::info!("{}: {warning}", self.site.id);
        } else {
            tracing::warn!("{}: {warning}", self.site.id);
        }
        self.summary.warnings.push(warning);
    }

    /// Says that a listing which could not be read can be again.
    fn tell_mended(&self, had_failed: bool, url: &str) {
        if had_failed {
            tracing::warn!("{}: {url} can be read again", self.site.id);
        }
    }

    /// Whether an address is on a host that this run does not ask any more.
    fn is_left_alone(&self, url: &Url) -> bool {
        !self.left_alone.is_empty()
            && (url.host_str().is_some_and(|host| self.left_alone.contains(host))
                || self.left_alone.contains(&address::origin(url)))
    }

    /// Listings of the rule file and of robots.txt; where neither names one, the home page.
    fn named_listings(&self, sitemaps: &[String], home: &Url) -> Vec<Wanted> {
        let site = self.site;
        let wanted = |kind| {
            move |url: Url| Wanted {
                url: address::canonical(url),
                kind,
                depth: 0,
                parent: None,
            }
        };
        let discover = &site.discover;
        let mut all: Vec<Wanted> = Vec::new();
        all.extend(discover.feeds.iter().cloned().map(wanted(ListingKind::Feed)));
        let by_robots = sitemaps.iter().filter_map(|s| listing::named(home, s));
        all.extend(by_robots.map(wanted(ListingKind::Sitemap)));
        all.extend(
            discover
                .sitemaps
                .iter()
                .cloned()
                .map(wanted(ListingKind::Sitemap)),
        );
        all.extend(
            discover
                .sections
                .iter()
                .cloned()
                .map(wanted(ListingKind::Section)),
        );
        if all.is_empty() {
            all.push(wanted(ListingKind::Section)(home.clone()));
        }
        all
    }

    /// Fetches what is due to be looked at again, then what is queued, until nothing is left, the
    /// site's share is stored, or the run is to end. In this order, for a long queue would leave no
    /// turn to the others. Where `--since` is given it holds for the queue too.
    async fn new_stories(&mut self) -> Result<(), CrawlError> {
        let (desk, site, id) = (self.desk, self.site, &self.site.id);
        let due = |after| {
            let now = desk.clock.now();
            let latest = schedule::latest_look(now, &site.crawl.revisit);
            desk.reader()?.due_visits(id, now, latest, after, BATCH)
        };
        if !self.all_of(due).await? {
            return Ok(());
        }
        let queued = |after| desk.reader()?.next_queued(id, desk.clock.now(), after, BATCH);
        self.all_of(queued).await.map(drop)
    }

    /// Looks again, conditionally, at every stored article that this run has not asked for.
    async fn old_stories(&mut self) -> Result<(), CrawlError> {
        let stored = self.desk.reader()?.stored_articles(&self.site.id)?;
        let targets = stored.into_iter().map(Target::from).collect();
        self.each(targets, None).await.map(drop)
    }

    /// Fetches the pages that `next` gives batch by batch; false when the site's turn is over.
    async fn all_of(
        &mut self,
        next: impl Fn(i64) -> Result<Vec<QueuedPage>, StoreError>,
    ) -> Result<bool, CrawlError> {
        let mut after = 0;
        loop {
            let batch = next(after)?;
            let Some(last) = batch.last() else { return Ok(true) };
            after = last.id;
            let (most, since) = (self.desk.settings.max_articles, self.desk.settings.since);
            let targets = batch.into_iter().filter(|page| is_since(page, since));
            if !self.each(targets.map(Target::from).collect(), most).await? {
                return Ok(false);
            }
        }
    }

    /// Fetches these, up to so many new articles in all; false when the site's turn is over.
    async fn each(&mut self, targets: Vec<Target>, most: Option<usize>) -> Result<bool, CrawlError> {
        let fresh: Vec<Target> = targets
            .into_iter()
            .filter(|t| !self.seen.contains(&t.url))
            .collect();
        self.pages += fresh.len() as u64;
        self.desk.watcher.on(Event::Queued {
            site: &self.site.id,
            pages: self.pages,
        });
        for target in fresh {
            let full = most.is_some_and(|n| self.summary.new_articles >= n as u64);
            if full || !self.one(target).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Fetches one page, unless it was asked for already or its host is to be left alone; false when
    /// the run is to end.
    async fn one(&mut self, target: Target) -> Result<bool, CrawlError> {
        if self.stopping() {
            return Ok(false);
        }
        // A page on such a host is not touched, so that it keeps its place in the queue.
        let left_alone = Url::parse(&target.url).is_ok_and(|url| self.is_left_alone(&url));
        if left_alone || !self.seen.insert(target.url.clone()) {
            return Ok(true);
        }
        let Some(done) = article::visit(self.desk, self.site, &target).await? else {
            return Ok(false);
        };
        self.seen.extend(done.answered);
        self.summary.count(done.outcome);
        self.summary.new_articles += u64::from(done.is_new);
        self.summary.revised += u64::from(done.is_revision);
        self.summary.tally.add(done.tally);
        for (category, n) in done.removed {
            *self.summary.removed.entry(category).or_default() += n;
        }
        self.desk.watcher.on(Event::Page {
            site: &self.site.id,
            url: &target.url,
            outcome: done.outcome,
        });
        if let Some(trouble) = done.trouble
            && self.left_alone.insert(trouble.place)
        {
            self.warn(trouble.reason);
        }
        Ok(true)
    }
}

/// Whether a story that waits to be fetched is of this day or later, as its listing told; one without
/// a date is, and so is every one that was fetched before.
fn is_since(page: &QueuedPage, since: Option<Timestamp>) -> bool {
    let told = page.published.as_deref().or(page.lastmod.as_deref());
    match (since, told.and_then(When::parse)) {
        (Some(since), Some(when)) => page.article_id.is_some() || when.latest() >= since,
        _ => true,
    }
}

/// The address whose robots.txt speaks for the site: the first host as written, over https unless its
/// listings say http.
fn home(desk: &Desk, site: &Site) -> Option<Url> {
    let host = site
        .hosts
        .iter()
        .map(|h| h.written.as_str())
        .find(|h| !h.contains('*'))?;
    let listed = site
        .discover
        .feeds
        .iter()
        .chain(&site.discover.sitemaps)
        .chain(&site.discover.sections);
    let own = listed.clone().find(|u| u.host_str() == Some(host));
    match own {
        Some(url) => url.join("/").ok(),
        None if desk.settings.allow_private => Url::parse(&format!("http://{host}/")).ok(),
        None => Url::parse(&format!("https://{host}/")).ok(),
    }
}
