//! How good a found text is expected to be: the model's own belief in it, less its doubts.

use super::super::blocks::Found;
use super::judged::Judged;

/// Number of blocks whose doubt tells of the whole page.
const DOUBTFUL_BLOCKS: usize = 5;

impl Judged {
    /// How good the text is expected to be, 0 to 1: the F1 score of the kept characters if each block is
    /// the story with the probability believed, less the doubt about the most doubtful few; 0 where
    /// nothing was kept.
    pub(in crate::extract) fn confidence(&self, found: &[Found<'_>]) -> f32 {
        let (mut right, mut wrong, mut missed) = (0.0, 0.0, self.missed);
        for (f, block) in found.iter().zip(&self.blocks) {
            let Some(block) = block else { continue };
            let chars = f.dress.chars as f32;
            if f.claim.is_none() {
                right += block.belief * chars;
                wrong += (1.0 - block.belief) * chars;
            } else if block.belief <= self.threshold {
                missed += block.belief * chars;
            }
        }
        if right + wrong <= 0.0 {
            return 0.0;
        }
        let mut doubts = self.doubts.clone();
        doubts.sort_by(|a, b| b.total_cmp(a));
        doubts.truncate(DOUBTFUL_BLOCKS);
        let doubt = doubts.iter().sum::<f32>() / doubts.len().max(1) as f32;
        2.0 * right / (2.0 * right + wrong + missed) * (1.0 - doubt)
    }
}
