//! `copydesk capture`: pages as fetched, for rule work; politely, and never over an earlier one.

use super::{FERRY, FERRY_TEXT, PAPER};
use crate::desk::Desk;
use crate::faults::Reply;

/// A desk whose web has two stories, a page that robots.txt forbids, one that is gone, and a redirect.
fn web() -> Desk {
    let story = ["Content-Type: text/html; charset=utf-8", "Set-Cookie: id=1"];
    Desk::new().site("paper", PAPER).serve([
        (
            "paper.example/robots.txt",
            Reply::robots("User-agent: *\nDisallow: /private/\n"),
        ),
        ("paper.example/news/ferry", Reply::status(200, &story, FERRY)),
        (
            "paper.example/wall",
            Reply::status(200, &["Content-Type: application/pdf"], "%PDF-1.7"),
        ),
        ("paper.example/old", Reply::redirect(301, "/news/ferry")),
    ])
}

fn capture(desk: &Desk, args: &[&str]) -> crate::desk::Told {
    let proxy = desk.web().proxy().to_string();
    let mut all = vec!["capture", "--into", "pages", "--proxy", &proxy];
    all.extend(args);
    desk.run(&all)
}

fn manifest(desk: &Desk) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(desk.dir().join("pages/manifest.jsonl")).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn a_page_is_saved_as_it_came_and_every_reader_of_folders_reads_it() {
    let desk = web();
    capture(&desk, &["http://paper.example/old"])
        .quiet()
        .says("saved paper.example-news-ferry-")
        .says("1 saved, 0 failed, in ");
    let rows = manifest(&desk);
    let row = &rows[0];
    assert_eq!(row["url"], "http://paper.example/news/ferry");
    assert_eq!(row["requested_url"], "http://paper.example/old");
    assert_eq!(
        (&row["status"], &row["content_type"]),
        (&200.into(), &"text/html; charset=utf-8".into())
    );
    assert_eq!(row["headers"]["content-type"], "text/html; charset=utf-8");
    assert!(row["headers"].get("set-cookie").is_none());
    assert_eq!(
        row["fetched"].as_str().unwrap().len(),
        "2026-11-25T19:00:00Z".len()
    );
    let path = format!("pages/pages/{}.html.gz", row["id"].as_str().unwrap());
    desk.run(&["extract", &path])
        .quiet()
        .prints(&format!("{FERRY_TEXT}\n"));
    desk.run(&["sites", "check", "paper", "--pages", "pages"])
        .quiet()
        .says("1 passed, 0 failed, 0 without a page");
    let request = format!("{{\"id\":1,\"url\":{},\"path\":\"{path}\"}}\n", row["url"]);
    let many = desk.pipe(&["extract", "--jsonl"], request);
    assert_eq!(many.quiet().json_lines()[0]["text"], FERRY_TEXT);
}

#[test]
fn a_page_captured_again_stands_beside_the_first() {
    let desk = web();
    capture(&desk, &["http://paper.example/news/ferry"]).quiet();
    let first = manifest(&desk)[0]["id"].as_str().unwrap().to_owned();
    let bytes = std::fs::read(desk.dir().join(format!("pages/pages/{first}.html.gz"))).unwrap();
    capture(&desk, &["http://paper.example/news/ferry"]).quiet();
    let rows = manifest(&desk);
    assert_eq!(rows.len(), 2);
    assert_ne!(rows[0]["id"], rows[1]["id"]);
    assert_eq!(
        bytes,
        std::fs::read(desk.dir().join(format!("pages/pages/{first}.html.gz"))).unwrap()
    );
}

#[test]
fn what_cannot_be_had_is_told_with_the_next_step_and_the_rest_is_saved() {
    let desk = web();
    let told = capture(
        &desk,
        &[
            "http://paper.example/private/plan",
            "http://paper.example/nothing",
            "paper.example/x",
            "http://paper.example/news/ferry",
            "http://paper.example/news/ferry#again",
            "--json",
        ],
    );
    told.exits(1)
        .warns(
            "forbids http://paper.example/private/plan in line 2: Disallow: /private/; robots.txt is obeyed",
        )
        .warns("http://paper.example/nothing: status 404; the page is gone: choose another")
        .warns("paper.example/x: not an address");
    let json = told.json();
    assert_eq!(json["saved"].as_array().unwrap().len(), 1);
    assert_eq!(json["saved"][0]["url"], "http://paper.example/news/ferry");
    let outcomes: Vec<&str> = json["failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["robots-denied", "gone", "failed"]);
    assert!(json["into"].as_str().unwrap().starts_with('/'));
    let asked: Vec<String> = desk.web().requests().into_iter().map(|r| r.path).collect();
    assert!(!asked.contains(&"/private/plan".to_owned()), "{asked:?}");
}

#[test]
fn a_page_that_is_no_story_is_saved_and_that_is_said() {
    let told = capture(&web(), &["http://paper.example/wall"]);
    told.well().warns("saved, but it is no story (not-html:");
}

#[test]
fn a_private_address_is_not_asked_unless_that_is_allowed() {
    let desk = web();
    let page = desk.web().url("/old").to_string();
    desk.run(&["capture", &page, "--into", "pages"])
        .exits(1)
        .warns("--allow-private lifts this");
    assert!(!desk.dir().join("pages").exists());
}
