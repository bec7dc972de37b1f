//! When it was published and changed: the order in which a page's dates are asked. Reading one
//! date is `dates`' business.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use regex::Regex;

use super::collect::{Found, prop_value};
use super::dates::{FoundDate, Zone, find_date};
use super::json_ld::JsonLd;
use super::months::DATE_LABELS;
use super::near::{Near, labelled, names_with};

/// Metas with the date of publication, the surest first.
const PUBLISHED: &[&str] = &[
    "article:published_time",
    "og:article:published_time",
    "http://ogp.me/ns/article#published_time",
    "og:published_time",
    "article:published",
    "article:published:time",
    "article.published",
    "datepublished",
    "parsely-pub-date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "date.available",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "published_at",
    "publication_date",
    "citation_publication_date",
    "prism.publicationdate",
    "release_date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date",
    "date",
    "sailthru.date",
    "published",
    "ya:ovs:upload_date",
];
/// Metas with the date of the last change.
const MODIFIED: &[&str] = &[
    "article:modified_time",
    "og:article:modified_time",
    "http://ogp.me/ns/article#modified_time",
    "article:modified",
    "article:modified:time",
    "article.updated",
    "datemodified",
    "og:updated_time",
    "date.modified",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
];
/// Parts of class names that mark a date.
static DATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?i)date|time|publish|datum|fecha|stamp|pubinfo|meta-info|lineinfo|tarih")
        .expect("a pattern of the program's own, run by its tests")
});
/// Most elements in a line that nothing marks as a date.
const MAX_PARTS: usize = 3;
/// Longest text that is still a date line, in characters.
const MAX_DATE_LINE_CHARS: usize = 120;
/// Longest line that is taken for a date without a class that says so, in characters.
const MAX_PLAIN_CHARS: usize = 60;

/// A date, the string it was read from, and its source.
pub(super) struct Dated {
    pub(super) date: FoundDate,
    pub(super) raw: String,
    pub(super) source: String,
}

/// What the default chain reads dates with.
pub(super) struct Sources<'s, 'a> {
    pub(super) found: &'s Found<'a>,
    pub(super) ld: &'s JsonLd,
    pub(super) timezone: Option<&'s TimeZone>,
    pub(super) language: Option<&'s str>,
    pub(super) near: &'s Near<'a>,
    pub(super) path: Option<&'s str>,
}

impl Sources<'_, '_> {
    /// Publication. The first source that yields wins; where it gives only a day, or a time without
    /// a zone, a later source that says the same in full takes its place.
    pub(super) fn published(&self) -> Option<Dated> {
        let mut best: Option<Dated> = None;
        let stated = self
            .by_ld("datePublished")
            .chain(self.by_props("datePublished"))
            .chain(self.by_metas(PUBLISHED))
            .chain(self.by_ld("dateCreated"))
            .chain(self.by_ld("uploadDate"))
            .chain(self.by_times());
        for next in stated {
            match &best {
                None if next.date.zone == Zone::Stated => return Some(next),
                None => best = Some(next),
                Some(first) if completes(&next.date, &first.date) => {
                    let zone = next.date.zone;
                    best = Some(next);
                    if zone == Zone::Stated {
                        break;
                    }
                }
                Some(_) => {}
            }
        }
        best.or_else(|| self.by_page())
            .or_else(|| {
                let (row, raw) = labelled(self.found.root, DATE_LABELS)?;
                self.read(raw, format!("html:{}", row.path()))
            })
            .or_else(|| self.by_path())
    }

    /// The last change.
    pub(super) fn modified(&self) -> Option<Dated> {
        self.by_ld("dateModified")
            .chain(self.by_props("dateModified"))
            .chain(self.by_metas(MODIFIED))
            .next()
    }

    fn read(&self, raw: String, source: String) -> Option<Dated> {
        let date = find_date(&raw, self.timezone, self.language)?;
        Some(Dated { date, raw, source })
    }

    fn by_ld<'s>(&'s self, property: &'s str) -> impl Iterator<Item = Dated> + 's {
        self.ld
            .get(property)
            .into_iter()
            .filter_map(move |raw| self.read(raw, format!("json-ld:{property}")))
    }

    fn by_props<'s>(&'s self, property: &'s str) -> impl Iterator<Item = Dated> + 's {
        self.found
            .story_props(property)
            .filter_map(prop_value)
            .filter_map(move |raw| self.read(raw, format!("microdata:{property}")))
    }

    fn by_metas<'s>(&'s self, keys: &'s [&'s str]) -> impl Iterator<Item = Dated> + 's {
        keys.iter().flat_map(move |key| {
            self.found.meta(key).filter_map(move |raw| {
                let kind = if key.starts_with("og:") { "og" } else { "meta" };
                self.read(raw, format!("{kind}:{}", key.trim_start_matches("og:")))
            })
        })
    }

    /// The first `<time>` after the headline that is not a teaser's.
    fn by_times(&self) -> impl Iterator<Item = Dated> + '_ {
        self.found
            .times
            .iter()
            .filter(|t| self.near.has(**t))
            .filter_map(|t| {
                let raw = t.attr("datetime").map(str::to_owned).unwrap_or_else(|| t.text());
                self.read(raw, "html:time".to_owned())
                    .or_else(|| self.read(t.text(), "html:time".to_owned()))
            })
            .take(1)
    }

    /// A short line near the headline whose class says it is a date, else the first such line that
    /// says hardly anything else.
    fn by_page(&self) -> Option<Dated> {
        let mut plain = None;
        for line in self.near.lines.iter().filter(|l| !l.beside) {
            let element = line.element;
            let classed = names_with(element, &DATED).next().is_some();
            if !classed && (plain.is_some() || element.child_elements().nth(MAX_PARTS).is_some()) {
                continue;
            }
            let most = if classed {
                MAX_DATE_LINE_CHARS
            } else {
                MAX_PLAIN_CHARS
            };
            let Some(text) = line.text().filter(|t| t.chars().count() <= most) else {
                continue;
            };
            let Some(found) = self.read(text.to_owned(), format!("html:{}", element.path())) else {
                continue;
            };
            if classed {
                return Some(found);
            }
            plain = Some(found);
        }
        plain
    }

    /// `/2023/04/28/`: the last resort, for a URL's numbers are often something else.
    fn by_path(&self) -> Option<Dated> {
        let parts: Vec<&str> = self.path?.split('/').collect();
        parts.windows(3).find_map(|w| {
            let sized = w[0].len() == 4 && w[1].len() == 2 && w[2].len() == 2;
            let digits = w.iter().all(|p| p.bytes().all(|b| b.is_ascii_digit()));
            (sized && digits)
                .then(|| self.read(w.join("-"), "url".to_owned()))
                .flatten()
        })
    }
}

/// Whether `next` says what `first` says, and more: the time of its day, or its zone.
fn completes(next: &FoundDate, first: &FoundDate) -> bool {
    match (first.zone, next.zone) {
        (Zone::Day, Zone::Day) => false,
        (Zone::Day, _) => next
            .local
            .map_or(next.day() == first.day(), |l| l.date().to_string() == first.day()),
        (_, Zone::Stated) => match (first.local, next.local) {
            (Some(a), Some(b)) => a.date() == b.date() && a.hour() == b.hour() && a.minute() == b.minute(),
            _ => false,
        },
        _ => false,
    }
}
