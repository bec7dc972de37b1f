//! What is believed of the blocks of a located body, and which are taken out for it. How sure the
//! whole is, `quality` says.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::article::Category;

use super::super::blocks::Found;
use super::super::claim::Claim;

/// A text of fewer letters may stand in a story twice.
const TOLD_TWICE_LETTERS: usize = 60;
/// A block of this many letters may be the whole story told once more, without its paragraphs.
const RETELLING_LETTERS: usize = 1_000;
/// Share of such a block that other blocks tell.
const RETOLD_SHARE: f32 = 0.6;

/// What is believed of one block.
pub(super) struct Belief {
    /// That it is the story, 0 to 1.
    pub(super) belief: f32,
    /// What it is if it is not.
    pub(super) otherwise: Category,
}

/// Beliefs about the blocks of a located body.
pub(in crate::extract) struct Judged {
    /// One for each block; none where a strip took it.
    pub(super) blocks: Vec<Option<Belief>>,
    /// Belief above which a block is kept.
    pub(super) threshold: f32,
    /// Characters of story that are expected outside the body.
    pub(super) missed: f32,
    /// What is believed of the blocks outside the body.
    pub(super) outside: Vec<f32>,
}

impl Judged {
    pub(super) fn new(threshold: f32) -> Self {
        Self {
            blocks: Vec::new(),
            threshold,
            missed: 0.0,
            outside: Vec::new(),
        }
    }

    /// The next block, and what is believed of it.
    pub(super) fn push(&mut self, block: Belief) {
        self.blocks.push(Some(block));
    }

    /// The next block is a strip's.
    pub(super) fn pass(&mut self) {
        self.blocks.push(None);
    }

    /// A block of so many characters lies outside the body.
    pub(super) fn miss(&mut self, belief: f32, chars: f32) {
        self.outside.push(belief);
        self.missed += belief * chars;
    }

    /// Belief in each block, in order; none where a strip took it.
    pub(in crate::extract) fn beliefs(&self) -> impl Iterator<Item = Option<f32>> {
        self.blocks.iter().map(|b| b.as_ref().map(|b| b.belief))
    }

    /// Belief above which a block is kept.
    pub(in crate::extract) fn threshold(&self) -> f32 {
        self.threshold
    }
}

/// Takes out of a located body what is not the story, and what is told twice.
pub(in crate::extract) fn prune(judged: &Judged, found: &mut [Found<'_>]) {
    for (f, block) in found.iter_mut().zip(&judged.blocks) {
        if let Some(block) = block
            && f.claim.is_none()
            && block.belief <= judged.threshold
        {
            f.claim = Some(Claim::generic(block.otherwise, "not-the-story"));
        }
    }
    told_twice(found);
}

/// Keeps of equal long blocks the first, and of a story told in paragraphs and as one lump the
/// paragraphs.
fn told_twice(found: &mut [Found<'_>]) {
    let mut letters: Vec<(usize, String)> = Vec::new();
    let mut seen: HashSet<String, RandomState> = HashSet::default();
    for (i, f) in found.iter_mut().enumerate().filter(|(_, f)| f.claim.is_none()) {
        let own = crate::text::letters(&f.block.text);
        if own.len() >= TOLD_TWICE_LETTERS && !seen.insert(own.clone()) {
            f.claim = Some(Claim::generic(Category::Other, "told-twice"));
        } else {
            letters.push((i, own));
        }
    }
    let all: usize = letters.iter().map(|(_, l)| l.len()).sum();
    for (i, lump) in letters
        .iter()
        .filter(|(_, l)| l.len() >= RETELLING_LETTERS && l.len() * 4 > all)
    {
        let retold: usize = letters
            .iter()
            .filter(|(j, l)| {
                j != i
                    && l.len() >= TOLD_TWICE_LETTERS / 3
                    && found[*j].claim.is_none()
                    && lump.contains(l.as_str())
            })
            .map(|(_, l)| l.len())
            .sum();
        if retold as f32 > RETOLD_SHARE * lump.len() as f32 {
            found[*i].claim = Some(Claim::generic(Category::Other, "told-twice"));
        }
    }
}
