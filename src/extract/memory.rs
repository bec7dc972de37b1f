//! What a site says again and again: texts that recur across its articles are boilerplate though
//! no rule knows them. Owns the value and its use; who counts is the pipeline, who keeps it the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::article::Category;

use super::claim::Claim;
use super::strip::Strippable;

/// Articles of a site that are looked back at.
pub const MEMORY_WINDOW: usize = 50;
/// Articles a text must stand in.
const MIN_ARTICLES: usize = 3;
/// Share of the window's articles a text must stand in.
const MIN_SHARE: f64 = 0.2;

/// A snapshot of what a site repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Articles counted.
    pub articles: usize,
    /// Texts that recur, with the number of articles each stands in.
    pub repeated: BTreeMap<String, usize>,
}

impl Memory {
    /// Counts the blocks of a site's last articles, one list an article.
    pub fn learn(articles: &[Vec<String>]) -> Self {
        let articles = &articles[..articles.len().min(MEMORY_WINDOW)];
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for blocks in articles {
            let mut once: Vec<&str> = blocks.iter().map(String::as_str).collect();
            once.sort_unstable();
            once.dedup();
            for block in once {
                *counts.entry(block).or_default() += 1;
            }
        }
        let least = MIN_ARTICLES.max((articles.len() as f64 * MIN_SHARE).ceil() as usize);
        let repeated = counts
            .into_iter()
            .filter(|(_, n)| *n >= least)
            .map(|(text, n)| (text.to_owned(), n))
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
            if let Some(count) = self.repeated.get(block.text()) {
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
