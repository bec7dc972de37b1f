//! What changed between two texts, word by word. Owns cutting into words and finding the changes; how
//! they are shown is the caller's business.

use std::time::{Duration, Instant};

use serde::Serialize;
use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};
use unicode_segmentation::UnicodeSegmentation;

/// Time after which a change is told more coarsely than it could be: two long texts with nothing in
/// common take long to compare.
const MOST_TIME: Duration = Duration::from_secs(2);

/// What became of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It stayed.
    Same,
    /// It was taken out.
    Removed,
    /// It was put in.
    Added,
}

/// A piece of text and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What became of it.
    pub change: Change,
    /// The text, white space and all.
    pub text: String,
}

/// The pieces that make of `before` and `after` one text: those not added are `before`, those not
/// removed `after`, to the byte. Words are those of UAX #29, so languages without spaces have some,
/// too.
pub fn words(before: &str, after: &str) -> Vec<Piece> {
    let old: Vec<&str> = before.split_word_bounds().collect();
    let new: Vec<&str> = after.split_word_bounds().collect();
    let deadline = Instant::now().checked_add(MOST_TIME);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |change, words: &[&str]| {
        if !words.is_empty() {
            pieces.push(Piece {
                change,
                text: words.concat(),
            });
        }
    };
    for op in capture_diff_slices_deadline(Algorithm::Patience, &old, &new, deadline) {
        let (tag, was, is) = op.as_tag_tuple();
        match tag {
            DiffTag::Equal => add(Change::Same, &old[was]),
            DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                add(Change::Removed, &old[was]);
                add(Change::Added, &new[is]);
            }
        }
    }
    joined(pieces)
}

/// Changes with nothing but a space or a comma between them are one: "[-a b-]{+c d+}" reads better than
/// a change a word.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    let (mut removed, mut added) = (String::new(), String::new());
    let flush = |removed: &mut String, added: &mut String, all: &mut Vec<Piece>| {
        for (change, text) in [(Change::Removed, removed), (Change::Added, added)] {
            if !text.is_empty() {
                all.push(Piece {
                    change,
                    text: std::mem::take(text),
                });
            }
        }
    };
    let last = pieces.len();
    for (place, piece) in pieces.iter().enumerate() {
        let open = !removed.is_empty() || !added.is_empty();
        let no_word = !piece.text.contains(char::is_alphanumeric) && !piece.text.contains('\n');
        match piece.change {
            Change::Removed => removed.push_str(&piece.text),
            Change::Added => added.push_str(&piece.text),
            Change::Same if open && no_word && place + 1 < last => {
                removed.push_str(&piece.text);
                added.push_str(&piece.text);
            }
            Change::Same => {
                flush(&mut removed, &mut added, &mut all);
                all.push(piece.clone());
            }
        }
    }
    flush(&mut removed, &mut added, &mut all);
    all
}

/// How many words were taken out, and how many put in.
pub fn count(pieces: &[Piece]) -> (usize, usize) {
    let of = |change| {
        let these = pieces.iter().filter(|piece| piece.change == change);
        these.map(|piece| crate::text::word_count(&piece.text)).sum()
    };
    (of(Change::Removed), of(Change::Added))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let pieces = words(before, after);
        let side = |left_out| -> String {
            let kept = pieces.iter().filter(|p| p.change != left_out);
            kept.map(|p| p.text.as_str()).collect()
        };
        assert_eq!(side(Change::Added), before);
        assert_eq!(side(Change::Removed), after);
        pieces
            .iter()
            .map(|piece| match piece.change {
                Change::Same => piece.text.clone(),
                Change::Removed => format!("[-{}-]", piece.text),
                Change::Added => format!("{{+{}+}}", piece.text),
            })
            .collect()
    }

    #[test]
    fn one_word_is_one_change() {
        assert_eq!(
            shown("Twelve people were hurt.", "Thirteen people were hurt."),
            "[-Twelve-]{+Thirteen+} people were hurt."
        );
    }

    #[test]
    fn words_that_change_together_are_one_change() {
        assert_eq!(
            shown(
                "The mayor said no on Monday.",
                "The council said perhaps so on Monday."
            ),
            "The [-mayor-]{+council+} said [-no-]{+perhaps so+} on Monday."
        );
        assert_eq!(shown("a b", "c d"), "[-a b-]{+c d+}");
    }

    #[test]
    fn a_new_paragraph_is_added_and_nothing_else() {
        assert_eq!(
            shown("One.\n\nTwo.", "One.\n\nNew.\n\nTwo."),
            "One.\n\n{+New.\n\n+}Two."
        );
        assert_eq!(shown("", "New."), "{+New.+}");
        assert_eq!(words("Same.", "Same.").len(), 1);
        assert_eq!(words("", ""), []);
    }

    #[test]
    fn a_language_without_spaces_has_words_too() {
        assert_eq!(
            shown("港は月曜日に開く", "港は火曜日に開く"),
            "港は[-月-]{+火+}曜日に開く"
        );
    }

    #[test]
    fn words_are_counted_on_both_sides() {
        assert_eq!(count(&words("a b c", "a x y c d")), (1, 3));
    }
}
