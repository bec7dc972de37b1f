//! How a text must begin for a pattern to match it. Rules are many and blocks are many: by their first
//! byte most of them need not meet. Owns that question alone; whether a pattern does match is its own
//! to say.

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use regex_syntax::utf8::Utf8Sequences;

/// The first bytes of the texts that a pattern may match.
#[derive(Debug, Clone, Default)]
pub(super) struct Opening(Option<Box<[bool; 256]>>);

impl Opening {
    /// Reads them from a pattern that begins at the text's start; of any other nothing is known.
    pub(super) fn of(pattern: &Regex) -> Self {
        let Ok(hir) = regex_syntax::parse(pattern.as_str()) else {
            return Self(None);
        };
        if !hir.properties().look_set_prefix().contains(Look::Start) {
            return Self(None);
        }
        let mut bytes = Box::new([false; 256]);
        let may_be_empty = read(&hir, &mut bytes);
        Self((!may_be_empty).then_some(bytes))
    }

    /// Whether the pattern may match this text.
    pub(super) fn allows(&self, text: &str) -> bool {
        let first = text.as_bytes().first();
        self.0
            .as_ref()
            .is_none_or(|bytes| first.is_some_and(|b| bytes[usize::from(*b)]))
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
        ] {
            let pattern = Regex::new(pattern).unwrap();
            let opening = Opening::of(&pattern);
            for text in texts.iter().filter(|t| pattern.is_match(t)) {
                assert!(opening.allows(text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn most_texts_need_not_meet_a_pattern_that_begins_with_a_word() {
        let opening = Opening::of(&Regex::new(r"(?i)^(read (more|also)|see)\b").unwrap());
        assert!(opening.allows("See also") && opening.allows("ſee"));
        assert!(!opening.allows("The council met.") && !opening.allows(""));
    }
}
