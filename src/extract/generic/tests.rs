//! What a reader may expect of pages without rules.

use std::sync::Arc;

use crate::article::{Article, BlockKind};
use crate::extract::{Page, RuleSet, extract};

fn article(html: &str) -> Article {
    let rules = RuleSet::new(None, crate::sites::Sites::builtin().common());
    extract(Page { html, url: None }, &Arc::new(rules), None)
        .unwrap()
        .article
}

/// A newspaper's page around a story.
fn page(story: &str) -> String {
    format!(
        "<html><head><title>Pier opens</title></head><body><nav><a href=/>Home</a> <a href=/w>World</a></nav>\
         <main><article class=article><h1>Pier opens after storm</h1>\
         <div class=article-body>{story}</div></article>\
         <div class=more-stories><h3>More stories</h3><ul><li><a href=/1>Harbour master resigns over budget</a></li>\
         <li><a href=/2>Storm closes schools in the north</a></li></ul></div></main>\
         <footer><p>Copyright 2026 The Harbour Times. All rights reserved.</p></footer></body></html>"
    )
}

const STORY: [&str; 4] = [
    "The town pier opened again on Monday, five months after a storm tore away its last forty metres.",
    "Workers had replaced more than two hundred beams, the council said, and the bill came to 1.2 million.",
    "“We did not think it would be ready before the summer,” the harbour master told reporters at the gate.",
    "Visitors will be let in free of charge until the end of the month, and boats may land from June.",
];

fn paragraphs() -> String {
    STORY.map(|p| format!("<p>{p}</p>")).concat()
}

#[test]
fn a_story_is_found_among_menus_teasers_and_rights() {
    assert_eq!(article(&page(&paragraphs())).text(), STORY.join("\n\n"));
}

#[test]
fn teasers_between_paragraphs_are_taken_out_and_said_to_be_so() {
    let [a, b, c, d] = STORY;
    let teaser = "<p><strong><a href=/3>READ MORE: Ten piers to see this summer</a></strong></p>";
    let article = article(&page(&format!(
        "<p>{a}</p><p>{b}</p>{teaser}<p>{c}</p><p>{d}</p>"
    )));
    assert_eq!(article.text(), STORY.join("\n\n"));
    let removal = article
        .removed
        .iter()
        .find(|r| r.text.starts_with("READ MORE"))
        .unwrap();
    assert_eq!((removal.category.as_str(), removal.position), ("related", 2));
}

#[test]
fn sub_headings_and_lists_of_the_story_stay() {
    let [a, b, c, d] = STORY;
    let list = "<ul><li>The first forty metres are open to everybody from Monday.</li>\
                <li>The landing stage follows in June, if the weather allows it.</li></ul>";
    let html = page(&format!(
        "<p>{a}</p><p>{b}</p><h2>What opens when</h2><p>{c}</p>{list}<p>{d}</p>"
    ));
    let kinds: Vec<BlockKind> = article(&html).blocks.iter().map(|b| b.kind).collect();
    use BlockKind::{Heading, ListItem, Paragraph};
    assert_eq!(
        kinds,
        [
            Paragraph, Paragraph, Heading, Paragraph, ListItem, ListItem, Paragraph
        ]
    );
}

#[test]
fn a_story_in_a_script_without_spaces_is_found() {
    let story = [
        "市の桟橋が月曜日に再び開通した。嵐で先端の四十メートルが失われてから五か月が経っていた。",
        "市によると、作業員は二百本以上の梁を交換し、費用は一億二千万円に上ったという。",
        "「夏までに間に合うとは思っていなかった」と港湾長は記者団に語った。",
        "月末までは無料で入場でき、六月からは船も着岸できる見通しだ。",
    ];
    let html = page(&story.map(|p| format!("<p>{p}</p>")).concat());
    assert_eq!(article(&html).text(), story.join("\n\n"));
}

#[test]
fn a_story_told_twice_is_kept_once() {
    let hidden = paragraphs();
    let html = page(&format!("{}<div>{hidden}</div>", paragraphs()));
    assert_eq!(article(&html).text(), STORY.join("\n\n"));
}

#[test]
fn a_page_without_text_is_no_story() {
    let article = article("<html><body><div id=root></div><script>var x = 1;</script></body></html>");
    assert!(article.blocks.is_empty());
    assert_eq!(article.quality, 0.0);
}

#[test]
fn a_sure_text_is_of_higher_quality_than_a_doubtful_one() {
    let story = article(&page(&paragraphs())).quality;
    let links = "<li><a href=/x>Council votes on the pier</a> today</li>".repeat(12);
    let doubtful = article(&format!("<body><ul>{links}</ul><p>Contact the desk.</p></body>")).quality;
    assert!(story > 0.7 && doubtful < 0.5, "{story} {doubtful}");
}

#[test]
fn a_text_with_links_is_of_lower_quality_than_the_same_without() {
    let linked = STORY.map(|p| {
        let end = p.match_indices(' ').nth(4).unwrap().0;
        format!("<p><a href=/x>{}</a>{}</p>", &p[..end], &p[end..])
    });
    let (linked, plain) = (article(&page(&linked.concat())), article(&page(&paragraphs())));
    assert_eq!(linked.text(), plain.text());
    assert!(
        linked.quality < plain.quality,
        "{} {}",
        linked.quality,
        plain.quality
    );
}
