//! A page read as its rules say, and beside it what each of those rules met there: for people who
//! write rules. Pure, as extraction is; what many pages say together is `pipeline::trial`'s.

use crate::article::Article;
use crate::dom::{Dom, DomError, Element};
use crate::sites::rule::{Field, Layout, Strip, StripWhat};
use crate::text;

use super::blocks;
use super::marks::Marks;
use super::note::Note;
use super::page::{self, Extraction, Page};
use super::ruleset::{RuleSet, fitting};
use super::strip;

/// Share of the words that `--generic` keeps from which on a rule takes too many.
const MOST: f64 = 0.5;
/// Words from which a page has enough for that to mean something.
const ENOUGH_WORDS: usize = 60;

/// What a page gave, and what its site's rules met.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The page as `extract` gives it; notes are complete.
    pub extraction: Extraction,
    /// The site's layouts, in order.
    pub layouts: Vec<LayoutUse>,
    /// The layout that was used.
    pub used: Option<usize>,
    /// Of the layout that was used: whether its `headings` are there.
    pub headings: bool,
    /// Of the layout that was used: fields with sources, and whether any of them yielded.
    pub fields: Vec<(Field, bool)>,
    /// The strips of the site and its family, in order.
    pub strips: Vec<StripUse>,
    /// The site's `keep` list: whether each is on the page.
    pub keep: Vec<bool>,
    /// The site's replacements: whether each found something.
    pub replace: Vec<bool>,
    /// All text of the page, shown or not.
    pub told: String,
}

/// What a layout met.
#[derive(Debug, Clone, Default)]
pub struct LayoutUse {
    /// Its body is there.
    pub body: bool,
    /// What it would give, where it fits.
    pub text: Option<String>,
}

/// What a strip met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StripUse {
    /// Something in the body is what it means.
    pub met: bool,
    /// Something outside of the body is.
    pub outside: bool,
    /// It took a block out that nobody had taken.
    pub took: bool,
}

/// Reads a page by these rules, and by `common` rules alone to compare.
///
/// # Errors
/// As `extract`.
pub fn trial(page: Page<'_>, rules: &RuleSet, common: &RuleSet) -> Result<Trial, DomError> {
    let replaced = page::replaced(page.html, rules);
    let dom = rules.parse(replaced.as_deref().unwrap_or(page.html))?;
    let chosen = rules.layout(&dom);
    let mut extraction = page::read(&dom, page.url, rules, chosen.clone(), None);
    let generic = page::read(&dom, page.url, common, None, None);
    note_greedy(
        &mut extraction,
        &generic.article,
        chosen.as_ref().map(|(l, _)| *l),
    );

    let site = rules.site();
    let all: &[Layout] = site.map_or(&[], |s| &s.layouts);
    let used = chosen
        .as_ref()
        .and_then(|(layout, _)| all.iter().position(|l| std::ptr::eq(l, *layout)));
    let layouts = all.iter().enumerate().map(|(index, layout)| LayoutUse {
        body: dom.first(&layout.body).is_some(),
        text: match fitting(layout, &dom) {
            Some(_) if used == Some(index) => Some(extraction.article.text()),
            Some(bodies) => {
                let read = page::read(&dom, page.url, rules, Some((layout, bodies)), None);
                Some(read.article.text())
            }
            None => None,
        },
    });
    let layouts = layouts.collect();
    let bodies = match &chosen {
        Some((_, bodies)) => bodies.clone(),
        None => vec![dom.body()],
    };
    let headings = chosen.as_ref().is_some_and(|(layout, bodies)| {
        let wanted = layout.headings.as_ref();
        wanted.is_some_and(|h| bodies.iter().any(|b| b.select(h).next().is_some()))
    });
    let fields = chosen.as_ref().map_or_else(Vec::new, |(layout, _)| {
        let ruled = layout.fields.iter().filter(|rule| !rule.sources.is_empty());
        ruled
            .map(|rule| (rule.field, yields(&extraction.article, rule.field)))
            .collect()
    });
    let strips = uses(rules, &dom, &bodies, &extraction.article);
    Ok(Trial {
        layouts,
        used,
        headings,
        fields,
        strips,
        keep: site.map_or_else(Vec::new, |s| {
            s.keep.iter().map(|k| dom.first(k).is_some()).collect()
        }),
        replace: site.map_or_else(Vec::new, |s| {
            s.replace.iter().map(|r| page.html.contains(&r.find)).collect()
        }),
        told: dom.root().text(),
        extraction,
    })
}

/// Whether a field's value came from the rule.
fn yields(article: &Article, field: Field) -> bool {
    let mut values = article.meta.fields.iter();
    values.any(|v| v.field == field.as_str() && v.source.starts_with("rule:"))
}

/// Notes each rule that takes more than half of the words the common rules alone would keep.
fn note_greedy(extraction: &mut Extraction, generic: &Article, layout: Option<&Layout>) {
    let kept: Vec<(String, usize)> = generic
        .blocks
        .iter()
        .map(|b| text::fold(&b.text))
        .map(|t| (t.clone(), text::word_count(&t)))
        .collect();
    let of: usize = kept.iter().map(|(_, words)| words).sum();
    if of < ENOUGH_WORDS {
        return;
    }
    let mut taken: Vec<(String, usize)> = Vec::new();
    for removal in &extraction.article.removed {
        let place = match (removal.rule.as_str(), layout) {
            ("paragraphs", Some(layout)) => layout.place.clone(),
            (rule, _) if rule.contains(".toml:") => rule.to_owned(),
            _ => continue,
        };
        let words: usize = kept
            .iter()
            .filter(|(told, _)| removal.text.contains(told.as_str()))
            .map(|(_, words)| words)
            .sum();
        match taken.iter_mut().find(|(rule, _)| *rule == place) {
            Some((_, sum)) => *sum += words,
            None => taken.push((place, words)),
        }
    }
    for (rule, words) in taken {
        if words as f64 > of as f64 * MOST {
            extraction.notes.push(Note::TakesMost { rule, words, of });
        }
    }
}

fn uses(rules: &RuleSet, dom: &Dom, bodies: &[Element<'_>], article: &Article) -> Vec<StripUse> {
    let untouched = blocks::read(bodies, &Marks::default());
    let own = rules
        .strips()
        .enumerate()
        .filter(|(index, _)| !rules.is_common(*index));
    own.map(|(_, one)| {
        let took = article.removed.iter().any(|r| r.rule == one.place);
        let (met, outside) = if took {
            (true, false)
        } else {
            meets(one, dom, bodies, &untouched)
        };
        StripUse { met, outside, took }
    })
    .collect()
}

/// Whether what a strip means is in the body, and whether it is elsewhere on the page.
fn meets(one: &Strip, dom: &Dom, bodies: &[Element<'_>], untouched: &[blocks::Found<'_>]) -> (bool, bool) {
    match &one.what {
        StripWhat::Region { from, .. } => {
            let met = untouched
                .iter()
                .any(|b| from.is_match(&strip::folded(&b.block.text)));
            (met, false)
        }
        StripWhat::Block {
            select: Some(select),
            text,
            whole: None,
            at: None,
            ..
        } => {
            let says = |e: &Element<'_>| text.as_ref().is_none_or(|t| t.is_match(&e.text()));
            let met = bodies.iter().any(|b| b.select(select).any(|e| says(&e)));
            let within = |e: &Element<'_>| e.ancestors().any(|a| bodies.contains(&a));
            let outside = !met && dom.select(select).any(|e| !within(&e) && says(&e));
            (met, outside)
        }
        StripWhat::Block { .. } => {
            let met = untouched
                .iter()
                .any(|b| strip::holds(one, b, &strip::folded(&b.block.text), bodies));
            (met, false)
        }
    }
}
