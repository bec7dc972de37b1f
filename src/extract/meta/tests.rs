//! What the default chain and a layout's rules make of pages, field by field.

use jiff::tz::TimeZone;
use regex::Regex;
use url::Url;

use super::{JsonLd, PageFacts, read};
use crate::article::{Access, Metadata};
use crate::dom::{Dom, Selector};
use crate::sites::rule::{Field, FieldRule, Source};

fn meta_of(html: &str, rules: &[FieldRule]) -> Metadata {
    let url = Url::parse("https://www.paper.example/2024/05/03/storm.html").unwrap();
    let facts = PageFacts {
        url: Some(&url),
        ..PageFacts::default()
    };
    of(html, facts, rules)
}

fn of(html: &str, facts: PageFacts<'_>, rules: &[FieldRule]) -> Metadata {
    let dom = Dom::parse(html).unwrap();
    let ld = JsonLd::parse(&dom);
    read(&dom, &ld, facts, rules)
}

fn default(html: &str) -> Metadata {
    meta_of(html, &[])
}

fn ld(json: &str) -> String {
    format!("<script type='application/ld+json'>{json}</script>")
}

fn css(written: &str) -> Source {
    let (selector, attribute) = match written.rsplit_once('@') {
        Some((s, a)) => (s, Some(a.to_owned())),
        None => (written, None),
    };
    Source::Css {
        selector: Selector::known(selector),
        attribute,
        written: written.to_owned(),
    }
}

fn rule(field: Field, sources: Vec<Source>) -> FieldRule {
    FieldRule {
        field,
        sources,
        matching: None,
        remove: None,
        format: None,
        split: true,
        first: false,
    }
}

fn source<'m>(meta: &'m Metadata, field: &str) -> &'m str {
    &meta.fields.iter().find(|f| f.field == field).unwrap().source
}

#[test]
fn the_sites_name_is_cut_off_a_title() {
    for (page, title) in [
        (
            "<meta property=og:title content='A storm is coming | The Paper'><meta property=og:site_name content='The Paper'>",
            "A storm is coming",
        ),
        (
            "<meta property=og:title content='A storm is coming - National | Paper.example'><h1>A storm is coming</h1>",
            "A storm is coming",
        ),
        (
            "<title>A storm - and no end – Paper</title>",
            "A storm - and no end",
        ),
        (
            "<meta property=og:title content='Left - right: a storm'><h1>Left - right: a storm</h1>",
            "Left - right: a storm",
        ),
        (
            "<title>The Paper | A storm is coming</title><meta property=og:site_name content='The Paper'>",
            "A storm is coming",
        ),
        (
            "<meta property=og:title content='Rain &amp;amp; <em>wind</em>'>",
            "Rain & wind",
        ),
    ] {
        assert_eq!(default(page).title.as_deref(), Some(title), "{page}");
    }
}

#[test]
fn a_headline_for_sharing_gives_way_to_the_storys_own() {
    let page = "<meta property=og:title content='You will not believe this'><h1>Council approves budget</h1>"
        .to_owned()
        + &ld(r#"{"@type": "NewsArticle", "headline": "Council approves budget"}"#);
    let meta = default(&page);
    assert_eq!(meta.title.as_deref(), Some("Council approves budget"));
    assert_eq!(source(&meta, "title"), "json-ld:headline");
}

#[test]
fn a_headline_cut_off_at_a_quotation_mark_is_completed() {
    let page = "<meta property=og:title content='Clear winner and '><h1>Clear winner and \"royal visit\" in town</h1>";
    assert_eq!(
        default(page).title.as_deref(),
        Some("Clear winner and \"royal visit\" in town")
    );
}

#[test]
fn the_sites_name_or_motto_in_place_of_a_headline_is_none() {
    for page in [
        "<title>A storm is coming - Paper</title><h1>Paper</h1><h2>A storm is coming</h2>",
        "<title>A storm is coming - Paper</title><meta property=og:title content=Paper><h1>Paper</h1>",
        "<title>A storm is coming - Paper</title><h1>All that is fit to read</h1><h2>A storm is coming</h2>",
    ] {
        assert_eq!(
            default(page).title.as_deref(),
            Some("A storm is coming"),
            "{page}"
        );
    }
}

#[test]
fn of_several_sections_in_one_string_the_first_counts() {
    for (written, section) in [("News,Politics", "News"), ("Arts, Culture", "Arts, Culture")] {
        let page = format!("<meta property=article:section content='{written}'>");
        assert_eq!(default(&page).section.as_deref(), Some(section));
    }
}

#[test]
fn a_list_a_picture_credit_or_an_advert_near_the_headline_names_no_author() {
    for line in [
        "<li>• Safety data sheets for chemicals</li>",
        "<p class=author>Foto: Jane Doe</p>",
        "<p class=byline>-- Anzeige --</p>",
        "<p class=byline>Staff and news service reports</p>",
    ] {
        let page = format!("<h1>A storm is coming</h1>{line}");
        assert_eq!(default(&page).authors, [""; 0], "{line}");
    }
}

#[test]
fn of_several_headings_the_one_that_metadata_repeats_is_the_headline() {
    let page =
        "<title>Council approves budget - Paper</title><h1>The Paper</h1><h1>Council approves budget</h1>";
    assert_eq!(default(page).title.as_deref(), Some("Council approves budget"));
}

#[test]
fn a_dek_stands_on_the_page() {
    let shown = "<meta name=description content='Rivers rise across the whole country tonight.'>
        <article><header><h1>A storm is coming</h1><h2>Rivers rise across the whole country tonight.</h2></header><p>Text.</p></article>";
    assert_eq!(
        default(shown).subtitle.as_deref(),
        Some("Rivers rise across the whole country tonight.")
    );
    let hidden = "<meta name=description content='Rivers rise across the whole country tonight.'><h1>A storm is coming</h1><p>Text.</p>";
    assert_eq!(default(hidden).subtitle, None);
    let classed = "<h1>A storm is coming</h1><div class='Article_elementLead__x1'><p>Rivers rise across the country.</p></div>";
    assert_eq!(
        default(classed).subtitle.as_deref(),
        Some("Rivers rise across the country.")
    );
    let first = "<meta name=description content='The river rose by two metres on Monday'>
        <h1>A storm is coming</h1><div><p>The river rose by two metres on Monday.</p><p>b</p><p>c</p></div>";
    assert_eq!(default(first).subtitle, None);
}

#[test]
fn a_teasers_or_captions_subtitle_is_no_dek() {
    let page = "<h1>A storm is coming</h1><span class=mediaSubtitle>Waves at the harbour of the town.</span>
        <ul><li><a href=/b><p class=lead>Another story of another day.</p></a></li></ul>";
    assert_eq!(default(page).subtitle, None);
}

#[test]
fn authors_come_from_json_ld_with_every_form_of_name() {
    let page = ld(r#"{"@type": "NewsArticle", "headline": "A storm", "author": [
        {"@type": "Person", "givenName": "Jane", "familyName": "Doe"},
        {"@type": "Person", "name": "John Roe and Ann Poe"}, "By Max Moe"]}"#);
    let meta = default(&page);
    assert_eq!(meta.authors, ["Jane Doe", "John Roe", "Ann Poe", "Max Moe"]);
    assert_eq!(source(&meta, "authors"), "json-ld:author.name");
}

#[test]
fn the_papers_own_name_stands_back_for_a_person() {
    let own = r#"{"@type": "NewsArticle", "headline": "A storm", "publisher": {"name": "The Paper"},
        "author": {"@type": "Organization", "name": "The Paper"}}"#;
    let page = ld(own) + "<meta name=author content='Jane Doe'>";
    assert_eq!(default(&page).authors, ["Jane Doe"]);
    // Nobody else is named: the paper signs itself.
    assert_eq!(default(&ld(own)).authors, ["The Paper"]);
    let nameless = own.replace("\"author\"", "\"editor\"");
    let page = ld(&nameless) + "<meta name=author content='The Paper, Frankfurt, Germany'>";
    assert_eq!(default(&page).authors, ["The Paper"]);
    let divided = own.replace("The Paper", "The Paper | All the news");
    assert_eq!(default(&ld(&divided)).authors, ["The Paper | All the news"]);
    // An agency is not the paper.
    let agency = own.replace(
        r#""Organization", "name": "The Paper""#,
        r#""Organization", "name": "dpa""#,
    );
    let page = ld(&agency) + "<meta name=author content='Jane Doe'>";
    assert_eq!(default(&page).authors, ["dpa"]);
}

#[test]
fn a_byline_is_read_from_the_page_where_nothing_else_names_anyone() {
    for byline in [
        "<a rel=author href=/jane>Jane Doe</a>",
        "<div class=article-byline>By <b>Jane Doe</b></div>",
        "<p>By Jane Doe</p>",
        "<ul><li><strong>Author:</strong> Jane Doe</li></ul>",
        "<div class=byline>Jane Doe | May 3, 2024</div>",
    ] {
        let page = format!(
            "<meta name=author content='https://www.facebook.com/paper'><body class=has-sidebar><h1>A storm is coming</h1>{byline}<p>Text.</p>"
        );
        assert_eq!(default(&page).authors, ["Jane Doe"], "{byline}");
    }
}

#[test]
fn names_beside_the_story_are_not_its_authors() {
    let page = "<h1>A storm is coming</h1><p>Text of the story.</p>
        <div class=related-stories><a rel=author>Wrong One</a></div>
        <div class=comment><span class=author>Wrong Two</span></div>
        <figure><figcaption class=author>Wrong Three</figcaption></figure>";
    assert_eq!(default(page).authors, [""; 0]);
}

#[test]
fn inverted_names_and_label_pairs_are_understood() {
    let page =
        "<meta name=citation_author content='Doe, Jane'><meta name=citation_author content='Roe, John'>";
    assert_eq!(default(page).authors, ["Jane Doe", "John Roe"]);
    let page = "<meta name=twitter:label1 content='Written by'><meta name=twitter:data1 content='Jane Doe'>";
    assert_eq!(default(page).authors, ["Jane Doe"]);
}

#[test]
fn a_byline_set_apart_by_style_alone_is_read_with_its_spaces() {
    for (inside, byline) in [
        (
            "<b>By Jane Doe</b><span>Staff Writer</span>",
            "By Jane Doe Staff Writer",
        ),
        (
            "<span>By</span><a>Jane Doe</a>,<i>The Post</i> -",
            "By Jane Doe, The Post",
        ),
        ("By <b>J</b><small>ane</small> Doe |", "By Jane Doe"),
    ] {
        let page = ld(r#"{"@type": "NewsArticle", "headline": "A storm", "author": {"name": "Jane Doe"}}"#)
            + &format!("<h1>A storm</h1><div class=byline>{inside}</div>");
        assert_eq!(default(&page).byline.as_deref(), Some(byline));
    }
}

#[test]
fn the_byline_is_kept_as_the_page_tells_it() {
    let page = ld(r#"{"@type": "NewsArticle", "headline": "A storm", "author": {"name": "Jane Doe"}}"#)
        + "<h1>A storm</h1><div class=byline>By Jane Doe in Paris</div><div class=author-follow>Follow</div>";
    assert_eq!(default(&page).byline.as_deref(), Some("By Jane Doe in Paris"));
}

#[test]
fn a_date_in_full_completes_a_day_and_a_time_without_zone() {
    let page =
        ld(r#"{"@type": "NewsArticle", "headline": "A storm", "datePublished": "2023-04-28 18:11:01"}"#)
            + "<meta name=date content='2023-04-28T18:11:01+02:00'>";
    let meta = default(&page);
    assert_eq!(meta.published.as_deref(), Some("2023-04-28T16:11:01Z"));
    assert_eq!(source(&meta, "published"), "meta:date");
    let page = ld(r#"{"@type": "NewsArticle", "headline": "A storm", "datePublished": "2023-04-28"}"#)
        + "<meta property=article:published_time content='2023-04-28T05:00:00Z'>";
    assert_eq!(default(&page).published.as_deref(), Some("2023-04-28T05:00:00Z"));
    let other_day = page.replace("2023-04-28T05", "2023-05-01T05");
    assert_eq!(default(&other_day).published.as_deref(), Some("2023-04-28"));
}

#[test]
fn a_date_in_the_address_is_the_last_resort() {
    let meta = default("<h1>A storm is coming</h1><p>Text.</p>");
    assert_eq!(meta.published.as_deref(), Some("2024-05-03"));
    assert_eq!(source(&meta, "published"), "url");
    let meta = default("<h1>A storm is coming</h1><p class=date>2 May 2024, 14:00 BST</p>");
    assert_eq!(meta.published.as_deref(), Some("2024-05-02T13:00:00Z"));
}

#[test]
fn the_original_string_of_a_date_is_kept_and_its_zone_told() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let facts = PageFacts {
        timezone: Some(&berlin),
        language: Some("de"),
        ..PageFacts::default()
    };
    let meta = of(
        "<h1>Ein Sturm kommt</h1><div class=dateline>28. April 2023, 05:00 Uhr</div>",
        facts,
        &[],
    );
    let field = meta.fields.iter().find(|f| f.field == "published").unwrap();
    assert_eq!(meta.published.as_deref(), Some("2023-04-28T03:00:00Z"));
    assert_eq!(field.value, "28. April 2023, 05:00 Uhr");
    assert!(field.source.ends_with("; zone of the site"), "{}", field.source);
    assert_eq!(
        (meta.language.as_deref(), source(&meta, "language")),
        (Some("de"), "site")
    );
}

#[test]
fn a_rule_comes_first_and_the_default_says_when_it_found_nothing() {
    let page = "<meta property=og:title content='For sharing'><h1>For readers - Paper</h1>";
    let mut ours = rule(Field::Title, vec![css("h2"), css("h1")]);
    ours.remove = Some(Regex::new(" - Paper$").unwrap());
    let meta = meta_of(page, &[ours]);
    assert_eq!(meta.title.as_deref(), Some("For readers"));
    assert_eq!(source(&meta, "title"), "rule:h1");
    let meta = meta_of(page, &[rule(Field::Title, vec![css("h2")])]);
    assert_eq!(source(&meta, "title"), "og:title; the rule found nothing");
}

#[test]
fn a_rules_match_split_and_first_are_obeyed() {
    let page = "<p class=m>Stand: von Jane Doe und John Roe, Paper</p><p class=m>von Max Moe</p>";
    let mut ours = rule(Field::Authors, vec![css(".m")]);
    ours.matching = Some(Regex::new("von ([^,]+)").unwrap());
    assert_eq!(
        meta_of(page, std::slice::from_ref(&ours)).authors,
        ["Jane Doe", "John Roe", "Max Moe"]
    );
    ours.first = true;
    ours.split = false;
    let meta = meta_of(page, &[ours]);
    assert_eq!(meta.authors, ["Jane Doe und John Roe"]);
    assert_eq!(
        meta.byline.as_deref(),
        Some("Stand: von Jane Doe und John Roe, Paper")
    );
}

#[test]
fn a_rules_date_is_read_by_its_format_else_the_next_source() {
    let page = "<p class=a>soon</p><p class=b>25.04.24 | 14:07</p>";
    let mut ours = rule(Field::Published, vec![css(".a"), css(".b")]);
    ours.format = Some("%d.%m.%y | %H:%M".to_owned());
    let meta = meta_of(page, &[ours]);
    assert_eq!(meta.published.as_deref(), Some("2024-04-25T14:07:00Z"));
    assert_eq!(source(&meta, "published"), "rule:.b; no zone, read as UTC");
}

#[test]
fn a_rule_may_name_a_path_of_json_ld_or_an_attribute() {
    let page =
        ld(r#"{"@type": "NewsArticle", "headline": "A storm", "articleSection": ["Weather", "World"]}"#)
            + "<meta name=news_keywords content='rain, Wind,rain'>";
    let rules = [
        rule(Field::Section, vec![Source::JsonLd("articleSection".to_owned())]),
        rule(Field::Keywords, vec![css("meta[name=news_keywords]@content")]),
    ];
    let meta = meta_of(&page, &rules);
    assert_eq!(meta.section.as_deref(), Some("Weather"));
    assert_eq!(meta.keywords, ["rain", "Wind"]);
    assert_eq!(source(&meta, "section"), "rule:json-ld:articleSection");
}

#[test]
fn addresses_are_absolute_and_of_the_web() {
    let meta = default(
        "<link rel=canonical href='/storm.html?utm_source=x#top'><meta property=og:image content='//img.example/a.jpg?sig=1&utm_x=2'>",
    );
    assert_eq!(
        meta.canonical_url.as_deref(),
        Some("https://www.paper.example/storm.html")
    );
    assert_eq!(
        meta.lead_image.as_deref(),
        Some("https://img.example/a.jpg?sig=1&utm_x=2")
    );
    let meta = default(
        "<link rel=canonical href='javascript:alert(1)'><meta property=og:image content='data:image/gif;base64,R0'>",
    );
    assert_eq!((meta.canonical_url, meta.lead_image), (None, None));
}

#[test]
fn access_is_what_the_page_says() {
    let not_free = ld(r#"{"@type": "NewsArticle", "headline": "x", "isAccessibleForFree": "False"}"#);
    assert_eq!(default(&not_free).access, Access::Paywalled);
    let metered = not_free + "<meta property=article:content_tier content=metered>";
    assert_eq!(default(&metered).access, Access::Metered);
    assert_eq!(default("<p>text</p>").access, Access::Unknown);
}

#[test]
fn advertising_is_marked_only_where_the_page_says_so() {
    assert!(default(&ld(r#"{"@type": "AdvertiserContentArticle", "headline": "x"}"#)).sponsored);
    assert!(default("<meta property=article:section content='Sponsored Content'>").sponsored);
    assert!(!default("<h1>A review</h1><a rel=sponsored href=https://shop.example/>buy</a>").sponsored);
    let mark = Selector::known(".ad-label");
    let facts = PageFacts {
        sponsored: Some(&mark),
        ..PageFacts::default()
    };
    assert!(of("<p class=ad-label>Anzeige</p>", facts, &[]).sponsored);
}

#[test]
fn a_page_without_anything_has_nothing() {
    let meta = of("", PageFacts::default(), &[]);
    assert_eq!(meta, Metadata::default());
}
