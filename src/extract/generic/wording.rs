//! What a block's own text says: lengths, marks, and the phrases that blocks beside a story begin
//! with. Owns the reading of `data/model/phrases.txt`; where a block stands is `place`'s business.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, Input, StartKind, automaton::OverlappingState};

/// Phrases that boilerplate begins with or contains, by group, in many languages. `^` binds a phrase to
/// the start, `$` to the end; all else is to the letter.
const PHRASES: &str = include_str!("../../../data/model/phrases.txt");
/// Phrases are looked for in this many characters from the start of a block.
const OPENING_CHARS: usize = 240;

/// Names of the phrase groups, in the order of the model's features.
pub(super) static GROUPS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| groups().map(|(name, _)| name).collect());

static PHRASE_FINDER: LazyLock<PhraseFinder> = LazyLock::new(PhraseFinder::new);

/// Finds all phrases at once. No pattern of the program's is as large: as a regular expression its
/// states would not be kept from one page to the next. Most phrases are asked for at a text's start only:
/// apart, the tables of the others are small enough for the machine's near memory.
struct PhraseFinder {
    anywhere: Phrases,
    at_start: Phrases,
}

impl PhraseFinder {
    fn new() -> Self {
        let (mut anywhere, mut at_start) = (Vec::new(), Vec::new());
        for (group, (_, line)) in groups().enumerate() {
            for phrase in line.split('|') {
                match phrase.strip_prefix('^') {
                    Some(phrase) => at_start.push((group, phrase)),
                    None => anywhere.push((group, phrase)),
                }
            }
        }
        Self {
            anywhere: Phrases::new(&anywhere, Anchored::No),
            at_start: Phrases::new(&at_start, Anchored::Yes),
        }
    }

    /// One bit for each group that has a phrase in the text.
    fn groups_in(&self, text: &str) -> u32 {
        self.anywhere.groups_in(text) | self.at_start.groups_in(text)
    }
}

/// Phrases that stand anywhere in a text, or at its start.
struct Phrases {
    finder: AhoCorasick,
    /// For each phrase its group, and whether it stands at the end only.
    bounds: Vec<(usize, bool)>,
    anchored: Anchored,
}

impl Phrases {
    fn new(phrases: &[(usize, &str)], anchored: Anchored) -> Self {
        let at_end = |phrase: &str| phrase.ends_with('$');
        let (kind, start) = match anchored {
            Anchored::No => (AhoCorasickKind::DFA, StartKind::Unanchored),
            _ => (AhoCorasickKind::ContiguousNFA, StartKind::Anchored),
        };
        let finder = AhoCorasick::builder()
            .kind(Some(kind))
            .start_kind(start)
            .build(phrases.iter().map(|(_, p)| p.strip_suffix('$').unwrap_or(p)))
            .expect("a few hundred phrases make no large automaton");
        let bounds = phrases.iter().map(|(group, p)| (*group, at_end(p))).collect();
        Self {
            finder,
            bounds,
            anchored,
        }
    }

    fn groups_in(&self, text: &str) -> u32 {
        let mut bits = 0;
        let input = Input::new(text).anchored(self.anchored);
        let mut state = OverlappingState::start();
        loop {
            self.finder.find_overlapping(input.clone(), &mut state);
            let Some(found) = state.get_match() else {
                return bits;
            };
            let (group, at_end) = self.bounds[found.pattern().as_usize()];
            let begins = self.anchored == Anchored::No || found.start() == 0;
            if begins && (!at_end || found.end() == text.len()) {
                bits |= 1 << group;
            }
        }
    }
}

fn groups() -> impl Iterator<Item = (&'static str, &'static str)> {
    PHRASES
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once(": "))
}

/// Counts over one block's text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wording {
    /// Characters that are not white space.
    pub(super) chars: u32,
    /// Words; in scripts without spaces each character of a word is one.
    pub(super) words: u32,
    /// Sentence ends inside the text, the last one included.
    pub(super) ends: u32,
    /// Commas of any script.
    pub(super) commas: u32,
    /// Decimal digits.
    pub(super) digits: u32,
    /// Upper-case letters.
    pub(super) upper: u32,
    /// Words that begin with an upper-case letter.
    pub(super) capitals: u32,
    /// Quotation marks.
    pub(super) quotes: u32,
    /// Line ends.
    pub(super) lines: u32,
    /// Bars, arrows, bullets and the like.
    pub(super) signs: u32,
    /// Ends as a sentence does.
    pub(super) sentence: bool,
    /// Ends with a colon.
    pub(super) colon: bool,
    /// Ends with an ellipsis.
    pub(super) ellipsis: bool,
    /// Begins with a lower-case letter.
    pub(super) lower: bool,
    /// Begins with a sign or bullet.
    pub(super) bullet: bool,
    /// One bit for each phrase group that occurs.
    pub(super) phrases: u32,
}

impl Wording {
    /// Reads a block's text.
    pub(super) fn of(text: &str) -> Self {
        let mut w = Self {
            sentence: ends_as_sentence(text),
            ..Self::default()
        };
        let mut inside = false;
        for c in text.chars() {
            if c.is_ascii_alphabetic() {
                w.chars += 1;
                let upper = c.is_ascii_uppercase();
                w.upper += u32::from(upper);
                w.words += u32::from(!inside);
                w.capitals += u32::from(!inside && upper);
                inside = true;
                continue;
            }
            if c == '\n' {
                w.lines += 1;
            }
            if crate::text::is_space(c) {
                inside = false;
                continue;
            }
            w.chars += 1;
            if c.is_alphanumeric() {
                let alone = stands_alone(c);
                w.words += u32::from(!inside || alone);
                if c.is_numeric() {
                    w.digits += 1;
                } else if c.is_uppercase() {
                    w.upper += 1;
                    w.capitals += u32::from(!inside);
                }
                inside = true;
                continue;
            }
            match c {
                '.' | '!' | '?' | '。' | '！' | '？' | '।' | '؟' | '۔' => w.ends += 1,
                ',' | '，' | '、' | '،' => w.commas += 1,
                '"' | '“' | '”' | '„' | '«' | '»' | '「' | '」' => w.quotes += 1,
                '|' | '/' | '•' | '·' | '→' | '›' | '▶' | '►' | '*' | '#' | '@' | '©' | '–' | '—' => {
                    w.signs += 1
                }
                _ => {}
            }
            inside = matches!(c, '\'' | '’' | '-' | '\u{ad}') && inside;
        }
        let end = text.trim_end();
        w.colon = end.ends_with([':', '：']);
        w.ellipsis = end.ends_with('…') || end.ends_with("...");
        if let Some(first) = text.chars().next() {
            w.lower = first.is_lowercase();
            w.bullet = !first.is_alphanumeric()
                && !matches!(first, '"' | '“' | '”' | '„' | '«' | '»' | '‘' | '\'' | '「' | '(');
        }
        w.phrases = PHRASE_FINDER.groups_in(&opening(text));
        w
    }
}

/// A text's first characters, in lower case.
fn opening(text: &str) -> String {
    let end = text
        .char_indices()
        .nth(OPENING_CHARS)
        .map_or(text.len(), |(at, _)| at);
    let opening = &text[..end];
    if opening.is_ascii() {
        return opening.to_ascii_lowercase();
    }
    opening.chars().flat_map(char::to_lowercase).collect()
}

/// Whether a character is a word by itself: scripts written without spaces.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// Whether a text ends as a sentence does: a full stop, question or exclamation mark of any
/// script, perhaps closed by quotes or brackets.
pub(in crate::extract) fn ends_as_sentence(text: &str) -> bool {
    text.trim_end()
        .trim_end_matches(['"', '\'', '”', '’', '»', '«', '“', ')', ']', '」', '』', ' '])
        .ends_with(['.', '?', '!', '…', '。', '！', '？', '۔', '؟', '।', ':', '։', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_in_any_script() {
        for text in ["He left.", "“Why?”", "会議が開かれた。", "क्या हुआ।", "لماذا؟"]
        {
            assert!(ends_as_sentence(text), "{text}");
        }
        assert!(!ends_as_sentence("Top stories"));
    }

    #[test]
    fn words_are_counted_where_no_spaces_part_them() {
        assert_eq!(Wording::of("It's 3.5 % of-all").words, 4);
        assert_eq!(Wording::of("東京で会議").words, 5);
    }

    #[test]
    fn phrases_are_found_in_any_case_and_language() {
        let group = |name| 1 << GROUPS.iter().position(|g| *g == name).unwrap();
        assert_ne!(Wording::of("LESEN SIE AUCH: Mehr").phrases & group("related"), 0);
        assert_ne!(Wording::of("© 2020 Somebody").phrases & group("legal"), 0);
        assert_eq!(Wording::of("The council met on Monday.").phrases, 0);
    }
}
