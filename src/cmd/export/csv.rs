//! CSV as RFC 4180 has it, UTF-8, a header first. No cell is taken for a formula by a spreadsheet.

use std::io::Write;

use serde_json::Value;

use crate::store::WholeArticle;

/// The columns: those of `articles` that fit into a cell.
const COLUMNS: &[&str] = &[
    "id",
    "site",
    "url",
    "canonical_url",
    "title",
    "subtitle",
    "byline",
    "authors",
    "section",
    "keywords",
    "language",
    "published_at",
    "modified_at",
    "first_seen_at",
    "fetched_at",
    "access",
    "sponsored",
    "word_count",
    "text",
    "lead_image",
    "version",
    "versions",
    "extractor",
    "rule_file",
    "rule_sha256",
    "layout",
    "quality",
    "story_id",
    "html_sha256",
    "text_sha256",
    "agency",
];

/// Writes the names of the columns.
pub(super) fn header(out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{}\r", COLUMNS.join(","))
}

/// Writes one article.
pub(super) fn write(out: &mut impl Write, whole: &WholeArticle) -> std::io::Result<()> {
    for (n, column) in COLUMNS.iter().enumerate() {
        if n > 0 {
            out.write_all(b",")?;
        }
        match whole.article.get(*column) {
            None | Some(Value::Null) => {}
            Some(Value::Bool(is)) => write!(out, "{}", u8::from(*is))?,
            Some(Value::Number(n)) => write!(out, "{n}")?,
            Some(Value::String(text)) => out.write_all(cell(text).as_bytes())?,
            Some(Value::Array(items)) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                out.write_all(cell(&items.join("; ")).as_bytes())?;
            }
            Some(Value::Object(_)) => {}
        }
    }
    out.write_all(b"\r\n")
}

/// A text, quoted. One that a spreadsheet would run as a formula gets an apostrophe before it
/// (<https://owasp.org/www-community/attacks/CSV_Injection>), white space before the sign or not.
fn cell(text: &str) -> String {
    let first = text.trim_start().chars().next();
    let runs = matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
        || text.starts_with(['\t', '\r', '\n']);
    let guard = if runs { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula_and_none_ends_early() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for runs in ["+1", "-1", "@a", "\tx", "\r=1", " =1", "＝1"] {
            assert!(cell(runs).starts_with("\"'"), "{runs:?}");
        }
        assert_eq!(cell("A, b\nc = d"), "\"A, b\nc = d\"");
    }
}
