//! What is believed of the blocks of a located body, and what follows: which are taken out, and how
//! sure the whole is.

use crate::article::Category;

use super::super::blocks::Found;
use super::super::claim::Claim;

/// A text of fewer letters may stand in a story twice.
const TOLD_TWICE_LETTERS: usize = 60;
/// A block of this many letters may be the whole story told once more, without its paragraphs.
const RETELLING_LETTERS: usize = 1_000;
/// Share of such a block that other blocks tell.
const RETOLD_SHARE: f32 = 0.6;

/// Number of blocks whose doubt tells of the whole text.
const DOUBTFUL_BLOCKS: usize = 5;

/// Beliefs about the blocks of a located body.
pub(in crate::extract) struct Judged {
    /// Belief, 0 to 1, and what the block is if it is not the story; none where a strip took it.
    blocks: Vec<Option<(f32, Category)>>,
    /// Belief above which a block is kept.
    threshold: f32,
    /// Characters of story that are expected outside the body.
    missed: f32,
    /// How doubtful each block of the page is: 0 (sure) to 0.5 (either way).
    doubts: Vec<f32>,
}

impl Judged {
    pub(super) fn new(threshold: f32) -> Self {
        Self {
            blocks: Vec::new(),
            threshold,
            missed: 0.0,
            doubts: Vec::new(),
        }
    }

    /// The next block, and what is believed of it.
    pub(super) fn push(&mut self, belief: f32, otherwise: Category) {
        self.doubts.push(belief.min(1.0 - belief));
        self.blocks.push(Some((belief, otherwise)));
    }

    /// The next block is a strip's.
    pub(super) fn pass(&mut self) {
        self.blocks.push(None);
    }

    /// A block of so many characters lies outside the body.
    pub(super) fn miss(&mut self, belief: f32, chars: f32) {
        self.doubts.push(belief.min(1.0 - belief));
        self.missed += belief * chars;
    }

    /// Belief in each block, in order; none where a strip took it.
    pub(in crate::extract) fn beliefs(&self) -> impl Iterator<Item = Option<f32>> {
        self.blocks.iter().map(|b| b.map(|(belief, _)| belief))
    }

    /// Belief above which a block is kept.
    pub(in crate::extract) fn threshold(&self) -> f32 {
        self.threshold
    }

    /// How good the text is expected to be, 0 to 1: the F1 score of the kept characters if each
    /// block is the story with the probability believed, less the doubt about the most doubtful few.
    pub(in crate::extract) fn confidence(&self, found: &[Found<'_>]) -> f32 {
        let (mut right, mut wrong, mut missed) = (0.0, 0.0, self.missed);
        for (f, judged) in found.iter().zip(&self.blocks) {
            let Some((belief, _)) = judged else { continue };
            let chars = f.dress.chars as f32;
            if f.claim.is_none() {
                right += belief * chars;
                wrong += (1.0 - belief) * chars;
            } else if *belief <= self.threshold {
                missed += belief * chars;
            }
        }
        let all = 2.0 * right + wrong + missed;
        if all <= 0.0 {
            return 0.0;
        }
        let mut doubts = self.doubts.clone();
        doubts.sort_by(|a, b| b.total_cmp(a));
        doubts.truncate(DOUBTFUL_BLOCKS);
        let doubt = doubts.iter().sum::<f32>() / doubts.len().max(1) as f32;
        2.0 * right / all * (1.0 - doubt)
    }
}

/// Takes out of a located body what is not the story, and what is told twice.
pub(in crate::extract) fn prune(judged: &Judged, found: &mut [Found<'_>]) {
    for (f, block) in found.iter_mut().zip(&judged.blocks) {
        if let Some((belief, otherwise)) = block
            && f.claim.is_none()
            && *belief <= judged.threshold
        {
            f.claim = Some(Claim::generic(*otherwise, "not-the-story"));
        }
    }
    told_twice(found);
}

/// Keeps of equal long blocks the first, and of a story told in paragraphs and as one lump the
/// paragraphs.
fn told_twice(found: &mut [Found<'_>]) {
    let mut letters: Vec<(usize, String)> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (i, f) in found.iter_mut().enumerate().filter(|(_, f)| f.claim.is_none()) {
        let own: String = f.block.text.chars().filter(|c| c.is_alphanumeric()).collect();
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
