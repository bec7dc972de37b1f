//! Whether a text is a list of teasers for other stories: what section pages, front pages and tag
//! pages are. Owns what a teaser looks like; what follows from it is `verdict`'s business.

use std::collections::HashMap;

use crate::dom::{Element, NodeId};
use crate::text;

use super::blocks::Found;

/// A teaser says no more than this, in words …
const MAX_TEASER_WORDS: usize = 60;
/// … in no more blocks than these.
const MAX_TEASER_BLOCKS: usize = 2;
/// Steps from a teaser's text up to what stands beside its headline.
const STEPS: usize = 3;
/// Elements before it among which the headline is looked for: a picture or a date may come between.
const BEFORE: usize = 3;
/// Fewer teasers than this make no list.
const MIN_TEASERS: usize = 3;
/// Least share of the words that stand in teasers.
const MIN_SHARE: f64 = 0.6;

/// The number of teasers, where the kept text is hardly anything else.
pub(super) fn teasers(found: &[Found<'_>]) -> Option<usize> {
    let kept: Vec<&Found<'_>> = found.iter().filter(|f| f.claim.is_none()).collect();
    let headlines: Vec<Option<NodeId>> = kept
        .iter()
        .map(|f| headline_of(f.element).map(Element::id))
        .collect();
    // Blocks and words under each linked headline: a post whose own headline is a link has many.
    let mut under: HashMap<NodeId, (usize, usize)> = HashMap::new();
    for headline in headlines.iter().flatten() {
        under.entry(*headline).or_default().0 += 1;
    }
    // Most pages have none: then no word need be counted.
    if under.len() < MIN_TEASERS {
        return None;
    }
    let mut all = 0;
    for (block, headline) in kept.iter().zip(&headlines) {
        let words = text::word_count(&block.block.text);
        all += words;
        if let Some(sums) = headline.and_then(|h| under.get_mut(&h)) {
            sums.1 += words;
        }
    }
    under.retain(|_, (blocks, words)| *blocks <= MAX_TEASER_BLOCKS && *words <= MAX_TEASER_WORDS);
    let told: usize = under.values().map(|(_, words)| words).sum();
    (under.len() >= MIN_TEASERS && told as f64 >= MIN_SHARE * all as f64).then_some(under.len())
}

/// The linked headline before the element, or before one around it.
fn headline_of(element: Element<'_>) -> Option<Element<'_>> {
    let around = std::iter::once(element).chain(element.ancestors()).take(STEPS);
    around.take_while(|e| e.name() != "body").find_map(|e| {
        let before: Vec<Element<'_>> = e.parent()?.child_elements().take_while(|c| *c != e).collect();
        before
            .into_iter()
            .rev()
            .take(BEFORE)
            .find(|b| is_linked_headline(*b))
    })
}

fn is_linked_headline(element: Element<'_>) -> bool {
    let heading = |e: &Element<'_>| matches!(e.name(), "h1" | "h2" | "h3" | "h4" | "h5");
    let leads = |e: &Element<'_>| {
        e.name() == "a"
            && e.attr("href")
                .is_some_and(|h| !h.is_empty() && !h.starts_with('#'))
    };
    let within = |e: Element<'_>, is: &dyn Fn(&Element<'_>) -> bool| e.descendants().take(8).any(|d| is(&d));
    let linked = |e: &Element<'_>| {
        within(*e, &leads)
            && e.descendants()
                .filter(leads)
                .map(|a| a.text().chars().count())
                .sum::<usize>()
                * 2
                > e.text().chars().count()
    };
    if heading(&element) {
        return linked(&element);
    }
    if leads(&element) {
        return within(element, &heading);
    }
    // A headline in a `header` of its own; not one in another teaser, which has text too.
    element
        .descendants()
        .take(8)
        .any(|d| heading(&d) && linked(&d) && d.text() == element.text())
}
