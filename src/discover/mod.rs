//! From a listing to the stories it names: feeds, sitemaps, section pages. Owns what a listing
//! says; it never fetches, and takes text that `decode` has unpacked and decoded. Which addresses
//! are articles of the site, what is too old and what was seen before is the pipeline's business.

mod feed;
mod json_feed;
mod section;
mod sitemap;
mod when;
mod xml;

use std::collections::HashMap;

use url::Url;

use crate::address;
use crate::dom::DomError;

pub use when::When;

/// Most stories taken from one listing: a sitemap's limit by its protocol (sitemaps.org).
pub const MAX_CANDIDATES: usize = 50_000;
/// Most links taken from one section page; front pages have some hundreds.
pub const MAX_SECTION_LINKS: usize = 5_000;
/// Most sitemaps taken from one sitemap index.
pub const MAX_CHILDREN: usize = 1_000;
/// Most feeds a section page may name.
pub const MAX_FEEDS: usize = 20;
/// Longest listing that is read, in bytes: a sitemap's limit by its protocol, unpacked.
pub const MAX_LISTING_BYTES: usize = 50 * 1024 * 1024;
/// Longest title of a candidate that is kept, in bytes.
pub const MAX_TITLE_BYTES: usize = 1024;

/// What a listing is expected to be. What it is, its text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingKind {
    /// RSS, Atom or JSON Feed.
    Feed,
    /// A sitemap or a sitemap index.
    Sitemap,
    /// A page that links to stories.
    Section,
}

impl ListingKind {
    /// The word used in SQL, JSON and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Sitemap => "sitemap",
            Self::Section => "section",
        }
    }
}

/// An address that may be a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// In canonical form.
    pub url: Url,
    /// When the listing says it was published.
    pub published: Option<When>,
    /// When the listing says it was last changed.
    pub lastmod: Option<When>,
    /// What the listing calls it.
    pub title: Option<String>,
}

/// What one listing says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Stories, in the listing's order, each address once.
    pub candidates: Vec<Candidate>,
    /// Sitemaps that a sitemap index names, each with its `lastmod`.
    pub children: Vec<(Url, Option<When>)>,
    /// Feeds that a section page names (`<link rel="alternate">`).
    pub feeds: Vec<Url>,
    /// Entries left out: no address that could be followed, or over a limit above.
    pub dropped: usize,
    /// What was repaired or cut, for the log.
    pub notes: Vec<String>,
}

/// Why nothing can be taken from a listing.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A web page stands where a feed or sitemap was named.
    #[error("{url} is a web page, not a {}: name it under `sections`, or correct the address", .expected.as_str())]
    WebPage {
        /// The listing.
        url: Url,
        /// What it was named as.
        expected: ListingKind,
    },
    /// Neither a feed nor a sitemap.
    #[error("{url} is not a {}, it begins with {begins:?}: correct the address in the rule file", .expected.as_str())]
    Unknown {
        /// The listing.
        url: Url,
        /// What it was named as.
        expected: ListingKind,
        /// Its first characters.
        begins: String,
    },
    /// Nothing in it at all.
    #[error("{url} is empty: look at it in a browser, and correct the address in the rule file")]
    Empty {
        /// The listing.
        url: Url,
    },
    /// XML nested deeper than any listing.
    #[error(
        "{url} nests elements deeper than {}, as no listing does: correct the address in the rule file",
        xml::MAX_DEPTH
    )]
    TooDeep {
        /// The listing.
        url: Url,
    },
    /// JSON that is broken or no JSON Feed.
    #[error("{url} is not a JSON Feed: correct the address in the rule file")]
    Json {
        /// The listing.
        url: Url,
        /// What the reader says.
        #[source]
        source: serde_json::Error,
    },
    /// A section page over the limits of the HTML parser.
    #[error("{url} is too large a page to read: name another under `sections`")]
    Page {
        /// The listing.
        url: Url,
        /// Which limit.
        #[source]
        source: DomError,
    },
}

/// Reads a listing. `url` is the address it came from, the last one after redirects: relative
/// links are resolved against it.
///
/// The text decides what it is: robots.txt may name a feed as a sitemap, and a section may have
/// become a feed. XML that is cut off or broken gives the entries that were complete, with a note.
///
/// # Errors
/// When it is none of what a listing can be, or is beyond the limits.
pub fn read(kind: ListingKind, text: &str, url: &Url) -> Result<Listing, DiscoverError> {
    let mut gather = Gather::new(url);
    let text = within_limit(text.trim_start_matches('\u{feff}'), &mut gather);
    match xml::shape(text) {
        xml::Shape::Empty => return Err(DiscoverError::Empty { url: url.clone() }),
        xml::Shape::Feed => feed::read(text, &mut gather)?,
        xml::Shape::Sitemap => sitemap::read(text, &mut gather)?,
        xml::Shape::Json if kind != ListingKind::Section => json_feed::read(text, &mut gather)?,
        xml::Shape::AddressList if kind == ListingKind::Sitemap => sitemap::read_list(text, &mut gather),
        _ if kind == ListingKind::Section => section::read(text, &mut gather)?,
        xml::Shape::Html => {
            return Err(DiscoverError::WebPage {
                url: url.clone(),
                expected: kind,
            });
        }
        _ => {
            return Err(DiscoverError::Unknown {
                url: url.clone(),
                expected: kind,
                begins: text.trim_start().chars().take(40).collect(),
            });
        }
    }
    Ok(gather.listing)
}

/// Cuts a listing that is too long. The cut is found by the reader as a cut.
fn within_limit<'a>(text: &'a str, gather: &mut Gather<'_>) -> &'a str {
    if text.len() <= MAX_LISTING_BYTES {
        return text;
    }
    gather.note(format!(
        "longer than {MAX_LISTING_BYTES} bytes, the rest is not read"
    ));
    &text[..text.floor_char_boundary(MAX_LISTING_BYTES)]
}

/// A listing as it grows: resolves addresses, keeps each once, counts what is left out.
struct Gather<'a> {
    url: &'a Url,
    listing: Listing,
    /// Position of each candidate by its address.
    seen: HashMap<Url, usize>,
    /// Most candidates.
    limit: usize,
}

/// An entry as a listing has it, nothing checked.
#[derive(Debug, Default)]
struct Entry {
    address: String,
    title: String,
    published: Option<When>,
    lastmod: Option<When>,
}

impl<'a> Gather<'a> {
    fn new(url: &'a Url) -> Self {
        Self {
            url,
            listing: Listing::default(),
            seen: HashMap::new(),
            limit: MAX_CANDIDATES,
        }
    }

    /// Takes an entry in. What a second entry with the same address knows better is added to the
    /// first: a picture's link comes before the headline's, an update before the first report.
    fn entry(&mut self, base: &Url, entry: Entry) {
        // An empty address would resolve to the listing itself.
        let address = Some(entry.address.trim()).filter(|address| !address.is_empty());
        let Some(url) = address.and_then(|address| address::resolve(base, address).ok()) else {
            self.listing.dropped += 1;
            return;
        };
        let title = title(&entry.title);
        if let Some(known) = self
            .seen
            .get(&url)
            .and_then(|at| self.listing.candidates.get_mut(*at))
        {
            known.title = known.title.take().or(title);
            known.published = known.published.or(entry.published);
            known.lastmod = known.lastmod.max(entry.lastmod);
        } else if self.listing.candidates.len() < self.limit {
            self.seen.insert(url.clone(), self.listing.candidates.len());
            self.listing.candidates.push(Candidate {
                url,
                published: entry.published,
                lastmod: entry.lastmod,
                title,
            });
        } else {
            self.listing.dropped += 1;
        }
    }

    /// Takes in a sitemap that an index names. One that names itself is passed over.
    fn child(&mut self, text: &str, lastmod: Option<When>) {
        match address::resolve(self.url, text) {
            Ok(_) if text.is_empty() => self.listing.dropped += 1,
            Ok(url) if url == address::canonical(self.url.clone()) => {
                self.note("the index names itself".to_owned());
            }
            Ok(url) if self.seen.contains_key(&url) => {}
            Ok(url) if self.listing.children.len() < MAX_CHILDREN => {
                self.seen.insert(url.clone(), usize::MAX);
                self.listing.children.push((url, lastmod));
            }
            Ok(_) | Err(_) => self.listing.dropped += 1,
        }
    }

    fn note(&mut self, note: String) {
        if !self.listing.notes.contains(&note) {
            self.listing.notes.push(note);
        }
    }
}

/// A title as readers see it. Feeds escape entities once too often.
fn title(raw: &str) -> Option<String> {
    let raw = &raw[..raw.floor_char_boundary(MAX_TITLE_BYTES)];
    let title = crate::text::fold(&crate::text::unescape_twice(raw));
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Url {
        Url::parse("https://news.example/listing").unwrap()
    }

    #[test]
    fn what_a_listing_is_its_text_says() {
        let feed = "<rss><channel><item><link>/a</link></item></channel></rss>";
        for kind in [ListingKind::Feed, ListingKind::Sitemap, ListingKind::Section] {
            assert_eq!(read(kind, feed, &home()).unwrap().candidates.len(), 1);
        }
        let map = "<urlset><url><loc>https://news.example/a</loc></url></urlset>";
        assert_eq!(read(ListingKind::Feed, map, &home()).unwrap().candidates.len(), 1);
    }

    #[test]
    fn a_web_page_named_as_a_feed_is_an_error_that_says_what_to_do() {
        let page = "\u{feff}<!-- x --><!DOCTYPE html><html><a href=/a>A</a></html>";
        for kind in [ListingKind::Feed, ListingKind::Sitemap] {
            let message = read(kind, page, &home()).unwrap_err().to_string();
            assert!(message.contains("is a web page, not a"), "{message}");
            assert!(message.contains("`sections`"), "{message}");
        }
        let error = read(ListingKind::Feed, "Service unavailable", &home()).unwrap_err();
        assert!(error.to_string().contains("begins with \"Service unavailable\""));
        let error = read(ListingKind::Sitemap, " \n ", &home()).unwrap_err();
        assert!(matches!(error, DiscoverError::Empty { .. }));
    }

    #[test]
    fn an_address_is_listed_once_with_all_that_is_known_of_it() {
        let feed = "<rss><channel>
            <item><link>https://news.example/a?utm_source=rss</link><guid>1</guid></item>
            <item><link>https://news.example/b</link><title>B</title></item>
            <item><link>HTTPS://NEWS.example/a#top</link><title>A &amp;amp; A</title></item>
            </channel></rss>";
        let listing = read(ListingKind::Feed, feed, &home()).unwrap();
        let urls: Vec<&str> = listing.candidates.iter().map(|c| c.url.as_str()).collect();
        assert_eq!(urls, ["https://news.example/a", "https://news.example/b"]);
        assert_eq!(listing.candidates[0].title.as_deref(), Some("A & A"));
        assert_eq!(listing.dropped, 0);
    }

    #[test]
    fn a_listing_over_the_limit_is_cut_and_says_so() {
        let entry = "<url><loc>https://news.example/a</loc></url>";
        let padding = " ".repeat(MAX_LISTING_BYTES);
        let listing = read(
            ListingKind::Sitemap,
            &format!("<urlset>{entry}{padding}{entry}"),
            &home(),
        )
        .unwrap();
        assert_eq!(listing.candidates.len(), 1);
        assert!(
            listing.notes[0].contains("the rest is not read"),
            "{:?}",
            listing.notes
        );
    }
}
