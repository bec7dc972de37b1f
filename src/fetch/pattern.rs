//! One robots.txt path pattern: `*`, `$` and percent-encoding (RFC 9309 §2.2.2, §2.2.3). Owns
//! the comparison of a pattern with a path; which pattern decides is `robots`' business.
//!
//! The matcher of the `robotstxt` crate is not used: it forgets all but one candidate after a
//! `*`, so it allows what is forbidden, and some rules of a few hundred bytes keep it busy for
//! a minute. This one takes time in proportion to the lengths of pattern and path, and no memory.

use std::borrow::Cow;

use url::Url;

/// A pattern ready to be compared with paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Normalised; `*` is a wildcard, every other character stands for itself.
    text: String,
    /// Whether the pattern ended in `$`: the path must end where the pattern does.
    anchored: bool,
    /// Octets of the pattern as written, wildcards too: the measure of how specific it is.
    length: usize,
}

impl Pattern {
    /// Reads the value of an `Allow:` or `Disallow:` line; `None` when it is empty, which rules
    /// nothing.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        let (body, anchored) = match value.strip_suffix('$') {
            Some(body) => (body, true),
            None => (value, false),
        };
        if value.is_empty() {
            return None;
        }
        let mut text = normalize(body, true);
        // Runs of stars mean what one means.
        while text.contains("**") {
            text = text.replace("**", "*");
        }
        let length = text.len() + usize::from(anchored);
        Some(Self {
            text,
            anchored,
            length,
        })
    }

    /// How specific the pattern is, in octets.
    pub(super) fn specificity(&self) -> usize {
        self.length
    }

    /// Whether the pattern matches `path`, which [`path_of`] made. Between two stars the earliest
    /// place is always as good as a later one, so nothing is ever tried twice.
    pub(super) fn matches(&self, path: &str) -> bool {
        let mut pieces = self.text.split('*');
        let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else {
            return false;
        };
        let Some(last) = pieces.next_back() else {
            return !self.anchored || rest.is_empty();
        };
        for piece in pieces {
            match rest.find(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        if self.anchored {
            rest.ends_with(last)
        } else {
            rest.contains(last)
        }
    }
}

/// The path and query of `url` in the form in which they are compared.
pub(super) fn path_of(url: &Url) -> String {
    let whole = match url.query() {
        Some(query) => Cow::Owned(format!("{}?{query}", url.path())),
        None => Cow::Borrowed(url.path()),
    };
    normalize(&whole, false)
}

/// Brings octets into the one form in which they are compared: a percent-encoded unreserved
/// character is decoded, every other triplet gets upper-case digits, and what may not stand in a
/// URL is encoded. In a path `*` and `$` are encoded, so that `%2A` in a pattern finds them; in
/// a pattern only `$` is, since `*` is a wildcard there.
fn normalize(text: &str, is_pattern: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let mut octet = *first;
        let mut encode = octet == b'$' || (octet == b'*' && !is_pattern) || must_be_encoded(octet);
        if let (b'%', [high, low, after @ ..]) = (octet, tail)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = after;
            octet = high * 16 + low;
            encode = !is_unreserved(octet);
        }
        if encode {
            out.push_str(&format!("%{octet:02X}"));
        } else {
            out.push(char::from(octet));
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    // A hexadecimal digit is at most 15, so the cast loses nothing.
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// RFC 3986 §2.3.
fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~')
}

/// What the URL parser encodes in a path or a query, so that a rule written raw still matches.
fn must_be_encoded(octet: u8) -> bool {
    !(0x21..0x7f).contains(&octet)
        || matches!(
            octet,
            b'"' | b'\'' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hits(pattern: &str, path: &str) -> bool {
        let url = Url::parse("http://news.example").unwrap().join(path).unwrap();
        Pattern::parse(pattern).unwrap().matches(&path_of(&url))
    }

    #[test]
    fn patterns_that_the_crate_lets_through_are_caught() {
        assert!(hits("/*.html", "/foo.bar.html"));
        assert!(hits("/*/print", "/2026/news/print"));
        assert!(hits("/*.php$", "/a.php/b.php"));
        assert!(!hits("/*.php$", "/a.php?x=1"));
    }

    #[test]
    fn patterns_begin_at_the_first_octet_and_match_prefixes() {
        assert!(hits("/fish", "/fish.html"));
        assert!(!hits("/fish", "/Fish.asp"));
        assert!(!hits("/fish", "/catfish"));
        assert!(!hits("fish", "/fish"));
        assert!(hits("/fish*", "/fish"));
        assert!(hits("*", "/anything"));
        assert!(hits("/$", "/"));
        assert!(!hits("/$", "/page"));
    }

    #[test]
    fn equivalent_spellings_get_the_same_verdict() {
        for (pattern, path) in [
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/café", "/caf%C3%A9"),
            ("/caf%C3%A9", "/café"),
            ("/off/%é", "/off/%%C3%A9"),
            ("/foo/%62%61%7A", "/foo/baz"),
            ("/foo/baz", "/foo/%62%61%7a"),
            ("/~user", "/%7Euser"),
            ("/a b", "/a%20b"),
            ("/it's", "/it%27s"),
            ("/a-%2A.html", "/a-*.html"),
            ("/price-%24", "/price-$5"),
            ("/a$b", "/a$b"),
            ("/*?id=", "/story?id=3"),
        ] {
            assert!(hits(pattern, path), "{pattern} against {path}");
        }
        assert!(!hits("/a/b", "/a%2Fb"), "an encoded slash is no slash");
    }

    #[test]
    fn an_empty_value_rules_nothing() {
        assert_eq!(Pattern::parse("  "), None);
    }

    #[test]
    fn a_rule_made_to_be_slow_is_not() {
        let pattern = Pattern::parse(&format!("/{}b", "*a".repeat(200))).unwrap();
        let path = format!("/{}", "a".repeat(2_000));
        // A matcher that tries again after each star would not come to an end here.
        assert!(!pattern.matches(&path));
    }

    proptest! {
        #[test]
        fn with_wildcards_it_agrees_with_a_regular_expression(
            pattern in "/[ab*/$]{0,10}",
            path in "/[ab/]{0,14}",
        ) {
            let (body, end) = match pattern.strip_suffix('$') {
                Some(body) => (body, "$"),
                None => (pattern.as_str(), ""),
            };
            let expression: String = body
                .chars()
                .map(|c| if c == '*' { ".*".to_owned() } else { regex::escape(&c.to_string()) })
                .collect();
            let expected = regex::Regex::new(&format!("^{expression}{end}")).unwrap().is_match(&path);
            let found = Pattern::parse(&pattern).unwrap().matches(&path);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_octets_are_read_without_a_panic(pattern in ".*", path in ".*") {
            if let Some(pattern) = Pattern::parse(&pattern) {
                pattern.matches(&normalize(&path, false));
            }
        }

        #[test]
        fn normalising_a_path_twice_changes_nothing(path in "[ -~é]{0,20}") {
            let once = normalize(&path, false);
            prop_assert_eq!(normalize(&once, false), once);
        }
    }
}
