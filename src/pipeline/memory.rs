//! Site memory between runs: read when a run begins, learned anew from the stored articles when it
//! is complete. What it does to a page is `extract::Memory`'s.

use std::path::Path;

use jiff::Timestamp;

use crate::extract::{MEMORY_WINDOW, Memory, Told};
use crate::store::{MemoryRow, Reader, StoreError, Writer};

/// What a database remembers of a site.
///
/// # Errors
/// When the database cannot be read.
pub fn of_site(db: &Path, site: &str) -> Result<Option<Memory>, StoreError> {
    snapshot(&Reader::open(db)?, site)
}

/// The site's snapshot; one that cannot be read, of another version, counts as none.
pub(super) fn snapshot(reader: &Reader, site: &str) -> Result<Option<Memory>, StoreError> {
    let row = reader.memory(site)?;
    Ok(row
        .and_then(|row| serde_json::from_str::<Memory>(&row.snapshot).ok())
        .filter(|m| !m.repeated.is_empty()))
}

/// Learns a site's memory from its last articles and keeps it.
pub(super) async fn learn(
    reader: &Reader,
    writer: &Writer,
    site: &str,
    run_id: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
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
    let sha256 = memory.sha256().unwrap_or_default();
    let snapshot = serde_json::to_string(&memory).unwrap_or_default();
    writer
        .save_memory(MemoryRow {
            site: site.to_owned(),
            sha256,
            built_at: at,
            run_id,
            snapshot,
        })
        .await
}
