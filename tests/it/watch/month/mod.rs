//! A month of papers with failures, corrections, outages and kills: every story once, every correction a
//! version, no appeal one, the manners kept as the papers saw them, memory and file bounded. The watch is a
//! process of its own, this test binary started again, so that it can be killed and its memory measured.

mod ledger;
mod trouble;
mod world;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use copydesk::clock::Clock;
use copydesk::fetch::Limits;
use copydesk::pipeline::crawl::{CrawlSettings, Unwatched};
use copydesk::pipeline::errand::FetchSettings;
use copydesk::pipeline::reading::Rulebook;
use copydesk::pipeline::rules::Rules;
use copydesk::pipeline::stop;
use copydesk::pipeline::watch::{self, Reload};
use copydesk::sites::Sites;
use copydesk::sites::rule::Budget;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use self::ledger::Archive;
use self::world::{DAY, Edition, HOUR, START, World, dice};
use crate::faults::FaultServer;

/// Where the child works; without it there is nothing to do.
const CHILD_DIR: &str = "COPYDESK_TEST_MONTH";

/// Some days, for the ordinary tests.
const SMALL: Edition = Edition {
    name: "small",
    sites: 15,
    tells_for: Duration::from_secs(4 * 24 * 3_600),
    lasts: Duration::from_secs(12 * 24 * 3_600),
    factor: 40_000,
    patience: Duration::from_secs(1),
};
/// The month.
const LARGE: Edition = Edition {
    name: "large",
    sites: 300,
    tells_for: Duration::from_secs(21 * 24 * 3_600),
    lasts: Duration::from_secs(30 * 24 * 3_600),
    factor: 8_640,
    patience: Duration::from_secs(3),
};
/// Days that a slow machine may take beyond, until all is told.
const GRACE: Duration = Duration::from_secs(6 * 24 * 3_600);

#[test]
fn papers_over_days_with_failures_outages_corrections_and_kills() {
    let killed = live_through(&SMALL, 3);
    assert!(!killed.is_empty());
}

#[test]
#[ignore = "takes minutes: cargo test --release --test it -- --ignored --nocapture three_hundred_papers"]
fn three_hundred_papers_over_a_month_undisturbed_and_killed_twenty_times() {
    let undisturbed = live_through(&LARGE, 0);
    let killed = live_through(&LARGE, 20);
    assert!(undisturbed == killed, "twenty kills make a difference");
}

/// Lives through an edition, with so many kills at moments that its seed chooses; returns what the archive
/// holds in the end.
fn live_through(edition: &Edition, kills: usize) -> Archive {
    let dir = Kept(Some(tempfile::tempdir().unwrap()));
    let world = Arc::new(World::new(*edition));
    let expected = ledger::expected(edition, &world);
    let epoch = SystemTime::now();
    let server = FaultServer::playing({
        let world = Arc::clone(&world);
        move |seen| world.answer(seen)
    });
    let since = || epoch.elapsed().unwrap() * edition.factor;
    let start = || Watching(child(edition, dir.path(), &server, epoch));
    let db = dir.path().join("a.db");
    let mut watching = start();
    let (mut killed, mut copies, mut samples) = (0, Vec::new(), Vec::new());
    loop {
        std::thread::sleep(HOUR * 2 / edition.factor);
        let now = since();
        let ended = watching.0.try_wait().unwrap();
        assert!(ended.is_none(), "the watch has ended: {}", said(dir.path()));
        samples.extend(held(&watching.0).map(|bytes| (now, bytes)));
        if killed < kills && now >= moment(edition, killed, kills) {
            // SIGKILL, in the midst of whatever it does.
            watching.0.kill().unwrap();
            watching.0.wait().unwrap();
            copies.push(copied(&db, killed));
            killed += 1;
            watching = start();
        }
        if now >= edition.lasts {
            // A slow machine may take longer.
            if count(&db) >= wanted(&expected) || now >= edition.lasts + GRACE {
                break;
            }
        }
    }
    let lasted = since();
    std::fs::write(dir.path().join("stop"), "").unwrap();
    assert!(watching.0.wait().unwrap().success(), "{}", said(dir.path()));
    let log = server.requests();
    eprintln!(
        "\n{}: {} papers, {} stories, {:.1} days in {:.0} s, {killed} kills",
        edition.name,
        edition.sites,
        expected.len(),
        lasted.as_secs_f64() / DAY.as_secs_f64(),
        epoch.elapsed().unwrap().as_secs_f64()
    );
    for copy in copies {
        // Whole, at every moment.
        ledger::archive(&copy);
    }
    ledger::tell_requests(edition, &log);
    ledger::bad_addresses(&db);
    ledger::thrift(edition, &log, expected.len(), killed);
    ledger::file_size(&db, expected.len());
    if killed == 0 {
        ledger::memory(&samples);
    }
    if edition.sites >= 100 {
        ledger::listings_are_kept_up_with(edition, &log);
    }
    let complete = ledger::is_complete(edition, &expected, &db, &log);
    ledger::manners(edition, &log);
    complete
}

/// The month's folder, which stays behind when the month fails: what the watch said and stored is there.
struct Kept(Option<TempDir>);

impl Kept {
    fn path(&self) -> &Path {
        self.0.as_ref().unwrap().path()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(dir) = self.0.take().filter(|_| std::thread::panicking()) {
            eprintln!(
                "what the watch said and stored is kept in {}",
                dir.keep().display()
            );
        }
    }
}

/// The watch at work; it ends with its test.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// When the watch is killed: spread over the time in which there is something to lose.
fn moment(edition: &Edition, kill: usize, kills: usize) -> Duration {
    let part = edition.lasts * 9 / 10 / u32::try_from(kills).unwrap();
    let shift = dice(("kill", kill)) % 1_000;
    part * u32::try_from(kill).unwrap() + part * u32::try_from(shift).unwrap() / 1_000
}

/// The database and its log as the kill left them, to be looked at later.
fn copied(db: &Path, kill: usize) -> PathBuf {
    let copy = db.with_file_name(format!("killed{kill}.db"));
    std::fs::copy(db, &copy).unwrap();
    let wal = db.with_file_name("a.db-wal");
    if wal.exists() {
        std::fs::copy(wal, db.with_file_name(format!("killed{kill}.db-wal"))).unwrap();
    }
    copy
}

fn wanted(expected: &Archive) -> usize {
    expected.values().map(Vec::len).sum()
}

/// Versions stored of papers that stay open.
fn count(db: &Path) -> usize {
    let db = Connection::open_with_flags(db, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut sites = db
        .prepare("select site, sum(versions) from articles group by site")
        .unwrap();
    let rows = sites
        .query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?)))
        .unwrap();
    let open = rows.map(Result::unwrap).filter(|(site, _)| {
        let site = site.strip_prefix("paper").unwrap();
        !world::closes(site.parse().unwrap())
    });
    open.map(|(_, n)| usize::try_from(n).unwrap()).sum()
}

/// The memory that a process holds, in bytes.
fn held(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kb: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kb * 1024)
}

fn said(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("said")).unwrap_or_default()
}

/// Starts this test binary again, on the watch alone.
fn child(edition: &Edition, dir: &Path, server: &FaultServer, epoch: SystemTime) -> Child {
    let said = std::fs::File::options()
        .append(true)
        .create(true)
        .open(dir.join("said"))
        .unwrap();
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "watch::month::child_watches",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD_DIR, dir)
        .env("MONTH_EDITION", edition.name)
        .env("MONTH_PROXY", server.proxy().as_str())
        .env(
            "MONTH_EPOCH",
            epoch.duration_since(UNIX_EPOCH).unwrap().as_nanos().to_string(),
        )
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the month's tests as a process of its own"]
async fn child_watches() {
    let Some(dir) = env::var_os(CHILD_DIR).map(PathBuf::from) else {
        return;
    };
    // To the file of what was said.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_env_filter("copydesk=info")
        .init();
    let of = |name: &str| env::var(name).unwrap();
    let edition = [SMALL, LARGE]
        .into_iter()
        .find(|e| e.name == of("MONTH_EDITION"))
        .unwrap();
    let epoch = UNIX_EPOCH + Duration::from_nanos(of("MONTH_EPOCH").parse().unwrap());
    // The month goes on while nobody watches.
    let now: Timestamp = START.parse().unwrap();
    let clock = Clock::scaled(now + epoch.elapsed().unwrap() * edition.factor, edition.factor);
    let settings = CrawlSettings {
        db: dir.join("a.db"),
        command: "copydesk watch".to_owned(),
        fetch: FetchSettings {
            user_agent: "copydesk/test".to_owned(),
            proxy: Some(of("MONTH_PROXY").parse().unwrap()),
            ca_certificates_pem: Vec::new(),
            // The network's time is not hurried: a host that is waited for is lost for hours here.
            limits: Limits {
                read: edition.patience,
                exchange: edition.patience * 2,
                ..Limits::default()
            },
        },
        allow_private: false,
        max_articles: None,
        since: None,
        refresh: false,
        delay: None,
        dry_run: false,
        opt_out: copydesk::optout::OptOutPolicy::Record,
        budget: Budget::default(),
        disk_floor: 0,
        clock,
    };
    let files = (0..edition.sites).map(|site| (format!("paper{site}.toml"), world::rules(site)));
    let book = Rulebook::new(Sites::from_sources(files).unwrap());
    let rules = Rules::new(None, Vec::new(), book).unwrap();
    let (stopper, stop) = stop::pair();
    let ending = async {
        while !dir.join("stop").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stopper.stop();
    };
    let watching = watch::run(settings, rules, Arc::new(Unwatched), stop, Reload::default());
    let (watched, ()) = tokio::join!(watching, ending);
    assert!(watched.unwrap().is_some(), "another watch holds the lock");
}
