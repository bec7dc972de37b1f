//! What a site says again and again: texts that recur across its stories are boilerplate though
//! no rule knows them. Owns the counting, the value and its use; which articles are counted is the
//! pipeline's, who keeps it the store's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::article::Category;
use crate::text;

use super::claim::Claim;
use super::note::Note;
use super::strip::{self, Strippable};

/// Articles of a site that are looked back at.
pub const MEMORY_WINDOW: usize = 50;
/// Stories a text must stand in.
const MIN_STORIES: usize = 3;
/// One story in so many of the window must have a text.
const ONE_IN: usize = 5;
/// Two articles with one headline or one beginning that share this much of the shorter one's words
/// tell one story: a copy under another address, a later look at it.
const SAME_STORY_SHARE: f64 = 0.8;

/// An article as memory counts it.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Its headline.
    pub title: Option<String>,
    /// Its blocks, those that memory took out before among them: without these, a text would be
    /// forgotten once taken out.
    pub blocks: Vec<String>,
}

/// A snapshot of what a site repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Articles counted, several of one story as one.
    pub articles: usize,
    /// Texts that recur, white space folded, with the number of stories each stands in.
    pub repeated: BTreeMap<String, usize>,
}

impl Memory {
    /// Counts the texts of a site's last articles, each once a story.
    pub fn learn(articles: &[Told]) -> Self {
        let mut stories: Vec<Story> = Vec::new();
        for article in articles.iter().take(MEMORY_WINDOW) {
            let next = Story::of(article);
            match stories.iter_mut().find(|s| s.is_told_by(&next)) {
                Some(known) => known.texts.extend(next.texts),
                None => stories.push(next),
            }
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for text in stories.iter().flat_map(|s| &s.texts) {
            *counts.entry(text).or_default() += 1;
        }
        let least = MIN_STORIES.max(stories.len().div_ceil(ONE_IN));
        let repeated = counts
            .into_iter()
            .filter(|(_, n)| *n >= least)
            .map(|(text, n)| (text.to_owned(), n))
            .collect();
        Self {
            articles: stories.len(),
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

    /// Takes out the kept blocks that the site repeats. Where that would leave fewer than `floor`
    /// words, a story is not emptied by what others say: all stays, and a note tells of it.
    pub(super) fn strip<B: Strippable>(&self, blocks: &mut [B], floor: usize) -> Option<Note> {
        let count = |b: &B| self.repeated.get(strip::folded(b.text()).as_ref()).copied();
        let (repeated, own): (Vec<&B>, Vec<&B>) = blocks
            .iter()
            .filter(|b| b.is_kept())
            .partition(|b| count(b).is_some());
        if repeated.is_empty() {
            return None;
        }
        let words: usize = own.iter().map(|b| text::word_count(b.text())).sum();
        if words < floor {
            let blocks = repeated.len();
            return Some(Note::MemorySpared { blocks, words });
        }
        for block in blocks.iter_mut().filter(|b| b.is_kept()) {
            if let Some(count) = count(block) {
                block.take(Claim {
                    category: Category::Repeated,
                    rule: Arc::from("memory"),
                    pattern: format!("in {count} of {} articles", self.articles).into(),
                });
            }
        }
        None
    }
}

/// What the articles of one story say.
struct Story {
    title: Option<String>,
    first: Option<String>,
    texts: BTreeSet<String>,
}

impl Story {
    /// Kept blocks have line ends, removed ones are folded: all are compared folded.
    fn of(article: &Told) -> Self {
        let folded = |text: &String| Some(text::fold(text)).filter(|t| !t.is_empty());
        Self {
            title: article.title.as_ref().and_then(folded),
            first: article.blocks.iter().find_map(folded),
            texts: article.blocks.iter().filter_map(folded).collect(),
        }
    }

    /// Whether another article tells this story. Much in common alone does not say so: stories in
    /// brief have little but the site's own appeals.
    fn is_told_by(&self, other: &Self) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        if !same(&self.title, &other.title) && !same(&self.first, &other.first) {
            return false;
        }
        let words =
            |texts: &mut dyn Iterator<Item = &String>| -> usize { texts.map(|t| text::word_count(t)).sum() };
        let shared = words(&mut self.texts.intersection(&other.texts));
        let shorter = words(&mut self.texts.iter()).min(words(&mut other.texts.iter()));
        shared as f64 >= SAME_STORY_SHARE * shorter as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    const APPEAL: &str = "Give today, that this desk may write tomorrow.";

    fn told(title: &str, blocks: &[&str]) -> Told {
        Told {
            title: Some(title.to_owned()),
            blocks: blocks.iter().map(|b| (*b).to_owned()).collect(),
        }
    }

    #[test]
    fn a_text_counts_once_a_story_and_from_three_on() {
        let quote = "A quoted line.";
        let articles = [
            told("One", &["The first story.", APPEAL, APPEAL, quote]),
            told("Two", &["The second story.", APPEAL, quote]),
            told("Three", &["The third story.", APPEAL]),
        ];
        let memory = Memory::learn(&articles);
        assert_eq!(memory.repeated.get(APPEAL), Some(&3));
        assert_eq!(memory.repeated.get(quote), None);
    }

    #[test]
    fn one_story_at_three_addresses_is_one_story() {
        let paragraph = "The bridge over the harbour was closed on Monday after a crack was found.";
        let later = "It will open again on Friday, the engineer said in the evening.";
        let articles = [
            told("Bridge closed", &[paragraph, APPEAL]),
            told("Bridge closed", &[paragraph, later, APPEAL]),
            told("Bridge closed until Friday", &[paragraph, later, APPEAL]),
            told("Tram", &["The tram runs again, and on time.", APPEAL]),
        ];
        let memory = Memory::learn(&articles);
        assert_eq!((memory.articles, memory.repeated.len()), (2, 0));
    }

    #[test]
    fn stories_in_brief_are_several_though_the_appeal_is_most_of_each() {
        let briefs = ["Rain.", "Snow.", "Fog."].map(|weather| told(weather, &[weather, APPEAL]));
        assert_eq!(Memory::learn(&briefs).repeated.get(APPEAL), Some(&3));
    }

    #[test]
    fn a_text_with_a_line_end_is_known_again_and_not_forgotten_once_taken_out() {
        let articles = [
            ("Rain", "Give\ntoday."),
            ("Snow", "Give\ntoday."),
            ("Fog", "Give today."),
        ];
        let articles = articles.map(|(title, appeal)| told(title, &[title, appeal]));
        let mut lines = [Line("Give\ntoday.", true), Line("Rain.", true)];
        assert_eq!(Memory::learn(&articles).strip(&mut lines, 1), None);
        assert_eq!(lines.map(|l| l.1), [false, true]);
    }

    #[test]
    fn a_page_is_not_emptied() {
        let repeated = BTreeMap::from([(APPEAL.to_owned(), 4)]);
        let memory = Memory {
            articles: 4,
            repeated,
        };
        let mut lines = [Line("Rain.", true), Line(APPEAL, true), Line("Advert", false)];
        let note = memory.strip(&mut lines, 2);
        assert_eq!(note, Some(Note::MemorySpared { blocks: 1, words: 1 }));
        assert_eq!(lines.map(|l| l.1), [true, true, false]);
    }

    #[test]
    fn in_a_long_window_a_fifth_is_needed() {
        let articles: Vec<Told> = (0..50)
            .map(|n| {
                let title = format!("Story {n}");
                told(&title, &[&title, if n < 9 { "Nine times." } else { "" }])
            })
            .collect();
        assert!(Memory::learn(&articles).repeated.is_empty());
    }
}
