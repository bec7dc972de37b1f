//! The body of a page nobody wrote a rule for: which blocks are the story. Works on blocks that
//! the common strips left. A small learned model judges each block twice: by itself, then with
//! what was believed of its neighbours; the story's elements follow from the blocks.

mod context;
mod features;
mod model;
mod place;
mod wording;

use crate::article::Category;
use crate::dom::{Dom, Element};

use super::blocks::{self, Found, Marks};
use super::claim::Claim;
use context::Context;
use features::{Beliefs, Sight, Table};

pub(super) use wording::ends_as_sentence;

/// Belief above which a block is kept, by steps: strict first, then relaxed.
const STEPS: [(&str, f32); 3] = [("confident", 0.5), ("relaxed", 0.25), ("faint", 0.1)];
/// Share of the kept text that the story's main element holds.
const MAIN_SHARE: f32 = 0.9;

/// What is believed of the blocks of a located body.
pub(super) struct Judged {
    /// Belief, 0 to 1, of each block found, in order.
    beliefs: Vec<f32>,
    /// Belief above which a block is kept.
    threshold: f32,
    /// The step that found it.
    pub(super) step: &'static str,
}

/// A located body: the elements that hold the story, their blocks (those taken out by strips
/// among them), and what is believed of each.
pub(super) type Located<'a> = (Vec<Element<'a>>, Vec<Found<'a>>, Judged);

/// Finds the story.
pub(super) fn locate<'a>(dom: &'a Dom, marks: &Marks, article_body: Option<&str>) -> Option<Located<'a>> {
    let (kept, taken): (Vec<(usize, Found<'a>)>, Vec<(usize, Found<'a>)>) =
        blocks::read(&[dom.body()], marks).into_iter().enumerate().partition(|(_, f)| f.claim.is_none());
    let (order, kept): (Vec<usize>, Vec<Found<'a>>) = kept.into_iter().unzip();
    if kept.is_empty() {
        return None;
    }
    let sight = Sight::of(&kept);
    let context = Context::of(dom, &sight, article_body);
    let beliefs = believe(&sight, &context);
    let (step, threshold) = STEPS
        .into_iter()
        .find(|(_, t)| beliefs.iter().any(|b| b > t))
        .unwrap_or(("whole-page", -1.0));
    let bodies = bodies(&sight, &beliefs, threshold);
    let mut all: Vec<(usize, Found<'a>, f32)> = order
        .into_iter()
        .zip(kept)
        .zip(beliefs)
        .map(|((at, f), b)| (at, f, b))
        .chain(taken.into_iter().map(|(at, f)| (at, f, 0.0)))
        .filter(|(_, f, _)| bodies.contains(&f.element) || f.element.ancestors().any(|e| bodies.contains(&e)))
        .collect();
    all.sort_by_key(|(at, ..)| *at);
    let (found, beliefs) = all.into_iter().map(|(_, f, b)| (f, b)).unzip();
    Some((bodies, found, Judged { beliefs, threshold, step }))
}

/// Judges each block twice.
fn believe(sight: &Sight<'_, '_>, context: &Context) -> Vec<f32> {
    let forests = &*model::FORESTS;
    let mut rows = Table::new(false);
    let mut first = Vec::with_capacity(sight.found.len());
    let mut ends = Vec::with_capacity(sight.found.len());
    for block in 0..sight.found.len() {
        let start = rows.values.len();
        features::describe(&mut rows, sight, context, block);
        first.push(forests[0].belief(&rows.values[start..]));
        ends.push(start..rows.values.len());
    }
    let first = Beliefs::new(sight, first);
    let mut row = Table::new(false);
    (0..sight.found.len())
        .map(|block| {
            row.values.clear();
            row.values.extend_from_slice(&rows.values[ends[block].clone()]);
            features::reconsider(&mut row, sight, &first, block);
            forests[1].belief(&row.values)
        })
        .collect()
}

/// The elements that hold the kept blocks: the lowest that holds nearly all, and beside it those
/// of the others.
fn bodies<'a>(sight: &Sight<'a, '_>, beliefs: &[f32], threshold: f32) -> Vec<Element<'a>> {
    let places = &sight.places;
    let mut held = vec![0.0; places.containers.len()];
    let mut sum = 0.0;
    let kept: Vec<usize> = (0..beliefs.len()).filter(|&i| beliefs[i] > threshold).collect();
    for &block in &kept {
        held[places.of_block[block]] += sight.chars(block);
        sum += sight.chars(block);
    }
    for at in (1..held.len()).rev() {
        if let Some(parent) = places.containers[at].parent {
            held[parent] += held[at];
        }
    }
    let Some(main) = (0..held.len()).rev().find(|&c| held[c] >= MAIN_SHARE * sum) else { return Vec::new() };
    let mut bodies = vec![main];
    bodies.extend(kept.iter().map(|&b| places.of_block[b]));
    bodies.sort_unstable();
    bodies.dedup();
    let inside = |at: usize, others: &[usize]| {
        std::iter::successors(places.containers[at].parent, |&p| places.containers[p].parent).any(|p| others.contains(&p))
    };
    let outer: Vec<usize> = bodies.iter().copied().filter(|&b| !inside(b, &bodies)).collect();
    outer.into_iter().map(|b| places.containers[b].element).collect()
}

/// Takes out of a located body what is not the story.
pub(super) fn prune(story: &Judged, found: &mut [Found<'_>]) {
    for (f, belief) in found.iter_mut().zip(&story.beliefs) {
        if f.claim.is_none() && *belief <= story.threshold {
            f.claim = Some(Claim::generic(Category::Other, "not-the-story"));
        }
    }
}

/// For training: the features of a page's blocks.
#[doc(hidden)]
pub fn dump(dom: &Dom, marks: &Marks, article_body: Option<&str>, beliefs: Option<Vec<f32>>, rules: &super::RuleSet) -> serde_json::Value {
    let found: Vec<Found<'_>> = blocks::read(&[dom.body()], marks).into_iter().filter(|f| f.claim.is_none()).collect();
    if found.is_empty() { return serde_json::json!({"blocks": []}); }
    let sight = Sight::of(&found);
    let context = Context::of(dom, &sight, article_body);
    let beliefs = beliefs.map(|b| Beliefs::new(&sight, b));
    let mut rows = Vec::new();
    let mut names = None;
    for block in 0..found.len() {
        let mut t = Table::new(block == 0);
        features::describe(&mut t, &sight, &context, block);
        if let Some(b) = &beliefs { features::reconsider(&mut t, &sight, b, block); }
        if block == 0 { names = t.names; }
        rows.push(t.values);
    }
    let tree: Vec<_> = sight.places.containers.iter().map(|c| (c.parent, c.depth, c.shape)).collect();
    let mut stripped = found.clone();
    super::strip::run(rules, &[dom.body()], &mut stripped, &mut Vec::new());
    let stripped: Vec<bool> = stripped.iter().map(|f| f.claim.is_some()).collect();
    serde_json::json!({"names": names, "stripped": stripped, "rows": rows, "texts": found.iter().map(|f| &f.block.text).collect::<Vec<_>>(), "tree": tree, "of": sight.places.of_block,
      "paths": found.iter().map(|f| f.element.path()).collect::<Vec<_>>()})
}
