//! A copy of the whole archive while others write to it. Owns the copy, that it is whole and sound before
//! it has its name, and that it never takes the place of another file.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::connect::{beside, resolved};
use super::disk::free_bytes;
use super::error::StoreError;
use super::read::Reader;

/// Pages copied between two looks at whether to go on.
const STEP_PAGES: i32 = 1024;
/// Lines of an integrity check that are told.
const TOLD: usize = 3;

/// How a backup goes on: told pages done and pages in all, answers whether to go on.
pub(super) type Going<'a> = dyn FnMut(u64, u64) -> bool + 'a;

impl Reader {
    /// Copies the database, as it is at this moment, to `to`: through SQLite's backup interface, under
    /// another name first, checked with `integrity_check`, then renamed. Others may write meanwhile. Returns
    /// the copy's size in bytes; none where it was told to stop, and then nothing is left.
    ///
    /// # Errors
    /// When `to` is there already, has no room on its disk, or cannot be written; when the copy is not
    /// sound. Nothing by that name is there then.
    pub fn back_up(&self, to: &Path, going: &mut Going<'_>) -> Result<Option<u64>, StoreError> {
        let to = resolved(to)?;
        let exists = || match fs::symlink_metadata(&to) {
            Ok(_) => Err(StoreError::Exists { path: to.clone() }),
            Err(_) => Ok(()),
        };
        exists()?;
        let (needed, free) = (self.file_sizes()?.database, free_bytes(&to)?);
        if free < needed {
            return Err(StoreError::NoRoom {
                path: to,
                needed,
                free,
            });
        }
        let mut part = Part::begin(&to)?;
        if !copy(self, &part.path, going)? {
            return Ok(None);
        }
        check(&part.path, self.path())?;
        let io = |source| StoreError::Io {
            path: to.clone(),
            doing: "write the backup",
            source,
        };
        part.file.sync_all().map_err(io)?;
        exists()?;
        fs::rename(&part.path, &to).map_err(io)?;
        part.is_renamed = true;
        // The name is on the disk when its directory is.
        if let Some(dir) = to.parent().and_then(|dir| File::open(dir).ok()) {
            dir.sync_all().map_err(io)?;
        }
        Ok(Some(fs::metadata(&to).map_err(io)?.len()))
    }
}

/// The copy as long as it has no name of its own. Goes when dropped, unless it was renamed.
struct Part {
    path: PathBuf,
    file: File,
    is_renamed: bool,
}

impl Part {
    /// Takes the place; what a killed backup left there is overwritten.
    fn begin(to: &Path) -> Result<Self, StoreError> {
        let path = beside(to, ".part");
        let io = |source| StoreError::Io {
            path: path.clone(),
            doing: "write the backup",
            source,
        };
        let file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::BackupUnderWay { path: to.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        file.set_len(0).map_err(io)?;
        Ok(Self {
            path,
            file,
            is_renamed: false,
        })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_renamed {
            // What cannot be removed is overwritten by the next one.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Copies page by page. False: it was told to stop.
fn copy(reader: &Reader, part: &Path, going: &mut Going<'_>) -> Result<bool, StoreError> {
    let sql = |e| StoreError::sql(part, "write the backup", e);
    let mut copy = Connection::open(part).map_err(sql)?;
    // What is half written has no name: a journal of it helps nobody. It is synced at the end.
    copy.execute_batch("pragma journal_mode = off; pragma synchronous = off")
        .map_err(sql)?;
    // A transaction of its own holds on to this moment's state; without it each write of another program
    // would begin the copy anew.
    let now = reader.conn().unchecked_transaction().map_err(sql)?;
    now.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))
        .map_err(sql)?;
    let finished = {
        let backup = Backup::new(reader.conn(), &mut copy).map_err(sql)?;
        loop {
            let step = backup.step(STEP_PAGES).map_err(sql)?;
            let progress = backup.progress();
            let all = u64::try_from(progress.pagecount).unwrap_or(0);
            let left = u64::try_from(progress.remaining).unwrap_or(0);
            if step == StepResult::Done {
                break true;
            }
            if !going(all.saturating_sub(left), all) {
                break false;
            }
        }
    };
    copy.close().map_err(|(_, e)| sql(e))?;
    Ok(finished)
}

/// Asks SQLite whether the copy is sound. Where it is not, the original is most likely not either.
fn check(part: &Path, original: &Path) -> Result<(), StoreError> {
    let sql = |e| StoreError::sql(original, "check the copy", e);
    let damaged = |detail: String| StoreError::Damaged {
        path: original.to_owned(),
        detail: format!("its copy fails the check: {detail}"),
    };
    let url =
        url::Url::from_file_path(part).map_err(|()| sql(rusqlite::Error::InvalidPath(part.to_owned())))?;
    // As a file that nobody changes: it leaves no log beside it.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(format!("{url}?immutable=1"), flags).map_err(sql)?;
    let mut statement = conn.prepare("pragma integrity_check").map_err(sql)?;
    let lines = statement.query_map([], |row| row.get(0)).map_err(sql)?;
    let lines: Vec<String> = lines.collect::<Result<_, _>>().map_err(sql)?;
    match lines.as_slice() {
        [ok] if ok == "ok" => Ok(()),
        said => {
            let told: Vec<&str> = said.iter().take(TOLD).map(String::as_str).collect();
            Err(damaged(told.join("; ")))
        }
    }
}
