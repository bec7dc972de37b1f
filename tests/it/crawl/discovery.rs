//! How stories are found: robots.txt first, listings of every kind, no address asked for twice.

use std::io::Write;

use super::{PAPER, page, paper};
use crate::desk::{Desk, rss};
use crate::faults::Reply;

const HOST: &str = "paper.example";

fn xml(body: impl AsRef<[u8]>) -> Reply {
    Reply::status(200, &["Content-Type: application/xml"], body)
}

fn urlset(paths: &[&str]) -> String {
    let urls: String = paths
        .iter()
        .map(|p| format!("<url><loc>http://{HOST}{p}</loc></url>"))
        .collect();
    format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn robots_txt_is_asked_for_first_and_once_on_every_host() {
    let desk = Desk::new().site("paper", PAPER).serve([
        (
            "paper.example/feed",
            rss(&["paper.example/news/pier", "city.paper.example/news/tram"]),
        ),
        ("paper.example/news/pier", Reply::page(page("pier"))),
        ("city.paper.example/news/tram", Reply::page(page("tram"))),
    ]);
    desk.crawl(&[]).well();
    let asked = desk.web().addresses();
    for host in ["paper.example", "city.paper.example"] {
        let there: Vec<&String> = asked
            .iter()
            .filter(|a| a.starts_with(&format!("{host}/")))
            .collect();
        assert!(there[0].ends_with("/robots.txt"), "{asked:?}");
        assert_eq!(there.iter().filter(|a| a.ends_with("/robots.txt")).count(), 1);
    }
    assert_eq!(desk.articles().len(), 2);
    // A copy serves for a day.
    desk.web().forget();
    desk.crawl(&[]).well();
    assert_eq!(desk.web().addresses(), ["paper.example/feed"]);
}

#[test]
fn a_page_that_robots_txt_forbids_is_a_row_and_never_a_request() {
    let desk = paper(&["pier", "draft"]);
    desk.web().put(
        "paper.example/robots.txt",
        Reply::robots("User-agent: copydesk\nDisallow: /news/draft\n"),
    );
    desk.crawl(&[]).quiet();
    assert!(!desk.web().paths().contains(&"/news/draft".to_owned()));
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    let denied = desk.outcome("paper.example/news/draft");
    assert!(denied.starts_with("robots-denied: "), "{denied}");
    assert!(denied.contains("line 2"), "{denied}");
}

#[test]
fn stories_are_found_in_listings_of_every_kind() {
    let rules = r#"
        name  = "The Paper"
        hosts = ["paper.example"]
        [discover]
        feeds    = ["http://paper.example/rss", "http://paper.example/atom"]
        sections = ["http://paper.example/city"]
        include  = ["/news/*"]
        [[layout]]
        name = "now"
        body = "article"
    "#;
    let index = format!(
        "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
         <sitemap><loc>http://{HOST}/sitemap-plain.xml</loc></sitemap>\
         <sitemap><loc>http://{HOST}/sitemap-packed.xml.gz</loc></sitemap>\
         <sitemap><loc>http://{HOST}/sitemap-news.xml</loc></sitemap></sitemapindex>"
    );
    let news = format!(
        "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
         xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\"><url><loc>http://{HOST}/news/d</loc>\
         <news:news><news:publication_date>2026-11-01T08:00:00Z</news:publication_date>\
         <news:title>D</news:title></news:news></url></urlset>"
    );
    let atom = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>News</title><entry><title>E</title>\
         <link rel=\"alternate\" href=\"http://{HOST}/news/e\"/><updated>2026-11-01T08:00:00Z</updated></entry></feed>"
    );
    let section = "<html><body><a href=/news/f>F</a> <a href=/imprint>Imprint</a></body></html>";
    let mut routes = vec![
        (
            "paper.example/robots.txt".to_owned(),
            Reply::robots(&format!("Sitemap: http://{HOST}/sitemap.xml\n")),
        ),
        (format!("{HOST}/sitemap.xml"), xml(index)),
        (format!("{HOST}/sitemap-plain.xml"), xml(urlset(&["/news/b"]))),
        (
            format!("{HOST}/sitemap-packed.xml.gz"),
            Reply::status(
                200,
                &["Content-Type: application/gzip"],
                gzip(&urlset(&["/news/c"])),
            ),
        ),
        (format!("{HOST}/sitemap-news.xml"), xml(news)),
        (format!("{HOST}/rss"), rss(&["paper.example/news/a"])),
        (
            format!("{HOST}/atom"),
            Reply::status(200, &["Content-Type: application/atom+xml"], atom),
        ),
        (format!("{HOST}/city"), Reply::page(section)),
    ];
    routes.extend(["a", "b", "c", "d", "e", "f"].map(|s| (format!("{HOST}/news/{s}"), Reply::page(page(s)))));
    let desk = Desk::new().site("paper", rules).serve(routes);
    desk.crawl(&[]).quiet();
    assert_eq!(
        desk.sql("select replace(url, 'http://paper.example', ''), replace(discovered_from, 'http://paper.example', '') from pages where kind = 'article' order by url"),
        [
            "/news/a | /rss",
            "/news/b | /sitemap-plain.xml",
            "/news/c | /sitemap-packed.xml.gz",
            "/news/d | /sitemap-news.xml",
            "/news/e | /atom",
            "/news/f | /city",
        ]
    );
    assert_eq!(desk.articles().len(), 6);
}

#[test]
fn a_story_that_many_listings_name_is_fetched_once() {
    let rules = PAPER.replace(
        "feeds = [",
        "sections = [\"http://paper.example/city\"]\nfeeds = [\"http://paper.example/more\", ",
    );
    let desk = Desk::new().site("paper", &rules).serve([
        ("paper.example/feed", rss(&["paper.example/news/new-pier"])),
        (
            "paper.example/more",
            rss(&[
                "paper.example/news/new-pier?utm_source=rss&amp;utm_medium=feed",
                "PAPER.example:80/news/new-pier#comments",
            ]),
        ),
        (
            "paper.example/city",
            Reply::page("<a href='/news/new-pier?utm_campaign=city'>Pier</a>"),
        ),
        ("paper.example/news/new-pier", Reply::page(page("pier"))),
    ]);
    desk.crawl(&[]).quiet();
    let asked = desk.web().paths();
    let fetched = asked.iter().filter(|p| p.starts_with("/news/")).count();
    assert_eq!(fetched, 1, "{asked:?}");
    assert_eq!(desk.articles(), ["paper.example/news/new-pier"]);
}

#[test]
fn a_second_run_asks_for_no_story_again() {
    let desk = paper(&["pier", "tram", "clock"]);
    desk.crawl(&[]).quiet();
    let before = desk.sql("select * from articles");
    desk.web().forget();
    let summary = desk.crawl(&["--json"]).quiet().json();
    assert_eq!(summary["new_articles"], 0);
    assert_eq!(desk.web().paths(), ["/feed"]);
    assert_eq!(desk.sql("select * from articles"), before);
}

#[test]
fn stories_older_than_since_are_left_alone() {
    let feed = "<rss version=\"2.0\"><channel>\
        <item><link>http://paper.example/news/old</link><pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate></item>\
        <item><link>http://paper.example/news/new</link><pubDate>Fri, 20 Feb 2026 10:00:00 GMT</pubDate></item>\
        <item><link>http://paper.example/news/undated</link></item></channel></rss>";
    let desk = Desk::new().site("paper", PAPER).serve([
        ("paper.example/feed", xml(feed)),
        ("paper.example/news/old", Reply::page(page("old"))),
        ("paper.example/news/new", Reply::page(page("new"))),
        ("paper.example/news/undated", Reply::page(page("undated"))),
    ]);
    let proxy = desk.web().proxy().to_string();
    desk.run(&[
        "crawl",
        "paper",
        "--proxy",
        &proxy,
        "--delay",
        "0",
        "--since",
        "2026-02-01",
    ])
    .quiet();
    assert_eq!(
        desk.articles(),
        ["paper.example/news/new", "paper.example/news/undated"]
    );
}

#[test]
fn a_dry_run_reads_listings_and_fetches_no_story() {
    let desk = paper(&["pier", "tram"]);
    let summary = desk.crawl(&["--dry-run", "--json"]).quiet().json();
    assert_eq!(summary["sites"][0]["discovered"], 2);
    assert_eq!(desk.web().paths(), ["/robots.txt", "/feed"]);
    assert!(desk.articles().is_empty());
    assert_eq!(
        desk.sql("select count(*) from pages where kind <> 'robots'"),
        ["0"],
        "nothing is queued"
    );
    // For people and other programs: the addresses.
    desk.crawl(&["--dry-run"])
        .quiet()
        .prints("http://paper.example/news/pier\nhttp://paper.example/news/tram\n");
    desk.crawl(&["--dry-run", "-v"])
        .well()
        .warns("nothing was queued");
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), 2);
    desk.crawl(&["--dry-run"]).quiet().prints("");
}

#[test]
fn since_holds_for_stories_that_wait_too() {
    let desk = paper(&["pier", "tram"]);
    desk.crawl(&["--max-articles", "0"]).quiet();
    desk.change("update pages set listed_published = '2026-01-05' where url like '%/pier'");
    desk.change("update pages set listed_published = '2026-02-05' where url like '%/tram'");
    let proxy = desk.web().proxy().to_string();
    let since = [
        "crawl",
        "paper",
        "--proxy",
        &proxy,
        "--delay",
        "0",
        "--since",
        "2026-02-01",
    ];
    desk.run(&since).quiet();
    assert_eq!(desk.articles(), ["paper.example/news/tram"]);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), 2);
}

#[test]
fn no_more_articles_than_asked_for_are_fetched_and_the_rest_waits() {
    let desk = paper(&["pier", "tram", "clock"]);
    desk.crawl(&["--max-articles", "2"]).quiet();
    assert_eq!(desk.articles().len(), 2);
    let fetched = desk
        .web()
        .paths()
        .iter()
        .filter(|p| p.starts_with("/news/"))
        .count();
    assert_eq!(fetched, 2);
    desk.crawl(&["--max-articles", "2"]).quiet();
    assert_eq!(desk.articles().len(), 3);
}

/// Crawls as cron does, without an age limit on the command line.
fn plainly(desk: &Desk, args: &[&str]) {
    let proxy = desk.web().proxy().to_string();
    let mut all = vec!["crawl", "paper", "--proxy", &proxy, "--delay", "0"];
    all.extend(args);
    desk.run(&all).quiet();
}

/// The validators that the feed was asked with, time after time.
fn asked_with(desk: &Desk) -> Vec<Option<String>> {
    let feeds = desk
        .web()
        .requests()
        .into_iter()
        .filter(|seen| seen.path == "/feed");
    feeds
        .map(|seen| seen.header("if-none-match").map(str::to_owned))
        .collect()
}

/// A paper whose feed has a validator.
fn validated() -> Desk {
    let desk = paper(&["pier"]);
    let feed = "<rss version=\"2.0\"><channel><item><link>http://paper.example/news/pier</link></item></channel></rss>";
    desk.web().put(
        "paper.example/feed",
        Reply::status(200, &["Content-Type: application/rss+xml", "ETag: \"one\""], feed),
    );
    desk
}

#[test]
fn a_listing_that_is_as_it_was_is_read_whole_by_other_rules() {
    let desk = validated();
    desk.file(
        "sites/paper.toml",
        PAPER.replace("[discover]", "[discover]\ninclude = [\"/nothing/*\"]"),
    );
    plainly(&desk, &[]);
    assert_eq!(desk.articles(), [""; 0]);
    desk.file("sites/paper.toml", PAPER);
    plainly(&desk, &[]);
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    plainly(&desk, &[]);
    assert_eq!(asked_with(&desk), [None, None, Some("\"one\"".to_owned())]);
}

#[test]
fn a_listing_that_was_read_for_another_age_is_read_whole_again() {
    let desk = validated();
    plainly(&desk, &["--since", "2099-01-01"]);
    plainly(&desk, &[]);
    plainly(&desk, &["--since", "2020-01-01"]);
    plainly(&desk, &[]);
    assert_eq!(asked_with(&desk), [const { None }; 4]);
    plainly(&desk, &[]);
    assert_eq!(asked_with(&desk)[4].as_deref(), Some("\"one\""));
}

#[test]
fn a_listing_that_a_dead_story_leads_to_keeps_its_row() {
    let desk = validated();
    desk.web()
        .put("paper.example/news/pier", Reply::redirect(302, "/feed"));
    plainly(&desk, &[]);
    assert_eq!(
        desk.sql("select kind, outcome, etag, next_visit_at is not null from pages where url like '%/feed'"),
        ["feed | stored | \"one\" | 1"]
    );
    assert_eq!(
        desk.outcome("paper.example/news/pier"),
        "redirected: to http://paper.example/feed"
    );
}
