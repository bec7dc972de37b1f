//! The pages of one story, asked for one after the other. Owns the asking and what is kept of each
//! page; which link is followed is `story`'s, what the story means is `judge`'s.

use std::sync::Arc;

use url::Url;

use crate::address;
use crate::fetch::{Exchange, MAX_PAGE_BYTES, Refusal, Request, Response};
use crate::optout::{self, Signal};
use crate::outcome::Outcome;
use crate::sites::rule::Site;
use crate::store::{ArticleChange, FetchRow, FurtherPage, PageWrite, sha256_hex};

use super::crawl::{CrawlError, Desk};
use super::judge;
use super::reading::Reading;
use super::story::{Story, StoryPage};
use super::{optouts, record};

/// A page that came.
pub(super) struct Came {
    pub(super) url: Url,
    pub(super) content_type: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) body: Vec<u8>,
    pub(super) sha256: String,
    pub(super) fetch: FetchRow,
}

impl Came {
    fn new(response: Response, exchange: &Exchange) -> Self {
        let sha256 = sha256_hex(&response.body);
        Self {
            fetch: record::fetch_row(exchange, None, Some(sha256.clone())),
            url: address::canonical(response.url),
            content_type: response.content_type,
            etag: response.etag,
            last_modified: response.last_modified,
            body: response.body,
            sha256,
        }
    }

    /// A further page of a story, which it is another address of.
    pub(super) fn further(&self, said: Vec<Signal>) -> FurtherPage {
        FurtherPage {
            url: self.url.to_string(),
            fetch: Some(self.fetch.clone()),
            stored_fetch: None,
            outcome: Outcome::Duplicate,
            reason: None,
            signals: Some(said),
            body: None,
            whole: false,
        }
    }

    /// Takes in how it was decoded.
    pub(super) fn was_read(&mut self, reading: &Reading) {
        (self.fetch.charset, self.fetch.charset_source) = reading
            .charset
            .map(|(charset, source)| (charset.to_owned(), source.to_owned()))
            .unzip();
    }

    /// Its bytes are those that are stored.
    pub(super) fn settle_as_known(self, article_id: i64, write: &mut PageWrite) {
        write.fetch = Some(self.fetch);
        write.outcome = Some(Outcome::Unchanged);
        write.etag = self.etag;
        write.last_modified = self.last_modified;
        write.article = ArticleChange::Known { article_id };
    }
}

/// What came of asking for all pages of a story.
pub(super) enum Gathered {
    /// The run is to end.
    Interrupted,
    /// The page that was asked for is, to the byte, the one that is stored.
    AsStored(Came, i64),
    /// A page of it failed for a passing reason: another time, then, and whole.
    Unfinished {
        came: Came,
        refusal: Refusal,
        further: Vec<FurtherPage>,
    },
    /// All that there is.
    Whole(Box<Whole>),
}

pub(super) struct Whole {
    pub(super) first: Came,
    pub(super) reading: Reading,
    pub(super) further: Vec<FurtherPage>,
    /// Hashes of the pages that tell the story, in order.
    pub(super) sources: Vec<String>,
    /// What the first page and its site say of its being kept.
    pub(super) signals: Vec<Signal>,
}

/// Reads the page that came and asks for the pages that its rules say go on with it. At the last attempt
/// a story is taken as far as it came. A page that opts out is no part of it, and where the first one
/// does no other is asked for; `signals` is what is known of that one so far.
pub(super) async fn gather(
    desk: &Arc<Desk>,
    site: &Arc<Site>,
    last_attempt: bool,
    response: Response,
    exchange: Exchange,
    mut signals: Vec<Signal>,
) -> Result<Gathered, CrawlError> {
    let first = Came::new(response, &exchange);
    if !site.spans_pages()
        && let Some(id) = judge::is_as_stored(&*desk.reader()?, first.url.as_str(), &first.sha256)?
    {
        return Ok(Gathered::AsStored(first, id));
    }
    let (first, reading) = read(desk, site, first).await?;
    optout::add(&mut signals, said_in(&reading));
    let opted_out = desk.opted_out(&signals).is_some();
    let mut further: Vec<FurtherPage> = Vec::new();
    let mut story = Story::begin(first, reading);
    while let Some(url) = story.wants().cloned().filter(|_| !opted_out) {
        if desk.stop.is_asked() {
            return Ok(Gathered::Interrupted);
        }
        if !desk.rulebook.owns(&site.id, &url) {
            story.skip();
            continue;
        }
        let Some(mut said) = optouts::before(desk, site, &url).await? else {
            return Ok(Gathered::Interrupted);
        };
        if let Some(reason) = desk.opted_out(&said) {
            further.push(opted_out_page(&url, None, reason, said));
            story.skip();
            continue;
        }
        let asked = desk.fetcher.get(request(desk, site, url.clone()));
        let Some(visit) = desk.unless_ended(asked).await else {
            return Ok(Gathered::Interrupted);
        };
        desk.save_robots(visit.robots).await?;
        let came = match (visit.result, &visit.exchange) {
            (Ok(response), Some(exchange)) => Ok(Came::new(response, exchange)),
            (Ok(_), None) => return Err(CrawlError::Internal("a response without an exchange")),
            (Err(refusal), exchange) => {
                further.extend(exchange.as_ref().map(|e| FurtherPage {
                    url: url.to_string(),
                    fetch: Some(record::fetch_row(e, None, None)),
                    stored_fetch: None,
                    outcome: refusal.outcome(),
                    reason: Some(refusal.to_string()),
                    signals: None,
                    body: None,
                    whole: false,
                }));
                Err(refusal)
            }
        };
        match came {
            Ok(came) => {
                if !optouts::after_redirect(desk, site, &url, &came.url, &mut said).await? {
                    return Ok(Gathered::Interrupted);
                }
                let (came, reading) = read(desk, site, came).await?;
                optout::add(&mut said, optout::of_headers(&came.fetch.headers));
                optout::add(&mut said, said_in(&reading));
                if let Some(reason) = desk.opted_out(&said) {
                    further.push(opted_out_page(&came.url, Some(came.fetch), reason, said));
                    story.skip();
                    continue;
                }
                further.push(came.further(said));
                story.add(came, reading);
            }
            Err(refusal) if refusal.retryable() && !last_attempt => {
                let came = story.finish().1.swap_remove(0).page;
                return Ok(Gathered::Unfinished {
                    came,
                    refusal,
                    further,
                });
            }
            Err(_) => {
                story.skip();
            }
        }
    }
    let (reading, pages) = story.finish();
    Ok(Gathered::Whole(Box::new(whole(
        reading, pages, further, signals,
    )?)))
}

/// What a page itself says of its being kept.
pub(super) fn said_in(reading: &Reading) -> impl Iterator<Item = Signal> {
    reading.extraction.iter().flat_map(|e| e.signals.iter().cloned())
}

/// A page that opts out, and so is no part of the story.
pub(super) fn opted_out_page(
    url: &Url,
    fetch: Option<FetchRow>,
    reason: String,
    said: Vec<Signal>,
) -> FurtherPage {
    FurtherPage {
        url: url.to_string(),
        fetch,
        stored_fetch: None,
        outcome: Outcome::OptedOut,
        reason: Some(reason),
        signals: Some(said),
        body: None,
        whole: false,
    }
}

/// Sorts the pages that came into the first one and those that tell the story.
pub(super) fn whole(
    reading: Reading,
    pages: Vec<StoryPage<Came>>,
    mut further: Vec<FurtherPage>,
    signals: Vec<Signal>,
) -> Result<Whole, CrawlError> {
    let mut pages = pages.into_iter();
    let first = pages
        .next()
        .ok_or(CrawlError::Internal("a story without a page"))?
        .page;
    let mut sources = vec![first.sha256.clone()];
    for StoryPage { page, whole, .. } in pages {
        if whole {
            sources.clear();
        }
        sources.push(page.sha256);
        let row = further
            .iter_mut()
            .find(|f| f.outcome == Outcome::Duplicate && f.url == page.url.as_str())
            .ok_or(CrawlError::Internal("a page that was not asked for"))?;
        row.body = Some(page.body);
        row.whole = whole;
    }
    Ok(Whole {
        first,
        reading,
        further,
        sources,
        signals,
    })
}

/// Reads a page by the site's rules, away from the threads that wait for the network.
async fn read(desk: &Arc<Desk>, site: &Arc<Site>, mut came: Came) -> Result<(Came, Reading), CrawlError> {
    let (desk, site) = (desk.clone(), site.clone());
    blocking(move || {
        let reading = judge::read(&desk, &site, &came.body, came.content_type.as_deref(), &came.url)?;
        came.was_read(&reading);
        Ok((came, reading))
    })
    .await
}

/// A request for a page of the site.
pub(super) fn request(desk: &Desk, site: &Arc<Site>, url: Url) -> Request {
    let mut request = Request::new(url, super::errand::ACCEPT_PAGE, MAX_PAGE_BYTES);
    request.delay = desk.delay(site);
    request.headers.clone_from(&site.crawl.headers);
    let (book, owner) = (desk.rulebook.clone(), site.id.clone());
    request.scope = Arc::new(move |url| book.owns(&owner, url));
    request
}

/// Work for the processor, done where nobody waits for the network.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CrawlError> + Send + 'static,
) -> Result<T, CrawlError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| CrawlError::Internal("the extraction thread failed"))?
}
