//! The dek: the summary that stands on the page between headline and text. A description that
//! only search engines see is none. Owns finding it; a rule's `subtitle` comes first.

use std::sync::LazyLock;

use regex::Regex;

use super::collect::{Found, prop_value};
use super::json_ld::JsonLd;
use super::near::{Near, names_with};
use super::title::key;
use crate::dom::Element;

/// Words of class names and test ids that mark a dek, as papers call it.
#[rustfmt::skip]
const DEK: &[&str] = &[
    "subtitle", "subtitles", "subheadline", "subhead", "subheading", "dek", "deck", "standfirst", "tagline", "strapline", "lede",
    "lead", "leadin", "leadtext", "intro", "introtext", "summary", "excerpt", "abstract", "preface", "einleitung", "vorspann",
    "chapo", "chapeau", "entradilla", "bajada", "sottotitolo", "occhiello", "ingress", "manchet", "underrubrik",
    "perex", "spot",
];
/// The same in two words: `sub-title`, `sub_headline`.
const DEK_PAIRS: &[(&str, &str)] = &[
    ("sub", "title"),
    ("sub", "headline"),
    ("sub", "head"),
    ("stand", "first"),
    ("sous", "titre"),
];
/// Words that say it is the dek of something else, or a part of the page's furniture.
#[rustfmt::skip]
const NOT_DEK: &[&str] = &[
    "media", "image", "img", "photo", "video", "caption", "author", "byline", "date", "time", "button", "link", "ad", "gallery", "list",
];
/// All of these, for a first look.
static MARKS: LazyLock<Regex> = LazyLock::new(|| {
    let pairs = DEK_PAIRS.iter().map(|(a, _)| *a);
    let words: Vec<&str> = DEK.iter().copied().chain(pairs).collect();
    Regex::new(&format!("(?i){}", words.join("|"))).expect("words only")
});
/// Longest dek, in characters.
const MAX_CHARS: usize = 800;
/// Shortest, in characters: below, it is a label.
const MIN_CHARS: usize = 15;
/// Fewest words: a name or a label has less.
const MIN_WORDS: usize = 4;
/// A paragraph this long, in characters, is the story's …
const STORY_CHARS: usize = 120;
/// … and after so many of them no dek comes: one may be a lead, one a caption.
const MAX_STORY_PARAGRAPHS: usize = 2;
/// Most elements inside one that are looked at.
const MAX_INNER: usize = 30;
/// Least share of a description that the text on the page must say, as keys.
const MIN_SHARE: f64 = 0.8;

/// The dek by the default chain: value and source.
pub(super) fn find(
    found: &Found<'_>,
    ld: &JsonLd,
    near: &Near<'_>,
    title: Option<&str>,
) -> Option<(String, String)> {
    let title = title.map(key).unwrap_or_default();
    let alternative = found
        .story_props("alternativeHeadline")
        .find_map(|e| Some((prop_value(e)?, "microdata:alternativeHeadline".to_owned())));
    if let Some((text, source)) = alternative.filter(|(t, _)| fits(t, &title)) {
        return Some((text, source));
    }
    let described: Vec<String> = ["og:description", "description", "twitter:description"]
        .iter()
        .flat_map(|k| found.meta(k))
        .chain(ld.get("description"))
        .map(|d| key(d.trim_end_matches(['…', '.', ' '])))
        .filter(|d| d.chars().count() >= MIN_CHARS)
        .collect();
    let mut paragraphs_seen = 0;
    for line in &near.lines {
        let element = line.element;
        if !matches!(
            element.name(),
            "p" | "h2" | "h3" | "h4" | "div" | "span" | "strong"
        ) {
            continue;
        }
        let Some(text) = line.text() else { continue };
        let classed = is_classed(element);
        let chars = text.chars().count();
        if element.name() == "p" && !classed && chars > STORY_CHARS {
            paragraphs_seen += 1;
            if paragraphs_seen > MAX_STORY_PARAGRAPHS {
                break;
            }
        }
        if !(MIN_CHARS..=MAX_CHARS).contains(&chars) || (line.beside && !classed) {
            continue;
        }
        let blocks = element
            .descendants()
            .take(MAX_INNER)
            .filter(|e| is_block(*e))
            .count();
        if blocks > usize::from(classed) {
            continue;
        }
        let said = key(text);
        let is_dek = classed || described.iter().any(|d| says(&said, d)) && !is_first_paragraph(element);
        let byline = super::authors::has_lead(text);
        if is_dek && !byline && fits(text, &title) && !near.is_linked(element) {
            return Some((text.to_owned(), format!("html:{}", element.path())));
        }
    }
    None
}

fn is_block(element: Element<'_>) -> bool {
    matches!(
        element.name(),
        "p" | "div" | "section" | "ul" | "ol" | "table" | "figure" | "h1" | "h2" | "h3"
    )
}

fn fits(text: &str, title: &str) -> bool {
    let key = key(text);
    (MIN_CHARS..=MAX_CHARS).contains(&text.chars().count())
        && crate::text::word_count_to(text, MIN_WORDS) >= MIN_WORDS
        && key != title
        && !title.contains(&key)
}

fn says(text: &str, description: &str) -> bool {
    if text == description {
        return true;
    }
    let (shorter, longer) = if text.len() < description.len() {
        (text, description)
    } else {
        (description, text)
    };
    longer.starts_with(shorter) && shorter.len() as f64 >= MIN_SHARE * longer.len() as f64
}

/// A paragraph among paragraphs is where the story begins: sites copy it into the description.
fn is_first_paragraph(element: Element<'_>) -> bool {
    let paragraph = match element.name() {
        "strong" | "span" => element.ancestors().take(2).find(|a| a.name() == "p"),
        "p" => Some(element),
        _ => None,
    };
    paragraph.is_some_and(|paragraph| {
        paragraph
            .parent()
            .is_some_and(|p| p.child_elements().filter(|c| c.name() == "p").nth(2).is_some())
    })
}

fn is_classed(element: Element<'_>) -> bool {
    names_with(element, &MARKS).any(|name| {
        let words = words_of(name);
        let any = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
        let pair = words
            .windows(2)
            .any(|w| DEK_PAIRS.contains(&(w[0].as_str(), w[1].as_str())));
        (pair || any(DEK)) && !any(NOT_DEK)
    })
}

/// The words of a class name: `Article_elementLead__x1` is article, element, lead, x1.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower_before) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase();
    }
    words.retain(|w| !w.is_empty());
    words
}
