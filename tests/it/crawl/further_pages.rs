//! Pages of one story that do not lead on as they should: back to where one was, to what is told
//! already, to another site, or past the end of the run.

use super::stories::{paged, paragraphs, part};
use super::{PAPER, page};
use crate::desk::{Desk, rss};
use crate::faults::{Gate, Reply};

const PIER: &str = "paper.example/news/pier";

fn next(n: usize) -> String {
    format!("<a class=next href='/news/pier?page={n}'>Next</a>")
}

#[test]
fn a_next_page_that_leads_back_to_the_first_is_no_further_page() {
    let p = paragraphs();
    let rules = PAPER.replace(
        "[discover]",
        "next-page = 'a.next'\n[crawl]\nrevisit = ['1h']\n[discover]",
    );
    let desk = Desk::new().site("paper", &rules).serve([
        ("paper.example/feed", rss(&[PIER])),
        (PIER, part(&[&p[0], &p[1]], &next(2))),
        (
            "paper.example/news/pier?page=2",
            Reply::redirect(302, "/news/pier"),
        ),
    ]);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql("select text from articles"), [p[..2].join("\n\n")]);
    assert_eq!(desk.outcome(PIER), "stored: ");
    assert_eq!(
        desk.sql("select next_visit_at is not null from pages where url like '%/news/pier'"),
        ["1"],
        "it is looked at again"
    );
}

#[test]
fn a_pager_that_gives_its_last_page_for_ever_ends_with_it() {
    let p = paragraphs();
    let desk = paged(&[
        (PIER, part(&[&p[0], &p[1]], &next(2))),
        ("paper.example/news/pier?page=2", part(&[&p[2], &p[3]], &next(3))),
        ("paper.example/news/pier?page=3", part(&[&p[2], &p[3]], &next(4))),
        ("paper.example/news/pier?page=4", part(&[&p[2], &p[3]], &next(5))),
    ]);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql("select text from articles"), [p[..4].join("\n\n")]);
    assert!(!desk.web().paths().contains(&"/news/pier?page=4".to_owned()));
}

#[test]
fn a_second_page_that_was_listed_before_the_first_is_one_article_with_it() {
    let p = paragraphs();
    let desk = paged(&[
        (PIER, part(&[&p[0], &p[1]], &next(2))),
        ("paper.example/news/pier?page=2", part(&[&p[2], &p[3]], "")),
        (
            "paper.example/feed",
            rss(&["paper.example/news/pier?page=2", PIER]),
        ),
    ]);
    desk.web().put(
        "paper.example/feed",
        rss(&["paper.example/news/pier?page=2", PIER]),
    );
    desk.crawl(&[]).quiet();
    assert_eq!(
        desk.sql("select id, replace(url, 'http://', ''), text from articles"),
        [format!("1 | {PIER} | {}", p[..4].join("\n\n"))]
    );
    assert_eq!(
        desk.outcome("paper.example/news/pier?page=2"),
        format!("duplicate: part of http://{PIER}")
    );
    assert_eq!(
        desk.sql("select article_id from pages where kind = 'article' order by url"),
        ["1", "1"]
    );
}

#[test]
fn a_second_page_that_is_an_article_of_its_own_keeps_its_row() {
    let p = paragraphs();
    let desk = paged(&[(PIER, part(&[&p[0], &p[1]], ""))]);
    desk.crawl(&[]).quiet();
    let second = "paper.example/news/pier?page=2";
    desk.web().put(second, part(&[&p[2], &p[3]], ""));
    desk.web().put("paper.example/feed", rss(&[second]));
    desk.crawl(&[]).quiet();
    // Only now the first page leads to it.
    desk.web().put(PIER, part(&[&p[0], &p[1]], &next(2)));
    desk.crawl(&["--refresh"]).quiet();
    assert_eq!(
        desk.sql(
            "select a.id from pages p join articles a on a.id = p.article_id and a.url = p.url order by a.id"
        ),
        ["1", "2"]
    );
}

#[test]
fn a_first_page_too_short_for_a_story_still_leads_to_the_whole_of_it() {
    let p = paragraphs();
    let all: Vec<&str> = p.iter().map(String::as_str).collect();
    let short = "<title>The pier</title><p>The pier again, in short.</p><a class=all href='/print/pier'>All of it</a>";
    let desk = paged(&[
        (PIER, Reply::page(short)),
        ("paper.example/print/pier", part(&all, "")),
    ]);
    desk.crawl(&[]).quiet();
    assert_eq!(
        desk.sql("select replace(url, 'http://', ''), text from articles"),
        [format!("{PIER} | {}", p.join("\n\n"))]
    );
}

#[test]
fn a_run_that_is_to_end_asks_for_no_further_page() {
    let p = paragraphs();
    let gate = Gate::shut();
    let desk = paged(&[
        (PIER, part(&[&p[0], &p[1]], &next(2))),
        (
            "paper.example/news/pier?page=2",
            part(&[&p[2], &p[3]], &next(3)).behind(&gate),
        ),
        ("paper.example/news/pier?page=3", part(&[&p[4], &p[5]], "")),
    ]);
    let mut run = desk.start_crawl(&[]);
    desk.web().wait_for("/news/pier?page=2");
    run.terminate();
    run.hears("ending: pages in flight are finished");
    gate.open();
    run.end().well();
    assert!(!desk.web().paths().contains(&"/news/pier?page=3".to_owned()));
    // It waits for the next run, whole.
    assert_eq!(desk.articles(), [""; 0]);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql("select text from articles"), [p.join("\n\n")]);
}

#[test]
fn a_host_that_another_site_names_is_that_sites_alone() {
    let wide = PAPER.replace("[discover]", "next-page = 'a.next'\n[discover]");
    let own = "name = 'Sport'\nhosts = ['sport.paper.example']\n\
               [discover]\nfeeds = ['http://sport.paper.example/feed']\n[[layout]]\nbody = 'article'\n";
    let away = "</article><a class=next href='http://sport.paper.example/tram'>Next</a>";
    let desk = Desk::new().site("paper", &wide).site("sport", own).serve([
        (
            "paper.example/feed".to_owned(),
            rss(&[PIER, "sport.paper.example/clock", "paper.example/news/lamp"]),
        ),
        (
            PIER.to_owned(),
            Reply::page(page("pier").replace("</article>", away)),
        ),
        (
            "paper.example/news/lamp".to_owned(),
            Reply::redirect(302, "http://sport.paper.example/lamp"),
        ),
        ("sport.paper.example/feed".to_owned(), rss(&[])),
        ("sport.paper.example/clock".to_owned(), Reply::page(page("clock"))),
        ("sport.paper.example/tram".to_owned(), Reply::page(page("tram"))),
        ("sport.paper.example/lamp".to_owned(), Reply::page(page("lamp"))),
    ]);
    desk.crawl(&[]).well();
    assert_eq!(desk.articles(), [PIER]);
    let asked = desk.web().addresses();
    let there = asked.iter().filter(|a| a.starts_with("sport.paper.example/"));
    assert!(
        there
            .clone()
            .all(|a| a.ends_with("/feed") || a.ends_with("/robots.txt")),
        "{asked:?}"
    );
}
