//! Whether a site's robots.txt allows a page (RFC 9309 §2.3): when the file is asked for, how
//! long a copy serves, and what a missing or unreachable one means. Reading the file is `robots`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::client::{Ask, Overlong};
use super::exchange::{Exchange, RobotsCopy, Trail, bare};
use super::guard::Guard;
use super::pace::host_of;
use super::refusal::Refusal;
use super::robots::{MAX_ROBOTS_BYTES, Robots};
use super::transport::Transport;
use crate::optout::Signal;

/// How long a copy serves (RFC 9309 §2.4).
pub const ROBOTS_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// Most redirects of a robots.txt that are followed (RFC 9309 §2.3.1.2).
const MAX_ROBOTS_REDIRECTS: usize = 5;
const ACCEPT: &str = "text/plain,*/*;q=0.5";

/// What the robots.txt of one origin says.
#[derive(Debug, Clone)]
pub struct RobotsView {
    origin: String,
    rules: Arc<Robots>,
    unreachable: Option<String>,
}

impl RobotsView {
    /// The view when the host may not be asked now.
    pub(super) fn unknown(origin: String, reason: String) -> Self {
        Self {
            origin,
            rules: Arc::default(),
            unreachable: Some(reason),
        }
    }

    /// Scheme, host and port that it is valid for.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Why the file could not be had, if so: everything is then forbidden until the next run.
    pub fn unreachable(&self) -> Option<&str> {
        self.unreachable.as_deref()
    }

    /// The least time between two requests that it asks for.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.rules.crawl_delay()
    }

    /// The values of its `Sitemap:` lines, as written.
    pub fn sitemaps(&self) -> &[String] {
        self.rules.sitemaps()
    }

    /// What the file signals of machines using a page of this origin.
    pub fn signals(&self, url: &Url) -> Vec<Signal> {
        self.rules.signals(url)
    }

    /// Whether an address of this origin may be fetched.
    ///
    /// # Errors
    /// [`Refusal::RobotsDenied`] or [`Refusal::RobotsUnreachable`].
    pub fn check(&self, url: &Url) -> Result<(), Refusal> {
        if let Some(reason) = &self.unreachable {
            return Err(Refusal::RobotsUnreachable {
                origin: self.origin.clone(),
                reason: reason.clone(),
            });
        }
        self.rules.check(url).map_err(|line| Refusal::RobotsDenied {
            origin: self.origin.clone(),
            url: url.to_string(),
            line: line.line,
            text: line.text,
        })
    }
}

#[derive(Debug, Clone)]
struct Known {
    view: RobotsView,
    fetched_at: Timestamp,
    /// The run that asked; what could not be had is asked for again in the next one.
    run: u64,
}

/// One origin's place in the book. Whoever holds the lock asks; the others wait for the answer.
type Entry = Arc<tokio::sync::Mutex<Option<Known>>>;

/// The robots.txt files known.
#[derive(Debug)]
pub(super) struct RobotsBook {
    transport: Arc<Transport>,
    guard: Guard,
    entries: Mutex<HashMap<String, Entry>>,
    run: AtomicU64,
}

impl RobotsBook {
    pub(super) fn new(transport: Arc<Transport>, guard: Guard) -> Self {
        Self {
            transport,
            guard,
            entries: Mutex::default(),
            run: AtomicU64::new(0),
        }
    }

    /// Lets what could not be had be asked for again.
    pub(super) fn begin_run(&self) {
        self.run.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets the file of one origin be asked for again where it could not be had.
    pub(super) fn try_again(&self, origin: &str) {
        let mut entries = self.entries();
        // One that is being asked for now needs no second chance.
        let unreachable = entries.get(origin).is_some_and(|entry| {
            entry
                .try_lock()
                .is_ok_and(|known| known.as_ref().is_some_and(|k| k.view.unreachable.is_some()))
        });
        if unreachable {
            entries.remove(origin);
        }
    }

    /// Forgets copies that serve nobody any more.
    pub(super) fn tidy(&self) {
        self.entries().retain(|_, entry| {
            Arc::strong_count(entry) > 1
                || entry.try_lock().map_or(true, |known| {
                    known.as_ref().is_some_and(|k| self.is_fresh(k.fetched_at))
                })
        });
    }

    /// Drops the copy of one origin. Whoever is waiting for it has it still.
    pub(super) fn forget(&self, origin: &str) {
        self.entries().remove(origin);
    }

    /// Takes over copies from an earlier run. Those that are too old, from the future or without
    /// an answer are left out, and a copy fetched by this fetcher is never replaced.
    pub(super) fn remember(&self, copies: Vec<RobotsCopy>) {
        for copy in copies {
            if copy.unreachable || !self.is_fresh(copy.fetched_at) {
                continue;
            }
            let known = Known {
                view: view(&copy, None),
                fetched_at: copy.fetched_at,
                run: 0,
            };
            self.entries()
                .entry(copy.origin)
                .or_insert_with(|| Arc::new(tokio::sync::Mutex::new(Some(known))));
        }
    }

    /// What the robots.txt for `url` says, asking for it where no copy serves; what was asked for
    /// is added to `fetched`.
    ///
    /// # Errors
    /// When the host may not be asked now, and so nothing is known.
    pub(super) async fn view(
        &self,
        url: &Url,
        delay: Duration,
        fetched: &mut Vec<(RobotsCopy, Exchange)>,
    ) -> Result<RobotsView, Refusal> {
        let origin = crate::address::origin(url);
        let entry = Arc::clone(self.entries().entry(origin.clone()).or_default());
        let mut known = entry.lock().await;
        let run = self.run.load(Ordering::Relaxed);
        let view = match &*known {
            Some(known) if self.serves(known, run) => known.view.clone(),
            _ => {
                let (copy, exchange, reason) = self.fetch(url, &origin, delay).await?;
                let view = view(&copy, reason);
                *known = Some(Known {
                    view: view.clone(),
                    fetched_at: copy.fetched_at,
                    run,
                });
                if let Some(exchange) = exchange {
                    fetched.push((copy, exchange));
                }
                view
            }
        };
        self.transport
            .pace()
            .set_crawl_delay(&host_of(url), &origin, view.crawl_delay());
        Ok(view)
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<String, Entry>> {
        // Nothing panics while it holds this lock, so the map is sound in any case.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serves(&self, known: &Known, run: u64) -> bool {
        match known.view.unreachable {
            Some(_) => known.run == run,
            None => self.is_fresh(known.fetched_at),
        }
    }

    fn is_fresh(&self, fetched_at: Timestamp) -> bool {
        // A time in the future has a negative age, which is no Duration.
        Duration::try_from(self.transport.now().duration_since(fetched_at))
            .is_ok_and(|age| age < ROBOTS_LIFETIME)
    }

    /// Asks for the file, following its redirects, across hosts too: the rules found apply to the
    /// origin that was asked first (RFC 9309 §2.3.1.2).
    async fn fetch(
        &self,
        url: &Url,
        origin: &str,
        delay: Duration,
    ) -> Result<(RobotsCopy, Option<Exchange>, Option<String>), Refusal> {
        let mut target = bare(url.clone());
        target.set_path("/robots.txt");
        target.set_query(None);
        let mut trail = Trail::new(target.clone());
        let fetched_at = self.transport.now();
        let result = loop {
            if let Err(refusal) = self.guard.check(&target) {
                break Err(refusal);
            }
            let ask = Ask {
                url: &target,
                accept: ACCEPT,
                headers: &[],
                etag: None,
                last_modified: None,
                max_bytes: MAX_ROBOTS_BYTES,
                overlong: Overlong::Cut,
            };
            let asked = match self.transport.exchange(&ask, delay).await {
                Ok(asked) => asked,
                // Nothing was asked yet, so nothing was learned.
                Err(refusal) if trail.at_start() => return Err(refusal),
                Err(refusal) => break Err(refusal),
            };
            let redirects = asked.is_redirect();
            let body = trail.record(&target, asked);
            if !redirects {
                break body;
            }
            target = match trail.follow(MAX_ROBOTS_REDIRECTS) {
                Ok(next) => next,
                Err(refusal) => break Err(refusal),
            };
        };
        let status = trail.last().and_then(|asked| asked.status);
        let refusal = result.as_ref().err().cloned();
        let unreachable = refusal.as_ref().filter(|refusal| !is_unavailable(refusal));
        let reason = unreachable.map(ToString::to_string);
        let copy = RobotsCopy {
            origin: origin.to_owned(),
            fetched_at,
            status,
            body: result.ok(),
            unreachable: reason.is_some(),
        };
        let (exchange, _) = trail.finish(refusal.as_ref());
        Ok((copy, exchange, reason))
    }
}

/// Whether the site has no robots.txt, which allows everything (RFC 9309 §2.3.1.3): a 4xx, a 2xx
/// without content, or redirects that lead nowhere. All else is a file that cannot be had, which forbids everything;
/// a 429 too, for it says "not now" and not "there is none".
fn is_unavailable(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Status(429) => false,
        Refusal::Status(status) => matches!(status, 204 | 205 | 300..=499),
        Refusal::TooManyRedirects(_) | Refusal::BadLocation(_) => true,
        _ => false,
    }
}

fn view(copy: &RobotsCopy, unreachable: Option<String>) -> RobotsView {
    RobotsView {
        origin: copy.origin.clone(),
        rules: Arc::new(copy.body.as_deref().map(Robots::parse).unwrap_or_default()),
        unreachable,
    }
}
