//! The reader: a read-only connection and the questions the program asks of the file. Owns
//! opening it and the shared way of asking; the questions are in the files beside it.

mod articles;
mod export;
mod health;
mod ingest;
mod made;
mod newest;
mod prune;
mod queue;
mod schedule;
mod search;
mod space;
mod status;
mod unspaced;
mod versions;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Params, Row};
use zstd::dict::DecoderDictionary;

pub use articles::{RecentText, RevisitTarget, SourcePage, StoredArticle};
pub use export::WholeArticle;
pub use health::StorySample;
pub use ingest::{Ingested, RecordKey, StoredExchange};
pub use made::{ArchivedSite, MadeArticle, details};
pub use newest::Headline;
pub use prune::{Prunable, Unpacked};
pub use queue::{AskedPause, PageRow, QueuedPage, RobotsCopy, TdmrepCopy};
pub use search::{Change, Hit, SnippetPart};
pub use space::{Part, Space};
pub use status::{FileSizes, Requests, RunRow, SiteStatus};
pub use versions::Version;

use super::connect;
use super::error::StoreError;
use super::packer::Ready;

/// A read-only look at the database. Opening one is cheap; each thread opens its own. It never
/// waits for the writer, and sees the file as of each question.
#[derive(Debug)]
pub struct Reader {
    conn: Connection,
    path: PathBuf,
    dictionaries: RefCell<Ready<DecoderDictionary<'static>>>,
}

impl Reader {
    /// Opens the database at `path`, which must exist.
    ///
    /// # Errors
    /// When it does not exist, is not a copydesk database of this schema, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = connect::resolved(path)?;
        Ok(Self {
            conn: connect::readable(&path)?,
            path,
            dictionaries: RefCell::default(),
        })
    }

    /// The database, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn conn(&self) -> &Connection {
        &self.conn
    }

    fn fault(&self, source: rusqlite::Error) -> StoreError {
        StoreError::sql(&self.path, "read", source)
    }

    fn all<T, P, F>(&self, sql: &str, params: P, read: F) -> Result<Vec<T>, StoreError>
    where
        P: Params,
        F: FnMut(&Row<'_>) -> rusqlite::Result<T>,
    {
        let ask = || -> rusqlite::Result<Vec<T>> {
            self.conn.prepare_cached(sql)?.query_map(params, read)?.collect()
        };
        ask().map_err(|e| self.fault(e))
    }

    fn one<T, P, F>(&self, sql: &str, params: P, read: F) -> Result<Option<T>, StoreError>
    where
        P: Params,
        F: FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    {
        let ask = || self.conn.prepare_cached(sql)?.query_row(params, read).optional();
        ask().map_err(|e| self.fault(e))
    }
}
