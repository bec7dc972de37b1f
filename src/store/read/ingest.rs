//! What came out of archive files, and what goes into one. Owns these questions.

use rusqlite::params;
use serde_json::{Map, Value};

use super::Reader;
use crate::store::error::StoreError;

/// An exchange whose body is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredExchange {
    /// The article's version that was made of it.
    pub version: i64,
    /// The address that answered, as asked.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Hops on the way, JSON.
    pub redirects: String,
    /// When it was fetched, as in the file.
    pub fetched_at: String,
    /// How long it took.
    pub duration_ms: i64,
    /// Charset the body was decoded with.
    pub charset: Option<String>,
    /// Hash of the body.
    pub body_sha256: String,
    /// The record it came out of, where it did not come over the network.
    pub record_id: Option<String>,
}

impl Reader {
    /// Whether a record was ingested before. The ids of WARC records are unique wherever their file
    /// lies; those of a capture folder are so within it, which `file` then names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_ingested(&self, record_id: &str, file: Option<&str>) -> Result<bool, StoreError> {
        let found = self.one(
            "select 1 from ingested where record_id = ?1 and (?2 is null or file = ?2) limit 1",
            params![record_id, file],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// The exchanges that the versions of an article were made of, oldest version first, its pages in
    /// order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn exchanges(&self, article_id: i64) -> Result<Vec<StoredExchange>, StoreError> {
        self.all(
            "select s.version, coalesce(f.final_url, s.url) as url, coalesce(f.status, 200) as status,
                    coalesce(f.headers, '{}') as headers, coalesce(f.redirects, '[]') as redirects,
                    coalesce(f.fetched_at, s.fetched_at) as fetched_at, coalesce(f.duration_ms, 0) as duration_ms,
                    f.charset, s.html_sha256, i.record_id
               from (select version, 1 as n, url, fetched_at, fetch_id, html_sha256 from article_versions where id = ?1
                     union all
                     select p.version, p.n, p.url, v.fetched_at, p.fetch_id, p.html_sha256
                       from article_pages p join article_versions v on v.id = p.article_id and v.version = p.version
                      where p.article_id = ?1) s
               left join fetches f on f.id = s.fetch_id
               left join ingested i on i.fetch_id = s.fetch_id
              order by s.version, s.n",
            [article_id],
            |row| {
                let headers: String = row.get("headers")?;
                let headers: Map<String, Value> = serde_json::from_str(&headers).unwrap_or_default();
                Ok(StoredExchange {
                    version: row.get("version")?,
                    url: row.get("url")?,
                    status: row.get("status")?,
                    headers: headers
                        .into_iter()
                        .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
                        .collect(),
                    redirects: row.get("redirects")?,
                    fetched_at: row.get("fetched_at")?,
                    duration_ms: row.get("duration_ms")?,
                    charset: row.get("charset")?,
                    body_sha256: row.get("html_sha256")?,
                    record_id: row.get("record_id")?,
                })
            },
        )
    }
}
