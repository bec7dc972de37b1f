//! How good a found text is expected to be: the model's own belief in it, less its doubts.

use super::super::blocks::Found;
use super::judged::Judged;

/// Number of kept blocks whose doubt tells of the whole text: what leaks comes in runs.
const DOUBTFUL_KEPT: usize = 2;
/// Number of others whose doubt does: what is lost is a line here and there.
const DOUBTFUL_OTHERS: usize = 4;

impl Judged {
    /// How good the text is expected to be, 0 to 1: the F1 score of the kept characters if each block is
    /// the story with the probability believed, less the doubt about the most doubtful few that were
    /// kept and that were not; 0 where nothing was kept.
    pub(in crate::extract) fn confidence(&self, found: &[Found<'_>]) -> f32 {
        let (mut right, mut wrong, mut missed) = (0.0, 0.0, self.missed);
        let (mut kept, mut others) = (Vec::new(), self.outside.clone());
        for (f, block) in found.iter().zip(&self.blocks) {
            let Some(block) = block else { continue };
            let chars = f.dress.chars as f32;
            if f.claim.is_none() {
                right += block.belief * chars;
                wrong += (1.0 - block.belief) * chars;
                kept.push(1.0 - block.belief);
            } else if block.belief <= self.threshold {
                missed += block.belief * chars;
                others.push(block.belief);
            }
        }
        if right + wrong <= 0.0 {
            return 0.0;
        }
        let doubt = (highest(kept, DOUBTFUL_KEPT) + highest(others, DOUBTFUL_OTHERS)) / 2.0;
        2.0 * right / (2.0 * right + wrong + missed) * (1.0 - doubt)
    }
}

/// The mean of the highest so many values; 0 of none.
fn highest(mut values: Vec<f32>, count: usize) -> f32 {
    values.sort_by(|a, b| b.total_cmp(a));
    values.truncate(count);
    values.iter().sum::<f32>() / values.len().max(1) as f32
}
