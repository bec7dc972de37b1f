//! A rule file being written by the program: keys in their order, values quoted as people do, and what
//! is unsure said above its line. What stands in the file is the caller's business.

use std::fmt::Write;

/// Width of the keys of a table, so that the equals signs stand below each other.
const KEY_CHARS: usize = 10;

/// The text of a rule file, so far.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    text: String,
    unsure: Vec<(usize, String)>,
}

impl Draft {
    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is unsure, each with the line it is about, counted from 1.
    pub fn unsure(&self) -> &[(usize, String)] {
        &self.unsure
    }

    /// A comment, one line.
    pub fn comment(&mut self, text: &str) {
        self.line(&format!("# {}", plain(text)));
    }

    /// Says that the next line is a guess, and why.
    pub fn unsure_of(&mut self, why: &str) {
        self.comment(&format!("unsure: {why}"));
        self.unsure.push((self.text.lines().count() + 1, plain(why)));
    }

    /// An empty line and the head of a table, as `[discover]` or `[[strip]]`.
    pub fn table(&mut self, head: &str) {
        self.text.push('\n');
        self.line(head);
    }

    /// An empty line.
    pub fn space(&mut self) {
        self.text.push('\n');
    }

    /// A string.
    pub fn key(&mut self, key: &str, value: &str) {
        self.raw(key, &quoted(value));
    }

    /// A list of strings; nothing where it is empty.
    pub fn list<S: AsRef<str>>(&mut self, key: &str, values: &[S]) {
        if !values.is_empty() {
            let values: Vec<String> = values.iter().map(|v| quoted(v.as_ref())).collect();
            self.raw(key, &format!("[{}]", values.join(", ")));
        }
    }

    /// A number.
    pub fn number(&mut self, key: &str, value: usize) {
        self.raw(key, &value.to_string());
    }

    fn raw(&mut self, key: &str, value: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{key:KEY_CHARS$} = {value}");
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// One line without control characters: a page's text must not end a comment.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A TOML string in the quotes that need no escapes, where there are such.
fn quoted(value: &str) -> String {
    let escapes = value.contains(['"', '\\']);
    if value.chars().any(char::is_control) {
        // JSON's escapes are TOML's, too.
        serde_json::Value::from(value)
            .to_string()
            .replace('\u{7f}', "\\u007F")
    } else if !escapes {
        format!("\"{value}\"")
    } else if !value.contains('\'') {
        format!("'{value}'")
    } else if !value.contains("'''") && !value.ends_with('\'') {
        format!("'''{value}'''")
    } else {
        serde_json::Value::from(value).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_comes_back_as_it_was() {
        for value in [
            "plain",
            r#"say "so""#,
            r"a\d'b",
            "it's",
            r"'''\'",
            "line\nend\u{7f}",
            r"ends\'",
            "\u{85}x",
        ] {
            let table: toml::Table = format!("a = {}", quoted(value)).parse().unwrap();
            assert_eq!(table["a"].as_str(), Some(value), "{}", quoted(value));
        }
    }

    #[test]
    fn a_doubt_knows_its_line() {
        let mut draft = Draft::default();
        draft.key("name", "A");
        draft.unsure_of("a guess\nof two lines");
        draft.key("country", "de");
        let lines: Vec<&str> = draft.text().lines().collect();
        let (line, why) = &draft.unsure()[0];
        assert_eq!(
            (lines[line - 1], why.as_str()),
            ("country    = \"de\"", "a guess of two lines")
        );
    }
}
