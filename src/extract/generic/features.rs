//! Facts about the blocks of a page as rows of numbers, the input of the learned model. Owns their
//! order and names, which the model file repeats; what they are worth is the model's to say.

use super::super::blocks::Found;
use super::context::Context;
use super::place::{self, Places, Sums};
use super::wording::{self, Wording};
use crate::article::BlockKind;

/// Neighbours looked at on either side.
const NEIGHBOURS: usize = 2;
/// Names of the neighbours before a block, nearest first.
pub(super) const BEFORE: [&str; 3] = ["prev1", "prev2", "prev3"];
/// Names of the neighbours after it.
pub(super) const AFTER: [&str; 3] = ["next1", "next2", "next3"];
/// Blocks on either side whose prose is summed up.
const WINDOW: usize = 6;

/// Blocks with what is known of each.
pub(super) struct Sight<'a, 'f> {
    pub(super) found: Vec<&'f Found<'a>>,
    pub(super) wording: Vec<Wording>,
    pub(super) places: Places<'a>,
    sums: Vec<Sums>,
}

impl<'a, 'f> Sight<'a, 'f> {
    /// Looks at these blocks, all of them kept ones.
    pub(super) fn of(found: Vec<&'f Found<'a>>) -> Self {
        let wording: Vec<Wording> = found.iter().map(|f| Wording::of(&f.block.text)).collect();
        let sums: Vec<Sums> = found.iter().zip(&wording).map(|(f, w)| sums_of(f, w)).collect();
        let places = Places::of(&found, &sums);
        Self {
            found,
            wording,
            places,
            sums,
        }
    }

    /// Number of blocks.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// Characters of a block, white space not counted.
    pub(super) fn chars(&self, block: usize) -> f32 {
        self.sums[block].chars
    }

    /// Share of a block's characters that stand in links.
    pub(super) fn link_share(&self, block: usize) -> f32 {
        share(self.sums[block].linked, self.sums[block].chars)
    }

    /// Whether a block reads as a sentence or more of running text.
    pub(super) fn is_prose(&self, block: usize) -> bool {
        self.sums[block].prose > 0.0
    }

    /// Shape of a block: its tag and classes within its parent's.
    pub(super) fn shape(&self, block: usize) -> usize {
        self.places.containers[self.places.of_block[block]].shape
    }
}

fn sums_of(f: &Found<'_>, w: &Wording) -> Sums {
    let chars = w.chars as f32;
    let linked = (f.dress.linked as f32).min(chars);
    let prose = w.words >= 8
        && linked < chars * 0.5
        && f.block.kind != BlockKind::Heading
        && (w.sentence || w.words >= 20);
    Sums {
        blocks: 1.0,
        chars,
        linked,
        prose: if prose { chars } else { 0.0 },
        prose_blocks: f32::from(u8::from(prose)),
    }
}

/// A share, 0 where there is no whole.
pub(super) fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn log(n: f32) -> f32 {
    (1.0 + n.max(0.0)).ln()
}

/// Rows of numbers, all of one width; names are kept only where asked for.
#[derive(Default)]
pub(super) struct Table {
    pub(super) values: Vec<f32>,
    pub(super) names: Option<Vec<String>>,
}

impl Table {
    /// A value by its name.
    pub(super) fn put(&mut self, name: &str, value: f32) {
        if let Some(names) = &mut self.names {
            names.push(name.to_owned());
        }
        self.values.push(value);
    }

    /// A value named by a family and a word.
    pub(super) fn part(&mut self, family: &str, name: &str, value: f32) {
        if let Some(names) = &mut self.names {
            names.push(format!("{family}:{name}"));
        }
        self.values.push(value);
    }

    /// 1 or 0.
    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.put(name, f32::from(u8::from(value)));
    }

    /// One value for each of a family of names.
    fn each<'n>(&mut self, family: &str, values: impl Iterator<Item = (&'n str, f32)>) {
        for (name, value) in values {
            self.part(family, name, value);
        }
    }
}

/// Puts down what is known of one block before any is judged.
pub(super) fn describe(table: &mut Table, sight: &Sight<'_, '_>, context: &Context, block: usize) {
    words(table, sight, block);
    told(table, context, block);
    dress(table, sight, block);
    around(table, sight, block);
    position(table, sight, context, block);
    neighbours(table, sight, block);
}

fn words(t: &mut Table, sight: &Sight<'_, '_>, block: usize) {
    let w = &sight.wording[block];
    let (chars, words) = (w.chars as f32, w.words as f32);
    t.put("chars", chars);
    t.put("words", words);
    t.put("word-length", share(chars, words));
    t.put("ends", w.ends as f32);
    t.put("comma-share", share(w.commas as f32, words));
    t.put("digit-share", share(w.digits as f32, chars));
    t.put("upper-share", share(w.upper as f32, chars));
    t.put("capital-share", share(w.capitals as f32, words));
    t.put("quotes", w.quotes as f32);
    t.put("lines", w.lines as f32);
    t.put("sign-share", share(w.signs as f32, words));
    t.flag("sentence", w.sentence);
    t.flag("colon", w.colon);
    t.flag("ellipsis", w.ellipsis);
    t.flag("lower", w.lower);
    t.flag("bullet", w.bullet);
    let phrase = |(at, name): (usize, &&'static str)| (*name, (w.phrases >> at & 1) as f32);
    t.each("phrase", wording::GROUPS.iter().enumerate().map(phrase));
    t.put("phrases", w.phrases.count_ones() as f32);
}

/// What the page tells of itself, and the block repeats.
fn told(t: &mut Table, context: &Context, block: usize) {
    let c = &context.blocks[block];
    t.put("told:body", c.in_body);
    t.put("told:title", c.title);
    t.put("told:description", c.description);
    t.put("told:times", c.times);
}

fn dress(t: &mut Table, sight: &Sight<'_, '_>, block: usize) {
    let f = &sight.found[block];
    let chars = f.dress.chars as f32;
    t.put("link-share", sight.link_share(block));
    t.put("links", f.dress.links as f32);
    t.put("strong-share", share(f.dress.strong as f32, chars));
    t.put("emphasis-share", share(f.dress.emphasis as f32, chars));
    t.put("kind", f32::from(f.block.kind as u8));
    let level = f
        .element
        .name()
        .strip_prefix('h')
        .and_then(|l| l.parse().ok())
        .unwrap_or(0.0);
    t.put("level", level);
    t.flag(
        "loose",
        matches!(
            f.element.name(),
            "div" | "section" | "article" | "td" | "main" | "body"
        ),
    );
    let share_alone = f.texts.len() as f32;
    t.put("texts", share_alone);
}

fn around(t: &mut Table, sight: &Sight<'_, '_>, block: usize) {
    let places = &sight.places;
    let own = &places.containers[places.of_block[block]];
    t.each(
        "near",
        place::GROUPS
            .iter()
            .copied()
            .zip(own.words.iter().map(|d| f32::from(*d))),
    );
    t.each(
        "in",
        place::TAGS
            .iter()
            .map(|names| names[0])
            .zip(own.tags.iter().map(|d| f32::from(*d))),
    );
    t.put("depth", f32::from(own.depth));
    let page = &places.containers[0].sums;
    let shape = &places.shapes[own.shape];
    t.put("shape:blocks", shape.blocks);
    t.put("shape:prose-of-page", share(shape.prose, page.prose));
    t.put("shape:mean", share(shape.chars, shape.blocks));
    t.put("shape:linked", share(shape.linked, shape.chars));
    t.put("shape:prose-share", share(shape.prose_blocks, shape.blocks));
    for (steps, family) in [(1, "parent"), (2, "grandparent"), (3, "great")] {
        let s = &places.containers[places.above(block, steps)].sums;
        t.part(family, "blocks", s.blocks);
        t.part(family, "prose-of-page", share(s.prose, page.prose));
        t.part(family, "mean", share(s.chars, s.blocks));
        t.part(family, "linked", share(s.linked, s.chars));
        t.part(family, "prose-share", share(s.prose_blocks, s.blocks));
    }
    t.put("own:blocks", own.sums.blocks);
}

fn position(t: &mut Table, sight: &Sight<'_, '_>, context: &Context, block: usize) {
    let n = sight.found.len() as f32;
    let page = &sight.places.containers[0].sums;
    t.put("page:blocks", n);
    t.put("page:prose", log(page.prose));
    t.put("page:prose-share", share(page.prose, page.chars));
    t.put("page:body-told", context.body_told);
    t.put("position", block as f32 / n);
    t.put("chars-before", share(context.chars_before[block], page.chars));
    t.put("prose-before", share(context.prose_before[block], page.prose));
    let since = context.headline.map_or(-100.0, |h| block as f32 - h as f32);
    t.put("since-headline", since.clamp(-100.0, 200.0));
    let window = block.saturating_sub(WINDOW)..(block + WINDOW + 1).min(sight.found.len());
    t.put(
        "window:prose",
        log(window
            .clone()
            .filter(|i| *i != block)
            .map(|i| sight.sums[i].prose)
            .sum()),
    );
    t.put(
        "window:linked",
        share(
            window.clone().map(|i| sight.sums[i].linked).sum(),
            window.map(|i| sight.sums[i].chars).sum(),
        ),
    );
    let before = (0..block)
        .rev()
        .take(20)
        .position(|i| sight.is_prose(i))
        .unwrap_or(20);
    let after = (block + 1..sight.found.len())
        .take(20)
        .position(|i| sight.is_prose(i))
        .unwrap_or(20);
    t.put("prose-behind", before as f32);
    t.put("prose-ahead", after as f32);
}

fn neighbours(t: &mut Table, sight: &Sight<'_, '_>, block: usize) {
    for step in 1..=NEIGHBOURS {
        let (before, after) = (
            block.checked_sub(step),
            Some(block + step).filter(|i| *i < sight.found.len()),
        );
        for (family, at) in [(BEFORE[step - 1], before), (AFTER[step - 1], after)] {
            let Some(at) = at else {
                for name in [
                    "chars", "linked", "sentence", "kind", "shape", "parent", "phrases",
                ] {
                    t.part(family, name, -1.0);
                }
                continue;
            };
            let put = &mut |name: &str, value: f32| t.part(family, name, value);
            put("chars", sight.chars(at));
            put("linked", sight.link_share(at));
            put("sentence", f32::from(u8::from(sight.wording[at].sentence)));
            put("kind", f32::from(sight.found[at].block.kind as u8));
            put(
                "shape",
                f32::from(u8::from(sight.shape(at) == sight.shape(block))),
            );
            put(
                "parent",
                f32::from(u8::from(
                    sight.places.above(at, 1) == sight.places.above(block, 1),
                )),
            );
            put("phrases", sight.wording[at].phrases.count_ones() as f32);
        }
    }
}
