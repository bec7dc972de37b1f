//! What the pages repeat: a text that stands on several of them is hardly any story's.

use std::collections::{HashMap, HashSet};

use crate::article::BlockKind;

use super::observe::Observed;

/// Shortest text that counts, in words.
const LEAST_WORDS: f32 = 3.0;
/// Longest text that counts, in characters: a longer one on two pages is one story under two addresses.
const MOST_CHARS: usize = 600;
/// Share of a page's kept words on another page, above which both tell one story.
const SAME_STORY: f32 = 0.4;
/// A text of so many words on two pages is boilerplate; a shorter one may be a usual heading.
pub(super) const SURE_WORDS: f32 = 6.0;
/// What is left of the belief in a text that repeats, and in a short one.
const DOUBT: (f32, f32) = (0.25, 0.7);

/// Texts on several pages, and on how many.
pub(super) fn find(pages: &[Observed<'_>]) -> HashMap<String, usize> {
    let mut told: Vec<HashSet<&str>> = Vec::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for page in pages {
        let texts: HashSet<&str> = page
            .blocks
            .iter()
            .filter(|b| b.words >= LEAST_WORDS && b.text.len() <= MOST_CHARS)
            .map(|b| b.text.as_str())
            .collect();
        let kept: f32 = page.blocks.iter().filter(|b| b.kept).map(|b| b.words).sum();
        let same_story = told.iter().any(|other| {
            let shared = page
                .blocks
                .iter()
                .filter(|b| b.kept && other.contains(b.text.as_str()));
            shared.map(|b| b.words).sum::<f32>() > SAME_STORY * kept
        });
        if !same_story {
            for text in &texts {
                *counts.entry((*text).to_owned()).or_default() += 1;
            }
        }
        told.push(texts);
    }
    counts.retain(|_, n| *n > 1);
    counts
}

/// Believes less of what repeats.
pub(super) fn doubt(pages: &mut [Observed<'_>], repeated: &HashMap<String, usize>) {
    for b in pages.iter_mut().flat_map(|p| &mut p.blocks) {
        if repeated.contains_key(&b.text) {
            let heading = b.kind == BlockKind::Heading;
            b.belief *= if b.words >= SURE_WORDS && !heading {
                DOUBT.0
            } else {
                DOUBT.1
            };
        }
    }
}
