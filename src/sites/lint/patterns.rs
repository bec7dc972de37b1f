//! Patterns that no text can match. A pattern sees text whose white space is folded: one space
//! between words, none at either end.

use regex_syntax::hir::{Hir, HirKind, Look};

/// Why nothing matches the pattern, or an alternative of it.
pub(super) fn dead(pattern: &str) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let why = dead_in(&hir)?;
    Some(format!("this pattern asks for {why}, which no text has"))
}

fn dead_in(hir: &Hir) -> Option<&'static str> {
    match hir.kind() {
        HirKind::Literal(literal) => white(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Capture(capture) => dead_in(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => dead_in(&repetition.sub),
        HirKind::Alternation(parts) => parts.iter().find_map(dead_in),
        HirKind::Concat(parts) => {
            let edge = parts.windows(2).find_map(|pair| {
                let literal = |hir: &Hir, at_end: bool| match hir.kind() {
                    HirKind::Literal(l) => {
                        let text = std::str::from_utf8(&l.0).unwrap_or_default();
                        if at_end {
                            text.ends_with(' ')
                        } else {
                            text.starts_with(' ')
                        }
                    }
                    _ => false,
                };
                let is = |hir: &Hir, look: Look| matches!(hir.kind(), HirKind::Look(l) if *l == look);
                if is(&pair[0], Look::Start) && literal(&pair[1], false) {
                    Some("a space at the beginning")
                } else if is(&pair[1], Look::End) && literal(&pair[0], true) {
                    Some("a space at the end")
                } else {
                    None
                }
            });
            edge.or_else(|| parts.iter().find_map(dead_in))
        }
        _ => None,
    }
}

fn white(text: &str) -> Option<&'static str> {
    if text.contains("  ") {
        Some("two spaces in a row")
    } else if text.contains(['\n', '\r']) {
        Some("a line end")
    } else if text.contains('\t') {
        Some("a tab")
    } else if text.contains(['\u{a0}', '\u{202f}', '\u{2009}']) {
        Some("a space that does not break")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::dead;

    #[test]
    fn a_pattern_no_folded_text_can_match_is_dead() {
        for pattern in [
            "a  b",
            "^ Read more",
            "Read more $",
            "Read\\nmore",
            "ok|two\\tcells",
            "(x\u{a0}y)+",
        ] {
            assert!(dead(pattern).is_some(), "{pattern}");
        }
        for pattern in [
            "a b",
            "^Read more$",
            "Read\\s+more",
            "x[ \u{a0}]y",
            "a\\n?b",
            "(?x) a  b",
            "^ *$",
        ] {
            assert_eq!(dead(pattern), None, "{pattern}");
        }
    }
}
