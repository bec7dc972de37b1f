//! `copydesk sites …`: rule files listed, shown, proved, and refused with every fault named.

use super::{FERRY, PAPER, crawled, desk};
use crate::desk::Desk;

/// A capture folder with the story.
fn pages(desk: &Desk) {
    desk.file(
        "pages/manifest.jsonl",
        "{\"id\":\"ferry\",\"url\":\"http://paper.example/news/ferry\"}\n",
    );
    desk.file("pages/pages/ferry.html", FERRY);
}

#[test]
fn a_site_of_ones_own_stands_beside_the_built_in_ones() {
    let desk = desk();
    desk.run(&["sites", "list"])
        .quiet()
        .says("paper.example  1 layouts, 2 strips, 1 checks")
        .says("huffpost");
    let listed = desk.run(&["sites", "list", "--json"]).quiet().json();
    let ids: Vec<&str> = listed["sites"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"paper") && ids.contains(&"huffpost"), "{ids:?}");
    assert!(ids.is_sorted());
}

#[test]
fn rules_are_shown_as_written_and_ones_own_go_before_the_built_in() {
    let desk = desk();
    desk.run(&["sites", "show", "paper"])
        .quiet()
        .says(PAPER.trim_end());
    desk.run(&["sites", "show", "huffpost"])
        .quiet()
        .says("# huffpost.toml (built in)");
    let shown = desk.run(&["sites", "show", "paper", "--json"]).quiet().json();
    assert_eq!(
        (&shown["id"], &shown["files"][0]["text"]),
        (&"paper".into(), &PAPER.into())
    );
    let own = "name = \"My HuffPost\"\nhosts = [\"huffpost.com\"]";
    desk.file("sites/huffpost.toml", own);
    desk.run(&["sites", "show", "huffpost.com"]).quiet().says(own);
    desk.run(&["sites", "show", "nowhere"])
        .exits(2)
        .warns("create sites/nowhere.toml");
}

#[test]
fn the_schema_is_json_and_knows_the_keys() {
    let schema = Desk::new().run(&["sites", "schema"]).quiet().json();
    for key in ["name", "hosts", "discover", "crawl", "layout", "strip", "check"] {
        assert!(schema["properties"].get(key).is_some(), "no {key}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn checks_that_hold_pass() {
    let desk = desk();
    pages(&desk);
    desk.run(&["sites", "check", "paper", "--pages", "pages"])
        .quiet()
        .prints("1 passed, 0 failed, 0 without a page\n");
    let json = desk
        .run(&["sites", "check", "paper", "--pages", "pages", "--json"])
        .quiet()
        .json();
    assert_eq!((&json["passed"], &json["failed"]), (&1.into(), &0.into()));
}

#[test]
fn checks_are_proved_on_the_stored_pages_where_no_folder_is_named() {
    crawled()
        .run(&["sites", "check", "paper"])
        .quiet()
        .prints("1 passed, 0 failed, 0 without a page\n");
}

#[test]
fn a_check_that_fails_says_what_and_where_and_needs_a_person() {
    let rules = PAPER
        .replace("\"Ida Brandt\"", "\"Someone Else\"")
        .replace("\"Tickets\"", "\"Tickets\", \"Penguins\"")
        .replace("\"Give now\"", "\"Bicycles go free\"")
        .replace("blocks   = 5", "blocks   = 6");
    let desk = Desk::new().site("paper", &rules);
    pages(&desk);
    let told = desk.run(&["sites", "check", "paper", "--pages", "pages"]);
    told.exits(1)
        .says("paper.toml:23: http://paper.example/news/ferry")
        .says("Someone Else")
        .says("the text lacks “Penguins”")
        .says("the text contains “Bicycles go free”")
        .says("the text has 5 blocks, not 6");
    assert_eq!(
        told.stdout.lines().last(),
        Some("0 passed, 1 failed, 0 without a page")
    );
}

#[test]
fn a_check_without_its_page_is_counted() {
    let desk = desk();
    let told = desk.run(&["sites", "check", "paper"]);
    told.quiet()
        .says("paper.toml:23: no page for http://paper.example/news/ferry\n")
        .says("copydesk capture URL --into DIR");
    assert!(told.stdout.ends_with("\n0 passed, 0 failed, 1 without a page\n"));
    let json = desk.run(&["sites", "check", "paper", "--json"]).json();
    assert_eq!(json["missing"][0]["url"], "http://paper.example/news/ferry");
    desk.file("pages/manifest.jsonl", "");
    // Where a folder is named, the page is expected to be in it.
    desk.run(&["sites", "check", "paper", "--pages", "pages"])
        .exits(1)
        .says("0 passed, 0 failed, 1 without a page\n");
}

#[test]
fn an_empty_rule_file_is_shown_as_other_faults_are() {
    let desk = desk();
    desk.file("sites/empty.toml", "");
    desk.run(&["sites", "list"])
        .exits(2)
        .warns("error: name: the file needs `name`")
        .warns("--> sites/empty.toml:1:1")
        .warns("help: write it at the top, as name =")
        .warns("2 faults in 1 rule file; nothing was done");
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let desk = desk();
    desk.run(&["sites", "check", "--pages", "nowhere"])
        .exits(2)
        .warns("nowhere/manifest.jsonl");
    desk.file("pages/manifest.jsonl", "{\"id\":\"a\"}\n");
    desk.run(&["sites", "check", "--pages", "pages"])
        .exits(2)
        .warns("pages/manifest.jsonl:1:");
}

#[test]
fn every_fault_of_every_rule_file_is_named_in_one_run() {
    let desk = Desk::new()
        .site("one", "name = \"One\"\nhosts = [\"one.example\"]\n[[layout]]\nname = \"a\"\nbody = \"div[\"\n")
        .site("two", "name = \"Two\"\nhosts = [\"two.example\"]\n\n[[strip]]\ncategory = \"donation\"\nselct = \".x\"\n")
        .site("three", "name = \"Three\"\nhosts = [\n");
    let told = desk.run(&["sites", "check"]);
    told.exits(2)
        .warns("one.toml:5:8")
        .warns("two.toml:6:1")
        .warns("selct")
        .warns("select")
        .warns("three.toml:")
        .warns("3 rule files")
        .prints("");
}
