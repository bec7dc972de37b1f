//! Room on the disk. Owns asking for it; how much is too little is the crawl's decision.

use std::path::Path;

use super::connect::resolved;
use super::error::StoreError;

/// Bytes that a program without special rights can still write beside the database at `path`.
///
/// # Errors
/// When neither the file nor its directory is there, or the disk does not answer.
pub fn free_bytes(path: &Path) -> Result<u64, StoreError> {
    let path = resolved(path)?;
    // The directory, not the file: a new database is not there yet.
    let place = path.parent().unwrap_or(&path);
    let room = rustix::fs::statvfs(place).map_err(|errno| StoreError::Io {
        path: place.to_owned(),
        doing: "measure the room on the disk of",
        source: errno.into(),
    })?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::free_bytes;

    #[test]
    fn the_room_is_asked_of_the_directory_before_the_file_is_there() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free_bytes(&dir.path().join("not-yet.db")).unwrap() > 0);
        assert!(free_bytes(&dir.path().join("no/such/dir/a.db")).is_err());
    }
}
