//! How good a found text is expected to be: signs of doubt about it, weighed by a small regression
//! that `data/model/train.py` fits on pages of hosts the forests did not see.

use std::sync::LazyLock;

use super::super::blocks::Found;
use super::judged::Judged;

/// The weight of each sign, and where the curve lies.
const FILE: &str = include_str!("../../../data/model/quality.txt");
/// Names in that file: the curve's own place first, then the signs.
pub(super) const NAMES: [&str; 5] = ["sure", "wrong", "doubt", "gaps", "off-shape"];
/// Number of blocks whose doubt tells of the whole page.
const DOUBTFUL_BLOCKS: usize = 10;

static WEIGHTS: LazyLock<[f32; 5]> =
    LazyLock::new(|| read(FILE).expect("a data file of the program's own, read whole by a test"));

fn read(file: &str) -> Option<[f32; 5]> {
    let mut weights = [0.0; 5];
    let mut lines = file.lines().filter(|l| !l.starts_with('#'));
    for (weight, name) in weights.iter_mut().zip(NAMES) {
        *weight = lines.next()?.strip_prefix(name)?.trim().parse().ok()?;
    }
    Some(weights)
}

/// What speaks against a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signs {
    /// F1 score of the kept characters, if each block is the story with the probability believed.
    pub(super) f1: f32,
    /// Share of the kept characters that is not believed.
    pub(super) wrong: f32,
    /// Mean doubt about the page's most doubtful blocks, 0 to 0.5.
    pub(super) doubt: f32,
    /// Blocks taken out between the first and the last kept one, logarithmically.
    pub(super) gaps: f32,
    /// Share of the kept characters that is not of the commonest shape.
    pub(super) off_shape: f32,
}

impl Signs {
    /// Reads them off a pruned body; none where nothing was kept.
    pub(super) fn of(judged: &Judged, found: &[Found<'_>]) -> Option<Self> {
        let (mut right, mut wrong, mut missed) = (0.0, 0.0, judged.missed);
        let mut shapes: Vec<(usize, f32)> = Vec::new();
        let (mut gaps, mut open) = (0.0_f32, None);
        for (f, block) in found.iter().zip(&judged.blocks) {
            let Some(block) = block else { continue };
            let chars = f.dress.chars as f32;
            if f.claim.is_none() {
                right += block.belief * chars;
                wrong += (1.0 - block.belief) * chars;
                match shapes.iter_mut().find(|s| s.0 == block.shape) {
                    Some(shape) => shape.1 += chars,
                    None => shapes.push((block.shape, chars)),
                }
                gaps += open.unwrap_or(0.0);
                open = Some(0.0);
            } else {
                if let Some(open) = &mut open {
                    *open += 1.0;
                }
                if block.belief <= judged.threshold {
                    missed += block.belief * chars;
                }
            }
        }
        let kept = right + wrong;
        if kept <= 0.0 {
            return None;
        }
        let mut doubts = judged.doubts.clone();
        doubts.sort_by(|a, b| b.total_cmp(a));
        doubts.truncate(DOUBTFUL_BLOCKS);
        let commonest = shapes.iter().map(|s| s.1).fold(0.0, f32::max);
        Some(Self {
            f1: 2.0 * right / (2.0 * right + wrong + missed),
            wrong: wrong / kept,
            doubt: doubts.iter().sum::<f32>() / doubts.len().max(1) as f32,
            gaps: gaps.ln_1p(),
            off_shape: 1.0 - commonest / kept,
        })
    }

    /// The expected quality, 0 to 1.
    pub(super) fn quality(&self) -> f32 {
        let [sure, wrong, doubt, gaps, off_shape] = *WEIGHTS;
        let against = wrong * self.wrong + doubt * self.doubt + gaps * self.gaps + off_shape * self.off_shape;
        self.f1 / (1.0 + (against - sure).exp())
    }
}

impl Judged {
    /// How good the text is expected to be, 0 to 1; 0 where nothing was kept.
    pub(in crate::extract) fn confidence(&self, found: &[Found<'_>]) -> f32 {
        Signs::of(self, found).map_or(0.0, |signs| signs.quality())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_speaks_against_a_text() {
        let clean = Signs {
            f1: 1.0,
            wrong: 0.0,
            doubt: 0.0,
            gaps: 0.0,
            off_shape: 0.0,
        };
        let doubtful = [
            Signs { f1: 0.8, ..clean },
            Signs { wrong: 0.2, ..clean },
            Signs { doubt: 0.3, ..clean },
            Signs { gaps: 2.0, ..clean },
            Signs {
                off_shape: 0.5,
                ..clean
            },
        ];
        assert!(clean.quality() > 0.9);
        for signs in doubtful {
            assert!(signs.quality() < clean.quality(), "{signs:?}");
        }
    }
}
