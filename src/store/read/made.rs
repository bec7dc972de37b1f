//! What made the stored articles, and what they hold: the questions of a re-extraction. Owns these
//! questions; whether a text is to be made anew is the pipeline's decision.

use rusqlite::{Row, params};

use super::Reader;
use crate::article::{Article, Image};
use crate::store::error::StoreError;
use crate::store::value::{count, date, json_list, without_nul};
use crate::store::write::Provenance;

/// A site of the archive, as its articles name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedSite {
    /// Its id, or a host that no rule file knew.
    pub site: String,
    /// Its articles.
    pub articles: u64,
    /// Whether a rule file made any of them.
    pub by_rule_file: bool,
}

/// The newest version of an article, with all that a later extraction may change.
#[derive(Debug, Clone, PartialEq)]
pub struct MadeArticle {
    /// Its id.
    pub id: i64,
    /// The site.
    pub site: String,
    /// Its address.
    pub url: String,
    /// Number of this version.
    pub version: i64,
    /// Hash of its text.
    pub text_sha256: String,
    /// Headline.
    pub title: Option<String>,
    /// Dek.
    pub subtitle: Option<String>,
    /// The text.
    pub text: String,
    /// Byline, section, language, dates, addresses, authors, keywords and images: whatever else readers see.
    pub details: Vec<Option<String>>,
    /// Blocks that were taken out: rule and text.
    pub removed: Vec<(String, String)>,
}

/// Columns of `MadeArticle::details`, in its order.
const DETAILS: &str = "a.byline, a.authors, a.section, a.keywords, a.language, a.published_at, a.modified_at,
    a.canonical_url, a.lead_image, a.access, cast(a.sponsored as text), a.layout,
    a.agency,
    (select group_concat(url || char(31) || coalesce(caption, '') || char(31) || coalesce(credit, '')
                         || char(31) || coalesce(alt, ''), char(30))
       from (select * from images i where i.article_id = a.id and i.version = a.version order by i.position))";
/// How many they are.
const DETAILS_COUNT: usize = 14;
/// Columns before them.
const DETAILS_FROM: usize = 8;

fn made(row: &Row<'_>) -> rusqlite::Result<MadeArticle> {
    Ok(MadeArticle {
        id: row.get(0)?,
        site: row.get(1)?,
        url: row.get(2)?,
        version: row.get(3)?,
        text_sha256: row.get(4)?,
        title: row.get(5)?,
        subtitle: row.get(6)?,
        text: row.get(7)?,
        details: (DETAILS_FROM..DETAILS_FROM + DETAILS_COUNT)
            .map(|i| row.get(i))
            .collect::<Result<_, _>>()?,
        removed: Vec::new(),
    })
}

/// [`MadeArticle::details`] as they would be stored of this.
pub fn details(article: &Article) -> Vec<Option<String>> {
    let meta = &article.meta;
    let text = |value: &Option<String>| value.as_deref().map(|v| without_nul(v).into_owned());
    let day = |value: &Option<String>| date(value.as_deref()).map(str::to_owned);
    vec![
        text(&meta.byline),
        Some(json_list(&meta.authors)),
        text(&meta.section),
        Some(json_list(&meta.keywords)),
        text(&meta.language),
        day(&meta.published),
        day(&meta.modified),
        text(&meta.canonical_url),
        text(&meta.lead_image),
        Some(meta.access.as_str().to_owned()),
        Some(u8::from(meta.sponsored).to_string()),
        text(&article.layout),
        text(&meta.agency),
        images(article),
    ]
}

fn images(article: &Article) -> Option<String> {
    let one = |image: &Image| {
        let told = [&image.caption, &image.credit, &image.alt].map(|t| t.as_deref().unwrap_or_default());
        without_nul(&format!("{}\u{1f}{}", image.url, told.join("\u{1f}"))).into_owned()
    };
    let all: Vec<String> = article.images.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join("\u{1e}"))
}

impl Reader {
    /// The sites that articles are stored of, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn archived_sites(&self) -> Result<Vec<ArchivedSite>, StoreError> {
        self.all(
            "select site, count(*) as n, count(rule_file) > 0 as ruled from articles group by site order by site",
            [],
            |row| {
                Ok(ArchivedSite {
                    site: row.get("site")?,
                    articles: count(row, "n")?,
                    by_rule_file: row.get("ruled")?,
                })
            },
        )
    }

    /// Articles of a site whose newest version was made by anything else than this, oldest first;
    /// with `all`, every one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn made_otherwise(&self, site: &str, by: &Provenance, all: bool) -> Result<Vec<i64>, StoreError> {
        self.all(
            "select id from articles where site = ?1
                and (?5 or rule_sha256 <> ?2 or memory_sha256 is not ?3 or program_version <> ?4)
              order by id",
            params![site, by.rule_sha256, by.memory_sha256, by.program_version, all],
            |row| row.get(0),
        )
    }

    /// An article with all that a later extraction may change. None: it is gone.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn made_article(&self, id: i64) -> Result<Option<MadeArticle>, StoreError> {
        let found = self.one(
            &format!(
                "select a.id, a.site, a.url, a.version, a.text_sha256, a.title, a.subtitle, a.text, {DETAILS}
                   from articles a where a.id = ?1"
            ),
            [id],
            made,
        )?;
        let Some(mut article) = found else { return Ok(None) };
        article.removed = self.all(
            "select rule, text from removed where article_id = ?1 and version = ?2 order by n",
            params![id, article.version],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(Some(article))
    }
}
