//! Strips that act on blocks of text: `text`, `whole`, `at` and regions. They work on a page's
//! blocks and, where there is no HTML, on the lines of a text.

use std::borrow::Cow;

use crate::article::BlockKind;
use crate::dom::Element;
use crate::sites::rule::{At, Strip, StripWhat, Until};

use super::blocks::Found;
use super::claim::Claim;
use super::note::Note;
use super::ruleset::{RuleSet, nearest};

/// What block strips need to know of a block.
pub(super) trait Strippable {
    /// Its text, white space folded.
    fn text(&self) -> &str;
    /// Whether it is a heading.
    fn is_heading(&self) -> bool;
    /// Whether it is an empty line (`clean` only).
    fn is_blank(&self) -> bool {
        false
    }
    /// Whether it is kept so far.
    fn is_kept(&self) -> bool;
    /// Takes it out.
    fn take(&mut self, claim: Claim);
}

impl Strippable for Found<'_> {
    fn text(&self) -> &str {
        &self.block.text
    }
    fn is_heading(&self) -> bool {
        self.block.kind == BlockKind::Heading
    }
    fn is_kept(&self) -> bool {
        self.claim.is_none()
    }
    fn take(&mut self, claim: Claim) {
        self.claim = Some(claim);
    }
}

/// Runs the block strips over a page's blocks: all without `at` in order of precedence, then those
/// with it, on what the others left.
pub(super) fn run<'a>(
    rules: &RuleSet,
    bodies: &[Element<'a>],
    found: &mut [Found<'a>],
    notes: &mut Vec<Note>,
) {
    let strips: Vec<&Strip> = rules.strips().collect();
    // Each block's text as patterns see it, made once for all of them.
    let texts: Vec<Option<String>> = found
        .iter()
        .map(|f| match folded(&f.block.text) {
            Cow::Owned(text) => Some(text),
            Cow::Borrowed(_) => None,
        })
        .collect();
    for (index, strip) in strips.iter().enumerate() {
        let common = rules.is_common(index);
        let spared = |b: &Found<'_>| common && rules.exempts(b.element);
        let opening = rules.opening(index);
        match &strip.what {
            StripWhat::Block {
                select: Some(_),
                whole: None,
                at: None,
                ..
            } => {}
            StripWhat::Block { at: Some(_), .. } => {}
            StripWhat::Block { .. } => {
                for at in 0..found.len() {
                    let block = &found[at];
                    let text = texts[at].as_deref().unwrap_or(&block.block.text);
                    if block.is_kept()
                        && opening.allows(text)
                        && holds(strip, block, text, bodies)
                        && !spared(block)
                    {
                        take(strip, at, bodies, found, &spared, notes);
                    }
                }
            }
            StripWhat::Region { from, until } => {
                let text = |at: usize| texts[at].as_deref().unwrap_or(&found[at].block.text);
                if !(0..found.len()).any(|at| found[at].is_kept() && opening.allows(text(at))) {
                    continue;
                }
                region(strip, from, until, &spared, found, notes);
            }
        }
    }
    for (index, strip) in strips.iter().enumerate() {
        let StripWhat::Block { at: Some(at), .. } = &strip.what else {
            continue;
        };
        let spared = |b: &Found<'_>| rules.is_common(index) && rules.exempts(b.element);
        if let Some(at) = standing(at, found)
            && holds(strip, &found[at], &folded(&found[at].block.text), bodies)
            && !spared(&found[at])
        {
            take(strip, at, bodies, found, &spared, notes);
        }
    }
}

/// Where the first or the last kept block stands.
pub(super) fn standing<B: Strippable>(at: &At, blocks: &[B]) -> Option<usize> {
    let kept = |b: &B| b.is_kept() && !b.is_blank();
    match at {
        At::First => blocks.iter().position(kept),
        At::Last => blocks.iter().rposition(kept),
    }
}

/// Takes out a block and, where the strip names a `closest`, all that is kept of that ancestor and not
/// `spared`.
fn take<'a>(
    strip: &Strip,
    at: usize,
    bodies: &[Element<'a>],
    found: &mut [Found<'a>],
    spared: &dyn Fn(&Found<'_>) -> bool,
    notes: &mut Vec<Note>,
) {
    found[at].take(Claim::strip(strip));
    let StripWhat::Block {
        whole,
        at: position,
        closest: Some(closest),
        ..
    } = &strip.what
    else {
        return;
    };
    // With `text` alone the element strips looked for it, and said so where there is none.
    if whole.is_none() && position.is_none() {
        return;
    }
    match nearest(found[at].element, closest, bodies) {
        Some(ancestor) => {
            let inside = |e: Element<'a>| e == ancestor || e.ancestors().any(|a| a == ancestor);
            for block in found.iter_mut() {
                if block.is_kept() && inside(block.element) && !spared(block) {
                    block.take(Claim::strip(strip));
                }
            }
        }
        None => notes.push(Note::NoClosest {
            rule: strip.place.clone(),
        }),
    }
}

/// Whether all conditions of a block strip but its position hold.
pub(super) fn holds(strip: &Strip, block: &Found<'_>, told: &str, bodies: &[Element<'_>]) -> bool {
    let StripWhat::Block {
        select, text, whole, ..
    } = &strip.what
    else {
        return false;
    };
    let inside = |selector: &crate::dom::Selector| {
        std::iter::once(block.element)
            .chain(block.element.ancestors())
            .take_while(|e| !bodies.contains(e))
            .any(|e| e.matches(selector))
    };
    text.as_ref().is_none_or(|t| t.is_match(told))
        && select.as_ref().is_none_or(inside)
        && whole.as_ref().is_none_or(|w| block.lies_in(w, bodies))
}

/// A block's text as patterns see it: line ends are white space too.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\t']) {
        crate::text::fold(text).into()
    } else {
        text.into()
    }
}

/// Runs one region strip: each kept block that matches `from` opens a region. Blocks that are
/// `spared` neither open one nor go.
pub(super) fn region<B: Strippable>(
    strip: &Strip,
    from: &regex::Regex,
    until: &Until,
    spared: &dyn Fn(&B) -> bool,
    blocks: &mut [B],
    notes: &mut Vec<Note>,
) {
    let mut at = 0;
    while at < blocks.len() {
        let opens = |b: &B| b.is_kept() && !b.is_blank() && from.is_match(&folded(b.text())) && !spared(b);
        if !opens(&blocks[at]) {
            at += 1;
            continue;
        }
        let rest = &blocks[at + 1..];
        let next = |ends: &dyn Fn(&B) -> bool| {
            rest.iter()
                .position(|b| b.is_kept() && ends(b))
                .map(|n| at + 1 + n)
        };
        let end = match until {
            Until::End => Some(blocks.len()),
            Until::Heading => next(&|b| b.is_heading()),
            Until::Blank => next(&|b| b.is_blank()),
            Until::Pattern(pattern) => next(&|b| pattern.is_match(&folded(b.text()))),
        };
        match end {
            Some(end) => {
                for block in blocks[at..end].iter_mut().filter(|b| b.is_kept() && !spared(b)) {
                    block.take(Claim::strip(strip));
                }
                at = end;
            }
            None => {
                // `blank` speaks of plain text: on a page it never applies, which is no fault.
                if !matches!(until, Until::Blank) {
                    notes.push(Note::OpenRegion {
                        rule: strip.place.clone(),
                        from: blocks[at].text().chars().take(60).collect(),
                    });
                }
                // What does not come after this block does not come after a later one.
                return;
            }
        }
    }
}
