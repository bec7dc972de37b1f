//! What a story out of an archive file means for the database, and its one write. Owns the way from the
//! pages that came to the rows; what they mean is asked of `judge`.

use jiff::Timestamp;
use url::Url;

use crate::address;
use crate::optout;
use crate::outcome::Outcome;
use crate::pipeline::crawl::CrawlError;
use crate::pipeline::gather::Whole;
use crate::pipeline::judge::{self, Bench, Told};
use crate::store::{ArticleChange, Ingested, PageWrite, StoreError};

use super::{Intake, Place, Wanted, source};

/// How the reason begins of a page whose story goes on where nobody knows it.
const GOES_ON: &str = "goes on at";

/// A story that came.
pub(super) struct Arrival {
    /// Where its first page belongs.
    pub(super) wanted: Wanted,
    /// What its archive tells of the article.
    pub(super) told: source::Told,
    /// Its pages.
    pub(super) whole: Whole,
    /// Where it goes on, on a page that is neither in the files nor stored.
    pub(super) rest: Option<Url>,
}

impl Intake {
    /// Takes in a story, unless it is stored as it was seen later.
    pub(super) fn settle(&mut self, arrival: Arrival) -> Result<(), CrawlError> {
        let Arrival {
            wanted,
            told,
            whole,
            rest,
        } = arrival;
        let Whole {
            first,
            reading,
            further,
            sources,
            signals,
        } = whole;
        let place = &*wanted.place;
        let named = told.url.filter(|url| self.is_of(place, url));
        let url = String::from(named.map_or_else(|| first.url.clone(), address::canonical));
        if self
            .last_seen(&url)?
            .is_some_and(|seen| seen > first.fetch.fetched_at)
        {
            self.report.older += 1;
            return Ok(());
        }
        let asked = address::parse(&first.fetch.url).map_or_else(|_| first.url.clone(), address::canonical);
        let now = self.settings.clock.now();
        let mut write = PageWrite {
            site: Some(place.site.clone()),
            final_url: url.clone(),
            outcome: Some(Outcome::Unchanged),
            first_seen_at: told.first_seen_at.filter(|at| *at < now),
            ..PageWrite::failed(self.run_id, asked.into(), now)
        };
        let refusal = optout::refusal(&signals, self.settings.opt_out);
        write.signals = Some(signals);
        let as_stored = match place.spans_pages() {
            true => None,
            false => judge::is_as_stored(&self.reader, &url, &first.sha256)?,
        };
        if let Some(reason) = refusal {
            write.outcome = Some(Outcome::OptedOut);
            write.reason = Some(reason);
        } else if let Some(article_id) = as_stored {
            write.article = ArticleChange::Known { article_id };
        } else {
            let bench = Bench {
                rulebook: &self.rulebook,
                rules: place.rules.clone(),
                memory: place.memory.as_ref(),
                reader: &self.reader,
                site: &place.site,
            };
            // A page that came before the story it goes on with was taken for a story of its own.
            let mut parts = further.iter().filter(|f| f.outcome == Outcome::Duplicate);
            let moved = parts.find_map(|f| self.reader.article_by_url(&f.url).transpose());
            let judgement = bench.judge(Told {
                reading,
                sources,
                url,
                moved: moved.transpose()?.map(|alone| alone.id),
                is_beginning: rest.is_some(),
            })?;
            write.outcome = Some(judgement.outcome);
            write.reason = judgement.reason;
            write.article = judgement.change;
            write.further = further;
        }
        let tells_more = match (wanted.before, &write.article) {
            (Ingested::Never, _) | (_, ArticleChange::New(_) | ArticleChange::Revision { .. }) => true,
            (Ingested::WithoutArticle, change) => !matches!(change, ArticleChange::None),
            (Ingested::WithArticle, _) => false,
        };
        if !tells_more {
            self.report.known += 1;
            return Ok(());
        }
        let is_new = matches!(write.article, ArticleChange::New(_));
        let is_revision = matches!(write.article, ArticleChange::Revision { .. });
        if write.outcome.is_some_and(Outcome::is_article) {
            write.etag = first.etag;
            write.last_modified = first.last_modified;
            if let Some(rest) = rest {
                self.report.unfinished += 1;
                let note = format!("{GOES_ON} {rest}, a page that is not in what was ingested");
                write.reason.get_or_insert(note);
            }
        }
        if is_new || is_revision {
            write.body = Some(first.body).filter(|_| write.further.iter().all(|f| !f.whole));
            self.touched.insert(place.site.clone());
        } else {
            // Bytes are kept with a version that is made of them.
            write.further.iter_mut().for_each(|f| f.body = None);
        }
        write.fetch = Some(first.fetch);
        self.report.new_articles += u64::from(is_new);
        self.report.revised += u64::from(is_revision);
        self.report.further += write.further.len() as u64;
        if let Some(outcome) = write.outcome {
            *self.report.outcomes.entry(outcome).or_default() += 1;
        }
        self.handle.block_on(self.writer.record_page(write))?;
        Ok(())
    }

    /// Whether the story that begins on a page lacks the page it goes on with, which may have come by now.
    pub(super) fn is_unfinished(&self, url: &Url) -> Result<bool, StoreError> {
        let page = self.reader.page(address::canonical(url.clone()).as_str())?;
        Ok(page
            .and_then(|p| p.reason)
            .is_some_and(|r| r.starts_with(GOES_ON)))
    }

    /// Whether an address is the place's, whatever its archive says.
    fn is_of(&self, place: &Place, url: &Url) -> bool {
        match self.rulebook.sites().for_url(url) {
            Some(site) => site.id == place.site,
            None => url.host_str().map(address::bare_host) == Some(&place.site),
        }
    }

    /// When the story at an address was last seen as it is stored.
    fn last_seen(&self, url: &str) -> Result<Option<Timestamp>, StoreError> {
        let Some(stored) = self.reader.article_by_url(url)? else {
            return Ok(None);
        };
        // A look that found no story says nothing of the text.
        let page = self
            .reader
            .page(url)?
            .filter(|p| p.outcome.is_some_and(Outcome::is_article));
        Ok(page.and_then(|p| p.last_fetched_at).max(Some(stored.fetched_at)))
    }
}
