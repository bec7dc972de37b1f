//! Which rules are for which address: host patterns, path patterns, and what they say of a
//! [`Site`]. Which of several sites wins is `registry`'s business.

use std::borrow::Cow;
use std::fmt;

use url::{Host, Url};

use super::rule::{Discover, Site};
use crate::address::bare_host;

/// Which hosts: `a.b` (its `www.` too) or `*.a.b` (its sub-domains, not `a.b` itself).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// As written, in lower case and punycode.
    pub written: String,
}

impl HostPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong, and what to write.
    pub fn parse(text: &str) -> Result<Self, (String, String)> {
        let wrong = |message: &str, help: String| Err((format!("{message}: \"{text}\""), help));
        let (star, name) = match text.strip_prefix("*.") {
            Some(rest) => ("*.", rest),
            None => ("", text),
        };
        if name.contains("://") {
            let host = Url::parse(text)
                .ok()
                .and_then(|u| u.host_str().map(str::to_owned));
            return wrong(
                "an address, not a host",
                match host {
                    Some(host) => format!("write \"{host}\""),
                    None => "write the host alone".to_owned(),
                },
            );
        }
        if name.contains('*') {
            return wrong(
                "a star inside a host",
                "a star stands only at the beginning, as \"*.example.com\"".to_owned(),
            );
        }
        if name.contains(['/', ':', '@', '?', '#', ' ']) && !name.starts_with('[') {
            return wrong(
                "not a host alone",
                "write it without port and path, as \"example.com\"".to_owned(),
            );
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        let host = match Host::parse(name) {
            Ok(host) => host,
            Err(error) => return wrong("not a host", format!("write it as \"example.com\" ({error})")),
        };
        if !star.is_empty() && !matches!(&host, Host::Domain(d) if d.contains('.')) {
            return wrong(
                "too wide",
                "name at least two labels after the star, as \"*.example.com\"".to_owned(),
            );
        }
        Ok(Self {
            written: format!("{star}{host}"),
        })
    }

    /// The name that sub-domains are looked for under, where this is a wildcard.
    pub fn wildcard(&self) -> Option<&str> {
        self.written.strip_prefix("*.").map(bare_host)
    }

    /// Whether a host matches.
    pub fn matches(&self, host: &str) -> bool {
        let host = bare_host(host);
        match self.wildcard() {
            Some(parent) => host
                .strip_suffix(parent)
                .is_some_and(|rest| rest.ends_with('.') && rest.len() > 1),
            None => host == bare_host(&self.written),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// A pattern over a URL's whole path; `*` is anything. With a `?` in it, over path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlPattern {
    /// As written.
    pub written: String,
}

impl UrlPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with(['/', '*']) {
            return Err(format!("not a pattern of a path: \"{text}\""));
        }
        if text.contains('#') {
            return Err(format!(
                "addresses are compared without what follows #: \"{text}\""
            ));
        }
        Ok(Self {
            written: text.to_owned(),
        })
    }

    /// The pattern as addresses are spelled: non-ASCII and spaces percent-encoded.
    fn encoded(&self) -> Cow<'_, str> {
        if self.written.bytes().all(|b| b.is_ascii_graphic()) {
            return Cow::Borrowed(&self.written);
        }
        let mut encoded = String::with_capacity(self.written.len() * 3);
        for byte in self.written.bytes() {
            if byte.is_ascii_graphic() {
                encoded.push(char::from(byte));
            } else {
                encoded.push_str(&format!("%{byte:02X}"));
            }
        }
        Cow::Owned(encoded)
    }

    /// Whether every address that `other` matches is matched by this pattern too, as far as their
    /// texts tell: a star of `other` can be taken up by a star only.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.written.contains('?') <= other.written.contains('?') && star_match(&self.written, &other.written)
    }

    /// Whether an address matches.
    pub fn matches(&self, url: &Url) -> bool {
        let pattern = self.encoded();
        match url.query() {
            Some(query) if pattern.contains('?') => star_match(&pattern, &format!("{}?{query}", url.path())),
            _ => star_match(&pattern, url.path()),
        }
    }
}

/// Whether `text` as a whole matches `pattern`, in which `*` is anything. Goes back to the last
/// star only, so the time is at most the product of the lengths.
fn star_match(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                last_star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match last_star {
                Some((star, from)) => {
                    last_star = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

impl Site {
    /// Whether the address stands on one of the site's hosts.
    pub fn owns(&self, url: &Url) -> bool {
        url.host_str()
            .map(|host| host.strip_suffix('.').unwrap_or(host))
            .is_some_and(|host| self.hosts.iter().any(|pattern| pattern.matches(host)))
    }

    /// Whether the rules know of links from one page of a story to the rest of it.
    pub fn spans_pages(&self) -> bool {
        self.next_page.is_some() || self.single_page.is_some()
    }

    /// Whether the address is one of the site's stories, as far as addresses tell: on its hosts,
    /// included, and not excluded.
    pub fn is_article_url(&self, url: &Url) -> bool {
        let Discover { include, exclude, .. } = &self.discover;
        self.owns(url)
            && (include.is_empty() || include.iter().any(|pattern| pattern.matches(url)))
            && !exclude.iter().any(|pattern| pattern.matches(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(pattern: &str, host: &str) -> bool {
        HostPattern::parse(pattern).unwrap().matches(host)
    }

    #[test]
    fn an_exact_host_is_itself_with_or_without_www() {
        assert!(host("News.Example", "news.example"));
        assert!(host("news.example", "www.news.example"));
        assert!(host("www.news.example", "news.example"));
        assert!(!host("news.example", "a.news.example"));
        assert!(!host("news.example", "fakenews.example"));
    }

    #[test]
    fn a_wildcard_is_every_sub_domain_and_not_the_domain() {
        assert!(host("*.news.example", "a.news.example"));
        assert!(host("*.news.example", "a.b.news.example"));
        assert!(!host("*.news.example", "news.example"));
        assert!(!host("*.news.example", "www.news.example"));
        assert!(!host("*.news.example", "fakenews.example"));
    }

    #[test]
    fn hosts_are_compared_in_punycode() {
        assert_eq!(
            HostPattern::parse("Zürich.example").unwrap().written,
            "xn--zrich-kva.example"
        );
    }

    #[test]
    fn what_is_no_host_says_what_to_write() {
        for (text, help) in [
            ("https://news.example/a", "write \"news.example\""),
            ("news.example/world", "without port and path"),
            ("news.example:8080", "without port and path"),
            ("*", "a star stands only at the beginning"),
            ("*.com", "two labels"),
            ("a.*.example", "a star stands only at the beginning"),
            ("", "example.com"),
            ("ex ample.com", "without port and path"),
        ] {
            let (_, said) = HostPattern::parse(text).unwrap_err();
            assert!(said.contains(help), "{text}: {said}");
        }
    }

    fn path(pattern: &str, url: &str) -> bool {
        UrlPattern::parse(pattern)
            .unwrap()
            .matches(&Url::parse(url).unwrap())
    }

    #[test]
    fn the_whole_path_must_match() {
        assert!(path("/entry/*", "https://a.example/entry/x/y"));
        assert!(!path("/entry/*", "https://a.example/en/entry/x"));
        assert!(!path("/entry", "https://a.example/entry/x"));
        assert!(path("*/20*.html", "https://a.example/news/2026/x.html"));
        assert!(!path("*.html", "https://a.example/x.html5"));
        assert!(path("/*-live_*", "https://a.example/a-live-b-live_1"));
    }

    #[test]
    fn the_query_counts_only_where_the_pattern_has_one() {
        assert!(path("/story", "https://a.example/story?id=3"));
        assert!(path("/story?id=*", "https://a.example/story?id=3"));
        assert!(!path("/story?id=*", "https://a.example/story"));
        assert!(!path("/story?id=*", "https://a.example/story?x=1"));
    }

    #[test]
    fn patterns_are_spelled_as_addresses_are() {
        assert!(path("/nyhet/blåbær*", "https://a.example/nyhet/blåbær-i-år"));
    }

    #[test]
    fn many_stars_cost_little() {
        let pattern = "/".to_owned() + &"*a".repeat(60);
        let url = format!("https://x.example/{}b", "a".repeat(1_900));
        assert!(!path(&pattern, &url));
    }
}
