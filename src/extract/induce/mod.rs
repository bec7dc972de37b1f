//! Rules proposed from pages: which element holds the story, what in it is text, and what the pages
//! repeat. Sees only the pages and what the generic extractor makes of them; writing the file is
//! `sites::draft`'s work, choosing the pages the pipeline's.
//!
//! The generic extractor judges every block by itself; here the shape of the blocks is asked too:
//! what stands where the story's other paragraphs stand, on this page and on the others, is
//! likely to be story, and what stands elsewhere is not.

mod keep;
mod layout;
mod names;
mod observe;
mod repeats;
mod strips;

use crate::article::Category;
use crate::dom::Dom;

use super::page::Page;
use super::ruleset::RuleSet;
use observe::Observed;

/// Most pages that are looked at; more teach nothing new and cost time.
pub const MAX_INDUCED_PAGES: usize = 24;

/// What is proposed for a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Induced {
    /// The looks of its pages; none where nothing beats the generic extractor.
    pub layouts: Vec<InducedLayout>,
    /// What stands in the story and is none.
    pub strips: Vec<InducedStrip>,
}

/// One look.
#[derive(Debug, Clone, PartialEq)]
pub struct InducedLayout {
    /// Selector of the story's container.
    pub body: String,
    /// Selectors of what is text in it; empty: everything.
    pub paragraphs: Vec<String>,
    /// Which pages have this look.
    pub pages: Vec<usize>,
    /// How much of the text agrees with the generic extractor's, 0 to 1.
    pub agreement: f32,
}

/// What a strip goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StripBy {
    /// A selector.
    Select(String),
    /// A pattern of text.
    Text(String),
    /// A selector that all of a block's text lies in.
    Whole(String),
}

/// Something inside the story's container that is no story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InducedStrip {
    /// What it probably is.
    pub category: Category,
    /// How it is found.
    pub by: StripBy,
    /// Its text, shortened.
    pub sample: String,
    /// On how many pages it stands.
    pub pages: usize,
}

/// Proposes rules for pages of one site; `rules` are the common ones. A page that cannot be parsed
/// is passed over.
pub fn induce(pages: &[Page<'_>], rules: &RuleSet) -> Induced {
    let pages = &pages[..pages.len().min(MAX_INDUCED_PAGES)];
    let doms: Vec<Option<Dom>> = pages.iter().map(|p| Dom::parse(p.html).ok()).collect();
    let mut observed: Vec<Observed<'_>> = doms
        .iter()
        .zip(pages)
        .enumerate()
        .filter_map(|(at, (dom, page))| observe::observe(at, dom.as_ref()?, page.url, rules))
        .collect();
    let repeated = repeats::find(&observed);
    repeats::doubt(&mut observed, &repeated);
    observe::reconsider(&mut observed);
    let layouts = layout::choose(&observed);
    let strips = strips::propose(&observed, &repeated, &layouts);
    Induced { layouts, strips }
}
