//! `diff`: what changed between two versions.

use crate::crawl::{PAPER, paper, text};
use crate::desk::{Desk, story};
use crate::faults::Reply;

const URL: &str = "http://paper.example/news/pier";

/// A paper that corrected its story once.
fn corrected() -> Desk {
    let desk = paper(&["pier"]).site("paper", PAPER);
    desk.crawl(&[]).quiet();
    let [first, second] = text("pier");
    let mended = first.replace("Monday", "Tuesday");
    let page = story(
        "A new \u{1b}[31mpier",
        &[&mended, &second, "The bill will come in spring."],
    );
    desk.web().put("paper.example/news/pier", Reply::page(page));
    desk.crawl(&["--refresh"]).quiet();
    desk
}

#[test]
fn what_changed_is_told_by_words() {
    let desk = corrected();
    let told = desk.run(&["diff", URL]);
    told.quiet()
        .says("mended on [-Monday-]{+Tuesday+}, the council")
        .says("{+The bill will come in spring.+}")
        .says("2 words out, 8 in");
    // The paragraph that stayed is not repeated, and nothing a page says reaches the terminal as a command.
    told.never_says("Nobody had expected").never_says("\u{1b}");
    let json = desk.run(&["diff", URL, "--json"]).quiet().json();
    assert_eq!((&json["from"], &json["to"]), (&1.into(), &2.into()));
    assert_eq!(
        (&json["words_removed"], &json["words_added"]),
        (&2.into(), &8.into())
    );
    let text = json["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["field"] == "text");
    let changes = text.unwrap()["changes"].as_array().unwrap();
    let after: String = changes
        .iter()
        .filter(|c| c["change"] != "removed")
        .map(|c| c["text"].as_str().unwrap())
        .collect();
    assert_eq!(desk.sql("select text from articles"), [after]);
    let view = desk.sql("select version, words_after - words_before from article_changes");
    assert_eq!(view, ["2 | 6"]);
}

#[test]
fn versions_can_be_named_and_must_be_there() {
    let desk = corrected();
    desk.run(&["diff", URL, "--from", "2", "--to", "1"])
        .quiet()
        .says("[-Tuesday-]{+Monday+}");
    desk.run(&["diff", URL, "--to", "3"])
        .exits(2)
        .warns("versions 1 to 2, not 3");
    desk.run(&["diff", "http://paper.example/other"])
        .exits(2)
        .warns("no article of");
}

#[test]
fn a_story_that_never_changed_says_so() {
    let desk = paper(&["pier"]);
    desk.crawl(&[]).quiet();
    desk.run(&["diff", URL]).quiet().says("nothing has changed");
    let json = desk.run(&["diff", URL, "--json"]).quiet().json();
    assert_eq!(json["fields"], serde_json::json!([]));
}

#[test]
fn what_our_own_rules_learned_meanwhile_is_no_change_of_the_papers() {
    let desk = paper(&["pier"]).site("paper", PAPER);
    let [first, second] = text("pier");
    let appeal = "Whoever reads this may give us seven crowns today.";
    let told = |first: &str| Reply::page(story("A new pier", &[first, &second, appeal]));
    desk.web().put("paper.example/news/pier", told(&first));
    desk.crawl(&[]).quiet();
    let strip = "\n[[strip]]\ncategory = \"donation\"\ntext = \"seven crowns\"\n";
    desk.file("sites/paper.toml", format!("{PAPER}{strip}"));
    let mended = first.replace("Monday", "Tuesday");
    desk.web().put("paper.example/news/pier", told(&mended));
    desk.crawl(&["--refresh"]).quiet();
    assert_eq!(
        desk.sql("select instr(text, 'crowns') > 0 from article_versions order by version"),
        ["1", "0"]
    );
    desk.run(&["diff", URL])
        .quiet()
        .says("[-Monday-]{+Tuesday+}")
        .says("1 words out, 1 in")
        .never_says("crowns");
}
