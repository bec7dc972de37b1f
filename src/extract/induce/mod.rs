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

use std::collections::HashMap;

use crate::article::{Article, Category};
use crate::dom::Dom;
use crate::text;

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
    /// The same where no layout is taken, and the generic extractor finds the story.
    pub bare_strips: Vec<InducedStrip>,
    /// What is believed of the texts of each page given; nothing of one that could not be read.
    pub beliefs: Vec<Beliefs>,
}

/// What is believed of a page's texts: their words, and how surely each telling is story (0 to 1), the
/// surest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beliefs(HashMap<String, (f32, Vec<f32>)>);

impl Beliefs {
    /// Expected F1 score of an article made from the page, 0 to 1: what a proposal is worth once the
    /// real extractor has tried it.
    pub fn score(&self, article: &Article) -> f32 {
        let (mut said, mut right) = (0.0, 0.0);
        let mut tellings: HashMap<String, usize> = HashMap::new();
        for block in &article.blocks {
            let text = text::fold(&block.text);
            let Some((words, beliefs)) = self.0.get(&text) else {
                // What only the proposal sees, such as a caption in loose text, is nothing believed.
                said += text::word_count(&block.text) as f32;
                continue;
            };
            let telling = tellings.entry(text).or_default();
            said += words;
            right += words * beliefs.get(*telling).copied().unwrap_or_default();
            *telling += 1;
        }
        let all: f32 = self
            .0
            .values()
            .map(|(words, b)| words * b.iter().sum::<f32>())
            .sum();
        2.0 * right / (said + all).max(1.0)
    }
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
    let bare_strips = strips::propose(&observed, &repeated, &[]);
    let mut beliefs = vec![Beliefs::default(); pages.len()];
    for page in &observed {
        let of = &mut beliefs[page.page].0;
        for b in &page.blocks {
            let words = if b.settled { 0.0 } else { b.words };
            let (_, all) = of.entry(b.text.clone()).or_insert((words, Vec::new()));
            all.push(b.belief);
            all.sort_by(|a, b| b.total_cmp(a));
        }
    }
    Induced {
        layouts,
        strips,
        bare_strips,
        beliefs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{Block, BlockKind, Extractor};

    #[test]
    fn a_text_told_once_more_adds_nothing_to_what_a_proposal_is_worth() {
        let beliefs = Beliefs(HashMap::from([
            ("The pier is gone.".to_owned(), (4.0, vec![0.98, 0.02])),
            ("It stood for a year.".to_owned(), (5.0, vec![0.98])),
        ]));
        let told = |texts: &[&str]| {
            let block = |text: &&str| Block {
                kind: BlockKind::Paragraph,
                text: (*text).to_owned(),
            };
            beliefs.score(&Article {
                meta: Default::default(),
                blocks: texts.iter().map(block).collect(),
                removed: Vec::new(),
                images: Vec::new(),
                extractor: Extractor::Generic,
                layout: None,
                quality: 0.0,
            })
        };
        let once = told(&["The pier is gone.", "It stood for a year."]);
        let twice = told(&["The pier is gone.", "It stood for a year.", "The pier is gone."]);
        assert!(once > 0.95 && twice < once - 0.1, "{once} {twice}");
        assert!(told(&["The pier is gone.", "Buy a calendar of the pier."]) < told(&["The pier is gone."]));
    }
}
