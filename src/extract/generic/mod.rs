//! The body of a page nobody wrote a rule for: which blocks are the story. Works on blocks that
//! the common strips left. A small learned model judges each block twice: by itself, then with
//! what was believed of its neighbours; the story's elements follow from the blocks.

mod body;
mod context;
mod features;
mod islands;
mod judged;
mod model;
mod place;
mod quality;
mod reason;
mod second;
mod subheads;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod training;
mod wording;

use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::article::BlockKind;
use crate::dom::{Dom, Element, NodeId};

use super::blocks::{self, Found};
use super::marks::Marks;
use context::Context;
use features::{Sight, Table};
use second::Beliefs;

pub(super) use judged::{Judged, prune};
pub(super) use wording::ends_as_sentence;

/// Belief above which a block is kept: where no block reaches the first, the next is tried.
const THRESHOLDS: [f32; 4] = [0.5, 0.25, 0.1, -1.0];

/// A located body.
pub(super) struct Located<'a> {
    /// The elements that hold the story, in document order.
    pub(super) bodies: Vec<Element<'a>>,
    /// Their blocks, those taken out by strips among them.
    pub(super) found: Vec<Found<'a>>,
    /// What is believed of each of these blocks.
    pub(super) judged: Judged,
}

/// Finds the story; none on a page without text.
pub(super) fn locate<'a>(dom: &'a Dom, marks: &Marks, article_body: Option<&str>) -> Option<Located<'a>> {
    locate_by(dom, marks, |sight| {
        believe(sight, &Context::of(dom, sight, article_body))
    })
}

/// Finds the story by what `believe` believes of each open block.
fn locate_by<'a>(
    dom: &'a Dom,
    marks: &Marks,
    believe: impl FnOnce(&Sight<'a, '_>) -> Vec<f32>,
) -> Option<Located<'a>> {
    let all = blocks::read(&[dom.body()], marks);
    let open: Vec<usize> = (0..all.len()).filter(|&i| all[i].claim.is_none()).collect();
    if open.is_empty() {
        return None;
    }
    let sight = Sight::of(open.iter().map(|&i| &all[i]).collect());
    let mut beliefs = believe(&sight);
    let highest = beliefs.iter().copied().fold(0.0, f32::max);
    let threshold = THRESHOLDS.into_iter().find(|t| highest > *t).unwrap_or(-1.0);
    islands::give_up(&mut beliefs, threshold, |block| sight.chars(block));
    subheads::lift(&mut beliefs, threshold, |block| {
        sight.found[block].block.kind == BlockKind::Heading
    });
    let bodies = body::bodies(&sight, &beliefs, threshold);

    let mut judged = Judged::new(threshold);
    let held: HashSet<NodeId, RandomState> = bodies.iter().map(|b| b.id()).collect();
    let holds = |e: Element<'_>| held.contains(&e.id());
    let inside: Vec<bool> = all
        .iter()
        .map(|f| holds(f.element) || f.element.ancestors().any(holds))
        .collect();
    let mut next = 0;
    for (i, f) in all.iter().enumerate() {
        let taken = f.claim.is_some();
        if taken && inside[i] {
            judged.pass();
        }
        if !taken {
            if inside[i] {
                judged.push(judged::Belief {
                    belief: beliefs[next],
                    otherwise: reason::category(&sight, next),
                });
            } else {
                judged.miss(beliefs[next], sight.chars(next));
            }
            next += 1;
        }
    }
    drop(sight);
    let mut inside = inside.into_iter();
    let found = all.into_iter().filter(|_| inside.next() == Some(true)).collect();
    Some(Located {
        bodies,
        found,
        judged,
    })
}

/// Blocks whose rows for the second look are made at once: all at once would take twice the room.
const AT_ONCE: usize = 64;

/// Judges each block twice.
fn believe(sight: &Sight<'_, '_>, context: &Context) -> Vec<f32> {
    let [alone, together] = &*model::FORESTS;
    let width = alone.features.len();
    let mut rows = Table::default();
    rows.values.reserve(sight.len() * width);
    for block in 0..sight.len() {
        features::describe(&mut rows, sight, context, block);
    }
    let first = Beliefs::new(sight, alone.beliefs(&rows.values).collect());
    let mut again = Table::default();
    let mut beliefs = Vec::with_capacity(sight.len());
    let described: Vec<&[f32]> = rows.values.chunks_exact(width).collect();
    for (part, described) in described.chunks(AT_ONCE).enumerate() {
        again.values.clear();
        for (n, row) in described.iter().enumerate() {
            again.values.extend_from_slice(row);
            second::reconsider(&mut again, sight, &first, part * AT_ONCE + n);
        }
        beliefs.extend(together.beliefs(&again.values));
    }
    beliefs
}
