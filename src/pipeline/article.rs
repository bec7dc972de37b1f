//! One article page: fetched, extracted, compared with what is stored, and written. Owns the question
//! whether a page is new, revised or the same; DESIGN §5 has the rule.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::address;
use crate::article::{Article, Category};
use crate::fetch::{MAX_PAGE_BYTES, Refusal, Request, Response};
use crate::outcome::Outcome;
use crate::sites::rule::Site;
use crate::store::{
    ArticleChange, ArticleWrite, PageWrite, Provenance, QueuedPage, RevisitTarget, StoreError, sha256_hex,
};

use super::crawl::{CrawlError, Desk};
use super::health::Tally;
use super::reading::{self, Choice, Reading, Source};
use super::record;

/// Wait before a page that failed for a passing reason is tried again; doubled each time.
const RETRY_FIRST: Duration = Duration::from_secs(30 * 60);
/// Longest such wait.
const RETRY_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Attempts after which a page that keeps failing is left alone.
const MAX_ATTEMPTS: u64 = 8;

/// A page to be asked for.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Its address.
    pub(super) url: String,
    attempts: u64,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl From<QueuedPage> for Target {
    fn from(page: QueuedPage) -> Self {
        // A validator is worth something only where the article it stands for is stored.
        let stored = page.article_id.is_some();
        Self {
            url: page.url,
            // Of a stored article, attempts were visits: a failure now is its first.
            attempts: if stored { 0 } else { page.attempts },
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
            etag: article.etag,
            last_modified: article.last_modified,
        }
    }
}

/// What became of it.
pub(super) struct Done {
    /// The last address asked.
    pub(super) final_url: String,
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
    let url = match address::parse(&target.url) {
        Ok(url) => url,
        // Only canonical addresses are ever queued; one that is none came from another program.
        Err(error) => {
            let mut write = blank(desk, site, target);
            write.reason = Some(error.to_string());
            desk.writer.record_page(write).await?;
            return Ok(Some(Done::new(target)));
        }
    };
    let mut request = Request::new(url.clone(), super::errand::ACCEPT_PAGE, MAX_PAGE_BYTES);
    request.delay = desk.delay(site);
    request.headers = site.crawl.headers.clone();
    request.etag = target.etag.clone();
    request.last_modified = target.last_modified.clone();
    let owner = site.clone();
    request.scope = Arc::new(move |url| owner.owns(url));
    let Some(visit) = desk.unless_ended(desk.fetcher.get(request)).await else {
        return Ok(None);
    };
    desk.save_robots(visit.robots).await?;

    let mut write = blank(desk, site, target);
    write.fetch = visit.exchange.as_ref().map(|e| record::fetch_row(e, None, None));
    let mut done = Done::new(target);
    match visit.result {
        Err(refusal) => {
            refused(desk, target, &refusal, &mut write, &mut done);
            if let Some(page) = visit.error_page {
                let desk = desk.clone();
                let challenge = tokio::task::spawn_blocking(move || challenge(&desk, &page, &url))
                    .await
                    .map_err(|_| CrawlError::Internal("the extraction thread failed"))?;
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
            write.final_url = address::canonical(response.url.clone()).into();
            done.final_url.clone_from(&write.final_url);
            if response.not_modified {
                write.etag = response.etag;
                write.last_modified = response.last_modified;
                write.outcome = Some(Outcome::Unchanged);
            } else {
                let desk = desk.clone();
                let site = site.clone();
                (write, done) = tokio::task::spawn_blocking(move || {
                    settle(&desk, &site, response, &exchange, &mut write, &mut done)?;
                    Ok::<_, CrawlError>((write, done))
                })
                .await
                .map_err(|_| CrawlError::Internal("the extraction thread failed"))??;
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
/// first seen.
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
        .map(|step| crate::clock::later(first_seen, *step))
        .collect();
    steps.sort_unstable();
    Ok(steps.into_iter().find(|at| *at > write.at))
}

/// A page that was not had: a row with its reason, and for passing reasons another time.
fn refused(desk: &Desk, target: &Target, refusal: &Refusal, write: &mut PageWrite, done: &mut Done) {
    write.outcome = Some(refusal.outcome());
    write.reason = Some(refusal.to_string());
    if refusal.retryable() && target.attempts + 1 < MAX_ATTEMPTS {
        let wait = RETRY_FIRST
            .saturating_mul(1 << target.attempts.min(10))
            .min(RETRY_MAX);
        write.next_visit_at = Some(match refusal {
            Refusal::RetryLater { until, .. } => *until,
            _ => crate::clock::later(desk.clock.now(), wait),
        });
    }
    done.trouble = Trouble::of(refusal);
}

/// Extracts a body that came, and decides what it means for the database.
fn settle(
    desk: &Desk,
    site: &Site,
    response: Response,
    exchange: &crate::fetch::Exchange,
    write: &mut PageWrite,
    done: &mut Done,
) -> Result<(), CrawlError> {
    let sha256 = sha256_hex(&response.body);
    let stored = desk.reader()?.article_by_url(&write.final_url)?;
    if let Some(stored) = &stored
        && stored.html_sha256 == sha256
    {
        write.fetch = Some(record::fetch_row(exchange, None, Some(sha256)));
        write.outcome = Some(Outcome::Unchanged);
        write.etag = response.etag;
        write.last_modified = response.last_modified;
        write.article = ArticleChange::Known {
            article_id: stored.id,
        };
        return Ok(());
    }
    let rules = Choice::Named(
        desk.rulebook
            .named(&site.id)
            .map_err(|_| CrawlError::Internal("a site without rules"))?,
    );
    let memory = desk.memory(&site.id);
    let read = |bytes: &[u8], content_type: Option<&str>, url: &Url| {
        reading::read(
            Source {
                bytes,
                content_type,
                url: Some(url),
            },
            &desk.rulebook,
            &rules,
            memory.as_deref(),
        )
    };
    let reading = read(&response.body, response.content_type.as_deref(), &response.url);
    write.fetch = Some(record::fetch_row(exchange, reading.charset, Some(sha256)));
    write.outcome = Some(reading.outcome);
    write.reason.clone_from(&reading.reason);
    let Reading {
        extraction: Some(extraction),
        rules: used,
        ..
    } = reading
    else {
        return Ok(());
    };
    if !extraction.outcome.is_article() {
        return Ok(());
    }
    write.etag = response.etag;
    write.last_modified = response.last_modified;
    let article = extraction.article;
    done.tally.article(&article);
    if let Some(stored) = &stored {
        let old = match desk.reader()?.body(&stored.html_sha256) {
            Err(StoreError::Damaged { detail, .. }) => {
                tracing::warn!(
                    "{}: the stored body is damaged ({detail}); the new one counts as a revision",
                    stored.url
                );
                None
            }
            body => body?,
        };
        // Its own header, which may be all that tells its charset.
        let old_type = desk.reader()?.content_type(stored.id)?;
        let before = old.and_then(|body| read(&body, old_type.as_deref(), &response.url).extraction);
        if before.is_some_and(|before| tells_the_same(&before.article, &article)) {
            write.outcome = Some(Outcome::Unchanged);
            write.reason = None;
            write.article = ArticleChange::Known {
                article_id: stored.id,
            };
            return Ok(());
        }
    }
    for removal in &article.removed {
        *done.removed.entry(removal.category).or_default() += 1;
    }
    let article = Box::new(ArticleWrite {
        site: site.id.clone(),
        article,
        provenance: Provenance {
            rule_file: used.site().map(|s| s.file.clone()),
            rule_sha256: used.sha256().to_owned(),
            memory_sha256: memory.as_ref().and_then(|m| m.sha256()),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        story_id: None,
    });
    write.article = match stored {
        None => ArticleChange::New(article),
        Some(stored) => ArticleChange::Revision {
            article_id: stored.id,
            from_version: stored.version,
            article,
        },
    };
    done.is_new = matches!(write.article, ArticleChange::New(_));
    done.is_revision = !done.is_new;
    write.body = Some(response.body);
    Ok(())
}

/// Whether two bodies, both read by today's rules, tell the same story: then a changed appeal, rule
/// or binary never looks like a correction.
fn tells_the_same(before: &Article, after: &Article) -> bool {
    before.meta.title == after.meta.title
        && before.meta.subtitle == after.meta.subtitle
        && before.text() == after.text()
}

/// A write that says nothing yet.
fn blank(desk: &Desk, site: &Site, target: &Target) -> PageWrite {
    PageWrite {
        run_id: desk.run_id,
        site: Some(site.id.clone()),
        url: target.url.clone(),
        final_url: target.url.clone(),
        at: desk.clock.now(),
        fetch: None,
        outcome: Some(Outcome::Failed),
        reason: None,
        etag: None,
        last_modified: None,
        next_visit_at: None,
        body: None,
        article: ArticleChange::None,
    }
}

impl Done {
    fn new(target: &Target) -> Self {
        Self {
            final_url: target.url.clone(),
            outcome: Outcome::Failed,
            is_new: false,
            is_revision: false,
            removed: BTreeMap::new(),
            tally: Tally::default(),
            trouble: None,
        }
    }
}
