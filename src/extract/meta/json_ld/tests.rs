//! Which object of a page's JSON-LD is about the story, and what a path into it gives.

use super::JsonLd;
use crate::dom::Dom;

fn ld(html: &str) -> JsonLd {
    JsonLd::parse(&Dom::parse(html).unwrap())
}

fn script(json: &str) -> String {
    format!("<script type='application/ld+json'>{json}</script>")
}

#[test]
fn the_article_is_found_in_a_graph_and_its_references_followed() {
    let ld = ld(&script(
        r##"{"@context": "https://schema.org", "@graph": [
            {"@type": "WebPage", "@id": "/s#page", "name": "A storm - The Paper"},
            {"@type": "Article", "@id": "/s#article", "headline": "A storm", "author": [{"@id": "/#jane"}],
             "isPartOf": {"@id": "/s#page"}},
            {"@type": "Person", "@id": "/#jane", "name": "Jane &amp;amp; Co"}]}"##,
    ));
    assert_eq!(ld.types(), ["Article"]);
    assert_eq!(ld.get("headline"), ["A storm"]);
    assert_eq!(ld.get("author.name"), ["Jane & Co"]);
    assert_eq!(ld.get("author"), ["Jane & Co"]);
    assert!(ld.has_article());
}

#[test]
fn of_several_stories_the_one_of_this_page_counts() {
    let other =
        r#"{"@type": "NewsArticle", "headline": "Another", "url": "https://p.example/b", "author": "X"}"#;
    let own = r#"{"@type": "NewsArticle", "headline": "Ours", "mainEntityOfPage": {"@id": "https://www.p.example/a/"}}"#;
    let page = format!(
        "<link rel=canonical href='https://p.example/a?x=1'>{}",
        script(&format!("[{other}, {own}]"))
    );
    assert_eq!(ld(&page).get("headline"), ["Ours"]);
    let page = format!("<h1>Ours</h1>{}{}", script(other), script(own));
    assert_eq!(ld(&page).get("headline"), ["Ours"]);
}

#[test]
fn entries_of_a_live_blog_are_not_the_story() {
    let ld = ld(&script(
        r#"{"@type": "LiveBlogPosting", "headline": "Live", "liveBlogUpdate": [
            {"@type": "BlogPosting", "headline": "Entry", "author": "Someone"}]}"#,
    ));
    assert_eq!(ld.get("headline"), ["Live"]);
    assert!(ld.get("author").is_empty());
    assert_eq!(ld.all_types(), ["LiveBlogPosting", "BlogPosting"]);
}

#[test]
fn a_second_object_of_the_same_story_completes_it() {
    let page = script(r#"{"@type": "Article", "headline": "A storm"}"#)
        + &script(r#"{"@type": "BlogPosting", "headline": "A storm!", "author": {"name": "Jane Doe"}}"#);
    assert_eq!(ld(&page).get("author.name"), ["Jane Doe"]);
}

#[test]
fn whether_it_is_free_is_read_in_every_spelling() {
    for (value, free) in [
        ("true", Some(true)),
        ("\"False\"", Some(false)),
        ("\"http://schema.org/False\"", Some(false)),
        ("\"\"", None),
    ] {
        let page = script(&format!(
            r#"{{"@type": "NewsArticle", "headline": "x", "isAccessibleForFree": {value}}}"#
        ));
        assert_eq!(ld(&page).is_accessible_for_free(), free, "{value}");
    }
    let parts = script(
        r#"{"@type": "NewsArticle", "headline": "x", "hasPart": [{"@type": "WebPageElement", "isAccessibleForFree": "False"}]}"#,
    );
    assert_eq!(ld(&parts).is_accessible_for_free(), Some(false));
}

#[test]
fn the_body_keeps_its_line_ends() {
    let page =
        script(r#"{"@type": "NewsArticle", "headline": "x", "articleBody": "One &amp; two.\n\nThree."}"#);
    assert_eq!(ld(&page).article_body().as_deref(), Some("One & two.\n\nThree."));
}

#[test]
fn references_in_a_circle_end() {
    let ld = ld(&script(
        r##"[{"@type": "Article", "headline": "x", "author": {"@id": "#a"}},
            {"@id": "#a", "sameAs": {"@id": "#a"}}]"##,
    ));
    assert_eq!(ld.get("author"), ["#a"]);
}

#[test]
fn a_page_without_json_ld_has_none() {
    let ld = ld("<p>text</p><script>var a = {}</script>");
    assert!(!ld.has_article() && ld.types().is_empty() && ld.get("headline").is_empty());
}
