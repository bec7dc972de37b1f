//! What a site says of its pages being kept by machines: recorded with the page, and obeyed where the
//! policy says so.

use super::{page, paper, text};
use crate::desk::{Desk, rss};
use crate::faults::Reply;

/// Six stories, each of which opts out in a way of its own, and one that does not.
fn reserved() -> Desk {
    let desk = paper(&["pier", "tram", "bridge", "quay", "mole", "lock", "free"]);
    let web = desk.web();
    web.put(
        "paper.example/robots.txt",
        Reply::robots(
            "User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /news/pier\n\nUser-agent: *\nAllow: /\n",
        ),
    );
    web.put(
        "paper.example/.well-known/tdmrep.json",
        Reply::status(
            200,
            &["Content-Type: application/json"],
            r#"[{"location": "/news/tram", "tdm-reservation": 1, "tdm-policy": "https://paper.example/tdm"}]"#,
        ),
    );
    let with =
        |subject: &str, header: &str| Reply::status(200, &["Content-Type: text/html", header], page(subject));
    web.put("paper.example/news/bridge", with("bridge", "TDM-Reservation: 1"));
    web.put(
        "paper.example/news/quay",
        with("quay", "X-Robots-Tag: noarchive, nofollow"),
    );
    let meta = |subject: &str, meta: &str| {
        Reply::page(page(subject).replace("</head>", &format!("<meta {meta}></head>")))
    };
    web.put(
        "paper.example/news/mole",
        meta("mole", "name=tdm-reservation content=1"),
    );
    web.put(
        "paper.example/news/lock",
        meta("lock", "name=robots content='noai, noimageai'"),
    );
    desk
}

const SIGNALS: &str = "select replace(url, 'http://paper.example/news/', ''), source, value from opt_outs \
                       where refuses order by url, n";

#[test]
fn every_signal_is_recorded_with_its_page_and_the_stories_are_stored() {
    let desk = reserved();
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), 7);
    assert_eq!(
        desk.sql(SIGNALS),
        [
            "bridge | tdm-reservation | 1",
            "lock | meta:robots | noai, noimageai",
            "mole | meta:tdm-reservation | 1",
            "pier | robots.txt:GPTBot | Disallow: /news/pier",
            "pier | robots.txt:CCBot | Disallow: /news/pier",
            "quay | x-robots-tag | noarchive, nofollow",
            "tram | tdmrep.json | 1",
        ]
    );
    // Its reservations are asked for once a day, and a page that is as it was says what it said.
    desk.crawl(&["--refresh"]).quiet();
    assert_eq!(desk.sql(SIGNALS).len(), 7);
    let asked = desk.web().paths();
    assert_eq!(asked.iter().filter(|p| p.ends_with("tdmrep.json")).count(), 1);
}

#[test]
fn a_policy_that_obeys_stores_no_page_that_opts_out_and_asks_for_none_that_is_known_to() {
    let desk = reserved();
    desk.file("copydesk.toml", "[policy]\nopt-out = \"skip\"\n");
    let summary = desk.crawl(&["--json"]).quiet().json();
    assert_eq!(summary["outcomes"]["opted-out"], 6, "{summary}");
    assert_eq!(desk.articles(), ["paper.example/news/free"]);
    assert_eq!(
        desk.outcome("paper.example/news/pier"),
        "opted-out: robots.txt:GPTBot: Disallow: /news/pier"
    );
    assert_eq!(
        desk.outcome("paper.example/news/bridge"),
        "opted-out: tdm-reservation: 1"
    );
    let asked = desk.web().paths();
    assert!(!asked.contains(&"/news/pier".to_owned()), "{asked:?}");
    assert!(!asked.contains(&"/news/tram".to_owned()), "{asked:?}");
    assert_eq!(desk.sql("select count(*) from bodies"), ["1"]);
}

#[test]
fn a_content_signal_for_everyone_is_recorded_for_every_page() {
    let desk = paper(&["pier"]);
    desk.web().put(
        "paper.example/robots.txt",
        Reply::robots("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n"),
    );
    desk.crawl(&[]).quiet();
    assert_eq!(
        desk.sql(SIGNALS),
        ["pier | robots.txt:content-signal | search=yes, ai-train=no"]
    );
}

#[test]
fn a_policy_that_is_no_policy_is_told_with_its_line() {
    let desk = paper(&["pier"]);
    desk.file("copydesk.toml", "[policy]\nopt-out = \"maybe\"\n");
    desk.crawl(&[]).exits(2).warns("copydesk.toml:2:");
}

fn skips(desk: &Desk) {
    desk.file("copydesk.toml", "[policy]\nopt-out = \"skip\"\n");
}

#[test]
fn a_page_that_is_as_it_was_may_have_opted_out_since() {
    let desk = paper(&["pier", "tram", "lock"]);
    let tagged = |header: &str| {
        Reply::status(
            200,
            &["Content-Type: text/html", "ETag: \"a\"", header],
            page("tram"),
        )
    };
    desk.web().put("paper.example/news/tram", tagged("X: y"));
    let reserved = page("lock").replace("</head>", "<meta name=robots content=noai></head>");
    desk.web().put("paper.example/news/lock", Reply::page(reserved));
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql(SIGNALS), ["lock | meta:robots | noai"]);
    // The same bytes with a header, and "as it was" with one.
    let with = |subject: &str| {
        Reply::status(
            200,
            &["Content-Type: text/html", "X-Robots-Tag: noarchive"],
            page(subject),
        )
    };
    desk.web().put("paper.example/news/pier", with("pier"));
    let same = "HTTP/1.1 304 Same\r\nETag: \"a\"\r\nX-Robots-Tag: noai\r\nConnection: close\r\n\r\n";
    desk.web().put("paper.example/news/tram", Reply::raw(same));
    desk.crawl(&["--refresh"]).quiet();
    let all = [
        "lock | meta:robots | noai",
        "pier | x-robots-tag | noarchive",
        "tram | x-robots-tag | noai",
    ];
    assert_eq!(desk.sql(SIGNALS), all);
    // "As it was" without the header takes nothing back.
    desk.web().put(
        "paper.example/news/tram",
        Reply::raw(same.replace("X-Robots-Tag: noai\r\n", "")),
    );
    skips(&desk);
    let summary = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(summary["outcomes"]["opted-out"], 3, "{summary}");
    assert_eq!(desk.sql(SIGNALS), all);
    assert_eq!(desk.articles().len(), 3, "what is stored stays");
}

#[test]
fn a_further_page_that_opts_out_is_no_part_of_the_story() {
    let rules = super::PAPER.replace("[discover]", "next-page = 'a.next'\n[discover]");
    for (robots, second) in [
        ("User-agent: GPTBot\nDisallow: /news/pier?page=2\n", page("tram")),
        (
            "",
            page("tram").replace("</head>", "<meta name=robots content=noai></head>"),
        ),
    ] {
        let leads_on = "</article><a class=next href='/news/pier?page=2'>Next</a>";
        let desk = Desk::new().site("paper", &rules).serve([
            ("paper.example/robots.txt", Reply::robots(robots)),
            ("paper.example/feed", rss(&["paper.example/news/pier"])),
            (
                "paper.example/news/pier",
                Reply::page(page("pier").replace("</article>", leads_on)),
            ),
            ("paper.example/news/pier?page=2", Reply::page(second)),
        ]);
        skips(&desk);
        desk.crawl(&[]).quiet();
        assert_eq!(desk.sql("select text from articles"), [text("pier").join("\n\n")]);
        let told = desk.outcome("paper.example/news/pier?page=2");
        assert!(
            told.starts_with("opted-out: part of http://paper.example/news/pier: "),
            "{told}"
        );
        let asked = desk.web().paths();
        assert_eq!(asked.contains(&"/news/pier?page=2".to_owned()), robots.is_empty());
        assert_eq!(
            desk.sql("select distinct url from opt_outs where refuses"),
            ["http://paper.example/news/pier?page=2"]
        );
    }
}

#[test]
fn what_is_said_of_the_address_that_a_redirect_leads_to_counts() {
    let desk = paper(&["pier"]);
    desk.web().put(
        "paper.example/robots.txt",
        Reply::robots("User-agent: GPTBot\nDisallow: /members/\n"),
    );
    desk.web()
        .put("paper.example/news/pier", Reply::redirect(302, "/members/pier"));
    desk.web()
        .put("paper.example/members/pier", Reply::page(page("pier")));
    skips(&desk);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles(), [""; 0]);
    assert_eq!(
        desk.outcome("paper.example/members/pier"),
        "opted-out: robots.txt:GPTBot: Disallow: /members/"
    );
}

#[test]
fn reservations_are_not_fetched_from_a_strangers_host() {
    let desk = paper(&["pier"]);
    desk.web().put(
        "paper.example/.well-known/tdmrep.json",
        Reply::redirect(302, "http://elsewhere.example/tdmrep.json"),
    );
    desk.crawl(&[]).quiet();
    let asked = desk.web().addresses();
    assert!(asked.iter().all(|a| a.starts_with("paper.example/")), "{asked:?}");
    assert_eq!(desk.articles().len(), 1);
}
