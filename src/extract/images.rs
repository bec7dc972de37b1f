//! Images of the story, with caption and credit as data. Owns which pictures belong to the story;
//! that their captions are not text is the strips' doing.

use url::Url;

use crate::article::{Category, Image};
use crate::dom::{Element, NodeId, Selector, Step};
use crate::text;

use super::marks::Marks;
use super::ruleset::outermost;

/// Images kept of one article.
const MAX_IMAGES: usize = 200;
/// A picture declared narrower or lower than this is an icon or a counter, in CSS pixels.
const MIN_SIDE: u32 = 100;
/// Elements of a figure that are looked at: one around the whole page is read for each of its pictures.
const MAX_FIGURE_ELEMENTS: usize = 2_000;
/// Longest caption kept, in bytes.
const MAX_CAPTION_BYTES: usize = 4_000;

/// Finds the images of the story whose text stands in `bodies`: in the `article` or `main` around them,
/// without what `marks` takes out as something beside the story.
pub(super) fn read(bodies: &[Element<'_>], marks: &Marks, base: Option<&Url>) -> Vec<Image> {
    let scopes = outermost(bodies.iter().map(|b| scope(*b)));
    let mut images: Vec<Image> = Vec::new();
    for img in scopes.into_iter().flat_map(|scope| pictures(scope, marks)) {
        if images.len() == MAX_IMAGES {
            break;
        }
        let Some(url) = source(img).and_then(|s| absolute(s, base)) else {
            continue;
        };
        if too_small(img) || is_furniture(img) || images.iter().any(|i| i.url == url) {
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

/// The pictures in an element, but for those that an advert, a teaser or a menu shows.
fn pictures<'a>(scope: Element<'a>, marks: &Marks) -> Vec<Element<'a>> {
    let mut pictures = Vec::new();
    let mut skip: Option<NodeId> = None;
    for step in scope.walk() {
        match step {
            Step::Close(e) if skip == Some(e.id()) => skip = None,
            Step::Open(e) if skip.is_none() => {
                if marks.claims.get(&e.id()).is_some_and(|c| is_beside(c.category)) {
                    skip = Some(e.id());
                } else if matches!(e.name(), "img" | "amp-img") {
                    pictures.push(e);
                }
            }
            Step::Open(_) | Step::Close(_) | Step::Text(..) => {}
        }
    }
    pictures
}

/// Whether the pictures of what is taken out under this name are not the story's. Those of a byline may
/// be: it often goes with the whole head of the page, and there stands the lead picture.
fn is_beside(category: Category) -> bool {
    use Category::*;
    matches!(
        category,
        Donation | Newsletter | Related | Advert | Social | Comments | Navigation | Consent | Paywall
    )
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

/// Whether a picture outside any figure calls itself a logo, an icon or somebody's face.
fn is_furniture(img: Element<'_>) -> bool {
    const WORDS: &[&str] = &["logo", "avatar", "gravatar", "icon", "sprite", "spinner", "emoji"];
    let says = |text: &str| {
        text.to_ascii_lowercase()
            .split(|c: char| !c.is_ascii_alphabetic())
            .any(|w| WORDS.contains(&w))
    };
    let name = |s: &str| {
        s.split(['?', '#'])
            .next()
            .and_then(|s| s.rsplit('/').next())
            .map(says)
    };
    let named = ["class", "id", "alt"]
        .iter()
        .filter_map(|a| img.attr(a))
        .any(says);
    frame(img).is_none() && (named || source(img).and_then(name) == Some(true))
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
        .take(MAX_FIGURE_ELEMENTS)
        .find(|e| is(e, &["credit", "copyright", "photographer", "source", "quelle"]) && !e.text().is_empty())
        .map(Element::text);
    let caption_element = figure
        .descendants()
        .take(MAX_FIGURE_ELEMENTS)
        .find(|e| e.name() == "figcaption")
        .or_else(|| {
            figure
                .descendants()
                .take(MAX_FIGURE_ELEMENTS)
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
fn scope(body: Element<'_>) -> Element<'_> {
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
        read(
            &[Dom::parse(html).unwrap().body()],
            &Marks::default(),
            Some(&base),
        )
    }

    #[test]
    fn each_body_gives_its_images_and_a_teaser_gives_none() {
        use crate::extract::claim::Claim;

        let dom =
            Dom::parse("<div><img src=/1><aside><img src=/t></aside></div><div><img src=/2></div>").unwrap();
        let body = Selector::known("div");
        let aside = Selector::known("aside");
        let mut marks = Marks::default();
        for e in dom.select(&aside) {
            marks.claim(e, Claim::generic(Category::Related, "test"));
        }
        let bodies: Vec<Element<'_>> = dom.select(&body).collect();
        let base = Url::parse("https://news.example/").unwrap();
        let urls: Vec<String> = read(&bodies, &marks, Some(&base))
            .into_iter()
            .map(|i| i.url)
            .collect();
        assert_eq!(urls, ["https://news.example/1", "https://news.example/2"]);
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
        assert!(images("<img src='/print-header-logo.png'><img class=avatar src=/ann.jpg>").is_empty());
        assert_eq!(images("<figure><img src='/new-logo.jpg'></figure>").len(), 1);
    }
}
