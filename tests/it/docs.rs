//! README and docs against the program: every command they name exists, every file they link to
//! is there. What each page says in particular is tested beside its subject.

use std::path::{Path, PathBuf};

use crate::commands::help::{commands_named, exists, verbs};
use clap::Parser;
use copydesk::cli::Cli;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README, data/README.md and all of docs/, with their text.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap();
    let docs = docs
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "md"));
    let readmes = ["README.md", "data/README.md"].map(|p| root().join(p));
    docs.chain(readmes)
        .map(|p| (p.clone(), std::fs::read_to_string(p).unwrap()))
        .collect()
}

#[test]
fn every_command_that_is_named_exists() {
    let verbs = verbs();
    let mut seen = 0;
    for (path, text) in pages() {
        for named in commands_named(&text) {
            assert!(exists(named, &verbs), "{}: `copydesk {named}`", path.display());
            seen += 1;
        }
    }
    assert!(seen > 8, "only {seen} commands were found");
}

#[test]
fn the_commands_of_the_readme_can_be_typed_as_they_stand() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let lines = readme.lines().filter_map(|l| l.strip_prefix("    "));
    let mut seen = 0;
    for line in lines {
        let line = line.split('#').next().unwrap().split('<').next().unwrap().trim();
        let words = match line.split_once(" -- ") {
            Some((cargo, words)) if cargo.starts_with("cargo run") => words,
            _ => match line.strip_prefix("copydesk ") {
                Some(words) => words,
                None => continue,
            },
        };
        let words = std::iter::once("copydesk").chain(words.split_whitespace());
        if let Err(error) = Cli::try_parse_from(words) {
            panic!("{line}: {error}");
        }
        seen += 1;
    }
    assert!(seen > 6, "only {seen} commands were found");
}

#[test]
fn every_link_leads_to_a_file() {
    for (path, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || link.contains("://") {
                continue;
            }
            let there = path.parent().unwrap().join(file);
            assert!(there.exists(), "{}: {link}", path.display());
        }
    }
}
