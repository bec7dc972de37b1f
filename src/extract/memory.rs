//! What a site says again and again: texts that recur across its articles are boilerplate though
//! no rule knows them. Owns the value and its use; who counts is the pipeline, who keeps it the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::article::Category;
use crate::text;

use super::claim::Claim;
use super::strip::{self, Strippable};

/// Articles of a site that are looked back at.
pub const MEMORY_WINDOW: usize = 50;
/// Articles a text must stand in.
const MIN_ARTICLES: usize = 3;
/// One article in so many of the window must have a text.
const ONE_IN: usize = 5;

/// A snapshot of what a site repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Articles counted.
    pub articles: usize,
    /// Texts that recur, white space folded, with the number of articles each stands in.
    pub repeated: BTreeMap<String, usize>,
}

impl Memory {
    /// Counts the blocks of a site's last articles, one list an article. Kept blocks have line ends,
    /// removed ones are folded: all are counted folded, or a text would be forgotten once taken out.
    pub fn learn(articles: &[Vec<String>]) -> Self {
        let articles = &articles[..articles.len().min(MEMORY_WINDOW)];
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for blocks in articles {
            let mut once: Vec<String> = blocks.iter().map(|block| text::fold(block)).collect();
            once.sort_unstable();
            once.dedup();
            for block in once {
                *counts.entry(block).or_default() += 1;
            }
        }
        let least = MIN_ARTICLES.max(articles.len().div_ceil(ONE_IN));
        let repeated = counts
            .into_iter()
            .filter(|(text, n)| *n >= least && !text.is_empty())
            .collect();
        Self {
            articles: articles.len(),
            repeated,
        }
    }

    /// SHA-256, hex, of the snapshot: `memory_sha256`. None for an empty one, which changes nothing.
    pub fn sha256(&self) -> Option<String> {
        use sha2::Digest;
        if self.repeated.is_empty() {
            return None;
        }
        let json = serde_json::to_vec(self).expect("strings and numbers are always JSON");
        Some(
            sha2::Sha256::digest(json)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect(),
        )
    }

    /// Takes out the kept blocks that the site repeats.
    pub(super) fn strip<B: Strippable>(&self, blocks: &mut [B]) {
        for block in blocks.iter_mut().filter(|b| b.is_kept()) {
            if let Some(count) = self.repeated.get(strip::folded(block.text()).as_ref()) {
                block.take(Claim {
                    category: Category::Repeated,
                    rule: Arc::from("memory"),
                    pattern: format!("in {count} of {} articles", self.articles).into(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_counts_once_an_article_and_from_three_on() {
        let appeal = "Give today.".to_owned();
        let quote = "A quoted line.".to_owned();
        let story = |n: usize| vec![format!("Story {n}."), appeal.clone(), appeal.clone()];
        let mut articles: Vec<Vec<String>> = (0..3).map(story).collect();
        articles[0].push(quote.clone());
        articles[1].push(quote.clone());
        let memory = Memory::learn(&articles);
        assert_eq!(memory.repeated.get(&appeal), Some(&3));
        assert_eq!(memory.repeated.get(&quote), None);
    }

    #[test]
    fn a_text_with_a_line_end_is_known_again_and_not_forgotten_once_taken_out() {
        struct Line(&'static str, bool);
        impl Strippable for Line {
            fn text(&self) -> &str {
                self.0
            }
            fn is_heading(&self) -> bool {
                false
            }
            fn is_kept(&self) -> bool {
                self.1
            }
            fn take(&mut self, _: Claim) {
                self.1 = false;
            }
        }
        let articles = ["Give\ntoday.", "Give\ntoday.", "Give today."].map(|t| vec![t.to_owned()]);
        let mut lines = [Line("Give\ntoday.", true), Line("Rain.", true)];
        Memory::learn(&articles).strip(&mut lines);
        assert_eq!(lines.map(|l| l.1), [false, true]);
    }

    #[test]
    fn in_a_long_window_a_fifth_is_needed() {
        let articles: Vec<Vec<String>> = (0..50)
            .map(|n| {
                if n < 9 {
                    vec!["Nine times.".to_owned()]
                } else {
                    vec![format!("{n}")]
                }
            })
            .collect();
        assert!(Memory::learn(&articles).repeated.is_empty());
    }
}
