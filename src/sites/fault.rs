//! What is wrong with a rule file, and how people see it: one line (`Display`) or the lines of
//! the file with a mark under the spot ([`RuleFault::render`]). Finding faults is `shape`'s,
//! `values`' and `compile`'s business.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

/// The text of one rule file with the names it goes by.
#[derive(Debug)]
pub(super) struct Source {
    /// Path relative to the rule directory, with `/`: `families/brightspot.toml`.
    pub(super) relative: String,
    /// Path as people can open it: `sites/huffpost.toml`.
    pub(super) shown: String,
    /// The text.
    pub(super) text: String,
}

impl Source {
    /// Line and column of a byte position, both from 1, the column in characters.
    fn position(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..self.floor(byte)];
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }

    /// A place as it stands in the database: `huffpost.toml:41`.
    pub(super) fn place(&self, byte: usize) -> String {
        format!("{}:{}", self.relative, self.line(byte))
    }

    /// The line of a byte position, from 1.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.position(byte).0
    }

    /// The nearest character boundary at or before a byte position.
    fn floor(&self, byte: usize) -> usize {
        let mut at = byte.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// One thing wrong in one rule file.
#[derive(Clone)]
pub struct RuleFault {
    /// The file, as people can open it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key it is about, as `strip.select`; empty where it is about the whole file.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    source: Arc<Source>,
    span: Range<usize>,
    /// The file loads all the same.
    finding: bool,
}

impl RuleFault {
    pub(super) fn new(
        source: &Arc<Source>,
        key: &str,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Self {
        let (line, column) = source.position(span.start);
        Self {
            file: source.shown.clone(),
            line,
            column,
            key: key.to_owned(),
            message: message.into(),
            help,
            span: source.floor(span.start)..source.floor(span.end.max(span.start)),
            source: Arc::clone(source),
            finding: false,
        }
    }

    /// Something in a file that loads and does not do what its author will have meant.
    pub(super) fn finding(
        source: &Arc<Source>,
        key: &str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            finding: true,
            ..Self::new(source, key, span, message, Some(help.into()))
        }
    }

    /// A fault of a file as a whole, or of one whose text could not be read.
    pub(super) fn whole_file(shown: &str, message: impl Into<String>, help: Option<String>) -> Self {
        let source = Arc::new(Source {
            relative: shown.to_owned(),
            shown: shown.to_owned(),
            text: String::new(),
        });
        Self::new(&source, "", 0..0, message, help)
    }

    /// The fault as compilers show one: the line of the file with a mark under the spot. Escape
    /// codes for colour only where `colour` asks for them.
    pub fn render(&self, colour: bool) -> String {
        let title = match self.key.as_str() {
            "" => self.message.clone(),
            key => format!("{key}: {}", self.message),
        };
        let title = crate::text::printable(&title);
        let text = harmless(&self.source.text);
        let level = if self.finding {
            Level::WARNING
        } else {
            Level::ERROR
        };
        let title = level.primary_title(title);
        let mut group = match text.is_empty() {
            // There is no line to show.
            true => title.element(
                Origin::path(self.file.as_str())
                    .line(self.line)
                    .char_column(self.column),
            ),
            false => title.element(
                Snippet::source(text)
                    .path(self.file.as_str())
                    .annotation(AnnotationKind::Primary.span(self.span.clone())),
            ),
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(crate::text::printable(help)));
        }
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }
}

impl fmt::Display for RuleFault {
    /// `sites/x.toml:12:9: strip.select: not a CSS selector; what to do`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&crate::text::printable(&self.message).replace('\n', " "))?;
        match &self.help {
            Some(help) => write!(f, "; {}", crate::text::printable(help).replace('\n', " ")),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuleFault({self})")
    }
}

impl std::error::Error for RuleFault {}

/// A text for the terminal in which every byte keeps its place: what [`crate::text::printable`]
/// drops is replaced by a character of the same length, or marks would stand in the wrong column.
fn harmless(text: &str) -> String {
    if crate::text::printable(text).len() == text.len() {
        return text.to_owned();
    }
    text.chars()
        .map(|c| match c.len_utf8() {
            len if !crate::text::printable(c.encode_utf8(&mut [0; 4])).is_empty() || len > 3 => c,
            1 => ' ',
            2 => '·',
            _ => char::REPLACEMENT_CHARACTER,
        })
        .collect()
}

/// The word of `known` that `word` may be a slip of: at most a third of its letters differ.
pub fn near_miss<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase().replace('_', "-");
    known
        .map(|k| (edit_distance(&folded, k), k))
        .filter(|(distance, k)| *distance <= (k.chars().count() / 3).max(1))
        .min()
        .map(|(_, k)| k)
}

/// Letters to insert, drop, replace or swap with a neighbour to make `b` of `a` (optimal string
/// alignment).
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        rows[i][0] = i;
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str, spot: &str) -> RuleFault {
        let source = Arc::new(Source {
            relative: "x.toml".into(),
            shown: "sites/x.toml".into(),
            text: text.into(),
        });
        let start = text.find(spot).unwrap();
        RuleFault::new(
            &source,
            "strip.select",
            start..start + spot.len(),
            "not a CSS selector",
            Some("close the bracket".into()),
        )
    }

    #[test]
    fn the_one_line_form_names_file_line_column_and_key() {
        let fault = fault("# für alle\nselect = \"div[\"\n", "\"div[\"");
        assert_eq!(
            fault.to_string(),
            "sites/x.toml:2:10: strip.select: not a CSS selector; close the bracket"
        );
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(fault("ü = \"div[\"", "\"div[\"").column, 5);
    }

    #[test]
    fn the_long_form_marks_the_spot_and_is_plain_unless_colour_is_asked() {
        let fault = fault("select = \"div[\"\n", "\"div[\"");
        let plain = fault.render(false);
        assert!(plain.contains("sites/x.toml:1:10"), "{plain}");
        assert!(plain.contains("^^^^^^"), "{plain}");
        assert!(plain.contains("help: close the bracket"), "{plain}");
        assert!(!plain.contains('\u{1b}'));
        assert!(fault.render(true).contains('\u{1b}'));
    }

    #[test]
    fn escapes_in_a_file_do_not_reach_the_terminal() {
        let fault = fault("x = \"\u{1b}[31m\u{202e}div[\"\r\n", "div[");
        let shown = fault.render(false);
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        assert!(shown.contains("^^^^"), "{shown}");
    }

    #[test]
    fn a_slip_is_recognised_and_a_foreign_word_is_not() {
        let keys = ["select", "text", "whole", "until"];
        let near = |word| near_miss(word, keys.into_iter());
        assert_eq!(near("selct"), Some("select"));
        assert_eq!(near("slect"), Some("select"));
        assert_eq!(near("Select"), Some("select"));
        assert_eq!(near("utnil"), Some("until"));
        assert_eq!(near("xpath"), None);
    }
}
