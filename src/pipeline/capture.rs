//! Capture folders, read: `manifest.jsonl` (one object a page) and `pages/<id>.html.gz` (the bytes as
//! fetched). Owns the folder's form; writing it is `writing`'s, what is done with the pages the caller's.

mod writing;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::address;
use crate::decode;
use crate::fetch::MAX_PAGE_BYTES;

pub use writing::{SavedPage, save};

/// Why a capture folder or a page of it cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A file is not there or not readable.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of the manifest is not an object with `id` and `url`.
    #[error("{path}:{line}: {message}; each line is an object with at least `id` and `url`")]
    Manifest {
        /// Which manifest.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A page's bytes are damaged.
    #[error("{path}: {message}")]
    Page {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

#[derive(Deserialize)]
struct Row {
    id: String,
    url: String,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    fetched: Option<String>,
    // Of any form: a folder that someone else made may tell these as it likes.
    #[serde(default)]
    status: Value,
    #[serde(default)]
    headers: Value,
}

impl Row {
    fn status(&self) -> u16 {
        let said = match &self.status {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64().and_then(|n| u16::try_from(n).ok()),
        };
        said.unwrap_or(200)
    }

    /// The headers, with the Content-Type that stands beside them.
    fn headers(&self) -> Vec<(String, String)> {
        let told = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        let object = self.headers.as_object();
        let mut headers: Vec<_> = object.into_iter().flatten().filter_map(told).collect();
        if let Some(kind) = &self.content_type {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            headers.push(("content-type".to_owned(), kind.clone()));
        }
        headers
    }
}

/// A page of a capture folder.
#[derive(Debug, Clone)]
pub struct CapturedPage {
    /// Its name in the folder.
    pub id: String,
    /// When it was fetched, where the folder says.
    pub fetched: Option<String>,
    /// Its address, canonical.
    pub url: Url,
    /// The Content-Type it came with, where the folder says.
    pub content_type: Option<String>,
    /// The status it came with; where the folder does not say, 200.
    pub status: u16,
    /// The headers it came with, as far as the folder says.
    pub headers: Vec<(String, String)>,
    path: PathBuf,
}

impl CapturedPage {
    /// Its bytes as fetched.
    ///
    /// # Errors
    /// When the file is missing or damaged.
    pub fn bytes(&self) -> Result<Vec<u8>, CaptureError> {
        let raw = std::fs::read(&self.path).map_err(|source| CaptureError::Unreadable {
            path: self.path.clone(),
            source,
        })?;
        decode::gunzip(&raw, MAX_PAGE_BYTES as u64)
            .map(std::borrow::Cow::into_owned)
            .map_err(|e| CaptureError::Page {
                path: self.path.clone(),
                message: e.to_string(),
            })
    }
}

/// The pages of one or more capture folders, by canonical address.
#[derive(Debug, Default)]
pub struct Captures {
    pages: HashMap<String, CapturedPage>,
    /// The addresses, in the order of the folders.
    order: Vec<String>,
}

impl Captures {
    /// Reads the manifests. The first folder that has an address gives its page; of one captured again in
    /// the same folder the last counts.
    ///
    /// # Errors
    /// When a folder has no manifest, or a line of it makes no sense.
    pub fn open(dirs: &[PathBuf]) -> Result<Self, CaptureError> {
        let mut captures = Self::default();
        for dir in dirs {
            captures.add(dir)?;
        }
        Ok(captures)
    }

    fn add(&mut self, dir: &Path) -> Result<(), CaptureError> {
        let mut here: HashMap<String, CapturedPage> = HashMap::new();
        for page in list(dir)? {
            let key = String::from(page.url.clone());
            if !self.pages.contains_key(&key) && here.insert(key.clone(), page).is_none() {
                self.order.push(key);
            }
        }
        self.pages.extend(here);
        Ok(())
    }

    /// Every page, in the order of the folders and their manifests.
    pub fn iter(&self) -> impl Iterator<Item = &CapturedPage> {
        self.order.iter().filter_map(|url| self.pages.get(url))
    }

    /// The page at an address, told as in a rule file or on a page.
    pub fn find(&self, url: &Url) -> Option<&CapturedPage> {
        self.pages.get(address::canonical(url.clone()).as_str())
    }
}

/// The pages of a capture folder, in its order.
///
/// # Errors
/// When it has no manifest, or a line of it makes no sense.
pub fn list(dir: &Path) -> Result<Vec<CapturedPage>, CaptureError> {
    let mut pages = Vec::new();
    let manifest = dir.join("manifest.jsonl");
    let text = std::fs::read_to_string(&manifest).map_err(|source| CaptureError::Unreadable {
        path: manifest.clone(),
        source,
    })?;
    for (number, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let fault = |message: String| CaptureError::Manifest {
            path: manifest.clone(),
            line: number + 1,
            message,
        };
        let row: Row = serde_json::from_str(line).map_err(|e| fault(e.to_string()))?;
        // An address that cannot be asked for is nobody's page; the folder's others are sound.
        let Ok(url) = address::parse(&row.url) else {
            tracing::info!(
                "{}:{}: passed over, {} is no address",
                manifest.display(),
                number + 1,
                row.url
            );
            continue;
        };
        if row.id.contains(['/', '\\']) || row.id.starts_with('.') {
            return Err(fault(format!("id {:?} is not a file name", row.id)));
        }
        let folder = dir.join("pages");
        let path = ["html.gz", "html"]
            .iter()
            .map(|ending| folder.join(format!("{}.{ending}", row.id)))
            .find(|p| p.exists())
            .unwrap_or_else(|| folder.join(format!("{}.html.gz", row.id)));
        pages.push(CapturedPage {
            status: row.status(),
            headers: row.headers(),
            id: row.id,
            fetched: row.fetched,
            url,
            content_type: row.content_type,
            path,
        });
    }
    Ok(pages)
}
