//! From blocks to elements: where in the tree the kept blocks stand.

use crate::dom::Element;

use super::features::Sight;

/// Share of the kept text that the story's main element holds.
const MAIN_SHARE: f32 = 0.9;

/// The elements that hold the kept blocks: the lowest that holds nearly all, and beside it those
/// of the others, in document order.
pub(super) fn bodies<'a>(sight: &Sight<'a, '_>, beliefs: &[f32], threshold: f32) -> Vec<Element<'a>> {
    let containers = &sight.places.containers;
    let kept: Vec<usize> = (0..beliefs.len()).filter(|&i| beliefs[i] > threshold).collect();
    let mut held = vec![0.0; containers.len()];
    for &block in &kept {
        held[sight.places.of_block[block]] += sight.chars(block);
    }
    // Inner containers come after outer ones, so one pass backwards sums up.
    for at in (1..held.len()).rev() {
        if let Some(parent) = containers[at].parent {
            held[parent] += held[at];
        }
    }
    let all = held.first().copied().unwrap_or(0.0);
    let Some(main) = (0..held.len()).rev().find(|&c| held[c] >= MAIN_SHARE * all) else {
        return Vec::new();
    };
    let mut bodies: Vec<usize> = kept
        .iter()
        .map(|&b| sight.places.of_block[b])
        .chain([main])
        .collect();
    bodies.sort_unstable();
    bodies.dedup();
    let mut chosen = vec![false; containers.len()];
    bodies.iter().for_each(|&b| chosen[b] = true);
    let nested = |at: usize| {
        std::iter::successors(containers[at].parent, |&p| containers[p].parent).any(|p| chosen[p])
    };
    bodies
        .into_iter()
        .filter(|&b| !nested(b))
        .map(|b| containers[b].element)
        .collect()
}
