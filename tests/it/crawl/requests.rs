//! What a crawl asks for, by kind, as the archive tells it and as the server saw it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::paper;
use crate::desk::Desk;
use crate::faults::Reply;

/// The query that docs/crawling.md gives.
fn by_kind() -> &'static str {
    let docs = include_str!("../../../docs/crawling.md");
    docs.split("```sql\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap()
}

#[test]
fn requests_are_told_by_kind() {
    let desk = paper(&["pier", "tram", "old"]);
    desk.web()
        .put("paper.example/news/old", Reply::redirect(301, "/news/new"));
    desk.web()
        .put("paper.example/news/new", Reply::status(404, &[], ""));
    desk.crawl(&[]).quiet();
    assert_eq!(
        desk.sql(by_kind()),
        [
            "article | 3 | 3 | 1 | 0 | 1",
            "listing | 1 | 1 | 0 | 0 | 0",
            "other | 1 | 1 | 0 | 0 | 1",
            "robots | 1 | 1 | 0 | 0 | 0"
        ]
    );
    let status = desk.run(&["status", "--json"]).quiet().json();
    let requests = &status["runs"][0]["requests"];
    assert_eq!(requests["article"]["all"], 3);
    assert_eq!(requests["article"]["redirects"], 1);
    assert_eq!(requests["other"]["failed"], 1);
    assert_eq!(requests["robots"]["all"], 1);
}

/// The recorded web of the shipped sites, served on the loopback; ended when dropped.
struct Replay(Child);

impl Replay {
    fn start(program: &Path, dir: &Path) -> (Self, String) {
        let mut started = Command::new(program)
            .current_dir(dir)
            .args(["--port", "0", "--log", "log.jsonl"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says where it listens once all is ready.
        let mut ready = String::new();
        let out = started.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut ready).unwrap();
        let address = ready.split(" on ").nth(1).unwrap().trim().to_owned();
        (Self(started), address)
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "takes minutes: cargo test --release --test it -- --ignored --nocapture all_shipped_sites"]
fn a_crawl_of_all_shipped_sites_asks_for_no_address_twice() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/realnews/replay");
    let Ok(program) = program.canonicalize() else {
        eprintln!("skipped: no recorded web beside the worktree");
        return;
    };
    let desk = Desk::new();
    let (_replay, proxy) = Replay::start(&program, desk.dir());
    let mut asked_before = 0;
    for round in ["a first crawl", "the same again"] {
        let args = [
            "crawl",
            "--proxy",
            &proxy,
            "--ca-cert",
            "replay-ca.pem",
            "--delay",
            "0",
        ];
        let all = [&args[..], &["--since", "1990-01-01", "--json", "--refresh"]].concat();
        let summary = desk.run(&all).json();
        let log = std::fs::read_to_string(desk.dir().join("log.jsonl")).unwrap();
        let log: Vec<serde_json::Value> = log
            .lines()
            .skip(asked_before)
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        asked_before += log.len();
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for line in &log {
            let part = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            *times
                .entry(format!("{}://{}{}", part("scheme"), part("host"), part("path")))
                .or_default() += 1;
        }
        let conditional = log.iter().filter(|l| !l["if_none_match"].is_null()).count();
        eprintln!(
            "\n{round}: {} requests, {conditional} of them conditional; {} new articles, outcomes {}",
            log.len(),
            summary["new_articles"],
            summary["outcomes"]
        );
        eprintln!("what | requests | addresses | redirects | not modified | failed");
        let told = desk.sql(by_kind());
        told.iter().for_each(|row| eprintln!("{row}"));
        let twice: Vec<_> = times.iter().filter(|(_, n)| **n > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
        let counted: usize = told
            .iter()
            .map(|row| {
                let cells: Vec<&str> = row.split(" | ").collect();
                cells[1].parse::<usize>().unwrap() + cells[3].parse::<usize>().unwrap()
            })
            .sum();
        assert_eq!(counted, log.len(), "the archive and the server count differently");
    }
}
