//! What may happen to a run: a second one, a signal, a kill, a database that is not ours.

use std::collections::HashMap;

use copydesk::store::APPLICATION_ID;
use rusqlite::Connection;

use super::{page, paper};
use crate::desk::Desk;
use crate::faults::{Gate, Reply};

const SUBJECTS: [&str; 5] = ["pier", "tram", "clock", "lamp", "bridge"];

/// A paper whose third story is held back until the gate is opened.
fn held() -> (Desk, Gate) {
    let gate = Gate::shut();
    let desk = paper(&SUBJECTS);
    desk.web().put(
        "paper.example/news/clock",
        Reply::page(page("clock")).behind(&gate),
    );
    (desk, gate)
}

fn times_asked(desk: &Desk) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for path in desk.web().paths() {
        *times.entry(path).or_default() += 1;
    }
    times
}

/// The file is sound, and its search index says what its articles say.
fn is_sound(desk: &Desk) {
    assert_eq!(desk.sql("pragma integrity_check"), ["ok"]);
    assert!(desk.sql("pragma foreign_key_check").is_empty());
    desk.change("insert into articles_fts(articles_fts, rank) values ('integrity-check', 1)");
    let found = desk.sql("select count(*) from articles_fts where articles_fts match 'harbour'");
    assert_eq!(found, [desk.articles().len().to_string()]);
}

#[test]
fn a_second_crawl_of_the_same_file_steps_aside() {
    let (desk, gate) = held();
    let first = desk.start_crawl(&[]);
    desk.web().wait_for("/news/clock");
    let asked = desk.web().paths().len();
    let second = desk.crawl(&[]);
    second.well().warns("another crawl is at work").prints("");
    assert_eq!(second.stderr.lines().count(), 1);
    desk.crawl(&["-q"]).quiet();
    assert_eq!(desk.web().paths().len(), asked);
    gate.open();
    first.end().quiet();
    assert_eq!(desk.articles().len(), SUBJECTS.len());
}

#[test]
fn a_terminated_run_stores_what_is_in_flight_and_the_next_one_goes_on() {
    let (desk, gate) = held();
    let mut run = desk.start_crawl(&["--json"]);
    desk.web().wait_for("/news/clock");
    run.terminate();
    run.hears("ending: pages in flight are finished");
    gate.open();
    let summary = run.end().well().json();
    assert_eq!(summary["interrupted"], true);
    assert_eq!(
        desk.sql("select interrupted, exit_code, finished_at is not null from runs"),
        ["1 | 0 | 1"]
    );
    assert_eq!(desk.articles().len(), 3);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), SUBJECTS.len());
    for subject in SUBJECTS {
        assert_eq!(times_asked(&desk)[&format!("/news/{subject}")], 1, "{subject}");
    }
    is_sound(&desk);
}

#[test]
fn a_killed_run_loses_only_the_page_in_flight() {
    let (desk, gate) = held();
    let run = desk.start_crawl(&[]);
    desk.web().wait_for("/news/clock");
    run.kill();
    gate.open();
    assert_eq!(
        desk.articles(),
        ["paper.example/news/pier", "paper.example/news/tram"]
    );
    is_sound(&desk);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), SUBJECTS.len());
    let times = times_asked(&desk);
    for subject in SUBJECTS {
        let expected = if subject == "clock" { 2 } else { 1 };
        assert_eq!(times[&format!("/news/{subject}")], expected, "{subject}");
    }
    is_sound(&desk);
    assert_eq!(
        desk.sql("select finished_at is null, exit_code from runs order by id"),
        ["1 | -", "0 | 0"]
    );
}

/// Runs a crawl against a file that must be left as it is.
fn is_refused(desk: &Desk, why: &str) {
    let before = std::fs::read(desk.db()).unwrap();
    desk.crawl(&[]).exits(2).warns(why).warns("copydesk.db");
    assert!(
        std::fs::read(desk.db()).unwrap() == before,
        "the file was written to"
    );
    assert!(desk.web().paths().is_empty());
}

/// An empty database in the place of the desk's.
fn database(desk: &Desk) -> Connection {
    std::fs::create_dir(desk.db().parent().unwrap()).unwrap();
    Connection::open(desk.db()).unwrap()
}

#[test]
fn a_database_that_is_not_ours_is_not_touched() {
    let desk = paper(&["pier"]);
    let theirs = database(&desk);
    theirs
        .execute_batch("create table recipes (name text); insert into recipes values ('soup');")
        .unwrap();
    drop(theirs);
    is_refused(&desk, "is a database of another program");
}

#[test]
fn a_text_in_the_databases_place_is_not_touched() {
    let desk = paper(&["pier"]);
    desk.file(
        "data/copydesk.db",
        "Dear diary, today I went to the harbour. ".repeat(200),
    );
    is_refused(&desk, "is not a SQLite database");
}

#[test]
fn a_database_of_a_newer_copydesk_is_not_touched() {
    let desk = paper(&["pier"]);
    let newer = database(&desk);
    newer
        .execute_batch(&format!(
            "create table articles (id integer); pragma application_id = {APPLICATION_ID}; pragma user_version = 9999;"
        ))
        .unwrap();
    drop(newer);
    is_refused(&desk, "update copydesk");
}

#[test]
fn an_article_that_somebody_else_changes_while_its_page_is_read_holds_up_no_other() {
    let desk = paper(&["pier", "tram"]);
    desk.crawl(&[]).quiet();
    for subject in ["pier", "tram"] {
        let corrected = page(subject).replace("A new", "A mended");
        desk.web()
            .put(&format!("paper.example/news/{subject}"), Reply::page(corrected));
    }
    // Between the look at the article and the writing of its new version.
    desk.change(
        "create trigger meddler after insert on fetches when new.url like '%/news/pier' begin
           update articles set version = version + 1, versions = versions + 1 where url like '%/news/pier'; end",
    );
    desk.crawl(&["--refresh"]).warns("/news/pier");
    let titles = "select title, version from articles order by 1";
    assert_eq!(desk.sql(titles), ["A mended tram | 2", "A new pier | 1"]);
    assert!(desk.outcome("paper.example/news/pier").starts_with("failed: "));
    let again = "select count(*) from pages where url like '%/news/pier' and next_visit_at is not null";
    assert_eq!(desk.sql(again), ["1"], "it is never looked at again");
    desk.change("drop trigger meddler");
    desk.crawl(&["--refresh"]).quiet();
    assert_eq!(desk.sql(titles), ["A mended pier | 2", "A mended tram | 2"]);
    is_sound(&desk);
}
