//! `copydesk demo`: works with no network, begins anew each time, deletes nothing of anyone's.

use std::process::Command;

use super::crawled;
use crate::desk::Desk;

/// The commands that it prints for people to try.
fn queries(stdout: &str) -> Vec<&str> {
    stdout
        .lines()
        .map(str::trim)
        .filter(|l| l.starts_with("sqlite3 "))
        .collect()
}

#[test]
fn the_sample_is_crawled_twice_and_begins_anew_each_time() {
    let desk = Desk::new();
    let first = desk.run(&["demo"]);
    first
        .quiet()
        .says("First crawl: 14 articles stored")
        .says("Second crawl, a day later: 0 new, 1 revised, 13 unchanged")
        .says("is now version 2");
    let again = desk.run(&["demo"]);
    again.quiet().prints(&first.stdout);
}

#[test]
fn an_appeal_that_no_rule_knows_goes_by_repetition_and_a_quotation_in_two_stories_stays() {
    let desk = Desk::new();
    desk.run(&["demo", "--db", "data/copydesk.db"])
        .quiet()
        .says("stands in 5 of 5 articles: “The Lowland Post is paid for by")
        .says("4 texts that were stored before it was learned still hold it: `copydesk reextract`");
    let removed = desk
        .sql("select version, rule, pattern, substr(text, 1, 24) from removed where category = 'repeated'");
    assert_eq!(
        removed,
        ["2 | memory | in 5 of 5 articles | The Lowland Post is paid"]
    );
    let holding = |words: &str| {
        let query = format!(
            "select version from article_versions where instr(text, '{words}') and url like '%/water/%' order by 1"
        );
        desk.sql(&query)
    };
    // Both editions of one story, and another story.
    assert_eq!(
        holding("We move 900 million litres a year uphill"),
        ["1", "1", "2"]
    );
    assert_eq!(holding("paid for by 4,112 neighbours"), ["1", "1"]);
}

#[test]
fn what_it_says_to_try_works() {
    if Command::new("sqlite3").arg("--version").output().is_err() {
        eprintln!("skipped: no sqlite3 on this machine");
        return;
    }
    let desk = Desk::new();
    let told = desk.run(&["demo"]);
    let queries = queries(&told.quiet().stdout);
    assert_eq!(queries.len(), 3);
    // A block of an article that was revised counts once.
    let counted = queries[1].split('"').nth(1).unwrap();
    let demo = rusqlite::Connection::open(desk.dir().join("data/demo.db")).unwrap();
    let count = |query: &str| -> i64 { demo.query_row(query, [], |r| r.get(0)).unwrap() };
    assert_eq!(
        count(&format!("select sum(blocks) from ({counted})")),
        count(
            "select count(*) from removed r where version = (select version from articles where id = r.article_id)"
        )
    );
    assert!(count("select count(*) from article_changes") > 0);
    for query in queries {
        let out = Command::new("sh")
            .args(["-c", query])
            .current_dir(desk.dir())
            .output()
            .unwrap();
        let rows = String::from_utf8_lossy(&out.stdout);
        let trouble = String::from_utf8_lossy(&out.stderr);
        assert!(
            out.status.success() && trouble.is_empty() && !rows.is_empty(),
            "{query}\n{rows}\n{trouble}"
        );
    }
}

#[test]
fn a_database_with_other_sites_is_not_deleted() {
    let desk = crawled();
    let before = desk.sql("select * from articles");
    desk.run(&["demo", "--db", "data/copydesk.db"])
        .exits(2)
        .warns("holds pages of paper");
    assert_eq!(desk.sql("select * from articles"), before);
}

#[test]
fn a_file_that_is_no_database_is_not_deleted() {
    let desk = Desk::new();
    let diary = desk.file("data/demo.db", "Dear diary.");
    desk.run(&["demo"]).exits(2).warns("demo.db");
    assert_eq!(std::fs::read(diary).unwrap(), b"Dear diary.");
}

#[test]
fn programs_get_both_runs_as_json() {
    let json = Desk::new().run(&["demo", "--json"]).quiet().json();
    assert_eq!(json["first"]["new_articles"], 14);
    assert_eq!(json["second"]["revised"], 1);
}
