//! A heading that stands between two kept blocks is a sub-heading of the story, even where the model
//! doubts it: short lines alone say little of themselves. Owns how much doubt that outweighs.

/// Least belief in a heading that its neighbours can lift.
const LEAST: f32 = 0.15;

/// Believes in headings between two kept blocks: their beliefs are lifted above the threshold.
pub(super) fn lift(beliefs: &mut [f32], threshold: f32, is_heading: impl Fn(usize) -> bool) {
    let lifted: Vec<usize> = (1..beliefs.len().saturating_sub(1))
        .filter(|&at| beliefs[at] > LEAST && beliefs[at] <= threshold && is_heading(at))
        .filter(|&at| beliefs[at - 1] > threshold && beliefs[at + 1] > threshold)
        .collect();
    for at in lifted {
        beliefs[at] = threshold.next_up();
    }
}

#[cfg(test)]
mod tests {
    use super::lift;

    #[test]
    fn a_doubted_heading_inside_the_story_stays_and_one_at_its_end_does_not() {
        let mut beliefs = [0.9, 0.3, 0.9, 0.3, 0.1];
        lift(&mut beliefs, 0.5, |at| at % 2 == 1);
        assert!(beliefs[1] > 0.5 && beliefs[3] < 0.5);
    }

    #[test]
    fn neither_a_paragraph_nor_a_heading_that_nothing_speaks_for_is_lifted() {
        let mut beliefs = [0.9, 0.3, 0.9, 0.1, 0.9];
        lift(&mut beliefs, 0.5, |at| at == 3);
        assert!(beliefs[1] < 0.5 && beliefs[3] < 0.5);
    }
}
