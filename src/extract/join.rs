//! A story told on several pages: the links that lead from one to the next, and the joining of what
//! each page gave. Owns what is told twice across pages; following the links is the pipeline's.

use std::collections::HashSet;

use url::Url;

use crate::address;
use crate::article::{Category, Removal};
use crate::dom::{Dom, Selector};
use crate::outcome::Outcome;
use crate::sites::rule::Site;
use crate::text;

use super::page::Extraction;

/// Blocks at the top of a further page among which something of the first page is told again: its
/// headline, its dek.
const TOP_BLOCKS: usize = 4;

/// Where the rest of a story is, as the site's rules find it on a page (`next-page`, `single-page`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoryLinks {
    /// The story's next page.
    pub next: Option<Url>,
    /// The whole story on one page.
    pub single: Option<Url>,
}

impl StoryLinks {
    /// Finds them on a page. A link to the page itself leads nowhere.
    pub(super) fn find(dom: &Dom, site: Option<&Site>, page: Option<&Url>) -> Self {
        let (Some(site), Some(base)) = (site, dom.base(page)) else {
            return Self::default();
        };
        let here = page.map(|url| address::canonical(url.clone()));
        let link = |selector: &Option<Selector>| {
            dom.select(selector.as_ref()?)
                .filter_map(|e| address::resolve(&base, e.attr("href")?).ok())
                .find(|url| Some(url) != here.as_ref())
        };
        Self {
            next: link(&site.next_page),
            single: link(&site.single_page),
        }
    }
}

/// Joins the pages of one story, in order: the first page's metadata, every page's text, images and
/// removals. What a further page tells again at its top is taken out.
pub fn join(mut first: Extraction, rest: impl IntoIterator<Item = Extraction>) -> Extraction {
    let words = |e: &Extraction| text::word_count(&e.article.text()) as f64;
    let mut all_words = words(&first);
    let mut quality = first.article.quality * all_words;
    let told: HashSet<String> = first
        .article
        .blocks
        .iter()
        .map(|b| b.text.clone())
        .chain(first.article.meta.title.clone())
        .chain(first.article.meta.subtitle.clone())
        .collect();
    for page in rest {
        let n = words(&page);
        all_words += n;
        quality += page.article.quality * n;
        if page.outcome == Outcome::PaywallTeaser && first.outcome == Outcome::Stored {
            first.outcome = page.outcome;
            first.reason = page.reason;
        }
        first.notes.extend(page.notes);
        append(&mut first.article, page.article, &told);
    }
    if all_words > 0.0 {
        first.article.quality = (quality / all_words * 1000.0).round() / 1000.0;
    }
    first
}

fn append(story: &mut crate::article::Article, page: crate::article::Article, told: &HashSet<String>) {
    let mut removed = page.removed.into_iter().peekable();
    // A removal's position counts the kept blocks before it, so both are walked together.
    for (n, block) in page.blocks.into_iter().enumerate() {
        while let Some(mut removal) = removed.next_if(|r| r.position <= n) {
            removal.position = story.blocks.len();
            story.removed.push(removal);
        }
        if n < TOP_BLOCKS && told.contains(&block.text) {
            story.removed.push(Removal {
                category: Category::Other,
                rule: "generic:told-twice".to_owned(),
                pattern: "on an earlier page of the story".to_owned(),
                text: text::fold(&block.text),
                position: story.blocks.len(),
                path: String::new(),
            });
        } else {
            story.blocks.push(block);
        }
    }
    for mut removal in removed {
        removal.position = story.blocks.len();
        story.removed.push(removal);
    }
    for image in page.images {
        if story.images.iter().all(|known| known.url != image.url) {
            story.images.push(image);
        }
    }
}
