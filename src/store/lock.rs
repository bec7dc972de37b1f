//! The crawl lock: one crawl at a time on a database. Owns the lock file; that writes do not
//! collide is SQLite's own doing.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::connect::{beside, make_parents, resolved};
use super::error::StoreError;

/// Held as long as the crawl runs. The operating system lets go of it when the process ends,
/// however it ends; the empty file `<database>.lock` stays, since removing it would race.
#[derive(Debug)]
#[must_use = "the lock is let go of when the guard is dropped"]
pub struct LockGuard {
    _file: File,
}

/// Takes the crawl lock of the database at `path`. `None`: another crawl holds it.
///
/// # Errors
/// When the lock file cannot be made.
pub fn lock(path: &Path) -> Result<Option<LockGuard>, StoreError> {
    make_parents(&resolved(path)?)?;
    // Asked again: with its directory there, links on the way to it are known.
    let file_path = beside(&resolved(path)?, ".lock");
    let io = |source| StoreError::Io {
        path: file_path.clone(),
        doing: "lock",
        source,
    };
    let file = File::options()
        .create(true)
        .append(true)
        .open(&file_path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(LockGuard { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(io(e)),
    }
}

/// Whether a crawl holds the lock of the database at `path` now. What cannot be told is no.
pub fn is_locked(path: &Path) -> bool {
    let file = resolved(path).ok().map(|path| beside(&path, ".lock"));
    // Asked for with others, and let go of at once.
    file.and_then(|file| File::open(file).ok())
        .is_some_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_crawl_finds_the_lock_and_the_third_takes_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("not/yet/there.db");
        let first = lock(&path).unwrap();
        assert!(first.is_some());
        assert!(lock(&path).unwrap().is_none());
        assert!(is_locked(&path));
        drop(first);
        assert!(!is_locked(&path));
        assert!(lock(&path).unwrap().is_some());
        assert!(!path.exists(), "the lock makes no database");
    }

    #[cfg(unix)]
    #[test]
    fn two_names_of_a_database_share_one_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        std::fs::write(&path, "").unwrap();
        let link = dir.path().join("link.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let _held = lock(&path).unwrap().unwrap();
        assert!(lock(&link).unwrap().is_none());
    }
}
