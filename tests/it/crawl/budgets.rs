//! What a run may take: budgets of a site and of the run, and the room on the disk.

use super::{PAPER, paper};
use crate::desk::rss;

const SUBJECTS: [&str; 4] = ["pier", "tram", "clock", "lamp"];

#[test]
fn a_site_at_the_end_of_its_budget_is_left_and_the_next_run_goes_on() {
    let rules = format!("{PAPER}\n[crawl]\nmax-requests = 5\n");
    let desk = paper(&SUBJECTS).site("paper", &rules);
    let told = desk.crawl(&["--json"]);
    let summary = told.well().warns("max-requests = 5 of sites/paper.toml").json();
    assert_eq!(desk.web().paths().len(), 5);
    assert_eq!(summary["sites"][0]["requests"], 5);
    assert!(summary["sites"][0]["stopped_by"].is_string());
    assert_eq!(desk.articles().len(), 2);
    // robots.txt and tdmrep.json are known, the feed is asked, four requests are left for two stories. That a budget ends
    // a run is no news any more.
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), 4);
    assert_eq!(desk.sql("select stopped_by from site_schedule"), ["-"]);
}

#[test]
fn what_ends_each_run_is_said_once() {
    let rules = format!("{PAPER}\n[crawl]\nmax-requests = 3\n");
    let desk = paper(&SUBJECTS).site("paper", &rules);
    // robots.txt, the feed, then tdmrep.json with the first story: what is begun is finished.
    desk.crawl(&[]).well().warns("raise it if the queue grows");
    // The feed and two more of the four stories.
    desk.crawl(&[]).quiet();
    assert_eq!((desk.web().paths().len(), desk.articles().len()), (7, 3));
    assert_ne!(desk.sql("select stopped_by from site_schedule"), ["-"]);
}

#[test]
fn bytes_and_time_are_budgets_too() {
    for (key, value) in [("max-bytes", "1 B"), ("max-time", "1ns")] {
        let rules = format!("{PAPER}\n[crawl]\n{key} = '{value}'\n");
        let desk = paper(&SUBJECTS).site("paper", &rules);
        desk.crawl(&[]).well().warns(key);
        assert!(desk.articles().is_empty(), "{key}");
    }
}

#[test]
fn the_run_has_a_budget_of_its_own() {
    let other = PAPER.replace("paper.example", "other.example");
    let desk = paper(&SUBJECTS).site("other", &other);
    desk.web().put("other.example/feed", rss(&[]));
    desk.file("copydesk.toml", "max-requests = 3\n");
    let told = desk.crawl(&[]);
    told.well().warns("the run reached max-requests = 3");
    assert_eq!(told.stderr.lines().count(), 1);
    // Two sites may each have a request in flight when it is reached.
    assert!(desk.web().paths().len() <= 4, "{:?}", desk.web().paths());
}

#[test]
fn a_disk_that_is_nearly_full_ends_the_run_before_it_asks_and_needs_a_person() {
    let desk = paper(&SUBJECTS);
    desk.file("copydesk.toml", "disk-floor = '4096 PiB'\n");
    let told = desk.crawl(&[]);
    told.exits(1).warns("less than the floor of").warns("make room");
    assert_eq!(told.stderr.lines().count(), 1);
    assert!(desk.web().paths().is_empty());
    assert_eq!(
        desk.sql("select exit_code, finished_at is not null from runs"),
        ["1 | 1"]
    );
    desk.file("copydesk.toml", "");
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), 4);
}
