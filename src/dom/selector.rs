//! CSS selectors as rule files write them. Owns what an author is told of a bad one; many at a time
//! are `selector_set`'s.

use std::fmt;

use super::MAX_SELECTOR_BYTES;

/// A CSS selector (group), as in rule files.
#[derive(Clone)]
pub struct Selector {
    pub(super) parsed: scraper::Selector,
    source: String,
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selector({})", self.source)
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// A message for the author of a rule, naming what is not understood.
    pub fn parse(source: &str) -> Result<Self, String> {
        if source.len() > MAX_SELECTOR_BYTES {
            return Err(format!(
                "selector of {} bytes, over the limit of {MAX_SELECTOR_BYTES}",
                source.len()
            ));
        }
        let parsed = scraper::Selector::parse(source).map_err(|e| explain(source, &e.to_string()))?;
        Ok(Self {
            parsed,
            source: source.to_owned(),
        })
    }

    /// A selector of the program's own, known to be sound.
    ///
    /// # Panics
    /// When it is not; a test that runs the caller shows it.
    pub fn known(source: &str) -> Self {
        Self::parse(source).unwrap_or_else(|e| panic!("{source}: {e}"))
    }

    /// Whether what it finds may hold code: true unless each of its parts plainly ends in the name of another
    /// element than `script` and `style`.
    pub fn may_find_code(&self) -> bool {
        let is_other = |part: &str| {
            let last = part.rsplit(|c: char| c.is_whitespace() || matches!(c, '>' | '+' | '~'));
            let last = last.into_iter().next().unwrap_or_default();
            let name_end = last.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            let (name, rest) = last.split_at(name_end.unwrap_or(last.len()));
            let is_plain = rest.is_empty() || rest.starts_with(['.', '#', '[', ':']);
            // What seems to be a name may stand in an attribute's value.
            let is_whole = last.matches('[').count() == last.matches(']').count();
            !name.is_empty()
                && is_plain
                && is_whole
                && !super::parse::CODE
                    .iter()
                    .any(|code| name.eq_ignore_ascii_case(code))
        };
        !self.source.split(',').map(str::trim).all(is_other)
    }

    /// The selector as written.
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// Says what the selector engine's errors mean, and what to write instead.
fn explain(source: &str, error: &str) -> String {
    const UNSUPPORTED: &[(&str, &str)] = &[
        (":contains", "use `text = \"…\"` beside `select` instead"),
        (":lang", "use [lang|=\"…\"] instead"),
        (":checked", "use [checked] instead"),
        (":link", "use a[href] instead"),
        ("::", "pseudo-elements have no text to select"),
        (":visible", "use :not([hidden]) instead"),
        (":eq(", "use :nth-of-type() instead"),
    ];
    for (what, advice) in UNSUPPORTED {
        if source.contains(what) {
            return format!("`{what}` is not supported: {advice}");
        }
    }
    if source.trim().is_empty() {
        return "empty selector".to_owned();
    }
    let error = error.split(". Please").next().unwrap_or(error);
    let error = error.trim_end_matches('.').to_lowercase();
    if error.contains("eol") {
        return "not a CSS selector: it ends in the middle; close what was opened with [, ( or a quote"
            .to_owned();
    }
    format!("not a CSS selector: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_that_may_find_code_are_told() {
        let may = [
            "script#data",
            "head > SCRIPT[id]",
            "p, style",
            "#state",
            ".x",
            "head > :nth-child(3)",
            "[id='a b']",
        ];
        for source in may {
            assert!(Selector::known(source).may_find_code(), "{source}");
        }
        for source in [
            "meta[name=description]",
            "div.script-note > p",
            "h1, h2:not(.x)",
            "noscript",
        ] {
            assert!(!Selector::known(source).may_find_code(), "{source}");
        }
    }

    #[test]
    fn a_bad_selector_says_what_to_write_instead() {
        let error = Selector::parse("p:contains('x')").unwrap_err();
        assert!(error.contains("text ="), "{error}");
        let error = Selector::parse(".border[").unwrap_err();
        assert!(error.contains("it ends in the middle"), "{error}");
    }
}
