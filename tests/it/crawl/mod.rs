//! `copydesk crawl` through the built binary, against a web that each test dictates. Owns the
//! invented paper that most of these tests crawl.

use crate::desk::{Desk, rss, story};
use crate::faults::Reply;

mod accidents;
mod budgets;
mod discovery;
mod drift;
mod further_pages;
mod opt_outs;
mod outcomes;
mod requests;
mod revisions;
mod runs;
mod stories;

/// A paper with one feed.
pub(crate) const PAPER: &str = r#"
name  = "The Paper"
hosts = ["paper.example", "*.paper.example"]

[discover]
feeds = ["http://paper.example/feed"]

[[layout]]
name  = "now"
body  = "article"
title = ["h1"]
"#;

/// Two paragraphs about something that no other story tells.
pub(crate) fn text(subject: &str) -> [String; 2] {
    [
        format!("The {subject} of the harbour was mended on Monday, the council said after a long evening."),
        format!("Nobody had expected the {subject} to hold through another winter of storms and high water."),
    ]
}

/// A page with a story about this.
pub(crate) fn page(subject: &str) -> String {
    let [first, second] = text(subject);
    story(&format!("A new {subject}"), &[&first, &second])
}

/// A desk with the paper: its feed names a story about each subject, under `/news/<subject>`.
pub(crate) fn paper(subjects: &[&str]) -> Desk {
    let addresses: Vec<String> = subjects
        .iter()
        .map(|s| format!("paper.example/news/{s}"))
        .collect();
    let named: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut routes = vec![
        ("paper.example/robots.txt".to_owned(), Reply::robots("")),
        ("paper.example/feed".to_owned(), rss(&named)),
    ];
    let stories = addresses.iter().zip(subjects);
    routes.extend(stories.map(|(address, subject)| (address.clone(), Reply::page(page(subject)))));
    Desk::new().site("paper", PAPER).serve(routes)
}
