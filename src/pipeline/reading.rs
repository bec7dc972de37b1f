//! From bytes to an extraction: sniff, decode, choose the rules, extract. Crawl, `extract` and
//! `explain` all read a page here, so they can never disagree; `sites check` takes the same steps in
//! `trial`, to tell more.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use url::Url;

use crate::address;
use crate::decode::{self, Decoded};
use crate::dom::{Dom, Selector};
use crate::extract::{self, Extraction, Memory, Page, RuleSet};
use crate::outcome::Outcome;
use crate::sites::rule::Site;
use crate::sites::{Sites, SitesError};

/// The rule files, with each site's rules made ready at first use.
pub struct Rulebook {
    sites: Sites,
    generic: Arc<RuleSet>,
    ready: Mutex<HashMap<String, Arc<RuleSet>>>,
}

impl Rulebook {
    /// Takes the loaded rule files.
    pub fn new(sites: Sites) -> Self {
        let generic = Arc::new(RuleSet::new(None, sites.common()));
        Self {
            sites,
            generic,
            ready: Mutex::default(),
        }
    }

    /// The rule files.
    pub fn sites(&self) -> &Sites {
        &self.sites
    }

    /// The common rules alone.
    pub fn generic(&self) -> Arc<RuleSet> {
        self.generic.clone()
    }

    /// The rules of a site, by id or host.
    ///
    /// # Errors
    /// When there is no such site.
    pub fn named(&self, name: &str) -> Result<Arc<RuleSet>, SitesError> {
        Ok(self.of(&self.sites.resolve(name)?))
    }

    /// The rules that hold for an address: its site's, or the common ones.
    pub fn for_url(&self, url: &Url) -> Arc<RuleSet> {
        self.sites
            .for_url(url)
            .map_or_else(|| self.generic(), |site| self.of(&site))
    }

    /// Whether an address is a site's, and not another's that names its host more exactly.
    pub fn owns(&self, site: &str, url: &Url) -> bool {
        self.sites.for_url(url).is_some_and(|owner| owner.id == site)
    }

    fn of(&self, site: &Arc<Site>) -> Arc<RuleSet> {
        let mut ready = self
            .ready
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        ready
            .entry(site.id.clone())
            .or_insert_with(|| Arc::new(RuleSet::new(Some(site.clone()), self.sites.common())))
            .clone()
    }
}

/// Which rules read a page.
#[derive(Clone, Default)]
pub enum Choice {
    /// Those of the page's address.
    #[default]
    ByAddress,
    /// These, whatever the address.
    Named(Arc<RuleSet>),
}

/// A page's bytes, and what is known of them.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The body as fetched.
    pub bytes: &'a [u8],
    /// The Content-Type header.
    pub content_type: Option<&'a str>,
    /// The page's address.
    pub url: Option<&'a Url>,
}

/// A page read.
pub struct Reading {
    /// What became of it.
    pub outcome: Outcome,
    /// Why it is no article.
    pub reason: Option<String>,
    /// The rules it was read by.
    pub rules: Arc<RuleSet>,
    /// The address the rules were chosen by.
    pub url: Option<Url>,
    /// How its text was decoded; none for what is not HTML.
    pub charset: Option<(&'static str, &'static str)>,
    /// The extraction, for a page that could be parsed.
    pub extraction: Option<Extraction>,
}

/// Reads a page. Never fails: what cannot be read is an outcome with a reason.
pub fn read(source: Source<'_>, rulebook: &Rulebook, choice: &Choice, memory: Option<&Memory>) -> Reading {
    // A fault of ours on one strange page must not end a crawl of thousands.
    let read = AssertUnwindSafe(|| read_unguarded(source, rulebook, choice, memory));
    catch_unwind(read).unwrap_or_else(|_| {
        let reason = "the reader failed on this page".to_owned();
        unread(source, rulebook, Outcome::Failed, reason)
    })
}

fn unread(source: Source<'_>, rulebook: &Rulebook, outcome: Outcome, reason: String) -> Reading {
    Reading {
        outcome,
        reason: Some(reason),
        rules: rulebook.generic(),
        url: source.url.cloned(),
        charset: None,
        extraction: None,
    }
}

fn read_unguarded(
    source: Source<'_>,
    rulebook: &Rulebook,
    choice: &Choice,
    memory: Option<&Memory>,
) -> Reading {
    let unread = |outcome, reason| unread(source, rulebook, outcome, reason);
    let kind = decode::kind(source.bytes, source.content_type);
    if kind != decode::Kind::Html {
        return unread(Outcome::NotHtml, format!("the body is {}", kind.as_str()));
    }
    let host = source.url.and_then(Url::host_str);
    let Decoded {
        text,
        charset,
        source: charset_source,
        ..
    } = decode::decode(source.bytes, source.content_type, host);
    let url = source.url.cloned().or_else(|| own_address(&text));
    let rules = match (choice, &url) {
        (Choice::Named(rules), _) => rules.clone(),
        (Choice::ByAddress, Some(url)) => rulebook.for_url(url),
        (Choice::ByAddress, None) => rulebook.generic(),
    };
    let page = Page {
        html: &text,
        url: url.as_ref(),
    };
    let charset = Some((charset, charset_source.as_str()));
    match extract::extract(page, &rules, memory) {
        Ok(extraction) => Reading {
            outcome: extraction.outcome,
            reason: extraction.reason.clone(),
            rules,
            url,
            charset,
            extraction: Some(extraction),
        },
        Err(limit) => Reading {
            charset,
            rules,
            ..unread(Outcome::TooLarge, limit.to_string())
        },
    }
}

/// What a page calls its own address: `rel=canonical`, else `og:url`.
fn own_address(html: &str) -> Option<Url> {
    let dom = Dom::parse_without_code(html).ok()?;
    let canonical = Selector::known("link[rel=canonical]");
    let og = Selector::known("meta[property='og:url']");
    dom.first(&canonical)
        .and_then(|e| e.attr("href"))
        .into_iter()
        .chain(dom.first(&og).and_then(|e| e.attr("content")))
        .find_map(|href| address::parse(href).ok())
}
