//! How things look on a terminal: colour where it is one, nothing a page says taken as a command.

use std::io::IsTerminal;

use crate::article::{Article, BlockKind};
use crate::text;

/// Colours of the terminal, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    on: bool,
}

impl Paint {
    /// Colours where stdout is a terminal and nobody asked for none (<https://no-color.org>).
    pub(super) fn for_stdout() -> Self {
        Self {
            on: std::io::stdout().is_terminal() && wanted(),
        }
    }

    /// The same for stderr.
    pub(super) fn for_stderr() -> Self {
        Self {
            on: std::io::stderr().is_terminal() && wanted(),
        }
    }

    /// Whether there is colour.
    pub(super) fn is_on(self) -> bool {
        self.on
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// For headings and names.
    pub(super) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// For what stays.
    pub(super) fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// For what goes.
    pub(super) fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// For what needs a person.
    pub(super) fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// For what is said by the way.
    pub(super) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }
}

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// The article as Markdown: title, subtitle, text.
pub(super) fn markdown(article: &Article) -> String {
    let mut out = String::new();
    if let Some(title) = &article.meta.title {
        out.push_str(&format!("# {title}\n\n"));
    }
    // A lead that is both dek and paragraph is read once.
    let told = |dek: &&String| article.blocks.iter().any(|b| b.text == **dek);
    if let Some(subtitle) = article.meta.subtitle.as_ref().filter(|dek| !told(dek)) {
        out.push_str(&format!("*{subtitle}*\n\n"));
    }
    let mut before = None;
    for block in &article.blocks {
        let same = before == Some(block.kind);
        if before.is_some() {
            let tight = same && matches!(block.kind, BlockKind::ListItem | BlockKind::TableRow);
            out.push_str(if tight { "\n" } else { "\n\n" });
        }
        match block.kind {
            BlockKind::Paragraph => out.push_str(&block.text.replace('\n', "  \n")),
            BlockKind::Heading => out.push_str(&format!("## {}", block.text)),
            BlockKind::ListItem => out.push_str(&format!("- {}", block.text.replace('\n', "  \n  "))),
            BlockKind::Quote => out.push_str(&format!("> {}", block.text.replace('\n', "  \n> "))),
            BlockKind::TableRow => {
                let cells: Vec<String> = block.text.split('\t').map(|c| c.replace('|', "\\|")).collect();
                out.push_str(&format!("| {} |", cells.join(" | ")));
                if !same {
                    out.push_str(&format!("\n|{}", " --- |".repeat(cells.len())));
                }
            }
            BlockKind::Pre => out.push_str(&format!("```\n{}\n```", block.text)),
        }
        before = Some(block.kind);
    }
    out
}

/// The beginning of a text on one line, safe to show.
pub(super) fn brief(text: &str, chars: usize) -> String {
    let line = text::printable(&text.replace(['\n', '\t'], " "));
    if line.chars().count() <= chars {
        return line;
    }
    let cut: String = line.chars().take(chars.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}
