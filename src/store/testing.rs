//! Help for the tests of this room: a desk with an open database and a run, pages to write.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::article::{Access, Article, Block, BlockKind, Extractor, FieldValue, Image, Metadata};
use crate::outcome::Outcome;

/// A database in a directory of its own, with a run begun at second 0.
pub(super) struct Desk {
    pub(super) writer: Writer,
    pub(super) run: i64,
    store: Store,
    _dir: tempfile::TempDir,
}

impl Desk {
    pub(super) fn reader(&self) -> Reader {
        self.store.reader().unwrap()
    }

    /// The same database with a new writer, where the former one was closed.
    pub(super) fn again(self) -> Self {
        Self {
            writer: self.store.writer().unwrap(),
            ..self
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.store.path()
    }

    /// A plain connection, as any client has.
    pub(super) fn client(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

pub(super) async fn desk() -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("copydesk.db")).unwrap();
    let writer = store.writer().unwrap();
    let run = RunStart {
        command: "copydesk crawl".to_owned(),
        program_version: "0.1.0".to_owned(),
        started_at: at(0),
    };
    let run = writer.begin_run(run).await.unwrap();
    Desk {
        writer,
        run,
        store,
        _dir: dir,
    }
}

/// So many seconds after the beginning of the tests' time.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_793_000_000 + seconds).unwrap()
}

pub(super) fn fetch(url: &str) -> FetchRow {
    FetchRow {
        url: url.to_owned(),
        final_url: url.to_owned(),
        redirects: Vec::new(),
        status: Some(200),
        headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
        charset: Some("utf-8".to_owned()),
        charset_source: Some("http".to_owned()),
        fetched_at: at(0),
        duration: Duration::from_millis(120),
        bytes: 1000,
        body_sha256: None,
        error: None,
        from: None,
    }
}

/// A page that failed.
pub(super) fn page(run_id: i64, url: &str) -> PageWrite {
    PageWrite {
        site: Some("paper".to_owned()),
        fetch: Some(fetch(url)),
        ..PageWrite::failed(run_id, url.to_owned(), at(0))
    }
}

pub(super) fn article(title: &str) -> Box<ArticleWrite> {
    let article = Article {
        meta: Metadata {
            title: Some(title.to_owned()),
            subtitle: Some("What it is about".to_owned()),
            authors: vec!["Ada Lovelace".to_owned(), "Tu Youyou".to_owned()],
            keywords: vec!["peace".to_owned()],
            published: Some("2026-11-01".to_owned()),
            access: Access::Free,
            fields: vec![FieldValue {
                field: "title",
                value: title.to_owned(),
                source: "og:title".to_owned(),
            }],
            ..Metadata::default()
        },
        blocks: vec![Block {
            kind: BlockKind::Paragraph,
            text: format!("{title}, it is said."),
        }],
        removed: Vec::new(),
        images: vec![Image {
            url: "https://news.example/i.jpg".to_owned(),
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
    Box::new(ArticleWrite {
        site: "paper".to_owned(),
        article,
        provenance,
    })
}

/// A page that tells a new article.
pub(super) fn story(run_id: i64, url: &str, title: &str) -> PageWrite {
    PageWrite {
        outcome: Some(Outcome::Stored),
        body: Some(format!("<html><h1>{title}</h1><p>{}</p>", "Support us. ".repeat(20)).into_bytes()),
        article: ArticleChange::New(article(title)),
        ..page(run_id, url)
    }
}

/// The same page with another article text, as a new version.
pub(super) fn revision(run_id: i64, url: &str, title: &str, of: PageWritten) -> PageWrite {
    PageWrite {
        article: ArticleChange::Revision {
            article_id: of.article_id.unwrap(),
            from_version: of.version.unwrap(),
            article: article(title),
        },
        ..story(run_id, url, title)
    }
}

/// Changes the article that a page tells.
pub(super) fn edit_article(page: &mut PageWrite, edit: impl FnOnce(&mut Article)) {
    match &mut page.article {
        ArticleChange::New(write) | ArticleChange::Revision { article: write, .. } => {
            edit(&mut write.article)
        }
        ArticleChange::None | ArticleChange::Known { .. } => panic!("the page tells no article"),
    }
}
