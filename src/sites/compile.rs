//! From a rule file as typed to rules as used: owns what each key means, which keys go together
//! and which limits a file has. Layouts are `layouts`', strips `strips`' business; laying a family
//! under a site is `registry`'s.

use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::fault::{RuleFault, Source};
use super::json_schema::FileKind;
use super::layouts;
use super::rule::{Budget, Check, CrawlRules, Discover, HostPattern, Layout, Replace, Strip};
use super::schema::{CheckTable, CrawlTable, DiscoverTable, Located, RuleFile, Text, Texts};
use super::shape;
use super::strips;
use super::values::{COUNTRY, LANGUAGE, Reader, STORED_DATE, WORDS};
use crate::dom::Selector;

/// Most layouts, strips, replacements and checks of one file, together.
pub const MAX_RULES: usize = 500;

/// What one file says, compiled.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) name: Option<String>,
    pub(super) hosts: Vec<(HostPattern, Range<usize>)>,
    pub(super) extends: Option<(String, Range<usize>)>,
    pub(super) country: Option<String>,
    pub(super) language: Option<String>,
    pub(super) timezone: Option<TimeZone>,
    pub(super) enabled: Option<bool>,
    pub(super) discover: Discover,
    pub(super) crawl: CrawlRules,
    pub(super) layouts: Vec<Layout>,
    pub(super) strips: Vec<Strip>,
    pub(super) keep: Vec<Selector>,
    pub(super) replace: Vec<Replace>,
    pub(super) sponsored: Option<Selector>,
    pub(super) next_page: Option<Selector>,
    pub(super) single_page: Option<Selector>,
    pub(super) checks: Vec<Check>,
}

/// Reads and compiles one file; what is right in it is there beside all that is wrong.
pub(super) fn compile(source: &Arc<Source>, kind: FileKind) -> (Parts, Vec<RuleFault>) {
    let shaped = shape::read(source, kind);
    let mut reader = Reader {
        source,
        faults: shaped.faults,
        maimed: shaped.maimed,
    };
    let parts = shaped
        .file
        .map(|file| parts(&mut reader, &file))
        .unwrap_or_default();
    reader.faults.sort_by_key(|fault| (fault.line, fault.column));
    (parts, reader.faults)
}

fn parts(reader: &mut Reader<'_>, file: &RuleFile) -> Parts {
    limit(reader, file);
    let parts = Parts {
        name: reader.formed(file.name.as_ref(), "name", WORDS),
        hosts: hosts(reader, file.hosts.as_ref()),
        extends: file.extends.as_ref().map(|t| (t.get().clone(), t.span())),
        country: reader.formed(file.country.as_ref(), "country", COUNTRY),
        language: reader.formed(file.language.as_ref(), "language", LANGUAGE),
        timezone: file.timezone.as_ref().and_then(|t| reader.zone(t, "timezone")),
        enabled: file.enabled,
        discover: discover(reader, file.discover.as_ref()),
        crawl: crawl(reader, file.crawl.as_ref(), file),
        layouts: layouts::compile(reader, file.layout.as_deref().unwrap_or_default()),
        strips: strips::compile(reader, file.strip.as_deref().unwrap_or_default()),
        keep: reader.selectors(file.keep.as_ref(), "keep"),
        replace: replacements(file),
        sponsored: selector(reader, file.sponsored.as_ref(), "sponsored"),
        next_page: selector(reader, file.next_page.as_ref(), "next-page"),
        single_page: selector(reader, file.single_page.as_ref(), "single-page"),
        checks: Vec::new(),
    };
    let checks = checks(reader, file, &parts.hosts);
    Parts { checks, ..parts }
}

fn limit(reader: &mut Reader<'_>, file: &RuleFile) {
    fn spans<T>(tables: Option<&Vec<Located<T>>>) -> impl Iterator<Item = Range<usize>> {
        tables.into_iter().flatten().map(Located::span)
    }
    let mut rules: Vec<Range<usize>> = spans(file.layout.as_ref())
        .chain(spans(file.strip.as_ref()))
        .chain(spans(file.replace.as_ref()))
        .chain(spans(file.check.as_ref()))
        .collect();
    rules.sort_by_key(|span| span.start);
    if let Some(first_over) = rules.get(MAX_RULES) {
        let message = format!("{} rules, over the limit of {MAX_RULES} a file", rules.len());
        reader.fault(
            "",
            first_over.clone(),
            message,
            "join selectors with commas, patterns with |",
        );
    }
}

fn selector(reader: &mut Reader<'_>, text: Option<&Text>, key: &str) -> Option<Selector> {
    text.and_then(|t| reader.selector(t, key))
}

fn hosts(reader: &mut Reader<'_>, hosts: Option<&Located<Texts>>) -> Vec<(HostPattern, Range<usize>)> {
    let mut found = Vec::new();
    for text in hosts.map(Located::get).into_iter().flatten() {
        if let Some(host) = reader.host(text, "hosts") {
            found.push((host, text.span()));
        }
    }
    found
}

fn discover(reader: &mut Reader<'_>, table: Option<&DiscoverTable>) -> Discover {
    let Some(table) = table else {
        return Discover::default();
    };
    let discover = Discover {
        feeds: reader.addresses(table.feeds.as_ref(), "discover.feeds"),
        sitemaps: reader.addresses(table.sitemaps.as_ref(), "discover.sitemaps"),
        sections: reader.addresses(table.sections.as_ref(), "discover.sections"),
        include: reader.url_patterns(table.include.as_ref(), "discover.include"),
        exclude: reader.url_patterns(table.exclude.as_ref(), "discover.exclude"),
        max_age: table
            .max_age
            .as_ref()
            .and_then(|t| reader.duration(t, "discover.max-age", false)),
        listed: false,
    };
    let listed = !(discover.feeds.is_empty() && discover.sitemaps.is_empty() && discover.sections.is_empty());
    Discover { listed, ..discover }
}

fn crawl(reader: &mut Reader<'_>, table: Option<&CrawlTable>, file: &RuleFile) -> CrawlRules {
    let every = table.and_then(|t| t.every.as_ref());
    let delay = table.and_then(|t| t.delay.as_ref());
    let revisit = table.and_then(|t| t.revisit.as_ref());
    CrawlRules {
        every: every.and_then(|t| reader.duration(t, "crawl.every", false)),
        delay: delay.and_then(|t| reader.duration(t, "crawl.delay", true)),
        revisit: revisit
            .into_iter()
            .flatten()
            .filter_map(|t| reader.duration(t, "crawl.revisit", false))
            .collect(),
        headers: file
            .headers
            .iter()
            .flatten()
            .filter_map(|(name, value)| reader.header(name, value))
            .collect(),
        budget: table.map(|t| budget(reader, t)).unwrap_or_default(),
    }
}

fn budget(reader: &mut Reader<'_>, table: &CrawlTable) -> Budget {
    let (bytes, time) = (table.max_bytes.as_ref(), table.max_time.as_ref());
    Budget {
        requests: table
            .max_requests
            .as_ref()
            .and_then(|n| reader.at_least_one(n, "crawl.max-requests")),
        bytes: bytes.and_then(|t| reader.size(t, "crawl.max-bytes")),
        time: time.and_then(|t| reader.duration(t, "crawl.max-time", false)),
    }
}

fn replacements(file: &RuleFile) -> Vec<Replace> {
    let tables = file.replace.iter().flatten().map(Located::get);
    tables
        .filter_map(|table| {
            Some(Replace {
                find: table.find.as_ref()?.get().clone(),
                with: table.with.as_ref()?.get().clone(),
            })
        })
        .collect()
}

fn checks(reader: &mut Reader<'_>, file: &RuleFile, hosts: &[(HostPattern, Range<usize>)]) -> Vec<Check> {
    let mut checks = Vec::new();
    for located in file.check.iter().flatten() {
        let table = located.get();
        let Some(url) = &table.url else {
            continue;
        };
        if !asserts(table) && !reader.is_maimed(&located.span()) {
            reader.fault(
                "check",
                located.span(),
                "a check that expects nothing",
                "add title, authors, published, first, last, contains, lacks or blocks",
            );
        }
        if let Some(address) = reader.address(url, "check.url") {
            let host = address.host_str().unwrap_or_default();
            if !hosts.is_empty() && !hosts.iter().any(|(pattern, _)| pattern.matches(host)) {
                let message = format!("{host} is none of this site's hosts");
                reader.fault(
                    "check.url",
                    url.span(),
                    message,
                    "add it to `hosts`, or prove with another page",
                );
            }
        }
        let text = |text: Option<&Text>| text.map(|t| t.get().clone());
        let texts =
            |texts: Option<&Texts>| texts.map(|t| t.iter().map(|t| t.get().clone()).collect::<Vec<_>>());
        checks.push(Check {
            url: url.get().clone(),
            title: text(table.title.as_ref()),
            subtitle: text(table.subtitle.as_ref()),
            authors: texts(table.authors.as_ref()),
            published: reader.formed(table.published.as_ref(), "check.published", STORED_DATE),
            first: text(table.first.as_ref()),
            last: text(table.last.as_ref()),
            contains: texts(table.contains.as_ref()).unwrap_or_default(),
            lacks: texts(table.lacks.as_ref()).unwrap_or_default(),
            blocks: table.blocks.and_then(|n| usize::try_from(n).ok()),
            place: reader.source.place(located.span().start),
        });
    }
    checks
}

fn asserts(table: &CheckTable) -> bool {
    let any = |texts: Option<&Texts>| texts.is_some_and(|t| !t.is_empty());
    table.title.is_some()
        || table.subtitle.is_some()
        || table.authors.is_some()
        || table.published.is_some()
        || table.first.is_some()
        || table.last.is_some()
        || any(table.contains.as_ref())
        || any(table.lacks.as_ref())
        || table.blocks.is_some()
}
