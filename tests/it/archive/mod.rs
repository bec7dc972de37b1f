//! The archive's own commands: what is made of what was fetched, without one request. Owns the
//! invented papers that these tests look at.

use std::process::Command;

use crate::desk::{Desk, rss, story};
use crate::faults::Reply;

mod backup;
mod export;
mod paged;
mod prune;
mod reextract;
mod space;
mod stories;
mod warc;

/// Rules of a paper; `more` is appended.
fn rules(host: &str, more: &str) -> String {
    format!(
        "name  = \"{host}\"\nhosts = [\"{host}\"]\n\n[discover]\nfeeds = [\"http://{host}/feed\"]\n\n\
         [[layout]]\nname  = \"now\"\nbody  = \"article\"\ntitle = [\"h1\"]\n{more}"
    )
}

/// A page about this, with an appeal that the papers' first rules do not know.
fn page(subject: &str) -> String {
    story(
        &format!("A new {subject}"),
        &[
            &format!(
                "The {subject} of the harbour was mended on Monday, the council said after a long evening."
            ),
            &format!("Whoever reads of the {subject} may give us seven crowns today."),
            &format!(
                "Nobody had expected the {subject} to hold through another winter of storms and high water."
            ),
        ],
    )
}

/// The rule that knows the appeal.
const APPEAL: &str = "\n[[strip]]\ncategory = \"donation\"\ntext = \"seven crowns today\"\n";

/// A desk whose papers, by host, have a story about each subject, crawled.
fn crawled(papers: &[(&str, &str)], subjects: &[&str]) -> Desk {
    let mut desk = Desk::new();
    let mut routes = Vec::new();
    for (id, host) in papers {
        desk = desk.site(id, &rules(host, ""));
        let addresses: Vec<String> = subjects.iter().map(|s| format!("{host}/news/{s}")).collect();
        let named: Vec<&str> = addresses.iter().map(String::as_str).collect();
        routes.push((format!("{host}/robots.txt"), Reply::robots("")));
        routes.push((format!("{host}/feed"), rss(&named)));
        let stories = addresses.iter().zip(subjects);
        routes.extend(stories.map(|(address, subject)| (address.clone(), Reply::page(page(subject)))));
    }
    let desk = desk.serve(routes);
    desk.crawl(&[]).quiet();
    desk
}

/// Runs a Python script. None, said aloud, where Python or a module that it imports is not installed.
fn python(script: &str, args: &[&str]) -> Option<String> {
    let out = match Command::new("python3").arg("-c").arg(script).args(args).output() {
        Ok(out) => out,
        Err(error) => {
            eprintln!("skipped: python3 is not here ({error})");
            return None;
        }
    };
    let errors = String::from_utf8_lossy(&out.stderr);
    if errors.contains("ModuleNotFoundError") {
        eprintln!("skipped: {}", errors.lines().last().unwrap_or_default());
        return None;
    }
    assert!(out.status.success(), "{errors}");
    Some(String::from_utf8(out.stdout).unwrap())
}
