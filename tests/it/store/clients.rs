//! The file as other programs see it: the sqlite3 command, Python, and a reader of the manual.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use copydesk::store::{APPLICATION_ID, Reader, Writer};
use rusqlite::Connection;

use super::{revision, story, writer};

const MANUAL: &str = include_str!("../../../docs/database.md");

/// Public names with their columns, as the manual lists them.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = None;
    for line in MANUAL.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let name = title.strip_prefix('`').and_then(|t| t.strip_suffix('`'));
            current = name.map(str::to_owned);
        } else if let (Some(name), Some(row)) = (&current, line.strip_prefix("| `")) {
            let cell = row.split(" | ").next().unwrap();
            let columns = cell.split(", ").map(|c| c.trim_matches('`').to_owned());
            names.entry(name.clone()).or_default().extend(columns);
        }
    }
    names
}

/// Private names, as the manual lists them.
fn private() -> BTreeSet<String> {
    let (_, list) = MANUAL.split_once("\n## Private\n").unwrap();
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A database with two articles, one of them revised, closed.
async fn archive(dir: &Path) -> PathBuf {
    let path = dir.join("copydesk.db");
    let (writer, run) = writer(&path).await;
    let url = "https://news.example/a";
    let first = writer.record_page(story(run, url, "Élection")).await.unwrap();
    writer
        .record_page(revision(story(run, url, "Élection, again"), first))
        .await
        .unwrap();
    writer
        .record_page(story(run, "https://news.example/b", "Other"))
        .await
        .unwrap();
    writer.close().await.unwrap();
    path
}

/// Runs a client. `None`, said aloud, where it is not installed.
fn client(program: &str, args: &[&str]) -> Option<String> {
    match Command::new(program).args(args).output() {
        Ok(out) => {
            let errors = String::from_utf8_lossy(&out.stderr);
            assert!(out.status.success(), "{program} {args:?}: {errors}");
            Some(String::from_utf8(out.stdout).unwrap())
        }
        Err(error) => {
            eprintln!("skipped: {program} is not here ({error})");
            None
        }
    }
}

#[tokio::test]
async fn the_manual_names_every_table_and_column_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(archive(dir.path()).await).unwrap();
    let mut real: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut rows = conn
        .prepare(
            "select m.name, c.name from sqlite_schema m join pragma_table_info(m.name) c
              where m.type in ('table', 'view')",
        )
        .unwrap();
    let pairs = rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
    for pair in pairs {
        let (table, column): (String, String) = pair.unwrap();
        real.entry(table).or_default().insert(column);
    }
    let private = private();
    for name in &private {
        assert!(
            real.remove(name).is_some(),
            "the manual lists a private {name} that is not there"
        );
    }
    assert_eq!(documented(), real);
}

#[tokio::test]
async fn a_version_has_the_columns_of_an_article_in_the_same_order() {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(archive(dir.path()).await).unwrap();
    let columns = |table: &str| -> Vec<String> {
        let statement = conn.prepare(&format!("select * from {table}")).unwrap();
        statement.column_names().map(str::to_owned).collect()
    };
    assert_eq!(columns("article_versions"), columns("articles"));
}

#[tokio::test]
async fn the_sqlite3_command_reads_every_public_name_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    let path = path.to_str().unwrap();
    for (name, columns) in documented() {
        let columns: Vec<_> = columns.into_iter().collect();
        let sql = format!("select {} from {name};", columns.join(", "));
        if client("sqlite3", &[path, &sql]).is_none() {
            return;
        }
    }
    let counts = "select (select count(*) from articles), (select count(*) from article_versions),
                         (select count(*) from article_changes), (select count(*) from removed)";
    assert_eq!(client("sqlite3", &[path, counts]).unwrap().trim(), "2|3|1|15");
    assert_eq!(
        client("sqlite3", &[path, "pragma integrity_check"])
            .unwrap()
            .trim(),
        "ok"
    );
    assert_eq!(
        client("sqlite3", &[path, "pragma journal_mode"]).unwrap().trim(),
        "wal"
    );
    let id = client("sqlite3", &[path, "pragma application_id"]).unwrap();
    assert_eq!(id.trim(), APPLICATION_ID.to_string());
}

#[tokio::test]
async fn the_queries_of_the_manual_run_in_the_sqlite3_command() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    // Its line end goes along: an argument that begins with a comment would be an option.
    let (_, rest) = MANUAL.split_once("```sql").unwrap();
    let (queries, _) = rest.split_once("```").unwrap();
    let Some(out) = client("sqlite3", &[path.to_str().unwrap(), queries]) else {
        return;
    };
    assert!(out.contains("Élection|Élection, again"), "{out}");
}

#[tokio::test]
async fn an_article_deleted_by_hand_leaves_the_index_sound() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    let sql = "delete from articles where title = 'Other'; \
               update articles set title = 'By hand'; \
               insert into articles_fts(articles_fts, rank) values ('integrity-check', 1);";
    if client("sqlite3", &[path.to_str().unwrap(), sql]).is_none() {
        return;
    }
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.search("other", 9).unwrap(), []);
    assert_eq!(reader.search("hand", 9).unwrap().len(), 1);
}

#[tokio::test]
async fn python_finds_words_with_and_without_accents() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    let script = "import sqlite3, sys\n\
        db = sqlite3.connect(sys.argv[1])\n\
        sql = 'select a.url from articles_fts f join articles a on a.id = f.rowid where articles_fts match ? order by 1'\n\
        for word in ('election', 'arger zurich', 'nowhere'):\n    \
            print(*[row[0] for row in db.execute(sql, (word,))])\n";
    let Some(out) = client("python3", &["-c", script, path.to_str().unwrap()]) else {
        return;
    };
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(
        lines,
        [
            "https://news.example/a",
            "https://news.example/a https://news.example/b",
            ""
        ]
    );
}

#[tokio::test]
async fn a_reader_never_waits_for_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    let mut writing = Connection::open(&path).unwrap();
    let tx = writing
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .unwrap();
    tx.execute("update articles set title = 'not yet'", []).unwrap();
    let reader = Reader::open(&path).unwrap();
    let title = || {
        reader
            .article_by_url("https://news.example/b")
            .unwrap()
            .unwrap()
            .title
    };
    assert_eq!(title().as_deref(), Some("Other"));
    tx.commit().unwrap();
    assert_eq!(title().as_deref(), Some("not yet"));
}

#[tokio::test]
async fn two_programs_that_write_at_once_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    let ((one, run), (two, _)) = (writer(&path).await, writer(&path).await);
    let write = async |by: &Writer, name: &str| {
        for n in 0..40 {
            by.record_page(story(run, &format!("https://news.example/{name}/{n}"), "Told"))
                .await
                .unwrap();
        }
    };
    tokio::join!(write(&one, "one"), write(&two, "two"));
    let status = Reader::open(&path).unwrap().site_status().unwrap();
    assert_eq!(status[0].articles, 82);
}

#[tokio::test]
async fn a_client_that_comes_and_goes_leaves_the_log_to_whoever_writes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copydesk.db");
    let (writer, run) = writer(&path).await;
    let count = |reader: Reader| reader.headlines(9).unwrap().len();
    for n in 1..=3 {
        let page = story(run, &format!("https://news.example/{n}"), &format!("Told {n}"));
        writer.record_page(page).await.unwrap();
        // Readers of ours come and go too, as in every crawl: the writer's locks are not theirs to give up.
        assert_eq!(count(Reader::open(&path).unwrap()), n);
        let Some(told) = client(
            "sqlite3",
            &[path.to_str().unwrap(), "select count(*) from articles"],
        ) else {
            return;
        };
        assert_eq!(told.trim(), n.to_string());
        assert!(
            path.with_extension("db-wal").exists(),
            "the last one out moves the log, and that was not the last"
        );
    }
    writer.close().await.unwrap();
    assert_eq!(count(Reader::open(&path).unwrap()), 3);
}
