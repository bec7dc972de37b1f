//! Full-text search and the list of revisions. Owns turning a person's words into a query that
//! cannot be mistaken for query syntax, and snippets as data, so that each surface marks them
//! its own safe way.

use jiff::Timestamp;
use rusqlite::params;

use super::{Reader, unspaced};
use crate::store::error::StoreError;
use crate::store::value::{count, int, read_time};

/// Words of a snippet.
const SNIPPET_WORDS: u32 = 24;
/// Most words of a query that are looked for; the rest is left out. Without a limit a query of
/// 20,000 words took 24 s on a file with one article.
const MAX_QUERY_WORDS: usize = 64;
/// How much more a word counts in the title, and in the subtitle, than in the text.
const TITLE_WEIGHT: f64 = 8.0;
const SUBTITLE_WEIGHT: f64 = 4.0;
/// Begin and end of a found word in SQLite's answer; control characters no article text needs.
const OPEN: char = '\u{2}';
const CLOSE: char = '\u{3}';

/// A piece of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether it is a word that was looked for.
    pub hit: bool,
}

/// An article that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
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
    /// The place that fits best.
    pub snippet: Vec<SnippetPart>,
}

/// A revision of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The article.
    pub article_id: i64,
    /// Its address, now.
    pub url: String,
    /// The version that came.
    pub version: i64,
    /// When its bytes were fetched.
    pub changed_at: Timestamp,
    /// Headline of the version before.
    pub title_before: Option<String>,
    /// Headline of this version.
    pub title_after: Option<String>,
    /// Number of words before.
    pub words_before: u64,
    /// Number of words after.
    pub words_after: u64,
}

impl Reader {
    /// Articles that hold all of `words`, best first. Whatever is typed is looked for as words;
    /// nothing is an error, and what holds no word finds nothing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn search(&self, words: &str, limit: usize) -> Result<Vec<Hit>, StoreError> {
        let words = words
            .split(|c| crate::text::is_space(c) || c == '\0')
            .filter(|w| w.chars().any(char::is_alphanumeric))
            .take(MAX_QUERY_WORDS);
        let (unspaced, words): (Vec<&str>, Vec<&str>) = words.partition(|w| unspaced::is_unspaced(w));
        let query = quoted(&words);
        if !unspaced.is_empty() {
            return self.search_unspaced(&unspaced, query, limit);
        }
        let Some(query) = query else {
            return Ok(Vec::new());
        };
        self.all(
            "select a.id, a.site, a.url, a.title, a.published_at,
                    snippet(articles_fts, -1, ?2, ?3, '…', ?4) as snippet
               from articles_fts join articles a on a.id = articles_fts.rowid
              where articles_fts match ?1
              order by bm25(articles_fts, ?5, ?6, 1.0), a.id limit ?7",
            params![
                query,
                OPEN.to_string(),
                CLOSE.to_string(),
                SNIPPET_WORDS,
                TITLE_WEIGHT,
                SUBTITLE_WEIGHT,
                int(limit)
            ],
            |row| {
                Ok(Hit {
                    article_id: row.get("id")?,
                    site: row.get("site")?,
                    url: row.get("url")?,
                    title: row.get("title")?,
                    published_at: row.get("published_at")?,
                    snippet: parts(&row.get::<_, Option<String>>("snippet")?.unwrap_or_default()),
                })
            },
        )
    }

    /// Revisions that came in run `since_run` or later, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn changes(&self, since_run: i64) -> Result<Vec<Change>, StoreError> {
        self.all(
            "select c.*, a.url from article_changes c
               join article_versions v on v.id = c.article_id and v.version = c.version
               join articles a on a.id = c.article_id
              where v.run_id >= ?1 order by c.changed_at, c.article_id, c.version",
            [since_run],
            |row| {
                Ok(Change {
                    article_id: row.get("article_id")?,
                    url: row.get("url")?,
                    version: row.get("version")?,
                    changed_at: read_time(row, "changed_at")?,
                    title_before: row.get("title_before")?,
                    title_after: row.get("title_after")?,
                    words_before: count(row, "words_before")?,
                    words_after: count(row, "words_after")?,
                })
            },
        )
    }
}

/// Each word as an FTS5 string (<https://www.sqlite.org/fts5.html>, §3.1), all of them required.
/// `None` where there is none.
fn quoted(words: &[&str]) -> Option<String> {
    let terms: Vec<String> = words
        .iter()
        .map(|w| format!("\"{}\"", w.replace('"', "\"\"")))
        .collect();
    (!terms.is_empty()).then(|| terms.join(" "))
}

fn parts(snippet: &str) -> Vec<SnippetPart> {
    let mut parts = Vec::new();
    let mut hit = false;
    for piece in snippet.split_inclusive([OPEN, CLOSE]) {
        let text = piece.trim_end_matches([OPEN, CLOSE]);
        if !text.is_empty() {
            parts.push(SnippetPart {
                text: text.to_owned(),
                hit,
            });
        }
        hit = piece.ends_with(OPEN);
    }
    parts
}

#[cfg(test)]
mod tests {
    use crate::store::testing::{desk, edit_article, story};

    #[tokio::test]
    async fn words_are_found_with_the_place_where_they_stand() {
        let desk = desk().await;
        let mut write = story(desk.run, "https://news.example/a", "Élection in Zürich");
        edit_article(&mut write, |a| {
            a.blocks[0].text = "Nobody expected the council to vote.".to_owned()
        });
        desk.writer.record_page(write).await.unwrap();
        desk.writer
            .record_page(story(desk.run, "https://news.example/b", "Council"))
            .await
            .unwrap();
        let reader = desk.reader();

        assert_eq!(
            reader.search("election zurich", 10).unwrap()[0].url,
            "https://news.example/a"
        );
        let hits = reader.search("council", 10).unwrap();
        assert_eq!(
            hits[0].url, "https://news.example/b",
            "a title counts more than a text"
        );
        let found: Vec<_> = hits[1]
            .snippet
            .iter()
            .filter(|p| p.hit)
            .map(|p| p.text.as_str())
            .collect();
        assert_eq!(found, ["council"]);
        assert_eq!(reader.search("council", 1).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn no_input_is_a_syntax_error() {
        let desk = desk().await;
        desk.writer
            .record_page(story(desk.run, "https://news.example/a", "Told"))
            .await
            .unwrap();
        let reader = desk.reader();
        let inputs = [
            "",
            " ",
            "\"",
            "\"\"\"",
            "*",
            "a*",
            "NEAR(a b)",
            "AND",
            "OR NOT",
            "title:told",
            "-told",
            "^told",
            "(told",
            "told)",
            "{a b}: c",
            "told + told",
            "a\0b",
            "'; drop table articles",
            "%",
            "東京",
            "\u{2}x\u{3}",
        ];
        for input in inputs {
            assert!(reader.search(input, 10).is_ok(), "{input:?}");
        }
        for piece in ["told ", "told-", "\"", "東京"] {
            reader.search(&piece.repeat(20_000), 10).unwrap();
        }
        assert_eq!(
            reader.search("told AND", 10).unwrap(),
            [],
            "AND is a word like any other"
        );
        assert_eq!(reader.search("-told", 10).unwrap().len(), 1);
    }
}
