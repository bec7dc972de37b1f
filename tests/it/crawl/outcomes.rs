//! What becomes of pages that are not simply a story: each has a row that says so, and none of
//! them makes a run fail.

use super::{PAPER, page, paper, text};
use crate::desk::{Desk, rss, story};
use crate::faults::{Reply, Step};

/// A page's limit, and a little more.
const TOO_MANY_BYTES: usize = 10 * 1024 * 1024 + 1;

#[test]
fn every_page_that_is_no_article_says_why() {
    let desk = paper(&["pier", "lost", "removed", "plan", "flood", "empty"]);
    let web = desk.web();
    web.put("paper.example/news/lost", Reply::status(404, &[], "no"));
    web.put("paper.example/news/removed", Reply::status(410, &[], "no"));
    let pdf = Reply::status(
        200,
        &["Content-Type: text/html"],
        b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    );
    web.put("paper.example/news/plan", pdf);
    web.put(
        "paper.example/news/flood",
        Reply::page(vec![b'x'; TOO_MANY_BYTES]),
    );
    web.put(
        "paper.example/news/empty",
        Reply::page("<html><body><div id=app></div></body></html>"),
    );
    let summary = desk.crawl(&["--json"]).well().json();
    for (subject, outcome) in [
        ("lost", "gone: status 404"),
        ("removed", "gone: status 410"),
        ("plan", "not-html: "),
        ("flood", "too-large: "),
        ("empty", "empty: no text on the page"),
    ] {
        let told = desk.outcome(&format!("paper.example/news/{subject}"));
        assert!(told.starts_with(outcome), "{subject}: {told}");
    }
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    assert_eq!(summary["outcomes"]["gone"], 2);
    // None of them is asked for again.
    desk.web().forget();
    desk.crawl(&[]).quiet();
    assert_eq!(desk.web().paths(), ["/feed"]);
}

#[test]
fn a_body_that_breaks_off_is_failed_and_tried_again_in_a_later_run() {
    let desk = paper(&["pier", "tram"]);
    let half = &page("tram")[..150];
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 900\r\n\r\n{half}");
    desk.web().put("paper.example/news/tram", Reply::raw(cut));
    desk.crawl(&[]).well();
    let told = desk.outcome("paper.example/news/tram");
    assert!(
        told.starts_with("failed: the body arrived damaged or in part"),
        "{told}"
    );
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    // Not at once …
    desk.web()
        .put("paper.example/news/tram", Reply::page(page("tram")));
    desk.web().forget();
    desk.crawl(&[]).quiet();
    assert_eq!(desk.web().paths(), ["/feed"]);
    // … but when its time has come.
    let waits = "select (julianday(next_visit_at) - julianday(last_fetched_at)) * 24 * 60 between 29 and 31
                   from pages where url like '%/tram'";
    assert_eq!(desk.sql(waits), ["1"]);
    desk.change("update pages set next_visit_at = '2026-01-01T00:00:00Z' where url like '%/tram'");
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), 2);
    assert_eq!(desk.outcome("paper.example/news/tram"), "stored: ");
}

#[test]
fn a_host_that_asks_for_a_pause_gets_it() {
    let desk = paper(&["pier", "tram", "clock"]);
    let busy = Reply::status(503, &["Retry-After: 7200"], "busy");
    desk.web().put("paper.example/news/tram", busy);
    desk.crawl(&[]).well().warns("asked to be left alone until");
    // The page behind it was not asked for.
    assert!(!desk.web().paths().contains(&"/news/clock".to_owned()));
    let told = desk.outcome("paper.example/news/tram");
    assert!(
        told.starts_with("failed: paper.example asked to be left alone"),
        "{told}"
    );
    let waits = "select round((julianday(next_visit_at) - julianday(last_fetched_at)) * 24, 1)
                   from pages where url like '%/tram'";
    assert_eq!(desk.sql(waits), ["2"]);
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
}

#[test]
fn a_redirect_is_a_row_and_the_article_stands_under_the_last_address() {
    let desk = paper(&["old"]);
    desk.web().put(
        "paper.example/news/old",
        Reply::redirect(301, "http://paper.example/news/pier?utm_source=old"),
    );
    desk.web()
        .put("paper.example/news/pier", Reply::page(page("pier")));
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    assert!(desk.outcome("paper.example/news/old").starts_with("redirected: "));
    assert_eq!(desk.outcome("paper.example/news/pier"), "stored: ");
    let exchange = desk.sql(
        "select url, final_url, json_extract(redirects, '$[0].status') from fetches where url like '%/old'",
    );
    assert_eq!(
        exchange,
        ["http://paper.example/news/old | http://paper.example/news/pier?utm_source=old | 301"]
    );
    desk.web().forget();
    desk.crawl(&[]).quiet();
    assert_eq!(desk.web().paths(), ["/feed"]);
}

#[test]
fn a_redirect_away_from_the_site_is_not_followed() {
    let desk = paper(&["pier", "shop"]);
    let away = Reply::redirect(302, "http://shop.example/buy");
    desk.web().put("paper.example/news/shop", away);
    desk.crawl(&[]).quiet();
    assert!(
        desk.web()
            .requests()
            .iter()
            .all(|seen| seen.host == "paper.example")
    );
    let told = desk.outcome("paper.example/news/shop");
    assert!(told.contains("shop.example"), "{told}");
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
}

#[test]
fn a_redirect_to_a_forbidden_page_is_not_followed() {
    let desk = paper(&["pier"]);
    desk.web().put(
        "paper.example/robots.txt",
        Reply::robots("User-agent: *\nDisallow: /members/\n"),
    );
    desk.web()
        .put("paper.example/news/pier", Reply::redirect(302, "/members/pier"));
    desk.crawl(&[]).quiet();
    assert_eq!(
        desk.web().paths(),
        ["/robots.txt", "/feed", "/.well-known/tdmrep.json", "/news/pier"]
    );
    assert!(desk.articles().is_empty());
    assert!(
        desk.sql("select outcome from pages where kind = 'article'")
            .contains(&"robots-denied".to_owned())
    );
}

#[test]
fn listings_may_not_lead_to_other_peoples_hosts() {
    let desk = paper(&["pier"]);
    desk.web().put(
        "paper.example/feed",
        rss(&["paper.example/news/pier", "other.example/news/theirs"]),
    );
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    assert!(desk.web().requests().iter().all(|s| s.host == "paper.example"));
}

#[test]
fn the_charset_is_taken_from_the_header_or_from_the_page() {
    let told = "Der Bürgermeister grüßte – „endlich“, sagte er für alle, die da draußen gewartet hatten.";
    let page = story("Schöne Grüße", &[told]).replace("<meta charset=utf-8>", "");
    let (bytes, _, lossy) = encoding_rs::WINDOWS_1252.encode(&page);
    assert!(!lossy);
    let desk = paper(&["header", "meta"]);
    desk.web().put(
        "paper.example/news/header",
        Reply::status(200, &["Content-Type: text/html; charset=windows-1252"], &bytes),
    );
    let declared = page
        .replace("<head>", "<head><meta charset=\"windows-1252\">")
        .replace("Schöne Grüße", "Schöne Grüße, zweiter Tag");
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&declared);
    desk.web().put("paper.example/news/meta", Reply::page(&bytes));
    desk.crawl(&[]).quiet();
    assert_eq!(
        desk.sql("select title, text from articles order by url"),
        [
            format!("Schöne Grüße | {told}"),
            format!("Schöne Grüße, zweiter Tag | {told}")
        ]
    );
    assert_eq!(
        desk.sql("select f.charset, f.charset_source from articles a join fetches f on f.id = a.fetch_id order by a.url"),
        ["windows-1252 | http", "windows-1252 | meta"]
    );
    // The bytes are kept as they came.
    let stored = desk.sql("select length from bodies order by length desc limit 1");
    assert_eq!(stored, [bytes.len().to_string()]);
}

#[test]
fn a_broken_connection_costs_one_page_only() {
    let desk = Desk::new().site("paper", PAPER).serve([
        (
            "paper.example/feed",
            rss(&["city.paper.example/news/tram", "paper.example/news/pier"]),
        ),
        ("city.paper.example/news/tram", Reply(vec![Step::Reset])),
        ("paper.example/news/pier", Reply::page(page("pier"))),
    ]);
    desk.crawl(&[]).well();
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    assert_eq!(desk.sql("select text from articles"), [text("pier").join("\n\n")]);
    assert!(
        desk.outcome("city.paper.example/news/tram")
            .starts_with("failed: ")
    );
}
