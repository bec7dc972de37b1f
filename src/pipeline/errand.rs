//! Single pages from the web, for `extract`, `explain`, `capture`, `sites new` and `sites check`: robots.txt,
//! pace and guard apply, nothing is stored.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::clock::Clock;
use crate::fetch::{
    DEFAULT_DELAY, FetchConfig, FetchError, Fetcher, Limits, MAX_PAGE_BYTES, Refusal, Request,
};
use crate::sites::Sites;

/// What is sent as `Accept` for a page.
pub(super) const ACCEPT_PAGE: &str = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1";

/// How requests are made, as the settings say.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// The User-Agent header.
    pub user_agent: String,
    /// HTTP proxy.
    pub proxy: Option<Url>,
    /// Certificate authorities in PEM, beside the system's.
    pub ca_certificates_pem: Vec<u8>,
    /// Bounds on time.
    pub limits: Limits,
}

impl FetchSettings {
    /// The gap that a rule file may not undercut: what the manners ask of real hosts.
    pub(super) fn least_delay(&self, allow_private: bool) -> Duration {
        if allow_private || self.proxy.is_some() {
            Duration::ZERO
        } else {
            DEFAULT_DELAY
        }
    }

    /// A fetcher by these settings.
    pub(super) fn fetcher(&self, allow_private: bool, clock: Clock) -> Result<Fetcher, FetchError> {
        Fetcher::new(FetchConfig {
            user_agent: self.user_agent.clone(),
            proxy: self.proxy.clone(),
            ca_certificates_pem: self.ca_certificates_pem.clone(),
            allow_private,
            limits: self.limits.clone(),
            clock,
        })
    }
}

/// A page as it came.
#[derive(Debug)]
pub struct Fetched {
    /// The address asked for.
    pub requested_url: Url,
    /// The address that answered.
    pub url: Url,
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case, without Set-Cookie.
    pub headers: Vec<(String, String)>,
    /// When it was asked.
    pub fetched_at: Timestamp,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// The decoded body.
    pub body: Vec<u8>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ErrandError {
    /// The client cannot be built.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The page was refused, by us or by the server.
    #[error("{url}: {refusal}")]
    Refused {
        /// Which page.
        url: Url,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// The machine gives no threads.
    #[error("cannot start the network runtime")]
    Runtime(#[from] std::io::Error),
}

/// Fetches single pages, one after the other: robots.txt files are asked for once, and the pace is
/// kept from page to page.
pub struct Errand {
    runtime: tokio::runtime::Runtime,
    fetcher: Fetcher,
    /// The rule files, which say how their hosts want to be asked.
    sites: Sites,
    /// No host is asked faster than this.
    least_delay: Duration,
}

impl Errand {
    /// Makes ready; nothing is asked for yet. Delay and headers of a host's rule file hold as in a crawl.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn new(settings: &FetchSettings, allow_private: bool, sites: &Sites) -> Result<Self, ErrandError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let fetcher = runtime.block_on(async { settings.fetcher(allow_private, Clock::system()) })?;
        Ok(Self {
            runtime,
            fetcher,
            sites: sites.clone(),
            least_delay: settings.least_delay(allow_private),
        })
    }

    /// Fetches one page.
    ///
    /// # Errors
    /// When it is forbidden, cannot be had, or carries no page.
    pub fn fetch(&self, url: &Url) -> Result<Fetched, ErrandError> {
        let mut request = Request::new(url.clone(), ACCEPT_PAGE, MAX_PAGE_BYTES);
        request.delay = self.delay(url);
        if let Some(site) = self.sites.for_url(url) {
            request.headers = site.crawl.headers.clone();
        }
        let visit = self.runtime.block_on(self.fetcher.get(request));
        let response = visit.result.map_err(|refusal| ErrandError::Refused {
            url: url.clone(),
            refusal: Box::new(refusal),
        })?;
        let exchange = visit.exchange;
        Ok(Fetched {
            requested_url: url.clone(),
            url: response.url,
            status: response.status,
            fetched_at: exchange
                .as_ref()
                .map_or_else(Timestamp::now, |exchange| exchange.fetched_at),
            headers: exchange.map(|exchange| exchange.headers).unwrap_or_default(),
            content_type: response.content_type,
            body: response.body,
        })
    }

    /// Least gap between requests to an address's host.
    fn delay(&self, url: &Url) -> Duration {
        let asked = self.sites.for_url(url).and_then(|site| site.crawl.delay);
        asked.map_or(DEFAULT_DELAY, |delay| delay.max(self.least_delay))
    }

    /// The sitemaps that the robots.txt of an address names; none where it cannot be had.
    pub fn sitemaps(&self, url: &Url) -> Vec<Url> {
        let view = self.runtime.block_on(self.fetcher.robots(url, self.delay(url))).0;
        let named = view.sitemaps().iter();
        named
            .filter_map(|named| crate::address::resolve(url, named).ok())
            .collect()
    }
}
