//! Site memory between runs: read when a site's turn begins, learned anew from the stored articles
//! when a turn that stored something is complete. What it does to a page is `extract::Memory`'s.

use std::path::Path;

use jiff::Timestamp;

use crate::extract::{MEMORY_WINDOW, Memory, Told};
use crate::store::{MemoryRow, Reader, StoreError};

/// What a database remembers of a site; one that is not there yet remembers nothing.
///
/// # Errors
/// When the database cannot be read.
pub fn of_site(db: &Path, site: &str) -> Result<Option<Memory>, StoreError> {
    match Reader::open(db) {
        Err(StoreError::Missing { .. }) => Ok(None),
        reader => snapshot(&reader?, site),
    }
}

/// The site's snapshot; one that cannot be read, of another version, counts as none.
pub(super) fn snapshot(reader: &Reader, site: &str) -> Result<Option<Memory>, StoreError> {
    let row = reader.memory(site)?;
    Ok(row
        .and_then(|row| serde_json::from_str::<Memory>(&row.snapshot).ok())
        .filter(|m| !m.repeated.is_empty()))
}

/// Learns a site's memory from its last articles.
pub(super) fn learn(
    reader: &Reader,
    site: &str,
    run_id: i64,
    at: Timestamp,
) -> Result<MemoryRow, StoreError> {
    let recent = reader.recent_texts(site, MEMORY_WINDOW)?;
    let articles: Vec<Told> = recent
        .into_iter()
        .map(|a| Told {
            title: a.title,
            blocks: a
                .text
                .split("\n\n")
                .map(str::to_owned)
                .chain(a.repeated)
                .collect(),
        })
        .collect();
    let memory = Memory::learn(&articles);
    Ok(MemoryRow {
        site: site.to_owned(),
        sha256: memory.sha256().unwrap_or_default(),
        built_at: at,
        run_id,
        snapshot: serde_json::to_string(&memory).unwrap_or_default(),
    })
}
