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
fn what_it_says_to_try_works() {
    if Command::new("sqlite3").arg("--version").output().is_err() {
        eprintln!("skipped: no sqlite3 on this machine");
        return;
    }
    let desk = Desk::new();
    let told = desk.run(&["demo"]);
    let queries = queries(&told.quiet().stdout);
    assert_eq!(queries.len(), 3);
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
