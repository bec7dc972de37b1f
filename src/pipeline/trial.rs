//! What a site's rules met on the pages at hand, and what is odd about it: rules that match nothing,
//! take too much or never come to their turn. Owns how many pages must say so before it is told; what
//! one page says is `extract::trial`'s, what a file alone shows `sites::lint`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use url::Url;

use super::reading::{Rulebook, Source};
use crate::decode;
use crate::extract::{self, Note, Page, RuleSet, Trial};
use crate::sites::rule::{Check, Field, Site, StripWhat};
use crate::sites::{RuleFault, Sites};
use crate::text;

/// Pages from which a field that not every story has is expected to be found once.
const FIELD_PAGES: usize = 3;
/// Pages from which each layout of the present is expected to be used once.
const LAYOUT_PAGES: usize = 5;
/// Pages, chosen by a person, from which what a strip selects is expected to be there once: most of what
/// is stripped stands on few of a site's pages.
const STRIP_PAGES: usize = 10;
/// Pages that have what a strip selects, from which it is expected to stand in the body once.
const OUTSIDE_PAGES: usize = 5;
/// Share of its words by which a text must differ under another layout to be another text.
const OTHER_TEXT: f64 = 0.1;

/// Reads a page as its site's rules say, with what they met.
///
/// # Errors
/// Why it cannot be read.
pub fn read(source: Source<'_>, rulebook: &Rulebook, rules: &RuleSet) -> Result<Trial, String> {
    let kind = decode::kind(source.bytes, source.content_type);
    if kind != decode::Kind::Html {
        return Err(format!("the body is {}", kind.as_str()));
    }
    let host = source.url.and_then(Url::host_str);
    let decoded = decode::decode(source.bytes, source.content_type, host);
    let page = Page {
        html: &decoded.text,
        url: source.url,
    };
    // As when crawling: a fault of ours on one page must not end the round through all.
    let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        extract::trial(page, rules, &rulebook.generic())
    }));
    match tried {
        Ok(tried) => tried.map_err(|limit| limit.to_string()),
        Err(_) => Err("the extractor failed on this page".to_owned()),
    }
}

/// Where the pages at hand come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Chosen by a person: captured, or named in a check.
    Chosen,
    /// What a crawl stored: a site's present, whatever its rules know of its past.
    Crawled,
}

/// What the rules of many sites met.
#[derive(Default)]
pub struct Trials {
    layouts: BTreeMap<String, LayoutTally>,
    fields: BTreeMap<(String, &'static str), Tally>,
    strips: BTreeMap<String, StripTally>,
    /// Rules that take too much, with their key and a page.
    greedy: BTreeMap<String, (&'static str, Option<String>)>,
    /// By file and key: entries of `keep` and `[[replace]]`.
    entries: BTreeMap<(String, String), Tally>,
    tried: BTreeSet<String>,
    /// Sites none of whose layouts is on any page, by the place of their first.
    homeless: BTreeMap<String, usize>,
    found: Vec<RuleFault>,
}

/// A rule that met nothing on the pages at hand, which may be true of others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unseen {
    /// Its place, as `huffpost.toml:41`.
    pub place: String,
    /// Its key, as `strip`.
    pub key: String,
    /// Pages that were looked at.
    pub pages: usize,
}

#[derive(Default, Clone, Copy)]
struct Tally {
    pages: usize,
    met: usize,
}

impl Tally {
    fn add(&mut self, met: bool) {
        self.pages += 1;
        self.met += usize::from(met);
    }

    fn never(self, least: usize) -> bool {
        self.pages >= least && self.met == 0
    }
}

#[derive(Default)]
struct LayoutTally {
    /// Its file says that it is of the past.
    past: bool,
    body: Tally,
    fits: Tally,
    used: Tally,
    headings: Tally,
    /// A page on which another text would be its, with what to say.
    differs: Option<String>,
}

#[derive(Default)]
struct StripTally {
    /// It acts on pages only, and the pages were chosen.
    expected: bool,
    met: Tally,
    outside: Tally,
    /// Pages on which it took something out without a note about it.
    done: usize,
    open: Option<String>,
    alone: Option<String>,
}

impl Trials {
    /// Adds what a site's rules met on its pages.
    pub fn add(&mut self, sites: &Sites, site: &Arc<Site>, pages: &[(Url, Trial)], origin: Origin) {
        if !pages.is_empty() {
            self.tried.insert(site.id.clone());
            if let Some(first) = site.layouts.first()
                && pages.iter().all(|(_, trial)| trial.used.is_none())
            {
                self.homeless.insert(first.place.clone(), pages.len());
            }
        }
        for (url, trial) in pages {
            self.layouts(site, url, trial);
            if let Some(layout) = trial.used.and_then(|n| site.layouts.get(n)) {
                for (field, yielded) in &trial.fields {
                    let key = (layout.place.clone(), field.as_str());
                    self.fields.entry(key).or_default().add(*yielded);
                }
            }
            self.strips(site, url, trial, origin);
            for (list, met) in [("keep", &trial.keep), ("replace", &trial.replace)] {
                let family = site.family.as_ref().map(|f| format!("families/{f}.toml"));
                let own = met.len() - family.as_ref().map_or(0, |f| sites.count(f, list).min(met.len()));
                for (index, met) in met.iter().enumerate() {
                    let (file, index) = match &family {
                        Some(family) if index >= own => (family, index - own),
                        _ => (&site.file, index),
                    };
                    let key = (file.clone(), format!("{list}.{index}"));
                    self.entries.entry(key).or_default().add(*met);
                }
            }
        }
    }

    fn layouts(&mut self, site: &Site, url: &Url, trial: &Trial) {
        let used = trial.used.and_then(|n| Some((n, site.layouts.get(n)?)));
        for (index, (layout, met)) in site.layouts.iter().zip(&trial.layouts).enumerate() {
            let tally = self.layouts.entry(layout.place.clone()).or_default();
            tally.past = layout.last_seen.is_some();
            tally.body.add(met.body);
            tally.fits.add(met.text.is_some());
            if let Some((n, winner)) = used
                && met.text.is_some()
            {
                tally.used.add(n == index);
                if n == index {
                    tally.headings.add(trial.headings || layout.headings.is_none());
                } else if let Some(words) = other_text(&trial.layouts[n].text, &met.text) {
                    let said = format!(
                        "matches {url} too, and would give {} words where \"{}\" gives {}",
                        words.1, winner.name, words.0
                    );
                    smallest(&mut tally.differs, said);
                }
            }
        }
    }

    fn strips(&mut self, site: &Site, url: &Url, trial: &Trial, origin: Origin) {
        for (strip, met) in site.strips.iter().zip(&trial.strips) {
            let tally = self.strips.entry(strip.place.clone()).or_default();
            tally.met.add(met.met);
            let on_pages_only = matches!(&strip.what, StripWhat::Block { select: Some(_), .. });
            tally.expected = on_pages_only && origin == Origin::Chosen;
            if met.met || met.outside {
                tally.outside.add(!met.outside);
            }
            let mut fine = met.took;
            for note in &trial.extraction.notes {
                match note {
                    Note::OpenRegion { rule, from } if *rule == strip.place => {
                        fine = false;
                        let said = format!("opens at “{from}” and never ends, so nothing is removed: {url}");
                        smallest(&mut tally.open, said);
                    }
                    Note::NoClosest { rule } if *rule == strip.place => {
                        fine = false;
                        let said = format!(
                            "no such ancestor around the block inside the body, so only the block is removed: {url}"
                        );
                        smallest(&mut tally.alone, said);
                    }
                    _ => {}
                }
            }
            tally.done += usize::from(fine);
        }
        for note in &trial.extraction.notes {
            if let Note::TakesMost { rule, words, of } = note {
                let said = format!("takes {words} of the {of} words that --generic keeps of {url}");
                let is_layout = site.layouts.iter().any(|l| l.place == *rule);
                let key = if is_layout { "layout.paragraphs" } else { "strip" };
                let entry = self.greedy.entry(rule.clone()).or_insert((key, None));
                smallest(&mut entry.1, said);
            }
        }
    }

    /// Adds what a check says of its page that would be true of any page.
    pub fn check(&mut self, sites: &Sites, check: &Check, trial: &Trial) {
        let told = text::fold(&trial.told);
        for (index, part) in check.lacks.iter().enumerate() {
            if !text::is_blank(part) && !told.contains(&text::fold(part)) {
                self.found.push(sites.finding(
                    &check.place,
                    &format!("check.lacks.{index}"),
                    "this stands nowhere on the page, so no rule keeps it out of the text",
                    "quote what a rule takes out, to the letter",
                ));
            }
        }
    }

    /// What is odd, in the order of files and lines, and what was not seen. The rules of a family are
    /// judged only where all sites that extend it were tried.
    pub fn judge(self, sites: &Sites) -> (Vec<RuleFault>, Vec<Unseen>) {
        let untried: BTreeSet<String> = sites
            .iter()
            .filter(|s| !self.tried.contains(&s.id))
            .filter_map(|s| Some(format!("families/{}.toml", s.family.as_ref()?)))
            .collect();
        let judged = |place: &str| {
            let file = place
                .find(".toml")
                .map_or(place, |end| &place[..end + ".toml".len()]);
            !untried.contains(file)
        };
        let mut found = self.found;
        let mut unseen = Vec::new();
        let mut miss = |place: &str, key: &str, tally: Tally| {
            if tally.never(1) {
                unseen.push(Unseen {
                    place: place.to_owned(),
                    key: key.to_owned(),
                    pages: tally.pages,
                });
            }
        };
        for (place, n) in &self.homeless {
            let message = format!("no layout of this site is on {}", pages(*n));
            let help = "look at a page with copydesk explain, and name the element around its story";
            found.push(sites.finding(place, "layout.body", message, help));
        }
        for (place, tally) in self.layouts.iter().filter(|(place, _)| judged(place)) {
            match tally.finding(sites, place) {
                Some(finding) => found.push(finding),
                None => miss(place, "layout.body", tally.used_at_all()),
            }
            miss(place, "layout.headings", tally.headings);
        }
        for ((place, field), tally) in self.fields.iter().filter(|((place, _), _)| judged(place)) {
            let always = [Field::Title.as_str(), Field::Published.as_str()].contains(field);
            let key = format!("layout.{field}");
            if tally.never(if always { 1 } else { FIELD_PAGES }) {
                found.push(sites.finding(
                    place,
                    &key,
                    format!(
                        "nothing that is named here yields a value on {}",
                        pages(tally.pages)
                    ),
                    "mend the selector, or leave the key out: the page's metadata is asked then",
                ));
            } else {
                miss(place, &key, *tally);
            }
        }
        for (place, tally) in self.strips.iter().filter(|(place, _)| judged(place)) {
            match tally.findings(sites, place) {
                none if none.is_empty() => miss(place, "strip", tally.met),
                some => found.extend(some),
            }
        }
        for (place, (key, said)) in self.greedy.iter().filter(|(place, _)| judged(place)) {
            let help = "narrow it: copydesk explain shows what it takes";
            found.push(sites.finding(place, key, said.as_deref().unwrap_or_default(), help));
        }
        for ((file, key), tally) in self.entries.iter().filter(|((file, _), _)| judged(file)) {
            if tally.never(1) {
                let message = format!("matches nothing on {}", pages(tally.pages));
                let help = "take it out, or prove it: add a [[check]] of a page that needs it";
                found.push(sites.finding(file, key, message, help));
            }
        }
        found.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        unseen.sort();
        (found, unseen)
    }
}

impl LayoutTally {
    /// Pages of the site, and those on which the layout was used.
    fn used_at_all(&self) -> Tally {
        Tally {
            pages: self.body.pages,
            met: self.used.met,
        }
    }

    fn finding(&self, sites: &Sites, place: &str) -> Option<RuleFault> {
        let prove = "mend it; or say `last-seen`, if it is a look of the past";
        let least = if self.past { usize::MAX } else { LAYOUT_PAGES };
        let (key, message, help) = if self.body.never(least) {
            let message = format!("matches nothing on {}", pages(self.body.pages));
            ("layout.body", message, prove)
        } else if self.fits.never(least) && self.body.met > 0 {
            let message = format!("matches nothing in the body, on {}", pages(self.body.met));
            ("layout.paragraphs", message, prove)
        } else if self.used.never(least) {
            let message = format!(
                "matches {}, and an earlier layout was used on each",
                pages(self.used.pages)
            );
            ("layout.body", message, "put it above the other, or take it out")
        } else {
            let help = "narrow one of the two with :has() or :not(), so that each page has one layout";
            ("layout.body", self.differs.clone()?, help)
        };
        Some(sites.finding(place, key, message, help))
    }
}

impl StripTally {
    fn findings(&self, sites: &Sites, place: &str) -> Vec<RuleFault> {
        let mut found = Vec::new();
        if self.expected && self.outside.pages == 0 && self.met.never(STRIP_PAGES) {
            found.push(sites.finding(
                place,
                "strip.select",
                format!("matches nothing on {}", pages(self.met.pages)),
                "take the strip out, or capture a page that shows what it is for",
            ));
        }
        if self.outside.never(OUTSIDE_PAGES) {
            found.push(sites.finding(
                place,
                "strip.select",
                format!(
                    "matches on {}, and always outside of the body",
                    pages(self.outside.pages)
                ),
                "take it out: what lies outside of the body is no text anyway",
            ));
        }
        if self.done == 0 {
            if let Some(open) = &self.open {
                let help = "end it with \"end\" or \"heading\", or with a pattern that comes";
                found.push(sites.finding(place, "strip.until", open, help));
            }
            if let Some(alone) = &self.alone {
                let help = "name an ancestor that is there (copydesk explain --json shows each block's path)";
                found.push(sites.finding(place, "strip.closest", alone, help));
            }
        }
        found
    }
}

/// Words of two texts, where they are not nearly the same.
fn other_text(first: &Option<String>, second: &Option<String>) -> Option<(usize, usize)> {
    let (first, second) = (first.as_deref()?, second.as_deref()?);
    if text::fold(first) == text::fold(second) {
        return None;
    }
    let words = (text::word_count(first), text::word_count(second));
    let gap = words.0.abs_diff(words.1) as f64;
    (gap > OTHER_TEXT * words.0.max(words.1) as f64).then_some(words)
}

/// Keeps one of several sayings, the same one in whatever order the pages were read.
fn smallest(kept: &mut Option<String>, said: String) {
    if kept.as_ref().is_none_or(|k| said < *k) {
        *kept = Some(said);
    }
}

fn pages(n: usize) -> String {
    match n {
        1 => "the page at hand".to_owned(),
        n => format!("the {n} pages at hand"),
    }
}
