//! From a place in the words of the database (`huffpost.toml:41`) and a key (`strip.select`) to the
//! bytes of the file that are meant. What is found there is for others to say.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{RuleFault, Source};
use super::registry::Sites;

impl Sites {
    /// A finding about a rule that is known by its place, `huffpost.toml:41` or `huffpost.toml`,
    /// and its key, as `strip.select`, `layout.title` or `keep.2` (the third of a list).
    pub fn finding(&self, place: &str, key: &str, message: impl Into<String>, help: &str) -> RuleFault {
        let (relative, line) = match place.rsplit_once(':') {
            Some((relative, line)) => (relative, line.parse().ok()),
            None => (place, None),
        };
        let Some(source) = self.files.get(relative) else {
            return RuleFault::whole_file(relative, message, Some(help.to_owned()));
        };
        let span = span_of(source, line, key).unwrap_or(0..0);
        let shown: Vec<&str> = key.split('.').filter(|part| !is_number(part)).collect();
        RuleFault::finding(source, &shown.join("."), span, message, help)
    }

    /// How many entries a list of a file has.
    pub fn count(&self, relative: &str, list: &str) -> usize {
        let tree = self
            .files
            .get(relative)
            .and_then(|s| DeTable::parse(&s.text).ok());
        match tree
            .as_ref()
            .and_then(|t| t.get_ref().get(list))
            .map(Spanned::get_ref)
        {
            Some(DeValue::Array(items)) => items.len(),
            _ => 0,
        }
    }
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_digit())
}

/// Where a key stands: in the table that begins on `line`, or in the file.
fn span_of(source: &Source, line: Option<usize>, key: &str) -> Option<Range<usize>> {
    let tree = DeTable::parse(&source.text).ok()?;
    let mut parts = key.split('.').peekable();
    let table = match line {
        None => tree.get_ref(),
        Some(line) => {
            let DeValue::Array(tables) = tree.get_ref().get(parts.next()?)?.get_ref() else {
                return None;
            };
            let here = tables.iter().find(|t| source.line(t.span().start) == line)?;
            let DeValue::Table(table) = here.get_ref() else {
                return None;
            };
            if parts.peek().is_none() {
                return Some(here.span());
            }
            table
        }
    };
    let mut value: &Spanned<DeValue<'_>> = table.get(parts.next()?)?;
    for part in parts {
        let inner = match value.get_ref() {
            DeValue::Table(table) => table.get(part),
            DeValue::Array(items) => part.parse::<usize>().ok().and_then(|n| items.get(n)),
            _ => None,
        };
        match inner {
            Some(inner) => value = inner,
            None => break,
        }
    }
    Some(value.span())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_by_its_line_and_key() {
        let text = "name = \"X\"\nhosts = [\"x.example\"]\nkeep = [\".a\", \".b\"]\n[[layout]]\nbody = \"article\"\n\
                    title = { select = [\"h1\", \"h2\"] }\n[[strip]]\ncategory = \"modal\"\nselect = \".c\"\n";
        let sites = Sites::from_sources([("x.toml", text)]).unwrap();
        let at = |place: &str, key: &str| sites.finding(place, key, "odd", "look").to_string();
        assert_eq!(
            at("x.toml:7", "strip.select"),
            "sites/x.toml:9:10: strip.select: odd; look"
        );
        assert_eq!(at("x.toml", "keep.1"), "sites/x.toml:3:15: keep: odd; look");
        assert_eq!(
            at("x.toml:4", "layout.title.select.1"),
            "sites/x.toml:6:27: layout.title.select: odd; look"
        );
        assert_eq!(
            at("x.toml:4", "layout.headings"),
            "sites/x.toml:1:1: layout.headings: odd; look"
        );
        assert_eq!(at("x.toml:7", "strip"), "sites/x.toml:7:1: strip: odd; look");
        let shown = sites
            .finding("x.toml:7", "strip.select", "odd", "look")
            .render(false);
        assert!(shown.starts_with("warning: strip.select: odd"), "{shown}");
    }
}
