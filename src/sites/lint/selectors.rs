//! Selectors as texts, taken apart as far as a look at a rule file needs: alternatives, the last
//! compound, its simple selectors, the names in it. Matching is `dom`'s business.

/// The alternatives of a selector, split at commas outside of brackets and quotes.
pub(super) fn alternatives(selector: &str) -> Vec<&str> {
    split(selector, |c| c == ',')
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// Whether every element that `special` matches is matched by `general` too, as far as their texts
/// tell: the same, or one compound all of whose conditions stand in the last compound of the other.
pub(super) fn covers(general: &str, special: &str) -> bool {
    let (general, special) = (folded(general), folded(special));
    if general == special {
        return true;
    }
    let compounds = split(&general, |c| matches!(c, ' ' | '>' | '+' | '~'));
    let [compound] = compounds[..] else {
        return false;
    };
    let last = split(&special, |c| matches!(c, ' ' | '>' | '+' | '~'));
    let Some(last) = last.last() else {
        return false;
    };
    let given = simple(last);
    simple(compound)
        .iter()
        .all(|part| *part == "*" || given.contains(part))
}

/// The simple selectors of a compound: `p.a[b]:not(.c)` is `p`, `.a`, `[b]`, `:not(.c)`.
fn simple(compound: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut depth = Depth::default();
    for (at, c) in compound.char_indices() {
        let begins = depth.is_outside() && matches!(c, '.' | '#' | '[' | ':') && at > start;
        // `::before` is one.
        if begins && &compound[start..at] != ":" {
            parts.push(&compound[start..at]);
            start = at;
        }
        depth.pass(c);
    }
    parts.push(&compound[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

/// A name in a selector.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// `.name`
    Class(&'a str),
    /// `[name]`
    Attribute(&'a str),
    /// `[class…='value']`: the value's words.
    Value(&'a str),
}

/// The classes, attributes and words of class attributes that a selector names, at any depth.
pub(super) fn names(selector: &str) -> Vec<Name<'_>> {
    let mut found = Vec::new();
    let mut rest = selector;
    while let Some(at) = rest.find(['.', '[']) {
        let after = &rest[at + 1..];
        if rest[at..].starts_with('.') {
            let end = ident_end(after);
            if end > 0 {
                found.push(Name::Class(&after[..end]));
            }
            rest = &after[end..];
        } else {
            let end = split(after, |c| c == ']')
                .first()
                .map_or(after.len(), |s| s.len());
            let inside = &after[..end];
            match inside.split_once('=') {
                None => found.push(Name::Attribute(inside.trim())),
                Some((name, value)) => {
                    let name = name.trim_end_matches(['^', '$', '*', '~', '|']).trim();
                    let value = value.trim().trim_end_matches(" i").trim_matches(['\'', '"']);
                    if name == "class" {
                        found.extend(value.split_whitespace().map(Name::Value));
                    }
                }
            }
            rest = &after[end..];
        }
    }
    found
}

fn ident_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        let goes_on = escaped || c.is_alphanumeric() || matches!(c, '-' | '_' | '\\');
        if !goes_on {
            return at;
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}

/// White space as one space, none around combinators.
fn folded(selector: &str) -> String {
    let mut out = crate::text::fold(selector).replace('"', "'");
    for combinator in ['>', '+', '~'] {
        out = out.replace(&format!(" {combinator} "), &combinator.to_string());
    }
    out
}

/// How deep in brackets and quotes a reading is.
#[derive(Default)]
struct Depth {
    brackets: usize,
    quote: Option<char>,
}

impl Depth {
    fn is_outside(&self) -> bool {
        self.brackets == 0 && self.quote.is_none()
    }

    fn pass(&mut self, c: char) {
        match (self.quote, c) {
            (Some(quote), _) if quote == c => self.quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => self.quote = Some(c),
            (None, '(' | '[') => self.brackets += 1,
            (None, ')' | ']') => self.brackets = self.brackets.saturating_sub(1),
            (None, _) => {}
        }
    }
}

/// Splits outside of brackets and quotes. The bracket that closes what was open before the text began
/// is outside.
fn split(text: &str, at_this: impl Fn(char) -> bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut depth = Depth::default();
    for (at, c) in text.char_indices() {
        if depth.is_outside() && at_this(c) {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
        depth.pass(c);
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_split_outside_of_brackets_and_quotes() {
        assert_eq!(alternatives(".a, p:is(.b, .c)"), [".a", "p:is(.b, .c)"]);
        assert_eq!(alternatives("[title='a, b'] ,\n.c"), ["[title='a, b']", ".c"]);
    }

    #[test]
    fn a_selector_covers_a_narrower_one() {
        assert!(covers(".a", "div.a"));
        assert!(covers(".a", "section > p.b.a:not(.c)"));
        assert!(covers("[role='x']", "div[role=\"x\"].a"));
        assert!(covers("section  >  p", "section > p"));
        assert!(!covers("div.a", ".a"));
        assert!(!covers(".a", ".a p"));
        assert!(!covers("p .a", "div .a"));
        assert!(!covers(".a", ".ab"));
        assert!(!covers(".a", ":not(.a)"));
    }

    #[test]
    fn names_are_read_at_any_depth() {
        assert_eq!(
            names("p:not(.css-1a2b3c)[data-v-7ba5bd90] > [class^='Body__'] .md\\:flex"),
            [
                Name::Class("css-1a2b3c"),
                Name::Attribute("data-v-7ba5bd90"),
                Name::Value("Body__"),
                Name::Class("md\\:flex")
            ]
        );
    }
}
