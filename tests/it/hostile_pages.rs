//! Whatever a page is made of, `extract` ends soon and in little memory: each of these is tried on the
//! built program under the system's own limits, generic and with a site's rules.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

use crate::desk::Desk;

/// Most processor time, in seconds, of the unoptimised program, its start with all rule files included.
const MAX_CPU_SECONDS: u32 = 60;
/// Most address space, in KiB: threads' stacks and the program itself included.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;

const STORY: &str =
    "<p>The council met on Monday to vote on the new bridge, which the mayor said would be built.</p>";
const RULES: &str = "name = \"News\"\nhosts = [\"news.example\"]\n[[layout]]\nbody = \"body\"\n\
    [[strip]]\ncategory = \"related\"\nselect = \"aside, div:has(> .related)\"\n\
    [[strip]]\ncategory = \"related\"\ntext = \"^Read more\"\nclosest = \"ul\"\n";

/// Extracts a page both ways, within the limits.
fn bounded(what: &str, body: &str) {
    let desk = Desk::new().site("news", RULES);
    let page = format!("<!doctype html><title>A page</title><body>{body}");
    desk.file("page.html", page);
    for rules in ["--generic", "--site=news"] {
        let limited = format!(
            "ulimit -v {MAX_MEMORY_KIB}; ulimit -t {MAX_CPU_SECONDS}; exec \"$0\" extract page.html --format json \
             --url https://news.example/a {rules}"
        );
        let output = Command::new("sh")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_copydesk")])
            .current_dir(desk.dir())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{what} {rules}: {} {told}",
            output.status
        );
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(json["outcome"].is_string(), "{what} {rules}");
    }
}

#[test]
fn deep_nesting_is_bounded() {
    let deep = "<div>".repeat(900);
    bounded("stories at the bottom", &format!("{deep}{}", STORY.repeat(5_000)));
    let aside = "<aside class='newsletter'>Sign up for our newsletter</aside>";
    bounded("strips at the bottom", &format!("{deep}{}", aside.repeat(5_000)));
    let lists = "<ul><li>Read more: a story".repeat(300);
    bounded(
        "lists in lists",
        &format!("{lists}{}", "<li>Read more: a story".repeat(5_000)),
    );
    bounded(
        "tables in tables",
        &format!("{}{}", "<table><tr><td>".repeat(200), STORY.repeat(1_000)),
    );
}

#[test]
fn very_many_of_one_thing_are_bounded() {
    bounded(
        "100,000 links",
        &format!("<p>{}", "<a href=/x>A story</a> ".repeat(100_000)),
    );
    bounded(
        "a huge table",
        &format!("<table>{}", "<tr><td>1<td>2<td>three words".repeat(20_000)),
    );
    bounded("breaks", &format!("<p>{}", "a line<br>".repeat(50_000)));
    bounded("headlines", &"<h1>A headline of words</h1>".repeat(10_000));
    bounded(
        "figures",
        &"<figure><img src=/a.jpg><figcaption>A pier</figcaption></figure>".repeat(5_000),
    );
}

#[test]
fn very_long_values_and_texts_are_bounded() {
    let story = STORY.repeat(20);
    bounded(
        "an id of one word",
        &format!("<div id='{}'>{story}</div>", "a".repeat(1_000_000)),
    );
    let classes = "related-story x ".repeat(65_000);
    bounded(
        "a class of many words",
        &format!("<div class='{classes}'>{story}</div>"),
    );
    bounded("a word of 1 MB", &format!("<p>{}", "x".repeat(1_000_000)));
    bounded(
        "a paragraph of 2 MB",
        &format!("<p>{}", "The council met on Monday. ".repeat(80_000)),
    );
    let ld =
        "{\"@type\":\"NewsArticle\",\"headline\":\"A\",\"articleBody\":\"The council met.\"},".repeat(10_000);
    bounded(
        "JSON-LD of 10,000 stories",
        &format!("<script type='application/ld+json'>[{ld}{{}}]</script>{story}"),
    );
    bounded(
        "JSON-LD in 100,000 lists",
        &format!(
            "<script type='application/ld+json'>{}</script>{story}",
            "[".repeat(100_000)
        ),
    );
}

#[test]
fn markup_that_closes_in_the_wrong_order_is_bounded() {
    bounded("bold across paragraphs", &"<b><p>x</b>".repeat(20_000));
    bounded("links across blocks", &"<a><div>x</a><i></div>".repeat(20_000));
    bounded(
        "fifty open at once",
        &format!("{}{}", "<b>".repeat(50), "<div></b>x".repeat(10_000)),
    );
}
