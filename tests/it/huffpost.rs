//! The built-in rules of HuffPost on lines as they stand in scraped text and in HTML: what they
//! claim, and that they leave reporting alone.

use std::sync::Arc;

use copydesk::article::Category;
use copydesk::dom::{Dom, Selector};
use copydesk::sites::Sites;
use copydesk::sites::rule::{Site, StripWhat, Until};

fn huffpost() -> Arc<Site> {
    Sites::builtin().get("huffpost").unwrap()
}

/// The category of the first strip that claims a line by its text alone.
fn claimed(site: &Site, line: &str) -> Option<Category> {
    site.strips.iter().find_map(|strip| match &strip.what {
        StripWhat::Block {
            select: None,
            text: Some(text),
            ..
        } => text.is_match(line).then_some(strip.category),
        _ => None,
    })
}

#[test]
fn regions_open_at_pictures_and_slideshows() {
    let site = huffpost();
    let region = |line: &str| {
        site.strips.iter().find_map(|strip| match &strip.what {
            StripWhat::Region { from, until } => from.is_match(line).then_some((strip.category, until)),
            StripWhat::Block { .. } => None,
        })
    };
    assert!(matches!(
        region("Also on HuffPost:"),
        Some((Category::Gallery, Until::End))
    ));
    assert!(matches!(
        region("Also On HuffPost"),
        Some((Category::Gallery, Until::End))
    ));
    assert!(matches!(
        region("Before You Go"),
        Some((Category::Gallery, Until::End))
    ));
    assert!(matches!(
        region("Open Image Modal"),
        Some((Category::Modal, Until::Blank))
    ));
    assert!(region("Before you go, read what he said on Monday.").is_none());
    assert!(region("Also on HuffPost’s list of guests were two senators and a singer.").is_none());
}

#[test]
fn what_stands_around_the_text_is_claimed_by_its_kind() {
    let site = huffpost();
    for (line, category) in [
        ("|", Category::Byline),
        ("Open Image Modal", Category::Modal),
        ("(01 of30)", Category::Gallery),
        ("12 of 30", Category::Gallery),
        (
            "A boy plays with a dog in Douma. (credit:Bassam Khabieh / Reuters)",
            Category::Caption,
        ),
        ("RELATED...", Category::Related),
        ("Related Coverage", Category::Related),
    ] {
        assert_eq!(claimed(&site, line), Some(category), "{line}");
    }
}

#[test]
fn appeals_of_every_season_are_donation() {
    let site = huffpost();
    for line in [
        "Support HuffPost",
        "Our 2024 Coverage Needs You",
        "Your Loyalty Means The World To Us",
        "Go Ad-Free — And Protect The Free Press",
        "Already contributed? Log in to hide these messages.",
        "Can't afford to contribute? Support HuffPost by creating a free account and log in while you read.",
        "Support Our Journalism",
        "Become A Member Today",
        "At HuffPost, we believe that everyone needs high-quality journalism, but we understand that not everyone can afford to pay.",
        "Whether you come to HuffPost for updates on the race or stories that make you laugh, we appreciate you.",
        "The truth is, news costs money, and we are proud that we have never put our stories behind an expensive paywall.",
        "Would you join us to help keep our stories free for all? Your will go a long way.",
        "Your contribution of as little as $2 will go a long way.",
        "As Americans head to the polls, the stakes are high. Will you join us and support HuffPost's newsroom?",
    ] {
        assert_eq!(claimed(&site, line), Some(Category::Donation), "{line}");
    }
}

#[test]
fn reporting_on_money_pictures_and_the_paper_itself_stays() {
    let site = huffpost();
    for line in [
        "OBAMA AND PUTIN TO TALK",
        "AMMAN/BEIRUT, Feb 21 (Reuters) - Kerry said on Sunday that he had reached a provisional agreement.",
        "The senator told HuffPost that contributions to his campaign had doubled since May.",
        "“We need your help,” the mayor said. “Will you help us rebuild?”",
        "Donors gave the hospital $5 million, and the support helped it to open a new wing.",
        "The paper put its archive behind a paywall in 2014, and readers left.",
        "She said her membership of the committee means the world to her.",
        "The app is free for everyone over 60, and free of charge for students.",
        "HuffPost's reporters visited the town twice and spoke with its mayor.",
        "She related the story to her children.",
        "He left the agency to join HuffPost in 2015.",
        "HuffPost’s reporters spoke with members of the union and with its supporters.",
        "Jane Doe is a writer in Ohio who contributes to HuffPost and other papers.",
        "He supports the bill because it would keep local stations on the air.",
        "Would you like some tea? she asked.",
    ] {
        assert_eq!(claimed(&site, line), None, "{line}");
    }
}

#[test]
fn only_text_modules_of_the_story_are_paragraphs() {
    let site = huffpost();
    let html = r#"<main><section class="entry__content-list js-entry-content">
        <div class="cli cli-image"><button>Open Image Modal</button><div>Caption</div></div>
        <div class="primary-cli cli cli-text"><p>One.</p></div>
        <div class="cli cli-advertisement">Ad</div>
        <div class="primary-cli cli cli-text"><p>Two.</p></div>
        <div class="cli x7-spring"><h3>A New Season</h3><p>Please give.</p>
            <a href="https://www.huffpost.com/contribute?src=1">Give</a></div>
        <div class="cli cli-related-articles"><a href="/entry/x">Other</a></div>
      </section></main>"#;
    let dom = Dom::parse(html).unwrap();
    let layout = &site.layouts[0];
    let body = dom.first(&layout.body).unwrap();
    let paragraphs = layout.paragraphs.as_ref().unwrap();
    let texts: Vec<String> = body.select(paragraphs).map(|e| e.text()).collect();
    assert_eq!(texts, ["One.", "Two."]);
    let category = |selector: &str| {
        let selector = Selector::known(selector);
        let element = dom.first(&selector).unwrap();
        site.strips.iter().find_map(|strip| match &strip.what {
            StripWhat::Block {
                select: Some(select),
                text,
                ..
            } => {
                let said = text.as_ref().is_none_or(|t| t.is_match(&element.text()));
                (element.matches(select) && said).then_some(strip.category)
            }
            _ => None,
        })
    };
    assert_eq!(category("button"), Some(Category::Modal));
    assert_eq!(category(".cli-image"), Some(Category::Caption));
    assert_eq!(category(".cli-advertisement"), Some(Category::Advert));
    assert_eq!(category(".x7-spring"), Some(Category::Donation));
    assert_eq!(category(".cli-related-articles"), Some(Category::Related));
    assert_eq!(category(".cli-text"), None);
}
