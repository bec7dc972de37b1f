//! Pages out of WARC files and capture folders, a batch at a time. Owns the way through a file, and
//! what of a record is a page; whether the page is wanted is asked of the caller.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::address;
use crate::fetch::MAX_PAGE_BYTES;
use crate::pipeline::capture::{self, CapturedPage};
use crate::pipeline::gather::Came;
use crate::store::{FetchRow, Hop, IngestedFrom, StoredExchange, sha256_hex};
use crate::warc::{self, Block, Head, Message, Records};

/// Pages of a batch.
pub(super) const BATCH: usize = 64;
/// Bytes from which a batch is full, whatever its pages.
const BATCH_BYTES: usize = 32 * 1024 * 1024;
/// What a record may have beside the largest body, in bytes: its headers.
const HEADER_BYTES: u64 = 64 * 1024;

/// A page that came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) url: Url,
    pub(super) record_id: String,
    pub(super) date: Timestamp,
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    #[serde(skip)]
    pub(super) body: Vec<u8>,
    /// The hops before it, where its archive tells them.
    pub(super) redirects: Vec<Hop>,
    /// How long the exchange took; zero where nobody tells.
    pub(super) duration: Duration,
    /// What the archive tells of the article, where copydesk wrote it and the page begins its story.
    pub(super) told: Told,
}

/// What another database of copydesk knew of an article beyond its page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Its address, which need not be the page's: it may have moved, or be read on another page.
    pub(super) url: Option<Url>,
    /// When it was first seen.
    pub(super) first_seen_at: Option<Timestamp>,
}

impl Item {
    /// Takes over what a metadata record tells of the exchange, as `copydesk export` writes it; other
    /// crawlers tell the duration by the same name.
    fn learn(&mut self, fields: &[u8]) {
        let (mut told, mut is_first) = (Told::default(), false);
        for line in String::from_utf8_lossy(fields).lines() {
            match line.split_once(':').map(|(name, value)| (name, value.trim())) {
                Some(("fetchTimeMs", ms)) => {
                    self.duration = ms.parse().map(Duration::from_millis).unwrap_or_default();
                }
                Some(("redirects", hops)) => {
                    self.redirects = serde_json::from_str(hops).unwrap_or_default();
                }
                Some(("copydesk-page", n)) => is_first = n == "1",
                Some(("copydesk-url", url)) => told.url = address::parse(url).ok(),
                Some(("copydesk-first-seen", at)) => told.first_seen_at = at.parse().ok(),
                _ => {}
            }
        }
        // The others are found by its links.
        if is_first {
            self.told = told;
        }
    }

    /// A page that is stored.
    pub(super) fn stored(exchange: StoredExchange, body: Vec<u8>) -> Option<Self> {
        Some(Self {
            url: address::parse(&exchange.url).ok()?,
            record_id: exchange.record_id.unwrap_or_default(),
            date: exchange.fetched_at.parse().ok()?,
            status: exchange.status,
            headers: exchange.headers,
            body,
            redirects: serde_json::from_str(&exchange.redirects).unwrap_or_default(),
            duration: Duration::from_millis(exchange.duration_ms.try_into().unwrap_or_default()),
            told: Told::default(),
        })
    }

    /// The address that was asked for, where redirects led to its own.
    pub(super) fn asked(&self) -> Url {
        let first = self.redirects.first();
        let asked = first.and_then(|hop| address::parse(&hop.url).ok());
        asked.unwrap_or_else(|| self.url.clone())
    }

    /// As a page is settled that came out of this file; none: it is stored.
    pub(super) fn came(self, file: Option<&str>) -> Came {
        let sha256 = sha256_hex(&self.body);
        let header = |name| self.header(name).map(str::to_owned);
        Came {
            content_type: header("content-type"),
            etag: header("etag"),
            last_modified: header("last-modified"),
            fetch: FetchRow {
                url: self.asked().to_string(),
                final_url: self.url.to_string(),
                redirects: self.redirects,
                status: Some(self.status),
                charset: None,
                charset_source: None,
                fetched_at: self.date,
                duration: self.duration,
                bytes: self.body.len() as u64,
                body_sha256: Some(sha256.clone()),
                error: None,
                headers: self.headers,
                from: file.map(|file| IngestedFrom {
                    file: file.to_owned(),
                    record_id: self.record_id,
                }),
            },
            url: address::canonical(self.url),
            body: self.body,
            sha256,
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Pages, and how many records were gone through to get them.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) items: Vec<Item>,
    pub(super) records: u64,
    /// Records that hold no page: requests, pictures, redirects, pages that are too large or were cut off.
    pub(super) no_pages: u64,
    /// Nothing comes after this batch.
    pub(super) last: bool,
    /// What could not be read: the rest of the file, or single pages of a folder.
    pub(super) failed: Vec<String>,
}

/// Asked before a page is read: its address, its record's id, and when it was fetched, where that is known.
pub(super) type Wanted<'a> = dyn FnMut(&Url, &str, Option<Timestamp>) -> bool + 'a;

/// A file or folder, read from its beginning to its end.
pub(super) enum Source {
    /// The last page of a WARC file is held back: what its archive knows of it comes after it.
    Warc(Records, Option<Box<Item>>),
    Folder(std::vec::IntoIter<CapturedPage>),
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        if path.is_dir() {
            let pages = capture::list(path).map_err(|e| crate::pipeline::chain(&e))?;
            return Ok(Self::Folder(pages.into_iter()));
        }
        Records::open(path)
            .map(|records| Self::Warc(records, None))
            .map_err(|e| e.to_string())
    }

    /// Whether the ids of its records mean nothing beyond it.
    pub(super) fn has_own_ids(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// The record of the page that comes with the next batch, though it was asked for in this one.
    pub(super) fn held(&self) -> Option<&str> {
        match self {
            Self::Warc(_, Some(item)) => Some(&item.record_id),
            _ => None,
        }
    }

    /// The next pages that are wanted.
    pub(super) fn batch(&mut self, now: Timestamp, wanted: &mut Wanted<'_>) -> Batch {
        let mut batch = Batch::default();
        let mut bytes = 0;
        while batch.items.len() < BATCH && bytes < BATCH_BYTES && !batch.last {
            let item = match self {
                Self::Warc(records, held) => next_of_warc(records, held, &mut batch, wanted),
                Self::Folder(pages) => next_of_folder(pages, &mut batch, now, wanted),
            };
            if let Some(item) = item {
                bytes += item.body.len();
                batch.items.push(item);
            }
        }
        batch
    }
}

fn next_of_warc(
    records: &mut Records,
    held: &mut Option<Box<Item>>,
    batch: &mut Batch,
    wanted: &mut Wanted<'_>,
) -> Option<Item> {
    let mut asked = None;
    let mut is_page = false;
    let mut is_about_held = false;
    let next = records.next_record(|head| {
        is_about_held = held.as_ref().is_some_and(|item| tells_of(head, &item.record_id));
        if is_about_held {
            return true;
        }
        is_page = may_be_page(head);
        asked = is_page.then(|| addressed(head)).flatten();
        asked
            .as_ref()
            .is_some_and(|(url, id, date)| wanted(url, id, Some(*date)))
    });
    let (head, block) = match next {
        Ok(Some(record)) => record,
        Ok(None) => {
            batch.last = true;
            return held.take().map(|item| *item);
        }
        Err(error) => {
            batch.last = true;
            batch.failed.push(crate::pipeline::chain(&error));
            return held.take().map(|item| *item);
        }
    };
    batch.records += 1;
    if let (true, Some(item), Block::Whole(fields)) = (is_about_held, held.as_mut(), &block) {
        item.learn(fields);
    }
    let (Some((url, record_id, date)), true) = (asked, is_page) else {
        batch.no_pages += 1;
        return None;
    };
    // Passed over: it was not wanted, and whoever said so has counted it.
    let Block::Whole(block) = block else { return None };
    let item = page(&head, block).map(|message| Item {
        url,
        record_id,
        date,
        status: message.status,
        headers: lower(message.headers),
        body: message.body,
        redirects: Vec::new(),
        duration: Duration::ZERO,
        told: Told::default(),
    });
    let item = item.filter(|i| has_come(i.status) && may_be_html(i.header("content-type")));
    let Some(item) = item else {
        batch.no_pages += 1;
        return None;
    };
    held.replace(Box::new(item)).map(|former| *former)
}

fn lower(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    let named = headers.into_iter();
    named
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect()
}

/// Whether a record is what an archive knows of another one beside its bytes.
fn tells_of(head: &Head, record_id: &str) -> bool {
    head.get("WARC-Type") == Some("metadata")
        && head.length <= HEADER_BYTES
        && ["WARC-Refers-To", "WARC-Concurrent-To"]
            .iter()
            .any(|name| head.get(name) == Some(record_id))
}

/// Whether this status comes with what was asked for.
const fn has_come(status: u16) -> bool {
    matches!(status, 200..300)
}

/// Whether a record may hold a page, as far as its head tells.
fn may_be_page(head: &Head) -> bool {
    let small = head.length <= MAX_PAGE_BYTES as u64 + HEADER_BYTES;
    // What was cut off while it was captured would be stored as if the story ended there.
    let whole = head.get("WARC-Truncated").is_none();
    let kind = head.get("Content-Type").unwrap_or_default().to_ascii_lowercase();
    let holds = match head.get("WARC-Type") {
        Some("response") => kind.starts_with("application/http"),
        Some("resource") => may_be_html(Some(&kind)),
        _ => false,
    };
    small && whole && holds
}

fn addressed(head: &Head) -> Option<(Url, String, Timestamp)> {
    let url = address::parse(head.target()?).ok()?;
    let id = head.get("WARC-Record-ID")?.to_owned();
    Some((url, id, head.get("WARC-Date")?.parse().ok()?))
}

fn page(head: &Head, block: Vec<u8>) -> Option<Message> {
    if head.get("WARC-Type") == Some("resource") {
        let kind = head.get("Content-Type").unwrap_or_default().to_owned();
        return Some(Message {
            status: 200,
            headers: vec![("content-type".to_owned(), kind)],
            body: block,
        });
    }
    warc::response(&block, MAX_PAGE_BYTES as u64)
}

/// A page whose server did not say what it is may be one.
fn may_be_html(content_type: Option<&str>) -> bool {
    content_type.is_none_or(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.is_empty() || kind.contains("html") || kind.starts_with("text/plain")
    })
}

fn next_of_folder(
    pages: &mut std::vec::IntoIter<CapturedPage>,
    batch: &mut Batch,
    now: Timestamp,
    wanted: &mut Wanted<'_>,
) -> Option<Item> {
    let Some(page) = pages.next() else {
        batch.last = true;
        return None;
    };
    batch.records += 1;
    if !has_come(page.status) {
        batch.no_pages += 1;
        return None;
    }
    let fetched = page.fetched.as_deref().and_then(|at| at.parse().ok());
    if !wanted(&page.url, &page.id, fetched) {
        return None;
    }
    match page.bytes() {
        Ok(body) => Some(Item {
            date: fetched.unwrap_or(now),
            url: page.url,
            record_id: page.id,
            status: page.status,
            headers: lower(page.headers),
            body,
            redirects: Vec::new(),
            duration: Duration::ZERO,
            told: Told::default(),
        }),
        Err(error) => {
            batch.failed.push(crate::pipeline::chain(&error));
            None
        }
    }
}

/// The files of a path: itself, or the WARC files of a directory that is no capture folder.
///
/// # Errors
/// When it cannot be read.
pub(super) fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let path = std::fs::canonicalize(path)?;
    if !path.is_dir() || path.join("manifest.jsonl").exists() {
        return Ok(vec![path]);
    }
    let is_warc = |p: &Path| {
        let name = p
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_ascii_lowercase();
        name.ends_with(".warc") || name.ends_with(".warc.gz")
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(&path)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|p| is_warc(p));
    files.sort();
    Ok(files)
}
