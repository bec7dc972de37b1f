//! `copydesk explain`: every block, with the rule behind it.

use serde_json::{Value, json};

use super::desk;

#[test]
fn people_see_what_went_why_and_in_whose_name() {
    desk()
        .run(&["explain", "ferry.html"])
        .quiet()
        .says("http://paper.example/news/ferry")
        .says("site paper, layout now")
        .says("- modal      Open Image Modal")
        .says("paper.toml:15")
        .says("- donation   Dear reader")
        .says("paper.toml:19")
        .says("+ paragraph  SALTMERE")
        .says("+ heading    Tickets");
}

#[test]
fn a_page_at_hand_is_not_asked_for_again() {
    const URL: &str = "http://paper.example/news/ferry";
    let desk = super::crawled();
    let asked = desk.web().paths().len();
    let proxy = desk.web().proxy().to_string();
    desk.run(&["explain", URL, "--db", "data/copydesk.db", "--proxy", &proxy])
        .quiet()
        .says("- donation   Dear reader");
    desk.file(
        "kept/manifest.jsonl",
        format!("{{\"id\":\"f\",\"url\":\"{URL}\"}}\n"),
    );
    desk.file(
        "kept/pages/f.html",
        super::FERRY.replace("every cabin", "half a cabin"),
    );
    desk.run(&["explain", URL, "--pages", "kept", "--proxy", &proxy])
        .quiet()
        .says("half a cabin");
    assert_eq!(desk.web().paths().len(), asked);
    // Without a word about it the database in the working directory changes nothing.
    desk.run(&["explain", "HTTP://paper.example/news/ferry", "--proxy", &proxy])
        .quiet()
        .says("every cabin");
    assert!(desk.web().paths().len() > asked);
}

#[test]
fn a_database_that_is_not_there_yet_remembers_nothing() {
    let desk = desk();
    desk.run(&["explain", "ferry.html", "--db", "later.db"])
        .quiet()
        .says("SALTMERE");
    assert!(!desk.dir().join("later.db").exists());
}

#[test]
fn programs_get_fields_and_blocks_in_document_order() {
    let json = desk().run(&["explain", "ferry.html", "--json"]).quiet().json();
    assert_eq!(json["url"], "http://paper.example/news/ferry");
    assert_eq!(json["outcome"], "stored");
    assert_eq!((&json["site"], &json["layout"]), (&json!("paper"), &json!("now")));
    let fields = json["fields"].as_array().unwrap();
    let title = fields.iter().find(|f| f["field"] == "title").unwrap();
    assert_eq!(title["value"], "The ferry sails again");
    assert!(title["source"].as_str().unwrap().contains("rule"), "{title}");
    let blocks = json["blocks"].as_array().unwrap();
    let told: Vec<Value> = blocks
        .iter()
        .map(|b| {
            let what = if b["kept"] == true {
                &b["kind"]
            } else {
                &b["category"]
            };
            let text: String = b["text"].as_str().unwrap().chars().take(11).collect();
            json!([b["kept"], what, text])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!([false, "modal", "Open Image "]),
            json!([true, "paragraph", "SALTMERE — "]),
            json!([false, "donation", "Dear reader"]),
            json!([true, "heading", "Tickets"]),
            json!([true, "list-item", "A berth cos"]),
            json!([true, "list-item", "Bicycles go"]),
            json!([true, "quote", "“It is in t"]),
        ]
    );
    for block in blocks.iter().filter(|b| b["kept"] == false) {
        assert!(
            block["rule"].as_str().unwrap().starts_with("paper.toml:"),
            "{block}"
        );
        assert!(!block["pattern"].as_str().unwrap().is_empty(), "{block}");
    }
}

#[test]
fn the_rules_can_be_left_out() {
    let json = desk()
        .run(&["explain", "ferry.html", "--json", "--generic"])
        .quiet()
        .json();
    assert_eq!((&json["site"], &json["layout"]), (&Value::Null, &Value::Null));
    assert_eq!(json["extractor"], "generic");
}

#[test]
fn control_characters_of_a_page_do_not_reach_the_terminal() {
    let desk = desk();
    desk.file(
        "hostile.html",
        super::FERRY.replace("SALTMERE", "\u{1b}[2JSALT\u{9b}31m\u{202e}MERE"),
    );
    desk.run(&["explain", "hostile.html"])
        .well()
        .never_says("\u{1b}")
        .never_says("\u{9b}");
}
