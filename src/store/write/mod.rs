//! The writer: one thread that owns the connection, behind a bounded channel. Owns the thread,
//! its transactions and its end; what a transaction writes is in the files beside it.

mod article;
mod dictionary;
mod page;
mod prune;
mod reextract;
mod rows;
mod run;
mod schedule;
mod story;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::connect::{self, beside};
use super::error::StoreError;
use super::packer::Packer;
use dictionary::Making;
pub use dictionary::{MadeDictionary, Repacked};
pub use prune::Vacuumed;
pub use reextract::Reextraction;
pub use rows::{
    ArticleChange, ArticleWrite, CandidateRow, FetchRow, Forgotten, FurtherPage, HealthRow, Hop,
    IngestedFrom, ListingDue, ListingWrite, ListingWritten, MemoryRow, PageKind, PageWrite, PageWritten,
    Provenance, RobotsWrite, RunEnd, RunStart, ScheduleRow, TdmrepWrite,
};

/// Writes that may wait for the writer; whoever brings one more waits too, so a slow disk slows
/// the crawl instead of filling the memory.
const QUEUE: usize = 32;
/// Size of the write-ahead log above which a warning is due, in bytes: a reader that never ends
/// keeps it from being cut back.
const WAL_WARN_BYTES: u64 = 512 * 1024 * 1024;
/// Transactions between two looks at the log's size.
const WAL_LOOK_EVERY: u32 = 256;

/// How often the lock is asked for, each time for as long as a connection waits (5 s): backups and other
/// programs' long transactions end within minutes, and a watch of months is not to end for one.
const LOCK_ATTEMPTS: u32 = 60;

type Job = Box<dyn FnOnce(&mut Hand) + Send>;

/// What the writer's thread owns.
struct Hand {
    conn: Connection,
    packer: Packer,
}

enum Command {
    Job(Job),
    Close(oneshot::Sender<Result<(), StoreError>>),
}

/// The hand that writes. Cheap to clone; all clones share one thread and one connection. Each
/// method is one transaction, whole or not at all; after a failed one the writer goes on.
///
/// The last act of a command is [`Writer::close`]. When all clones are dropped instead, the
/// thread does the same in the background, and a process that ends first leaves the log to the
/// next one.
#[derive(Debug, Clone)]
pub struct Writer {
    commands: mpsc::Sender<Command>,
    path: PathBuf,
}

impl Writer {
    /// Starts the thread on the file at `path`, which is open and migrated.
    pub(super) fn start(conn: Connection, path: &Path) -> Result<Self, StoreError> {
        let (commands, inbox) = mpsc::channel(QUEUE);
        let file = path.to_owned();
        std::thread::Builder::new()
            .name("copydesk-store".to_owned())
            .spawn(move || serve(conn, inbox, &file))
            .map_err(|source| StoreError::Io {
                path: path.to_owned(),
                doing: "start the writer of",
                source,
            })?;
        Ok(Self {
            commands,
            path: path.to_owned(),
        })
    }

    /// The database, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the writer, for all clones: writes what waits, moves the log into the file and
    /// closes it.
    ///
    /// # Errors
    /// When the log cannot be moved. Nothing is lost then: the next writer moves it.
    pub async fn close(self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let gone = StoreError::WriterGone { path: self.path };
        match self.commands.send(Command::Close(reply)).await {
            Ok(()) => answer.await.unwrap_or(Err(gone)),
            Err(_) => Err(gone),
        }
    }

    /// Runs `work` in one transaction on the writer's thread. `BEGIN IMMEDIATE`: the wait for
    /// another process comes first, and no transaction fails halfway for want of the lock.
    async fn transact<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.transact_packing(doing, move |tx, _| work(tx)).await
    }

    /// As [`Writer::transact`], for work that keeps bodies.
    async fn transact_packing<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>, &mut Packer) -> Result<T, Fault> + Send + 'static,
    {
        let path = self.path.clone();
        self.ask(doing, move |hand| {
            let tx = patiently(&path, || {
                Transaction::new_unchecked(&hand.conn, TransactionBehavior::Immediate)
            })?;
            let done = work(&tx, &mut hand.packer)?;
            tx.commit()?;
            Ok(done)
        })
        .await
    }

    /// Runs `work` on the writer's thread.
    async fn ask<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Hand) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let path = self.path.clone();
        let job: Job = Box::new(move |hand| {
            let result = work(hand);
            // Whoever asked may have gone; the work is done all the same.
            let _ = reply.send(result.map_err(|fault| fault.at(&path, doing)));
        });
        let gone = || StoreError::WriterGone {
            path: self.path.clone(),
        };
        self.commands.send(Command::Job(job)).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// Asks for the lock until it is had, another program has kept it for minutes, or something else fails.
fn patiently<T>(path: &Path, mut begin: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    for attempt in 1..LOCK_ATTEMPTS {
        match begin() {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                if attempt == 1 {
                    tracing::warn!(database = %path.display(), "another program is writing to it; waiting");
                }
            }
            other => return other,
        }
    }
    begin()
}

/// Why a transaction was given up.
enum Fault {
    Sql(rusqlite::Error),
    Refused(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    fn at(self, path: &Path, doing: &'static str) -> StoreError {
        match self {
            Self::Sql(source) => StoreError::sql(path, doing, source),
            Self::Refused(error) => error,
        }
    }
}

fn serve(conn: Connection, mut inbox: mpsc::Receiver<Command>, path: &Path) {
    let mut hand = Hand {
        conn,
        packer: Packer::default(),
    };
    let mut making = Making::new(path);
    let mut jobs: u32 = 0;
    let mut warned = false;
    while let Some(command) = inbox.blocking_recv() {
        match command {
            Command::Job(job) => {
                job(&mut hand);
                making.look_after(&mut hand);
            }
            Command::Close(reply) => {
                // Refuses what would come later; what was sent before this has been done.
                inbox.close();
                making.close(&mut hand);
                let _ = reply.send(finish(hand.conn, path));
                return;
            }
        }
        jobs = jobs.wrapping_add(1);
        if !warned && jobs.is_multiple_of(WAL_LOOK_EVERY) {
            let size_bytes = fs::metadata(beside(path, "-wal")).map_or(0, |m| m.len());
            if size_bytes > WAL_WARN_BYTES {
                warned = true;
                tracing::warn!(
                    database = %path.display(), size_bytes,
                    "a reader keeps the write-ahead log from being cut back; end long-running queries"
                );
            }
        }
    }
    making.close(&mut hand);
    if let Err(error) = finish(hand.conn, path) {
        tracing::warn!(%error, "the write-ahead log stays beside the database");
    }
}

/// Moves the log into the file, so that one file is the whole archive.
fn finish(conn: Connection, path: &Path) -> Result<(), StoreError> {
    let sql = |e| StoreError::sql(path, "move the write-ahead log into the database", e);
    // A reader that still reads an old state makes this incomplete (first column 1), not wrong.
    conn.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
        .map_err(sql)?;
    conn.close().map_err(|(_, e)| sql(e))
}

/// Opens a connection for [`Writer::start`].
pub(super) fn connection(path: &Path) -> Result<Connection, StoreError> {
    let mut conn = connect::writable(path)?;
    super::schema::migrate(&mut conn, path)?;
    connect::use_wal(&conn, path)?;
    Ok(conn)
}
