//! One listing: fetched, read, its stories queued. Owns what of a listing is followed; reading its
//! bytes is `discover`, asking for it `fetch`.

use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use crate::address;
use crate::decode;
use crate::discover::{self, Candidate, Listing, ListingKind, When};
use crate::fetch::{MAX_PAGE_BYTES, MAX_SITEMAP_BYTES, Refusal, Request, Visit};
use crate::outcome::Outcome;
use crate::sites::rule::Site;
use crate::store::{CandidateRow, ListingWrite, PageKind, PageRow};

use super::desk::Desk;
use super::listings::Place;
use super::record;

/// What is sent as `Accept` for feeds and sitemaps.
const ACCEPT_XML: &str = "application/rss+xml,application/atom+xml,application/feed+json,application/xml;q=0.9,text/xml;q=0.9,*/*;q=0.1";
/// File endings of what is never a story.
const NOT_PAGES: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "ico", "css", "js", "json", "xml", "rss", "atom",
    "pdf", "zip", "gz", "mp3", "mp4", "m4a", "m3u8", "webm", "mov", "woff", "woff2", "ics", "apk", "exe",
    "doc", "docx", "xls", "xlsx",
];

/// A listing to be looked at.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Its address.
    pub(super) url: Url,
    /// What it is expected to be.
    pub(super) kind: ListingKind,
    /// Sitemap indexes above it.
    pub(super) depth: usize,
    /// The listing that named it.
    pub(super) parent: Option<Place>,
}

/// What came of a listing.
pub(super) enum Read {
    /// Its stories are queued; these are the listings it names.
    Listed {
        listing: Listing,
        /// Stories that the rules and the age limit let in.
        stories: usize,
        /// Those that nobody had queued before.
        queued: usize,
        /// Their addresses, in a dry run, which queues none.
        new: Vec<String>,
    },
    /// The server says it is as it was.
    Unchanged,
    /// The run ended before it came.
    Interrupted,
    /// It could not be had or read; the reason is stored with its row.
    Failed {
        reason: String,
        refusal: Option<Refusal>,
    },
}

/// Fetches a listing, queues its stories and records the exchange.
pub(super) async fn read(
    desk: &Desk,
    site: &Arc<Site>,
    wanted: &Wanted,
    known: Option<PageRow>,
) -> Result<Read, super::crawl::CrawlError> {
    let (accept, max_bytes) = match wanted.kind {
        ListingKind::Section => (super::errand::ACCEPT_PAGE, MAX_PAGE_BYTES),
        ListingKind::Feed | ListingKind::Sitemap => (ACCEPT_XML, MAX_SITEMAP_BYTES),
    };
    // By another age limit or other rules than last time, a listing that has not changed has news; a dry run
    // is to show all there is.
    let rules = rules_of_validators(desk, site);
    let known = known.filter(|page| !desk.settings.dry_run && rules.is_some() && page.rules_sha256 == rules);
    let mut request = Request::new(wanted.url.clone(), accept, max_bytes);
    request.delay = desk.delay(site);
    request.headers = site.crawl.headers.clone();
    if let Some(page) = known.filter(|p| p.outcome.is_some_and(|o| o.is_article())) {
        request.etag = page.etag;
        request.last_modified = page.last_modified;
    }
    let Some(visit) = desk.unless_ended(desk.fetcher.get(request)).await else {
        return Ok(Read::Interrupted);
    };
    let (write, read) = judge(desk, site, wanted, visit).await;
    desk.save_robots(write.robots).await?;
    if desk.settings.dry_run {
        let reader = desk.reader()?;
        let mut new = Vec::new();
        for candidate in write.listing.candidates {
            if reader.page(&candidate.url)?.is_none() {
                new.push(candidate.url);
            }
        }
        return Ok(read.listed(new.len(), new));
    }
    let queued = desk.writer.record_listing(write.listing).await?.new;
    Ok(read.listed(queued, Vec::new()))
}

impl Read {
    /// The same, with how many of its stories nobody knew, and, in a dry run, which.
    fn listed(self, queued: usize, new: Vec<String>) -> Self {
        match self {
            Self::Listed { listing, stories, .. } => Self::Listed {
                listing,
                stories,
                queued,
                new,
            },
            other => other,
        }
    }
}

struct Write {
    robots: Vec<(crate::fetch::RobotsCopy, crate::fetch::Exchange)>,
    listing: ListingWrite,
}

async fn judge(desk: &Desk, site: &Arc<Site>, wanted: &Wanted, visit: Visit) -> (Write, Read) {
    let mut write = ListingWrite {
        run_id: desk.run_id,
        site: site.id.clone(),
        url: wanted.url.to_string(),
        kind: kind_of(wanted.kind),
        at: desk.clock.now(),
        fetch: visit.exchange.as_ref().map(|e| record::fetch_row(e, None, None)),
        outcome: Outcome::Failed,
        reason: None,
        etag: None,
        last_modified: None,
        rules_sha256: None,
        candidates: Vec::new(),
    };
    let read = match visit.result {
        Err(refusal) => {
            write.outcome = refusal.outcome();
            Read::Failed {
                reason: refusal.to_string(),
                refusal: Some(refusal),
            }
        }
        Ok(response) => {
            write.rules_sha256 = rules_of_validators(desk, site);
            if write.rules_sha256.is_some() {
                write.etag = response.etag;
                write.last_modified = response.last_modified;
            }
            if response.not_modified {
                write.outcome = Outcome::Unchanged;
                Read::Unchanged
            } else {
                let kind = wanted.kind;
                let (body, content_type, url) = (response.body, response.content_type, response.url);
                let parsed =
                    tokio::task::spawn_blocking(move || parse(kind, &body, content_type.as_deref(), &url))
                        .await
                        // A fault of ours on one strange listing must not end the other sites' crawl.
                        .unwrap_or_else(|_| Err("the reader failed on this listing".to_owned()));
                match parsed {
                    Ok(listing) => {
                        write.outcome = Outcome::Stored;
                        // "As it was" says nothing of the listings it names: those have news while it
                        // stays the same, so it is read whole each time.
                        if !listing.children.is_empty()
                            || (follows_feeds(site, wanted) && !listing.feeds.is_empty())
                        {
                            (write.etag, write.last_modified) = (None, None);
                        }
                        write.candidates = candidates(desk, site, wanted, &listing);
                        Read::Listed {
                            listing,
                            stories: write.candidates.len(),
                            queued: 0,
                            new: Vec::new(),
                        }
                    }
                    Err(reason) => {
                        write.outcome = Outcome::Failed;
                        Read::Failed {
                            reason,
                            refusal: None,
                        }
                    }
                }
            }
        }
    };
    if let Read::Failed { reason, .. } = &read {
        write.reason = Some(reason.clone());
    }
    (
        Write {
            robots: visit.robots,
            listing: write,
        },
        read,
    )
}

/// By which rules a listing's stories are chosen, as its validators stand for them. None: by an age
/// limit that the next run may not have.
fn rules_of_validators(desk: &Desk, site: &Site) -> Option<String> {
    desk.settings.since.is_none().then(|| site.sha256.clone())
}

/// Whether the feeds that a page names are read: only where the rule file names no listing.
pub(super) fn follows_feeds(site: &Site, wanted: &Wanted) -> bool {
    wanted.kind == ListingKind::Section && !site.discover.listed
}

/// Reads a listing's bytes, packed ones too.
fn parse(kind: ListingKind, body: &[u8], content_type: Option<&str>, url: &Url) -> Result<Listing, String> {
    let bytes = decode::gunzip(body, MAX_SITEMAP_BYTES as u64).map_err(|e| e.to_string())?;
    let decoded = decode::decode(&bytes, content_type, url.host_str());
    let listing = discover::read(kind, &decoded.text, url).map_err(|e| super::chain(&e))?;
    for note in &listing.notes {
        tracing::info!("{url}: {note}");
    }
    Ok(listing)
}

/// The stories of a listing that this site's rules and the age limit let in.
fn candidates(desk: &Desk, site: &Site, wanted: &Wanted, listing: &Listing) -> Vec<CandidateRow> {
    let oldest = desk.oldest(site);
    listing
        .candidates
        .iter()
        .filter(|c| desk.rulebook.owns(&site.id, &c.url) && site.is_article_url(&c.url))
        .filter(|c| wanted.kind != ListingKind::Section || could_be_story(site, &c.url, &wanted.url))
        .filter(|c| is_young(c, oldest))
        .map(|c| CandidateRow {
            url: c.url.to_string(),
            discovered_from: wanted.url.to_string(),
            published: c.published.map(When::to_text),
            lastmod: c.lastmod.map(When::to_text),
        })
        .collect()
}

/// Whether a story is within the age limit: by its publication date, else its last change; one
/// without a date passes.
fn is_young(candidate: &Candidate, oldest: Timestamp) -> bool {
    candidate
        .published
        .or(candidate.lastmod)
        .is_none_or(|when| when.latest() >= oldest)
}

/// Whether a link of a section page could lead to a story: not to the page itself, the front page, a
/// file, or, where the rule file has no `include`, a section named by one plain word.
fn could_be_story(site: &Site, url: &Url, section: &Url) -> bool {
    let path = url.path().trim_end_matches('/');
    if path.is_empty() || (path == section.path().trim_end_matches('/') && url.query() == section.query()) {
        return false;
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    if last
        .rsplit_once('.')
        .is_some_and(|(_, ending)| NOT_PAGES.contains(&ending.to_ascii_lowercase().as_str()))
    {
        return false;
    }
    let plain_word = !path[1..].contains('/')
        && url.query().is_none()
        && last.chars().all(|c| c.is_alphabetic() || c == '-')
        && last.matches('-').count() < 3;
    !(site.discover.include.is_empty() && plain_word)
}

/// Whether a sitemap named by an index is worth a request: one that says it has not changed since the
/// age limit holds nothing new.
pub(super) fn is_worth_reading(lastmod: Option<When>, oldest: Timestamp) -> bool {
    lastmod.is_none_or(|when| when.latest() >= oldest)
}

fn kind_of(kind: ListingKind) -> PageKind {
    match kind {
        ListingKind::Feed => PageKind::Feed,
        ListingKind::Sitemap => PageKind::Sitemap,
        ListingKind::Section => PageKind::Section,
    }
}

/// The canonical address of something a page names.
pub(super) fn named(base: &Url, text: &str) -> Option<Url> {
    address::resolve(base, text).ok()
}
