//! Articles as they leave the archive: in which order, and all that is known of each. Owns these
//! questions; in which form they leave is the caller's.

use rusqlite::types::ValueRef;
use rusqlite::{Row, params};
use serde_json::{Map, Value};

use super::Reader;
use crate::store::error::StoreError;
use crate::store::value::json;

/// All that is known of the newest version of an article. Names are those of the columns.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeArticle {
    /// The row of `articles`.
    pub article: Map<String, Value>,
    /// The row of `fetches` that brought the page.
    pub fetch: Map<String, Value>,
    /// Rows of `removed`.
    pub removed: Vec<Map<String, Value>>,
    /// Rows of `images`.
    pub images: Vec<Map<String, Value>>,
    /// Rows of `fields`.
    pub fields: Vec<Map<String, Value>>,
    /// Its address in its first version, which never changes.
    pub first_url: String,
    /// Rows of `article_pages`: the further pages of the story.
    pub pages: Vec<Map<String, Value>>,
}

/// Columns that hold JSON.
const JSON: &[&str] = &["authors", "keywords", "redirects", "headers"];

/// The articles of these sites (none: all) from this day on.
const MEANT: &str = "(?1 = '[]' or site in (select value from json_each(?1)))
    and coalesce(published_at, first_seen_at) >= coalesce(?2, '')";

fn object(row: &Row<'_>) -> rusqlite::Result<Map<String, Value>> {
    let mut object = Map::new();
    for (n, name) in row.as_ref().column_names().enumerate() {
        let value = match row.get_ref(n)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(n) if name == "sponsored" => Value::Bool(n != 0),
            ValueRef::Integer(n) => n.into(),
            ValueRef::Real(n) => n.into(),
            ValueRef::Text(text) => {
                let text = String::from_utf8_lossy(text);
                match JSON.contains(&name) {
                    true => serde_json::from_str(&text).unwrap_or_default(),
                    false => text.into_owned().into(),
                }
            }
            // No table that leaves in this form has one.
            ValueRef::Blob(_) => Value::Null,
        };
        object.insert(name.to_owned(), value);
    }
    Ok(object)
}

impl Reader {
    /// Articles of these sites (none: all) that were published on this day (`YYYY-MM-DD`) or later, by
    /// site, date and id. Where no date of publication is known, the day it was first seen counts.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn in_order(&self, sites: &[String], since: Option<&str>) -> Result<Vec<i64>, StoreError> {
        self.all(
            &format!(
                "select id from articles where {MEANT}
                  order by site, coalesce(published_at, first_seen_at), id"
            ),
            params![json(sites), since],
            |row| row.get(0),
        )
    }

    /// When the newest page of these articles was fetched, as in the file. None: there are none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_fetch(&self, sites: &[String], since: Option<&str>) -> Result<Option<String>, StoreError> {
        let newest = self.one(
            &format!("select max(fetched_at) from articles where {MEANT}"),
            params![json(sites), since],
            |row| row.get(0),
        )?;
        Ok(newest.flatten())
    }

    /// An article with all that is known of its newest version. None: it is gone.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn whole_article(&self, id: i64) -> Result<Option<WholeArticle>, StoreError> {
        let Some(article) = self.one("select * from articles where id = ?1", [id], object)? else {
            return Ok(None);
        };
        let of_version = |columns: &str, table: &str, order: &str| {
            self.all(
                &format!(
                    "select {columns} from {table} where article_id = ?1
                        and version = (select version from articles where id = ?1) order by {order}"
                ),
                [id],
                object,
            )
        };
        let fetch = self.one(
            "select f.url, final_url, redirects, status, charset, charset_source, f.fetched_at, headers
               from fetches f join articles a on a.fetch_id = f.id where a.id = ?1",
            [id],
            object,
        )?;
        Ok(Some(WholeArticle {
            article,
            fetch: fetch.unwrap_or_default(),
            removed: of_version("position, category, rule, pattern, path, text", "removed", "n")?,
            images: of_version("url, caption, credit, alt", "images", "position")?,
            first_url: self
                .one(
                    "select url from article_versions where id = ?1 order by version limit 1",
                    [id],
                    |row| row.get(0),
                )?
                .unwrap_or_default(),
            fields: of_version("field, value, source", "fields", "n")?,
            pages: of_version("n, url, html_sha256", "article_pages", "n")?,
        }))
    }
}
