//! Rules as the program uses them: compiled, checked, each knowing its place in its file. Owns
//! the types; reading them from TOML is `schema` and `load`, applying them is `extract`.

use jiff::tz::TimeZone;
use regex::Regex;

pub use super::matching::{HostPattern, UrlPattern};
use crate::article::Category;
use crate::dom::Selector;

/// One site: who it is, where to look, how its pages are built.
#[derive(Debug, Clone)]
pub struct Site {
    /// Stem of the rule file's name.
    pub id: String,
    /// Name of the paper.
    pub name: String,
    /// Hosts whose pages these rules are for; the first is the one asked for robots.txt.
    pub hosts: Vec<HostPattern>,
    /// ISO 3166-1 alpha-2 code, lower case.
    pub country: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// Zone of dates that give none.
    pub timezone: Option<TimeZone>,
    /// Whether `crawl` without names includes it.
    pub enabled: bool,
    /// Where stories are found.
    pub discover: Discover,
    /// How it is asked.
    pub crawl: CrawlRules,
    /// How its pages are built; the first whose body matches wins.
    pub layouts: Vec<Layout>,
    /// What is taken out: the site's, then its family's (common ones are in [`CommonRules`]).
    pub strips: Vec<Strip>,
    /// Elements exempt from the common strips.
    pub keep: Vec<Selector>,
    /// Raw find and replace before parsing, in order.
    pub replace: Vec<Replace>,
    /// Marks a page as advertising.
    pub sponsored: Option<Selector>,
    /// The link to a story's next page.
    pub next_page: Option<Selector>,
    /// The link to a story on one page.
    pub single_page: Option<Selector>,
    /// Proofs.
    pub checks: Vec<Check>,
    /// Family it extends.
    pub family: Option<String>,
    /// Path of the file as people know it: `huffpost.toml`, relative to the rule directory.
    pub file: String,
    /// SHA-256, hex, over site, family and common file: what `rule_sha256` means.
    pub sha256: String,
}

/// Where stories are found (`[discover]`).
#[derive(Debug, Clone, Default)]
pub struct Discover {
    /// Feeds: RSS, Atom, JSON Feed.
    pub feeds: Vec<url::Url>,
    /// Sitemaps beside those robots.txt names.
    pub sitemaps: Vec<url::Url>,
    /// Pages that link to stories.
    pub sections: Vec<url::Url>,
    /// Which URLs are articles; empty: all.
    pub include: Vec<UrlPattern>,
    /// Which are not.
    pub exclude: Vec<UrlPattern>,
    /// Older listings are not fetched. Default 7 days.
    pub max_age: Option<std::time::Duration>,
    /// Whether the file has a `[discover]` table that names a listing.
    pub listed: bool,
}

/// How a site is asked (`[crawl]`).
#[derive(Debug, Clone, Default)]
pub struct CrawlRules {
    /// How often `watch` looks; each listing then finds its own measure around it.
    pub every: Option<std::time::Duration>,
    /// Least gap between requests to a host.
    pub delay: Option<std::time::Duration>,
    /// When to look again for corrections, after first seeing a story.
    pub revisit: Vec<std::time::Duration>,
    /// Headers sent with each request to the site.
    pub headers: Vec<(String, String)>,
    /// What one turn may take.
    pub budget: Budget,
}

/// What may be taken: of a site in one turn, or of all sites in one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests, redirects and robots.txt among them.
    pub requests: Option<u64>,
    /// Bytes of bodies, after content decoding.
    pub bytes: Option<u64>,
    /// Time, waiting for the host's pace included.
    pub time: Option<std::time::Duration>,
}

impl Budget {
    /// This one, with another's limits where it has none.
    pub(super) fn over(self, base: Self) -> Self {
        Self {
            requests: self.requests.or(base.requests),
            bytes: self.bytes.or(base.bytes),
            time: self.time.or(base.time),
        }
    }
}

/// How the pages of a site, or of one of its looks, are built (`[[layout]]`).
#[derive(Debug, Clone)]
pub struct Layout {
    /// Its name; `layout 1` … where none is given.
    pub name: String,
    /// Every outermost match, in document order, is the body.
    pub body: Selector,
    /// Keep-list: only these are the text.
    pub paragraphs: Option<Selector>,
    /// These are its sub-headings.
    pub headings: Option<Selector>,
    /// Field sources.
    pub fields: Vec<FieldRule>,
    /// When it was last seen, for people.
    pub last_seen: Option<String>,
    /// Its place, as `huffpost.toml:14`.
    pub place: String,
}

/// A metadata field a layout can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Headline.
    Title,
    /// Dek.
    Subtitle,
    /// Authors.
    Authors,
    /// Publication date.
    Published,
    /// Date of the last change.
    Modified,
    /// Section of the paper.
    Section,
    /// Keywords.
    Keywords,
}

impl Field {
    /// The key in rule files, and the name in table `fields`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Subtitle => "subtitle",
            Self::Authors => "authors",
            Self::Published => "published",
            Self::Modified => "modified",
            Self::Section => "section",
            Self::Keywords => "keywords",
        }
    }
}

/// Where a field's value is, and how it is read.
#[derive(Debug, Clone)]
pub struct FieldRule {
    /// Which field.
    pub field: Field,
    /// Sources; the first that yields wins.
    pub sources: Vec<Source>,
    /// Its first group (else the whole match) is the value; a value without a match yields nothing.
    pub matching: Option<Regex>,
    /// Every match of it is cut out.
    pub remove: Option<Regex>,
    /// strptime format of a date.
    pub format: Option<String>,
    /// Whether authors are split at `,`, `and` …
    pub split: bool,
    /// Only the first match of the selector.
    pub first: bool,
}

/// One source of a field.
#[derive(Debug, Clone)]
pub enum Source {
    /// Text, or an attribute, of the elements that match.
    Css {
        /// Which elements.
        selector: Selector,
        /// Attribute to read in place of the text.
        attribute: Option<String>,
        /// As written.
        written: String,
    },
    /// A path into the page's JSON-LD article object, as `author.name`.
    JsonLd(String),
}

/// Something to take out (`[[strip]]`).
#[derive(Debug, Clone)]
pub struct Strip {
    /// What it is.
    pub category: Category,
    /// What to take.
    pub what: StripWhat,
    /// Its place, as `huffpost.toml:41`.
    pub place: String,
    /// The conditions as written, for `removed.pattern`.
    pub pattern: String,
}

/// What a strip takes.
#[derive(Debug, Clone)]
pub enum StripWhat {
    /// Elements by selector (and by text), at least `select` given; or blocks by their text.
    /// All given conditions must hold.
    Block {
        /// Elements that match.
        select: Option<Selector>,
        /// Searched in the text, white space folded.
        text: Option<Regex>,
        /// All of the block's text lies in such elements.
        whole: Option<Selector>,
        /// Position among the kept blocks.
        at: Option<At>,
        /// The nearest such ancestor goes too.
        closest: Option<Selector>,
    },
    /// A region of blocks.
    Region {
        /// The block that opens it.
        from: Regex,
        /// Where it ends; that block stays.
        until: Until,
    },
}

/// A position among the kept blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The first kept block.
    First,
    /// The last kept block.
    Last,
}

/// Where a region ends.
#[derive(Debug, Clone)]
pub enum Until {
    /// The end of the body.
    End,
    /// The next heading.
    Heading,
    /// The next empty line (`clean` only).
    Blank,
    /// The block that matches.
    Pattern(Regex),
}

/// A raw replacement before parsing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replace {
    /// What to find, to the letter.
    pub find: String,
    /// What to put in its place.
    pub with: String,
}

/// A proof beside the rule (`[[check]]`).
#[derive(Debug, Clone, Default)]
pub struct Check {
    /// The page.
    pub url: String,
    /// Expected title.
    pub title: Option<String>,
    /// Expected subtitle.
    pub subtitle: Option<String>,
    /// Expected authors.
    pub authors: Option<Vec<String>>,
    /// Expected date.
    pub published: Option<String>,
    /// How the text begins.
    pub first: Option<String>,
    /// How the text ends.
    pub last: Option<String>,
    /// What the text contains.
    pub contains: Vec<String>,
    /// What it does not.
    pub lacks: Vec<String>,
    /// Number of text blocks.
    pub blocks: Option<usize>,
    /// Its place, as `huffpost.toml:60`.
    pub place: String,
}

/// What is true of every site (`common.toml`).
#[derive(Debug, Clone)]
pub struct CommonRules {
    /// Strips for all.
    pub strips: Vec<Strip>,
    /// SHA-256, hex, of the file.
    pub sha256: String,
}
