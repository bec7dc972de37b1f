//! What a page that came means for the archive: a new story, a revision, the same as before, or
//! another address of a story that is stored. Owns this question; DESIGN §5 has the rule.

use std::sync::Arc;

use url::Url;

use crate::address;
use crate::article::Article;
use crate::extract::{Memory, RuleSet};
use crate::likeness;
use crate::outcome::Outcome;
use crate::sites::rule::Site;
use crate::store::{ArticleChange, ArticleWrite, Provenance, Reader, StoreError, StoredArticle, sha256_hex};
use crate::text;

use super::crawl::{CrawlError, Desk};
use super::reading::{self, Choice, Reading, Rulebook, Source};
use super::reread::{self, Reread};

/// Share of the shorter text's runs of words from which two tellings on one site are one story. A few
/// corrected words leave more, another day's weather or lottery numbers less.
const ONE_STORY: f64 = 0.8;
/// Words from which two equal texts of one moment are one story, whatever their titles.
const TELLING_WORDS: usize = 50;

/// A story that came, gathered from its pages.
pub(super) struct Told {
    /// As today's rules and memory read it.
    pub(super) reading: Reading,
    /// Hashes of the pages it was read from, in order.
    pub(super) sources: Vec<String>,
    /// Its address, canonical.
    pub(super) url: String,
    /// The article that the queued address told last time, where it now leads elsewhere, or that one
    /// of the story's further pages told when it was met alone.
    pub(super) moved: Option<i64>,
    /// Whether it goes on on a page that was not to be had.
    pub(super) is_beginning: bool,
}

/// What it means.
pub(super) struct Judgement {
    pub(super) outcome: Outcome,
    pub(super) reason: Option<String>,
    pub(super) change: ArticleChange,
    /// The article as read, where it is one.
    pub(super) article: Option<Article>,
}

/// Whether the bytes that came are those of the stored article at this address, which then needs no
/// reading.
pub(super) fn is_as_stored(reader: &Reader, url: &str, sha256: &str) -> Result<Option<i64>, StoreError> {
    let stored = reader.article_by_url(url)?;
    Ok(stored.filter(|s| s.html_sha256 == sha256).map(|s| s.id))
}

/// By what, and beside which archive, pages are judged.
pub(super) struct Bench<'a> {
    pub(super) rulebook: &'a Rulebook,
    pub(super) rules: Arc<RuleSet>,
    pub(super) memory: Option<&'a Memory>,
    pub(super) reader: &'a Reader,
    /// The site's id, or the host where no rule file knows it.
    pub(super) site: &'a str,
}

/// Judges a story that a crawl gathered.
pub(super) fn judge(desk: &Desk, site: &Site, told: Told) -> Result<Judgement, CrawlError> {
    let memory = desk.memory();
    let bench = Bench {
        rulebook: &desk.rulebook,
        rules: rules(desk, site)?,
        memory: memory.as_deref(),
        reader: &*desk.reader()?,
        site: &site.id,
    };
    Ok(bench.judge(told)?)
}

impl Bench<'_> {
    /// Judges a story.
    pub(super) fn judge(&self, told: Told) -> Result<Judgement, StoreError> {
        let Told { reading, url, .. } = &told;
        let outcome = reading.outcome;
        let reason = reading.reason.clone();
        let Some(extraction) = &reading.extraction else {
            return Ok(Judgement::none(outcome, reason));
        };
        if !extraction.outcome.is_article() {
            return Ok(Judgement::none(outcome, reason));
        }
        let article = extraction.article.clone();
        let reader = self.reader;
        let stored = match reader.article_by_url(url)? {
            Some(stored) => Some(stored),
            None => moved(reader, told.moved, &article)?,
        };
        if let Some(stored) = &stored
            && self.is_the_same(stored, &told, &article)?
        {
            return Ok(Judgement {
                outcome: Outcome::Unchanged,
                reason: None,
                change: ArticleChange::Known {
                    article_id: stored.id,
                },
                article: Some(article),
            });
        }
        // Of a story that was had whole, its beginning is no correction.
        if let Some(stored) = &stored
            && (outcome == Outcome::PaywallTeaser || told.is_beginning)
            && text::word_count(&stored.text) > text::word_count(&article.text())
            && is_one_story(stored, &article)
        {
            return Ok(Judgement {
                outcome: match outcome {
                    Outcome::PaywallTeaser => outcome,
                    _ => Outcome::Unchanged,
                },
                reason: reason.or_else(|| told.is_beginning.then(|| "only its beginning came".to_owned())),
                change: ArticleChange::Known {
                    article_id: stored.id,
                },
                article: Some(article),
            });
        }
        if stored.is_none()
            && let Some(known) = self.known_elsewhere(url, &article)?
        {
            return Ok(Judgement {
                outcome: Outcome::Duplicate,
                reason: Some(format!("another address of {}", known.url)),
                change: ArticleChange::Known { article_id: known.id },
                article: None,
            });
        }
        let write = Box::new(ArticleWrite {
            site: self.site.to_owned(),
            article: article.clone(),
            provenance: Provenance {
                rule_file: reading.rules.site().map(|s| s.file.clone()),
                rule_sha256: reading.rules.sha256().to_owned(),
                memory_sha256: self.memory.and_then(Memory::sha256),
                program_version: env!("CARGO_PKG_VERSION").to_owned(),
            },
        });
        let change = match stored {
            None => ArticleChange::New(write),
            Some(stored) => ArticleChange::Revision {
                article_id: stored.id,
                from_version: stored.version,
                article: write,
            },
        };
        Ok(Judgement {
            outcome,
            reason,
            change,
            article: Some(article),
        })
    }

    /// Whether an address is the site's.
    fn owns(&self, url: &Url) -> bool {
        match self.rules.site() {
            Some(site) => site.owns(url),
            None => url.host_str().map(address::bare_host) == Some(self.site),
        }
    }

    /// A stored article of the site that this is another address of: the page or the article calls the
    /// other's address canonical, or two of text, title and moment of publication are equal. An address
    /// alone proves nothing (some sites call a section canonical), nor does a text (stories behind a
    /// wall share the wall's), so what is called canonical or titled alike must read alike too.
    fn known_elsewhere(&self, url: &str, article: &Article) -> Result<Option<StoredArticle>, StoreError> {
        let reader = self.reader;
        let canonical = article.meta.canonical_url.as_deref();
        let own = canonical.filter(|c| Url::parse(c).is_ok_and(|c| self.owns(&c) && !is_front_page(&c)));
        let urls: Vec<&str> = own.into_iter().chain([url]).collect();
        let named = reader.articles_known_as(self.site, &urls)?;
        if let Some(known) = named.into_iter().find(|known| is_one_story(known, article)) {
            return Ok(Some(known));
        }
        let text = article.text();
        let title = article.meta.title.as_deref();
        // A day alone is shared by too many: "Weather", every morning.
        let moment = article.meta.published.as_deref().filter(|p| p.contains('T'));
        let telling = moment.filter(|_| text::word_count(&text) >= TELLING_WORDS);
        let equal = reader.article_by_text(self.site, &sha256_hex(text.as_bytes()), title, telling)?;
        if equal.is_some() {
            return Ok(equal);
        }
        let (Some(title), Some(published)) = (title, moment) else {
            return Ok(None);
        };
        let titled = reader.articles_titled(self.site, title, published)?;
        Ok(titled.into_iter().find(|known| is_one_story(known, article)))
    }

    /// Whether the stored pages and those that came, both read by today's rules, tell the same: then a
    /// changed appeal, rule or binary never looks like a correction.
    fn is_the_same(
        &self,
        stored: &StoredArticle,
        told: &Told,
        article: &Article,
    ) -> Result<bool, StoreError> {
        let sources = self.reader.source_pages(stored.id)?;
        if sources.iter().map(|s| &s.html_sha256).eq(&told.sources) {
            return Ok(true);
        }
        let same = |title: &Option<String>, subtitle: &Option<String>, text: &str| {
            *title == article.meta.title && *subtitle == article.meta.subtitle && *text == article.text()
        };
        let before = match self.reread(stored)? {
            Some(reading) => reading.extraction.map(|e| e.article),
            // Its page was pruned: its text as it was read then is all there is to compare with.
            None => return Ok(same(&stored.title, &stored.subtitle, &stored.text)),
        };
        Ok(before.is_some_and(|b| same(&b.meta.title, &b.meta.subtitle, &b.text())))
    }

    /// A stored article, read again by today's rules and memory from the pages it was made of. None
    /// where these are damaged or gone.
    fn reread(&self, stored: &StoredArticle) -> Result<Option<Reading>, StoreError> {
        let rules = Choice::Named(self.rules.clone());
        let read = |source: Source<'_>| reading::read(source, self.rulebook, &rules, self.memory);
        Ok(match reread::reread(self.reader, stored.id, read)? {
            Reread::Told(reading) => Some(*reading),
            Reread::Gone(_) => None,
            Reread::Damaged(detail) => {
                tracing::warn!(
                    "{}: the stored body is damaged ({detail}); the new one is compared with the stored text",
                    stored.url
                );
                None
            }
        })
    }
}

impl Judgement {
    fn none(outcome: Outcome, reason: Option<String>) -> Self {
        Self {
            outcome,
            reason,
            change: ArticleChange::None,
            article: None,
        }
    }
}

/// The article whose address led here: its slug has changed, unless what stands here is another
/// story.
fn moved(
    reader: &Reader,
    article_id: Option<i64>,
    article: &Article,
) -> Result<Option<StoredArticle>, StoreError> {
    let Some(id) = article_id else { return Ok(None) };
    let stored = reader.article(id)?;
    Ok(stored.filter(|stored| is_one_story(stored, article)))
}

/// Whether an address is a host's front page, which some sites call the canonical address of every story.
fn is_front_page(url: &Url) -> bool {
    url.path() == "/" && url.query().is_none()
}

fn is_one_story(stored: &StoredArticle, article: &Article) -> bool {
    likeness::containment(&stored.text, &article.text()) >= ONE_STORY
}

/// Reads a page by the site's rules and memory.
pub(super) fn read(
    desk: &Desk,
    site: &Site,
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
) -> Result<Reading, CrawlError> {
    let rules = rules(desk, site)?;
    let source = Source {
        bytes,
        content_type,
        url: Some(url),
    };
    let memory = desk.memory();
    Ok(reading::read(
        source,
        &desk.rulebook,
        &Choice::Named(rules),
        memory.as_deref(),
    ))
}

fn rules(desk: &Desk, site: &Site) -> Result<Arc<RuleSet>, CrawlError> {
    desk.rulebook
        .named(&site.id)
        .map_err(|_| CrawlError::Internal("a site without rules"))
}
