//! Accidents: files that are not ours, damage, a full disk, a killed process, places that may
//! not be written.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use copydesk::outcome::Outcome;
use copydesk::store::{APPLICATION_ID, CandidateRow, ListingWrite, PageKind, Reader, Store, StoreError};
use jiff::Timestamp;
use rusqlite::Connection;

use super::{REMOVED, story, writer};

/// Set for a child of a test: the database it works on.
const CHILD_DB: &str = "COPYDESK_TEST_CHILD_DB";
/// Pages queued for the children that are killed.
const QUEUED: usize = 400;

/// Every file of a directory with its bytes.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    entries
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// Opens `path` both ways; both must refuse. The file stays as it was, byte for byte, and what would
/// write leaves nothing beside it either (a read-only connection may leave SQLite's empty log).
fn refused(path: &Path) -> StoreError {
    let before = files(path.parent().unwrap());
    let error = Store::open(path).unwrap_err();
    assert!(
        files(path.parent().unwrap()) == before,
        "{} was touched",
        path.display()
    );
    let reading = Reader::open(path).unwrap_err();
    assert!(
        fs::read(path).unwrap() == before[path],
        "{} was touched",
        path.display()
    );
    for message in [error.to_string(), reading.to_string()] {
        assert!(message.contains(path.to_str().unwrap()), "{message}");
    }
    error
}

async fn archive(dir: &Path) -> PathBuf {
    let path = dir.join("copydesk.db");
    let (writer, run) = writer(&path).await;
    writer
        .record_page(story(run, "https://news.example/a", "Told"))
        .await
        .unwrap();
    writer.close().await.unwrap();
    path
}

#[test]
fn a_file_that_is_no_database_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("short", "hello".to_owned()),
        ("long", "not a database ".repeat(1000)),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        assert!(matches!(refused(&path), StoreError::NotSqlite { .. }));
    }
}

#[test]
fn a_database_of_another_program_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bookmarks.db");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("create table moz_places (id); insert into moz_places values (1);")
        .unwrap();
    drop(other);
    assert!(matches!(refused(&path), StoreError::Foreign { found: 0, .. }));
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "application_id", 7).unwrap();
    drop(other);
    assert!(matches!(refused(&path), StoreError::Foreign { found: 7, .. }));
}

#[tokio::test]
async fn a_database_of_a_later_copydesk_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    let later = Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 1000).unwrap();
    drop(later);
    assert!(matches!(refused(&path), StoreError::Newer { found: 1000, .. }));
}

#[tokio::test]
async fn a_later_version_that_stands_in_the_log_alone_is_seen_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    // As after a kill: the log is there, and nobody moved it into the file.
    let later = Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 1000).unwrap();
    let copy = dir.path().join("killed");
    fs::create_dir(&copy).unwrap();
    for name in ["copydesk.db", "copydesk.db-wal"] {
        fs::copy(dir.path().join(name), copy.join(name)).unwrap();
    }
    let killed = copy.join("copydesk.db");
    let before = [
        fs::read(&killed).unwrap(),
        fs::read(copy.join("copydesk.db-wal")).unwrap(),
    ];
    assert!(matches!(
        Store::open(&killed),
        Err(StoreError::Newer { found: 1000, .. })
    ));
    assert!(matches!(
        Reader::open(&killed),
        Err(StoreError::Newer { found: 1000, .. })
    ));
    let after = [
        fs::read(&killed).unwrap(),
        fs::read(copy.join("copydesk.db-wal")).unwrap(),
    ];
    assert!(before == after, "the log was moved");
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(refused(&path), StoreError::Damaged { .. }));
}

#[tokio::test]
async fn damage_within_is_reported_as_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    let mut bytes = fs::read(&path).unwrap();
    // Past the header: the root of the schema itself.
    bytes[100..4096].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    assert!(matches!(refused(&path), StoreError::Damaged { .. }));
}

#[test]
fn an_empty_file_and_a_missing_directory_are_made_into_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    assert!(matches!(Reader::open(&empty), Err(StoreError::Missing { .. })));
    for path in [empty, dir.path().join("data/new/copydesk.db")] {
        let store = Store::open(&path).unwrap();
        assert!(store.path().is_absolute());
        let head = fs::read(&path).unwrap();
        assert_eq!(head[68..72], APPLICATION_ID.to_be_bytes());
        let before = files(path.parent().unwrap());
        Store::open(&path).unwrap();
        assert!(
            files(path.parent().unwrap()) == before,
            "opening again changed the file"
        );
    }
    let error = Reader::open(&dir.path().join("nowhere.db"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("nowhere.db") && error.contains("copydesk crawl"),
        "{error}"
    );
}

#[test]
fn many_programs_may_open_a_new_file_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copydesk.db");
    std::thread::scope(|scope| {
        let openers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Store::open(&path).map(|_| ())))
            .collect();
        for opener in openers {
            opener.join().unwrap().unwrap();
        }
    });
}

/// Starts this test binary again, on the ignored test `name` alone.
fn child(command: &mut Command, name: &str, path: &Path) -> Child {
    command
        .args([
            "--exact",
            &format!("store::faults::{name}"),
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD_DB, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "run by a_killed_crawl_… as a process of its own"]
async fn child_stores_until_killed() {
    let Some(path) = env::var_os(CHILD_DB).map(PathBuf::from) else {
        return;
    };
    let (writer, run) = writer(&path).await;
    let reader = Reader::open(&path).unwrap();
    for queued in reader
        .next_queued("paper", Timestamp::UNIX_EPOCH, 0, QUEUED)
        .unwrap()
    {
        writer
            .record_page(story(run, &queued.url, &queued.url))
            .await
            .unwrap();
        println!("stored: {}", queued.url);
    }
}

#[tokio::test]
async fn a_killed_crawl_leaves_no_half_article_and_repeats_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copydesk.db");
    let candidate = |n: usize| CandidateRow {
        url: format!("https://news.example/{n}"),
        discovered_from: "https://news.example/feed".to_owned(),
        ..CandidateRow::default()
    };
    let (writer, run_id) = writer(&path).await;
    let listing = ListingWrite {
        run_id,
        site: "paper".to_owned(),
        url: "https://news.example/feed".to_owned(),
        kind: PageKind::Feed,
        at: Timestamp::UNIX_EPOCH,
        fetch: None,
        outcome: Outcome::Stored,
        reason: None,
        etag: None,
        last_modified: None,
        rules_sha256: None,
        candidates: (0..QUEUED).map(candidate).collect(),
    };
    writer.record_listing(listing).await.unwrap();
    writer.close().await.unwrap();

    let mut acknowledged = Vec::new();
    let mut expected = 0;
    for kill_after in [1, 2, 3, 5, 8, 13, 21, 34] {
        let mut crawl = child(
            &mut Command::new(env::current_exe().unwrap()),
            "child_stores_until_killed",
            &path,
        );
        let out = BufReader::new(crawl.stdout.take().unwrap());
        let stored = out
            .lines()
            .map_while(Result::ok)
            .filter_map(|l| l.split_once("stored: ").map(|s| s.1.to_owned()));
        acknowledged.extend(stored.take(kill_after));
        expected += kill_after;
        assert_eq!(
            acknowledged.len(),
            expected,
            "the child ended before it was killed"
        );
        // SIGKILL, somewhere in the midst of the next page.
        crawl.kill().unwrap();
        crawl.wait().unwrap();

        let reader = Reader::open(&path).unwrap();
        for url in &acknowledged {
            assert!(
                reader.article_by_url(url).unwrap().is_some(),
                "{url} was stored, and is lost"
            );
        }
        let client = Connection::open(&path).unwrap();
        let text = |sql: &str| client.query_row(sql, [], |r| r.get::<_, String>(0)).unwrap();
        assert_eq!(text("pragma integrity_check"), "ok");
        let mut keys = client.prepare("pragma foreign_key_check").unwrap();
        assert!(!keys.exists([]).unwrap(), "a row points to nothing");
        let index = "insert into articles_fts(articles_fts, rank) values ('integrity-check', 1)";
        client.execute(index, []).unwrap();
        let halves = "select count(*) || '' from articles a where
              (select count(*) from removed r where r.article_id = a.id) <> :removed
           or (select count(*) from images i where i.article_id = a.id) <> 1
           or (select count(*) from authors w where w.article_id = a.id) <> 1
           or (select count(*) from fetches f where f.id = a.fetch_id) <> 1
           or (select count(*) from pages p where p.article_id = a.id and p.outcome = 'stored') <> 1";
        assert_eq!(text(&halves.replace(":removed", &REMOVED.to_string())), "0");
        assert_eq!(
            text("select max(attempts) || '' from pages where kind = 'article'"),
            "1"
        );
        assert_eq!(
            text("select count(*) || '' from fetches"),
            text("select count(*) || '' from articles"),
            "an exchange without its article"
        );
    }
}

#[tokio::test]
#[ignore = "run by a_full_disk_… as a process of its own"]
async fn child_stores_until_the_disk_is_full() {
    let Some(path) = env::var_os(CHILD_DB).map(PathBuf::from) else {
        return;
    };
    let (writer, run) = writer(&path).await;
    for n in 0.. {
        let mut page = story(run, &format!("https://news.example/{n}"), "Told");
        page.body = Some(
            (0..4096_u32)
                .flat_map(|i| (i ^ (n << 12)).wrapping_mul(2_654_435_761).to_le_bytes())
                .collect(),
        );
        match writer.record_page(page).await {
            Ok(_) => println!("stored: https://news.example/{n}"),
            Err(error) => {
                println!("of the file {} {error}", !error.concerns_one_article());
                return;
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_with_the_path_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copydesk.db");
    for limit_blocks in [600, 800, 1000] {
        let mut shell = Command::new("sh");
        // A size limit on files stands for the full disk; its signal is ignored as a crawl's would be.
        shell.args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {limit_blocks}; exec \"$0\" \"$@\""),
        ]);
        shell.arg(env::current_exe().unwrap());
        let full = child(&mut shell, "child_stores_until_the_disk_is_full", &path)
            .wait_with_output()
            .unwrap();
        let out = String::from_utf8_lossy(&full.stdout).into_owned();
        let errors = String::from_utf8_lossy(&full.stderr);
        let told = out
            .lines()
            .find_map(|l| l.split_once("of the file true "))
            .map(|l| l.1);
        let told = told.unwrap_or_else(|| panic!("no error of the file told: {out} {errors}"));
        assert!(
            told.contains(path.to_str().unwrap()) && told.contains("free space"),
            "{told}"
        );

        let reader = Reader::open(&path).unwrap();
        for (_, url) in out.lines().filter_map(|l| l.split_once("stored: ")) {
            assert!(
                reader.article_by_url(url).unwrap().is_some(),
                "{url} was stored, and is lost"
            );
        }
        drop(reader);
        let client = Connection::open(&path).unwrap();
        let verdict: String = client
            .query_row("pragma integrity_check", [], |r| r.get(0))
            .unwrap();
        assert_eq!(verdict, "ok");
        drop(client);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
#[ignore = "run by an_archive_that_may_not_be_written_… as a process of its own"]
fn child_reads_what_it_may_not_write() {
    let Some(path) = env::var_os(CHILD_DB).map(PathBuf::from) else {
        return;
    };
    println!("refused: {}", Store::open(&path).unwrap_err());
    let article = Reader::open(&path)
        .unwrap()
        .article_by_url("https://news.example/a")
        .unwrap();
    println!("read: {}", article.unwrap().title.unwrap());
}

#[cfg(unix)]
#[tokio::test]
async fn an_archive_that_may_not_be_written_can_still_be_read() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    /// User and group "nobody": permissions do not hold for root.
    const NOBODY: u32 = 65_534;

    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path()).await;
    fs::set_permissions(&path, PermissionsExt::from_mode(0o444)).unwrap();
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o555)).unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    if fs::metadata(dir.path()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
        if command.arg("--list").output().is_err() {
            eprintln!("skipped: nobody but root may run this test binary");
            return;
        }
        command = Command::new(env::current_exe().unwrap());
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
    }
    let reading = child(&mut command, "child_reads_what_it_may_not_write", &path)
        .wait_with_output()
        .unwrap();
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let out = String::from_utf8_lossy(&reading.stdout);
    let told = |what: &str| {
        out.lines()
            .find_map(|l| l.split_once(what))
            .map(|l| l.1.to_owned())
    };
    assert_eq!(
        told("read: ").as_deref(),
        Some("Told"),
        "{out} {}",
        String::from_utf8_lossy(&reading.stderr)
    );
    let refusal = told("refused: ").unwrap();
    assert!(
        refusal.contains(path.to_str().unwrap()) && refusal.contains("permissions"),
        "{refusal}"
    );
}
