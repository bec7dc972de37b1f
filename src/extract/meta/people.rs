//! Who wrote it: the order in which a page's bylines are asked, and the byline as readers see it.
//! Parting a byline into names is `authors`' business.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::authors::{has_lead, push_once, split};
use super::collect::{Found, prop_value};
use super::json_ld::JsonLd;
use super::names::{AUTHOR_LABELS, WRITTEN_BY};
use super::near::{Line, Near, labelled, names_with};
use super::title::SiteNames;
use crate::dom::Element;
use crate::text::{fold, unescape_twice};

/// Longest text that is still a byline, in characters.
const MAX_BYLINE_CHARS: usize = 160;

/// Metas that name authors, the surest first; each is in use by a content system or an analytics
/// service of news sites.
const METAS: &[&str] = &[
    "author",
    "article:author",
    "article:author_name",
    "og:article:author",
    "og:author",
    "articleauthor",
    "twitter:misc:written by",
    "byl",
    "article:byline",
    "sailthru.author",
    "parsely-author",
    "dable:author",
    "cxenseparse:author",
    "dcsext.author",
    "lp.article:author",
    "citation_author",
    "dc.creator",
    "dcterms.creator",
    "dc.contributor",
];
/// Of these the form is `Doe, Jane`, one meta for each author (Dublin Core, Highwire Press).
const INVERTED: &[&str] = &[
    "citation_author",
    "dc.creator",
    "dcterms.creator",
    "dc.contributor",
];

/// Parts of class names, ids and test ids that mark a byline.
static BYLINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?i)byline|author|autor|auteur|verfasser|forfatter|penulis|reporter")
        .expect("a pattern of the program's own, run by its tests")
});
/// Parts that say it is something else, or the byline's furniture.
static NOT_BYLINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        "(?i)bio|avatar|image|img|photo|picture|social|follow|comment|mail|twitter|date|time|credit|caption|quote|job\
         |role|title|function|description|share|related|media",
    )
    .expect("a pattern of the program's own, run by its tests")
});
/// Most words of a name that only its place on the page marks as one.
const MAX_NAME_WORDS: usize = 7;
/// Most elements in a line that only its words mark as a byline.
const MAX_PARTS: usize = 4;
/// Most words of such a line.
const MAX_LED_WORDS: usize = 12;

/// Authors and where they were found.
#[derive(Default)]
pub(super) struct People {
    pub(super) names: Vec<String>,
    /// Each byline as found, with its source.
    pub(super) found: Vec<(String, String)>,
}

impl People {
    fn add(&mut self, raw: &str, source: String, names: Vec<String>) {
        if names.is_empty() {
            return;
        }
        for name in names {
            push_once(&mut self.names, name);
        }
        self.found.push((fold(raw), source));
    }

    /// Without the site's own names; empty when it names no one else.
    fn others(mut self, site: &SiteNames) -> Self {
        self.names.retain(|n| !site.is_one(n) && !is_desk(n, site));
        if self.names.is_empty() {
            self.found.clear();
        }
        self
    }
}

/// `MDR THÜRINGEN`: the site's abbreviation, and which part of it.
fn is_desk(name: &str, site: &SiteNames) -> bool {
    name.split_once(' ').is_some_and(|(first, _)| {
        first.chars().count() > 1 && first.chars().all(char::is_uppercase) && site.is_one(first)
    })
}

/// What the default chain reads authors with.
pub(super) struct Sources<'s, 'a> {
    pub(super) found: &'s Found<'a>,
    pub(super) ld: &'s JsonLd,
    pub(super) site: &'s SiteNames,
    pub(super) languages: &'s [&'s str],
    pub(super) near: &'s Near<'a>,
}

impl Sources<'_, '_> {
    /// The default chain. A source that names only the site itself waits until no other names
    /// anyone: papers fill the field with their own name when a story has no byline.
    pub(super) fn authors(&self) -> People {
        let said = self.by_ld("author");
        if said.names.iter().any(|n| !self.site.is_one(n)) {
            return self.completed(said);
        }
        let mut own = said;
        let signed = !own.names.is_empty();
        for next in [self.by_props(), self.by_metas()] {
            let all = next;
            if all.names.is_empty() {
                continue;
            }
            let (names, found) = (all.names.clone(), all.found.clone());
            let others = all.others(self.site);
            if !others.names.is_empty() {
                return others;
            }
            if own.names.is_empty() {
                own = People { names, found };
            }
        }
        // A site that signs its stories in JSON-LD means it; one that only fills a meta does not.
        if !signed {
            let rest = [
                |s: &Self| s.by_page(),
                |s: &Self| s.by_ld("creator"),
                |s: &Self| s.labelled(),
            ];
            for next in rest {
                let others = next(self).others(self.site);
                if !others.names.is_empty() {
                    return others;
                }
            }
        }
        own
    }

    /// The authors whom the page's own links name, where they are those of JSON-LD and more: some
    /// systems put only the first author there.
    fn completed(&self, said: People) -> People {
        let shown = self.linked();
        let has = |all: &[String], name: &str| all.iter().any(|n| n.to_lowercase() == name.to_lowercase());
        let more = shown.names.len() > said.names.len() && said.names.iter().all(|n| has(&shown.names, n));
        if more { shown } else { said }
    }

    /// The byline as it stands near the headline: the shortest line that names the most of
    /// `authors`. Without any name it would be a date or a button.
    pub(super) fn byline(&self, authors: &[String]) -> Option<String> {
        let lower: Vec<String> = authors.iter().map(|a| a.to_lowercase()).collect();
        let lines = self
            .near_bylines()
            .into_iter()
            .filter_map(Line::text)
            .filter(|t| is_byline_text(t));
        let named = lines.map(|line| {
            let text = line.to_lowercase();
            let count = lower.iter().filter(|a| text.contains(a.as_str())).count();
            (count, std::cmp::Reverse(line.chars().count()), line)
        });
        named
            .filter(|(count, ..)| *count > 0)
            .max()
            .map(|(.., line)| line.to_owned())
    }

    fn by_ld(&self, property: &str) -> People {
        let mut people = People::default();
        for value in self.ld.values(property) {
            let resolved = self.ld.resolve(value);
            if let Some(raw) = person(resolved).or_else(|| self.ld.text_of(value)) {
                let path = if resolved.is_object() {
                    format!("{property}.name")
                } else {
                    property.to_owned()
                };
                // A site's name may hold the marks that part names.
                let several = !self.site.is_one(&raw);
                people.add(
                    &raw,
                    format!("json-ld:{path}"),
                    split(&raw, self.languages, several),
                );
            }
        }
        people
    }

    fn by_props(&self) -> People {
        let mut people = People::default();
        for element in self.found.story_props("author") {
            let inner = self
                .found
                .props
                .iter()
                .find(|p| p.names.contains(&"name") && p.element.ancestors().any(|a| a == element));
            if let Some(raw) = prop_value(inner.map_or(element, |p| p.element)).filter(|r| is_byline_text(r))
            {
                people.add(
                    &raw,
                    "microdata:author".to_owned(),
                    split(&raw, self.languages, true),
                );
            }
        }
        people
    }

    fn by_metas(&self) -> People {
        let mut own = People::default();
        for key in METAS {
            let mut people = People::default();
            for raw in self
                .found
                .meta(key)
                .filter(|r| r.chars().count() <= MAX_BYLINE_CHARS * 4)
            {
                let inverted = INVERTED.contains(key).then(|| raw.split_once(", ")).flatten();
                let names = match inverted {
                    Some((last, first)) if !first.contains(',') => {
                        split(&format!("{first} {last}"), self.languages, false)
                    }
                    _ => split(&raw, self.languages, true),
                };
                people.add(&raw, format!("meta:{key}"), names);
            }
            // `The Paper, Frankfurt, Germany`: the site, and where it is.
            if people.names.first().is_some_and(|n| self.site.is_one(n)) {
                people.names.truncate(1);
            } else if !people.names.is_empty() {
                return people;
            }
            if own.names.is_empty() {
                own = people;
            }
        }
        let labelled = self.by_twitter_label();
        if labelled.names.is_empty() { own } else { labelled }
    }

    /// `twitter:label1` "Written by", `twitter:data1` the name.
    fn by_twitter_label(&self) -> People {
        let mut people = People::default();
        for n in ["1", "2"] {
            let label = self
                .found
                .meta(&format!("twitter:label{n}"))
                .next()
                .unwrap_or_default()
                .to_lowercase();
            if WRITTEN_BY.contains(&label.trim_end_matches(':')) {
                let key = format!("twitter:data{n}");
                for raw in self.found.meta(&key) {
                    people.add(&raw, format!("meta:{key}"), split(&raw, self.languages, true));
                }
            }
        }
        people
    }

    /// Links near the headline that are marked as the author's.
    fn linked(&self) -> People {
        let mut people = People::default();
        for link in self.found.rel_authors.iter().filter(|e| self.near.has(**e)) {
            let raw = link.text();
            if is_byline_text(&raw) {
                people.add(
                    &raw,
                    "html:a[rel=author]".to_owned(),
                    split(&raw, self.languages, true),
                );
            }
        }
        people
    }

    /// A line anywhere on the page that says "Author" and a name.
    fn labelled(&self) -> People {
        let mut people = People::default();
        if let Some((element, raw)) = labelled(self.found.root, AUTHOR_LABELS) {
            people.add(
                &raw,
                format!("html:{}", element.path()),
                split(&raw, self.languages, true),
            );
        }
        people
    }

    /// What readers see: links marked as author, elements classed as byline, short texts that
    /// begin as bylines do, labels such as "Author:".
    fn by_page(&self) -> People {
        let mut people = self.linked();
        if !people.names.is_empty() {
            return people;
        }
        for line in self.near_bylines() {
            let Some(raw) = line.text().filter(|t| is_byline_text(t)) else {
                continue;
            };
            let mut names = split(&without_dates(raw), self.languages, true);
            names.retain(|n| looks_like_name(n));
            people.add(raw, format!("html:{}", line.element.path()), names);
            if !people.names.is_empty() {
                break;
            }
        }
        people
    }

    /// Lines near the headline that look like a byline, the surest first.
    fn near_bylines(&self) -> Vec<&Line<'_>> {
        let mut classed: Vec<&Line<'_>> = Vec::new();
        let mut led = Vec::new();
        for line in self.near.lines.iter().filter(|l| !l.beside) {
            let element = line.element;
            let byline = is_classed(element);
            let plain = matches!(
                element.name(),
                "p" | "span" | "div" | "li" | "address" | "strong" | "a" | "em"
            );
            if !byline && (!plain || element.child_elements().nth(MAX_PARTS).is_some()) {
                continue;
            }
            let Some(text) = line.text().filter(|t| t.chars().count() <= MAX_BYLINE_CHARS) else {
                continue;
            };
            if byline {
                classed.push(line);
            } else if text.split(' ').nth(MAX_LED_WORDS).is_none() && has_lead(text) {
                led.push(line);
            }
        }
        // A name's own element inside a byline says less around it.
        let holds =
            |outer: &Line<'_>, inner: &Line<'_>| inner.element.ancestors().any(|a| a == outer.element);
        let (inner, outer): (Vec<_>, Vec<_>) = classed
            .iter()
            .copied()
            .partition(|l| !classed.iter().any(|other| holds(l, other)));
        [inner, led, outer].concat()
    }
}

fn is_classed(element: Element<'_>) -> bool {
    names_with(element, &BYLINE).any(|word| !NOT_BYLINE.is_match(word))
}

/// Whether what a line of the page was parted into may be a name: sentences and credits of pictures
/// stand near headlines too.
fn looks_like_name(text: &str) -> bool {
    const CREDITS: &[&str] = &[
        "foto",
        "photo",
        "фото",
        "bild:",
        "image",
        "illustration",
        "©",
        "zdjęcie",
        "写真",
    ];
    let lower = text.to_lowercase();
    text.split(' ').count() <= MAX_NAME_WORDS && !CREDITS.iter().any(|c| lower.starts_with(c))
}

fn is_byline_text(text: &str) -> bool {
    let count = text.chars().count();
    (2..=MAX_BYLINE_CHARS).contains(&count) && text.chars().any(char::is_alphabetic)
}

/// The parts of a byline before and after dates and times of day.
fn without_dates(text: &str) -> String {
    text.split(['|', '•', '·'])
        .filter(|part| {
            let digits = part.chars().filter(char::is_ascii_digit).count();
            digits < 3
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// A JSON-LD person or organisation as one string: its name, or the parts of one.
fn person(value: &Value) -> Option<String> {
    let object = value.as_object()?;
    let text = |key: &str| {
        let text = object.get(key)?.as_str().map(unescape_twice)?;
        Some(fold(&text)).filter(|t| !t.is_empty())
    };
    let parts = || {
        let joined = [text("givenName"), text("familyName")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        Some(joined).filter(|j| !j.is_empty())
    };
    let listed = || match object.get("name")? {
        Value::Array(names) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            Some(names.join(", "))
        }
        _ => None,
    };
    text("name")
        .or_else(listed)
        .or_else(parts)
        .or_else(|| text("byline"))
        .or_else(|| text("alternateName"))
}
