//! What a service manager and a rule author do to a watch: signals, a second crawl, broken files.

use crate::crawl::{PAPER, page, paper};
use crate::desk::{Desk, rss};
use crate::faults::{Gate, Reply};

#[test]
fn a_crawl_beside_a_watch_steps_aside_with_one_line() {
    let desk = paper(&["pier"]);
    let mut watch = desk.start_watch(&["-v"]);
    watch.hears("paper: 1 new");
    let second = desk.crawl(&[]);
    second.well().warns("another crawl is at work").prints("");
    assert_eq!(second.stderr.lines().count(), 1);
    watch.terminate();
    watch.end().well();
    // The watch has gone: it is the crawl's turn.
    desk.crawl(&[]).quiet();
}

#[test]
fn a_terminated_watch_stores_what_is_in_flight_and_the_next_one_goes_on() {
    let gate = Gate::shut();
    let desk = paper(&["pier", "tram", "clock"]);
    desk.web()
        .put("paper.example/news/tram", Reply::page(page("tram")).behind(&gate));
    let mut watch = desk.start_watch(&["--json"]);
    desk.web().wait_for("/news/tram");
    watch.terminate();
    watch.hears("ending: pages in flight are finished");
    gate.open();
    let done = watch.end().well().json();
    assert_eq!((&done["turns"], &done["new_articles"]), (&1.into(), &2.into()));
    assert_eq!(
        desk.sql("select interrupted, exit_code, finished_at is not null from runs"),
        ["1 | 0 | 1"]
    );
    let mut watch = desk.start_watch(&["-v"]);
    watch.hears("paper: 1 new");
    watch.terminate();
    watch.end().well();
    assert_eq!(desk.articles().len(), 3);
    let mut asked = desk.web().paths();
    asked.retain(|path| path.starts_with("/news/"));
    assert_eq!(asked, ["/news/pier", "/news/tram", "/news/clock"]);
}

#[test]
fn a_broken_rule_file_leaves_the_last_good_set_in_force_and_a_mended_one_is_picked_up() {
    let desk = paper(&["pier"]);
    let mut watch = desk.start_watch(&["-v"]);
    watch.hears("paper: 1 new");
    desk.file("sites/paper.toml", PAPER.replace("body", "bdy"));
    watch.signal("HUP");
    watch.hears("the last good set stays in force");
    watch.hears("sites/paper.toml:10");
    watch.hears("did you mean");
    let second = "paper.example/second";
    desk.web().put(second, rss(&["paper.example/news/tram"]));
    desk.web()
        .put("paper.example/news/tram", Reply::page(page("tram")));
    let mended = PAPER.replace("/feed\"", "/feed\", \"http://paper.example/second\"");
    desk.file("sites/paper.toml", mended);
    watch.signal("HUP");
    watch.hears("mended and in force again: 1 file over the built-in ones from sites; 1 site");
    // The new listing is not kept waiting for the old one's time.
    desk.web().wait_for("/news/tram");
    watch.terminate();
    watch.end().well();
    assert_eq!(desk.articles().len(), 2);
}

#[test]
fn a_rule_directory_made_later_is_taken_in_and_what_was_read_is_said() {
    let desk = Desk::new().serve([("own.example/feed", rss(&["own.example/news/pier"]))]);
    std::fs::remove_dir(desk.dir().join("sites")).unwrap();
    desk.file("copydesk.toml", "disk-floor = '1 B'\n");
    desk.web().put("own.example/news/pier", Reply::page(page("pier")));
    let mut watch = desk.start_watch(&["-v", "huffpost"]);
    watch.hears("watching 1 site;");
    watch.signal("HUP");
    watch.hears("the rule files are as they were: 0 files over the built-in ones from sites; 1 site");
    let rules = PAPER
        .replace("paper.example", "own.example")
        .replace("*.own.example", "huffpost.com");
    desk.file("sites/huffpost.toml", rules);
    watch.signal("HUP");
    watch.hears("changed rule files are in force: 1 file over the built-in ones from sites; 1 site");
    desk.web().wait_for("/news/pier");
    watch.terminate();
    watch.end().well();
}

#[test]
fn a_watch_that_cannot_start_says_why() {
    let desk = paper(&["pier"]).site("broken", "name = 'Broken'\nhots = ['broken.example']\n");
    desk.start_watch(&[]).end().exits(2).warns("broken.toml:2:1");
    let desk = paper(&["pier"]);
    desk.run(&["watch", "nowhere.example"])
        .exits(2)
        .warns("create sites/nowhere.example.toml");
    assert!(!desk.db().exists());
}

#[test]
fn rules_that_change_during_a_sites_turn_are_used_right_after_it() {
    let gate = Gate::shut();
    let desk = paper(&["pier"]);
    desk.web()
        .put("paper.example/news/pier", Reply::page(page("pier")).behind(&gate));
    let mut watch = desk.start_watch(&["-v"]);
    desk.web().wait_for("/news/pier");
    desk.web()
        .put("paper.example/second", rss(&["paper.example/news/tram"]));
    desk.web()
        .put("paper.example/news/tram", Reply::page(page("tram")));
    let changed = PAPER.replace("/feed\"", "/feed\", \"http://paper.example/second\"");
    desk.file("sites/paper.toml", changed);
    watch.signal("HUP");
    watch.hears("changed rule files are in force");
    gate.open();
    desk.web().wait_for("/news/tram");
    watch.terminate();
    watch.end().well();
}

#[test]
fn a_watch_whose_database_fails_ends_its_day() {
    let gate = Gate::shut();
    let desk = paper(&["pier"]);
    desk.web()
        .put("paper.example/news/pier", Reply::page(page("pier")).behind(&gate));
    let watch = desk.start_watch(&[]);
    desk.web().wait_for("/news/pier");
    desk.change("create trigger broken before insert on articles begin select raise(abort, 'no'); end");
    gate.open();
    watch.end().exits(2).warns("could not record a page");
    assert_eq!(
        desk.sql("select finished_at is not null, interrupted, exit_code from runs"),
        ["1 | 0 | 2"]
    );
}
