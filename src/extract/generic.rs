//! The body of a page nobody wrote a rule for: where it is, and which blocks in it are not the
//! story. Works on blocks that the common strips left; strict first, then relaxed by named steps.

use std::collections::HashMap;

use crate::article::{BlockKind, Category};
use crate::dom::{Dom, Element, NodeId};
use crate::text;

use super::blocks::{self, Found, Marks};
use super::claim::Claim;

/// A paragraph of fewer words is no evidence of a story by itself.
const PARAGRAPH_WORDS: usize = 8;
/// Share of a block's characters in links above which it is a list of links, not prose.
const LINK_SHARE: f64 = 0.5;
/// Shortest `articleBody` that is trusted to locate the story, in characters.
const ARTICLE_BODY_CHARS: usize = 200;
/// Share of the located text that the chosen container must hold.
const LOCATED_SHARE: f64 = 0.9;

/// Facts about a block that tell prose from furniture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looks {
    words: usize,
    link_share: f64,
    /// Ends as sentences do, in any script.
    sentence: bool,
    kind: BlockKind,
}

impl Looks {
    fn of(found: &Found<'_>) -> Self {
        let text = &found.block.text;
        let chars = text.chars().count();
        let linked: usize = found
            .texts
            .iter()
            .filter(|t| {
                std::iter::successors(t.parent(), |e| e.parent())
                    .take(6)
                    .any(|e| e.name() == "a")
            })
            .filter_map(|t| t.text())
            .map(|t| text::fold(t).chars().count())
            .sum();
        Self {
            words: text::word_count(text),
            link_share: (linked as f64 / chars.max(1) as f64).min(1.0),
            sentence: ends_as_sentence(text),
            kind: found.block.kind,
        }
    }

    fn is_prose(&self) -> bool {
        self.link_share < LINK_SHARE
            && self.kind != BlockKind::Heading
            && (self.words >= PARAGRAPH_WORDS || (self.sentence && self.words >= 4))
    }

    /// What a block says for (above zero) or against the element around it holding the story.
    fn weight(&self) -> f64 {
        let words = self.words as f64;
        match self.kind {
            BlockKind::Heading => 0.0,
            _ if self.link_share >= LINK_SHARE => -words.min(20.0) - 1.0,
            BlockKind::ListItem => {
                if self.sentence || self.words > 15 {
                    words * 0.5 * (1.0 - self.link_share)
                } else {
                    -1.5
                }
            }
            _ if self.is_prose() => {
                let ends = if self.sentence { 1.0 } else { 0.6 };
                words * ends * (1.0 - self.link_share)
            }
            _ => -2.0,
        }
    }
}

/// Whether a text ends as a sentence does: a full stop, question or exclamation mark of any
/// script, perhaps closed by quotes or brackets.
pub(super) fn ends_as_sentence(text: &str) -> bool {
    text.trim_end()
        .trim_end_matches(['"', '\'', '”', '’', '»', '«', '“', ')', ']', '」', '』', ' '])
        .ends_with(['.', '?', '!', '…', '。', '！', '？', '۔', '؟', '।', ':', '։', '.'])
}

/// Where the story is, and by which step it was found.
pub(super) struct Located<'a> {
    /// The elements that hold it, in document order.
    pub(super) bodies: Vec<Element<'a>>,
    /// The step that found it.
    pub(super) step: &'static str,
}

/// Finds the element that holds the story.
pub(super) fn locate<'a>(dom: &'a Dom, marks: &Marks, article_body: Option<&str>) -> Option<Located<'a>> {
    let found = blocks::read(&[dom.body()], marks);
    let kept: Vec<(&Found<'a>, Looks)> = found
        .iter()
        .filter(|f| f.claim.is_none())
        .map(|f| (f, Looks::of(f)))
        .collect();
    by_article_body(&kept, article_body)
        .map(|e| Located {
            bodies: vec![e],
            step: "articleBody",
        })
        .or_else(|| {
            by_weight(dom, &kept).map(|e| Located {
                bodies: vec![e],
                step: "prose",
            })
        })
        .or_else(|| {
            (!kept.is_empty()).then(|| Located {
                bodies: vec![dom.body()],
                step: "whole-page",
            })
        })
}

/// The lowest element that holds nearly all of the blocks which say what `articleBody` says.
fn by_article_body<'a>(kept: &[(&Found<'a>, Looks)], article_body: Option<&str>) -> Option<Element<'a>> {
    let told = letters(article_body.filter(|b| b.chars().count() >= ARTICLE_BODY_CHARS)?);
    let located: Vec<(&Found<'a>, usize)> = kept
        .iter()
        .filter(|(_, looks)| looks.words >= 5)
        .map(|(f, _)| (*f, letters(&f.block.text)))
        .filter(|(_, l)| told.contains(l.as_str()))
        .map(|(f, l)| (f, l.len()))
        .collect();
    let sum: usize = located.iter().map(|(_, n)| n).sum();
    if (sum as f64) < 0.4 * told.len() as f64 {
        return None;
    }
    let mut held: HashMap<NodeId, usize> = HashMap::new();
    for (f, n) in &located {
        for e in std::iter::once(f.element).chain(f.element.ancestors()) {
            *held.entry(e.id()).or_default() += n;
        }
    }
    let enough = (sum as f64 * LOCATED_SHARE).ceil() as usize;
    let (first, _) = located.iter().max_by_key(|(_, n)| *n)?;
    std::iter::once(first.element)
        .chain(first.element.ancestors())
        .find(|e| held.get(&e.id()).is_some_and(|n| *n >= enough))
}

/// Letters and digits only: how two tellings of one text are compared.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The element whose blocks, weighed together, speak most for it; the lowest of equals.
fn by_weight<'a>(dom: &'a Dom, kept: &[(&Found<'a>, Looks)]) -> Option<Element<'a>> {
    let mut sums: HashMap<NodeId, f64> = HashMap::new();
    let mut order: Vec<Element<'a>> = Vec::new();
    for (f, looks) in kept {
        let weight = looks.weight();
        for e in std::iter::once(f.element).chain(f.element.ancestors()) {
            let sum = sums.entry(e.id()).or_insert_with(|| {
                order.push(e);
                0.0
            });
            *sum += weight;
        }
    }
    let mut best: Option<(Element<'a>, f64)> = None;
    let root = dom.root();
    for e in order.into_iter().filter(|e| *e != root) {
        let sum = sums[&e.id()] + hint(e);
        // Elements come innermost first, so of equals the lowest stays.
        if sum > best.map_or(0.0, |(_, score)| score) {
            best = Some((e, sum));
        }
    }
    best.map(|(e, _)| e)
}

/// What an element's own name says of it: a few words' worth, to break near ties.
fn hint(e: Element<'_>) -> f64 {
    let mut hint = match e.name() {
        "article" => 10.0,
        "main" => 3.0,
        _ => 0.0,
    };
    if e.attr("itemprop") == Some("articleBody") {
        hint += 40.0;
    }
    hint
}

/// Takes out of a located body what is not the story: lists of links, furniture before the first
/// and after the last prose, headings with nothing under them.
pub(super) fn prune(found: &mut [Found<'_>]) {
    let looks: Vec<Looks> = found.iter().map(Looks::of).collect();
    for (block, looks) in found.iter_mut().zip(&looks) {
        let linked = looks.link_share > 0.65 && looks.words < 40;
        if block.claim.is_none() && linked && !(looks.sentence && looks.words > 12) {
            block.claim = Some(Claim::generic(Category::Related, "links"));
        }
    }
    let prose = |i: usize| looks[i].is_prose();
    let kept: Vec<usize> = (0..found.len()).filter(|&i| found[i].claim.is_none()).collect();
    let Some(first) = kept.iter().position(|&i| prose(i)) else {
        return;
    };
    let last = kept.iter().rposition(|&i| prose(i)).unwrap_or(first);
    for &i in &kept[..first] {
        // A heading right above the first paragraph is part of the story.
        let heading_above = looks[i].kind == BlockKind::Heading && i + 1 == kept[first];
        if !heading_above {
            found[i].claim = Some(Claim::generic(Category::Navigation, "before-the-story"));
        }
    }
    for &i in &kept[last + 1..] {
        let part_of_list = matches!(looks[i].kind, BlockKind::ListItem | BlockKind::TableRow);
        if !part_of_list {
            found[i].claim = Some(Claim::generic(Category::Other, "after-the-story"));
        }
    }
    lone_headings(found);
}

/// A heading that no text follows, at the end or before another of its kind at the end.
fn lone_headings(found: &mut [Found<'_>]) {
    while let Some(last) = found.iter_mut().rev().find(|f| f.claim.is_none()) {
        if last.block.kind != BlockKind::Heading {
            break;
        }
        last.claim = Some(Claim::generic(Category::Other, "heading-without-text"));
    }
}
