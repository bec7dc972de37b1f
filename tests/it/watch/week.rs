//! Some days of a dozen papers with failures, corrections and restarts: every story once, every
//! correction a version, no appeal one, and the manners kept as the server saw them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use copydesk::clock::Clock;
use copydesk::pipeline::crawl::{CrawlSettings, Unwatched};
use copydesk::pipeline::errand::FetchSettings;
use copydesk::pipeline::reading::Rulebook;
use copydesk::pipeline::rules::Rules;
use copydesk::pipeline::stop;
use copydesk::pipeline::watch::{self, Reload};
use copydesk::sites::Sites;
use copydesk::sites::rule::Budget;
use jiff::Timestamp;
use rusqlite::Connection;

use crate::desk::rss;
use crate::faults::{FaultServer, Reply, Step};

/// Stories of each site; its feed names one more at each visit.
const STORIES: usize = 10;
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// One story in so many fails at first, one in so many is corrected.
const FAILS: usize = 20;
const IS_CORRECTED: usize = 3;

/// How large the world is.
struct Edition {
    sites: usize,
    /// How much faster the clock runs.
    factor: u32,
    /// The rule files' `revisit`.
    revisit: &'static str,
    /// Longest wait for the end; reached only when the test fails.
    patience: Duration,
}

const SMALL: Edition = Edition {
    sites: 12,
    factor: 30_000,
    revisit: "['4h', '12h']",
    patience: Duration::from_secs(90),
};
const LARGE: Edition = Edition {
    sites: 300,
    factor: 10_000,
    revisit: "['2d', '8d']",
    patience: Duration::from_secs(600),
};

fn host(site: usize) -> String {
    format!("paper{site}.example")
}

fn rules(site: usize, revisit: &str) -> String {
    let host = host(site);
    format!(
        "name = 'Paper {site}'\nhosts = ['{host}']\n[discover]\nfeeds = ['http://{host}/feed']\n\
         [crawl]\nevery = '1h'\nrevisit = {revisit}\n[[layout]]\nbody = 'article'\n\
         [[strip]]\ncategory = 'donation'\nselect = '.give'\n"
    )
}

fn told(site: usize, story: usize, appeal: &str, correction: &str) -> Reply {
    let name = format!("quay {site}x{story}");
    Reply::page(format!(
        "<title>Work at {name}</title><h1>Work at {name}</h1><article>\
         <p>The council of {name} has said that its crane is to be mended before winter comes{correction}.</p>\
         <aside class=give>{appeal}</aside>\
         <p>Whoever works at {name} will have to walk around it until the bill for {name} is paid.</p></article>"
    ))
}

/// The replies of a story: at first sight, after four hours (another appeal), after twelve.
fn replies(site: usize, story: usize) -> Vec<Reply> {
    let number = site * STORIES + story;
    let mut replies = match (number % FAILS == 7, number % 3) {
        (false, _) => Vec::new(),
        (true, 0) => vec![Reply::status(503, &[], "")],
        (true, 1) => vec![Reply(vec![Step::Reset])],
        (true, _) => vec![Reply::status(500, &[], "")],
    };
    replies.push(told(site, story, "Support us", ""));
    replies.push(told(site, story, "Support us today, as many do", ""));
    if number.is_multiple_of(IS_CORRECTED) {
        replies.push(told(site, story, "Support us", ", and not after it"));
    }
    replies
}

fn server(sites: usize) -> FaultServer {
    let mut routes = Vec::new();
    for site in 0..sites {
        let host = host(site);
        routes.push((format!("{host}/robots.txt"), vec![Reply::robots("")]));
        let addresses: Vec<String> = (0..STORIES).map(|n| format!("{host}/s/{n}")).collect();
        let names: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let mut feeds: Vec<Reply> = (1..=STORIES).map(|n| rss(&names[..n])).collect();
        // A feed fails now and then, too.
        feeds.insert(4, Reply::status(502, &[], ""));
        routes.push((format!("{host}/feed"), feeds));
        routes.extend((0..STORIES).map(|n| (format!("{host}/s/{n}"), replies(site, n))));
    }
    FaultServer::scripted(routes)
}

fn settings(db: &Path, server: &FaultServer, clock: Clock) -> CrawlSettings {
    CrawlSettings {
        db: db.to_owned(),
        command: "copydesk watch".to_owned(),
        fetch: FetchSettings {
            user_agent: "copydesk/test".to_owned(),
            proxy: Some(server.proxy()),
            ca_certificates_pem: Vec::new(),
        },
        allow_private: true,
        max_articles: None,
        since: None,
        refresh: false,
        delay: None,
        dry_run: false,
        opt_out: copydesk::optout::OptOutPolicy::Record,
        budget: Budget::default(),
        disk_floor: 0,
        clock,
    }
}

fn rulebook(edition: &Edition) -> Rulebook {
    let files = (0..edition.sites).map(|site| (format!("paper{site}.toml"), rules(site, edition.revisit)));
    Rulebook::new(Sites::from_sources(files).unwrap())
}

fn count(db: &Path, query: &str) -> usize {
    let db = Connection::open(db).unwrap();
    db.query_row(query, [], |row| row.get::<_, i64>(0))
        .unwrap()
        .try_into()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dozen_papers_over_days_with_failures_corrections_and_restarts() {
    live_through(&SMALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo test --test it -- --ignored three_hundred_papers"]
async fn three_hundred_papers_over_weeks_with_failures_corrections_and_restarts() {
    live_through(&LARGE).await;
}

async fn live_through(edition: &Edition) {
    let stories = edition.sites * STORIES;
    let corrected = stories.div_ceil(IS_CORRECTED);
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("a.db");
    let server = server(edition.sites);
    let begun = Instant::now();
    // The time that goes on where the last watch ended.
    let mut now: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let is_complete = || {
        count(&db, "select count(*) from articles") == stories
            && count(&db, "select count(*) from article_changes") == corrected
    };
    let mut restarts = 0;
    for turn in 0.. {
        let clock = Clock::scaled(now, edition.factor);
        let rules = Rules::new(None, Vec::new(), rulebook(edition)).unwrap();
        let (stopper, stop) = stop::pair();
        let settings = settings(&db, &server, clock.clone());
        let watching = watch::run(settings, rules, Arc::new(Unwatched), stop, Reload::default());
        let ending = async {
            // Ended in the middle of things, twice a day at first.
            clock.sleep(if turn < 4 { DAY / 2 } else { DAY }).await;
            stopper.stop();
        };
        let (watched, ()) = tokio::join!(watching, ending);
        assert!(watched.unwrap().is_some());
        now = clock.now();
        if is_complete() {
            break;
        }
        restarts += 1;
        assert!(
            begun.elapsed() < edition.patience,
            "{} articles",
            count(&db, "select count(*) from articles")
        );
    }
    // Once complete it stays as it is.
    assert_eq!(count(&db, "select count(distinct url) from articles"), stories);
    assert_eq!(count(&db, "select max(version) from articles"), 2);
    assert_eq!(
        count(
            &db,
            "select count(*) from pages where outcome = 'failed' and kind = 'article'"
        ),
        0
    );
    let appeals = "select count(*) from article_versions where text like '%Support us%'";
    assert_eq!(count(&db, appeals), 0);
    manners(&server, edition);
    // Nothing is asked for beyond need: a story at first sight and twice for corrections, again where it
    // failed, and what was in flight, at most one of a site, when a watch was ended.
    let of_stories = server
        .requests()
        .iter()
        .filter(|s| s.path.starts_with("/s/"))
        .count();
    let most = stories * 3 + stories / FAILS + restarts * edition.sites;
    assert!(
        of_stories <= most,
        "{of_stories} requests, at most {most} are needed"
    );
    eprintln!("{stories} stories, {of_stories} requests for them, {restarts} restarts");
}

fn manners(server: &FaultServer, edition: &Edition) {
    let second = Duration::from_secs(1);
    let mut by_host: HashMap<String, Vec<_>> = HashMap::new();
    for seen in server.requests() {
        by_host.entry(seen.host.clone()).or_default().push(seen);
    }
    assert_eq!(by_host.len(), edition.sites);
    for (host, seen) in by_host {
        assert_eq!(seen[0].path, "/robots.txt", "{host}");
        assert_eq!(server.most_in_flight(&host), 1, "{host}");
        for pair in seen.windows(2) {
            let gap = (pair[1].started - pair[0].ended.unwrap()) * edition.factor;
            assert!(
                gap >= second,
                "{host}: {gap:?} between {} and {}",
                pair[0].path,
                pair[1].path
            );
        }
    }
}
