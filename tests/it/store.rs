//! The database from outside: as its documentation describes it, as other programs open it, and
//! as it comes out of accidents.

mod clients;
mod faults;

use std::path::Path;
use std::time::Duration;

use copydesk::article::{Article, Block, BlockKind, Category, Extractor, Image, Metadata, Removal};
use copydesk::outcome::Outcome;
use copydesk::store::{
    ArticleChange, ArticleWrite, FetchRow, PageWrite, PageWritten, Provenance, RunStart, Store, Writer,
};
use jiff::Timestamp;

/// Blocks taken out of every page written here; fewer in the file are a half article.
const REMOVED: usize = 5;

/// Opens the database at `path` for writing, with a run begun.
pub(crate) async fn writer(path: &Path) -> (Writer, i64) {
    let writer = Store::open(path).unwrap().writer().unwrap();
    let run = RunStart {
        command: "copydesk crawl".to_owned(),
        program_version: "0.1.0".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
    };
    let run = writer.begin_run(run).await.unwrap();
    (writer, run)
}

/// A page with an article of some size.
pub(crate) fn story(run_id: i64, url: &str, title: &str) -> PageWrite {
    let paragraph = |n: usize| Block {
        kind: BlockKind::Paragraph,
        text: format!("{title}, paragraph {n}: Ärger über die Wahl in Zürich."),
    };
    let removal = |n: usize| Removal {
        category: Category::Donation,
        rule: "paper.toml:7".to_owned(),
        pattern: "^Support".to_owned(),
        text: format!("Support us, {n} times."),
        position: n,
        path: "div.appeal".to_owned(),
    };
    let article = Article {
        meta: Metadata {
            title: Some(title.to_owned()),
            authors: vec!["Ada Lovelace".to_owned()],
            keywords: vec!["peace".to_owned()],
            ..Metadata::default()
        },
        blocks: (0..20).map(paragraph).collect(),
        removed: (0..REMOVED).map(removal).collect(),
        images: vec![Image {
            url: format!("{url}.jpg"),
            ..Image::default()
        }],
        extractor: Extractor::Rules,
        layout: Some("2026".to_owned()),
        quality: 0.9,
    };
    let provenance = Provenance {
        rule_file: Some("paper.toml".to_owned()),
        rule_sha256: "b".repeat(64),
        memory_sha256: None,
        program_version: "0.1.0".to_owned(),
    };
    let fetch = FetchRow {
        url: url.to_owned(),
        final_url: url.to_owned(),
        redirects: Vec::new(),
        status: Some(200),
        headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
        charset: Some("utf-8".to_owned()),
        charset_source: Some("http".to_owned()),
        fetched_at: Timestamp::UNIX_EPOCH,
        duration: Duration::from_millis(120),
        bytes: 1000,
        body_sha256: None,
        error: None,
        from: None,
    };
    let write = ArticleWrite {
        site: "paper".to_owned(),
        article,
        provenance,
    };
    PageWrite {
        run_id,
        site: Some("paper".to_owned()),
        first_seen_at: None,
        url: url.to_owned(),
        final_url: url.to_owned(),
        at: Timestamp::UNIX_EPOCH,
        fetch: Some(fetch),
        outcome: Some(Outcome::Stored),
        reason: None,
        etag: None,
        last_modified: None,
        next_visit_at: None,
        body: Some(format!("<h1>{title}</h1> {url}").into_bytes()),
        further: Vec::new(),
        signals: None,
        article: ArticleChange::New(Box::new(write)),
    }
}

/// The same page as a new version of its article.
fn revision(page: PageWrite, of: PageWritten) -> PageWrite {
    let ArticleChange::New(article) = page.article else {
        panic!("a revision is made of a new article")
    };
    let article_id = of.article_id.unwrap();
    let from_version = of.version.unwrap();
    PageWrite {
        article: ArticleChange::Revision {
            article_id,
            from_version,
            article,
        },
        ..page
    }
}
