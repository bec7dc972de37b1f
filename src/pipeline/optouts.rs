//! What a site says of a page being kept, as far as it is known without reading the page: its
//! robots.txt and its tdmrep.json, which is asked for once a day and origin, and what the page said
//! before. Owns that asking.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use crate::address;
use crate::fetch::{MAX_TDMREP_BYTES, ROBOTS_LIFETIME, Request, Reservations, TDMREP_PATH};
use crate::optout::{self, Signal};
use crate::sites::rule::Site;
use crate::store::TdmrepWrite;

use super::crawl::{CrawlError, Desk};
use super::record;

const ACCEPT_JSON: &str = "application/json,*/*;q=0.1";

/// The reservations known in this turn, by origin.
#[derive(Default)]
pub(super) struct Book(Mutex<HashMap<String, Arc<Reservations>>>);

/// The signals for a page that is about to be asked for. None: the run is to end.
pub(super) async fn before(desk: &Desk, site: &Site, url: &Url) -> Result<Option<Vec<Signal>>, CrawlError> {
    let asked = desk.fetcher.robots(url, desk.delay(site));
    let Some((robots, copies)) = desk.unless_ended(asked).await else {
        return Ok(None);
    };
    desk.save_robots(copies).await?;
    let mut signals = robots.signals(url);
    // Where the page itself may not be asked for, neither is this.
    if robots.check(url).is_ok() {
        let Some(reservations) = reservations(desk, site, url).await? else {
            return Ok(None);
        };
        signals.extend(reservations.signal(url));
    }
    Ok(Some(signals))
}

/// Adds what is said of the address that answered, where a redirect led there from `asked`. False: the
/// run is to end.
pub(super) async fn after_redirect(
    desk: &Desk,
    site: &Site,
    asked: &Url,
    answered: &Url,
    signals: &mut Vec<Signal>,
) -> Result<bool, CrawlError> {
    if asked == answered {
        return Ok(true);
    }
    let Some(there) = before(desk, site, answered).await? else {
        return Ok(false);
    };
    optout::add(signals, there);
    Ok(true)
}

/// What a page that is as it was said when it was read, beside what is said of it now: all that stands
/// in the page, and of an answer that gives no headers anew, those of the last one.
pub(super) fn as_it_was(
    desk: &Desk,
    url: &str,
    now: &[Signal],
    headers_stand: bool,
) -> Result<Vec<Signal>, CrawlError> {
    let mut said = desk.reader()?.signals(url)?;
    said.retain(|signal| match signal.source.as_str() {
        "x-robots-tag" | "tdm-reservation" => {
            headers_stand && now.iter().all(|said_now| said_now.source != signal.source)
        }
        source => source.starts_with("meta:"),
    });
    Ok(said)
}

async fn reservations(desk: &Desk, site: &Site, page: &Url) -> Result<Option<Arc<Reservations>>, CrawlError> {
    let origin = address::origin(page);
    if let Some(known) = desk.reservations.get(&origin) {
        return Ok(Some(known));
    }
    let at = desk.clock.now();
    let stored = desk.reader()?.tdmrep(&origin)?;
    let fresh = stored.filter(|row| {
        // A time in the future has a negative age, which is no Duration.
        std::time::Duration::try_from(at.duration_since(row.fetched_at))
            .is_ok_and(|age| age < ROBOTS_LIFETIME)
    });
    let found = match fresh {
        Some(row) => Reservations::parse(&row.body),
        None => {
            let Ok(url) = page.join(TDMREP_PATH) else {
                return Ok(Some(Arc::default()));
            };
            let mut request = Request::new(url, ACCEPT_JSON, MAX_TDMREP_BYTES);
            request.delay = desk.delay(site);
            let (book, owner, home) = (desk.rulebook.clone(), site.id.clone(), origin.clone());
            request.scope = Arc::new(move |url| address::origin(url) == home || book.owns(&owner, url));
            let Some(visit) = desk.unless_ended(desk.fetcher.get(request)).await else {
                return Ok(None);
            };
            desk.save_robots(visit.robots).await?;
            // No file, or none to be had: nothing is reserved by it, and a day later it is asked again.
            let body = visit.result.map(|response| response.body).unwrap_or_default();
            let found = Reservations::parse(&body);
            if let Some(exchange) = &visit.exchange {
                desk.writer
                    .save_tdmrep(TdmrepWrite {
                        run_id: desk.run_id,
                        origin: origin.clone(),
                        body,
                        fetch: record::fetch_row(exchange, None, None),
                    })
                    .await?;
            }
            found
        }
    };
    Ok(Some(desk.reservations.keep(origin, found)))
}

impl Book {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Reservations>>> {
        // Nothing panics while it holds this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, origin: &str) -> Option<Arc<Reservations>> {
        self.lock().get(origin).cloned()
    }

    fn keep(&self, origin: String, found: Reservations) -> Arc<Reservations> {
        self.lock().entry(origin).or_insert(Arc::new(found)).clone()
    }
}
