//! Text far after the story's end is not the story: rules of a forum, a paper's self-portrait, a
//! second story's lead. Owns where one run of kept blocks ends and the next begins.

/// So many blocks, none of them kept, end a run.
const GAP_BLOCKS: usize = 15;
/// A run that holds this share of the kept text is no island.
const OWN_SHARE: f32 = 0.3;

/// Believes no longer in what stands far after the heaviest run and is little beside all that is
/// kept: beliefs above the threshold are lowered to it. `chars` are the blocks' lengths.
pub(super) fn give_up(beliefs: &mut [f32], threshold: f32, chars: impl Fn(usize) -> f32) {
    let mut runs: Vec<(Vec<usize>, f32)> = Vec::new();
    for block in (0..beliefs.len()).filter(|&i| beliefs[i] > threshold) {
        match runs.last_mut() {
            Some((run, held)) if run.last().is_some_and(|last| block - last <= GAP_BLOCKS) => {
                run.push(block);
                *held += chars(block);
            }
            _ => runs.push((vec![block], chars(block))),
        }
    }
    let all: f32 = runs.iter().map(|r| r.1).sum();
    let Some(heaviest) = (0..runs.len())
        .rev()
        .max_by(|&a, &b| runs[a].1.total_cmp(&runs[b].1))
    else {
        return;
    };
    for (run, _) in runs[heaviest + 1..].iter().filter(|r| r.1 < OWN_SHARE * all) {
        run.iter().for_each(|&block| beliefs[block] = threshold);
    }
}

#[cfg(test)]
mod tests {
    use super::give_up;

    /// Which blocks are kept: a story of ten blocks, then a gap, then `after` blocks.
    fn kept(gap: usize, after: usize) -> usize {
        let mut beliefs = [vec![0.9; 10], vec![0.0; gap], vec![0.9; after]].concat();
        give_up(&mut beliefs, 0.5, |_| 100.0);
        beliefs.iter().filter(|b| **b > 0.5).count()
    }

    #[test]
    fn a_little_text_far_after_the_story_is_given_up() {
        assert_eq!(kept(20, 2), 10);
    }

    #[test]
    fn text_after_a_short_gap_and_a_second_half_stay() {
        assert_eq!(kept(5, 2), 12);
        assert_eq!(kept(20, 8), 18);
    }

    #[test]
    fn text_before_the_story_stays() {
        let mut beliefs = [vec![0.9; 1], vec![0.0; 20], vec![0.9; 10]].concat();
        give_up(&mut beliefs, 0.5, |_| 100.0);
        assert!(beliefs[0] > 0.5);
    }
}
