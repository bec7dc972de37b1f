//! `status` and `sites health` for people with many sites: what needs one first.

use super::{FERRY, desk};
use crate::crawl::{page, paper};
use crate::desk::{Desk, rss};
use crate::faults::{Gate, Reply};

/// A site with one feed.
fn rules(id: &str) -> String {
    format!("name = '{id}'\nhosts = ['{id}.example']\n[discover]\nfeeds = ['http://{id}.example/feed']\n")
}

#[test]
fn sites_that_cannot_be_crawled_come_first_though_nothing_of_them_is_stored() {
    let desk = desk().site("silent", &rules("silent")).serve([
        ("paper.example/feed", rss(&["paper.example/news/ferry"])),
        ("paper.example/news/ferry", Reply::page(FERRY)),
        ("silent.example/robots.txt", Reply::status(500, &[], "")),
    ]);
    desk.crawl(&[]).exits(1);
    let told = desk.run(&["status"]);
    told.quiet().says("failing since");
    let at = |words: &str| told.stdout.find(words);
    assert!(
        at("\n  silent ").unwrap() < at("\n  paper ").unwrap(),
        "{}",
        told.stdout
    );
    let json = desk.run(&["status", "silent", "--json"]).quiet().json();
    assert_eq!(json["sites"].as_array().unwrap().len(), 1);
    assert!(json["sites"][0]["failing_since"].is_string());
    desk.run(&["status", "paper.example"])
        .quiet()
        .never_says("\n  silent ");
    desk.run(&["status", "papr"])
        .exits(2)
        .warns("did you mean paper?");
    desk.run(&["sites", "health", "silent"])
        .quiet()
        .says("(before     –)");
}

#[test]
fn of_many_sites_only_those_that_need_a_person_are_shown_unless_all_are_asked_for() {
    let ids: Vec<String> = (10..31).map(|n| format!("site-{n}")).collect();
    let desk = ids.iter().fold(Desk::new(), |desk, id| desk.site(id, &rules(id)));
    let feeds = ids[1..].iter().map(|id| (format!("{id}.example/feed"), rss(&[])));
    let desk = desk.serve(feeds);
    desk.crawl(&[])
        .exits(1)
        .warns("none of its listings could be read: http://site-10.example/feed: status 404");
    desk.run(&["status"])
        .quiet()
        .says("site-10 ")
        .says("http://site-10.example/feed: status 404")
        .says("20 more sites well")
        .never_says("\n  site-11 ");
    desk.run(&["status", "-v"]).well().says("site-11 ");
    desk.run(&["sites", "health"])
        .quiet()
        .never_says("site-11")
        .says("21 sites, 0 drifted");
    desk.run(&["sites", "health", "-v"]).well().says("site-11 ");
}

#[test]
fn a_run_at_work_is_told_from_one_that_was_killed() {
    let gate = Gate::shut();
    let desk = paper(&["pier", "tram"]);
    desk.web()
        .put("paper.example/news/tram", Reply::page(page("tram")).behind(&gate));
    let run = desk.start_crawl(&[]);
    desk.web().wait_for("/news/tram");
    desk.run(&["status"]).quiet().says("at work");
    assert_eq!(desk.run(&["status", "--json"]).json()["runs"][0]["at_work"], true);
    run.kill();
    desk.run(&["status"]).quiet().says("did not end");
    gate.open();
}
