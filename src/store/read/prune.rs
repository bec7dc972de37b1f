//! What a policy may take out, and what can be packed better. Owns these questions; nothing is changed here.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::params;

use super::Reader;
use crate::store::dictionary::{self, DICTIONARY_SAMPLE};
use crate::store::error::StoreError;
use crate::store::packer::{self, Packing, Ready};
use crate::store::value::{count, int, json, time};
use crate::store::write::Repacked;

/// A row that a policy takes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prunable {
    /// The row.
    pub row: i64,
    /// Bytes that it holds in the file.
    pub bytes: u64,
}

/// A body that was packed without a dictionary, of a site that has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// Its hash.
    pub sha256: String,
    /// Bytes that it takes.
    pub bytes: u64,
}

/// Every use of a body by a version of an article: hash, when its bytes came, site.
const USES: &str = "select html_sha256 as sha256, fetched_at, site from article_versions
    union all
    select p.html_sha256, v.fetched_at, v.site from article_pages p
      join article_versions v on v.id = p.article_id and v.version = p.version";
/// Whether a site is among those meant; an empty list means all.
const MEANT: &str = "(?1 = '[]' or site in (select value from json_each(?1)))";

fn prunable(row: &rusqlite::Row<'_>) -> rusqlite::Result<Prunable> {
    Ok(Prunable {
        row: row.get("row")?,
        bytes: count(row, "bytes")?,
    })
}

impl Reader {
    /// Stored bodies all of whose versions were fetched before this moment and are of these sites (none:
    /// all), in the order they were stored. Without sites also those that no version is made of any more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn prunable_bodies(&self, sites: &[String], before: Timestamp) -> Result<Vec<Prunable>, StoreError> {
        let (sites, before) = (json(sites), time(before));
        let mut found = self.all(
            &format!(
                "with uses as ({USES}),
                   old as (select sha256 from uses group by sha256
                            having max(fetched_at) < ?2 and min({MEANT}))
                 select b.rowid as row, length(b.bytes) as bytes from old join bodies b on b.sha256 = old.sha256
                  where b.pruned_at is null"
            ),
            params![sites, before],
            prunable,
        )?;
        if sites == "[]" {
            // Their articles were deleted by hand.
            found.extend(self.all(
                &format!(
                    "with brought as (select body_sha256 as sha256, max(fetched_at) as at from fetches
                                       where body_sha256 is not null group by 1)
                     select b.rowid as row, length(b.bytes) as bytes
                       from bodies b left join brought on brought.sha256 = b.sha256
                      where b.pruned_at is null and coalesce(brought.at, '') < ?1
                        and b.sha256 not in (select sha256 from ({USES}))"
                ),
                params![before],
                prunable,
            )?);
        }
        found.sort_unstable_by_key(|p| p.row);
        Ok(found)
    }

    /// Texts of these sites (none: all) that were replaced before this moment, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn prunable_extractions(
        &self,
        sites: &[String],
        before: Timestamp,
    ) -> Result<Vec<Prunable>, StoreError> {
        self.all(
            &format!(
                "select e.rowid as row, octet_length(e.text) as bytes
                   from extractions e join articles a on a.id = e.article_id
                  where e.at < ?2 and {MEANT} order by e.rowid"
            ),
            params![json(sites), time(before)],
            prunable,
        )
    }

    /// Sites (of these; none: all) that have pages enough for a dictionary, and none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sites_without_dictionary(&self, sites: &[String]) -> Result<Vec<String>, StoreError> {
        self.all(
            &format!(
                "select a.site from articles a join bodies b on b.sha256 = a.html_sha256
                  where {MEANT} and b.pruned_at is null and b.dictionary is null
                    and a.site not in (select site from dictionaries)
                  group by a.site having count(distinct b.sha256) >= ?2 order by a.site"
            ),
            params![json(sites), int(DICTIONARY_SAMPLE)],
            |row| row.get(0),
        )
    }

    /// The last `limit` bodies of a site's articles that are still there, with their hashes. Damaged ones
    /// are passed over.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_bodies(&self, site: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let hashes: Vec<String> = self.all(
            "select distinct b.sha256 from articles a join bodies b on b.sha256 = a.html_sha256
              where a.site = ?1 and b.pruned_at is null
              order by a.first_seen_at desc, a.id desc limit ?2",
            params![site, int(limit)],
            |row| row.get(0),
        )?;
        let mut bodies = Vec::new();
        for sha256 in hashes {
            match self.body(&sha256) {
                Ok(Some(bytes)) => bodies.push((sha256, bytes)),
                Ok(None) | Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bodies)
    }

    /// Sites (of these; none: all) that have a dictionary, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sites_with_dictionary(&self, sites: &[String]) -> Result<Vec<String>, StoreError> {
        self.all(
            &format!("select distinct site from dictionaries where {MEANT} order by site"),
            [json(sites)],
            |row| row.get(0),
        )
    }

    /// Bodies of a site that were packed without a dictionary.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn unpacked_bodies(&self, site: &str) -> Result<Vec<Unpacked>, StoreError> {
        self.all(
            &format!(
                "select distinct b.sha256, length(b.bytes) as bytes
                   from ({USES}) u join bodies b on b.sha256 = u.sha256
                  where u.site = ?1 and b.dictionary is null and b.pruned_at is null and b.length > 0"
            ),
            [site],
            |row| {
                Ok(Unpacked {
                    sha256: row.get("sha256")?,
                    bytes: count(row, "bytes")?,
                })
            },
        )
    }

    /// What packs a site's bodies now, ready to pack. None: it has no dictionary.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn packing(&self, site: &str) -> Result<Option<Packing>, StoreError> {
        let ask = || {
            let Some(id) = packer::newest(&self.conn, site)? else {
                return Ok(None);
            };
            let with = Ready::default().encoder(&self.conn, id)?;
            Ok(with.map(|with| Packing { id, with }))
        };
        ask().map_err(|e| self.fault(e))
    }

    /// A body packed with this. None: it is gone or damaged, or would not be smaller.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn repacked(&self, body: &Unpacked, packing: &Packing) -> Result<Option<Repacked>, StoreError> {
        let bytes = match self.body(&body.sha256) {
            Ok(Some(bytes)) => bytes,
            Ok(None) | Err(StoreError::Damaged { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let packed = dictionary::pack(&bytes, Some(&*Arc::clone(&packing.with)));
        let smaller = packed.filter(|p| (p.len() as u64) < body.bytes);
        Ok(smaller.map(|bytes| Repacked {
            sha256: body.sha256.clone(),
            bytes,
        }))
    }

    /// Bytes of the file that hold nothing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn free_room(&self) -> Result<u64, StoreError> {
        let found = self.one(
            "select page_size * freelist_count as n from pragma_page_size, pragma_freelist_count",
            [],
            |row| count(row, "n"),
        )?;
        Ok(found.unwrap_or(0))
    }
}
