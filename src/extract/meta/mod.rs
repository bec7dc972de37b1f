//! Metadata: headline, dek, authors, dates and the rest, each from the first source that yields,
//! with its source beside it. Owns the order in which rule and default chain are asked; the chains
//! are in the fields' own files and stated in `docs/metadata.md`.

mod authors;
mod collect;
mod dates;
mod dek;
mod fields;
mod json_ld;
mod json_repair;
mod language;
mod months;
mod names;
mod near;
mod people;
mod rest;
mod title;
mod when;

use jiff::tz::TimeZone;
use url::Url;

pub use authors::split as split_authors;
pub use dates::{FoundDate, Zone, find_date, read_format};
pub use json_ld::JsonLd;
pub use language::normalise as normalise_language;

use crate::article::{FieldValue, Metadata};
use crate::dom::{Dom, Element, Selector};
use crate::sites::rule::{Field, FieldRule};
use collect::Found;
use near::Near;
use title::SiteNames;

/// What is known about a page beside its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageFacts<'a> {
    /// Its address, after redirects.
    pub url: Option<&'a Url>,
    /// The site's language, a BCP 47 tag: used where the page does not say its own.
    pub language: Option<&'a str>,
    /// Zone of dates that give none.
    pub timezone: Option<&'a TimeZone>,
    /// The site's mark of advertising.
    pub sponsored: Option<&'a Selector>,
}

/// Reads the metadata of a page. `rules` are the field rules of its layout and are asked first;
/// where one yields nothing the default chain goes on, and the field's source says so.
pub fn read(dom: &Dom, ld: &JsonLd, facts: PageFacts<'_>, rules: &[FieldRule]) -> Metadata {
    let found = Found::of(dom);
    let site = SiteNames::of(&found, ld, facts.url.and_then(Url::host_str));
    let base = dom.base(facts.url);
    let mut reader = Reader {
        dom,
        ld,
        rules,
        facts,
        meta: Metadata::default(),
    };
    reader.language(&found);
    reader.title(&found, &site);
    let near = Near::of(headline_element(&found, reader.meta.title.as_deref()));
    reader.subtitle(&found, &near);
    reader.people(&found, &site, &near);
    reader.dates(&found, &near);
    reader.terms(&found);
    reader.rest(&found, base.as_ref());
    reader.meta
}

/// Whether these authors are nobody: there are none, or only names of the site itself.
pub fn names_nobody(dom: &Dom, ld: &JsonLd, facts: PageFacts<'_>, authors: &[String]) -> bool {
    if authors.is_empty() {
        return true;
    }
    let site = SiteNames::of(&Found::of(dom), ld, facts.url.and_then(Url::host_str));
    authors.iter().all(|author| site.is_one(author))
}

/// The element that shows the headline: byline, dek and date stand near it.
fn headline_element<'a>(found: &Found<'a>, title: Option<&str>) -> Option<Element<'a>> {
    let wanted = title.map(title::key).unwrap_or_default();
    let says = |e: &Element<'a>| {
        let key = title::key(&e.text());
        !key.is_empty() && !wanted.is_empty() && (wanted.contains(&key) || key.contains(&wanted))
    };
    let marked = || found.story_props("headline").next();
    // Some systems set headlines as `h2` or `h3`.
    let lower = || {
        let mut headings = found
            .root
            .descendants()
            .filter(|e| matches!(e.name(), "h2" | "h3"));
        headings.find(says)
    };
    let shown = found.headlines.iter().copied().find(says);
    let first = found.headlines.iter().copied().find(|e| !e.text().is_empty());
    shown.or_else(marked).or(first).or_else(lower)
}

struct Reader<'r> {
    dom: &'r Dom,
    ld: &'r JsonLd,
    rules: &'r [FieldRule],
    facts: PageFacts<'r>,
    meta: Metadata,
}

impl<'r> Reader<'r> {
    fn rule(&self, field: Field) -> Option<&'r FieldRule> {
        self.rules.iter().find(|r| r.field == field)
    }

    /// Whether the rule says that the site has no such field: an empty list of sources.
    fn has_none(&self, field: Field) -> bool {
        self.rule(field).is_some_and(|rule| rule.sources.is_empty())
    }

    fn record(&mut self, field: &'static str, value: &str, source: &str) {
        self.meta.fields.push(FieldValue {
            field,
            value: value.to_owned(),
            source: source.to_owned(),
        });
    }

    /// Records a value of the default chain; where a rule was asked before and found nothing, the
    /// source says that too.
    fn record_default(&mut self, field: Field, value: &str, source: &str) {
        let failed = if self.rule(field).is_some() {
            "; the rule found nothing"
        } else {
            ""
        };
        self.record(field.as_str(), value, &format!("{source}{failed}"));
    }

    /// A rule's first value.
    fn ruled(&mut self, field: Field) -> Option<String> {
        let ruled = fields::read(self.dom, self.ld, self.rule(field)?, |_| true)?;
        let first = ruled.values.into_iter().next()?;
        self.record(field.as_str(), &first.found, &ruled.source);
        Some(first.text)
    }

    /// The languages by which words are understood: the page's, then the site's.
    fn languages(&self) -> Vec<String> {
        self.meta
            .language
            .iter()
            .cloned()
            .chain(self.facts.language.map(str::to_owned))
            .collect()
    }

    fn language(&mut self, found: &Found<'_>) {
        if let Some((tag, raw, source)) = rest::language(found, self.ld) {
            self.record("language", &raw, &source);
            self.meta.language = Some(tag);
        } else if let Some(tag) = self.facts.language.and_then(language::normalise) {
            self.record("language", &tag, "site");
            self.meta.language = Some(tag);
        }
    }

    fn title(&mut self, found: &Found<'_>, site: &SiteNames) {
        if self.has_none(Field::Title) {
            return;
        }
        self.meta.title = self.ruled(Field::Title).or_else(|| {
            let headline = title::choose(found, self.ld, site)?;
            self.record_default(Field::Title, &headline.found, headline.source);
            Some(headline.text)
        });
    }

    fn subtitle(&mut self, found: &Found<'_>, near: &Near<'_>) {
        if self.has_none(Field::Subtitle) {
            return;
        }
        self.meta.subtitle = self.ruled(Field::Subtitle).or_else(|| {
            let (text, source) = dek::find(found, self.ld, near, self.meta.title.as_deref())?;
            self.record_default(Field::Subtitle, &text, &source);
            Some(text)
        });
    }

    fn people(&mut self, found: &Found<'_>, site: &SiteNames, near: &Near<'_>) {
        if self.has_none(Field::Authors) {
            return;
        }
        let languages = self.languages();
        let languages: Vec<&str> = languages.iter().map(String::as_str).collect();
        if let Some(rule) = self.rule(Field::Authors) {
            let names = |text: &str| authors::split(text, &languages, rule.split);
            let ruled = fields::read(self.dom, self.ld, rule, |v| !names(&v.text).is_empty());
            if let Some(ruled) = ruled {
                for value in &ruled.values {
                    self.record("authors", &value.found, &ruled.source);
                    for name in names(&value.text) {
                        authors::push_once(&mut self.meta.authors, name);
                    }
                }
                let lines: Vec<&str> = ruled.values.iter().map(|v| v.found.as_str()).collect();
                self.meta.byline = Some(authors::whole(lines.join(", ")));
                return;
            }
        }
        let sources = people::Sources {
            found,
            ld: self.ld,
            site,
            languages: &languages,
            near,
        };
        let people = sources.authors();
        let said: Vec<&str> = people.found.iter().map(|(raw, _)| raw.as_str()).collect();
        self.meta.byline = sources
            .byline(&people.names)
            .or_else(|| (!said.is_empty()).then(|| said.join(", ")))
            .map(authors::whole);
        for (raw, source) in &people.found {
            self.record_default(Field::Authors, raw, source);
        }
        self.meta.authors = people.names;
    }

    fn dates(&mut self, found: &Found<'_>, near: &Near<'_>) {
        let language = self.languages().into_iter().next();
        let sources = when::Sources {
            found,
            ld: self.ld,
            timezone: self.facts.timezone,
            language: language.as_deref(),
            near,
            path: self.facts.url.map(Url::path),
        };
        self.meta.published = self
            .ruled_date(Field::Published, language.as_deref())
            .or_else(|| self.default_date(Field::Published, sources.published()));
        self.meta.modified = self
            .ruled_date(Field::Modified, language.as_deref())
            .or_else(|| self.default_date(Field::Modified, sources.modified()));
    }

    fn ruled_date(&mut self, field: Field, language: Option<&str>) -> Option<String> {
        let rule = self.rule(field)?;
        let timezone = self.facts.timezone;
        let date = |text: &str| match &rule.format {
            Some(format) => read_format(text, format, timezone, language),
            None => find_date(text, timezone, language),
        };
        let ruled = fields::read(self.dom, self.ld, rule, |v| date(&v.text).is_some())?;
        let first = ruled.values.into_iter().next()?;
        let found = date(&first.text)?;
        self.record(
            field.as_str(),
            &first.found,
            &format!("{}{}", ruled.source, found.remark()),
        );
        Some(found.iso)
    }

    fn default_date(&mut self, field: Field, dated: Option<when::Dated>) -> Option<String> {
        let dated = dated.filter(|_| !self.has_none(field))?;
        let source = format!("{}{}", dated.source, dated.date.remark());
        self.record_default(field, &dated.raw, &source);
        Some(dated.date.iso)
    }

    fn terms(&mut self, found: &Found<'_>) {
        self.meta.section = self.ruled(Field::Section).or_else(|| {
            let (section, raw, source) =
                rest::section(found, self.ld).filter(|_| !self.has_none(Field::Section))?;
            self.record_default(Field::Section, &raw, &source);
            Some(section)
        });
        if let Some(rule) = self.rule(Field::Keywords)
            && let Some(ruled) = fields::read(self.dom, self.ld, rule, |_| true)
        {
            for value in &ruled.values {
                self.record("keywords", &value.found, &ruled.source);
                for term in rest::split_terms(&value.text) {
                    authors::push_once(&mut self.meta.keywords, term);
                }
            }
            return;
        }
        if let Some((terms, raw, source)) = rest::keywords(found, self.ld)
            && !self.has_none(Field::Keywords)
        {
            self.record_default(Field::Keywords, &raw, &source);
            self.meta.keywords = terms;
        }
    }

    fn rest(&mut self, found: &Found<'_>, base: Option<&Url>) {
        if let Some((url, raw, source)) = rest::canonical(found, base) {
            self.record("canonical_url", &raw, &source);
            self.meta.canonical_url = Some(url);
        }
        if let Some((url, raw, source)) = rest::lead_image(found, self.ld, base) {
            self.record("lead_image", &raw, &source);
            self.meta.lead_image = Some(url);
        }
        if let Some((access, raw, source)) = rest::access(found, self.ld) {
            self.record("access", &raw, &source);
            self.meta.access = access;
        }
        let section = self.meta.section.clone();
        let rule = self.facts.sponsored;
        if let Some((raw, source)) = rest::sponsored(self.dom, found, self.ld, rule, section.as_deref()) {
            self.record("sponsored", &raw, &source);
            self.meta.sponsored = true;
        }
    }
}

#[cfg(test)]
mod tests;
