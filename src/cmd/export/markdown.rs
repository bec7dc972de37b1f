//! A folder of Markdown files with YAML front matter, as Obsidian and static site generators read it:
//! a directory a site, a file an article. A file's name is made of what never changes of an article,
//! so exporting again writes over what is there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::article::{Block, BlockKind};
use crate::store::WholeArticle;

/// Longest part of a file's name that comes from the address, in bytes.
const SLUG_BYTES: usize = 80;
/// Front matter: name, and the column it comes from.
const FRONT: &[(&str, &str)] = &[
    ("title", "title"),
    ("subtitle", "subtitle"),
    ("authors", "authors"),
    ("agency", "agency"),
    ("date", "published_at"),
    ("updated", "modified_at"),
    ("site", "site"),
    ("url", "url"),
    ("section", "section"),
    ("keywords", "keywords"),
    ("language", "language"),
    ("words", "word_count"),
    ("access", "access"),
    ("image", "lead_image"),
    ("id", "id"),
    ("story", "story_id"),
    ("version", "version"),
    ("first_seen", "first_seen_at"),
    ("fetched", "fetched_at"),
    ("quality", "quality"),
    ("rule_file", "rule_file"),
    ("rule_sha256", "rule_sha256"),
    ("html_sha256", "html_sha256"),
    ("text_sha256", "text_sha256"),
];

/// Where an article goes, below the folder.
pub(super) fn path(whole: &WholeArticle) -> PathBuf {
    let text = |column: &str| {
        whole
            .article
            .get(column)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let address = whole.first_url.split(['?', '#']).next().unwrap_or_default();
    let last = address.split('/').rfind(|s| !s.is_empty()).unwrap_or_default();
    let last = last
        .strip_suffix(".html")
        .or(last.strip_suffix(".htm"))
        .unwrap_or(last);
    let id = whole
        .article
        .get("id")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let name = match slug(last) {
        slug if slug.is_empty() => format!("{id}.md"),
        slug => format!("{slug}-{id}.md"),
    };
    let site = slug(text("site"));
    let site = if site.is_empty() { "site" } else { &site };
    Path::new(site).join(name)
}

/// Letters a to z, digits and single hyphens: a name on every file system.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG_BYTES {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The file of an article. Where its blocks are not known its text is told paragraph by paragraph.
pub(super) fn file(whole: &WholeArticle, blocks: Option<&[Block]>) -> String {
    let mut out = String::from("---\n");
    for (name, column) in FRONT {
        let value = whole.article.get(*column).unwrap_or(&Value::Null);
        if !value.is_null() {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{name}: {}", yaml(value));
        }
    }
    out.push_str("---\n\n");
    let text = |name: &str| text_of(&whole.article, name);
    if let Some(title) = text("title") {
        let _ = writeln!(out, "# {}\n", inline(&title.replace('\n', " ")));
    }
    if let Some(subtitle) = text("subtitle") {
        let _ = writeln!(out, "*{}*\n", inline(&subtitle.replace('\n', " ")));
    }
    match blocks {
        Some(blocks) => marked(&mut out, blocks),
        None => {
            let paragraphs = text("text").unwrap_or_default().split("\n\n");
            paragraphs.for_each(|text| out.push_str(&format!("{}\n\n", lines(text, ""))));
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Headings, lists, quotes and tables, marked as such.
fn marked(out: &mut String, blocks: &[Block]) {
    let mut before = None;
    for block in blocks {
        let same = before == Some(block.kind);
        let is_tight = same && matches!(block.kind, BlockKind::ListItem | BlockKind::TableRow);
        if is_tight {
            // The blank line that the one before left.
            out.pop();
        }
        let text = &block.text;
        let told = match block.kind {
            BlockKind::Paragraph | BlockKind::Pre => lines(text, ""),
            BlockKind::Heading => format!("## {}", inline(&text.replace('\n', " "))),
            BlockKind::ListItem => format!("- {}", lines(text, "  ")),
            BlockKind::Quote => format!("> {}", lines(text, "> ")),
            BlockKind::TableRow => {
                let cells: Vec<String> = text
                    .split('\t')
                    .map(|c| inline(&c.replace('\n', " ")).replace('|', "\\|"))
                    .collect();
                let row = format!("| {} |", cells.join(" | "));
                match same {
                    true => row,
                    false => format!("{row}\n|{}", " --- |".repeat(cells.len())),
                }
            }
        };
        out.push_str(&told);
        out.push_str("\n\n");
        before = Some(block.kind);
    }
}

/// Lines that stay lines, each but the first with this before it.
fn lines(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join(&format!("  \n{indent}"))
}

fn text_of<'a>(row: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    row.get(name).and_then(Value::as_str).filter(|t| !t.is_empty())
}

/// JSON is YAML, but for characters that YAML does not let stand (YAML 1.2 §5.1): these are told by
/// their number.
fn yaml(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        let stands = matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        if stands && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') {
            out.push(c);
        } else {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
    }
    out
}

/// A line of a text, so that its beginning is not taken for a list, a heading or code.
fn line(text: &str) -> String {
    let text = inline(text.trim_start());
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && matches!(text.as_bytes().get(digits), Some(b'.' | b')')) {
        return format!("{}\\{}", &text[..digits], &text[digits..]);
    }
    if text.starts_with(['#', '-', '+', '=', '>', '~', '|', ':']) {
        return format!("\\{text}");
    }
    text
}

/// A text in which nothing is markup. `{` too: some site generators take two of them for a program.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '{' | '&' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_story_says_is_never_markup() {
        assert_eq!(line("# no heading"), "\\# no heading");
        assert_eq!(line("12. no list"), "12\\. no list");
        assert_eq!(line("- no list"), "\\- no list");
        assert_eq!(line("<script>{{ x }}"), "\\<script>\\{\\{ x }}");
        assert_eq!(line("In 1984, a * b"), "In 1984, a \\* b");
    }

    #[test]
    fn blocks_are_marked_and_what_they_say_is_not() {
        let block = |kind, text: &str| Block {
            kind,
            text: text.to_owned(),
        };
        let blocks = [
            block(BlockKind::Heading, "Tickets *now*"),
            block(BlockKind::ListItem, "- One"),
            block(BlockKind::ListItem, "Two\nand more"),
            block(BlockKind::Quote, "Said.\n# Again."),
            block(BlockKind::TableRow, "a\tb|c"),
            block(BlockKind::TableRow, "d\te"),
            block(BlockKind::Paragraph, "End."),
        ];
        let mut out = String::new();
        marked(&mut out, &blocks);
        assert_eq!(
            out,
            "## Tickets \\*now\\*\n\n- \\- One\n- Two  \n  and more\n\n> Said.  \n> \\# Again.\n\n\
             | a | b\\|c |\n| --- | --- |\n| d | e |\n\nEnd.\n\n"
        );
    }

    #[test]
    fn names_are_safe_whatever_an_address_holds() {
        assert_eq!(slug("Ein--Fähr/..%2f"), "ein-f-hr-2f");
        assert_eq!(slug("../.."), "");
        assert!(slug(&"a".repeat(999)).len() <= SLUG_BYTES);
    }

    #[test]
    fn characters_that_yaml_forbids_are_told_by_their_number() {
        assert_eq!(
            yaml(&"a\u{7f}\u{85}\u{2028}\u{1}\"é".into()),
            r#""a\u007f\u0085\u2028\u0001\"é""#
        );
    }
}
