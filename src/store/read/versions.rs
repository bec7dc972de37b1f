//! The versions of one article, for whoever compares them. Owns this question; comparing is the caller's.

use super::Reader;
use crate::store::error::StoreError;

/// One version of an article, as far as readers compare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The article.
    pub article_id: i64,
    /// Its number, from 1.
    pub version: i64,
    /// Address of the article in this version.
    pub url: String,
    /// When its bytes were fetched, as in the database.
    pub fetched_at: String,
    /// Headline.
    pub title: Option<String>,
    /// Dek.
    pub subtitle: Option<String>,
    /// The text.
    pub text: String,
    /// The blocks that were taken out of it, white space folded.
    pub removed: Vec<String>,
}

impl Reader {
    /// All versions of the article that an address tells or leads to, oldest first; empty where there
    /// is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn versions(&self, url: &str) -> Result<Vec<Version>, StoreError> {
        let mut versions = self.all(
            "select id, version, url, fetched_at, title, subtitle, text from article_versions
              where id = coalesce((select id from articles where url = ?1),
                                  (select article_id from pages where url = ?1))
              order by version",
            [url],
            |row| {
                Ok(Version {
                    article_id: row.get("id")?,
                    version: row.get("version")?,
                    url: row.get("url")?,
                    fetched_at: row.get("fetched_at")?,
                    title: row.get("title")?,
                    subtitle: row.get("subtitle")?,
                    text: row.get("text")?,
                    removed: Vec::new(),
                })
            },
        )?;
        for version in &mut versions {
            version.removed = self.all(
                "select text from removed where article_id = ?1 and version = ?2",
                [version.article_id, version.version],
                |row| row.get(0),
            )?;
        }
        Ok(versions)
    }
}
