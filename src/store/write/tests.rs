//! What a page write promises: the chain of versions, redirects, refusals, and that nothing is
//! ever half written.

use rusqlite::Connection;

use crate::article::{Category, Removal};
use crate::outcome::Outcome;
use crate::store::testing::{at, desk, edit_article, fetch, page, revision, story};
use crate::store::{ArticleChange, PageWrite, StoreError};

const URL: &str = "https://news.example/a";

fn number(conn: &Connection, sql: &str) -> i64 {
    conn.query_row(sql, [], |r| r.get(0)).unwrap()
}

fn index_is_sound(conn: &Connection) {
    conn.execute(
        "insert into articles_fts(articles_fts, rank) values ('integrity-check', 1)",
        [],
    )
    .unwrap();
}

#[tokio::test]
async fn a_revision_keeps_the_old_version_and_moves_the_index() {
    let desk = desk().await;
    let first = desk
        .writer
        .record_page(story(desk.run, URL, "Minister resigns"))
        .await
        .unwrap();
    assert_eq!(first.version, Some(1));
    let mut second = revision(desk.run, URL, "Chancellor resigns", first);
    edit_article(&mut second, |a| a.meta.authors = vec!["Tu Youyou".to_owned()]);
    let second = desk.writer.record_page(second).await.unwrap();
    assert_eq!((second.article_id, second.version), (first.article_id, Some(2)));

    let reader = desk.reader();
    assert_eq!(reader.search("minister", 9).unwrap(), []);
    assert_eq!(reader.search("chancellor", 9).unwrap().len(), 1);
    let client = desk.client();
    index_is_sound(&client);
    let versions: Vec<(i64, i64, String)> = client
        .prepare("select version, versions, title from article_versions order by version")
        .unwrap()
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(
        versions,
        [
            (1, 2, "Minister resigns".into()),
            (2, 2, "Chancellor resigns".into())
        ]
    );
    assert_eq!(
        number(&client, "select count(*) from authors"),
        1,
        "authors are of the newest version"
    );
    assert_eq!(
        number(&client, "select count(*) from images"),
        2,
        "images of each"
    );

    let [change] = &reader.changes(desk.run).unwrap()[..] else {
        panic!("one change")
    };
    assert_eq!(change.title_before.as_deref(), Some("Minister resigns"));
    assert_eq!(change.title_after.as_deref(), Some("Chancellor resigns"));
    assert_eq!(reader.changes(desk.run + 1).unwrap(), []);
}

#[tokio::test]
async fn a_page_seen_again_without_change_leaves_the_article_as_it_is() {
    let desk = desk().await;
    let first = desk
        .writer
        .record_page(story(desk.run, URL, "Told"))
        .await
        .unwrap();
    let before = desk.reader().article_by_url(URL).unwrap();
    let mut not_modified = fetch(URL);
    not_modified.status = Some(304);
    not_modified.fetched_at = at(500);
    let again = PageWrite {
        outcome: Some(Outcome::Unchanged),
        fetch: Some(not_modified),
        next_visit_at: Some(at(900)),
        article: ArticleChange::Known {
            article_id: first.article_id.unwrap(),
        },
        ..page(desk.run, URL)
    };
    assert_eq!(desk.writer.record_page(again).await.unwrap(), first);
    let reader = desk.reader();
    assert_eq!(reader.article_by_url(URL).unwrap(), before);
    let row = reader.page(URL).unwrap().unwrap();
    assert_eq!(
        (row.outcome, row.last_fetched_at),
        (Some(Outcome::Unchanged), Some(at(500)))
    );
    assert_eq!((row.attempts, row.next_visit_at), (2, Some(at(900))));
}

#[tokio::test]
async fn validators_outlive_a_304_and_no_other_answer() {
    let desk = desk().await;
    let with_etag = PageWrite {
        etag: Some("\"1\"".to_owned()),
        ..story(desk.run, URL, "Told")
    };
    desk.writer.record_page(with_etag).await.unwrap();
    let etag = || desk.reader().page(URL).unwrap().unwrap().etag;
    let mut answer = fetch(URL);
    answer.status = Some(304);
    let kept = PageWrite {
        fetch: Some(answer),
        ..page(desk.run, URL)
    };
    desk.writer.record_page(kept).await.unwrap();
    assert_eq!(etag().as_deref(), Some("\"1\""));
    desk.writer.record_page(page(desk.run, URL)).await.unwrap();
    assert_eq!(etag(), None, "a 200 without one has none");
}

#[tokio::test]
async fn a_later_failure_never_touches_the_article() {
    let desk = desk().await;
    let first = desk
        .writer
        .record_page(story(desk.run, URL, "Told"))
        .await
        .unwrap();
    let before = desk.reader().article_by_url(URL).unwrap();
    let gone = PageWrite {
        outcome: Some(Outcome::Gone),
        ..page(desk.run, URL)
    };
    assert_eq!(desk.writer.record_page(gone).await.unwrap(), first);
    let reader = desk.reader();
    assert_eq!(reader.article_by_url(URL).unwrap(), before);
    let row = reader.page(URL).unwrap().unwrap();
    assert_eq!(
        (row.outcome, row.article_id),
        (Some(Outcome::Gone), first.article_id)
    );
}

#[tokio::test]
async fn a_redirected_page_points_to_the_article_it_led_to() {
    let desk = desk().await;
    let (from, to) = ("https://news.example/short", "https://news.example/long");
    let write = PageWrite {
        url: from.to_owned(),
        etag: Some("\"1\"".to_owned()),
        next_visit_at: Some(at(60)),
        ..story(desk.run, to, "Told")
    };
    let written = desk.writer.record_page(write).await.unwrap();
    let reader = desk.reader();
    let [queued, told] = [from, to].map(|url| reader.page(url).unwrap().unwrap());
    assert_eq!(
        (queued.outcome, queued.article_id),
        (Some(Outcome::Redirected), written.article_id)
    );
    assert_eq!(
        (queued.reason.as_deref(), queued.next_visit_at),
        (Some("to https://news.example/long"), None)
    );
    assert_eq!(
        (told.outcome, told.article_id),
        (Some(Outcome::Stored), written.article_id)
    );
    assert_eq!(
        (told.etag.as_deref(), told.next_visit_at),
        (Some("\"1\""), Some(at(60)))
    );
    assert_eq!(
        reader.article_by_url(to).unwrap().map(|a| a.id),
        written.article_id
    );
    assert_eq!(reader.article_by_url(from).unwrap(), None);
    assert!(reader.body_by_url(from).unwrap().is_some());
}

#[tokio::test]
async fn a_redirect_that_fails_for_now_keeps_the_first_address_queued() {
    let desk = desk().await;
    let retry = PageWrite {
        final_url: "https://news.example/long".to_owned(),
        outcome: None,
        ..page(desk.run, URL)
    };
    desk.writer.record_page(retry).await.unwrap();
    let reader = desk.reader();
    assert_eq!(reader.next_queued("paper", at(0), 0, 9).unwrap().len(), 1);
    assert_eq!(reader.page("https://news.example/long").unwrap(), None);
}

#[tokio::test]
async fn a_duplicate_points_to_the_article_that_was_first() {
    let desk = desk().await;
    let first = desk
        .writer
        .record_page(story(desk.run, URL, "Told"))
        .await
        .unwrap();
    let twin = PageWrite {
        outcome: Some(Outcome::Duplicate),
        article: ArticleChange::Known {
            article_id: first.article_id.unwrap(),
        },
        ..page(desk.run, "https://news.example/twin")
    };
    assert_eq!(desk.writer.record_page(twin).await.unwrap(), first);
    assert_eq!(number(&desk.client(), "select count(*) from articles"), 1);
}

#[tokio::test]
async fn equal_bytes_are_kept_once() {
    let desk = desk().await;
    let first = desk
        .writer
        .record_page(story(desk.run, URL, "Told"))
        .await
        .unwrap();
    desk.writer
        .record_page(revision(desk.run, URL, "Told", first))
        .await
        .unwrap();
    assert_eq!(number(&desk.client(), "select count(*) from bodies"), 1);
}

#[tokio::test]
async fn what_was_read_before_someone_else_wrote_is_refused_whole() {
    let desk = desk().await;
    let first = desk
        .writer
        .record_page(story(desk.run, URL, "One"))
        .await
        .unwrap();
    desk.writer
        .record_page(revision(desk.run, URL, "Two", first))
        .await
        .unwrap();
    let other = desk
        .writer
        .record_page(story(desk.run, "https://news.example/b", "Other"))
        .await
        .unwrap();
    let client = desk.client();
    let fetches = number(&client, "select count(*) from fetches");

    let stale = revision(desk.run, URL, "Three", first);
    let twice = story(desk.run, URL, "Again");
    let onto_another = revision(desk.run, URL, "Moved", other);
    for write in [stale, twice, onto_another] {
        let error = desk.writer.record_page(write).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Conflict { url } if url == URL),
            "{error}"
        );
        assert!(error.concerns_one_article());
    }
    let bare = PageWrite {
        body: None,
        ..story(desk.run, "https://news.example/c", "Bare")
    };
    assert!(matches!(
        desk.writer.record_page(bare).await,
        Err(StoreError::NoBody { .. })
    ));
    assert_eq!(
        number(&client, "select count(*) from fetches"),
        fetches,
        "rolled back with its exchange"
    );
    assert_eq!(number(&client, "select count(*) from article_history"), 1);
    index_is_sound(&client);
}

#[tokio::test]
async fn after_a_failed_transaction_the_writer_goes_on() {
    let desk = desk().await;
    let orphan = story(desk.run + 77, URL, "Of no run");
    let error = desk.writer.record_page(orphan).await.unwrap_err();
    assert!(
        error.to_string().contains(desk.path().to_str().unwrap()),
        "{error}"
    );
    assert_eq!(number(&desk.client(), "select count(*) from bodies"), 0);
    desk.writer
        .record_page(story(desk.run, URL, "Told"))
        .await
        .unwrap();
}

#[tokio::test]
async fn odd_values_never_cost_the_article() {
    let desk = desk().await;
    let mut write = story(desk.run, URL, "N\0UL");
    edit_article(&mut write, |a| {
        a.quality = f64::NAN;
        a.meta.published = Some("-0044-03-15".to_owned());
        a.meta.authors = vec!["A\0da".to_owned()];
        a.blocks[0].text = "be\0fore and after".to_owned();
        a.removed.push(Removal {
            category: Category::Donation,
            rule: "paper.toml:7".to_owned(),
            pattern: "^Support".to_owned(),
            text: "Sup\0port üs".to_owned(),
            position: 1,
            path: "div.appeal".to_owned(),
        });
    });
    desk.writer.record_page(write).await.unwrap();
    let client = desk.client();
    let row: (String, String, String, Option<String>, f64) = client
        .query_row(
            "select title, text, authors ->> 0, published_at, quality from articles",
            [],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)),
        )
        .unwrap();
    assert_eq!(
        row,
        ("NUL".into(), "before and after".into(), "Ada".into(), None, 0.0)
    );
    assert_eq!(
        number(&client, "select chars from removed where text = 'Support üs'"),
        10
    );
    assert_eq!(number(&client, "select story_id = id from articles"), 1);
}

#[tokio::test]
async fn a_closed_writer_leaves_one_file_and_refuses_more() {
    let desk = desk().await;
    let writer = desk.writer.clone();
    desk.writer
        .record_page(story(desk.run, URL, "Told"))
        .await
        .unwrap();
    writer.close().await.unwrap();
    let beside = std::fs::read_dir(desk.path().parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "no log beside the database");
    let error = desk.writer.record_page(page(desk.run, URL)).await.unwrap_err();
    assert!(matches!(error, StoreError::WriterGone { .. }));
    assert!(desk.reader().article_by_url(URL).unwrap().is_some());
}

#[test]
fn a_lock_that_another_program_holds_for_a_while_is_waited_for() {
    let busy = || -> rusqlite::Result<u32> {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        Err(rusqlite::Error::SqliteFailure(busy, None))
    };
    let path = std::path::Path::new("a.db");
    let mut asked = 0;
    let begun = super::patiently(path, || {
        asked += 1;
        if asked < 20 { busy() } else { Ok(asked) }
    });
    assert_eq!(begun.unwrap(), 20);
    // But not for ever, and nothing else is.
    let mut asked = 0;
    let given_up = super::patiently(path, || {
        asked += 1;
        busy()
    });
    assert!(given_up.is_err() && asked == super::LOCK_ATTEMPTS);
    let mut asked = 0;
    let failed = super::patiently(path, || -> rusqlite::Result<()> {
        asked += 1;
        Err(rusqlite::Error::InvalidQuery)
    });
    assert!(failed.is_err() && asked == 1);
}
