//! The common rules by their text and selectors: what they claim on any site, and that reporting and
//! wrappers of whole stories are left alone.

use std::sync::Arc;

use copydesk::article::Category;
use copydesk::dom::{Dom, Selector};
use copydesk::sites::rule::{CommonRules, StripWhat};
use copydesk::sites::{Sites, builtin_sources};

fn common() -> Arc<CommonRules> {
    Sites::builtin().common()
}

fn claimed(common: &CommonRules, line: &str) -> Option<Category> {
    common.strips.iter().find_map(|strip| match &strip.what {
        StripWhat::Block {
            select: None,
            text: Some(text),
            ..
        } => text.is_match(line).then_some(strip.category),
        _ => None,
    })
}

#[test]
fn boilerplate_lines_are_claimed_in_many_languages() {
    let common = common();
    for (line, category) in [
        ("READ MORE: Mayor resigns after audit", Category::Related),
        ("Also read: Mayor resigns", Category::Related),
        ("MORE : Mayor resigns", Category::Related),
        ("Lesen Sie auch: Bürgermeister tritt zurück", Category::Related),
        ("À lire aussi : Le maire démissionne", Category::Related),
        ("Lee también: Renuncia el alcalde", Category::Related),
        ("Les også: Ordføreren går av", Category::Related),
        ("Czytaj także: Burmistrz rezygnuje", Category::Related),
        ("Читайте также: Мэр ушёл", Category::Related),
        ("関連記事", Category::Related),
        ("Advertisement", Category::Advert),
        ("- Anzeige -", Category::Advert),
        ("Story continues below advertisement", Category::Advert),
        ("Sign up for our free morning newsletter", Category::Newsletter),
        ("Follow us on Facebook and Twitter", Category::Social),
        ("Leave a comment", Category::Comments),
        (
            "Please support our independent journalism with a gift.",
            Category::Donation,
        ),
        ("Subscribe now", Category::Paywall),
        ("© 2026 The Post. All rights reserved.", Category::Legal),
        ("Back to top", Category::Navigation),
        ("Photo: Jane Doe/AP", Category::Caption),
        ("Jane Doe/Getty Images", Category::Caption),
        ("5 min read", Category::Byline),
    ] {
        assert_eq!(claimed(&common, line), Some(category), "{line}");
    }
}

#[test]
fn reporting_in_similar_words_stays() {
    let common = common();
    for line in [
        "Read more than a dozen books a year and you are ahead of most.",
        "More than 40 people were hurt, officials said.",
        "Related to this, the court will hear a second case in May.",
        "Advertisement revenue fell by a third last year.",
        "The story continues in Geneva, where talks resume on Monday.",
        "Sign up numbers doubled after the ruling.",
        "Follow the money, the prosecutor told the jury.",
        "“Support our journalism or lose it,” the editor said.",
        "He asked voters to support independent candidates.",
        "Your support network matters more than money, doctors say.",
        "Subscribe now or pay more later: that was the offer that started the affair.",
        "Copyright law protects the song for 70 years.",
        "Photos of the meeting show both men smiling.",
        "Updated figures show that prices rose.",
        "Topics ranged from trade to climate.",
        "Watch and wait is the advice of the doctors.",
        "Published in 1925, the novel sold slowly.",
    ] {
        assert_eq!(claimed(&common, line), None, "{line}");
    }
}

#[test]
fn wrappers_of_whole_stories_are_never_taken() {
    let story = "<h1>T</h1><p>One.</p><p>Two.</p><p>Three.</p>";
    let anywhere = Selector::known("p");
    let common = common();
    for open in [
        "<div class='container enable-lightbox'>",
        "<article class='category-social-media share'>",
        "<div class='js-dynamic-advertorial'>",
        "<div class='newsletter-theme'>",
        "<form action='/page.aspx'>",
        "<div style='display:none'>",
        "<div class='page has-breadcrumb'>",
        "<header id='page'>",
    ] {
        let dom = Dom::parse(&format!("<body class='gdpr-applies social-bar-on'>{open}{story}")).unwrap();
        let paragraph = dom.first(&anywhere).unwrap();
        for strip in &common.strips {
            if let StripWhat::Block {
                select: Some(select), ..
            } = &strip.what
            {
                let taken = paragraph.ancestors().find(|e| e.matches(select));
                assert!(taken.is_none(), "{open}: {} takes {taken:?}", strip.place);
            }
        }
    }
}

#[test]
fn every_entry_says_which_page_shows_it() {
    let (_, text) = builtin_sources()
        .find(|(path, _)| *path == "common.toml")
        .unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| **line == "[[strip]]") {
        assert!(
            lines[at - 1].starts_with("# "),
            "common.toml:{}: no comment above",
            at + 1
        );
    }
}
