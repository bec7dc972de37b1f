//! The archive's own commands: what is made of what was fetched, without one request. Owns the
//! invented papers that these tests look at.

use crate::desk::{Desk, rss, story};
use crate::faults::Reply;

mod reextract;

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
