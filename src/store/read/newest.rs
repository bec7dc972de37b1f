//! The newest articles at a glance: what a demo or a status page lists.

use rusqlite::params;

use super::Reader;
use crate::store::error::StoreError;
use crate::store::value::{count, int};

/// An article in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// The article.
    pub article_id: i64,
    /// The site.
    pub site: String,
    /// Its address.
    pub url: String,
    /// Headline.
    pub title: Option<String>,
    /// As in the database.
    pub published_at: Option<String>,
    /// Words of its text.
    pub words: u64,
    /// Its newest version.
    pub version: i64,
}

impl Reader {
    /// The articles of the archive, site by site, newest publication first, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn headlines(&self, limit: usize) -> Result<Vec<Headline>, StoreError> {
        self.all(
            "select id, site, url, title, published_at, word_count, version from articles
              order by site, published_at desc, id limit ?1",
            params![int(limit)],
            |row| {
                Ok(Headline {
                    article_id: row.get("id")?,
                    site: row.get("site")?,
                    url: row.get("url")?,
                    title: row.get("title")?,
                    published_at: row.get("published_at")?,
                    words: count(row, "word_count")?,
                    version: row.get("version")?,
                })
            },
        )
    }

    /// Texts that site memory took out of the newest versions, once each, with the count it gave.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn repeated(&self) -> Result<Vec<(String, String, u64)>, StoreError> {
        self.all(
            "select r.text, max(r.pattern) as pattern,
                    (select count(*) from articles h where h.site = a.site and instr(h.text, r.text)) as holding
               from removed r
               join articles a on a.id = r.article_id and a.version = r.version
              where r.category = ?1 group by r.text order by r.text",
            [crate::article::Category::Repeated.as_str()],
            |row| Ok((row.get("text")?, row.get("pattern")?, count(row, "holding")?)),
        )
    }
}
