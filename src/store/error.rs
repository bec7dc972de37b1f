//! What can go wrong with the database, each told with the file's absolute path and the next
//! step. Owns the error type and its translation from SQLite; who shows it is the surface.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A failure of the database. None of them leaves a half-written article behind.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A reader was pointed at a file that is not there.
    #[error("no database at {}: run `copydesk crawl` to make one, or name another with --db", .path.display())]
    Missing {
        /// The path, absolute.
        path: PathBuf,
    },
    /// The file is something else; it was not touched.
    #[error("{} is not a SQLite database and was left as it is: name another file with --db", .path.display())]
    NotSqlite {
        /// The path, absolute.
        path: PathBuf,
    },
    /// A SQLite file of another program; it was not touched.
    #[error("{} is a database of another program (application_id {found:#010x}) and was left as it is: name another file with --db", .path.display())]
    Foreign {
        /// The path, absolute.
        path: PathBuf,
        /// Its `application_id`; 0 where it sets none.
        found: i32,
    },
    /// Written by a later copydesk; it was not touched.
    #[error("{} has schema {found}, this copydesk knows up to {known}, and it was left as it is: update copydesk", .path.display())]
    Newer {
        /// The path, absolute.
        path: PathBuf,
        /// Its `user_version`.
        found: i32,
        /// The newest `user_version` of this program.
        known: i32,
    },
    /// Written by an earlier copydesk, and opened for reading only.
    #[error("{} has schema {found}, this copydesk reads {known}: run a command that writes, such as `copydesk crawl`, which updates it and keeps a backup beside it", .path.display())]
    Older {
        /// The path, absolute.
        path: PathBuf,
        /// Its `user_version`.
        found: i32,
        /// The `user_version` of this program.
        known: i32,
    },
    /// The file, or what it says about itself, is broken.
    #[error("{} is damaged ({detail}): restore a backup, or salvage it with `sqlite3 FILE .recover`", .path.display())]
    Damaged {
        /// The path, absolute.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file system refused.
    #[error("could not {doing} {}: check that the directory exists, is writable and has space", .path.display())]
    Io {
        /// The path, absolute.
        path: PathBuf,
        /// What was being done, as a verb.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The disk is full, a quota or file size limit is reached, or the device fails.
    #[error("the disk refused to {doing} in {}: check its free space and health and run again, nothing stored so far is lost", .path.display())]
    Disk {
        /// The path, absolute.
        path: PathBuf,
        /// What was being done, as a verb.
        doing: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// Another program held the file for longer than the busy timeout.
    #[error("could not {doing} in {}, another program is writing to it: let it finish and run again", .path.display())]
    Busy {
        /// The path, absolute.
        path: PathBuf,
        /// What was being done, as a verb.
        doing: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The file or its directory may not be written.
    #[error("could not {doing} in {}, it may not be written: check its permissions and those of its directory", .path.display())]
    NotWritable {
        /// The path, absolute.
        path: PathBuf,
        /// What was being done, as a verb.
        doing: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// Anything else SQLite refuses.
    #[error("could not {doing} in {}: check the file with `sqlite3 FILE 'pragma integrity_check'`", .path.display())]
    Sql {
        /// The path, absolute.
        path: PathBuf,
        /// What was being done, as a verb.
        doing: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A backup would take the place of a file that is there; it was left as it is.
    #[error("{} is there already and was left as it is: name another file", .path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// Another backup writes to the same place.
    #[error("another backup is being written to {}: let it finish", .path.display())]
    BackupUnderWay {
        /// The path.
        path: PathBuf,
    },
    /// Not enough room on the disk for what was asked; nothing was written.
    #[error("{} needs {needed} bytes of room on its disk, {free} are free", .path.display())]
    NoRoom {
        /// What would be written.
        path: PathBuf,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// The article changed between the caller's look and its write; nothing was written.
    #[error("{url} was written by someone else meanwhile: read the article again and decide anew")]
    Conflict {
        /// Address of the article.
        url: String,
    },
    /// An article came without the bytes it was made from; nothing was written.
    #[error("the article of {url} came without its page: pass the bytes it was extracted from")]
    NoBody {
        /// Address of the article.
        url: String,
    },
    /// The writer ended before it answered.
    #[error("the writer of {} has ended: open the database again", .path.display())]
    WriterGone {
        /// The path, absolute.
        path: PathBuf,
    },
}

impl StoreError {
    /// Whether it speaks of one article and not of the file: the others can be written.
    pub const fn concerns_one_article(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::NoBody { .. })
    }

    /// Sorts SQLite's codes into the cases a person can act upon.
    pub(super) fn sql(path: &Path, doing: &'static str, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotSqlite { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => Self::Disk { path, doing, source },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path, doing, source },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::NotWritable { path, doing, source }
            }
            _ => Self::Sql { path, doing, source },
        }
    }
}
