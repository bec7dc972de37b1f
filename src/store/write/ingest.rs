//! Pages out of archive files: a page as any other, and where it came from.

use rusqlite::params;

use super::rows::{PageWrite, PageWritten};
use super::{Writer, page};
use crate::store::error::StoreError;
use crate::store::value::Text;

/// Where a page came from.
#[derive(Debug, Clone)]
pub struct IngestedFrom {
    /// The file or folder, absolute.
    pub file: String,
    /// The record in it.
    pub record_id: String,
}

impl Writer {
    /// Records a page with its exchange, as [`Writer::record_page`] does, and the record it came out
    /// of, in one transaction.
    ///
    /// # Errors
    /// As [`Writer::record_page`].
    pub async fn record_ingested(
        &self,
        page: PageWrite,
        from: IngestedFrom,
    ) -> Result<PageWritten, StoreError> {
        self.transact_packing("record an ingested page", move |tx, packer| {
            let written = page::write_page(tx, &page, packer)?;
            // The exchange just written: an ingested page has one and no further ones.
            tx.prepare_cached(
                "insert into ingested (fetch_id, file, record_id) select max(id), ?1, ?2 from fetches",
            )?
            .execute(params![Text(&from.file), Text(&from.record_id)])?;
            Ok(written)
        })
        .await
    }
}
