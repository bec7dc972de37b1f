//! `copydesk sites check --watch`: a real process, and real saves.

use super::{FERRY, PAPER};
use crate::desk::Desk;

/// Saves as editors do: beside it, then in its place.
fn save(desk: &Desk, rules: &str) {
    let aside = desk.file("sites/paper.toml~", rules);
    std::fs::rename(aside, desk.dir().join("sites/paper.toml")).unwrap();
}

#[test]
fn each_save_is_checked_a_broken_file_is_survived_and_ctrl_c_ends_well() {
    let desk = Desk::new().site("paper", PAPER);
    desk.file(
        "pages/manifest.jsonl",
        "{\"id\":\"ferry\",\"url\":\"http://paper.example/news/ferry\"}\n",
    );
    desk.file("pages/pages/ferry.html", FERRY);
    let mut running = desk.start(&["sites", "check", "paper", "--pages", "pages", "--watch"]);
    running.hears("round 1 done");
    save(&desk, &PAPER.replace("body       =", "boddy      ="));
    running.hears("paper.toml:9:1");
    running.hears("round 2 done");
    save(&desk, &PAPER.replace("\"Ida Brandt\"", "\"Someone Else\""));
    running.hears("round 3 done");
    // As some editors do: into the file itself.
    desk.file("sites/paper.toml", PAPER);
    running.hears("round 4 done");
    running.interrupt();
    let told = running.end();
    told.well().says("Someone Else");
    let ends: Vec<&str> = told
        .stdout
        .lines()
        .filter(|l| l.ends_with("without a page"))
        .collect();
    assert_eq!(
        ends,
        [
            "1 passed, 0 failed, 0 without a page",
            "0 passed, 1 failed, 0 without a page",
            "1 passed, 0 failed, 0 without a page"
        ]
    );
}

#[test]
fn where_there_is_nothing_to_watch_it_says_what_to_do() {
    let desk = Desk::new();
    std::fs::remove_dir(desk.dir().join("sites")).unwrap();
    desk.run(&["sites", "check", "--watch"])
        .exits(2)
        .warns("name one with --sites");
}
