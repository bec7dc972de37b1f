//! Days of watching in seconds: when what is asked, and what is said of it in the database. The time of
//! a request is reckoned from the server's log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use copydesk::clock::Clock;
use copydesk::fetch::Limits;
use copydesk::pipeline::crawl::{CrawlSettings, Unwatched};
use copydesk::pipeline::errand::FetchSettings;
use copydesk::pipeline::reading::Rulebook;
use copydesk::pipeline::rules::Rules;
use copydesk::pipeline::stop;
use copydesk::pipeline::watch::{self, Reload, Watched};
use copydesk::sites::Sites;
use copydesk::sites::rule::Budget;
use rusqlite::Connection;

use crate::crawl::page;
use crate::desk::rss;
use crate::faults::{FaultServer, Reply, Seen};

/// How much faster the clock runs: half an hour in 90 ms.
const FACTOR: u32 = 20_000;
/// Longest wait for a request that a test expects; reached only when it fails.
const PATIENCE: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3_600);
const RULES: &str = "name = 'Paper'
hosts = ['paper.example']
[discover]
feeds = ['http://paper.example/feed']
[crawl]
every = '30m'
[[layout]]
body = 'article'
";

/// A watch in this process.
struct Watching {
    dir: tempfile::TempDir,
    server: FaultServer,
    clock: Clock,
    stopper: stop::Stopper,
    task: tokio::task::JoinHandle<Watched>,
}

impl Watching {
    /// Begins, with rule files in a directory of their own.
    async fn start(server: FaultServer, rules: &str) -> Self {
        Self::in_dir(tempfile::tempdir().unwrap(), server, rules, Budget::default()).await
    }

    async fn in_dir(dir: tempfile::TempDir, server: FaultServer, rules: &str, budget: Budget) -> Self {
        let sites = dir.path().join("sites");
        std::fs::create_dir_all(&sites).unwrap();
        std::fs::write(sites.join("paper.toml"), rules).unwrap();
        let loaded = tokio::task::spawn_blocking({
            let sites = sites.clone();
            move || Rulebook::new(Sites::load(Some(&sites)).unwrap())
        });
        let loaded = loaded.await.unwrap();
        let clock = Clock::scaled("2026-11-01T06:00:00Z".parse().unwrap(), FACTOR);
        let settings = CrawlSettings {
            db: dir.path().join("a.db"),
            command: "copydesk watch".to_owned(),
            fetch: FetchSettings {
                user_agent: "copydesk/test".to_owned(),
                proxy: Some(server.proxy()),
                ca_certificates_pem: Vec::new(),
                limits: Limits::default(),
            },
            allow_private: true,
            max_articles: None,
            since: None,
            refresh: false,
            delay: None,
            dry_run: false,
            opt_out: copydesk::optout::OptOutPolicy::Record,
            budget,
            disk_floor: 0,
            clock: clock.clone(),
        };
        let rules = Rules::new(Some(sites), vec!["paper".to_owned()], loaded).unwrap();
        let (stopper, stop) = stop::pair();
        let task = tokio::spawn(async move {
            let reload = Reload::default();
            let watched = watch::run(settings, rules, Arc::new(Unwatched), stop, reload).await;
            watched.unwrap().unwrap()
        });
        Self {
            dir,
            server,
            clock,
            stopper,
            task,
        }
    }

    fn db(&self) -> PathBuf {
        self.dir.path().join("a.db")
    }

    fn rules(&self) -> PathBuf {
        self.dir.path().join("sites/paper.toml")
    }

    /// Lets time pass.
    async fn pass(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    /// Waits until this many requests for a path were made.
    async fn asked(&self, path: &str, times: usize) {
        let begun = Instant::now();
        while visits(&self.server, path).len() < times {
            assert!(!self.task.is_finished(), "the watch has ended");
            assert!(begun.elapsed() < PATIENCE, "{path}: {:?}", self.server.paths());
            tokio::task::yield_now().await;
        }
    }

    /// Ends it.
    async fn end(self) -> (Watched, FaultServer, tempfile::TempDir) {
        self.stopper.stop();
        (self.task.await.unwrap(), self.server, self.dir)
    }
}

/// The times, on the fast clock, at which a path was asked for.
fn visits(server: &FaultServer, path: &str) -> Vec<Duration> {
    let of_path = |seen: &Seen| seen.path == path;
    let requests = server.requests().into_iter().filter(of_path);
    requests.map(|seen| seen.started * FACTOR).collect()
}

/// The times between them.
fn gaps(visits: &[Duration]) -> Vec<Duration> {
    visits.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn feed(subjects: &[&str]) -> Reply {
    let addresses: Vec<String> = subjects
        .iter()
        .map(|s| format!("paper.example/news/{s}"))
        .collect();
    rss(&addresses.iter().map(String::as_str).collect::<Vec<_>>())
}

fn paper(subjects: &[&'static str]) -> FaultServer {
    let routes = [
        ("/robots.txt".to_owned(), vec![Reply::robots("")]),
        ("/feed".to_owned(), vec![feed(subjects)]),
    ];
    let stories = subjects
        .iter()
        .map(|s| (format!("/news/{s}"), vec![Reply::page(page(s))]));
    FaultServer::scripted(routes.into_iter().chain(stories))
}

fn rows(db: &Path, query: &str) -> Vec<String> {
    let db = Connection::open(db).unwrap();
    let mut statement = db.prepare(query).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0));
    rows.unwrap().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_feed_is_asked_less_and_less_often_down_to_an_eighth() {
    let watching = Watching::start(paper(&["pier"]), RULES).await;
    watching.asked("/feed", 9).await;
    let (watched, server, dir) = watching.end().await;
    assert_eq!((watched.new_articles, watched.failed_turns), (1, 0));
    let gaps = gaps(&visits(&server, "/feed"));
    // 30 min, then half as much again each time, at most 4 h; never sooner than it is due.
    assert!(gaps[0] >= HOUR / 2, "{gaps:?}");
    assert!(gaps[1] >= HOUR * 3 / 4, "{gaps:?}");
    // A machine that is busy makes them longer: hours pass in milliseconds here.
    assert!(gaps.iter().all(|gap| *gap < HOUR * 8), "{gaps:?}");
    assert!(gaps[7] >= HOUR * 4 - HOUR / 60, "{gaps:?}");
    let every = rows(
        &dir.path().join("a.db"),
        "select cast(every_s as text) from pages where kind = 'feed'",
    );
    assert_eq!(every, ["14400"]);
    let asked = server.paths();
    assert_eq!(asked.iter().filter(|p| *p == "/news/pier").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_feed_is_asked_up_to_twice_as_often() {
    let watching = Watching::start(paper(&["pier"]), RULES).await;
    let mut names: Vec<String> = vec!["pier".to_owned()];
    for n in 1..8 {
        watching.asked("/feed", n).await;
        names.push(format!("story-{n}"));
        let listed: Vec<&str> = names.iter().map(String::as_str).collect();
        watching.server.put("/feed", feed(&listed));
        let subject = format!("subject {n}");
        watching
            .server
            .put(&format!("/news/story-{n}"), Reply::page(page(&subject)));
    }
    watching.asked("/feed", 8).await;
    let (_, server, dir) = watching.end().await;
    let gaps = gaps(&visits(&server, "/feed"));
    assert!(gaps.iter().all(|gap| *gap >= HOUR / 4), "{gaps:?}");
    let every = rows(
        &dir.path().join("a.db"),
        "select cast(every_s as text) from pages where kind = 'feed'",
    );
    assert_eq!(every, ["900"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn young_stories_are_looked_at_again_between_two_looks_at_the_feed() {
    let rules = RULES.replace("'30m'", "'4d'\nrevisit = ['6h', '18h']");
    let watching = Watching::start(paper(&["pier"]), &rules).await;
    watching.asked("/news/pier", 3).await;
    let (_, server, _dir) = watching.end().await;
    assert_eq!(visits(&server, "/feed").len(), 1, "the feed is not due");
    let gaps = gaps(&visits(&server, "/news/pier"));
    assert!(gaps[0] >= HOUR * 6 && gaps[1] >= HOUR, "{gaps:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_watching_is_one_row_in_runs() {
    let watching = Watching::start(paper(&["pier"]), RULES).await;
    watching.pass(HOUR * 50).await;
    let (watched, _server, dir) = watching.end().await;
    assert!(watched.turns > 10, "{watched:?}");
    let runs = rows(
        &dir.path().join("a.db"),
        "select substr(started_at, 1, 10) || ' ' || (finished_at is not null) || ' ' || exit_code || ' ' || outcomes from runs",
    );
    assert_eq!(
        runs,
        [
            "2026-11-01 1 0 {\"stored\":1}",
            "2026-11-02 1 0 {}",
            "2026-11-03 1 0 {}"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_fails_is_left_alone_longer_and_longer_and_comes_back_by_itself() {
    let server = paper(&["pier"]);
    server.put("/robots.txt", Reply::status(503, &[], ""));
    let watching = Watching::start(server, RULES).await;
    watching.asked("/robots.txt", 5).await;
    let failing =
        "select failed_turns || ' ' || (failing_since is not null) || ' ' || failure from site_schedule";
    let told = rows(&watching.db(), failing).remove(0);
    assert!(
        told.contains("1 robots.txt of http://paper.example could not be had"),
        "{told}"
    );
    watching.server.put("/robots.txt", Reply::robots(""));
    watching.asked("/feed", 2).await;
    let (watched, server, dir) = watching.end().await;
    assert!(watched.failed_turns >= 5);
    let gaps = gaps(&visits(&server, "/robots.txt"));
    for (gap, least) in gaps.iter().zip([1, 2, 4, 8]) {
        assert!(*gap >= HOUR * least / 2, "{gaps:?}");
    }
    let well = "select failed_turns || ' ' || (failing_since is null) || ' ' || (last_success_at is not null) from site_schedule";
    assert_eq!(rows(&dir.path().join("a.db"), well), ["0 1 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_rule_file_is_picked_up_without_a_signal_and_a_broken_one_is_not() {
    let server = paper(&["pier"]);
    server.put("/second", feed(&["tram"]));
    server.put("/news/tram", Reply::page(page("tram")));
    let watching = Watching::start(server, RULES).await;
    watching.asked("/news/pier", 1).await;
    let changed = RULES.replace("feed']", "feed', 'http://paper.example/second']");
    std::fs::write(watching.rules(), changed.replace("hosts", "hsts")).unwrap();
    let before = visits(&watching.server, "/feed").len();
    watching.asked("/feed", before + 2).await;
    assert_eq!(visits(&watching.server, "/second").len(), 0);
    std::fs::write(watching.rules(), changed).unwrap();
    watching.asked("/news/tram", 1).await;
    let (watched, _, _dir) = watching.end().await;
    assert_eq!((watched.new_articles, watched.failed_turns), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_takes_no_more_than_the_runs_budget_and_the_next_day_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let budget = Budget {
        requests: Some(4),
        ..Budget::default()
    };
    let watching = Watching::in_dir(dir, paper(&["pier", "tram"]), RULES, budget).await;
    watching.pass(HOUR * 12).await;
    assert_eq!(
        watching.server.paths(),
        ["/robots.txt", "/feed", "/.well-known/tdmrep.json", "/news/pier"]
    );
    watching.asked("/news/tram", 1).await;
    let (_, server, _dir) = watching.end().await;
    assert!(
        server.requests()[4].started * FACTOR >= HOUR * 17,
        "it is the next day"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_starts_again_goes_on_where_the_last_one_left_off() {
    let watching = Watching::start(paper(&["pier"]), RULES).await;
    watching.asked("/news/pier", 1).await;
    let (_, server, dir) = watching.end().await;
    let before = server.requests();
    // The clock of the second begins anew, at the same time of day: nothing is due yet.
    let watching = Watching::in_dir(dir, server, RULES, Budget::default()).await;
    watching.asked("/feed", 2).await;
    let (_, server, _dir) = watching.end().await;
    let waited = server.requests()[before.len()].started - before[before.len() - 1].started;
    assert!(
        waited * FACTOR >= HOUR / 3,
        "asked again after {:?}",
        waited * FACTOR
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_robots_txt_that_is_forgotten_is_asked_for_long_before_its_day_is_over() {
    let watching = Watching::start(paper(&["pier"]), RULES).await;
    watching.asked("/feed", 1).await;
    let mut soon = false;
    // A machine that stands still for a second lets six hours pass.
    for n in 1..=5 {
        watching.asked("/robots.txt", n).await;
        watching.pass(HOUR).await;
        let db = Connection::open(watching.db()).unwrap();
        db.busy_timeout(PATIENCE).unwrap();
        db.execute("delete from robots", []).unwrap();
        watching.asked("/robots.txt", n + 1).await;
        let gaps = gaps(&visits(&watching.server, "/robots.txt"));
        soon |= gaps[n - 1] < HOUR * 20;
        if soon {
            break;
        }
    }
    let (_, server, _dir) = watching.end().await;
    assert!(soon, "{:?}", gaps(&visits(&server, "/robots.txt")));
}
