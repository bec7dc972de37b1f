//! How good a found text is expected to be: the model's own belief in it, less its doubts.

use super::super::blocks::Found;
use super::judged::Judged;
use crate::article::BlockKind;

/// Number of the most doubtful blocks, among the kept and among the others, that tell of the whole
/// text: where a text has a fault, it has it in a block or two.
const DOUBTFUL: usize = 2;
/// What full doubt about these kept blocks takes from the quality.
const KEPT: f32 = 0.6;
/// What full doubt about these others takes: what is lost is mostly a line.
const OTHERS: f32 = 0.3;
/// What a text that is all links loses: links leak, and make a text doubtful where the model is sure.
const LINKED: f32 = 0.6;

impl Judged {
    /// How good the text is expected to be, 0 to 1: the lower of the F1 score of the kept characters if
    /// each block is the story with the probability believed, and what is left of 1 by the doubts about
    /// the most doubtful few that were kept and that were not, and by links; 0 where nothing was kept.
    ///
    /// Kept headings are not asked for doubts: a sub-heading is doubted because it is short.
    pub(in crate::extract) fn confidence(&self, found: &[Found<'_>]) -> f32 {
        let (mut right, mut wrong, mut missed, mut linked) = (0.0, 0.0, self.missed, 0.0);
        let (mut kept, mut others) = (Vec::new(), self.outside.clone());
        for (f, block) in found.iter().zip(&self.blocks) {
            let Some(block) = block else { continue };
            let chars = f.dress.chars as f32;
            if f.claim.is_none() {
                right += block.belief * chars;
                wrong += (1.0 - block.belief) * chars;
                linked += f.dress.linked as f32;
                if f.block.kind != BlockKind::Heading {
                    kept.push(1.0 - block.belief);
                }
            } else if block.belief <= self.threshold {
                missed += block.belief * chars;
                others.push(block.belief);
            }
        }
        if right + wrong <= 0.0 {
            return 0.0;
        }
        let expected = 2.0 * right / (2.0 * right + wrong + missed);
        let doubts = KEPT * highest(kept) + OTHERS * highest(others) + LINKED * linked / (right + wrong);
        expected.min(1.0 - doubts).max(0.0)
    }
}

/// The mean of the highest few values; 0 of none.
fn highest(mut values: Vec<f32>) -> f32 {
    values.sort_by(|a, b| b.total_cmp(a));
    values.truncate(DOUBTFUL);
    values.iter().sum::<f32>() / values.len().max(1) as f32
}
