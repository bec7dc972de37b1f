//! Articles and their versions: a row of `articles`, its children, and the way of an old version
//! into the history. Whether a change is a new version is decided by the caller.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, ToSql, named_params, params};

use super::Fault;
use super::page::Further;
use super::rows::ArticleWrite;
use super::story;
use crate::article::Article;
use crate::store::error::StoreError;
use crate::store::value::{Text, date, int, json_list, opt, sha256_hex, time, without_nul};
use crate::text;

/// Where a version came from: the page and the exchange it was made of.
pub(super) struct Origin<'a> {
    pub(super) url: &'a str,
    pub(super) fetched_at: Timestamp,
    pub(super) first_seen_at: Timestamp,
    pub(super) fetch_id: Option<i64>,
    pub(super) run_id: i64,
    pub(super) html_sha256: Option<&'a str>,
    pub(super) further: &'a [Further<'a>],
}

/// Stores an article not seen before. Returns its id.
pub(super) fn insert(tx: &Connection, origin: &Origin<'_>, write: &ArticleWrite) -> Result<i64, Fault> {
    if owner(tx, origin.url)?.is_some() {
        return Err(conflict(origin));
    }
    // The row is made with what never changes and filled by the statement that revisions use too.
    tx.prepare_cached(
        "insert into articles (site, url, authors, keywords, first_seen_at, fetched_at, access, sponsored,
           word_count, text, version, versions, extractor, rule_sha256, program_version, quality, run_id,
           html_sha256, text_sha256)
         values (?1, ?2, '[]', '[]', ?3, ?3, 'unknown', 0, 0, '', 1, 1, 'generic', '', '', 0, ?4, ?5, '')",
    )?
    .execute(params![
        Text(&write.site),
        Text(origin.url),
        time(origin.first_seen_at),
        origin.run_id,
        html_sha256(origin)?
    ])?;
    let id = tx.last_insert_rowid();
    fill(tx, id, 1, origin, write)?;
    Ok(id)
}

/// Puts a new version in the place of `from_version`, which goes to the history.
pub(super) fn revise(
    tx: &Connection,
    origin: &Origin<'_>,
    id: i64,
    from_version: i64,
    write: &ArticleWrite,
) -> Result<(), Fault> {
    let kept = tx
        .prepare_cached(
            "insert into article_history (article_id, version, url, canonical_url, title, subtitle, byline,
               authors, section, keywords, language, published_at, modified_at, fetched_at, access,
               sponsored, word_count, text, lead_image, extractor, rule_file, rule_sha256, memory_sha256,
               program_version, layout, quality, fetch_id, run_id, html_sha256, text_sha256, agency)
             select id, version, url, canonical_url, title, subtitle, byline,
               authors, section, keywords, language, published_at, modified_at, fetched_at, access,
               sponsored, word_count, text, lead_image, extractor, rule_file, rule_sha256, memory_sha256,
               program_version, layout, quality, fetch_id, run_id, html_sha256, text_sha256, agency
               from articles where id = ?1 and version = ?2",
        )?
        .execute([id, from_version])?;
    // Its address may have changed with it, but not to one that tells another article.
    if kept != 1 || owner(tx, origin.url)?.is_some_and(|other| other != id) {
        return Err(conflict(origin));
    }
    fill(tx, id, from_version + 1, origin, write)
}

fn conflict(origin: &Origin<'_>) -> Fault {
    Fault::Refused(StoreError::Conflict {
        url: origin.url.to_owned(),
    })
}

fn owner(tx: &Connection, url: &str) -> rusqlite::Result<Option<i64>> {
    tx.prepare_cached("select id from articles where url = ?1")?
        .query_row([Text(url)], |r| r.get(0))
        .optional()
}

fn html_sha256<'a>(origin: &Origin<'a>) -> Result<&'a str, Fault> {
    origin.html_sha256.ok_or_else(|| {
        Fault::Refused(StoreError::NoBody {
            url: origin.url.to_owned(),
        })
    })
}

/// Writes a version into its row and its children. Those of the same version must be gone.
pub(super) fn fill(
    tx: &Connection,
    id: i64,
    version: i64,
    origin: &Origin<'_>,
    write: &ArticleWrite,
) -> Result<(), Fault> {
    let ArticleWrite {
        article, provenance, ..
    } = write;
    let meta = &article.meta;
    let text = article.text();
    let text = without_nul(&text);
    let before = story::before(tx, id)?;
    // Not a number becomes no confidence at all; SQLite would make it null.
    let quality = if article.quality.is_nan() {
        0.0
    } else {
        article.quality.clamp(0.0, 1.0)
    };
    tx.prepare_cached(
        "update articles set
           url = :url, canonical_url = :canonical_url, title = :title, subtitle = :subtitle,
           byline = :byline, authors = :authors, section = :section, keywords = :keywords,
           language = :language, published_at = :published_at, modified_at = :modified_at,
           fetched_at = :fetched_at, access = :access, sponsored = :sponsored, word_count = :word_count,
           text = :text, lead_image = :lead_image, version = :version, versions = :version,
           extractor = :extractor, rule_file = :rule_file, rule_sha256 = :rule_sha256,
           memory_sha256 = :memory_sha256, program_version = :program_version, layout = :layout,
           quality = :quality, story_id = coalesce(story_id, id), fetch_id = :fetch_id,
           run_id = :run_id, html_sha256 = :html_sha256, text_sha256 = :text_sha256,
           agency = :agency
         where id = :id",
    )?
    .execute(named_params! {
        ":id": id,
        ":url": Text(origin.url),
        ":canonical_url": opt(&meta.canonical_url),
        ":title": opt(&meta.title),
        ":subtitle": opt(&meta.subtitle),
        ":byline": opt(&meta.byline),
        ":authors": json_list(&meta.authors),
        ":section": opt(&meta.section),
        ":keywords": json_list(&meta.keywords),
        ":language": opt(&meta.language),
        ":published_at": date(meta.published.as_deref()),
        ":modified_at": date(meta.modified.as_deref()),
        ":fetched_at": time(origin.fetched_at),
        ":access": meta.access.as_str(),
        ":sponsored": meta.sponsored,
        ":word_count": int(text::word_count(&text)),
        ":text": text,
        ":lead_image": opt(&meta.lead_image),
        ":version": version,
        ":extractor": article.extractor.as_str(),
        ":rule_file": opt(&provenance.rule_file),
        ":rule_sha256": Text(&provenance.rule_sha256),
        ":memory_sha256": opt(&provenance.memory_sha256),
        ":program_version": Text(&provenance.program_version),
        ":layout": opt(&article.layout),
        ":quality": quality,
        ":fetch_id": origin.fetch_id,
        ":run_id": origin.run_id,
        ":html_sha256": html_sha256(origin)?,
        ":text_sha256": sha256_hex(text.as_bytes()),
        ":agency": opt(&meta.agency),
    })?;
    story::settle(tx, id, &write.site, &text, &before)?;
    children(tx, id, version, article)?;
    // Pages that were asked for and tell nothing of the story came without bytes to keep.
    let parts = origin
        .further
        .iter()
        .filter(|f| !f.page.whole && f.body_sha256.is_some());
    let mut part = tx.prepare_cached(
        "insert into article_pages (article_id, version, n, url, fetch_id, html_sha256)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (n, f) in (2..).zip(parts) {
        part.execute(params![
            id,
            version,
            n,
            Text(&f.page.url),
            f.fetch_id,
            f.body_sha256
        ])?;
    }
    Ok(())
}

fn children(tx: &Connection, id: i64, version: i64, article: &Article) -> rusqlite::Result<()> {
    let mut removed = tx.prepare_cached(
        "insert into removed (article_id, version, n, position, category, rule, pattern, path, text, chars)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, length(?9))",
    )?;
    for (n, r) in article.removed.iter().enumerate() {
        removed.execute(params![
            id,
            version,
            int(n),
            int(r.position),
            r.category.as_str(),
            Text(&r.rule),
            Text(&r.pattern),
            Text(&r.path),
            Text(&r.text),
        ])?;
    }
    let mut images = tx.prepare_cached(
        "insert into images (article_id, version, position, url, caption, credit, alt)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (n, image) in article.images.iter().enumerate() {
        images.execute(params![
            id,
            version,
            int(n),
            Text(&image.url),
            opt(&image.caption),
            opt(&image.credit),
            opt(&image.alt)
        ])?;
    }
    let mut fields = tx.prepare_cached(
        "insert into fields (article_id, version, n, field, value, source) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (n, f) in article.meta.fields.iter().enumerate() {
        fields.execute(params![
            id,
            version,
            int(n),
            f.field,
            Text(&f.value),
            Text(&f.source)
        ])?;
    }
    names(tx, id, "authors", "name", &article.meta.authors)?;
    names(tx, id, "keywords", "term", &article.meta.keywords)
}

/// `authors` and `keywords` are of the newest version only. `table` and `column` are ours.
fn names(tx: &Connection, id: i64, table: &str, column: &str, names: &[String]) -> rusqlite::Result<()> {
    tx.prepare_cached(&format!("delete from {table} where article_id = ?1"))?
        .execute([id])?;
    let mut insert = tx.prepare_cached(&format!(
        "insert into {table} (article_id, position, {column}) values (?1, ?2, ?3)"
    ))?;
    for (n, name) in names.iter().enumerate() {
        let row: [&dyn ToSql; 3] = [&id, &int(n), &Text(name)];
        insert.execute(&row[..])?;
    }
    Ok(())
}
