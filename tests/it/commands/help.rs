//! The command line tells what it can do, and nothing that it cannot.

use std::collections::BTreeSet;

use clap::CommandFactory;
use copydesk::cli::Cli;

use crate::desk::Desk;

/// Every way to a command, `sites check` and the like, `help` left out.
pub(crate) fn verbs() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for command in Cli::command().get_subcommands() {
        all.insert(command.get_name().to_owned());
        let below = command.get_subcommands();
        all.extend(below.map(|sub| format!("{} {}", command.get_name(), sub.get_name())));
    }
    all
}

/// What follows each `copydesk ` of a text that is written as code: in backquotes, or at the start
/// of an indented line.
pub(crate) fn commands_named(text: &str) -> Vec<&str> {
    let quoted = text
        .split("`copydesk ")
        .skip(1)
        .filter_map(|rest| rest.split('`').next());
    let indented = text.lines().filter(|l| l.starts_with("  "));
    let indented = indented.filter_map(|l| l.trim_start().strip_prefix("copydesk "));
    quoted.chain(indented).collect()
}

/// Whether a command as it is named begins with a verb that exists.
pub(crate) fn exists(named: &str, verbs: &BTreeSet<String>) -> bool {
    let mut words = named.split_whitespace();
    let Some(first) = words.next() else { return true };
    let second = words.next().unwrap_or_default();
    let has_verbs_below = verbs.iter().any(|v| v.starts_with(&format!("{first} ")));
    let names_one_below = has_verbs_below && second.starts_with(|c: char| c.is_ascii_lowercase());
    first.starts_with('-')
        || verbs.contains(first) && (!names_one_below || verbs.contains(&format!("{first} {second}")))
}

#[test]
fn every_command_explains_itself_and_names_only_what_exists() {
    let desk = Desk::new();
    let verbs = verbs();
    let whole = desk.run(&["--help"]);
    whole.quiet().says("Exit codes:");
    let mut texts = vec![whole.stdout.clone()];
    for verb in &verbs {
        let args: Vec<&str> = verb.split(' ').chain(["--help"]).collect();
        let told = desk.run(&args);
        told.quiet().says("Usage: copydesk");
        texts.push(told.stdout);
    }
    for text in &texts {
        for named in commands_named(text) {
            assert!(exists(named, &verbs), "`copydesk {named}` in\n{text}");
        }
    }
    for verb in verbs.iter().filter(|v| !v.contains(' ')) {
        assert!(
            texts[0].contains(&format!("  {verb} ")),
            "{verb} is not in --help"
        );
    }
}

#[test]
fn what_does_not_exist_is_a_usage_error() {
    let desk = Desk::new();
    desk.run(&["fly"]).exits(2).warns("fly");
    desk.run(&[]).exits(2).warns("Usage:");
    desk.run(&["crawl", "--max-articles", "many"])
        .exits(2)
        .warns("--max-articles");
    desk.run(&["--version"]).quiet().says(env!("CARGO_PKG_VERSION"));
    desk.run(&["forget"]).exits(2).warns("--site <ID>");
}

#[test]
fn a_variable_that_is_empty_is_none() {
    let desk = Desk::new();
    let names = ["DB", "SITES", "CONFIG", "CA_CERT", "LOG_FORMAT", "PROXY"];
    let empty: Vec<String> = names.iter().map(|name| format!("COPYDESK_{name}=")).collect();
    let listed = std::process::Command::new("env")
        .args(&empty)
        .arg(env!("CARGO_BIN_EXE_copydesk"))
        .args(["sites", "list"])
        .current_dir(desk.dir())
        .output()
        .unwrap();
    assert!(
        listed.status.success(),
        "{}",
        String::from_utf8_lossy(&listed.stderr)
    );
}
