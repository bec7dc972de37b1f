//! `copydesk extract` on one page.

use super::{FERRY, FERRY_TEXT, crawled, desk, gzip};
use crate::desk::Desk;
use crate::faults::Reply;

#[test]
fn the_text_of_a_file_is_printed_by_the_rules_of_its_own_address() {
    desk()
        .run(&["extract", "ferry.html"])
        .quiet()
        .prints(&format!("{FERRY_TEXT}\n"));
}

#[test]
fn standard_input_and_packed_files_are_read_as_well() {
    let desk = desk();
    let whole = format!("{FERRY_TEXT}\n");
    desk.pipe(&["extract", "-"], FERRY).quiet().prints(&whole);
    desk.pipe(&["extract", "-"], gzip(FERRY)).quiet().prints(&whole);
    desk.file("ferry.html.gz", gzip(FERRY));
    desk.run(&["extract", "ferry.html.gz"]).quiet().prints(&whole);
}

#[test]
fn markdown_has_title_subtitle_and_marks() {
    desk()
        .run(&["extract", "ferry.html", "--format", "markdown"])
        .quiet()
        .prints(
            "# The ferry sails again\n\n*It had rusted for nine years.*\n\n\
         SALTMERE — The ferry sailed on Sunday with every cabin taken, its owner said.\n\n\
         ## Tickets\n\n- A berth costs twelve crowns.\n- Bicycles go free.\n\n\
         > “It is in the timetable, in small print.”\n",
        );
}

#[test]
fn json_is_the_object_of_the_bulk_command() {
    let desk = desk();
    let one = desk
        .run(&["extract", "ferry.html", "--format", "json"])
        .quiet()
        .json();
    assert_eq!(one["text"], FERRY_TEXT);
    assert_eq!(one["title"], "The ferry sails again");
    assert_eq!(one["subtitle"], "It had rusted for nine years.");
    assert_eq!(one["authors"], serde_json::json!(["Ida Brandt"]));
    assert_eq!(one["published"], "2026-11-13T10:30:00Z");
    assert_eq!(one["outcome"], "stored");
    assert_eq!((&one["site"], &one["layout"]), (&"paper".into(), &"now".into()));
    let many = desk.pipe(&["extract", "--jsonl"], "{\"path\":\"ferry.html\"}\n");
    assert_eq!(many.quiet().json_lines(), [one]);
}

#[test]
fn the_address_or_the_site_can_be_said_and_the_rules_left_out() {
    let desk = Desk::new().site("paper", super::PAPER);
    let nameless = FERRY.replace(
        "<link rel=canonical href=\"http://paper.example/news/ferry\">",
        "",
    );
    desk.file("page.html", nameless);
    let site = |args: &[&str]| {
        let mut all = vec!["extract", "page.html", "--format", "json"];
        all.extend(args);
        let json = desk.run(&all).well().json();
        json["site"].clone()
    };
    assert_eq!(site(&[]), serde_json::Value::Null);
    assert_eq!(site(&["--url", "http://paper.example/news/ferry"]), "paper");
    assert_eq!(site(&["--site", "paper"]), "paper");
    let generic = ["--url", "http://paper.example/news/ferry", "--generic"];
    assert_eq!(site(&generic), serde_json::Value::Null);
}

#[test]
fn a_page_from_the_web_is_asked_for_with_manners_and_not_stored() {
    let desk = desk().serve([
        ("paper.example/news/ferry", Reply::page(FERRY)),
        (
            "paper.example/robots.txt",
            Reply::robots("User-agent: *\nDisallow: /members\n"),
        ),
    ]);
    let proxy = desk.web().proxy().to_string();
    desk.run(&["extract", "http://paper.example/news/ferry", "--proxy", &proxy])
        .quiet()
        .prints(&format!("{FERRY_TEXT}\n"));
    assert_eq!(desk.web().paths(), ["/robots.txt", "/news/ferry"]);
    desk.run(&["extract", "http://paper.example/members", "--proxy", &proxy])
        .exits(2)
        .warns("forbids");
    assert!(!desk.web().paths().contains(&"/members".to_owned()));
    assert!(!desk.db().exists());
}

#[test]
fn private_addresses_are_refused_unless_allowed() {
    let desk = desk().serve([("/page", Reply::page(FERRY))]);
    let page = desk.web().url("/page").to_string();
    desk.run(&["extract", &page]).exits(2).warns("--allow-private");
    assert!(desk.web().paths().is_empty());
    desk.run(&["extract", &page, "--allow-private", "--site", "paper"])
        .well()
        .says("every cabin taken");
}

#[test]
fn a_result_never_depends_on_a_file_in_the_working_directory() {
    let desk = crawled();
    let with = desk.run(&["extract", "ferry.html", "--format", "json"]);
    std::fs::remove_dir_all(desk.db().parent().unwrap()).unwrap();
    desk.run(&["extract", "ferry.html", "--format", "json"])
        .quiet()
        .prints(&with.stdout);
}

#[test]
fn what_is_no_story_is_told_and_what_cannot_be_read_is_refused() {
    let desk = desk();
    desk.file("plan.html", "%PDF-1.7\n1 0 obj\n");
    desk.run(&["extract", "plan.html"])
        .exits(1)
        .warns("not-html")
        .prints("");
    let json = desk
        .run(&["extract", "plan.html", "--format", "json"])
        .well()
        .json();
    assert_eq!(json["outcome"], "not-html");
    desk.run(&["extract", "nowhere.html"])
        .exits(2)
        .warns("nowhere.html");
    desk.run(&["extract", "ferry.html", "--site", "nowhere"])
        .exits(2)
        .warns("create sites/nowhere.toml");
    desk.run(&["extract"]).exits(2);
    desk.run(&["extract", "ferry.html", "--jsonl"]).exits(2);
}

#[test]
fn whoever_names_another_kind_of_file_is_told_the_command_for_it() {
    let desk = desk();
    let warc = "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n";
    desk.file("pages", warc);
    desk.file("pages.warc.gz", gzip(warc));
    for name in ["pages", "pages.warc.gz"] {
        desk.run(&["extract", name])
            .exits(2)
            .warns(&format!("copydesk ingest {name}"));
    }
    desk.file("plain.txt", "A story that someone else scraped.\n");
    desk.run(&["extract", "plain.txt"])
        .exits(1)
        .warns("not-html")
        .warns("copydesk clean");
}
