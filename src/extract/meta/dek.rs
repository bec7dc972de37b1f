//! The dek: the summary that stands on the page between headline and text. A description that
//! only search engines see is none. Owns finding it; a rule's `subtitle` comes first.

use super::collect::{Found, Near, prop_value};
use super::json_ld::JsonLd;
use super::title::key;
use crate::dom::Element;

/// Parts of class names and test ids that mark a dek, as papers call it.
const DEK: &[&str] = &[
    "subtitle",
    "sub-title",
    "subheadline",
    "sub-headline",
    "subhead",
    "sub-head",
    "dek",
    "deck",
    "standfirst",
    "stand-first",
    "tagline",
    "strapline",
    "article-summary",
    "article__summary",
    "article-lead",
    "article__lead",
    "article-intro",
    "article__intro",
    "lead-text",
    "leadtext",
    "chapo",
    "chapeau",
    "entradilla",
    "bajada",
    "sottotitolo",
    "occhiello",
    "ingress",
    "manchet",
    "underrubrik",
    "excerpt",
    "teaser-text",
    "perex",
    "vorspann",
    "sous-titre",
];
/// Longest dek, in characters.
const MAX_CHARS: usize = 800;
/// Shortest, in characters: below, it is a label.
const MIN_CHARS: usize = 15;
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
        .chain(ld.get("alternativeHeadline"))
        .map(|d| key(d.trim_end_matches(['…', '.', ' '])))
        .filter(|d| d.chars().count() >= MIN_CHARS)
        .collect();
    for &element in &near.elements {
        let classed = is_classed(element);
        if !classed && !matches!(element.name(), "p" | "h2" | "h3" | "div" | "span" | "strong") {
            continue;
        }
        // A container's text is not one line of it.
        if element.child_elements().count() > 3
            || element
                .child_elements()
                .any(|c| matches!(c.name(), "p" | "div" | "ul" | "section"))
        {
            continue;
        }
        let text = element.text();
        if !fits(&text, &title) || near.is_beside(element) {
            continue;
        }
        if classed {
            return Some((text, format!("html:{}", element.path())));
        }
        let said = key(&text);
        if described.iter().any(|d| says(&said, d)) && !is_first_paragraph(element) {
            return Some((text, format!("html:{}", element.path())));
        }
    }
    None
}

fn fits(text: &str, title: &str) -> bool {
    let key = key(text);
    (MIN_CHARS..=MAX_CHARS).contains(&text.chars().count()) && key != title && !title.contains(&key)
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
    element.name() == "p"
        && element.parent().is_some_and(|p| {
            p.child_elements()
                .filter(|c| c.name() == "p" && *c != element)
                .count()
                >= 2
        })
}

fn is_classed(element: Element<'_>) -> bool {
    ["class", "data-testid", "id"].iter().any(|name| {
        element.attr(name).is_some_and(|value| {
            value.len() < 300
                && value.split_ascii_whitespace().any(|word| {
                    let word = word.to_ascii_lowercase();
                    DEK.iter().any(|d| word.contains(d))
                        && !word.contains("desktop")
                        && !word.contains("deckung")
                })
        })
    })
}
