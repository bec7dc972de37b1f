//! How much two texts have in common: shared runs of words. Owns the measure; what a measure means
//! is for whoever asks.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use unicode_segmentation::UnicodeSegmentation;

/// Words of a run. Three tell a story's sentences from its topic (Broder 1997 calls such runs
/// shingles).
const RUN: usize = 3;

/// The share, 0 to 1, of the shorter text's runs of three words that the other one has too. A
/// teaser is wholly in its story, so it counts as like it.
pub fn containment(a: &str, b: &str) -> f64 {
    let (a, b) = (runs(a), runs(b));
    let (small, large) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if small.is_empty() {
        return 0.0;
    }
    small.intersection(&large).count() as f64 / small.len() as f64
}

/// The hashes of a text's runs; a text shorter than a run is one.
fn runs(text: &str) -> HashSet<u64> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.unicode_words().collect();
    // A hasher without a seed: the same text gives the same runs in every process.
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    words
        .windows(RUN.min(words.len()).max(1))
        .map(|run| hasher.hash_one(run))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::containment;

    #[test]
    fn a_teaser_is_contained_in_its_story_and_another_story_is_not() {
        let story = "The council voted on Monday to rebuild the pier. Work begins in spring, the mayor said.";
        assert_eq!(
            containment("The council voted on Monday to rebuild the pier.", story),
            1.0
        );
        let other = "The council voted on Tuesday to sell the tram. The mayor was not there.";
        assert!(containment(story, other) < 0.3);
        assert_eq!(containment(story, ""), 0.0);
        assert_eq!(containment("Regen", "regen"), 1.0);
    }

    #[test]
    fn texts_without_spaces_have_words_too() {
        assert_eq!(
            containment("東京で雨が降った。", "東京で雨が降った。風も強い。"),
            1.0
        );
    }
}
