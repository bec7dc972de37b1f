//! What became of a site's newest stories, one by one: how their text was found, and what of their
//! metadata is missing. Whether that is alarming is the pipeline's judgement.

use jiff::Timestamp;
use rusqlite::params;

use super::Reader;
use crate::store::error::StoreError;
use crate::store::value::{count, int, read_time, time};

/// A story as its site's health sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorySample {
    /// Its address.
    pub url: String,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// The layout that found its text; none for the generic extractor.
    pub layout: Option<String>,
    /// Whether there is an article: not where the page seemed to hold no story.
    pub told: bool,
    /// Words of its text.
    pub words: u64,
    /// It has a title.
    pub title: bool,
    /// It has authors.
    pub authors: bool,
    /// It has a date.
    pub published: bool,
}

impl Reader {
    /// The newest stories of a site, at most `limit`, oldest first: articles, and pages in the place
    /// of one that showed no text. With `before`, only those fetched earlier.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn story_samples(
        &self,
        site: &str,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<StorySample>, StoreError> {
        // No time of the file is later than this one.
        let before = before.map_or_else(|| "9999".to_owned(), time);
        let mut samples = self.all(
            "select * from (
               select url, fetched_at, case extractor when 'rules' then layout end as layout, 1 as told,
                      word_count as words, title is not null as title, authors <> '[]' as authors,
                      published_at is not null as published, id
                 from articles where site = ?1 and fetched_at < ?2
               union all
               select url, last_fetched_at, null, 0, 0, 0, 0, 0, id
                 from pages
                where site = ?1 and kind = 'article' and outcome in ('empty', 'not-article')
                  and article_id is null and last_fetched_at < ?2)
              order by fetched_at desc, told desc, id desc limit ?3",
            params![site, before, int(limit)],
            |row| {
                Ok(StorySample {
                    url: row.get("url")?,
                    fetched_at: read_time(row, "fetched_at")?,
                    layout: row.get("layout")?,
                    told: row.get("told")?,
                    words: count(row, "words")?,
                    title: row.get("title")?,
                    authors: row.get("authors")?,
                    published: row.get("published")?,
                })
            },
        )?;
        samples.reverse();
        Ok(samples)
    }
}
