//! `forget` and what is never silently given up.

use crate::crawl::{page, paper};
use crate::desk::Desk;
use crate::faults::Reply;

const PIER: &str = "http://paper.example/news/pier";

fn asked(desk: &Desk, path: &str) -> usize {
    desk.web().paths().iter().filter(|p| *p == path).count()
}

#[test]
fn a_forgotten_page_is_asked_again_as_if_new_and_its_article_stays() {
    let desk = paper(&["pier", "tram"]);
    let tagged = Reply::status(200, &["Content-Type: text/html", "ETag: \"a\""], page("pier"));
    desk.web().put("paper.example/news/pier", tagged);
    desk.crawl(&[]).quiet();
    desk.run(&["forget", PIER, "--json"]).quiet().says("\"queued\":1");
    desk.crawl(&[]).quiet();
    assert_eq!((asked(&desk, "/news/pier"), asked(&desk, "/news/tram")), (2, 1));
    let seen = desk.web().requests();
    let again = seen.iter().rfind(|seen| seen.path == "/news/pier").unwrap();
    assert_eq!(again.header("if-none-match"), None);
    let versions = desk.sql("select count(*), max(version) from article_versions");
    assert_eq!(versions, ["2 | 1"]);
    assert!(desk.outcome("paper.example/news/pier").starts_with("unchanged"));
}

#[test]
fn a_page_that_keeps_failing_is_given_up_aloud_and_can_be_had_again() {
    let desk = paper(&["pier"]);
    desk.web()
        .put("paper.example/news/pier", Reply::status(503, &[], ""));
    for attempt in 0..8 {
        desk.crawl(&[]).quiet();
        assert_eq!(asked(&desk, "/news/pier"), attempt + 1);
        desk.change("update pages set next_visit_at = '2001-01-01T00:00:00Z' where next_visit_at is not null and kind = 'article'");
    }
    desk.crawl(&[]).quiet();
    assert_eq!(asked(&desk, "/news/pier"), 8);
    let told = desk.outcome("paper.example/news/pier");
    assert!(told.starts_with("failed: given up after 8 attempts"), "{told}");
    let status = desk.run(&["status", "--json"]).quiet().json();
    assert_eq!(status["sites"][0]["given_up"], 1);
    desk.run(&["status"]).quiet().says("given up 1 page that");
    desk.web()
        .put("paper.example/news/pier", Reply::page(page("pier")));
    desk.run(&["forget", PIER])
        .quiet()
        .says("1 addresses are asked again");
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), 1);
    assert_eq!(desk.run(&["status", "--json"]).json()["sites"][0]["given_up"], 0);
}

#[test]
fn a_stored_story_whose_page_fails_is_given_up_after_as_many_attempts() {
    let desk = paper(&["pier"]);
    desk.crawl(&[]).quiet();
    desk.web()
        .put("paper.example/news/pier", Reply::status(503, &[], ""));
    desk.crawl(&["--refresh"]).quiet();
    let due = "update pages set next_visit_at = '2001-01-01T00:00:00Z' where next_visit_at is not null and kind = 'article'";
    for _ in 0..12 {
        desk.change(due);
        desk.crawl(&[]).quiet();
    }
    assert_eq!(asked(&desk, "/news/pier"), 1 + 8);
    assert_eq!(desk.articles().len(), 1);
}

#[test]
fn a_forgotten_site_is_as_if_never_crawled_and_keeps_what_waits() {
    let desk = paper(&["pier", "tram"]);
    desk.web()
        .put("paper.example/news/tram", Reply::status(503, &[], ""));
    desk.crawl(&[]).quiet();
    let told = desk.run(&["forget", "--site", "paper", "--json"]).quiet().json();
    assert_eq!((&told["queued"], &told["dropped"]), (&1.into(), &2.into()));
    assert!(desk.sql("select site from site_schedule").is_empty());
    assert_eq!(
        desk.sql("select url, outcome, attempts from pages where kind = 'article'"),
        ["http://paper.example/news/tram | - | 0"]
    );
    desk.web()
        .put("paper.example/news/tram", Reply::page(page("tram")));
    desk.crawl(&[]).quiet();
    assert_eq!(asked(&desk, "/robots.txt"), 2);
    assert_eq!(
        desk.sql("select count(*), max(version) from article_versions"),
        ["2 | 1"]
    );
}

#[test]
fn what_is_not_known_is_not_forgotten() {
    let desk = paper(&["pier"]);
    desk.run(&["forget", PIER]).exits(2).warns("copydesk crawl");
    assert!(!desk.db().exists());
    desk.crawl(&[]).quiet();
    desk.run(&["forget", PIER, "http://paper.example/other"])
        .exits(2)
        .warns("nothing is known of http://paper.example/other")
        .warns("the others are forgotten");
    desk.run(&["forget", "--site", "nowhere"])
        .exits(2)
        .warns("nothing is known of nowhere");
    desk.run(&["forget"]).exits(2);
}
