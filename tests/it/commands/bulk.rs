//! `copydesk extract --jsonl`: a line out for every line in.

use serde_json::{Value, json};

use super::{FERRY, FERRY_TEXT, desk, gzip};

/// Keys that every line has, whatever became of its page.
const KEYS: &[&str] = &[
    "id",
    "url",
    "title",
    "subtitle",
    "authors",
    "published",
    "modified",
    "language",
    "text",
    "outcome",
    "reason",
    "site",
    "layout",
    "quality",
];

#[test]
fn pages_come_inline_or_by_path_packed_or_not() {
    let desk = desk();
    desk.file("packed.gz", gzip(FERRY));
    let input = [
        json!({ "id": 1, "url": "http://paper.example/news/ferry", "html": FERRY }),
        json!({ "id": "two", "url": "http://paper.example/news/ferry", "path": "ferry.html" }),
        json!({ "id": { "deep": [3] }, "path": "packed.gz" }),
    ];
    let lines: String = input.iter().map(|l| format!("{l}\n")).collect();
    let out = desk.pipe(&["extract", "--jsonl"], lines).quiet().json_lines();
    let ids: Vec<&Value> = out.iter().map(|l| &l["id"]).collect();
    assert_eq!(ids, [&json!(1), &json!("two"), &json!({ "deep": [3] })]);
    for line in &out {
        assert_eq!(line["text"], FERRY_TEXT);
        assert_eq!(line["published"], "2026-11-13T10:30:00Z");
    }
}

#[test]
fn what_cannot_be_read_is_a_line_too() {
    let lines = concat!(
        "{\"id\":1,\"path\":\"ferry.html\"}\n",
        "this is not JSON\n",
        "\n",
        "{\"id\":4,\"path\":\"nowhere.html\"}\n",
        "{\"id\":5}\n",
        "{\"id\":6,\"html\":\"%PDF-1.7\"}\n",
        "{\"id\":7,\"path\":\"ferry.html\"}",
    );
    let out = desk().pipe(&["extract", "--jsonl"], lines).quiet().json_lines();
    let told: Vec<Value> = out.iter().map(|l| json!([l["id"], l["outcome"]])).collect();
    assert_eq!(
        told,
        [
            json!([1, "stored"]),
            json!([null, "failed"]),
            json!([null, "failed"]),
            json!([4, "failed"]),
            json!([5, "failed"]),
            json!([6, "not-html"]),
            json!([7, "stored"]),
        ]
    );
    assert_eq!(out[1]["line"], 2);
    assert!(out[1]["reason"].as_str().unwrap().starts_with("line 2: "));
    assert!(out[3]["reason"].as_str().unwrap().contains("nowhere.html"));
    for line in &out {
        for key in KEYS {
            assert!(line.get(key).is_some(), "no {key} in {line}");
        }
        assert!(line["authors"].is_array());
    }
}

#[test]
fn many_lines_keep_their_order() {
    const LINES: usize = 300;
    let page = |n: usize| {
        // Pages of very different length, so that a core that is done early gets ahead.
        let filler =
            "<p>The tide came in and went out again, as it does on most days.</p>".repeat(n % 7 * 20);
        FERRY.replace(
            "<h2>Tickets",
            &format!("<p>This is story number {n}.</p>{filler}<h2>Tickets"),
        )
    };
    let lines: String = (0..LINES)
        .map(|n| format!("{}\n", json!({ "id": n, "html": page(n) })))
        .collect();
    let out = desk().pipe(&["extract", "--jsonl"], lines).quiet().json_lines();
    assert_eq!(out.len(), LINES);
    for (n, line) in out.iter().enumerate() {
        assert_eq!(line["id"], n);
        let text = line["text"].as_str().unwrap();
        assert!(text.contains(&format!("This is story number {n}.")), "{text}");
    }
}

#[test]
fn no_line_is_no_article() {
    desk().pipe(&["extract", "--jsonl"], "").quiet().prints("");
}

#[test]
fn the_documented_keys_are_those_that_are_printed() {
    let out = desk().pipe(&["extract", "--jsonl"], "{\"path\":\"ferry.html\"}\n");
    let line = out.quiet().json_lines().remove(0);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/extract.md")).unwrap();
    let rows = page
        .lines()
        .filter_map(|l| l.strip_prefix("| `")?.split('`').next());
    let mut told: Vec<&str> = rows.collect();
    told.sort_unstable();
    let mut keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(told, keys);
}

#[test]
fn failed_lines_are_counted_for_whoever_asks() {
    let lines = "{\"id\":1,\"path\":\"ferry.html\"}\n{\"id\":2,\"path\":\"nowhere.html\"}\n";
    desk()
        .pipe(&["extract", "--jsonl", "-v"], lines)
        .exits(0)
        .warns("1 of 2 lines failed");
}
