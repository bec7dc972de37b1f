//! What `sites check` finds odd: each kind of finding by the smallest file that has it, as
//! docs/rules.md shows it, and the shipped rules without any.

use std::path::Path;

use crate::desk::{Desk, Told};
use copydesk::sites::Sites;

const HEAD: &str = "name = \"X\"\nhosts = [\"x.example\"]\n";
const PROOF: &str = "[[check]]\nurl = \"http://x.example/1\"\nfirst = \"The ferry sailed on\"\n";

/// The page that the proof is about.
const PAGE: &str = "<!doctype html><html lang=en><head><title>The ferry sails</title></head><body>\
    <header class=top><p class=note>Noted in the head.</p></header><main><h1>The ferry sails</h1><article class=story>\
    <p>The ferry sailed on Sunday with every cabin taken, its owner said, and nobody was left on the quay at noon.</p>\
    <p>It is the first time in nine years, and the islanders had baked for two days to have cake enough for all of them.</p>\
    <p>The harbour master counted three hundred guests, forty dogs and one goat, which had bought no ticket at all.</p>\
    <p class=more>Read more: a goat's life</p></article></main></body></html>";

/// The findings of one site file, whose first two lines are [`HEAD`], in their one-line form.
fn alone(rest: &str) -> Vec<String> {
    let sites = Sites::from_sources([("x.toml", format!("{HEAD}{rest}"))]).unwrap();
    let all: Vec<_> = sites.iter().cloned().collect();
    sites.lint(&all).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn each_has(cases: &[(&str, &str)]) {
    for (rest, expected) in cases {
        let found = alone(&format!("{rest}\n{PROOF}"));
        assert_eq!(found.len(), 1, "{rest}: {found:#?}");
        let expected = format!("sites/x.toml:{expected}");
        assert!(found[0].starts_with(&expected), "\n{}\n{expected}", found[0]);
    }
}

#[test]
fn selectors_that_will_not_last_or_do_not_say_what_is_meant() {
    let strip = |select: &str| format!("[[strip]]\ncategory = \"modal\"\nselect = \"{select}\"");
    each_has(&[
        (
            &strip("div.Article_body__3kd9F > p"),
            "5:10: strip.select: `Article_body__3kd9F` is made of a hash",
        ),
        (
            &strip(".css-1x2y3z"),
            "5:10: strip.select: `css-1x2y3z` is made of a hash",
        ),
        (
            &strip("p:has(> em:only-child)"),
            "5:10: strip.select: `:has(> em:only-child)` is true of a paragraph with one em among its words: \
             CSS does not see text; write `whole = \"em\"`",
        ),
        (
            &strip("table > tr"),
            "5:10: strip.select: `table > tr` matches nothing",
        ),
        (&strip(".a, .b, .a"), "5:10: strip.select: `.a` stands twice"),
        (
            "keep = [\".a\", \".a\"]",
            "3:15: keep: \".a\" stands twice in this list",
        ),
        (
            "[[strip]]\ncategory = \"related\"\ntext = '^Read  more'",
            "5:8: strip.text: this pattern asks for two spaces in a row",
        ),
    ]);
    assert_eq!(
        alone(&format!(
            "{}\n{PROOF}",
            strip("[class^='Article_body__'], .entry__byline__author")
        )),
        [""; 0]
    );
}

#[test]
fn rules_that_never_come_to_their_turn() {
    each_has(&[
        (
            "[[strip]]\ncategory = \"modal\"\nselect = \".a, .b\"\n[[strip]]\ncategory = \"advert\"\nselect = \"div.b\"",
            "6:1: strip: the strip at line 3 takes all that this one would",
        ),
        (
            "[[strip]]\ncategory = \"gallery\"\nfrom = \"^Also on\"\n[[strip]]\ncategory = \"gallery\"\nfrom = \"^Also on\"\nuntil = \"heading\"",
            "6:1: strip: the strip at line 3 takes all",
        ),
        (
            "[[layout]]\nbody = \".story\"\n[[layout]]\nbody = \"article.story\"\nparagraphs = \"p\"",
            "6:8: layout.body: never used",
        ),
        (
            "[discover]\ninclude = [\"/*\", \"/live/*\"]\nexclude = [\"/live/*\"]",
            "4:18: discover.include: includes nothing: `exclude` has \"/live/*\"",
        ),
        (
            "[discover]\ninclude = [\"/*\", \"/news/*\"]",
            "4:18: discover.include: \"/*\" includes all that this pattern would",
        ),
    ]);
    // Another text, a narrower region first, a keep-list before none: each has its turn.
    for sound in [
        "[[strip]]\ncategory = \"modal\"\nselect = \".a\"\ntext = \"^x\"\n[[strip]]\ncategory = \"modal\"\nselect = \".a\"",
        "[[strip]]\ncategory = \"gallery\"\nfrom = \"^Also\"\nuntil = \"heading\"\n[[strip]]\ncategory = \"gallery\"\nfrom = \"^Also\"",
        "[[layout]]\nbody = \".s\"\nparagraphs = \"p.text\"\n[[layout]]\nbody = \".s\"",
        "[discover]\ninclude = [\"/a/*\", \"/1*\"]\nexclude = [\"/a/live-*\"]",
    ] {
        assert_eq!(alone(&format!("{sound}\n{PROOF}")), [""; 0], "{sound}");
    }
}

#[test]
fn a_strip_that_the_common_rules_have_too_is_told_and_one_that_names_less_or_otherwise_is_not() {
    let files = |category: &str, select: &str| {
        let own = format!("{HEAD}[[strip]]\ncategory = \"{category}\"\nselect = \"{select}\"\n{PROOF}");
        let common = "[[strip]]\ncategory = \"advert\"\nselect = \".promo, .ad\"\n";
        let sites = Sites::from_sources([("x.toml", own.as_str()), ("common.toml", common)]).unwrap();
        let all: Vec<_> = sites.iter().cloned().collect();
        sites
            .lint(&all)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let found = files("advert", ".ad, .promo");
    assert!(found[0].contains("common.toml has the same strip"), "{found:?}");
    assert_eq!(files("advert", ".promo"), [""; 0]);
    assert_eq!(files("donation", ".promo, .ad"), [""; 0]);
}

#[test]
fn proofs_that_cannot_fail() {
    for (check, expected) in [
        ("", "1:8: check: no [[check]]"),
        (
            "[[check]]\nurl = \"http://x.example/1\"\nlacks = [\"Give now\"]",
            "3:1: check: says nothing of the text",
        ),
        (
            "[[check]]\nurl = \"http://x.example/1\"\ntitle = \"Rain\"",
            "3:1: check: says nothing of the text",
        ),
        (
            "[[check]]\nurl = \"http://x.example/1\"\ncontains = [\"\"]",
            "5:13: check.contains: empty",
        ),
        (
            "[[check]]\nurl = \"http://x.example/1\"\nfirst = \"The\"",
            "5:9: check.first: fewer than 3 words",
        ),
        (
            "[[check]]\nurl = \"http://x.example/1\"\nblocks = 0",
            "3:1: check.blocks: no blocks",
        ),
        (
            "[discover]\ninclude = [\"/news/*\"]\n[[check]]\nurl = \"http://x.example/1\"\nblocks = 3",
            "6:7: check.url: no story by `include` and `exclude`",
        ),
    ] {
        let found = alone(check);
        assert_eq!(found.len(), 1, "{check}: {found:#?}");
        let expected = format!("sites/x.toml:{expected}");
        assert!(found[0].starts_with(&expected), "\n{}\n{expected}", found[0]);
    }
}

/// `sites check` of a site on its page.
fn checked(rest: &str) -> Told {
    let desk = Desk::new().site("x", &format!("{HEAD}{rest}\n{PROOF}"));
    desk.file(
        "pages/manifest.jsonl",
        "{\"id\":\"1\",\"url\":\"http://x.example/1\"}\n",
    );
    desk.file("pages/pages/1.html", PAGE);
    desk.run(&["sites", "check", "x", "--pages", "pages"])
}

#[test]
fn what_rules_meet_on_pages_is_told_with_file_line_and_next_step() {
    let layout = "[[layout]]\nbody = \".story\"\n";
    for (rest, at, said) in [
        (
            "[[layout]]\nbody = \".stroy\"\n",
            "x.toml:4:8",
            "no layout of this site is on the page at hand",
        ),
        (
            "[[layout]]\nbody = \".story\"\ntitle = \"h1.headline\"\n",
            "x.toml:5:9",
            "layout.title: nothing that is named here yields a value on the page at hand",
        ),
        (
            &format!("keep = [\".nothing\"]\n{layout}"),
            "x.toml:3:9",
            "keep: matches nothing on the page at hand",
        ),
        (
            &format!("{layout}[[strip]]\ncategory = \"other\"\nselect = \".story p:not(.more)\"\n"),
            "x.toml:5:1",
            "words that --generic keeps of http://x.example/1",
        ),
        (
            &format!(
                "{layout}[[strip]]\ncategory = \"related\"\nfrom = \"^Read more\"\nuntil = \"^Not there\"\n"
            ),
            "x.toml:8:9",
            "strip.until: opens at “Read more: a goat's life” and never ends",
        ),
        (
            &format!(
                "{layout}[[strip]]\ncategory = \"related\"\ntext = \"^Read more\"\nclosest = \"section\"\n"
            ),
            "x.toml:8:11",
            "strip.closest: no such ancestor",
        ),
        (
            "[[layout]]\nbody = \".story\"\n[[layout]]\nbody = \"main\"\nparagraphs = \"h1\"\n",
            "x.toml:6:8",
            "layout.body: matches http://x.example/1 too, and would give",
        ),
    ] {
        let told = checked(rest);
        told.exits(1).says("warning: ").says(at).says(said).says("help: ");
        let last = told.stdout.lines().last().unwrap_or_default();
        assert!(last.ends_with(" without a page"), "{last}");
    }
}

#[test]
fn what_may_be_true_of_other_pages_is_listed_and_is_no_finding() {
    let rest = "[[layout]]\nbody = \".story\"\nsubtitle = \".dek\"\n[[layout]]\nname = \"old\"\nbody = \".old\"\n\
                [[strip]]\ncategory = \"donation\"\nselect = \".give\"\n[[strip]]\ncategory = \"other\"\nselect = \".note\"\n";
    checked(rest)
        .quiet()
        .prints("1 passed, 0 failed, 0 without a page\n");
    let desk = Desk::new().site("x", &format!("{HEAD}{rest}\n{PROOF}"));
    desk.file(
        "pages/manifest.jsonl",
        "{\"id\":\"1\",\"url\":\"http://x.example/1\"}\n",
    );
    desk.file("pages/pages/1.html", PAGE);
    let json = desk
        .run(&["sites", "check", "x", "--pages", "pages", "--json"])
        .quiet()
        .json();
    let unseen: Vec<String> = json["unseen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| format!("{} {}", u["place"].as_str().unwrap(), u["key"].as_str().unwrap()))
        .collect();
    assert_eq!(
        unseen,
        [
            "x.toml:12 strip",
            "x.toml:3 layout.subtitle",
            "x.toml:6 layout.body",
            "x.toml:9 strip"
        ]
    );
}

#[test]
fn findings_are_data_with_json() {
    let desk = Desk::new().site("x", &format!("{HEAD}[[layout]]\nbody = \".css-1x2y3z\"\n"));
    let told = desk.run(&["sites", "check", "x", "--json"]);
    let json = told.exits(1).json();
    let first = &json["findings"][1];
    assert_eq!(
        (&first["line"], &first["column"], &first["key"]),
        (&4.into(), &8.into(), &"layout.body".into())
    );
    assert_eq!(first["file"], "sites/x.toml");
    assert!(first["help"].as_str().unwrap().contains("`data-`"), "{first}");
}

#[test]
fn a_proof_that_names_what_stands_nowhere_is_told() {
    let rest = "[[layout]]\nbody = \".story\"\n[[check]]\nurl = \"http://x.example/1\"\nfirst = \"The ferry sailed on\"\n\
                lacks = [\"Read more: a goat\", \"Give now\"]\n";
    let desk = Desk::new().site("x", &format!("{HEAD}{rest}"));
    desk.file(
        "pages/manifest.jsonl",
        "{\"id\":\"1\",\"url\":\"http://x.example/1\"}\n",
    );
    desk.file("pages/pages/1.html", PAGE);
    desk.run(&["sites", "check", "x", "--pages", "pages"])
        .exits(1)
        .says("x.toml:8:31")
        .says("check.lacks: this stands nowhere on the page");
}

#[test]
fn explain_shows_what_takes_too_much_and_what_met_nothing() {
    let rest = "[[layout]]\nbody = \".story\"\n[[strip]]\ncategory = \"other\"\nselect = \".story p:not(.more)\"\n\
                [[strip]]\ncategory = \"donation\"\nselect = \".give\"\n";
    let desk = Desk::new().site("x", &format!("{HEAD}{rest}"));
    desk.file("page.html", PAGE);
    desk.run(&["explain", "page.html", "--url", "http://x.example/1"])
        .says("x.toml:5: takes")
        .says("nothing here for x.toml:8");
}

#[test]
fn the_shipped_rules_have_no_finding() {
    let sites = Sites::builtin();
    let all: Vec<_> = sites.iter().cloned().collect();
    let found: Vec<String> = sites.lint(&all).iter().map(ToString::to_string).collect();
    assert_eq!(found, [""; 0]);
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/realnews");
    if !pages.exists() {
        eprintln!("skipped: no real pages at {}", pages.display());
        return;
    }
    let told = Desk::new().run(&[
        "sites",
        "check",
        "--json",
        "--pages",
        &pages.display().to_string(),
    ]);
    let json = told.json();
    assert_eq!(json["findings"], serde_json::json!([]));
    assert_eq!(json["failed"], 0);
}
