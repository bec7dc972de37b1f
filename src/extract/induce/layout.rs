//! Which element holds the story: selectors of the elements around what is kept, tried on all pages,
//! the best taken, and again for the pages that look different.

use std::collections::{BTreeSet, HashSet};

use crate::dom::{Element, NodeId, Selector};

use super::super::ruleset::outermost;
use super::InducedLayout;
use super::keep::Places;
use super::names;
use super::observe::Observed;

/// Least share of a page's story in an element whose names are tried.
const LEAST_SHARE: f32 = 0.12;
/// Most selectors that are tried for one look.
const MAX_SELECTORS: usize = 400;
/// Containers whose keep-lists are tried.
const FINALISTS: usize = 12;
/// Share of the generic extractor's expected score that a layout must reach on a page it matches.
const LEAST_OF_GENERIC: f32 = 0.97;
/// Scores that differ by less are equal: the simpler selector is taken.
const SAME_SCORE: f32 = 0.0002;
/// What strips may still add to a page's score.
const STRIPS_GIVE: f32 = 0.02;

/// A container, tried on pages.
struct Container<'a> {
    body: String,
    /// Place in the order of preference.
    order: usize,
    /// Page, its bodies, whether each block lies in them.
    pages: Vec<(usize, Vec<Element<'a>>, Vec<bool>)>,
}

/// A container with its keep-list.
struct Look {
    body: String,
    order: usize,
    paragraphs: Vec<String>,
    single: bool,
    /// Page, expected score.
    scores: Vec<(usize, f32)>,
}

impl Look {
    fn mean(&self) -> f32 {
        self.scores.iter().map(|(_, s)| s).sum::<f32>() / self.scores.len().max(1) as f32
    }
}

/// The looks of the pages; none where a page fits in no look, or all of them together promise less
/// than the generic extractor.
pub(super) fn choose(pages: &[Observed<'_>]) -> Vec<InducedLayout> {
    let generic: Vec<f32> = pages.iter().map(|p| p.score(|b| p.blocks[b].kept)).collect();
    let mut rest: Vec<usize> = (0..pages.len()).collect();
    let mut layouts = Vec::new();
    let mut promised = 0.0;
    while !rest.is_empty() {
        let Some(look) = best(pages, &rest, &generic) else {
            return Vec::new();
        };
        promised += look.scores.iter().map(|(_, s)| s).sum::<f32>();
        let done: HashSet<usize> = look.scores.iter().map(|(p, _)| *p).collect();
        rest.retain(|p| !done.contains(p));
        layouts.push(InducedLayout {
            agreement: agreement(pages, &look),
            pages: look.scores.iter().map(|(p, _)| pages[*p].page).collect(),
            body: look.body,
            paragraphs: look.paragraphs,
        });
    }
    let at_most = promised + STRIPS_GIVE * pages.len() as f32;
    if at_most < generic.iter().sum::<f32>() {
        return Vec::new();
    }
    layouts
}

/// The best look for these pages, or for some of them.
fn best(pages: &[Observed<'_>], rest: &[usize], generic: &[f32]) -> Option<Look> {
    let names = selectors(pages, rest).into_iter().take(MAX_SELECTORS);
    let parsed: Vec<Selector> = names.filter_map(|name| Selector::parse(&name).ok()).collect();
    let mut containers: Vec<(f32, Container<'_>)> = Vec::new();
    for (order, body) in parsed.iter().enumerate() {
        let Some(container) = tried(pages, rest, body, order) else {
            continue;
        };
        let score = container
            .pages
            .iter()
            .map(|(p, _, inside)| pages[*p].score(|b| inside[b]) - generic[*p])
            .sum::<f32>();
        // A look that serves more pages goes first: what one page alone is called is an accident.
        containers.push((score + container.pages.len() as f32, container));
    }
    containers.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.order.cmp(&b.1.order)));
    containers.truncate(FINALISTS);
    let mut looks: Vec<Look> = containers.iter().map(|(_, c)| look(pages, c)).collect();
    looks.retain(|l| l.scores.iter().all(|(p, s)| *s >= LEAST_OF_GENERIC * generic[*p]));
    let most = looks.iter().map(|l| l.scores.len()).max()?;
    looks.retain(|l| l.scores.len() == most);
    let highest = looks.iter().map(Look::mean).fold(0.0, f32::max);
    looks.retain(|l| l.mean() >= highest - SAME_SCORE);
    looks.into_iter().min_by_key(|l| (!l.single, l.order))
}

/// Selectors of elements that hold a good part of the story, the most telling kinds first.
fn selectors(pages: &[Observed<'_>], rest: &[usize]) -> Vec<String> {
    let mut ranked: BTreeSet<(usize, String)> = BTreeSet::new();
    for page in rest.iter().map(|p| &pages[*p]) {
        let whole: f32 = page.blocks.iter().filter(|b| b.kept).map(|b| b.words).sum();
        let mut held: Vec<(Element<'_>, f32)> = Vec::new();
        let mut at: std::collections::HashMap<NodeId, usize> = std::collections::HashMap::new();
        for b in page.blocks.iter().filter(|b| b.kept) {
            for e in std::iter::once(b.element).chain(b.element.ancestors()) {
                if matches!(e.name(), "html" | "body" | "p" | "li") {
                    continue;
                }
                let slot = *at.entry(e.id()).or_insert_with(|| {
                    held.push((e, 0.0));
                    held.len() - 1
                });
                held[slot].1 += b.words;
            }
        }
        for (e, words) in held {
            if words < LEAST_SHARE * whole {
                continue;
            }
            let own = names::own(e);
            if own.is_empty()
                && let Some(parent) = e.parent()
            {
                for name in names::own(parent).into_iter().take(4) {
                    ranked.insert((40, format!("{name} > {}", e.name())));
                }
            }
            for (n, name) in own.into_iter().enumerate() {
                ranked.insert((n, name));
            }
        }
    }
    ranked.into_iter().map(|(_, name)| name).collect()
}

fn tried<'a>(
    pages: &'a [Observed<'_>],
    rest: &[usize],
    body: &'a Selector,
    order: usize,
) -> Option<Container<'a>> {
    let mut matching = Vec::new();
    for &p in rest {
        let bodies = outermost(pages[p].dom.select(body));
        if bodies.is_empty() {
            continue;
        }
        let ids: HashSet<NodeId> = bodies.iter().map(|b| b.id()).collect();
        let inside = |e: Element<'_>| {
            std::iter::once(e)
                .chain(e.ancestors())
                .any(|a| ids.contains(&a.id()))
        };
        let inside: Vec<bool> = pages[p].blocks.iter().map(|b| inside(b.element)).collect();
        if inside.contains(&true) {
            matching.push((p, bodies, inside));
        }
    }
    (!matching.is_empty()).then_some(Container {
        body: body.source().to_owned(),
        order,
        pages: matching,
    })
}

/// The container with the keep-list that promises most; without one where none promises as much.
fn look(pages: &[Observed<'_>], container: &Container<'_>) -> Look {
    let mut places = Places::default();
    for (p, bodies, inside) in &container.pages {
        for (b, _) in pages[*p]
            .blocks
            .iter()
            .zip(inside)
            .filter(|(b, inside)| **inside && !b.settled)
        {
            places.add(b, bodies);
        }
    }
    let bare = |paragraphs: Vec<String>, scores| Look {
        body: container.body.clone(),
        order: container.order,
        single: container.pages.iter().all(|(_, bodies, _)| bodies.len() == 1),
        paragraphs,
        scores,
    };
    let whole = container
        .pages
        .iter()
        .map(|(p, _, inside)| (*p, pages[*p].score(|b| inside[b])))
        .collect();
    let mut best = bare(Vec::new(), whole);
    for list in places.keep_lists() {
        let Ok(selector) = Selector::parse(&list.join(", ")) else {
            continue;
        };
        let scores = container.pages.iter().map(|(p, bodies, inside)| {
            let kept: HashSet<NodeId> = bodies
                .iter()
                .flat_map(|b| b.select(&selector))
                .map(Element::id)
                .collect();
            let keeps = |e: Element<'_>| {
                std::iter::once(e)
                    .chain(e.ancestors())
                    .any(|a| kept.contains(&a.id()))
            };
            let page = &pages[*p];
            (*p, page.score(|b| inside[b] && keeps(page.blocks[b].element)))
        });
        let other = bare(list, scores.collect());
        // A keep-list holds against what the site invents next season: where it costs nothing, it is taken.
        let gain = if best.paragraphs.is_empty() {
            -SAME_SCORE / 4.0
        } else {
            SAME_SCORE
        };
        if other.mean() > best.mean() + gain {
            best = other;
        }
    }
    best
}

/// Share of the words, of the look's text and the generic extractor's, that are in both.
fn agreement(pages: &[Observed<'_>], look: &Look) -> f32 {
    let (mut both, mut either) = (0.0, 0.0);
    let body = Selector::parse(&look.body).ok();
    let keep = Selector::parse(&look.paragraphs.join(", ")).ok();
    for page in look.scores.iter().map(|(p, _)| &pages[*p]) {
        let bodies = body.iter().flat_map(|body| outermost(page.dom.select(body)));
        let kept: HashSet<NodeId> = match &keep {
            Some(keep) => bodies
                .flat_map(|b| b.select(keep).map(Element::id).collect::<Vec<_>>())
                .collect(),
            None => bodies.map(Element::id).collect(),
        };
        for b in page.blocks.iter().filter(|b| !b.settled) {
            let told = std::iter::once(b.element)
                .chain(b.element.ancestors())
                .any(|a| kept.contains(&a.id()));
            if told && b.kept {
                both += b.words;
            }
            if told || b.kept {
                either += b.words;
            }
        }
    }
    if either > 0.0 { both / either } else { 0.0 }
}
