//! Opening the file: what it must look like before SQLite may touch it, and the settings of
//! every connection. Owns the checks and the pragmas; the tables are `schema`'s.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::StoreError;
use super::schema::{self, APPLICATION_ID};

/// How long a connection waits for another one's lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What the write-ahead log is cut back to after a checkpoint, in bytes.
pub const JOURNAL_SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// How often the switch to the write-ahead log is tried again.
const SWITCH_RETRIES: u32 = 100;
/// Length of the header of a SQLite file, in bytes (<https://www.sqlite.org/fileformat2.html>, §1.3).
const HEADER_BYTES: usize = 100;
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The one path of a file: absolute, symbolic links resolved as far as they exist. So two names
/// of a database share one lock, and messages name a place that can be found.
pub(super) fn resolved(path: &Path) -> Result<PathBuf, StoreError> {
    if let Ok(whole) = fs::canonicalize(path) {
        return Ok(whole);
    }
    let io = |source| StoreError::Io {
        path: path.to_owned(),
        doing: "find",
        source,
    };
    let absolute = std::path::absolute(path).map_err(io)?;
    Ok(
        match (absolute.parent().map(fs::canonicalize), absolute.file_name()) {
            (Some(Ok(parent)), Some(name)) => parent.join(name),
            _ => absolute,
        },
    )
}

/// `path` with `suffix` appended to the file's name, as SQLite names its companions.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Creates the directories above `path`.
pub(super) fn make_parents(path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(|source| StoreError::Io {
            path: parent.to_owned(),
            doing: "create directory",
            source,
        }),
        None => Ok(()),
    }
}

/// Opens for writing. The file is looked at before SQLite is let near it, and again through
/// SQLite, since the newest header may still stand in the write-ahead log.
pub(super) fn writable(path: &Path) -> Result<Connection, StoreError> {
    check_header(path)?;
    let sql = |e| StoreError::sql(path, "open the database", e);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let logged = has_log(path);
    let conn = Connection::open_with_flags(path, flags).map_err(sql)?;
    // Until the file is known to be ours, closing it must not move a log that was there into it.
    // Without one, closing leaves nothing beside it.
    let keep_log = |keep| {
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep)
            .map_err(sql)
    };
    keep_log(logged)?;
    settle(&conn).map_err(sql)?;
    check_identity(&conn, path)?;
    keep_log(false)?;
    Ok(conn)
}

/// Switches to the write-ahead log. Done after the first migration, so that a new file's own
/// header says whose it is from the first commit on.
pub(super) fn use_wal(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let sql = |e| StoreError::sql(path, "switch to the write-ahead log", e);
    let switch = || conn.query_row("pragma journal_mode = wal", [], |r| r.get::<_, String>(0));
    let busy = |e: &rusqlite::Error| e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
    let mut switched = switch();
    // Of two programs that switch a new file at once, SQLite turns one away without waiting, as
    // each already reads it. A transaction does wait, and then it is this one's turn.
    for _ in 0..SWITCH_RETRIES {
        match &switched {
            Err(e) if busy(e) => {
                conn.execute_batch("begin immediate; commit").map_err(sql)?;
                switched = switch();
            }
            _ => break,
        }
    }
    switched.map_err(sql)?;
    conn.pragma_update(None, "synchronous", "normal").map_err(sql)?;
    let _: i64 = conn
        .query_row(
            &format!("pragma journal_size_limit = {JOURNAL_SIZE_LIMIT}"),
            [],
            |r| r.get(0),
        )
        .map_err(sql)?;
    Ok(())
}

/// Opens for reading only. Where neither the file nor its directory may be written, SQLite cannot
/// make the shared memory a log needs; without a log it is read as it stands.
pub(super) fn readable(path: &Path) -> Result<Connection, StoreError> {
    match fs::metadata(path) {
        Ok(meta) if meta.len() > 0 => {}
        Ok(_) => {
            return Err(StoreError::Missing {
                path: path.to_owned(),
            });
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Err(StoreError::Missing {
                path: path.to_owned(),
            });
        }
        Err(source) => {
            return Err(StoreError::Io {
                path: path.to_owned(),
                doing: "read",
                source,
            });
        }
    }
    check_header(path)?;
    let sql = |e| StoreError::sql(path, "open the database", e);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let conn = Connection::open_with_flags(path, flags)?;
        settle(&conn)?;
        // The first look at the file: only here SQLite asks for the log.
        conn.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
        Ok(conn)
    };
    let unwritable = |e: &rusqlite::Error| {
        matches!(
            e.sqlite_error_code(),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
        )
    };
    let conn = match open() {
        Err(e) if unwritable(&e) && !has_log(path) => frozen(path, flags).map_err(sql)?,
        other => other.map_err(sql)?,
    };
    conn.pragma_update(None, "query_only", true).map_err(sql)?;
    let found = check_identity(&conn, path)?;
    if found < schema::newest() {
        return Err(StoreError::Older {
            path: path.to_owned(),
            found,
            known: schema::newest(),
        });
    }
    Ok(conn)
}

fn frozen(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let url = url::Url::from_file_path(path).map_err(|()| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let conn = Connection::open_with_flags(format!("{url}?immutable=1"), flags | OpenFlags::SQLITE_OPEN_URI)?;
    settle(&conn)?;
    Ok(conn)
}

/// Settings of every connection. Nothing the file says is trusted: no function or virtual table
/// with side effects runs from its schema, and none of its pages is mapped into memory (a
/// truncated mapping is a signal, not an error).
fn settle(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    // Answers with the size in force, or not at all where mapping is compiled out.
    conn.prepare("pragma mmap_size = 0")?.query([])?.next()?;
    Ok(())
}

/// Whether a write-ahead log or rollback journal with content lies beside the file.
fn has_log(path: &Path) -> bool {
    ["-wal", "-journal"]
        .iter()
        .any(|s| fs::metadata(beside(path, s)).is_ok_and(|m| m.len() > 0))
}

/// Files that were looked at without SQLite, by device and inode, open to the end of the process: to close
/// one would give up every lock that the process holds on it through SQLite
/// (<https://www.sqlite.org/howtocorrupt.html>, §2.2), and the next program that comes and goes would take
/// the write-ahead log away from a crawl.
static LOOKED_AT: Mutex<Option<HashMap<(u64, u64), &'static File>>> = Mutex::new(None);

/// Opens a file to look at it without SQLite. It is never closed.
fn look_at(path: &Path) -> io::Result<&'static File> {
    let mut known = LOOKED_AT.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    let which = |meta: fs::Metadata| (meta.dev(), meta.ino());
    if let Some(file) = known.get(&which(fs::metadata(path)?)) {
        return Ok(file);
    }
    // Even where another file has come to lie there meanwhile, this one stays open.
    let file: &'static File = Box::leak(Box::new(File::open(path)?));
    known.insert(which(file.metadata()?), file);
    Ok(file)
}

/// Reads the first bytes without SQLite, so that a file that is not ours is not touched at all:
/// no log, no lock, no recovery. A missing or empty file passes: it will be ours.
fn check_header(path: &Path) -> Result<(), StoreError> {
    let io = |source| StoreError::Io {
        path: path.to_owned(),
        doing: "read",
        source,
    };
    let file = match look_at(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(io(e)),
    };
    if file.metadata().map_err(io)?.len() == 0 {
        return Ok(());
    }
    let mut head = [0; HEADER_BYTES];
    match file.read_exact_at(&mut head, 0) {
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => {
            return Err(StoreError::NotSqlite {
                path: path.to_owned(),
            });
        }
        other => other.map_err(io)?,
    }
    if !head.starts_with(MAGIC) {
        return Err(StoreError::NotSqlite {
            path: path.to_owned(),
        });
    }
    let word = |at: usize| i32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (version, application) = (word(60), word(68));
    if application != APPLICATION_ID && application != 0 {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
            found: application,
        });
    }
    if application == APPLICATION_ID && version > schema::newest() {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: version,
            known: schema::newest(),
        });
    }
    // The header's page count (offset 28) against the file's size. With a log beside it the rest
    // of the file may stand there; without one, asked after the header was read, whatever that
    // header counts has been written, so the size is measured last.
    let page_size = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        n => u64::from(n),
    };
    let expected = u64::from(word(28).cast_unsigned()) * page_size;
    let counted = word(24) == word(92);
    if counted && !has_log(path) {
        let size = file.metadata().map_err(io)?.len();
        if size < expected {
            return Err(StoreError::Damaged {
                path: path.to_owned(),
                detail: format!("cut off: {size} of {expected} bytes are there"),
            });
        }
    }
    Ok(())
}

/// The same questions, asked through SQLite. Returns the schema's version.
fn check_identity(conn: &Connection, path: &Path) -> Result<i32, StoreError> {
    let sql = |e| StoreError::sql(path, "read the header", e);
    // One transaction: another program may be making this file ours between two answers.
    let conn = conn.unchecked_transaction().map_err(sql)?;
    let number = |pragma: &str| -> Result<i32, StoreError> {
        conn.query_row(&format!("pragma {pragma}"), [], |r| r.get(0))
            .map_err(sql)
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = conn
        .query_row("select count(*) from sqlite_schema", [], |r| r.get(0))
        .map_err(sql)?;
    let fresh = application == 0 && version == 0 && tables == 0;
    if application != APPLICATION_ID && !fresh {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
            found: application,
        });
    }
    if version > schema::newest() {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: version,
            known: schema::newest(),
        });
    }
    Ok(version)
}
