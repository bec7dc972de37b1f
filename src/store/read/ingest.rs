//! What came out of archive files, and what goes into one. Owns these questions.

use jiff::Timestamp;
use rusqlite::params;
use serde_json::{Map, Value};

use super::Reader;
use crate::store::error::StoreError;
use crate::store::value::time;

/// An exchange whose body is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredExchange {
    /// Its row, where it has one.
    pub fetch_id: Option<i64>,
    /// The article's version that was made of it.
    pub version: i64,
    /// Which page of the story it brought, from 1.
    pub n: i64,
    /// The article's address in that version.
    pub article_url: String,
    /// When the article was first seen, as in the file.
    pub first_seen_at: String,
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
    /// The file of that record.
    pub file: Option<String>,
}

/// Which record of an archive file is meant. The id of a WARC record is enough, wherever its file lies.
#[derive(Debug, Clone, Copy)]
pub struct RecordKey<'a> {
    /// The record's id.
    pub record_id: &'a str,
    /// The address it is about, canonical.
    pub url: &'a str,
    /// The capture folder it lies in: there ids are names of files, which other folders have too.
    pub folder: Option<&'a str>,
    /// When a page of a capture folder was fetched, where the folder says: with id and address it tells
    /// the page wherever the folder lies. Else the folder must be the same.
    pub fetched_at: Option<Timestamp>,
}

/// What an earlier ingest did with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingested {
    /// It never came by.
    Never,
    /// It was looked at, and no article is known at its address: other rules may see one.
    WithoutArticle,
    /// It was looked at, and its address tells an article.
    WithArticle,
}

impl Reader {
    /// What was done with a record before.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ingested(&self, key: &RecordKey<'_>) -> Result<Ingested, StoreError> {
        let found = self.one(
            "select exists (select 1 from articles where url = ?2)
                 or exists (select 1 from pages where url = ?2 and article_id is not null) as told
               from ingested i join fetches f on f.id = i.fetch_id
              where i.record_id = ?1
                and (?3 is null
                     or f.url = ?2 and case when ?4 is null then i.file = ?3 else f.fetched_at = ?4 end)
              limit 1",
            params![key.record_id, key.url, key.folder, key.fetched_at.map(time)],
            |row| row.get("told"),
        )?;
        Ok(match found {
            None => Ingested::Never,
            Some(false) => Ingested::WithoutArticle,
            Some(true) => Ingested::WithArticle,
        })
    }

    /// The exchanges that the versions of an article were made of, oldest version first, its pages in
    /// order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn exchanges(&self, article_id: i64) -> Result<Vec<StoredExchange>, StoreError> {
        self.all(
            "select s.version, s.n, s.article_url, s.first_seen_at, f.id as fetch_id, coalesce(f.final_url, s.url) as url,
                    coalesce(f.status, 200) as status,
                    coalesce(f.headers, '{}') as headers, coalesce(f.redirects, '[]') as redirects,
                    coalesce(f.fetched_at, s.fetched_at) as fetched_at, coalesce(f.duration_ms, 0) as duration_ms,
                    f.charset, s.html_sha256, i.record_id, i.file
               from (select version, 1 as n, url as article_url, first_seen_at, url, fetched_at, fetch_id, html_sha256
                       from article_versions where id = ?1
                     union all
                     select p.version, p.n, v.url, v.first_seen_at, p.url, v.fetched_at, p.fetch_id, p.html_sha256
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
                    fetch_id: row.get("fetch_id")?,
                    version: row.get("version")?,
                    n: row.get("n")?,
                    article_url: row.get("article_url")?,
                    first_seen_at: row.get("first_seen_at")?,
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
                    file: row.get("file")?,
                })
            },
        )
    }
}
