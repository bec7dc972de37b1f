//! CSS selectors, alone and in sets: how many rules meet one element in little time.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use super::{Element, MAX_SELECTOR_BYTES};

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
    format!(
        "not a CSS selector: {}",
        error.trim_end_matches('.').to_lowercase()
    )
}

/// Many selectors tried on one element at a time: each is filed under what its last step must
/// have (an id, a class, a tag or an attribute), so an element meets only those that could match.
pub struct SelectorSet {
    selectors: Vec<Selector>,
    buckets: HashMap<Key, Vec<usize>>,
    anywhere: Vec<usize>,
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Id(String),
    Class(String),
    Attr(String),
    Tag(String),
}

impl SelectorSet {
    /// Files the selectors; their positions are what [`Self::matching`] returns.
    pub fn new(selectors: Vec<Selector>) -> Self {
        let mut buckets: HashMap<Key, Vec<usize>> = HashMap::new();
        let mut anywhere = Vec::new();
        for (index, selector) in selectors.iter().enumerate() {
            let keys: Option<Vec<Key>> = alternatives(&selector.source).map(key_of).collect();
            match keys {
                Some(keys) => {
                    for key in keys {
                        let bucket = buckets.entry(key).or_default();
                        if bucket.last() != Some(&index) {
                            bucket.push(index);
                        }
                    }
                }
                None => anywhere.push(index),
            }
        }
        Self {
            selectors,
            buckets,
            anywhere,
        }
    }

    /// Positions, within `among`, of the selectors that match the element, lowest first; `:scope` is
    /// `scope`. Each is tried only when it is asked for.
    pub fn matching<'s>(
        &'s self,
        element: Element<'s>,
        scope: Element<'s>,
        among: &Range<usize>,
    ) -> impl Iterator<Item = usize> + use<'s> {
        let mut found: Vec<usize> = self.anywhere.clone();
        let mut add = |key: Key| {
            if let Some(bucket) = self.buckets.get(&key) {
                found.extend(bucket);
            }
        };
        add(Key::Tag(element.name().to_owned()));
        for (name, value) in element.attrs() {
            match name {
                "id" => add(Key::Id(value.to_owned())),
                "class" => element.classes().for_each(|c| add(Key::Class(c.to_owned()))),
                _ => {}
            }
            add(Key::Attr(name.to_owned()));
        }
        found.retain(|i| among.contains(i));
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .filter(move |&i| element.matches_in(&self.selectors[i], scope))
    }
}

/// The parts of a selector group, split at commas outside brackets and strings.
fn alternatives(source: &str) -> impl Iterator<Item = &str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0usize, None);
    for (at, c) in source.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(source[start..at].trim());
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(source[start..].trim());
    parts.into_iter()
}

/// What an element must have to match: read from the last compound of a selector. None where it
/// could be anything.
fn key_of(selector: &str) -> Option<Key> {
    let compound = last_compound(selector);
    let word = |rest: &str| -> Option<String> {
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
            .unwrap_or(rest.len());
        // An escape in a name: leave it to the engine.
        (end > 0 && !rest[end..].starts_with('\\')).then(|| rest[..end].to_owned())
    };
    let (mut class, mut attr, mut tag) = (None, None, None);
    let (mut depth, mut quote) = (0usize, None);
    for (at, c) in compound.char_indices() {
        match quote {
            Some(q) if c == q => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        if quote.is_some() {
            continue;
        }
        let rest = &compound[at + c.len_utf8()..];
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '#' => return word(rest).map(Key::Id),
            '.' if class.is_none() => class = Some(word(rest)?),
            '[' => {
                if attr.is_none() {
                    attr = Some(word(rest.trim_start())?.to_lowercase());
                }
                depth += 1;
            }
            ']' => depth = depth.saturating_sub(1),
            _ if at == 0 && c.is_alphabetic() => tag = word(compound).map(|t| t.to_lowercase()),
            _ => {}
        }
        if c == ']' {
            depth = 0;
        }
    }
    class
        .map(Key::Class)
        .or(attr.map(Key::Attr))
        .or(tag.map(Key::Tag))
}

fn last_compound(selector: &str) -> &str {
    let (mut start, mut depth, mut quote) = (0, 0usize, None);
    for (at, c) in selector.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ' ' | '>' | '+' | '~' | '\t' | '\n') if depth == 0 => start = at + c.len_utf8(),
            (None, _) => {}
        }
    }
    &selector[start..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dom::Dom;

    fn dom(html: &str) -> Dom {
        Dom::parse(html).unwrap()
    }

    #[test]
    fn a_set_finds_what_each_selector_finds_alone() {
        let html = "<div class='a b' id=x data-k=v title='a).b'><p class=c>t</p><aside><p>u</p></aside></div><ARTICLE lang=en></ARTICLE>";
        let dom = dom(html);
        let sources = [
            ".a",
            "#x",
            "p",
            "div > p.c",
            "[data-k]",
            "aside p",
            "*",
            ".b, aside",
            ":not(.a)",
            "div:has(aside)",
            "[class*='b']",
            "article[lang]",
            ".c:not(.a)",
            "p:is(.c, .d)",
            "[title='a).b']",
        ];
        let selectors: Vec<Selector> = sources.iter().map(|s| Selector::known(s)).collect();
        let set = SelectorSet::new(selectors.clone());
        for element in dom.root().descendants() {
            let alone: Vec<usize> = (0..selectors.len())
                .filter(|&i| element.matches(&selectors[i]))
                .collect();
            let together: Vec<usize> = set.matching(element, dom.root(), &(0..sources.len())).collect();
            assert_eq!(together, alone, "{element:?}");
        }
    }

    #[test]
    fn a_bad_selector_says_what_to_write_instead() {
        let error = Selector::parse("p:contains('x')").unwrap_err();
        assert!(error.contains("text ="), "{error}");
        assert!(Selector::parse("div[").is_err());
    }
}
