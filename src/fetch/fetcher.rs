//! The way of a request: guard, robots.txt, pace, exchange, and the same again for every
//! redirect. Owns the order of these and the bounds on redirects; each of them has its own file.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::client::{Ask, Overlong};
use super::exchange::{Exchange, Response, RobotsCopy, Trail, Visit, bare};
use super::guard::Guard;
use super::pace::host_of;
use super::policy::{RobotsBook, RobotsView};
use super::refusal::Refusal;
use super::transport::Transport;
use super::{FetchConfig, FetchError};

/// Most redirects of a page that are followed.
pub const MAX_REDIRECTS: usize = 10;

/// Tells whether a redirect may lead to an address.
pub type Scope = Arc<dyn Fn(&Url) -> bool + Send + Sync>;

/// A page to be fetched.
#[derive(Clone)]
pub struct Request {
    /// Its address.
    pub url: Url,
    /// The `Accept` header.
    pub accept: &'static str,
    /// The `ETag` of the last visit, for a conditional request.
    pub etag: Option<String>,
    /// The `Last-Modified` of the last visit, for a conditional request.
    pub last_modified: Option<String>,
    /// Headers of the site's rule file. Names that are copydesk's own business (User-Agent,
    /// Cookie, Authorization, Referer, Host, …) are passed over, and none go to other hosts.
    pub headers: Vec<(String, String)>,
    /// The least gap after the host's last response; robots.txt may ask for more.
    pub delay: Duration,
    /// Most bytes of the decoded body; a larger one is [`Refusal::TooLarge`].
    pub max_bytes: usize,
    /// Where redirects may lead. The address itself is not asked about.
    pub scope: Scope,
}

impl Request {
    /// A plain request for `url` that may be redirected anywhere.
    pub fn new(url: Url, accept: &'static str, max_bytes: usize) -> Self {
        Self {
            url,
            accept,
            etag: None,
            last_modified: None,
            headers: Vec::new(),
            delay: super::DEFAULT_DELAY,
            max_bytes,
            scope: Arc::new(|_| true),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &self.url.as_str())
            .field("delay", &self.delay)
            .finish_non_exhaustive()
    }
}

/// The only way to the network. One for all sites, so that hosts they share are paced as one.
#[derive(Debug)]
pub struct Fetcher {
    transport: Arc<Transport>,
    guard: Guard,
    robots: RobotsBook,
}

impl Fetcher {
    /// Builds the client.
    ///
    /// # Errors
    /// When user agent, proxy or certificates cannot be used.
    pub fn new(config: FetchConfig) -> Result<Self, FetchError> {
        let transport = Arc::new(Transport::new(&config)?);
        let guard = Guard {
            allow_private: config.allow_private,
        };
        Ok(Self {
            robots: RobotsBook::new(Arc::clone(&transport), guard),
            transport,
            guard,
        })
    }

    /// Begins a run: hosts that were given up and robots.txt files that could not be had are
    /// asked again. A new fetcher is in its first run.
    pub fn begin_run(&self) {
        self.robots.begin_run();
        self.transport.pace().begin_run();
    }

    /// Gives one place another chance in the same run: a host that was given up (by its name), or a
    /// robots.txt that could not be had (by its origin).
    pub fn try_again(&self, place: &str) {
        if place.contains("://") {
            self.robots.try_again(place);
        } else {
            self.transport.pace().try_again(place);
        }
    }

    /// Forgets what a fetcher that lives for months needs no more: hosts nobody has asked for a day
    /// and robots.txt files as old.
    pub fn tidy(&self) {
        self.robots.tidy();
        self.transport.pace().tidy(super::ROBOTS_LIFETIME);
    }

    /// Drops the copy of an origin's robots.txt: it is asked for again when it is needed.
    pub fn forget_robots(&self, origin: &str) {
        self.robots.forget(origin);
    }

    /// Takes over the robots.txt files of earlier runs; those older than a day are left out.
    pub fn remember_robots(&self, copies: Vec<RobotsCopy>) {
        self.robots.remember(copies);
    }

    /// Takes over a pause that a host asked for in an earlier run: the `Retry-After` of an answer to
    /// `url` at a time. One that is over, or says nothing, changes nothing.
    pub fn remember_pause(&self, url: &Url, asked_at: Timestamp, retry_after: &str) {
        if let Some(wait) = super::retry_after::parse(retry_after, asked_at) {
            let until = crate::clock::later(asked_at, wait);
            self.transport.pace().pause(&host_of(url), until);
        }
    }

    /// What the robots.txt for `url` says, and the file if it had to be fetched for that.
    pub async fn robots(&self, url: &Url, delay: Duration) -> (RobotsView, Vec<(RobotsCopy, Exchange)>) {
        let mut fetched = Vec::new();
        let view = match self.robots.view(url, delay, &mut fetched).await {
            Ok(view) => view,
            Err(refusal) => RobotsView::unknown(crate::address::origin(url), refusal.to_string()),
        };
        (view, fetched)
    }

    /// Fetches a page: every address on the way is checked by the guard, by the scope and by the
    /// robots.txt of its own origin before it is asked, in its host's pace.
    pub async fn get(&self, request: Request) -> Visit {
        let mut robots = Vec::new();
        let mut trail = Trail::new(request.url.clone());
        let result = self.follow(&request, &mut trail, &mut robots).await;
        let (exchange, error_page) = trail.finish(result.as_ref().err());
        Visit {
            robots,
            result,
            exchange,
            error_page,
        }
    }

    async fn follow(
        &self,
        request: &Request,
        trail: &mut Trail,
        robots: &mut Vec<(RobotsCopy, Exchange)>,
    ) -> Result<Response, Refusal> {
        let mut url = bare(request.url.clone());
        let home = host_of(&url);
        loop {
            let first = trail.at_start();
            self.guard.check(&url)?;
            if !first && !(request.scope)(&url) {
                return Err(Refusal::OutOfScope(url));
            }
            self.robots.view(&url, request.delay, robots).await?.check(&url)?;
            let ask = Ask {
                url: &url,
                accept: request.accept,
                headers: if host_of(&url) == home {
                    &request.headers
                } else {
                    &[]
                },
                // The validators belong to the first address.
                etag: request.etag.as_deref().filter(|_| first),
                last_modified: request.last_modified.as_deref().filter(|_| first),
                max_bytes: request.max_bytes,
                overlong: Overlong::Refuse,
            };
            let asked = self.transport.exchange(&ask, request.delay).await?;
            if asked.is_redirect() {
                // The body says that the status carries no page; where it leads is what counts.
                let _ = trail.record(&url, asked);
                url = trail.follow(MAX_REDIRECTS)?;
                continue;
            }
            let status = asked.status.unwrap_or_default();
            let [content_type, etag, last_modified] =
                ["content-type", "etag", "last-modified"].map(|name| asked.header(name));
            return Ok(Response {
                body: trail.record(&url, asked)?,
                url,
                status,
                content_type,
                etag,
                last_modified,
                not_modified: status == 304,
            });
        }
    }
}
