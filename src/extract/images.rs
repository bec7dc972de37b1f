//! Images of the story, with caption and credit as data. Owns which pictures belong to the story;
//! that their captions are not text is the strips' doing.

use url::Url;

use crate::article::Image;
use crate::dom::{Element, Selector};
use crate::text;

/// Images kept of one article.
const MAX_IMAGES: usize = 200;
/// A picture declared narrower or lower than this is an icon or a counter, in CSS pixels.
const MIN_SIDE: u32 = 100;
/// Longest caption kept, in bytes.
const MAX_CAPTION_BYTES: usize = 4_000;

/// Finds the images inside `bodies`, and those of figures that stand just before them (`scope`).
pub(super) fn read(scope: Element<'_>, base: Option<&Url>) -> Vec<Image> {
    let mut images: Vec<Image> = Vec::new();
    for img in scope
        .descendants()
        .filter(|e| matches!(e.name(), "img" | "amp-img"))
    {
        if images.len() == MAX_IMAGES {
            break;
        }
        let Some(url) = source(img).and_then(|s| absolute(s, base)) else {
            continue;
        };
        if too_small(img) || images.iter().any(|i| i.url == url) {
            continue;
        }
        let around = frame(img);
        let (caption, credit) = around.map_or((None, None), told);
        let alt = img.attr("alt").map(text::fold).filter(|a| !a.is_empty());
        images.push(Image {
            url,
            caption,
            credit,
            alt,
        });
    }
    images
}

/// The address of a picture, lazy loading looked through.
fn source(img: Element<'_>) -> Option<&str> {
    const LAZY: &[&str] = &[
        "data-src",
        "data-original",
        "data-lazy-src",
        "data-image",
        "data-hi-res-src",
    ];
    let usable = |s: &&str| !s.trim().is_empty() && !s.trim_start().starts_with("data:");
    LAZY.iter()
        .filter_map(|name| img.attr(name))
        .chain(img.attr("src"))
        .find(usable)
        .or_else(|| img.attr("srcset").or(img.attr("data-srcset")).and_then(largest))
        .filter(|s| !s.contains("{"))
}

/// The last, by custom largest, address of a `srcset`.
fn largest(srcset: &str) -> Option<&str> {
    srcset
        .split(", ")
        .filter_map(|part| part.split_whitespace().next())
        .filter(|s| !s.is_empty() && !s.starts_with("data:"))
        .last()
}

fn absolute(source: &str, base: Option<&Url>) -> Option<String> {
    let source = source.trim();
    let url = match base {
        Some(base) => base.join(source).ok()?,
        None => Url::parse(source).ok()?,
    };
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

fn too_small(img: Element<'_>) -> bool {
    let side = |name| {
        img.attr(name)
            .and_then(|v| v.trim_end_matches("px").parse::<u32>().ok())
    };
    [side("width"), side("height")]
        .into_iter()
        .flatten()
        .any(|n| n < MIN_SIDE)
}

/// The figure around a picture, or what pages use in place of one.
fn frame(img: Element<'_>) -> Option<Element<'_>> {
    const STEPS: usize = 6;
    img.ancestors().take(STEPS).find(|e| {
        e.name() == "figure"
            || e.classes().any(|c| {
                let c = c.to_ascii_lowercase();
                [
                    "figure",
                    "wp-caption",
                    "image-block",
                    "media-image",
                    "cli-image",
                    "photo",
                ]
                .iter()
                .any(|w| c.contains(w))
            })
    })
}

/// Caption and credit of a figure.
fn told(figure: Element<'_>) -> (Option<String>, Option<String>) {
    let is = |e: &Element<'_>, words: &[&str]| {
        e.classes().chain(e.attr("itemprop")).any(|c| {
            let c = c.to_ascii_lowercase();
            words.iter().any(|w| c.contains(w))
        })
    };
    let credit = figure
        .descendants()
        .find(|e| is(e, &["credit", "copyright", "photographer", "source", "quelle"]) && !e.text().is_empty())
        .map(Element::text);
    let caption_element = figure
        .descendants()
        .find(|e| e.name() == "figcaption")
        .or_else(|| {
            figure
                .descendants()
                .find(|e| is(e, &["caption", "legend"]) && !e.text().is_empty())
        });
    let caption = caption_element.map(Element::text).map(|c| match &credit {
        Some(credit) => c.replacen(credit.as_str(), "", 1).trim().to_owned(),
        None => c,
    });
    let some = |s: Option<String>| s.filter(|s| !s.is_empty() && s.len() <= MAX_CAPTION_BYTES);
    (some(caption), some(credit))
}

/// The element within which the story's images are looked for: the nearest `article` or `main`
/// around the body, else the body itself (lead pictures often stand above the text).
pub(super) fn scope(body: Element<'_>) -> Element<'_> {
    thread_local! {
        static STORY: Selector = Selector::known("article, main, [role=main], [itemtype*='Article']");
    }
    STORY.with(|story| {
        std::iter::once(body)
            .chain(body.ancestors())
            .find(|e| e.matches(story))
            .unwrap_or(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dom::Dom;

    fn images(html: &str) -> Vec<Image> {
        let base = Url::parse("https://news.example/a/b").unwrap();
        read(Dom::parse(html).unwrap().body(), Some(&base))
    }

    #[test]
    fn caption_and_credit_are_told_apart() {
        let found = images(
            "<figure><img data-src='/p.jpg' src='data:image/gif;base64,x' alt='A pier'>\
             <figcaption>The pier. <span class=credit>Ann Lee</span></figcaption></figure>",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].url, "https://news.example/p.jpg");
        assert_eq!(found[0].caption.as_deref(), Some("The pier."));
        assert_eq!(found[0].credit.as_deref(), Some("Ann Lee"));
        assert_eq!(found[0].alt.as_deref(), Some("A pier"));
    }

    #[test]
    fn icons_and_counters_are_not_images_of_the_story() {
        assert!(images("<img src='/pixel.gif' width=1 height=1><img src='javascript:x'>").is_empty());
    }
}
