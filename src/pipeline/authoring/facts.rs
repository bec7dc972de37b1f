//! What pages say of their site: its name, hosts, language, country, feeds, the form of its addresses.
//! Only what is certain is taken.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::address::bare_host;
use crate::discover::{self, ListingKind};
use crate::dom::{Dom, Selector};
use crate::extract::Extraction;
use crate::extract::meta::JsonLd;
use crate::sites::Draft;
use crate::text;

use super::Leaf;

/// Most feeds that are written down.
const MAX_FEEDS: usize = 5;
/// Pages from which on a common beginning of their paths is no accident.
const PAGES_FOR_A_PATTERN: usize = 3;
/// Longest name of a paper, in characters.
const MAX_NAME_CHARS: usize = 60;

/// Countries by their top-level domain, with the zone where there is one only. Domains that are used for
/// their sound (tv, io, co, me …) say nothing.
const COUNTRIES: &[(&str, &str, &str)] = &[
    ("ae", "ae", "Asia/Dubai"),
    ("ar", "ar", "America/Argentina/Buenos_Aires"),
    ("at", "at", "Europe/Vienna"),
    ("au", "au", ""),
    ("be", "be", "Europe/Brussels"),
    ("bg", "bg", "Europe/Sofia"),
    ("br", "br", ""),
    ("ca", "ca", ""),
    ("ch", "ch", "Europe/Zurich"),
    ("cl", "cl", ""),
    ("cn", "cn", "Asia/Shanghai"),
    ("cz", "cz", "Europe/Prague"),
    ("de", "de", "Europe/Berlin"),
    ("dk", "dk", "Europe/Copenhagen"),
    ("ee", "ee", "Europe/Tallinn"),
    ("eg", "eg", "Africa/Cairo"),
    ("es", "es", ""),
    ("fi", "fi", "Europe/Helsinki"),
    ("fr", "fr", "Europe/Paris"),
    ("gr", "gr", "Europe/Athens"),
    ("hr", "hr", "Europe/Zagreb"),
    ("hu", "hu", "Europe/Budapest"),
    ("id", "id", ""),
    ("ie", "ie", "Europe/Dublin"),
    ("il", "il", "Asia/Jerusalem"),
    ("in", "in", "Asia/Kolkata"),
    ("is", "is", "Atlantic/Reykjavik"),
    ("it", "it", "Europe/Rome"),
    ("jp", "jp", "Asia/Tokyo"),
    ("ke", "ke", "Africa/Nairobi"),
    ("kr", "kr", "Asia/Seoul"),
    ("lt", "lt", "Europe/Vilnius"),
    ("lu", "lu", "Europe/Luxembourg"),
    ("lv", "lv", "Europe/Riga"),
    ("mx", "mx", ""),
    ("na", "na", "Africa/Windhoek"),
    ("ng", "ng", "Africa/Lagos"),
    ("nl", "nl", "Europe/Amsterdam"),
    ("no", "no", "Europe/Oslo"),
    ("nz", "nz", ""),
    ("pk", "pk", "Asia/Karachi"),
    ("pl", "pl", "Europe/Warsaw"),
    ("pt", "pt", ""),
    ("ro", "ro", "Europe/Bucharest"),
    ("rs", "rs", "Europe/Belgrade"),
    ("ru", "ru", ""),
    ("se", "se", "Europe/Stockholm"),
    ("sg", "sg", "Asia/Singapore"),
    ("si", "si", "Europe/Ljubljana"),
    ("sk", "sk", "Europe/Bratislava"),
    ("tr", "tr", "Europe/Istanbul"),
    ("tw", "tw", "Asia/Taipei"),
    ("ua", "ua", "Europe/Kyiv"),
    ("uk", "gb", "Europe/London"),
    ("vn", "vn", "Asia/Ho_Chi_Minh"),
    ("za", "za", "Africa/Johannesburg"),
];

/// What is known of the site.
pub(super) struct Facts {
    pub(super) name: String,
    named: bool,
    hosts: Vec<String>,
    country: Option<&'static str>,
    language: Option<String>,
    timezone: Option<&'static str>,
    feeds: Vec<String>,
    sitemaps: Vec<String>,
    include: Option<String>,
}

/// Gathers what the pages say.
pub(super) fn gather(leaves: &[Leaf<'_>], sitemaps: &[Url]) -> Facts {
    let mut hosts: Vec<String> = Vec::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut languages: BTreeSet<Option<&str>> = BTreeSet::new();
    let mut feeds: Vec<String> = Vec::new();
    for leaf in leaves {
        let host = bare_host(leaf.url.host_str().unwrap_or_default()).to_owned();
        if !hosts.contains(&host) {
            hosts.push(host);
        }
        let meta = &leaf.generic.article.meta;
        // A language guessed from the text is guessed again from each.
        let told = meta
            .fields
            .iter()
            .any(|f| f.field == "language" && f.source != "text");
        languages.insert(meta.language.as_deref().filter(|_| told));
        if let Ok(dom) = Dom::parse(&leaf.html)
            && let Some(name) = name_of(&dom)
        {
            *names.entry(name).or_default() += 1;
        }
        let section = discover::read(ListingKind::Section, &leaf.html, leaf.url);
        for feed in section.map(|l| l.feeds).unwrap_or_default() {
            if is_of_the_site(&feed, leaf.url) && !feeds.contains(&feed.to_string()) {
                feeds.push(feed.into());
            }
        }
    }
    feeds.truncate(MAX_FEEDS);
    let top = hosts.iter().map(|h| h.rsplit('.').next().unwrap_or_default());
    let countries: BTreeSet<Option<usize>> = top
        .map(|top| COUNTRIES.iter().position(|(tld, ..)| *tld == top))
        .collect();
    let country = match countries.first() {
        Some(Some(at)) if countries.len() == 1 => Some(COUNTRIES[*at]),
        _ => None,
    };
    let name = names.into_iter().max_by_key(|(_, n)| *n).map(|(name, _)| name);
    let language = match languages.first() {
        Some(Some(language)) if languages.len() == 1 => Some((*language).to_owned()),
        _ => None,
    };
    Facts {
        named: name.is_some(),
        name: name.unwrap_or_else(|| hosts.first().cloned().unwrap_or_default()),
        country: country.map(|(_, code, _)| code),
        timezone: country.map(|(.., zone)| zone).filter(|zone| !zone.is_empty()),
        language,
        include: include(leaves),
        feeds,
        sitemaps: sitemaps.iter().map(Url::to_string).collect(),
        hosts,
    }
}

impl Facts {
    /// Writes the top of the file, up to `[discover]`.
    pub(super) fn write(&self, draft: &mut Draft) {
        if !self.named {
            draft.unsure_of("no page tells the paper's name");
        }
        draft.key("name", &self.name);
        draft.list("hosts", &self.hosts);
        for (key, value) in [
            ("country", self.country),
            ("language", self.language.as_deref()),
            ("timezone", self.timezone),
        ] {
            if let Some(value) = value {
                draft.key(key, value);
            }
        }
        if self.feeds.is_empty() && self.include.is_none() && self.sitemaps.is_empty() {
            return;
        }
        draft.table("[discover]");
        for sitemap in &self.sitemaps {
            draft.comment(&format!(
                "robots.txt names this sitemap, so it is read too: {sitemap}"
            ));
        }
        draft.list("feeds", &self.feeds);
        if let Some(include) = &self.include {
            draft.unsure_of(
                "all pages given have this form of address; stories of another form would be passed over",
            );
            draft.list("include", std::slice::from_ref(include));
        }
    }
}

fn name_of(dom: &Dom) -> Option<String> {
    let meta = Selector::known("meta[property='og:site_name'], meta[name='og:site_name']");
    let declared = dom.first(&meta).and_then(|e| e.attr("content"));
    let published = || JsonLd::parse(dom).get("publisher.name").into_iter().next();
    let name = text::fold(&text::unescape_twice(
        &declared.map(str::to_owned).or_else(published)?,
    ));
    (!name.is_empty() && name.chars().count() <= MAX_NAME_CHARS && !name.contains("://")).then_some(name)
}

/// Whether a feed lists the site's stories, and not the comments on one.
fn is_of_the_site(feed: &Url, page: &Url) -> bool {
    let path = feed.path().to_ascii_lowercase();
    let own = page.path().trim_end_matches('/');
    let of_page = own.len() > 1 && feed.path().starts_with(own);
    let host = |u: &Url| {
        let labels: Vec<&str> = u.host_str().unwrap_or_default().rsplit('.').take(2).collect();
        labels.join(".")
    };
    !of_page
        && !path.contains("comment")
        && !path.contains("oembed")
        && !path.contains("wp-json")
        && host(feed) == host(page)
}

/// What the addresses have in common, where that is certain: a date, or a first segment on three pages.
fn include(leaves: &[Leaf<'_>]) -> Option<String> {
    let paths: Vec<Vec<&str>> = leaves
        .iter()
        .map(|l| l.url.path().trim_matches('/').split('/').collect())
        .collect();
    let distinct: BTreeSet<&Vec<&str>> = paths.iter().collect();
    let first = paths.first()?;
    let is_year = |s: &str| s.len() == 4 && s.starts_with("20") && s.bytes().all(|b| b.is_ascii_digit());
    let is_month = |s: &str| (1..=3).contains(&s.len());
    if distinct.len() > 1
        && let Some(at) = first.iter().position(|s| is_year(s))
        && first.len() > at + 2
    {
        let same = |p: &Vec<&str>| p.len() > at + 2 && is_year(p[at]) && is_month(p[at + 1]);
        if paths.iter().all(same) {
            return Some(format!("{}/20*/*", "/*".repeat(at)));
        }
    }
    let shared = paths.iter().all(|p| p.len() > 1 && p[0] == first[0]);
    let word = first[0].chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    let kind = [
        "article", "articles", "news", "story", "stories", "entry", "nyheter", "artikel",
    ];
    (shared && word && distinct.len() >= PAGES_FOR_A_PATTERN && kind.contains(&first[0]))
        .then(|| format!("/{}/*", first[0]))
}

/// Fields that some page has no value for.
pub(super) fn wanting<'a>(extractions: impl Iterator<Item = &'a Extraction>) -> Vec<&'static str> {
    let extractions: Vec<&Extraction> = extractions.collect();
    ["title", "authors", "published"]
        .into_iter()
        .filter(|field| !extractions.iter().all(|e| has(e, field)))
        .collect()
}

/// Whether the page gave a value for a field.
pub(super) fn has(extraction: &Extraction, field: &str) -> bool {
    let meta = &extraction.article.meta;
    match field {
        "title" => meta.title.is_some(),
        "authors" => !meta.authors.is_empty() && meta.authors.iter().all(|a| a.split(' ').count() <= 6),
        _ => meta.published.is_some(),
    }
}

/// Where a field's value often stands.
pub(super) fn sources(field: &str) -> &'static [&'static str] {
    match field {
        "title" => &["h1", "h2"],
        "authors" => &[
            "[rel='author']",
            "[itemprop='author']",
            ".byline a",
            ".author a",
            ".byline",
            ".author",
            ".autor",
        ],
        _ => &[
            "time@datetime",
            "[itemprop='datePublished']@content",
            "time",
            ".date",
            ".published",
            ".datum",
        ],
    }
}
