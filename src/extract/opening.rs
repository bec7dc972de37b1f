//! What a text must be like for a pattern to match it. Rules are many and blocks are many: by its first
//! byte, or by a look that is cheaper than the pattern's, most of them need not meet. Owns that question
//! alone; whether a pattern does match is its own to say.

use std::sync::OnceLock;

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};
use regex_syntax::utf8::Utf8Sequences;

/// What the texts that a pattern may match have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct Opening {
    /// The first bytes that they may have.
    first: Option<Box<[bool; 256]>>,
    loose: Option<Loose>,
}

/// A pattern without its word boundaries, which matches all that it matches, and more. Beside text that
/// is not ASCII, boundaries can be told by regex's slowest engine only; the rest by a fast one.
#[derive(Debug, Clone)]
struct Loose {
    pattern: String,
    /// Built when the first such text is met; none where it would be too large.
    built: OnceLock<Option<Regex>>,
}

impl Opening {
    /// Reads it from a pattern. What its first bytes may be is known only of one that begins at the
    /// text's start.
    pub(super) fn of(pattern: &Regex) -> Self {
        let Ok(hir) = regex_syntax::parse(pattern.as_str()) else {
            return Self::default();
        };
        let properties = hir.properties();
        let loose = properties.look_set().contains_word_unicode().then(|| Loose {
            pattern: without_boundaries(&hir).to_string(),
            built: OnceLock::new(),
        });
        let first = properties
            .look_set_prefix()
            .contains(Look::Start)
            .then(|| Box::new([false; 256]))
            .and_then(|mut bytes| (!read(&hir, &mut bytes)).then_some(bytes));
        Self { first, loose }
    }

    /// Whether the pattern may match this text.
    pub(super) fn allows(&self, text: &str) -> bool {
        let first = text.as_bytes().first();
        let begins = |bytes: &[bool; 256]| first.is_some_and(|b| bytes[usize::from(*b)]);
        self.first.as_deref().is_none_or(begins) && self.loose.as_ref().is_none_or(|l| l.allows(text))
    }
}

impl Loose {
    fn allows(&self, text: &str) -> bool {
        let built = || Regex::new(&self.pattern).ok();
        text.is_ascii()
            || self
                .built
                .get_or_init(built)
                .as_ref()
                .is_none_or(|l| l.is_match(text))
    }
}

/// The expression without its word boundaries; all else that it looks at stays.
fn without_boundaries(hir: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(without_boundaries).collect();
    match hir.kind() {
        HirKind::Look(
            Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode,
        ) => Hir::empty(),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(without_boundaries(&repetition.sub)),
            ..repetition.clone()
        }),
        HirKind::Capture(capture) => without_boundaries(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

/// Adds the first bytes of what an expression matches; whether it matches the empty text too.
fn read(hir: &Hir, bytes: &mut [bool; 256]) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => {
            let first = literal.0.first();
            first.inspect(|b| bytes[usize::from(**b)] = true).is_none()
        }
        HirKind::Class(class) => {
            match class {
                Class::Unicode(class) => {
                    for range in class.iter() {
                        for sequence in Utf8Sequences::new(range.start(), range.end()) {
                            let first = sequence.as_slice()[0];
                            (first.start..=first.end).for_each(|b| bytes[usize::from(b)] = true);
                        }
                    }
                }
                Class::Bytes(class) => {
                    for range in class.iter() {
                        (range.start()..=range.end()).for_each(|b| bytes[usize::from(b)] = true);
                    }
                }
            }
            false
        }
        HirKind::Repetition(repetition) => read(&repetition.sub, bytes) || repetition.min == 0,
        HirKind::Capture(capture) => read(&capture.sub, bytes),
        HirKind::Concat(parts) => parts.iter().all(|part| read(part, bytes)),
        HirKind::Alternation(parts) => {
            // Every part is read: each may begin with bytes of its own.
            let empty: Vec<bool> = parts.iter().map(|part| read(part, bytes)).collect();
            empty.contains(&true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_matches_is_always_allowed() {
        let texts = [
            "Read more",
            "read more",
            "Àlire",
            "à lire",
            "5 min",
            "٣ min",
            "",
            " x",
            "“No”",
            "東京",
            "…",
            "ſhare",
            "größer, read more",
            "lire à part",
            "reader à",
        ];
        for pattern in [
            "^Read",
            "(?i)^read|^à lire",
            r"^\d+ min",
            r"^[\W_]*(x|no)",
            "(?i)^(share|a?)",
            "^(?:à|À) ?lire",
            "^$",
            "x",
            r"(?m)^x",
            "^[^a-z]",
            r"^\bR|\A東",
            "(^Read| x)",
            "^a*5",
            r"(?i)\bread (more|\b(less)?)\b",
            r"^(\w+\B\w\b.{0,9})+more\b",
            r"(?:\blire )?à\b",
            r"\b\b",
        ] {
            let pattern = Regex::new(pattern).unwrap();
            let opening = Opening::of(&pattern);
            for text in texts.iter().filter(|t| pattern.is_match(t)) {
                assert!(opening.allows(text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn beside_text_that_is_not_ascii_a_pattern_is_met_only_for_more_than_its_boundaries() {
        let opening = Opening::of(&Regex::new(r"\b(read|see) more\b").unwrap());
        assert!(opening.allows("“Read on”: see more") && opening.allows("“unsee more”"));
        assert!(!opening.allows("“The council met.”"));
    }

    #[test]
    fn most_texts_need_not_meet_a_pattern_that_begins_with_a_word() {
        let opening = Opening::of(&Regex::new(r"(?i)^(read (more|also)|see)\b").unwrap());
        assert!(opening.allows("See also") && opening.allows("ſee"));
        assert!(!opening.allows("The council met.") && !opening.allows(""));
    }
}
