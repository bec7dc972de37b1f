//! One story, whatever its pages and addresses: pages that go on, a page that has all of it, other
//! addresses of the same text.

use super::{PAPER, page, paper, text};
use crate::desk::{Desk, rss, story};
use crate::faults::Reply;

const PAGED: &str = "next-page = \"a.next\"\nsingle-page = \"a.all\"\n";

pub(super) fn paged(routes: &[(&str, Reply)]) -> Desk {
    let rules = PAPER.replacen("[discover]", &format!("{PAGED}\n[discover]"), 1);
    let feed = ("paper.example/feed", rss(&["paper.example/news/pier"]));
    Desk::new()
        .site("paper", &rules)
        .serve(routes.iter().cloned().chain([feed]))
}

pub(super) fn part(paragraphs: &[&str], links: &str) -> Reply {
    Reply::page(story("A new pier", paragraphs).replace("</article>", &format!("</article>{links}")))
}

/// A story that has nothing in common with the others.
fn another() -> String {
    story(
        "Bees move into the town hall",
        &[
            "A swarm has settled under the roof of the town hall, and the mayor works from home.",
            "A keeper from the next village will come on Friday with a ladder and an empty box.",
        ],
    )
}

pub(super) fn paragraphs() -> Vec<String> {
    ["pier", "tram", "bridge"].iter().flat_map(|s| text(s)).collect()
}

/// The story about the pier, on three pages that lead from one to the next, and back.
fn three_pages() -> Desk {
    let p = paragraphs();
    let next = |n: &str| format!("<a class=next href='/news/pier?page={n}'>Next</a>");
    paged(&[
        ("paper.example/news/pier", part(&[&p[0], &p[1]], &next("2"))),
        (
            "paper.example/news/pier?page=2",
            part(&[&p[2], &p[3]], &next("3")),
        ),
        (
            "paper.example/news/pier?page=3",
            part(&[&p[4], &p[5]], &next("2")),
        ),
    ])
}

#[test]
fn a_story_on_three_pages_is_one_article_and_each_page_is_asked_for_once() {
    let desk = three_pages();
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql("select text from articles"), [paragraphs().join("\n\n")]);
    let paths = desk.web().paths();
    let pages: Vec<&String> = paths.iter().filter(|p| p.starts_with("/news/")).collect();
    assert_eq!(pages, ["/news/pier", "/news/pier?page=2", "/news/pier?page=3"]);
    assert_eq!(
        desk.outcome("paper.example/news/pier?page=3"),
        "duplicate: part of http://paper.example/news/pier"
    );
    // What it was read from is kept whole.
    assert_eq!(
        desk.sql(
            "select p.n, replace(p.url, 'http://paper.example', ''), f.status from article_pages p
               join bodies b on b.sha256 = p.html_sha256 join fetches f on f.id = p.fetch_id order by p.n"
        ),
        ["2 | /news/pier?page=2 | 200", "3 | /news/pier?page=3 | 200"]
    );
}

#[test]
fn a_correction_on_the_last_page_is_a_version_and_nothing_else_is() {
    let desk = three_pages();
    desk.crawl(&[]).quiet();
    let again = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(again["outcomes"]["unchanged"], 1, "{again}");
    let p = paragraphs();
    desk.web().put(
        "paper.example/news/pier?page=3",
        part(&[&p[4], "The bridge held after all."], "<p>Give now!</p>"),
    );
    let summary = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(summary["revised"], 1, "{summary}");
    assert_eq!(
        desk.sql("select count(*) from article_pages where version = 2"),
        ["2"]
    );
    assert!(desk.sql("select text from articles")[0].ends_with("The bridge held after all."));
}

#[test]
fn a_page_with_the_whole_story_takes_the_place_of_the_first() {
    let p = paragraphs();
    let all: Vec<&str> = p.iter().map(String::as_str).collect();
    let links =
        "<a class=all href='/news/pier/all'>On one page</a><a class=next href='/news/pier?page=2'>Next</a>";
    let desk = paged(&[
        ("paper.example/news/pier", part(&all[..2], links)),
        ("paper.example/news/pier/all", part(&all, "")),
    ]);
    desk.crawl(&[]).quiet();
    assert_eq!(
        desk.sql("select replace(url, 'http://', ''), text from articles"),
        [format!("paper.example/news/pier | {}", p.join("\n\n"))]
    );
    // Its provenance is the page whose bytes it is.
    assert_eq!(
        desk.sql("select replace(f.url, 'http://', '') from articles a join fetches f on f.id = a.fetch_id"),
        ["paper.example/news/pier/all"]
    );
    let again = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(again["outcomes"]["unchanged"], 1, "{again}");
}

#[test]
fn a_page_that_fails_leaves_no_half_a_story() {
    let p = paragraphs();
    let next = "<a class=next href='/news/pier?page=2'>Next</a>";
    let desk = paged(&[
        ("paper.example/news/pier", part(&[&p[0], &p[1]], next)),
        ("paper.example/news/pier?page=2", Reply::status(500, &[], "")),
    ]);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles(), [""; 0]);
    let told = desk.outcome("paper.example/news/pier");
    assert!(
        told.starts_with("failed: a further page of the story: "),
        "{told}"
    );
    // The page is there when it is looked at again.
    desk.web()
        .put("paper.example/news/pier?page=2", part(&[&p[2], &p[3]], ""));
    desk.change("update pages set next_visit_at = '2020-01-01T00:00:00Z' where next_visit_at is not null");
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql("select text from articles"), [p[..4].join("\n\n")]);
}

#[test]
fn a_page_that_is_gone_for_good_ends_the_story_there() {
    let p = paragraphs();
    let next = "<a class=next href='/news/pier?page=2'>Next</a>";
    let desk = paged(&[
        ("paper.example/news/pier", part(&[&p[0], &p[1]], next)),
        ("paper.example/news/pier?page=2", Reply::status(404, &[], "gone")),
    ]);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql("select text from articles"), [p[..2].join("\n\n")]);
    let told = desk.outcome("paper.example/news/pier?page=2");
    assert!(
        told.starts_with("gone: part of http://paper.example/news/pier: "),
        "{told}"
    );
    assert_eq!(
        desk.sql("select count(*) from pages where article_id = 1"),
        ["2"],
        "the address leads to the story all the same"
    );
}

#[test]
fn a_further_page_that_tells_no_story_is_no_part_of_it() {
    let p = paragraphs();
    let next = "<a class=next href='/news/pier?page=2'>Next</a>";
    let desk = paged(&[
        ("paper.example/news/pier", part(&[&p[0], &p[1]], next)),
        (
            "paper.example/news/pier?page=2",
            Reply::page("<title>Subscribe</title><nav><a href=/>Front page</a></nav>"),
        ),
    ]);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql("select text from articles"), [p[..2].join("\n\n")]);
    assert_eq!(desk.sql("select count(*) from article_pages"), ["0"]);
}

#[test]
fn extract_reads_the_whole_story_of_an_address() {
    let desk = three_pages();
    let proxy = desk.web().proxy().to_string();
    desk.run(&["extract", "http://paper.example/news/pier", "--proxy", &proxy])
        .well()
        .prints(&(paragraphs().join("\n\n") + "\n"));
}

#[test]
fn another_address_that_calls_the_stored_one_canonical_is_no_second_article() {
    let desk = paper(&["pier", "pier-amp"]);
    let canonical = "<link rel=canonical href='http://paper.example/news/pier'></head>";
    let amp = page("pier")
        .replace("</head>", canonical)
        .replace("Nobody had", "No one had");
    desk.web().put("paper.example/news/pier-amp", Reply::page(amp));
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    assert_eq!(
        desk.outcome("paper.example/news/pier-amp"),
        "duplicate: another address of http://paper.example/news/pier"
    );
    assert_eq!(
        desk.sql("select count(*) from pages where article_id = 1 and kind = 'article'"),
        ["2"]
    );
}

#[test]
fn a_canonical_address_that_every_page_gives_joins_no_stories() {
    let desk = paper(&["pier", "tram"]);
    for (subject, told) in [("pier", page("pier")), ("tram", another())] {
        let front = told.replace(
            "</head>",
            "<link rel=canonical href='http://paper.example/'></head>",
        );
        desk.web()
            .put(&format!("paper.example/news/{subject}"), Reply::page(front));
    }
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), 2);
}

#[test]
fn the_same_text_under_a_new_slug_is_the_same_article() {
    let desk = paper(&["pier", "harbour-pier"]);
    desk.web()
        .put("paper.example/news/harbour-pier", Reply::page(page("pier")));
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    assert!(
        desk.outcome("paper.example/news/harbour-pier")
            .starts_with("duplicate: ")
    );
}

#[test]
fn a_story_that_moved_and_was_corrected_is_a_version_of_itself() {
    let desk = paper(&["pier"]);
    desk.crawl(&[]).quiet();
    let corrected = page("pier").replace("</article>", "<p>The bill will come in spring.</p></article>");
    desk.web().put(
        "paper.example/news/pier",
        Reply::redirect(301, "/news/harbour-pier"),
    );
    desk.web()
        .put("paper.example/news/harbour-pier", Reply::page(corrected));
    desk.crawl(&["--refresh"]).quiet();
    assert_eq!(
        desk.sql("select id, replace(url, 'http://', ''), version from articles"),
        ["1 | paper.example/news/harbour-pier | 2"]
    );
    assert_eq!(
        desk.outcome("paper.example/news/pier"),
        "redirected: to http://paper.example/news/harbour-pier"
    );
}

#[test]
fn a_story_that_moved_as_it_was_is_looked_at_where_it_went() {
    let rules = format!("{PAPER}\n[crawl]\nrevisit = [\"1h\", \"7d\"]\n");
    let desk = paper(&["pier"]).site("paper", &rules);
    desk.crawl(&[]).quiet();
    desk.web().put(
        "paper.example/news/pier",
        Reply::redirect(301, "/news/harbour-pier"),
    );
    desk.web()
        .put("paper.example/news/harbour-pier", Reply::page(page("pier")));
    // The feed has learned of the new address before the story is looked at again.
    let listed = ["paper.example/news/harbour-pier"];
    desk.web().put("paper.example/feed", rss(&listed));
    desk.crawl(&[]).quiet();
    assert!(
        desk.outcome("paper.example/news/harbour-pier")
            .starts_with("duplicate: ")
    );
    let due = "update pages set next_visit_at = '2020-01-01T00:00:00Z' where next_visit_at is not null";
    desk.change(due);
    desk.crawl(&[]).quiet();
    let stands = "select id, replace(url, 'http://paper.example/news/', ''), version from articles";
    assert_eq!(desk.sql(stands), ["1 | harbour-pier | 1"]);
    let corrected = page("pier").replace("</article>", "<p>The bill will come in spring.</p></article>");
    desk.web()
        .put("paper.example/news/harbour-pier", Reply::page(corrected));
    desk.change(due);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql(stands), ["1 | harbour-pier | 2"]);
}

#[test]
fn a_story_whose_address_now_leads_to_another_story_stays_as_it_was() {
    let desk = paper(&["pier"]);
    desk.crawl(&[]).quiet();
    desk.web()
        .put("paper.example/news/pier", Reply::redirect(302, "/news/tram"));
    desk.web().put("paper.example/news/tram", Reply::page(another()));
    desk.crawl(&["--refresh"]).quiet();
    assert_eq!(
        desk.sql("select replace(url, 'http://paper.example/news/', ''), version from articles order by id"),
        ["pier | 1", "tram | 1"]
    );
}

#[test]
fn different_stories_behind_one_wall_are_different_articles() {
    let desk = paper(&["pier", "tram", "pier-again"]);
    let wall = "Reading on takes a subscription, which gives you every story of this paper, the weekend magazine, the \
                archive since 1871 and the crossword, on paper and on all your screens, for as little as one coin a week \
                in the first three months, and which you may end at any time with a word to our office by the harbour.";
    for (subject, title, day) in [
        ("pier", "A new pier", "03"),
        ("tram", "A new tram", "04"),
        ("pier-again", "The pier is new", "03"),
    ] {
        let published =
            format!("<meta property='article:published_time' content='2026-11-{day}T10:00:00Z'></head>");
        let page = story(title, &[wall]).replace("</head>", &published);
        desk.web()
            .put(&format!("paper.example/news/{subject}"), Reply::page(page));
    }
    desk.crawl(&[]).quiet();
    // One text at one moment is one story, whatever its title.
    assert_eq!(
        desk.articles(),
        ["paper.example/news/pier", "paper.example/news/tram"]
    );
}
