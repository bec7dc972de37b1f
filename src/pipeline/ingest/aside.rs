//! Pages of sites whose stories go on over pages, put aside until all have come: a story's pages lie in any
//! order, in any of the files. Owns where they wait, a file that is gone when the run ends however it
//! ends, and finding them; how they make stories is `paged`'s.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use url::Url;

use crate::address;
use crate::pipeline::reading::Reading;
use crate::pipeline::story::Story;
use crate::store::StoreError;

use super::Wanted;
use super::source::Item;

/// zstd level of waiting pages: they wait for seconds.
const LEVEL: i32 = 1;

/// A page that waits.
pub(super) struct Waiting {
    /// Its address, canonical.
    pub(super) url: Url,
    /// When it was fetched.
    pub(super) date: Timestamp,
    /// Where it belongs.
    pub(super) wanted: Wanted,
    /// The file it came out of.
    pub(super) file: Arc<str>,
    /// Where the story goes on that begins on it.
    leads_to: Vec<Url>,
    /// Where it lies, in bytes.
    at: u64,
    length: usize,
}

impl Waiting {
    /// The other pages that it leads to.
    pub(super) fn others(&self) -> impl Iterator<Item = &Url> {
        self.leads_to.iter().filter(|url| **url != self.url)
    }
}

/// The pages that wait, in the order in which they came.
pub(super) struct Aside {
    /// Beside the database: there is room where the bodies will go.
    dir: PathBuf,
    pages: Vec<Waiting>,
    /// By the address that answered and the one that was asked for, both canonical.
    by_url: HashMap<Url, Vec<usize>>,
    file: Option<Mutex<File>>,
    end: u64,
}

impl Aside {
    /// An empty one.
    pub(super) fn beside(db: &Path) -> Self {
        Self {
            dir: db.parent().unwrap_or(Path::new(".")).to_owned(),
            pages: Vec::new(),
            by_url: HashMap::new(),
            file: None,
            end: 0,
        }
    }

    /// Puts a page aside; of its reading only its links are kept.
    pub(super) fn put(
        &mut self,
        item: Item,
        wanted: Wanted,
        reading: Reading,
        file: &str,
    ) -> Result<(), StoreError> {
        let url = address::canonical(item.url.clone());
        let n = self.pages.len();
        self.by_url.entry(url.clone()).or_default().push(n);
        let asked = address::canonical(item.asked());
        if asked != url {
            self.by_url.entry(asked).or_default().push(n);
        }
        let before = self.pages.last().map(|page| page.file.clone());
        let (at, length) = self.append(&item).map_err(|source| self.fault(source))?;
        self.pages.push(Waiting {
            url,
            date: item.date,
            wanted,
            file: before.filter(|f| **f == *file).unwrap_or_else(|| file.into()),
            leads_to: Story::begin((), reading).leads_to().collect(),
            at,
            length,
        });
        Ok(())
    }

    fn append(&mut self, item: &Item) -> io::Result<(u64, usize)> {
        let mut bytes = serde_json::to_vec(item)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&item.body);
        let packed = zstd::bulk::compress(&bytes, LEVEL)?;
        if self.file.is_none() {
            self.file = Some(Mutex::new(tempfile::tempfile_in(&self.dir)?));
        }
        let at = self.end;
        if let Some(file) = &mut self.file {
            let file = file.get_mut().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&packed)?;
        }
        self.end += packed.len() as u64;
        Ok((at, packed.len()))
    }

    /// A page that waits.
    pub(super) fn page(&self, n: usize) -> &Waiting {
        &self.pages[n]
    }

    /// The same, with its bytes.
    pub(super) fn item(&self, n: usize) -> Result<Item, StoreError> {
        let page = &self.pages[n];
        let read = || {
            let mut packed = vec![0; page.length];
            if let Some(file) = &self.file {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(page.at))?;
                file.read_exact(&mut packed)?;
            }
            let bytes = zstd::stream::decode_all(packed.as_slice())?;
            // JSON has no line end of its own.
            let head = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
            let mut item: Item = serde_json::from_slice(&bytes[..head])?;
            item.body = bytes.get(head + 1..).unwrap_or_default().to_vec();
            Ok(item)
        };
        read().map_err(|source| self.fault(source))
    }

    /// The captures of an address, in the order in which they came.
    pub(super) fn at(&self, url: &Url) -> impl Iterator<Item = usize> {
        self.by_url.get(url).into_iter().flatten().copied()
    }

    /// The pages that may begin a story: those that no other page leads to, in the order in which they
    /// came, and the others, of which the shortest address is the likeliest: first pages are what the
    /// last one leads back to.
    pub(super) fn beginnings(&self) -> (Vec<usize>, Vec<usize>) {
        let led_to: HashSet<&Url> = self
            .pages
            .iter()
            .flat_map(Waiting::others)
            .flat_map(|url| self.at(url).map(|n| &self.pages[n].url))
            .collect();
        let begins = (0..self.pages.len()).filter(|n| self.pages[*n].wanted.begins);
        let (mut later, first): (Vec<_>, Vec<_>) = begins.partition(|n| led_to.contains(&self.pages[*n].url));
        later.sort_by_key(|n| self.pages[*n].url.as_str().len());
        (first, later)
    }

    /// The pages that cannot begin a story and are no part of one of these either.
    pub(super) fn strangers(&self, parts: &HashSet<Url>) -> usize {
        let strange = |page: &&Waiting| !page.wanted.begins && !parts.contains(&page.url);
        self.pages.iter().filter(strange).count()
    }

    fn fault(&self, source: io::Error) -> StoreError {
        StoreError::Io {
            path: self.dir.clone(),
            doing: "put pages aside in",
            source,
        }
    }
}
