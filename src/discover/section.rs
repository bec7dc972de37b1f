//! Section and front pages: the links a reader could follow, and the feeds the page names. Owns
//! which links are followed at all; which of them are stories is told by the site's patterns.

use std::collections::HashSet;

use url::Url;

use super::{DiscoverError, Entry, Gather, MAX_FEEDS, MAX_SECTION_LINKS, MAX_TITLE_BYTES};
use crate::address;
use crate::dom::{self, Dom, Element, NodeId, Step};

/// Types of `<link rel="alternate">` that are feeds.
const FEED_TYPES: &[&str] = &[
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/feed+json",
];

/// Endings of paths that are files beside the story. Links to them are not asked for.
const FILES: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "ico", "css", "js", "pdf", "zip", "gz", "mp3", "m4a",
    "mp4", "webm", "ics", "epub",
];

/// A link while its text is gathered.
struct Link {
    href: String,
    text: String,
}

/// Reads a page's links in document order. `rel="nofollow"` is no wish not to be crawled, and
/// links so marked are taken.
pub(super) fn read(text: &str, gather: &mut Gather<'_>) -> Result<(), DiscoverError> {
    let dom = Dom::parse_without_code(text).map_err(|source| DiscoverError::Page {
        url: gather.url.clone(),
        source,
    })?;
    let mut base = None;
    let mut feeds = Vec::new();
    let mut links: Vec<Link> = Vec::new();
    // Links that are open: broken pages nest them, the text belongs to the innermost.
    let mut open: Vec<(NodeId, usize)> = Vec::new();
    let mut silent: Option<NodeId> = None;
    for step in dom.root().walk() {
        match step {
            Step::Open(e) => match e.name() {
                "base" if base.is_none() => base = e.attr("href").map(str::to_owned),
                "link" if is_feed(e) => feeds.extend(e.attr("href").map(str::to_owned)),
                "a" | "area" => {
                    if let Some(href) = e.attr("href").filter(|href| leads_on(href)) {
                        open.push((e.id(), links.len()));
                        links.push(Link {
                            href: href.to_owned(),
                            text: String::new(),
                        });
                    }
                }
                name if silent.is_none() && dom::is_silent(name) => silent = Some(e.id()),
                _ => {}
            },
            Step::Close(e) => {
                if silent == Some(e.id()) {
                    silent = None;
                }
                if open.last().is_some_and(|(id, _)| *id == e.id()) {
                    open.pop();
                }
            }
            Step::Text(_, piece) => {
                if silent.is_none()
                    && let Some((_, at)) = open.last()
                    && links[*at].text.len() < MAX_TITLE_BYTES
                {
                    links[*at].text.push_str(piece);
                    links[*at].text.push(' ');
                }
            }
        }
    }
    let base = base_url(gather.url, base.as_deref());
    gather.limit = MAX_SECTION_LINKS;
    take_feeds(&base, &feeds, gather);
    take_links(&base, links, gather);
    Ok(())
}

/// The document's base (HTML Standard §4.2.3): a `data:` or `javascript:` one does not count.
fn base_url(url: &Url, href: Option<&str>) -> Url {
    href.and_then(|href| url.join(href.trim()).ok())
        .filter(|base| matches!(base.scheme(), "http" | "https"))
        .unwrap_or_else(|| url.clone())
}

fn is_feed(link: Element<'_>) -> bool {
    let word = |name: &str| link.attr(name).unwrap_or_default().trim().to_ascii_lowercase();
    let alternate = word("rel").split_ascii_whitespace().any(|rel| rel == "alternate");
    alternate && FEED_TYPES.contains(&word("type").split(';').next().unwrap_or_default().trim())
}

/// Whether a link leads to another document of the web.
fn leads_on(href: &str) -> bool {
    let href = href.trim();
    // RFC 3986 §3.1: a scheme ends at the first colon, before any of these.
    let scheme = href.split_once(':').filter(|(scheme, _)| {
        !scheme.is_empty()
            && !scheme.contains(['/', '?', '#', '.'])
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    let web = scheme.is_none_or(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    });
    web && !href.is_empty() && !href.starts_with('#')
}

fn is_file(url: &Url) -> bool {
    let name = url.path().rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| FILES.iter().any(|file| ending.eq_ignore_ascii_case(file)))
}

fn take_feeds(base: &Url, feeds: &[String], gather: &mut Gather<'_>) {
    let mut seen = HashSet::new();
    for href in feeds {
        match address::resolve(base, href) {
            // WordPress names a feed of readers' comments beside the paper's own.
            Ok(url) if url.path().contains("/comments/") => {}
            Ok(url) if seen.len() < MAX_FEEDS => {
                if seen.insert(url.clone()) {
                    gather.listing.feeds.push(url);
                }
            }
            Ok(_) | Err(_) => gather.listing.dropped += 1,
        }
    }
}

fn take_links(base: &Url, links: Vec<Link>, gather: &mut Gather<'_>) {
    let own = address::canonical(gather.url.clone());
    for link in links {
        // The page itself (`?`, its own name, a page top) is no discovery; a file is no page.
        let passed_over = address::resolve(base, &link.href).is_ok_and(|url| url == own || is_file(&url));
        if !passed_over {
            gather.entry(
                base,
                Entry {
                    address: link.href,
                    title: link.text,
                    ..Entry::default()
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Listing, ListingKind};
    use super::*;

    fn read(html: &str) -> Listing {
        let url = Url::parse("https://news.example/world/").unwrap();
        super::super::read(ListingKind::Section, html, &url).unwrap()
    }

    fn urls(listing: &Listing) -> Vec<&str> {
        listing.candidates.iter().map(|c| c.url.as_str()).collect()
    }

    #[test]
    fn links_are_taken_in_order_once_each_with_the_headline() {
        let listing = read(
            "<!doctype html><nav><a href=/>Home</a></nav>
            <article><a href=/1?utm_campaign=x><img src=1.jpg></a><h2><a href='/1'>One <b>ship</b><script>x()</script></a></h2></article>
            <a rel=nofollow href=two.html>Two</a> <map><area href=../3></map>",
        );
        assert_eq!(
            urls(&listing),
            [
                "https://news.example/",
                "https://news.example/1",
                "https://news.example/world/two.html",
                "https://news.example/3"
            ]
        );
        assert_eq!(listing.candidates[1].title.as_deref(), Some("One ship"));
        assert_eq!(listing.dropped, 0);
    }

    #[test]
    fn what_leads_nowhere_is_passed_over() {
        let listing = read(
            "<a href=#top>Top</a><a href=''>Self</a><a href=?>Self</a><a href=/world/>Self</a><a name=x>Anchor</a>
            <a href='javascript:void(0)'>JS</a><a href=' JavaScript:x'>JS</a><a href=mailto:a@news.example>Mail</a>
            <a href=tel:1>Call</a><a href=data:text/html,x>Data</a><a href=/p/photo.JPG>Photo</a><a href=/report.pdf>PDF</a>
            <a href='/a:b'>Colon</a>",
        );
        assert_eq!(urls(&listing), ["https://news.example/a:b"]);
        assert_eq!(listing.dropped, 0);
    }

    #[test]
    fn addresses_that_cannot_be_followed_are_counted() {
        let long = "x".repeat(3000);
        let listing = read(&format!(
            "<a href='http://[bad'>B</a><a href=/{long}>L</a><a href=/a/b/a/b/a/b/a/b/a/b>T</a>"
        ));
        assert_eq!((listing.candidates.len(), listing.dropped), (0, 3));
    }

    #[test]
    fn the_base_is_honoured_unless_it_is_no_place() {
        let listing = read("<a href=x>X</a><base href=//cdn.example/deep/><base href=/no/>");
        assert_eq!(urls(&listing), ["https://cdn.example/deep/x"]);
        let listing = read("<base href='javascript:alert(1)//'><a href=x>X</a>");
        assert_eq!(urls(&listing), ["https://news.example/world/x"]);
    }

    #[test]
    fn feeds_of_the_page_are_named() {
        let listing = read(
            "<link rel='alternate home' type='Application/RSS+xml; charset=utf-8' href=/feed title=News>
            <link rel=alternate type=application/atom+xml href=/feed><link rel=alternate hreflang=de href=/de>
            <link rel=alternate type=application/rss+xml href=/comments/feed/>
            <link rel=stylesheet type=application/rss+xml href=/no>",
        );
        let feeds: Vec<&str> = listing.feeds.iter().map(Url::as_str).collect();
        assert_eq!(feeds, ["https://news.example/feed"]);
        assert!(listing.candidates.is_empty());
    }

    #[test]
    fn a_page_of_a_hundred_thousand_links_is_cut() {
        let page: String = (0..100_000).map(|n| format!("<a href=/{n}>x</a>")).collect();
        let listing = read(&page);
        assert_eq!(
            (listing.candidates.len(), listing.dropped),
            (MAX_SECTION_LINKS, 100_000 - MAX_SECTION_LINKS)
        );
    }

    #[test]
    fn a_page_nested_beyond_reason_is_refused() {
        let url = Url::parse("https://news.example/").unwrap();
        let error = super::super::read(ListingKind::Section, &"<div>".repeat(200_000), &url).unwrap_err();
        assert!(matches!(error, DiscoverError::Page { .. }));
    }
}
