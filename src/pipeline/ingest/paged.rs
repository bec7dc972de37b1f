//! Stories on several pages, made of pages that were put aside. Owns which page begins one and which capture
//! of a further page is taken; which link is followed is `story`'s, as in a crawl.

use std::collections::{HashSet, VecDeque};

use url::Url;

use crate::address;
use crate::optout;
use crate::pipeline::crawl::CrawlError;
use crate::pipeline::gather::{self, Came, opted_out_page, said_in};
use crate::pipeline::story::Story;
use crate::store::StoreError;

use super::aside::Aside;
use super::settle::Arrival;
use super::source::{BATCH, Item};
use super::{IngestSettings, Intake, Rulebook, on_all_cores, read};

/// A further page of the story as it is stored.
struct Stored {
    fetch_id: Option<i64>,
    item: Item,
}

impl Intake {
    /// Tells the stories of the pages that were put aside. A kill loses what was not told yet; the next run
    /// puts it aside again.
    pub(super) fn tell_stories(&mut self) -> Result<(), CrawlError> {
        let (first, later) = self.aside.beginnings();
        let mut parts = HashSet::new();
        for beginnings in [first, later] {
            self.tell_from(beginnings.into(), &mut parts)?;
        }
        if !self.report.interrupted {
            self.report.not_wanted += self.aside.strangers(&parts) as u64;
        }
        Ok(())
    }

    /// Tells the stories that begin on these pages, unless they are parts of others by then.
    fn tell_from(&mut self, mut queue: VecDeque<usize>, parts: &mut HashSet<Url>) -> Result<(), CrawlError> {
        while !queue.is_empty() {
            if self.stop.is_asked() {
                self.report.interrupted = true;
                return Ok(());
            }
            // Of one address a batch has one capture: the next one is compared with what is stored then.
            let mut addresses = HashSet::new();
            let mut batch = Vec::new();
            while batch.len() < BATCH
                && let Some(n) = queue.pop_front_if(|n| addresses.insert(self.aside.page(*n).url.clone()))
            {
                if !parts.contains(&self.aside.page(n).url) {
                    batch.push((n, self.stored_pages(&self.aside.page(n).url)?));
                }
            }
            let (aside, rulebook, settings) = (&self.aside, &*self.rulebook, &self.settings);
            let arrivals = on_all_cores(&batch, |(n, stored)| {
                arrival(aside, *n, stored, rulebook, settings)
            });
            for ((n, _), arrival) in batch.iter().zip(arrivals) {
                let arrival = arrival?;
                let Arrival { whole, .. } = &arrival;
                if parts.contains(&whole.first.url) {
                    continue;
                }
                parts.extend(whole.further.iter().filter_map(|f| Url::parse(&f.url).ok()));
                // Those too that are not taken, because the whole story came on one page or must not be kept.
                parts.extend(self.aside.page(*n).others().cloned());
                self.settle(arrival)?;
            }
            (self.meter)(self.report.records);
        }
        Ok(())
    }

    /// The further pages of the story that is stored at an address.
    fn stored_pages(&self, url: &Url) -> Result<Vec<Stored>, StoreError> {
        let Some(article) = self.reader.article_by_url(url.as_str())? else {
            return Ok(Vec::new());
        };
        let mut pages = Vec::new();
        for exchange in self.reader.exchanges(article.id)? {
            if exchange.version != article.version || exchange.n == 1 {
                continue;
            }
            // What is pruned or damaged cannot be joined.
            if let Ok(Some(body)) = self.reader.body(&exchange.body_sha256) {
                let fetch_id = exchange.fetch_id;
                pages.extend(Item::stored(exchange, body).map(|item| Stored { fetch_id, item }));
            }
        }
        Ok(pages)
    }
}

/// Gathers the story that begins on a page.
fn arrival(
    aside: &Aside,
    n: usize,
    stored: &[Stored],
    rulebook: &Rulebook,
    settings: &IngestSettings,
) -> Result<Arrival, CrawlError> {
    let begins = aside.page(n);
    let place = &*begins.wanted.place;
    let item = aside.item(n)?;
    let told = item.told.clone();
    let read = |came: &mut Came| {
        let reading = read(
            place,
            rulebook,
            &came.body,
            came.content_type.as_deref(),
            &came.url,
        );
        came.was_read(&reading);
        let mut said = optout::of_headers(&came.fetch.headers);
        optout::add(&mut said, said_in(&reading));
        (reading, said)
    };
    let mut first = item.came(Some(&begins.file));
    let (reading, signals) = read(&mut first);
    let opted_out = optout::refusal(&signals, settings.opt_out).is_some();
    let mut further = Vec::new();
    let mut rest = None;
    let mut story = Story::begin(first, reading);
    while let Some(url) = story.wants().cloned().filter(|_| !opted_out) {
        let Some((stored_fetch, mut came)) = nearest(aside, n, stored, &url)? else {
            if story.skip() {
                rest = Some(url);
            }
            continue;
        };
        let (reading, said) = read(&mut came);
        if let Some(reason) = optout::refusal(&said, settings.opt_out) {
            further.push(opted_out_page(&came.url, Some(came.fetch), reason, said));
            story.skip();
            continue;
        }
        let mut row = came.further(said);
        row.stored_fetch = stored_fetch;
        further.push(row);
        story.add(came, reading);
        rest = None;
    }
    let (reading, pages) = story.finish();
    Ok(Arrival {
        wanted: begins.wanted.clone(),
        told,
        whole: gather::whole(reading, pages, further, signals)?,
        rest,
    })
}

/// The capture of a further page that was made nearest to the beginning's, among those that wait and what is
/// stored; with the row of its exchange, where it has one.
fn nearest(
    aside: &Aside,
    begins: usize,
    stored: &[Stored],
    url: &Url,
) -> Result<Option<(Option<i64>, Came)>, StoreError> {
    let begins = aside.page(begins);
    let away = |date: jiff::Timestamp| date.duration_since(begins.date).unsigned_abs();
    let kept = stored
        .iter()
        .filter(|page| {
            [&page.item.url, &page.item.asked()]
                .map(|u| address::canonical(u.clone()))
                .contains(url)
        })
        .min_by_key(|page| away(page.item.date));
    let waiting = aside
        .at(url)
        .filter(|n| aside.page(*n).wanted.place.site == begins.wanted.place.site)
        .min_by_key(|n| away(aside.page(*n).date));
    Ok(match (kept, waiting) {
        (Some(kept), waiting) if waiting.is_none_or(|n| away(kept.item.date) <= away(aside.page(n).date)) => {
            Some((kept.fetch_id, kept.item.clone().came(None)))
        }
        (_, Some(n)) => Some((None, aside.item(n)?.came(Some(&aside.page(n).file)))),
        (_, None) => None,
    })
}
