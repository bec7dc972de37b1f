//! A run against a server that does what real sites do: what is asked again, what is left alone, and
//! how a run ends. Pages are ours; the server is a proxy, so hosts have their real names.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use copydesk::clock::Clock;
use copydesk::fetch::Limits;
use copydesk::outcome::Outcome;
use copydesk::pipeline::crawl::{self, CrawlSettings, Unwatched};
use copydesk::pipeline::errand::{Errand, FetchSettings};
use copydesk::pipeline::reading::Rulebook;
use copydesk::pipeline::stop;
use copydesk::pipeline::summary::Summary;
use copydesk::sites::Sites;
use copydesk::sites::rule::Budget;
use copydesk::store::Reader;

use crate::faults::{FaultServer, Reply, Step};

const XML: &str = "Content-Type: application/xml";

fn settings(db: &Path, server: &FaultServer) -> CrawlSettings {
    CrawlSettings {
        db: db.to_owned(),
        command: "test".to_owned(),
        fetch: fetching(server),
        allow_private: true,
        max_articles: None,
        since: None,
        refresh: true,
        delay: None,
        dry_run: false,
        opt_out: copydesk::optout::OptOutPolicy::Record,
        budget: Budget::default(),
        disk_floor: 0,
        // A minute passes in some milliseconds.
        clock: Clock::scaled("2026-11-01T00:00:00Z".parse().unwrap(), 10_000),
    }
}

fn fetching(server: &FaultServer) -> FetchSettings {
    FetchSettings {
        user_agent: "copydesk/test".to_owned(),
        proxy: Some(server.proxy()),
        ca_certificates_pem: Vec::new(),
        limits: Limits::default(),
    }
}

async fn run(db: &Path, server: &FaultServer, rules: &str, stop: stop::Stop) -> Summary {
    let rulebook = Rulebook::new(Sites::from_sources([("paper.toml", rules), ("common.toml", "")]).unwrap());
    let sites = rulebook.sites().iter().cloned().collect();
    crawl::run(
        settings(db, server),
        Arc::new(rulebook),
        sites,
        Arc::new(Unwatched),
        stop,
    )
    .await
    .unwrap()
    .unwrap()
}

async fn crawl(db: &Path, server: &FaultServer, rules: &str) -> Summary {
    let (_stopper, stop) = stop::pair();
    run(db, server, rules, stop).await
}

const RULES: &str = "name = 'Paper'
hosts = ['paper.example', '*.paper.example']
[discover]
sitemaps = ['http://paper.example/map']
[[layout]]
name = 'now'
body = 'article'
";

fn story(title: &str, text: &str) -> Vec<u8> {
    let paragraphs =
        format!("<p>{text} The council met on Monday and talked at length of the harbour.</p>").repeat(6);
    format!("<title>{title}</title><h1>{title}</h1><article>{paragraphs}</article>").into_bytes()
}

fn map(urls: &[&str]) -> Vec<u8> {
    let urls: String = urls
        .iter()
        .map(|u| format!("<url><loc>{u}</loc></url>"))
        .collect();
    format!("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>").into_bytes()
}

fn db() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    (dir, path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_robots_txt_that_could_not_be_had_is_asked_for_again_in_the_next_run_and_forbids_until_then() {
    let (_dir, db) = db();
    let server = FaultServer::start([
        ("/robots.txt", vec![Reply::status(503, &[], "")]),
        (
            "/map",
            vec![Reply::status(200, &[XML], map(&["http://paper.example/a"]))],
        ),
    ]);
    for _ in 0..2 {
        let summary = crawl(&db, &server, RULES).await;
        assert_eq!(summary.exit_code, 1);
    }
    assert_eq!(server.paths(), ["/robots.txt", "/robots.txt"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_maps_of_an_index_that_has_not_changed_are_still_read() {
    let (_dir, db) = db();
    let index = "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>\
        <sitemap><loc>http://paper.example/news</loc></sitemap></sitemapindex>";
    let news = [
        &["http://paper.example/a"][..],
        &["http://paper.example/a", "http://paper.example/b"],
    ];
    let news = news.map(|urls| Reply::status(200, &[XML], map(urls)));
    let server = FaultServer::start([
        (
            "/map",
            vec![
                Reply::status(200, &[XML, "ETag: \"1\""], index),
                Reply::status(200, &[XML, "ETag: \"1\""], index),
            ],
        ),
        ("/news", news.to_vec()),
    ]);
    assert_eq!(crawl(&db, &server, RULES).await.sites[0].discovered, 1);
    assert_eq!(crawl(&db, &server, RULES).await.sites[0].discovered, 1);
    let conditional = server
        .requests()
        .iter()
        .any(|seen| seen.path == "/map" && seen.header("if-none-match").is_some());
    assert!(!conditional, "a 304 would have hidden what the index names");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_in_trouble_does_not_keep_a_sites_other_hosts_from_being_crawled() {
    let (_dir, db) = db();
    let urls = [
        "http://old.paper.example/1",
        "http://old.paper.example/2",
        "http://paper.example/a",
    ];
    let server = FaultServer::start([
        ("old.paper.example/robots.txt", vec![Reply::status(503, &[], "")]),
        ("/map", vec![Reply::status(200, &[XML], map(&urls))]),
        ("/a", vec![Reply::page(story("Harbour", "Boats came in."))]),
    ]);
    let summary = crawl(&db, &server, RULES).await;
    assert_eq!((summary.new_articles, summary.exit_code), (1, 0));
    assert_eq!(
        summary.sites[0].warnings.len(),
        1,
        "said once: {:?}",
        summary.sites[0].warnings
    );
    let second = Reader::open(&db).unwrap().page(urls[1]).unwrap().unwrap();
    assert_eq!(
        (second.outcome, second.attempts),
        (None, 0),
        "it keeps its place in the queue"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_another_led_to_is_not_asked_for_twice_in_a_run() {
    let (_dir, db) = db();
    let urls = ["http://paper.example/old", "http://paper.example/a"];
    let server = FaultServer::start([
        ("/map", vec![Reply::status(200, &[XML], map(&urls))]),
        ("/old", vec![Reply::redirect(301, "http://paper.example/a")]),
        ("/a", vec![Reply::page(story("Harbour", "Boats came in."))]),
    ]);
    assert_eq!(crawl(&db, &server, RULES).await.new_articles, 1);
    assert_eq!(
        server.paths(),
        ["/robots.txt", "/map", "/.well-known/tdmrep.json", "/old", "/a"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charset_that_only_the_header_tells_makes_no_revision() {
    let (_dir, db) = db();
    let page = |appeal: &str| {
        let html = story("Été", "Le café du port est fermé à cause de la tempête.");
        let html = [&html, format!("<aside>{appeal}</aside>").as_bytes()].concat();
        let (bytes, _, _) = encoding_rs::MACINTOSH.encode(std::str::from_utf8(&html).unwrap());
        Reply::status(200, &["Content-Type: text/html; charset=macintosh"], bytes)
    };
    let server = FaultServer::start([
        (
            "/map",
            vec![Reply::status(200, &[XML], map(&["http://paper.example/a"]))],
        ),
        ("/a", vec![page("Support us"), page("Support us today")]),
    ]);
    assert_eq!(crawl(&db, &server, RULES).await.new_articles, 1);
    let summary = crawl(&db, &server, RULES).await;
    assert_eq!(server.paths().iter().filter(|p| *p == "/a").count(), 2);
    assert_eq!(summary.revised, 0, "{:?}", summary.outcomes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_to_end_does_not_wait_long_for_a_page_and_leaves_it_queued() {
    let (_dir, db) = db();
    let urls = ["http://paper.example/a", "http://paper.example/b"];
    let server = FaultServer::start([
        ("/map", vec![Reply::status(200, &[XML], map(&urls))]),
        ("/a", vec![Reply::page(story("Harbour", "Boats came in."))]),
        ("/b", vec![Reply(vec![Step::Hold])]),
    ]);
    let (stopper, stop) = stop::pair();
    let asked = async {
        while !server.paths().iter().any(|path| path == "/b") {
            tokio::task::yield_now().await;
        }
        stopper.stop();
    };
    let (summary, ()) = tokio::join!(run(&db, &server, RULES, stop), asked);
    assert_eq!((summary.interrupted, summary.exit_code), (true, 0));
    let rest = Reader::open(&db).unwrap().page(urls[1]).unwrap().unwrap();
    assert_eq!((rest.outcome, rest.attempts), (None, 0));
}

#[test]
fn errands_to_one_host_keep_its_pace_and_ask_for_robots_txt_once() {
    let server = FaultServer::start([("/a", vec![Reply::page("a")]), ("/b", vec![Reply::page("b")])]);
    let errand = Errand::new(&fetching(&server), true, &Sites::builtin()).unwrap();
    for page in ["/a", "/b"] {
        errand
            .fetch(&format!("http://paper.example{page}").parse().unwrap())
            .unwrap();
    }
    let seen = server.requests();
    assert_eq!(server.paths(), ["/robots.txt", "/a", "/b"]);
    assert!(seen[2].started - seen[1].started >= Duration::from_secs(1));
}

#[test]
fn an_errand_asks_as_the_rule_file_says() {
    let server = FaultServer::start([("/a", vec![Reply::page("a")]), ("/b", vec![Reply::page("b")])]);
    let rules =
        "name = 'P'\nhosts = ['paper.example']\n[headers]\nAccept-Language = 'de'\n[crawl]\ndelay = '1.5s'\n";
    let sites = Sites::from_sources([("paper.toml", rules)]).unwrap();
    let errand = Errand::new(&fetching(&server), true, &sites).unwrap();
    for page in ["/a", "/b"] {
        errand
            .fetch(&format!("http://paper.example{page}").parse().unwrap())
            .unwrap();
    }
    let seen = server.requests();
    assert!(seen[2].started - seen[1].started >= Duration::from_millis(1_500));
    assert_eq!(seen[2].header("accept-language"), Some("de"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_a_host_asked_for_holds_in_the_next_run_too() {
    let (_dir, db) = db();
    let busy = Reply::status(429, &["Retry-After: 80000"], "");
    let server = FaultServer::start([("/map", vec![busy])]);
    for _ in 0..2 {
        let site = &crawl(&db, &server, RULES).await.sites[0];
        assert!(format!("{site:?}").contains("left alone until"), "{site:?}");
    }
    assert_eq!(server.paths(), ["/robots.txt", "/map"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_for_robots_is_known_for_one_whatever_its_status() {
    let (_dir, db) = db();
    let page = "<html><head><title>Just a moment...</title></head><body><div id='challenge-running'>\
        Checking your browser before accessing paper.example.</div>\
        <script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script></body></html>";
    let server = FaultServer::start([
        (
            "/map",
            vec![Reply::status(200, &[XML], map(&["http://paper.example/a"]))],
        ),
        ("/a", vec![Reply::status(403, &["Content-Type: text/html"], page)]),
    ]);
    crawl(&db, &server, RULES).await;
    let row = Reader::open(&db)
        .unwrap()
        .page("http://paper.example/a")
        .unwrap()
        .unwrap();
    assert_eq!(row.outcome, Some(Outcome::BotChallenge));
    assert!(row.reason.unwrap().starts_with("status 403: "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_front_page_that_a_dead_story_leads_to_stays_a_section() {
    let (_dir, db) = db();
    let rules = RULES.replace("[[layout]]", "sections = ['http://paper.example/']\n[[layout]]");
    let server = FaultServer::start([
        (
            "/map",
            vec![Reply::status(200, &[XML], map(&["http://paper.example/a"]))],
        ),
        ("/a", vec![Reply::redirect(302, "/")]),
        ("/", vec![Reply::page("<title>Paper</title><a href='/'>Home</a>")]),
    ]);
    crawl(&db, &server, &rules).await;
    let row = Reader::open(&db)
        .unwrap()
        .page("http://paper.example/")
        .unwrap()
        .unwrap();
    assert_eq!(row.kind.as_str(), "section");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_ours_on_one_page_ends_no_run() {
    let (_dir, db) = db();
    let server = FaultServer::start([
        ("/robots.txt", vec![Reply::robots("")]),
        (
            "/map",
            vec![Reply::status(200, &[XML], map(&["http://paper.example/a"]))],
        ),
        ("/a", vec![Reply::page(story("A", "Rain."))]),
    ]);
    let of = |rules: &str| {
        Rulebook::new(Sites::from_sources([("paper.toml", rules), ("common.toml", "")]).unwrap())
    };
    let sites: Vec<_> = of(RULES).sites().iter().cloned().collect();
    let run = async |book: Rulebook, max_articles: Option<usize>| {
        let settings = CrawlSettings {
            max_articles,
            ..settings(&db, &server)
        };
        let (_stopper, stop) = stop::pair();
        crawl::run(settings, Arc::new(book), sites.clone(), Arc::new(Unwatched), stop).await
    };
    // The story is queued, and waits.
    run(of(RULES), Some(0)).await.unwrap();
    // Rules that lack the site cannot be: it is as good as any fault that is.
    let lacking = Sites::from_sources([("common.toml", "")]).unwrap();
    let summary = run(Rulebook::new(lacking), None).await.unwrap().unwrap();
    assert_eq!(summary.outcomes[&Outcome::Failed], 1);
    let row = Reader::open(&db)
        .unwrap()
        .page("http://paper.example/a")
        .unwrap()
        .unwrap();
    assert!(row.reason.unwrap().starts_with("internal fault: "));
}
