//! The archive: one SQLite file, and the only SQL of the program. Owns the schema, the writer,
//! the readers and the crawl lock; what is worth writing is decided in `pipeline`. Every public
//! name of the file is explained in `docs/database.md`.

mod backup;
mod body;
mod connect;
mod dictionary;
mod disk;
mod error;
mod lock;
mod packer;
mod read;
mod schema;
#[cfg(test)]
mod testing;
mod value;
mod write;

use std::path::{Path, PathBuf};

pub use connect::{BUSY_TIMEOUT, JOURNAL_SIZE_LIMIT};
pub use dictionary::{DICTIONARY_SAMPLE, Dictionary, dictionary_bytes, packed_bytes};
pub use disk::free_bytes;
pub use error::StoreError;
pub use lock::{LockGuard, is_locked, lock};
pub use packer::Packing;
pub use read::{
    ArchivedSite, AskedPause, Change, FileSizes, Headline, Hit, Ingested, MadeArticle, PageRow, Part,
    Prunable, QueuedPage, Reader, RecentText, RecordKey, Requests, RevisitTarget, RobotsCopy, RunRow,
    SiteStatus, SnippetPart, SourcePage, Space, StoredArticle, StoredExchange, StorySample, TdmrepCopy,
    Unpacked, Version, WholeArticle, details,
};
pub use schema::APPLICATION_ID;
pub use value::sha256_hex;
pub use write::{
    ArticleChange, ArticleWrite, CandidateRow, FetchRow, Forgotten, FurtherPage, HealthRow, Hop,
    IngestedFrom, ListingDue, ListingWrite, ListingWritten, MadeDictionary, MemoryRow, PageKind, PageWrite,
    PageWritten, Provenance, Reextraction, Repacked, RobotsWrite, RunEnd, RunStart, ScheduleRow, TdmrepWrite,
    Vacuumed, Writer,
};

/// A database that exists and has this program's schema.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
}

impl Store {
    /// Opens the database at `path`; makes it, and the directories above it, where there is none;
    /// brings an older one to this program's schema, with a backup beside it.
    ///
    /// # Errors
    /// When the file is something else, belongs to a later copydesk or is damaged (it is not
    /// touched then), and when it cannot be written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        connect::make_parents(&connect::resolved(path)?)?;
        // Asked again: with its directory there, links on the way to it are known.
        let path = connect::resolved(path)?;
        write::connection(&path)?;
        Ok(Self { path })
    }

    /// The database, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a writer. A program needs one and clones it; two would wait for each other.
    ///
    /// # Errors
    /// When the file can no longer be opened.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        Writer::start(write::connection(&self.path)?, &self.path)
    }

    /// Opens a reader.
    ///
    /// # Errors
    /// When the file can no longer be opened.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.path)
    }
}
