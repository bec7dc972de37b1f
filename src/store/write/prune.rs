//! What a policy takes out of the archive: the bytes of old pages, replaced texts, and the room that is
//! free then. Articles, their texts and their provenance are never touched. Which rows go is decided by
//! the caller.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::Writer;
use crate::store::error::StoreError;
use crate::store::value::time;

/// `pragma auto_vacuum` of a file that can give pages back a few at a time.
const INCREMENTAL: i64 = 2;

/// How free room is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vacuumed {
    /// So many free pages are left.
    Left(u64),
    /// This file was made before copydesk could give pages back a few at a time.
    Never,
}

impl Writer {
    /// Takes out the bytes of these bodies, by row; the rows stay and tell when. In one transaction.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn prune_bodies(&self, rows: Vec<i64>, at: Timestamp) -> Result<(), StoreError> {
        self.transact("prune bodies", move |tx| {
            // Replaced, not updated: SQLite joins pages that have become empty only where a row goes.
            let mut replace = tx.prepare_cached(
                "insert or replace into bodies (rowid, sha256, codec, length, bytes, pruned_at)
                 select rowid, sha256, 'raw', length, x'', ?2 from bodies where rowid = ?1 and pruned_at is null",
            )?;
            for row in &rows {
                replace.execute(params![row, time(at)])?;
            }
            Ok(())
        })
        .await
    }

    /// Takes out these rows of `extractions`, in one transaction.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn prune_extractions(&self, rows: Vec<i64>) -> Result<(), StoreError> {
        self.transact("prune replaced texts", move |tx| {
            let mut delete = tx.prepare_cached("delete from extractions where rowid = ?1")?;
            for row in &rows {
                delete.execute([row])?;
            }
            Ok(())
        })
        .await
    }

    /// Gives up to `pages` free pages of the file back to the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn give_back(&self, pages: u32) -> Result<Vacuumed, StoreError> {
        self.ask("give free pages back", move |hand| {
            let conn = &hand.conn;
            if number(conn, "auto_vacuum")? != INCREMENTAL {
                return Ok(Vacuumed::Never);
            }
            // A step for each page.
            let mut statement = conn.prepare(&format!("pragma incremental_vacuum({pages})"))?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            let left = number(conn, "freelist_count")?;
            Ok(Vacuumed::Left(left.try_into().unwrap_or(0)))
        })
        .await
    }

    /// Writes the whole file anew, without free pages, and so that it can give pages back from then on.
    /// All or nothing. Takes as much room on the disk again, and once more for the log.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn rebuild(&self) -> Result<(), StoreError> {
        self.ask("write the file anew", move |hand| {
            hand.conn
                .execute_batch("pragma auto_vacuum = incremental; vacuum")?;
            Ok(())
        })
        .await
    }
}

fn number(conn: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    conn.query_row(&format!("pragma {pragma}"), [], |r| r.get(0))
}
