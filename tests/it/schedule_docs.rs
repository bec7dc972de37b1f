//! docs/scheduling.md against the program and this machine: its commands can be typed, its units and
//! settings load, what it says a monitor finds is there.

use std::process::Command;

use clap::Parser;
use copydesk::cli::Cli;

use crate::crawl::paper;
use crate::desk::Desk;

const DOCS: &str = include_str!("../../docs/scheduling.md");

/// The fenced blocks whose info string begins with this word, with the rest of it.
fn blocks(language: &str) -> Vec<(&'static str, &'static str)> {
    let fence = format!("```{language}");
    let parts = DOCS.split(fence.as_str()).skip(1);
    parts
        .map(|rest| {
            let (info, rest) = rest.split_once('\n').unwrap();
            (info.trim(), rest.split("```").next().unwrap())
        })
        .collect()
}

/// Whether a line calls another program, which has a word of its own for this one.
fn is_other(line: &str) -> bool {
    let first = line.split_whitespace().next();
    first.is_some_and(|word| ["systemctl", "journalctl", "docker", "useradd", "install"].contains(&word))
}

#[test]
fn every_command_line_of_it_can_be_typed() {
    let mut seen = 0;
    for line in DOCS.lines().filter(|l| !l.starts_with("Description")) {
        // A shell line, a cron line, a unit's ExecStart, a container's CMD.
        let words = if let Some(list) = line.strip_prefix("CMD ") {
            serde_json::from_str::<Vec<String>>(list).unwrap()
        } else if line.starts_with("    ") || line.starts_with("ExecStart=") {
            let Some(at) = line.find("copydesk ").filter(|_| !is_other(line)) else {
                continue;
            };
            let typed = line[at..].split(['|', '#']).next().unwrap();
            // What the shell fills in is one word.
            let typed = match (typed.find("$("), typed.rfind(')')) {
                (Some(from), Some(to)) if from < to => format!("{}today{}", &typed[..from], &typed[to + 1..]),
                _ => typed.to_owned(),
            };
            typed.split_whitespace().map(str::to_owned).collect()
        } else {
            continue;
        };
        if let Err(error) = Cli::try_parse_from(&words) {
            panic!("{line}: {error}");
        }
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} commands were found");
}

#[test]
fn systemd_takes_the_units() {
    let dir = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for (name, text) in blocks("ini") {
        let path = dir.path().join(name);
        // Where the program would be installed, and a user who would be made.
        let text = text
            .replace("/usr/local/bin/copydesk", env!("CARGO_BIN_EXE_copydesk"))
            .replace("User=copydesk", "User=root");
        std::fs::write(&path, text).unwrap();
        units.push(path);
    }
    assert_eq!(units.len(), 3);
    let verify = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args(&units)
        .output();
    let Ok(verify) = verify else {
        eprintln!("skipped: systemd-analyze is not installed");
        return;
    };
    let said = String::from_utf8_lossy(&verify.stderr);
    let ours = said.lines().filter(|line| line.contains("copydesk"));
    assert_eq!(ours.collect::<Vec<_>>(), [""; 0], "{said}");
    assert!(verify.status.success(), "{said}");
    let calendar = blocks("ini")
        .into_iter()
        .find_map(|(_, text)| text.lines().find_map(|l| l.strip_prefix("OnCalendar=")))
        .unwrap();
    let calendar = Command::new("systemd-analyze")
        .args(["calendar", calendar])
        .output();
    assert!(calendar.unwrap().status.success());
}

#[test]
fn the_settings_of_it_load() {
    let [("copydesk.toml", settings)] = blocks("toml")[..] else {
        panic!("one settings file")
    };
    let desk = Desk::new();
    desk.file("copydesk.toml", settings);
    desk.run(&["sites", "list"]).quiet();
}

#[test]
fn a_monitor_finds_what_it_is_told_to_look_for() {
    let desk = paper(&["pier"]);
    desk.crawl(&[]).quiet();
    let status = desk.run(&["status", "--json"]).quiet().json();
    let (_, monitoring) = DOCS.split_once("## Monitoring").unwrap();
    let keys = monitoring.split('`').skip(1).step_by(2);
    let mut seen = 0;
    for key in keys.filter(|k| k.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
        assert!(status["sites"][0].get(key).is_some(), "no `{key}` in {status}");
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} keys were found");
    for line in monitoring.lines().filter(|l| l.contains("| jq '.")) {
        let path = line.split("jq '.").nth(1).unwrap();
        let key: String = path
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '_')
            .collect();
        assert!(status.get(&key).is_some(), "no `{key}` in {status}");
    }
}
