//! Sets of selectors: how many rules meet one element in little time. Owns reading from a selector
//! what an element must have to match; whether it does match is the selector engine's to say.

use std::collections::{BTreeMap, HashMap};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use foldhash::fast::RandomState;

use super::{Element, Selector};

/// Most text that selectors are filed by under one attribute, in bytes.
const MAX_TEXT_BYTES: usize = 128 * 1024;

/// Many selectors tried on one element at a time. Each is filed under what its last step must have
/// (a tag, an attribute, a text within an attribute's value), so an element meets only those that
/// could match.
pub struct SelectorSet {
    selectors: Vec<Selector>,
    tags: HashMap<String, Vec<usize>, RandomState>,
    attributes: Vec<Attribute>,
    anywhere: Vec<usize>,
}

/// The selectors filed under one attribute.
struct Attribute {
    name: String,
    /// Those that ask for its presence only.
    present: Vec<usize>,
    /// Texts asked for in its value. Their case is left to the engine: HTML compares the values of
    /// some attributes without it (HTML Standard §4.16.2).
    texts: AhoCorasick,
    /// Those that ask for each text.
    askers: Vec<Vec<usize>>,
}

impl SelectorSet {
    /// Files the selectors; their positions are what [`Matcher::matching`] gives.
    pub fn new(selectors: Vec<Selector>) -> Self {
        let mut tags: HashMap<String, Vec<usize>, RandomState> = HashMap::default();
        let mut attributes: BTreeMap<String, BTreeMap<Option<String>, Vec<usize>>> = BTreeMap::new();
        let mut anywhere = Vec::new();
        for (index, selector) in selectors.iter().enumerate() {
            let Some(keys) = keys_of(selector.source()) else {
                anywhere.push(index);
                continue;
            };
            for key in keys {
                match key {
                    Key::Tag(name) => tags.entry(name).or_default(),
                    Key::Attribute(name, text) => {
                        attributes.entry(name).or_default().entry(text).or_default()
                    }
                }
                .push(index);
            }
        }
        let attributes = attributes
            .into_iter()
            .map(|(name, asked)| Attribute::new(name, asked))
            .collect();
        Self {
            selectors,
            tags,
            attributes,
            anywhere,
        }
    }

    /// Begins to try the set on elements of one page.
    pub fn matcher<'a>(&self) -> Matcher<'_, 'a> {
        Matcher {
            set: self,
            asked: self.attributes.iter().map(|_| HashMap::default()).collect(),
            candidates: Vec::new(),
        }
    }
}

impl Attribute {
    fn new(name: String, mut asked: BTreeMap<Option<String>, Vec<usize>>) -> Self {
        let mut present = asked.remove(&None).unwrap_or_default();
        if asked.keys().flatten().map(String::len).sum::<usize>() > MAX_TEXT_BYTES {
            // Then the attribute's presence must do.
            present.extend(std::mem::take(&mut asked).into_values().flatten());
        }
        let texts = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(asked.keys().flatten());
        let texts = texts.expect("as little text as this makes no large automaton");
        Self {
            name,
            present,
            texts,
            askers: asked.into_values().collect(),
        }
    }

    /// The selectors that ask for this value.
    fn asked(&self, value: &str) -> Vec<usize> {
        let texts = self.texts.find_overlapping_iter(value);
        let by_text = texts.flat_map(|text| &self.askers[text.pattern().as_usize()]);
        let mut asked: Vec<usize> = self.present.iter().chain(by_text).copied().collect();
        asked.sort_unstable();
        asked.dedup();
        asked
    }
}

/// A set at work on one page: pages repeat their classes, so what was found for a value is kept.
pub struct Matcher<'s, 'a> {
    set: &'s SelectorSet,
    /// For each attribute of the set, the selectors that ask for each value met.
    asked: Vec<HashMap<&'a str, Vec<usize>, RandomState>>,
    candidates: Vec<usize>,
}

impl<'a> Matcher<'_, 'a> {
    /// Positions of the selectors that match the element, lowest first; `:scope` is `scope`.
    pub fn matching(&mut self, element: Element<'a>, scope: Element<'a>) -> impl Iterator<Item = usize> {
        let set = self.set;
        let candidates = &mut self.candidates;
        candidates.clear();
        candidates.extend(&set.anywhere);
        candidates.extend(set.tags.get(element.name()).into_iter().flatten());
        for (name, value) in element.attrs() {
            if let Some(at) = set.attributes.iter().position(|a| a.name == name) {
                let known = self.asked[at].entry(value);
                candidates.extend(known.or_insert_with(|| set.attributes[at].asked(value)).iter());
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        let matches = move |i: &usize| element.matches_in(&set.selectors[*i], scope);
        candidates.iter().copied().filter(matches)
    }
}

/// What an element must have, for a selector to match it.
enum Key {
    Tag(String),
    /// An attribute, and a text within its value.
    Attribute(String, Option<String>),
}

/// What an element must have one of, to match a selector list. None where it could be anything.
fn keys_of(list: &str) -> Option<Vec<Key>> {
    let mut keys = Vec::new();
    for selector in alternatives(list) {
        keys.extend(keys_of_compound(last_compound(selector))?);
    }
    Some(keys)
}

/// As [`keys_of`], for a selector without combinators: of what it asks the most telling, which is a
/// text in an attribute before anything else.
fn keys_of_compound(compound: &str) -> Option<Vec<Key>> {
    if compound.contains('\\') {
        // An escape in a name: left to the engine.
        return None;
    }
    let (tag, mut rest) = name(compound);
    let tag = tag.map(|tag| vec![Key::Tag(tag)]);
    let (mut one_of, mut present) = (None, None);
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '#' | '.' => {
                let attribute = if c == '#' { "id" } else { "class" };
                let end = name_end(rest);
                return Some(vec![Key::Attribute(
                    attribute.to_owned(),
                    Some(rest[..end].to_owned()),
                )]);
            }
            '[' => {
                let (inner, after) = bracketed(rest)?;
                rest = after;
                match attribute(inner) {
                    Some(key @ Key::Attribute(_, Some(_))) => return Some(vec![key]),
                    Some(key) => present = Some(vec![key]),
                    None => {}
                }
            }
            ':' => {
                let (pseudo, after) = rest.split_at(name_end(rest));
                rest = after;
                let Some(after) = rest.strip_prefix('(') else {
                    continue;
                };
                let (inner, after) = bracketed(after)?;
                rest = after;
                if matches!(pseudo, "is" | "where") {
                    one_of = one_of.or(keys_of(inner));
                }
            }
            _ => {}
        }
    }
    one_of.or(present).or(tag)
}

/// What is asked of an attribute between its brackets.
fn attribute(inner: &str) -> Option<Key> {
    let (name, rest) = name(inner.trim());
    let name = name?;
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Some(Key::Attribute(name, None));
    }
    let value = rest
        .trim_start_matches(['~', '|', '^', '$', '*'])
        .strip_prefix('=')?
        .trim_start();
    let text = match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        Some(quote) => value[1..].split(quote).next(),
        None => value.split_whitespace().next(),
    };
    Some(Key::Attribute(name, text.map(str::to_owned)))
}

/// The name at the start, and what follows it. None for one with capitals, whose meaning depends on
/// the element's namespace.
fn name(source: &str) -> (Option<String>, &str) {
    let (name, rest) = source.split_at(name_end(source));
    let plain = !name.is_empty() && !name.contains(char::is_uppercase);
    (plain.then(|| name.to_owned()), rest)
}

fn name_end(source: &str) -> usize {
    source
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_')))
        .unwrap_or(source.len())
}

/// What stands before the bracket that closes, and what after it.
fn bracketed(source: &str) -> Option<(&str, &str)> {
    let (end, _) = outside(source).find(|(_, c)| matches!(c, ')' | ']'))?;
    Some((&source[..end], &source[end + 1..]))
}

/// The parts of a selector list.
fn alternatives(list: &str) -> impl Iterator<Item = &str> {
    let commas = outside(list).filter(|(_, c)| *c == ',').map(|(at, _)| at);
    let mut start = 0;
    commas.chain([list.len()]).map(move |end| {
        let part = &list[start..end];
        start = end + 1;
        part.trim()
    })
}

/// What a selector asks of the element itself.
fn last_compound(selector: &str) -> &str {
    let is_combinator = |c: char| c.is_whitespace() || matches!(c, '>' | '+' | '~');
    let last = outside(selector).filter(|(_, c)| is_combinator(*c)).last();
    last.map_or(selector, |(at, c)| &selector[at + c.len_utf8()..])
}

/// The characters that stand outside strings and brackets, with the closing ones that have no
/// opening.
fn outside(source: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut depth, mut quote) = (0usize, None);
    source.char_indices().filter(move |(_, c)| {
        match (quote, c) {
            (Some(q), c) if q == *c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(*c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') if depth > 0 => depth -= 1,
            (None, _) => return depth == 0,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dom::Dom;

    #[test]
    fn a_set_finds_what_each_selector_finds_alone() {
        let html = "<div class='a b' id=x data-k=v><p class='c see-also'>t</p><aside><p>u</p></aside></div>\
            <ARTICLE lang=en><a REL=Tag href=x>v</a><svg viewBox='0 0 1 1'><linearGradient/></svg></ARTICLE>\
            <i class='B'></i><b title='a]b, c'></b><u class='md:w-1'></u>";
        let dom = Dom::parse(html).unwrap();
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
            "[class*=B i]",
            "[class~=a][data-k]",
            "[ class ^= 'see' ], [class$='also']",
            "[class]:is([class*='also'], .d):not(div, :has(p))",
            "article[lang]",
            "article:is([lang|=en], #none)",
            ".c:not(.a)",
            "p:is(.c, .d)",
            "body :is(aside > p, i)",
            "[rel='tag']",
            "[viewBox]",
            "linearGradient",
            "[title='a]b, c']",
            ".md\\:w-1",
            "svg *",
            "I",
        ];
        let selectors: Vec<Selector> = sources.iter().map(|s| Selector::known(s)).collect();
        let set = SelectorSet::new(selectors.clone());
        let mut matcher = set.matcher();
        let mut met = vec![false; selectors.len()];
        for element in dom.root().descendants() {
            let alone: Vec<usize> = (0..selectors.len())
                .filter(|&i| element.matches(&selectors[i]))
                .collect();
            alone.iter().for_each(|&i| met[i] = true);
            let found: Vec<usize> = matcher.matching(element, dom.root()).collect();
            assert_eq!(found, alone, "{element:?}");
        }
        let never: Vec<&str> = sources
            .into_iter()
            .zip(met)
            .filter(|(_, m)| !m)
            .map(|(s, _)| s)
            .collect();
        assert_eq!(never, [""; 0], "selectors that this page does not try");
    }

    #[test]
    fn selectors_too_many_to_file_by_value_still_match() {
        let long = |n: usize| Selector::known(&format!("[class*='{n}{}']", "x".repeat(900)));
        let mut selectors: Vec<Selector> = (0..600).map(long).collect();
        selectors.push(Selector::known("[class*='a']"));
        let set = SelectorSet::new(selectors);
        assert!(set.attributes[0].askers.is_empty(), "they were filed by value");
        let dom = Dom::parse("<p class='bar'>").unwrap();
        let p = dom.body().child_elements().next().unwrap();
        assert_eq!(set.matcher().matching(p, dom.root()).collect::<Vec<_>>(), [600]);
    }
}
