//! What the words of the rule language do to a page and to a text (DESIGN §3).

use std::sync::Arc;

use super::{Extraction, Page, RuleSet, clean, extract};
use crate::outcome::Outcome;
use crate::sites::Sites;

pub(super) fn rules(site: &str, common: &str) -> RuleSet {
    let head = "name = \"X\"\nhosts = [\"x.example\"]\n";
    let files = [
        ("x.toml", format!("{head}{site}")),
        ("common.toml", common.to_owned()),
    ];
    let sites = Sites::from_sources(files).unwrap();
    RuleSet::new(sites.get("x"), Arc::clone(&sites.common()))
}

pub(super) fn read(rules: &RuleSet, html: &str) -> Extraction {
    extract(Page { html, url: None }, rules, None).unwrap()
}

/// Removed texts, each with the line of the rule that took it.
fn removed(read: &Extraction) -> Vec<(&str, &str)> {
    let removed = read.article.removed.iter();
    removed.map(|r| (r.rule.as_str(), r.text.as_str())).collect()
}

const LAYOUT: &str = "[[layout]]\nbody = \"article\"\n";

#[test]
fn a_sites_closest_names_a_block_before_a_common_selector() {
    let site = format!("{LAYOUT}[[strip]]\ncategory = \"donation\"\ntext = \"^Give$\"\nclosest = \"aside\"");
    let common = "[[strip]]\ncategory = \"related\"\nselect = \"aside\"";
    let read = read(
        &rules(&site, common),
        "<article><p>Story.</p><aside><p>Give</p><p>now</p></aside><aside>More</aside></article>",
    );
    assert_eq!(read.article.text(), "Story.");
    assert_eq!(
        removed(&read),
        [("x.toml:5", "Give now"), ("common.toml:1", "More")]
    );
}

#[test]
fn a_field_can_be_read_from_a_scripts_source_however_that_is_found() {
    let html = "<script id=state>let story = { headline: \"Low <b> tide\" };</script><article><p>Story.</p></article>";
    for select in ["script", "#state", "[id='state']"] {
        let fields = format!("title = {{ select = \"{select}\", match = 'headline: \"(.+?)\"' }}\n");
        let read = read(&rules(&format!("{LAYOUT}{fields}"), ""), html);
        assert_eq!(
            read.article.meta.title.as_deref(),
            Some("Low <b> tide"),
            "{select}"
        );
    }
}

#[test]
fn a_closest_pattern_sees_line_ends_as_spaces() {
    let site =
        format!("{LAYOUT}[[strip]]\ncategory = \"donation\"\ntext = \"^Give now$\"\nclosest = \"div\"");
    let html = "<article><p>Story.</p><div><p>Give<br>now</p><p>Thanks</p></div></article>";
    assert_eq!(read(&rules(&site, ""), html).article.text(), "Story.");
}

#[test]
fn closest_holds_beside_a_position_too() {
    let site = format!(
        "{LAYOUT}[[strip]]\ncategory = \"legal\"\ntext = \"^Rights$\"\nat = \"last\"\nclosest = \"div\""
    );
    let html = "<article><p>Story.</p><p>Rights</p><div><p>All</p><p>Rights</p></div></article>";
    let found = read(&rules(&site, ""), html);
    assert_eq!(found.article.text(), "Story.\n\nRights");
    assert!(found.notes.is_empty());
    let without = read(&rules(&site, ""), "<article><p>Story.</p><p>Rights</p></article>");
    assert_eq!(without.article.text(), "Story.");
    assert_eq!(without.notes.len(), 1);
}

#[test]
fn a_selected_element_without_its_closest_goes_alone_and_is_reported() {
    let site = format!(
        "{LAYOUT}[[strip]]\ncategory = \"related\"\nselect = \".b\"\ntext = \"^More\"\nclosest = \"section\""
    );
    let found = read(
        &rules(&site, ""),
        "<article><p>Story.</p><div class=b>More here</div></article>",
    );
    assert_eq!(found.article.text(), "Story.");
    assert_eq!(found.notes.len(), 1);
}

#[test]
fn a_common_region_spares_what_the_site_keeps() {
    let site = format!("keep = [\".k\"]\n{LAYOUT}");
    let common = "[[strip]]\ncategory = \"related\"\nfrom = \"^More\"\nuntil = \"end\"";
    let html = "<article><p>Story.</p><p>More</p><p>Teaser</p><p class=k>Note</p></article>";
    assert_eq!(read(&rules(&site, common), html).article.text(), "Story.\n\nNote");
}

#[test]
fn an_open_region_is_reported_once_however_often_it_begins() {
    let site = format!("{LAYOUT}[[strip]]\ncategory = \"related\"\nfrom = \"^More\"\nuntil = \"^Never$\"");
    let html = format!("<article><p>Story.</p>{}</article>", "<p>More</p>".repeat(5_000));
    let found = read(&rules(&site, ""), &html);
    assert_eq!(found.article.blocks.len(), 5_001);
    assert_eq!(found.notes.len(), 1);
}

#[test]
fn an_inline_body_is_the_end_of_the_way_up() {
    let site = "[[layout]]\nbody = \"span.t\"\n[[strip]]\ncategory = \"donation\"\ntext = \"^Give\"\nclosest = \"div\"";
    let found = read(
        &rules(site, ""),
        "<div><span class=t>Story.<br><br>Give</span></div>",
    );
    assert_eq!(found.article.text(), "Story.");
    assert_eq!(found.notes.len(), 1);
}

#[test]
fn a_cleaned_text_loses_its_last_line_where_a_rule_says_so_and_keeps_its_line_ends() {
    let site = "[[strip]]\ncategory = \"legal\"\ntext = \"^Rights\"\nat = \"last\"";
    let cleaned = clean(
        "Rights first\r\n\r\n\r\nStory.\r\nRights last\r\n\r\n",
        &rules(site, ""),
    );
    assert_eq!(cleaned.text, "Rights first\r\n\r\nStory.\r\n");
}

#[test]
fn a_region_up_to_a_heading_is_reported_where_a_text_has_none() {
    let site = "[[strip]]\ncategory = \"related\"\nfrom = \"^More\"\nuntil = \"heading\"";
    let cleaned = clean("Story.\nMore\nTeaser\n", &rules(site, ""));
    assert_eq!(cleaned.text, "Story.\nMore\nTeaser\n");
    assert_eq!(cleaned.notes.len(), 1);
}

#[test]
fn a_short_story_about_a_page_not_found_is_a_story() {
    let story = "Flight 404 was not found on Monday, the ministry said. ".repeat(8);
    let html = |declared: &str| {
        format!(
            "<title>Flight 404 not found</title>{declared}<article><h1>Flight 404 not found</h1><p>{story}</p></article>"
        )
    };
    let outcome = |html: String| read(&rules("", ""), &html).outcome;
    let declared = "<meta property='og:type' content='article'>";
    assert_eq!(outcome(html(declared)), Outcome::Stored);
    assert_eq!(outcome(html("")), Outcome::Soft404);
}

#[test]
fn what_a_site_keeps_stays_inside_what_a_common_strip_takes() {
    let site = format!("keep = [\".k\"]\n{LAYOUT}[[strip]]\ncategory = \"social\"\nselect = \".share\"");
    let common = "[[strip]]\ncategory = \"related\"\nselect = \"aside, .k\"";
    let html = "<article><p>Story.</p><aside>Loose<h3>More</h3><div><p>Teaser</p>\
                <div class=k><p>Note</p><p class=share>Share</p></div></div></aside></article>";
    let kept = read(&rules(&site, common), html);
    assert_eq!(kept.article.text(), "Story.\n\nNote");
    assert_eq!(
        removed(&kept),
        [
            ("common.toml:1", "Loose"),
            ("common.toml:1", "More"),
            ("common.toml:1", "Teaser"),
            ("x.toml:6", "Share")
        ]
    );
}

#[test]
fn a_common_closest_leaves_what_a_site_keeps() {
    let site = format!("keep = [\".k\"]\n{LAYOUT}");
    let html = "<article><p>Story.</p><div><p>Give now</p><p>Thanks</p><p class=k>Note</p></div></article>";
    for extra in ["", "\nwhole = \"p\""] {
        let common =
            format!("[[strip]]\ncategory = \"donation\"\ntext = \"^Give\"\nclosest = \"div\"{extra}");
        assert_eq!(
            read(&rules(&site, &common), html).article.text(),
            "Story.\n\nNote"
        );
    }
}

#[test]
fn a_sites_own_strip_takes_what_the_site_keeps() {
    let site = format!("keep = [\".k\"]\n{LAYOUT}[[strip]]\ncategory = \"related\"\nselect = \"aside\"");
    let html = "<article><p>Story.</p><aside>More<div class=k>Note</div></aside></article>";
    assert_eq!(read(&rules(&site, ""), html).article.text(), "Story.");
}

#[test]
fn memory_takes_an_appeal_and_leaves_a_page_that_it_would_empty() {
    use super::{Memory, Told};

    let appeal = "This paper is paid for by the people who read it, and by nobody else at all.";
    let told = |n: usize| Told {
        title: Some(format!("Story {n}")),
        blocks: vec![format!("Paragraph {n}."), appeal.to_owned()],
    };
    let memory = Memory::learn(&[1, 2, 3].map(told));
    let rules = rules(LAYOUT, "");
    let read = |story: &str| {
        let html = format!("<article><p>{story}</p><p>{appeal}</p></article>");
        extract(
            Page {
                html: &html,
                url: None,
            },
            &rules,
            Some(&memory),
        )
        .unwrap()
    };
    let story = "The ferry to the outer islands sails again, nine years after the last one was sold.";
    let whole = read(story);
    assert_eq!(whole.article.text(), story);
    assert_eq!(removed(&whole), [("memory", appeal)]);
    assert!(whole.notes.is_empty());
    let spared = read("Rain.");
    assert_eq!(spared.article.text(), format!("Rain.\n\n{appeal}"));
    assert_eq!(spared.outcome, Outcome::Stored);
    assert!(spared.notes[0].to_string().starts_with("memory: "));
    assert!(spared.article.quality <= 0.3 && whole.article.quality > 0.3);
}

/// A story without a byline in its metadata, signed `Jane Doe` by `signature` below its text.
fn signed(head: &str, signature: &str) -> Extraction {
    let story: String = (1..=6)
        .map(|n| {
            format!("<p>The council met on day {n}, and its members said that the old bridge should stay where it is.</p>")
        })
        .collect();
    let html = format!(
        "<head><meta property='og:site_name' content='The Paper'>{head}</head><body><article><h1>The bridge stays</h1>\
         {story}{signature}</article></body>"
    );
    read(&rules("", ""), &html)
}

#[test]
fn a_bold_name_below_the_text_signs_a_story_that_names_nobody_else() {
    let site = "<meta name=author content='The Paper'>";
    let read = signed(site, "<p><strong>Jane Doe</strong></p>");
    assert_eq!(read.article.meta.authors, ["Jane Doe"]);
    assert!(!read.article.text().contains("Jane Doe"));
    let source = |f: &&crate::article::FieldValue| f.field == "authors" && f.source.starts_with("html:");
    assert!(read.article.meta.fields.iter().any(|f| source(&f)));
}

#[test]
fn neither_a_named_author_nor_a_plain_line_is_taken_for_a_signature() {
    let named = "<meta name=author content='John Smith'>";
    let bold = "<p><strong>Jane Doe</strong></p>";
    assert_eq!(signed(named, bold).article.meta.authors, ["John Smith"]);
    assert!(signed("", "<p>Jane Doe</p>").article.meta.authors.is_empty());
    assert!(
        signed("", "<p><strong>What happens next</strong></p>")
            .article
            .meta
            .authors
            .is_empty()
    );
}
