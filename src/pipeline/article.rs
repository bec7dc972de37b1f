//! One article page: asked for, with the further pages of its story, and written. Owns the asking and
//! what a refusal means; what a page that came means is `judge`'s.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::address;
use crate::article::Category;
use crate::clock::later;
use crate::fetch::Refusal;
use crate::optout::{self, Signal};
use crate::outcome::Outcome;
use crate::sites::rule::Site;
use crate::store::{ArticleChange, PageWrite, QueuedPage, RevisitTarget, StoreError};

use super::crawl::{CrawlError, Desk};
use super::gather::{Gathered, Whole, blocking, gather, request};
use super::health::Tally;
use super::judge::{self, Told};
use super::reading::{self, Choice, Source};
use super::schedule::{self, RETRY_MAX};
use super::{optouts, record};

/// Wait before a page that failed for a passing reason is tried again; doubled each time.
const RETRY_FIRST: Duration = Duration::from_secs(30 * 60);
/// Attempts after which a page that keeps failing is left alone.
const MAX_ATTEMPTS: u64 = 8;

/// A page to be asked for.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Its address.
    pub(super) url: String,
    attempts: u64,
    /// The article it told last time.
    article_id: Option<i64>,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl From<QueuedPage> for Target {
    fn from(page: QueuedPage) -> Self {
        // A validator is worth something only where the article it stands for is stored.
        let stored = page.article_id.is_some();
        Self {
            url: page.url,
            // Of a stored article, attempts were visits, most of them no failures.
            attempts: if stored { page.failures } else { page.attempts },
            article_id: page.article_id,
            etag: page.etag.filter(|_| stored),
            last_modified: page.last_modified.filter(|_| stored),
        }
    }
}

impl From<RevisitTarget> for Target {
    fn from(article: RevisitTarget) -> Self {
        Self {
            url: article.url,
            attempts: 0,
            article_id: Some(article.article_id),
            etag: article.etag,
            last_modified: article.last_modified,
        }
    }
}

/// What became of it.
pub(super) struct Done {
    /// The addresses that answered.
    pub(super) answered: Vec<String>,
    /// The outcome.
    pub(super) outcome: Outcome,
    /// Whether the database has an article more.
    pub(super) is_new: bool,
    /// Whether it has a version more.
    pub(super) is_revision: bool,
    /// Blocks taken out.
    pub(super) removed: BTreeMap<Category, u64>,
    /// How well the rules fitted.
    pub(super) tally: Tally,
    /// What is to be left alone for the rest of the run, where something is.
    pub(super) trouble: Option<Trouble>,
}

/// A host, or an origin, that is not asked again in this run.
pub(super) struct Trouble {
    /// A host's name, or scheme, host and port of what has no robots.txt to be had.
    pub(super) place: String,
    /// Why.
    pub(super) reason: String,
}

impl Trouble {
    /// What a refusal says beyond its page, where it does.
    pub(super) fn of(refusal: &Refusal) -> Option<Self> {
        let place = match refusal {
            Refusal::HostInTrouble { host, .. } | Refusal::RetryLater { host, .. } => host,
            Refusal::RobotsUnreachable { origin, .. } => origin,
            _ => return None,
        };
        Some(Self {
            place: place.clone(),
            reason: refusal.to_string(),
        })
    }
}

/// Fetches, extracts and writes one page. None: the run ended before it came, and it stays queued.
pub(super) async fn visit(
    desk: &Arc<Desk>,
    site: &Arc<Site>,
    target: &Target,
) -> Result<Option<Done>, CrawlError> {
    match look_at(desk, site, target).await {
        // A fault of ours on one strange page, or an article that somebody else changed while it was read,
        // must not end a crawl of thousands.
        Err(fault) if fault.concerns_one_page() => {
            tracing::error!("{}: {fault}", target.url);
            let mut write = blank(desk, site, target);
            write.reason = Some(fault.to_string());
            if matches!(fault, CrawlError::Store(_)) && !last_attempt(target) {
                write.next_visit_at = Some(next_attempt(desk, target));
            }
            desk.writer.record_page(write).await?;
            let mut done = Done::new();
            done.tally.failure();
            Ok(Some(done))
        }
        looked_at => looked_at,
    }
}

async fn look_at(desk: &Arc<Desk>, site: &Arc<Site>, target: &Target) -> Result<Option<Done>, CrawlError> {
    let url = match address::parse(&target.url) {
        Ok(url) => url,
        // Only canonical addresses are ever queued; one that is none came from another program.
        Err(error) => {
            let mut write = blank(desk, site, target);
            write.reason = Some(error.to_string());
            desk.writer.record_page(write).await?;
            return Ok(Some(Done::new()));
        }
    };
    let Some(before) = optouts::before(desk, site, &url).await? else {
        return Ok(None);
    };
    if let Some(reason) = desk.opted_out(&before) {
        let mut write = blank(desk, site, target);
        write.outcome = Some(Outcome::OptedOut);
        write.reason = Some(reason);
        write.signals = Some(before);
        desk.writer.record_page(write).await?;
        let mut done = Done::new();
        done.outcome = Outcome::OptedOut;
        return Ok(Some(done));
    }
    let mut first = request(desk, site, url.clone());
    // "As it was" is said of the first page alone.
    if !site.spans_pages() {
        first.etag.clone_from(&target.etag);
        first.last_modified.clone_from(&target.last_modified);
    }
    let Some(visit) = desk.unless_ended(desk.fetcher.get(first)).await else {
        return Ok(None);
    };
    desk.save_robots(visit.robots).await?;

    let mut write = blank(desk, site, target);
    write.fetch = visit.exchange.as_ref().map(|e| record::fetch_row(e, None, None));
    let mut done = Done::new();
    match visit.result {
        Err(refusal) => {
            refused(desk, target, &refusal, &mut write, &mut done);
            if let Some(page) = visit.error_page {
                let desk = desk.clone();
                let challenge = blocking(move || Ok(challenge(&desk, &page, &url))).await?;
                if let Some(reason) = challenge {
                    write.outcome = Some(Outcome::BotChallenge);
                    write.reason = Some(format!("{refusal}: {reason}"));
                }
            }
        }
        Ok(response) => {
            let exchange = visit
                .exchange
                .ok_or(CrawlError::Internal("a response without an exchange"))?;
            let answered = address::canonical(response.url.clone());
            write.final_url = answered.to_string();
            let mut signals = before;
            if !optouts::after_redirect(desk, site, &url, &answered, &mut signals).await? {
                return Ok(None);
            }
            optout::add(&mut signals, optout::of_headers(&exchange.headers));
            done.answered.push(write.final_url.clone());
            if response.not_modified {
                write.etag = response.etag;
                write.last_modified = response.last_modified;
                write.outcome = Some(Outcome::Unchanged);
                still_said(desk, signals, true, &mut write)?;
            } else {
                let last = last_attempt(target);
                match gather(desk, site, last, response, exchange, signals.clone()).await? {
                    Gathered::Interrupted => return Ok(None),
                    Gathered::AsStored(came, article_id) => {
                        came.settle_as_known(article_id, &mut write);
                        still_said(desk, signals, false, &mut write)?;
                    }
                    Gathered::Unfinished {
                        came,
                        refusal,
                        further,
                    } => {
                        write.fetch = Some(came.fetch);
                        write.further = further;
                        refused(desk, target, &refusal, &mut write, &mut done);
                        write.outcome = Some(Outcome::Failed);
                        write.reason = Some(format!("a further page of the story: {refusal}"));
                    }
                    Gathered::Whole(whole) => {
                        let desk = desk.clone();
                        let site = site.clone();
                        let moved = target.article_id.filter(|_| write.final_url != write.url);
                        (write, done) = blocking(move || {
                            settle(&desk, &site, *whole, moved, &mut write, &mut done)?;
                            Ok((write, done))
                        })
                        .await?;
                    }
                }
            }
        }
    }
    done.outcome = write.outcome.unwrap_or(Outcome::Failed);
    if done.outcome == Outcome::Failed {
        done.tally.failure();
    }
    if done.outcome.is_article() {
        write.next_visit_at = next_visit(desk, site, &write)?;
    }
    tracing::debug!(url = target.url, outcome = %done.outcome, reason = write.reason, "page");
    desk.writer.record_page(write).await?;
    Ok(Some(done))
}

/// Takes in what is said of a page that is as it was stored, and obeys it.
fn still_said(
    desk: &Desk,
    mut signals: Vec<Signal>,
    headers_stand: bool,
    write: &mut PageWrite,
) -> Result<(), CrawlError> {
    let before = optouts::as_it_was(desk, &write.final_url, &signals, headers_stand)?;
    optout::add(&mut signals, before);
    if let Some(reason) = desk.opted_out(&signals) {
        write.outcome = Some(Outcome::OptedOut);
        write.reason = Some(reason);
    }
    write.signals = Some(signals);
    Ok(())
}

/// Whether the page that came with an error status is a check for robots, and by what it is known.
fn challenge(desk: &Desk, page: &[u8], url: &Url) -> Option<String> {
    let source = Source {
        bytes: page,
        content_type: None,
        url: Some(url),
    };
    let rules = Choice::Named(desk.rulebook.generic());
    let reading = reading::read(source, &desk.rulebook, &rules, None);
    (reading.outcome == Outcome::BotChallenge).then(|| reading.reason.unwrap_or_default())
}

/// When a story is to be looked at again: the rule file's `revisit` steps count from the day it was
/// first seen. Where that day lies beyond them in the future, the clock was wrong then: its age is not
/// known, and this look is the last.
fn next_visit(desk: &Desk, site: &Site, write: &PageWrite) -> Result<Option<Timestamp>, StoreError> {
    if site.crawl.revisit.is_empty() {
        return Ok(None);
    }
    let stored = desk.reader()?.article_by_url(&write.final_url)?;
    let first_seen = stored.map_or(write.at, |a| a.first_seen_at);
    let mut steps: Vec<Timestamp> = site
        .crawl
        .revisit
        .iter()
        .map(|step| later(first_seen, *step))
        .collect();
    steps.sort_unstable();
    let latest = schedule::latest_look(write.at, &site.crawl.revisit);
    Ok(steps
        .into_iter()
        .find(|at| *at > write.at)
        .filter(|at| *at <= latest))
}

/// Whether a page that keeps failing is left alone after this attempt.
fn last_attempt(target: &Target) -> bool {
    target.attempts + 1 >= MAX_ATTEMPTS
}

/// A page that was not had: a row with its reason, and for passing reasons another time.
fn refused(desk: &Desk, target: &Target, refusal: &Refusal, write: &mut PageWrite, done: &mut Done) {
    write.outcome = Some(refusal.outcome());
    write.reason = Some(refusal.to_string());
    if refusal.retryable() && last_attempt(target) {
        write.reason = Some(format!(
            "given up after {MAX_ATTEMPTS} attempts (`copydesk forget URL` has it asked again): {refusal}"
        ));
    } else if refusal.retryable() {
        write.next_visit_at = Some(match refusal {
            Refusal::RetryLater { until, .. } => *until,
            _ => next_attempt(desk, target),
        });
    }
    done.trouble = Trouble::of(refusal);
}

/// When a page that failed for a passing reason is tried again.
fn next_attempt(desk: &Desk, target: &Target) -> Timestamp {
    let wait = RETRY_FIRST.saturating_mul(1 << target.attempts.min(10));
    later(desk.clock.now(), wait.min(RETRY_MAX))
}

/// What the story means for the database.
fn settle(
    desk: &Desk,
    site: &Site,
    whole: Whole,
    mut moved: Option<i64>,
    write: &mut PageWrite,
    done: &mut Done,
) -> Result<(), CrawlError> {
    let Whole {
        first,
        reading,
        further,
        sources,
        signals,
    } = whole;
    done.answered.extend(further.iter().map(|f| f.url.clone()));
    let refusal = desk.opted_out(&signals);
    write.signals = Some(signals);
    if let Some(reason) = refusal {
        write.fetch = Some(first.fetch);
        write.outcome = Some(Outcome::OptedOut);
        write.reason = Some(reason);
        return Ok(());
    }
    // A page that was listed before the story it goes on with was taken for a story of its own.
    for page in further.iter().filter(|f| f.outcome == Outcome::Duplicate) {
        if moved.is_some() {
            break;
        }
        moved = desk.reader()?.article_by_url(&page.url)?.map(|alone| alone.id);
    }
    let told = Told {
        reading,
        sources,
        url: write.final_url.clone(),
        moved,
        is_beginning: false,
    };
    let judgement = judge::judge(desk, site, told)?;
    write.fetch = Some(first.fetch);
    write.outcome = Some(judgement.outcome);
    write.reason = judgement.reason;
    if judgement.outcome.is_article() {
        write.etag = first.etag;
        write.last_modified = first.last_modified;
    }
    if let Some(article) = &judgement.article {
        done.tally.article(article);
    }
    write.further = further;
    write.article = judgement.change;
    done.is_new = matches!(write.article, ArticleChange::New(_));
    done.is_revision = matches!(write.article, ArticleChange::Revision { .. });
    if done.is_new || done.is_revision {
        for removal in judgement.article.iter().flat_map(|a| &a.removed) {
            *done.removed.entry(removal.category).or_default() += 1;
        }
        write.body = Some(first.body).filter(|_| write.further.iter().all(|f| !f.whole));
    } else {
        // Bytes are kept with a version that is made of them.
        write.further.iter_mut().for_each(|f| f.body = None);
    }
    Ok(())
}

/// A write that says nothing yet.
fn blank(desk: &Desk, site: &Site, target: &Target) -> PageWrite {
    PageWrite {
        site: Some(site.id.clone()),
        ..PageWrite::failed(desk.run_id, target.url.clone(), desk.clock.now())
    }
}

impl Done {
    fn new() -> Self {
        Self {
            answered: Vec::new(),
            outcome: Outcome::Failed,
            is_new: false,
            is_revision: false,
            removed: BTreeMap::new(),
            tally: Tally::default(),
            trouble: None,
        }
    }
}
