//! What the writer is given: plain data, made of the program's common words. Owns the shapes;
//! how they become rows is in the files beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::article::Article;
use crate::optout::Signal;
use crate::outcome::Outcome;

/// A run that begins.
#[derive(Debug, Clone)]
pub struct RunStart {
    /// The command line, as the person typed it.
    pub command: String,
    /// Version of copydesk.
    pub program_version: String,
    /// When it began.
    pub started_at: Timestamp,
}

/// A run that ends.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// When it ended.
    pub finished_at: Timestamp,
    /// Whether it was asked to stop before it was through.
    pub interrupted: bool,
    /// Pages by what became of them.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// The process's exit code.
    pub exit_code: i32,
}

/// One redirect on the way to a page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hop {
    /// The address that answered.
    pub url: String,
    /// Its HTTP status.
    pub status: u16,
    /// Where it pointed, absolute.
    pub location: String,
}

/// One HTTP exchange, redirects and all.
#[derive(Debug, Clone)]
pub struct FetchRow {
    /// The address asked for.
    pub url: String,
    /// The address that answered last.
    pub final_url: String,
    /// The hops between the two, in order.
    pub redirects: Vec<Hop>,
    /// Status of the last answer; `None` where there was none.
    pub status: Option<u16>,
    /// Headers of the last answer, in order. Cookies are left out here, whoever passes them;
    /// a name that repeats has its values joined by `, ` (RFC 9110 §5.2).
    pub headers: Vec<(String, String)>,
    /// Charset the body was decoded with.
    pub charset: Option<String>,
    /// Who said so.
    pub charset_source: Option<String>,
    /// When the answer was complete.
    pub fetched_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Bytes of the decoded body.
    pub bytes: u64,
    /// Hash of the body. Where the body itself is passed along, its hash takes this one's place.
    pub body_sha256: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// The record of an archive file that it came out of; `None`: it came over the network.
    pub from: Option<IngestedFrom>,
}

/// Where an exchange came from that did not come over the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestedFrom {
    /// The file or folder, absolute.
    pub file: String,
    /// The record in it.
    pub record_id: String,
}

/// A copy of a robots.txt, as last answered.
#[derive(Debug, Clone)]
pub struct RobotsWrite {
    /// The run it was fetched in.
    pub run_id: i64,
    /// The site it was asked for.
    pub site: Option<String>,
    /// Scheme, host and port (RFC 6454).
    pub origin: String,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Status of the last answer; `None` where there was none.
    pub status: Option<u16>,
    /// The bytes that were read.
    pub body: Vec<u8>,
    /// What became of it: `stored` (read), `gone` (there is none), `failed` …
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<String>,
    /// The exchange.
    pub fetch: Option<FetchRow>,
}

/// A site's tdmrep.json, as last answered.
#[derive(Debug, Clone)]
pub struct TdmrepWrite {
    /// The run.
    pub run_id: i64,
    /// Scheme, host and port.
    pub origin: String,
    /// The file; empty where there is none.
    pub body: Vec<u8>,
    /// The exchange.
    pub fetch: FetchRow,
}

/// What an address leads to, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PageKind {
    /// A robots.txt.
    Robots,
    /// A sitemap or sitemap index.
    Sitemap,
    /// A feed.
    Feed,
    /// A page of links.
    Section,
    /// An article, or what might be one.
    #[default]
    Article,
}

impl PageKind {
    /// The word used in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Robots => "robots",
            Self::Sitemap => "sitemap",
            Self::Feed => "feed",
            Self::Section => "section",
            Self::Article => "article",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Robots,
            Self::Sitemap,
            Self::Feed,
            Self::Section,
            Self::Article,
        ];
        all.into_iter().find(|k| k.as_str() == word)
    }
}

/// An address that a listing named.
#[derive(Debug, Clone, Default)]
pub struct CandidateRow {
    /// Canonical address.
    pub url: String,
    /// The listing, or the page on the way to it.
    pub discovered_from: String,
    /// Publication date as the listing tells it.
    pub published: Option<String>,
    /// Date of the last change as the listing tells it.
    pub lastmod: Option<String>,
}

/// A listing that was looked at, with what it named.
#[derive(Debug, Clone)]
pub struct ListingWrite {
    /// The run.
    pub run_id: i64,
    /// The site it belongs to; its candidates too.
    pub site: String,
    /// Its address.
    pub url: String,
    /// What it is.
    pub kind: PageKind,
    /// When this happened.
    pub at: Timestamp,
    /// The exchange.
    pub fetch: Option<FetchRow>,
    /// What became of it: `stored` (read), `unchanged` (304) …
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<String>,
    /// Validators for the next visit. A 304 that brings none keeps the old ones; any other
    /// answer's take their place, present or not.
    pub etag: Option<String>,
    /// As `etag`.
    pub last_modified: Option<String>,
    /// Hash of the rules by which its stories were chosen; goes with the validators.
    pub rules_sha256: Option<String>,
    /// What it named, in the order in which they should be fetched.
    pub candidates: Vec<CandidateRow>,
}

/// What recording a listing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListingWritten {
    /// Candidates that were not known before.
    pub new: usize,
}

/// A page that was looked at. The whole of it is one transaction.
#[derive(Debug, Clone)]
pub struct PageWrite {
    /// The run.
    pub run_id: i64,
    /// The site, where one is known.
    pub site: Option<String>,
    /// The address that was queued. Queued or not before, it has a row afterwards.
    pub url: String,
    /// The address that answered, canonical. If it differs from `url` and `outcome` is set, the
    /// queued row becomes `redirected` and everything else is told of this address.
    pub final_url: String,
    /// When this happened.
    pub at: Timestamp,
    /// When a new article was first seen, where that was in another archive and earlier.
    pub first_seen_at: Option<Timestamp>,
    /// The exchange. Without one (a refusal before any request) `last_fetched_at` stays.
    pub fetch: Option<FetchRow>,
    /// What became of it. `None` leaves it in the queue: it is tried again once `next_visit_at`
    /// has come.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<String>,
    /// As in [`ListingWrite`]. Pass them only for a page that was read to its end: a validator
    /// of a page that failed earns a 304, and never the page.
    pub etag: Option<String>,
    /// As `etag`.
    pub last_modified: Option<String>,
    /// When to look again.
    pub next_visit_at: Option<Timestamp>,
    /// The bytes as answered, to be kept. Needed with a new version, unless a further page brings the
    /// whole story.
    pub body: Option<Vec<u8>>,
    /// The other pages that were asked for the same story, in its order.
    pub further: Vec<FurtherPage>,
    /// What the page and its site say of being kept, in place of what was recorded; `None` where
    /// nothing was learned.
    pub signals: Option<Vec<Signal>>,
    /// What it means for the articles.
    pub article: ArticleChange,
}

impl PageWrite {
    /// An address that failed, nothing being known of it yet.
    pub fn failed(run_id: i64, url: String, at: Timestamp) -> Self {
        Self {
            run_id,
            site: None,
            final_url: url.clone(),
            url,
            at,
            first_seen_at: None,
            fetch: None,
            outcome: Some(Outcome::Failed),
            reason: None,
            etag: None,
            last_modified: None,
            next_visit_at: None,
            body: None,
            further: Vec::new(),
            signals: None,
            article: ArticleChange::None,
        }
    }
}

/// Another page of the story that a page begins.
#[derive(Debug, Clone)]
pub struct FurtherPage {
    /// Its address, canonical.
    pub url: String,
    /// The exchange, where it was asked for.
    pub fetch: Option<FetchRow>,
    /// The row of that exchange, where it is stored already: of a page that came for another version.
    pub stored_fetch: Option<i64>,
    /// What became of it: `duplicate` is another address of the story.
    pub outcome: Outcome,
    /// Why it is no part of the story, where it is none.
    pub reason: Option<String>,
    /// As in [`PageWrite`].
    pub signals: Option<Vec<Signal>>,
    /// The bytes, to be kept with a new version.
    pub body: Option<Vec<u8>>,
    /// Whether it tells the whole story: then the version is made of its bytes, not of the first
    /// page's.
    pub whole: bool,
}

/// What a page means for the articles.
#[derive(Debug, Clone)]
pub enum ArticleChange {
    /// Nothing: what is stored stays, and a page that told an article keeps pointing to it.
    None,
    /// An article not seen before, under the page's final address.
    New(Box<ArticleWrite>),
    /// A new version of an article; the old one goes to the history.
    Revision {
        /// The article.
        article_id: i64,
        /// Its newest version, as the caller read it: if another came meanwhile the write is a
        /// [`super::super::StoreError::Conflict`].
        from_version: i64,
        /// The new version.
        article: Box<ArticleWrite>,
    },
    /// The page tells an article that is stored: fetched again without change, or another address
    /// of it. The article's row stays as it is, for its provenance tells where its text came from.
    Known {
        /// The article.
        article_id: i64,
    },
}

/// One version of an article. Its address is the page's final one, its hashes are computed here.
#[derive(Debug, Clone)]
pub struct ArticleWrite {
    /// The site's id, or the host where no rule file knows it.
    pub site: String,
    /// What was extracted.
    pub article: Article,
    /// By what.
    pub provenance: Provenance,
}

/// By what an article was extracted.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// Rule file of the site, relative to the rule directory.
    pub rule_file: Option<String>,
    /// Hash over the site's, its family's and the common rules.
    pub rule_sha256: String,
    /// Hash of the site memory that was used.
    pub memory_sha256: Option<String>,
    /// Version of copydesk.
    pub program_version: String,
}

/// What recording a page did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageWritten {
    /// The article the page now points to.
    pub article_id: Option<i64>,
    /// Its newest version.
    pub version: Option<i64>,
}

/// The state of a site's extraction, rewritten when a run ends.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthRow {
    /// The site.
    pub site: String,
    /// When it was last crawled.
    pub last_run_at: Timestamp,
    /// Articles stored or looked at again in that run.
    pub articles: u64,
    /// Layouts that matched, with the number of pages each.
    pub layouts: BTreeMap<String, u64>,
    /// Share of articles, 0 to 1, that no layout matched.
    pub generic_share: Option<f64>,
    /// Median number of words.
    pub median_words: Option<u64>,
    /// Share of the body's words, 0 to 1, that was taken out.
    pub removed_share: Option<f64>,
    /// Pages that failed in that run.
    pub failures: u64,
    /// Since when the rules seem not to fit any more.
    pub drift_since: Option<Timestamp>,
}

/// A snapshot of a site's recurring blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryRow {
    /// The site.
    pub site: String,
    /// Hash of the snapshot, as articles name it.
    pub sha256: String,
    /// When it was built.
    pub built_at: Timestamp,
    /// The run after which it was built.
    pub run_id: i64,
    /// The snapshot, JSON.
    pub snapshot: String,
}

/// A site's place in the schedule, as of the end of its last turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow {
    /// The site.
    pub site: String,
    /// When its last turn began.
    pub last_turn_at: Timestamp,
    /// When the last turn began that did not fail.
    pub last_success_at: Option<Timestamp>,
    /// When its next turn is due.
    pub next_turn_at: Timestamp,
    /// Since when its turns fail; `None`: the last one did not.
    pub failing_since: Option<Timestamp>,
    /// Failed turns in a row.
    pub failed_turns: u64,
    /// Why the last turn failed.
    pub failure: Option<String>,
    /// What ended the last turn early: a budget, or the disk.
    pub stopped_by: Option<String>,
}

/// How often a listing is asked, and when next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingDue {
    /// Its address.
    pub url: String,
    /// Time between two visits.
    pub every: Duration,
    /// When the next one is due.
    pub next_visit_at: Timestamp,
}

/// What `forget` did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Addresses that are asked again, without validators and with all their attempts.
    pub queued: usize,
    /// Addresses of which nothing is known any more: they come back when a listing names them.
    pub dropped: usize,
}
