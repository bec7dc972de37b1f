//! Strips for what stands in the story's container and is no story: by what all of its text lies in, by
//! its class, by its words.

use std::collections::{BTreeMap, HashMap, HashSet};

use regex::Regex;

use crate::article::Category;
use crate::dom::{Element, NodeId, Selector};

use super::super::ruleset::outermost;
use super::names;
use super::observe::{Observed, Seen, WHOLE};
use super::repeats::SURE_WORDS;
use super::{InducedLayout, InducedStrip, StripBy};

/// Shortest block that is named, in words.
const LEAST_WORDS: f32 = 3.0;
/// How much more no-story than story blocks of one dress must be.
const CLEARLY: f32 = 3.0;
/// Most strips that are proposed.
const MAX_STRIPS: usize = 10;
/// Characters of a text that are shown.
const SAMPLE_CHARS: usize = 70;

/// A page's blocks as the layouts have them.
struct Told<'p, 'a> {
    page: &'p Observed<'a>,
    /// Those inside the body.
    inside: Vec<&'p Seen<'a>>,
    /// Whether the keep-list keeps them.
    kept: Vec<bool>,
}

/// Proposes strips.
pub(super) fn propose(
    pages: &[Observed<'_>],
    repeated: &HashMap<String, usize>,
    layouts: &[InducedLayout],
) -> Vec<InducedStrip> {
    // Without a layout the generic extractor goes on leaving out what it doubts.
    let with_layout = !layouts.is_empty();
    let told: Vec<Told<'_, '_>> = pages.iter().map(|page| told(page, layouts)).collect();
    let mut strips: Vec<(f32, InducedStrip)> = Vec::new();
    let mut dressed: HashSet<&str> = HashSet::new();
    for whole in WHOLE.into_iter().filter(|_| with_layout) {
        let blocks = || {
            told.iter()
                .flat_map(Told::kept)
                .filter(|b| b.whole == Some(whole))
        };
        let story: f32 = blocks().map(|b| b.words * b.belief).sum();
        let other: f32 = blocks().map(|b| b.words * (1.0 - b.belief)).sum();
        let doubtful = blocks().filter(|b| b.belief < 0.5).count();
        if doubtful > 1 && other > CLEARLY * story {
            dressed.insert(whole);
            let sample = blocks()
                .max_by_key(|b| b.text.len())
                .map_or("", |b| b.text.as_str());
            let on = told
                .iter()
                .filter(|t| t.kept().any(|b| b.whole == Some(whole)))
                .count();
            let category = if whole == "a" {
                Category::Related
            } else {
                Category::Other
            };
            strips.push((
                other + 1e6,
                strip(category, StripBy::Whole(whole.to_owned()), sample, on),
            ));
        }
    }
    let mut named: BTreeMap<String, (f32, StripBy, &Seen<'_>, usize)> = BTreeMap::new();
    for page in &told {
        for (b, kept) in page.inside.iter().zip(&page.kept) {
            let count = repeated.get(&b.text).copied();
            let doubted = b.belief < 0.5 && b.words >= LEAST_WORDS && (with_layout || count.is_some());
            let named_for_people = count.is_some() && b.words >= SURE_WORDS;
            if !doubted || !(*kept || named_for_people) || b.whole.is_some_and(|w| dressed.contains(w)) {
                continue;
            }
            let by = match class(b, &told).map(StripBy::Select) {
                Some(by) => by,
                // Words that one page alone shows are one story's, and no rule.
                None if *kept && count.is_some() => match words(b, &told) {
                    Some(pattern) => StripBy::Text(pattern),
                    None => continue,
                },
                None => continue,
            };
            let key = format!("{by:?}");
            let pages = count.unwrap_or(1);
            let entry = named.entry(key).or_insert((0.0, by, b, pages));
            entry.0 += b.words * if *kept { 1.0 } else { 0.01 };
            entry.3 = entry.3.max(pages);
        }
    }
    strips.extend(named.into_values().map(|(weight, by, b, pages)| {
        let hint = match &by {
            StripBy::Select(select) => select.as_str(),
            StripBy::Text(_) | StripBy::Whole(_) => "",
        };
        let category = guess(&format!("{hint} {}", b.text), pages);
        (weight, strip(category, by, &b.text, pages))
    }));
    strips.sort_by(|a, b| b.0.total_cmp(&a.0));
    strips.truncate(MAX_STRIPS);
    strips.into_iter().map(|(_, strip)| strip).collect()
}

impl<'p, 'a> Told<'p, 'a> {
    fn kept(&self) -> impl Iterator<Item = &'p Seen<'a>> {
        self.inside
            .iter()
            .zip(&self.kept)
            .filter(|(_, kept)| **kept)
            .map(|(b, _)| *b)
    }
}

fn told<'p, 'a>(page: &'p Observed<'a>, layouts: &[InducedLayout]) -> Told<'p, 'a> {
    let layout = layouts.iter().find(|l| l.pages.contains(&page.page));
    let body = layout.and_then(|l| Selector::parse(&l.body).ok());
    let keep = layout.and_then(|l| Selector::parse(&l.paragraphs.join(", ")).ok());
    let bodies: Vec<Element<'_>> = body.iter().flat_map(|b| outermost(page.dom.select(b))).collect();
    let ids = |elements: Vec<Element<'_>>| -> HashSet<NodeId> { elements.iter().map(|e| e.id()).collect() };
    let kept = keep.map(|keep| ids(bodies.iter().flat_map(|b| b.select(&keep)).collect()));
    let bodies = ids(bodies.clone());
    let below = |b: &Seen<'_>, of: &HashSet<NodeId>| {
        std::iter::once(b.element)
            .chain(b.element.ancestors())
            .any(|a| of.contains(&a.id()))
    };
    let blocks = page.blocks.iter().filter(|b| !b.settled);
    let inside: Vec<&Seen<'_>> = match layout {
        Some(_) => blocks.filter(|b| below(b, &bodies)).collect(),
        None => blocks.filter(|b| b.kept).collect(),
    };
    let kept = inside
        .iter()
        .map(|b| kept.as_ref().is_none_or(|kept| below(b, kept)))
        .collect();
    Told { page, inside, kept }
}

fn strip(category: Category, by: StripBy, text: &str, pages: usize) -> InducedStrip {
    InducedStrip {
        category,
        by,
        sample: text.chars().take(SAMPLE_CHARS).collect(),
        pages,
    }
}

/// A class of the block, or of an element closely around it, under which no story stands on any page.
fn class(block: &Seen<'_>, told: &[Told<'_, '_>]) -> Option<String> {
    let near = std::iter::once(block.element)
        .chain(block.element.ancestors())
        .take(3);
    near.flat_map(|e| names::classes(e).collect::<Vec<_>>())
        .filter_map(|class| Selector::parse(&format!(".{class}")).ok())
        .find(|selector| {
            !told.iter().flat_map(|t| &t.page.blocks).any(|b| {
                (b.belief > 0.5 || b.kept && b.text != block.text)
                    && std::iter::once(b.element)
                        .chain(b.element.ancestors())
                        .any(|e| e.matches(selector))
            })
        })
        .map(|selector| selector.source().to_owned())
}

/// A pattern of a repeated block's words that meets no story.
fn words(block: &Seen<'_>, told: &[Told<'_, '_>]) -> Option<String> {
    let pattern = format!("^{}$", regex::escape(&block.text));
    let regex = Regex::new(&pattern).ok()?;
    let meets_story = told
        .iter()
        .flat_map(Told::kept)
        .any(|b| b.belief > 0.5 && regex.is_match(&b.text));
    (!meets_story && pattern.len() < 500).then_some(pattern)
}

/// What a text probably is, by its words and by those of its class.
fn guess(told: &str, pages: usize) -> Category {
    const WORDS: &[(Category, &[&str])] = &[
        (
            Category::Donation,
            &[
                "donat",
                "contribut",
                "support us",
                "support our",
                "spende",
                "unterstütz",
                "soutenez",
            ],
        ),
        (
            Category::Newsletter,
            &[
                "newsletter",
                "sign up",
                "signup",
                "subscribe",
                "inbox",
                "whatsapp",
                "telegram",
                "app store",
                "abonnier",
            ],
        ),
        (Category::Comments, &["comment", "kommentar", "disqus"]),
        (
            Category::Social,
            &[
                "share",
                "follow us",
                "facebook",
                "twitter",
                "instagram",
                "teilen",
                "social",
            ],
        ),
        (
            Category::Advert,
            &["advert", "sponsor", "anzeige", "publicidad", "promo"],
        ),
        (
            Category::Paywall,
            &["subscriber", "paywall", "premium", "log in", "register"],
        ),
        (
            Category::Legal,
            &[
                "copyright",
                "©",
                "rights reserved",
                "disclaimer",
                "affiliate",
                "material may not",
            ],
        ),
        (Category::Consent, &["cookie", "consent", "gdpr"]),
        (
            Category::Related,
            &[
                "related",
                "read more",
                "read also",
                "more from",
                "recommend",
                "lesen sie",
                "mehr zum",
                "lire aussi",
            ],
        ),
        (Category::Caption, &["caption", "photo", "image", "credit"]),
        (
            Category::Byline,
            &["byline", "author", "reporter", "editor", "written by"],
        ),
        (
            Category::Navigation,
            &["breadcrumb", "menu", "nav", "tags", "topics", "back to"],
        ),
    ];
    let told = told.to_lowercase();
    WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|w| told.contains(w)))
        .map_or_else(
            || {
                if pages > 1 {
                    Category::Repeated
                } else {
                    Category::Other
                }
            },
            |(category, _)| *category,
        )
}
