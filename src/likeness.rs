//! How much two texts have in common: shared runs of words, and the prints by which a text that may
//! share some is found among many. Owns the measures, and from when two papers tell one story; where
//! prints are kept is `store`'s, what else likeness means is for whoever asks.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hasher};

use siphasher::sip::SipHasher13;
use unicode_segmentation::UnicodeSegmentation;

/// Words of a run. Three tell a story's sentences from its topic (Broder 1997 calls such runs
/// shingles).
const RUN: usize = 3;
/// Words of a run that a print is made of: more than `RUN`, so that what people say every day is in
/// fewer texts.
const PRINT_RUN: usize = 5;
/// Runs in a row of which one makes a print (Schleimer 2003 calls it winnowing): whatever part of a
/// text another one has, wherever it stands, if it is this long it has a print of both.
const WINDOW: usize = 32;
/// The same in a short text. A divisor of `WINDOW`: what is a print by the wider window is one by this.
const SHORT_WINDOW: usize = 16;
/// Words below which a text is short.
const SHORT_WORDS: usize = 300;
/// Words below which a text has no prints: two papers may well say so little in the same words.
const LEAST_WORDS: usize = 50;
/// Runs of three words that two papers' texts share at least where they tell one story …
const STORY_RUNS: usize = 50;
/// … and the share of the shorter one's runs. Papers print an agency's story whole or its first half,
/// with a top and an end of their own; two of their own stories on one event share its quotes, a fifth
/// at most in what was measured.
const STORY_SHARE: f64 = 0.5;

/// The share, 0 to 1, of the shorter text's runs of three words that the other one has too. A
/// teaser is wholly in its story, so it counts as like it.
pub fn containment(a: &str, b: &str) -> f64 {
    Runs::of(a).common(&Runs::of(b)).share
}

/// A text's runs of three words; a text shorter than a run is one.
#[derive(Debug, Clone)]
pub struct Runs {
    hashes: HashSet<u64>,
    per_word: usize,
}

/// What two texts have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Common {
    /// Runs of three words that both have.
    pub runs: usize,
    /// Their share, 0 to 1, of the text that has fewer.
    pub share: f64,
    /// Runs that begin in a word of that text, on average.
    per_word: usize,
}

impl Runs {
    /// The runs of a text.
    pub fn of(text: &str) -> Self {
        let text = plain(text);
        let words = Words::of(&text);
        // A hasher without a seed: the same text gives the same runs in every process.
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let mut hashes: HashSet<u64> = words.runs(RUN).map(|run| hasher.hash_one(run)).collect();
        if hashes.is_empty() && !words.parts.is_empty() {
            hashes.insert(hasher.hash_one(&words.parts[..]));
        }
        Self {
            hashes,
            per_word: words.per_word(),
        }
    }

    /// What this text has in common with another one. It does not matter which of the two is asked.
    pub fn common(&self, other: &Self) -> Common {
        let (small, large) = match self.hashes.len() <= other.hashes.len() {
            true => (self, other),
            false => (other, self),
        };
        let runs = small.hashes.intersection(&large.hashes).count();
        let share = match small.hashes.len() {
            0 => 0.0,
            all => runs as f64 / all as f64,
        };
        let per_word = self.per_word.max(other.per_word);
        Common {
            runs,
            share,
            per_word,
        }
    }
}

impl Common {
    /// Whether two papers that have this in common tell one story.
    pub fn is_one_story(self) -> bool {
        self.runs >= STORY_RUNS * self.per_word && self.share >= STORY_SHARE
    }
}

/// The prints of a text: numbers made of a few of its runs, some in every part of it, chosen by the runs
/// alone. So a text that has half of another's words has about half of its prints. None for a text too
/// short to be told from others by what it shares with them.
pub fn prints(text: &str) -> BTreeSet<u32> {
    let text = plain(text);
    let words = Words::of(&text);
    let count = words.quarters / WORD;
    if count < LEAST_WORDS {
        return BTreeSet::new();
    }
    let runs: Vec<u64> = words.runs(PRINT_RUN).map(hash).collect();
    let window = words.per_word() * if count < SHORT_WORDS { SHORT_WINDOW } else { WINDOW };
    runs.windows(window.min(runs.len()).max(1))
        .filter_map(|runs| runs.iter().min())
        // The lower half: the upper one of a smallest number is small.
        .map(|least| *least as u32)
        .collect()
}

/// A text in words. Where a script writes no spaces, UAX #29 knows only letters: several of them are a
/// word then, or runs of three would say nothing.
struct Words<'a> {
    parts: Vec<&'a str>,
    /// What all parts weigh, in quarters of a word.
    quarters: usize,
}

/// What a word weighs, in quarters of one.
const WORD: usize = 4;

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        let parts: Vec<&str> = text.unicode_words().collect();
        let quarters = parts.iter().map(|part| weight(part)).sum();
        Self { parts, quarters }
    }

    /// The runs of so many words, one from each part on that has enough behind it.
    fn runs(&self, words: usize) -> impl Iterator<Item = &[&'a str]> {
        let (mut end, mut weighs) = (0, 0);
        (0..self.parts.len()).map_while(move |start| {
            while weighs < words * WORD {
                weighs += weight(self.parts.get(end)?);
                end += 1;
            }
            weighs -= weight(self.parts[start]);
            Some(&self.parts[start..end])
        })
    }

    /// Parts that are a word: one, two or four, so that wider windows are made of narrower ones.
    fn per_word(&self) -> usize {
        match 2 * WORD * self.parts.len() / self.quarters.max(1) {
            0..=2 => 1,
            3..=5 => 2,
            _ => 4,
        }
    }
}

/// What a part weighs, in quarters of a word, by its script.
fn weight(part: &str) -> usize {
    match part.chars().next().map_or(0, u32::from) {
        // Thai, Lao, Burmese, Khmer: a letter with its marks.
        0xe00..=0xeff | 0x1000..=0x109f | 0x1780..=0x17ff | 0xa9e0..=0xa9ff | 0xaa60..=0xaa7f => 1,
        // Hiragana and Han.
        0x3040..=0x309f | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff => 2,
        _ => WORD,
    }
}

/// A run as a number that is the same in every version of the program and on every machine: prints are
/// stored.
fn hash(run: &[&str]) -> u64 {
    let mut hasher = SipHasher13::new();
    for word in run {
        hasher.write(word.as_bytes());
        hasher.write(&[0xff]);
    }
    hasher.finish()
}

/// A text as it is compared: in lower case, one kind of apostrophe, nothing that only a layout needs.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'))
        .map(|c| if c == '’' { '\'' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// Words that are in no other range.
    fn words(range: std::ops::Range<usize>) -> String {
        range.map(|n| format!("w{n} ")).collect()
    }

    #[test]
    fn half_a_story_has_half_its_prints_and_another_story_none() {
        let whole = prints(&words(0..1000));
        assert!((50..75).contains(&whole.len()), "{}", whole.len());
        let half = prints(&format!("{} {}", words(250..750), words(5000..5100)));
        let shared = half.intersection(&whole).count();
        assert!(shared * 10 >= whole.len() * 4, "{shared} of {}", whole.len());
        assert!(prints(&words(2000..3000)).is_disjoint(&whole));
        // A short text has more of them a word, those of a long one among them.
        let brief = prints(&words(400..500));
        assert!(!brief.is_disjoint(&whole));
        assert!(brief.len() > 8, "{}", brief.len());
    }

    #[test]
    fn what_says_little_has_no_prints() {
        assert!(prints(&words(0..49)).is_empty());
        assert!(!prints(&words(0..50)).is_empty());
    }

    #[test]
    fn letters_of_scripts_without_spaces_are_parts_of_words() {
        let runs = |text: &str, words| Words::of(text).runs(words).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(runs("one two three four", 3), [3, 3]);
        assert_eq!(runs("東京都庁会議場", 3), [6, 6]);
        assert_eq!(runs("นายกเมืองประชุม", 3), [12, 12]);
        assert_eq!(runs("東京 conference ビル", 2), [3, 3, 2]);
        assert_eq!(Words::of("東京都庁で会議").per_word(), 2);
        assert_eq!(Words::of("กรุงเทพมหานคร").per_word(), 4);
        assert_eq!(Words::of("one two 東").per_word(), 1);
    }

    #[test]
    fn spelling_by_another_editor_changes_nothing() {
        let one = format!("It’s the Fuß\u{ad}ball {}", words(0..80));
        let other = format!("IT'S THE FUßBALL {}", words(0..80).to_uppercase());
        assert_eq!(prints(&one), prints(&other));
        assert_eq!(containment(&one, &other), 1.0);
    }

    #[test]
    fn the_prints_of_a_text_are_for_ever() {
        // They are in every database: another number here is a migration.
        let of_words = [
            574_245_416,
            1_461_846_263,
            1_618_536_820,
            2_862_120_938,
            3_154_112_977,
            3_692_192_167,
            3_946_499_428,
            4_041_046_101,
        ];
        assert_eq!(prints(&words(0..70)), BTreeSet::from(of_words));
    }
}
