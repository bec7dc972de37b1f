//! A site that changes its pages between two crawls: who says so, since when, and with which exit code.

use crate::desk::{Desk, rss, story};
use crate::faults::Reply;

const RULES: &str = "name = 'Paper'\nhosts = ['paper.example']\nlanguage = 'en'\n[discover]\nfeeds = ['http://paper.example/feed']\n\
                     [[layout]]\nname = 'now'\nbody = 'article'\n";

/// A story as the site builds it now, or after its relaunch.
fn page(n: usize, relaunched: bool) -> Reply {
    let title = format!("Ferry number {n} sails again");
    let said = format!(
        "Ferry number {n} sailed on Sunday with every cabin taken, its owner said, and the islanders who had waited \
         for it since spring stood on the quay with flags and cake until the last of the guests had gone ashore."
    );
    let page = story(
        &title,
        &[
            &said,
            &said.replace("Sunday", "Monday"),
            &said.replace("Sunday", "Tuesday"),
        ],
    );
    Reply::page(match relaunched {
        true => page
            .replace("<article>", "<div class=grid>")
            .replace("</article>", "</div>"),
        false => page,
    })
}

/// A desk whose site has shown these stories in its first run, all well, a week ago.
fn a_week_ago(stories: usize) -> Desk {
    let addresses: Vec<String> = (0..stories).map(|n| format!("paper.example/{n}")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let desk = Desk::new()
        .site("paper", RULES)
        .serve([("paper.example/feed", rss(&addresses))]);
    for (n, address) in addresses.iter().enumerate() {
        desk.web().put(address, page(n, false));
    }
    desk.crawl(&[]).quiet();
    desk.change(
        "update articles set fetched_at = '2026-11-01T06:00:00Z', first_seen_at = '2026-11-01T06:00:00Z'",
    );
    desk
}

/// The next run finds these stories.
fn then(desk: &Desk, from: usize, to: usize, relaunched: bool) {
    let addresses: Vec<String> = (from..to).map(|n| format!("paper.example/{n}")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    desk.web().put("paper.example/feed", rss(&addresses));
    for (n, address) in (from..to).zip(&addresses) {
        desk.web().put(address, page(n, relaunched));
    }
}

#[test]
fn a_relaunched_site_is_named_with_the_date_and_needs_a_person() {
    let desk = a_week_ago(6);
    then(&desk, 6, 11, true);
    desk.crawl(&[])
        .exits(1)
        .warns("paper: its rules have ceased to fit, since 2");
    let first = desk.sql("select min(fetched_at) from articles where extractor = 'generic'");
    assert_eq!(desk.sql("select drift_since from site_health"), first);
    assert_eq!(desk.sql("select exit_code from runs order by id"), ["0", "1"]);
    let told = desk.run(&["sites", "health"]);
    told.exits(1)
        .says("paper  drifted")
        .says(&format!(
            "since {}: no layout found the text of 100 % of 5 stories (before: 0 %)",
            first[0]
        ))
        .says("copydesk explain http://paper.example/")
        .says("sites/paper.toml")
        .says("1 site, 1 drifted");
    let json = desk.run(&["sites", "health", "--json"]).exits(1).json();
    assert_eq!(json["drifted"], 1);
    assert_eq!(json["sites"][0]["drift_since"], first[0].as_str());
    assert_eq!(json["sites"][0]["now"]["generic_share"], 1.0);
    assert_eq!(json["sites"][0]["before"]["layouts"]["now"], 6);
    desk.run(&["status"]).quiet().says("drifted since");

    // It lasts, with the date it began; and ends when the rules fit again.
    then(&desk, 11, 12, true);
    desk.crawl(&[]).exits(1);
    assert_eq!(desk.sql("select drift_since from site_health"), first);
    let mended = format!("{RULES}[[layout]]\nname = 'grid'\nbody = '.grid'\n");
    desk.file("sites/paper.toml", mended);
    then(&desk, 12, 15, true);
    desk.crawl(&[]).quiet();
    assert_eq!(desk.sql("select drift_since from site_health"), ["-"]);
    desk.run(&["sites", "health", "paper"]).quiet().says("0 drifted");
}

#[test]
fn a_site_that_stays_the_same_is_well() {
    let desk = a_week_ago(6);
    then(&desk, 6, 12, false);
    desk.crawl(&[]).quiet();
    desk.run(&["sites", "health"])
        .quiet()
        .says("paper  well")
        .says("1 site, 0 drifted");
    assert_eq!(desk.sql("select drift_since from site_health"), ["-"]);
}

#[test]
fn a_few_odd_stories_are_no_drift() {
    let desk = a_week_ago(6);
    then(&desk, 6, 10, true);
    desk.crawl(&[]).quiet();
    desk.run(&["sites", "health"]).quiet();
    desk.run(&["sites", "health", "nowhere"])
        .exits(2)
        .warns("create sites/nowhere.toml");
}

#[test]
fn a_day_of_watching_in_which_rules_ceased_to_fit_needs_a_person() {
    let desk = a_week_ago(6);
    then(&desk, 6, 11, true);
    desk.change("delete from site_schedule; update pages set next_visit_at = null");
    let mut watch = desk.start_watch(&[]);
    watch.hears("its rules have ceased to fit");
    watch.terminate();
    watch.end().well();
    assert_eq!(desk.sql("select exit_code from runs order by id"), ["0", "1"]);
}
