//! One page as the induction sees it: its blocks, which of them the generic extractor keeps, and how
//! sure that is once the blocks of the same shape on all pages are asked.

use std::collections::{HashMap, HashSet};

use url::Url;

use crate::article::BlockKind;
use crate::dom::{Dom, Element, NodeId, Selector};
use crate::text;

use super::super::blocks;
use super::super::marks::Marks;
use super::super::meta::{self, JsonLd};
use super::super::ruleset::RuleSet;
use super::super::{finish, generic, strip};
use super::names;

/// What is believed of a block outside the body that the generic extractor found.
const OUTSIDE: f32 = 0.02;
/// A text of so many words that is told already is told once more.
const AGAIN_WORDS: f32 = 6.0;
/// Bounds of a belief: nobody is surer than this.
const SUREST: f32 = 0.98;
/// Words of a block that count at most when blocks of one shape are asked.
const HEARD_WORDS: f32 = 60.0;
/// Words of an unknown block that every shape begins with, and what is believed of it.
const PRIOR: (f32, f32) = (40.0, 0.5);
/// Words of one shape beyond either end of the story from which they may be more of it.
const EDGE_WORDS: f32 = 60.0;
/// How much the shape's opinion counts beside the block's own.
const SHAPE_WEIGHT: f32 = 0.2;

/// A block.
pub(super) struct Seen<'a> {
    pub(super) kind: BlockKind,
    pub(super) text: String,
    pub(super) element: Element<'a>,
    pub(super) words: f32,
    /// Whether the generic extractor keeps it.
    pub(super) kept: bool,
    /// Belief that it is story.
    pub(super) belief: f32,
    /// Told as data too (headline, dek, authors), or taken by a common strip on its text: it is left out
    /// whatever the layout says.
    pub(super) settled: bool,
    /// Told once more than once: no shape speaks for it.
    twice: bool,
    /// All of its text lies in such elements: one of [`WHOLE`].
    pub(super) whole: Option<&'static str>,
}

/// What a block that is no story often lies in as a whole.
pub(super) const WHOLE: [&str; 3] = ["a", "strong, b", "em, i"];

/// A page.
pub(super) struct Observed<'a> {
    /// Its place among the pages given.
    pub(super) page: usize,
    pub(super) dom: &'a Dom,
    pub(super) blocks: Vec<Seen<'a>>,
}

impl Observed<'_> {
    /// Expected F1 score of keeping the blocks for which `keeps` holds.
    pub(super) fn score(&self, keeps: impl Fn(usize) -> bool) -> f32 {
        let (mut right, mut said, mut all) = (0.0, 0.0, 0.0);
        for (at, b) in self.blocks.iter().enumerate().filter(|(_, b)| !b.settled) {
            all += b.words * b.belief;
            if keeps(at) {
                said += b.words;
                right += b.words * b.belief;
            }
        }
        2.0 * right / (said + all).max(1.0)
    }
}

/// Looks at a page; none where it has no text.
pub(super) fn observe<'a>(
    page: usize,
    dom: &'a Dom,
    url: Option<&Url>,
    rules: &RuleSet,
) -> Option<Observed<'a>> {
    let mut marks = Marks::default();
    rules.strip_elements(&[dom.body()], &mut marks, &mut Vec::new());
    let ld = JsonLd::parse(dom);
    let facts = meta::PageFacts {
        url,
        language: None,
        timezone: None,
        sponsored: None,
    };
    let metadata = meta::read(dom, &ld, facts, &[]);
    let mut located = generic::locate(dom, &marks, ld.article_body().as_deref())?;
    strip::run(rules, &located.bodies, &mut located.found, &mut Vec::new());
    let stripped: Vec<bool> = located.found.iter().map(|f| f.claim.is_some()).collect();
    generic::prune(&located.judged, &mut located.found);
    let pruned: Vec<bool> = located.found.iter().map(|f| f.claim.is_some()).collect();
    finish::run(&metadata, finish::Dek::ParagraphStands, &mut located.found);

    let mut known: HashMap<NodeId, (f32, bool, bool, bool)> = HashMap::new();
    for (at, (f, belief)) in located.found.iter().zip(located.judged.beliefs()).enumerate() {
        let (Some(text), Some(belief)) = (f.texts.first(), belief) else {
            continue;
        };
        let kept = f.claim.is_none();
        let twice = pruned[at] && !stripped[at] && belief > located.judged.threshold();
        let settled = stripped[at] || (!kept && !pruned[at]);
        let belief = if twice { OUTSIDE } else { belief };
        known.insert(text.id(), (belief, kept, settled, twice));
    }
    let mut all = blocks::read(&[dom.body()], &marks);
    all.retain(|f| f.claim.is_none());
    let whole = WHOLE.map(|written| (written, Selector::known(written)));
    let blocks = all.into_iter().filter_map(|f| {
        let (belief, kept, settled, twice) = known
            .get(&f.texts.first()?.id())
            .copied()
            .unwrap_or((OUTSIDE, false, false, false));
        let lies = |(_, selector): &&(&str, Selector)| f.lies_in(selector, &[dom.body()]);
        Some(Seen {
            kind: f.block.kind,
            words: text::word_count(&f.block.text) as f32,
            text: text::fold(&f.block.text),
            element: f.element,
            kept,
            belief: belief.clamp(1.0 - SUREST, SUREST),
            settled,
            twice,
            whole: whole.iter().find(lies).map(|(written, _)| *written),
        })
    });
    let mut blocks: Vec<Seen<'_>> = blocks.collect();
    let told: HashSet<String> = blocks.iter().filter(|b| b.kept).map(|b| b.text.clone()).collect();
    for b in blocks.iter_mut() {
        if !b.kept && !b.settled && b.words >= AGAIN_WORDS && told.contains(&b.text) {
            (b.twice, b.belief) = (true, OUTSIDE);
        }
    }
    Some(Observed { page, dom, blocks })
}

/// Where a block stands: what it is and what the two elements around it are.
fn shape(element: Element<'_>) -> String {
    std::iter::once(element)
        .chain(element.ancestors())
        .take(3)
        .map(names::look)
        .collect::<Vec<_>>()
        .join(" < ")
}

fn logit(p: f32) -> f32 {
    (p / (1.0 - p)).ln()
}

/// Lets the blocks of the same shape, on all pages, speak for each block.
pub(super) fn reconsider(pages: &mut [Observed<'_>]) {
    let shapes: Vec<Vec<String>> = pages
        .iter()
        .map(|p| p.blocks.iter().map(|b| shape(b.element)).collect())
        .collect();
    let mut sums: HashMap<&str, (f32, f32)> = HashMap::new();
    for (page, shapes) in pages.iter().zip(&shapes) {
        for (b, shape) in page.blocks.iter().zip(shapes).filter(|(b, _)| !b.settled) {
            let heard = b.words.min(HEARD_WORDS);
            let sum = sums.entry(shape).or_default();
            sum.0 += heard * b.belief;
            sum.1 += heard;
        }
    }
    for (page, shapes) in pages.iter_mut().zip(&shapes) {
        let at_edge = edges(page, shapes);
        for ((b, shape), at_edge) in page.blocks.iter_mut().zip(shapes).zip(at_edge) {
            if b.settled || b.twice {
                continue;
            }
            let heard = b.words.min(HEARD_WORDS);
            let (right, all) = sums[shape.as_str()];
            let others = (right - heard * b.belief + PRIOR.0 * PRIOR.1) / (all - heard + PRIOR.0);
            let told = logit(others.clamp(1.0 - SUREST, SUREST));
            let told = if at_edge { told.min(0.0) } else { told };
            let joint = logit(b.belief) + SHAPE_WEIGHT * told;
            b.belief = 1.0 / (1.0 + (-joint).exp());
        }
    }
}

/// Which blocks stand before or after all that is kept, with few words of their shape beside them: a
/// credit or an appeal often stands where the story's paragraphs do, so there a shape speaks for nothing.
fn edges(page: &Observed<'_>, shapes: &[String]) -> Vec<bool> {
    let kept = |b: &Seen<'_>| b.kept;
    let first = page.blocks.iter().position(kept).unwrap_or(0);
    let last = page.blocks.iter().rposition(kept).unwrap_or(page.blocks.len());
    let side = |at: usize| (at < first, at > last);
    let mut words: HashMap<(&str, (bool, bool)), f32> = HashMap::new();
    for (at, (b, shape)) in page.blocks.iter().zip(shapes).enumerate() {
        *words.entry((shape, side(at))).or_default() += b.words;
    }
    let at_edge = |(at, shape): (usize, &String)| {
        side(at) != (false, false) && words[&(shape.as_str(), side(at))] < EDGE_WORDS
    };
    shapes.iter().enumerate().map(at_edge).collect()
}
