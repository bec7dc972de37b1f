//! What a text won and lost when it was made anew, and in whose name. Owns the counting.

use std::collections::HashMap;

use crate::article::Article;
use crate::store::MadeArticle;
use crate::text;

/// Words that came and went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) won: u64,
    pub(super) lost: u64,
}

impl Words {
    pub(super) fn add(&mut self, other: Self) {
        self.won += other.won;
        self.lost += other.lost;
    }

    pub(super) const fn sum(self) -> u64 {
        self.won + self.lost
    }
}

/// The difference of two extractions of one page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Over the whole text.
    pub(super) words: Words,
    /// By the rule that had taken away what came back, or takes away what went; None: the text was
    /// never inside, or is no longer inside, what is taken for the body.
    pub(super) by_rule: HashMap<Option<String>, Words>,
}

impl Difference {
    /// Compares block by block; what is left of blocks that no rule accounts for is compared word by
    /// word, so that a block cut in two counts as nothing.
    pub(super) fn between(before: &MadeArticle, after: &Article) -> Self {
        let new_text = after.text();
        let mut counts: HashMap<&str, i64> = HashMap::new();
        for block in new_text.split("\n\n") {
            *counts.entry(block).or_default() += 1;
        }
        for block in before.text.split("\n\n") {
            *counts.entry(block).or_default() -= 1;
        }
        let was_removed = by_text(before.removed.iter().map(|(rule, text)| (rule, text)));
        let is_removed = by_text(after.removed.iter().map(|r| (&r.rule, &r.text)));
        let mut difference = Self::default();
        let mut rest: HashMap<&str, i64> = HashMap::new();
        for (block, n) in counts.into_iter().filter(|(_, n)| *n != 0) {
            let known = if n > 0 { &was_removed } else { &is_removed };
            match known.get(&text::fold(block)) {
                Some(rule) => {
                    let words = text::word_count(block) as u64 * n.unsigned_abs();
                    difference.count(Some((*rule).to_owned()), words, n > 0);
                }
                None => {
                    for word in text::words(block) {
                        *rest.entry(word).or_default() += n;
                    }
                }
            }
        }
        for n in rest.into_values().filter(|n| *n != 0) {
            difference.count(None, n.unsigned_abs(), n > 0);
        }
        difference
    }

    fn count(&mut self, rule: Option<String>, words: u64, won: bool) {
        let words = match won {
            true => Words { won: words, lost: 0 },
            false => Words { won: 0, lost: words },
        };
        self.words.add(words);
        self.by_rule.entry(rule).or_default().add(words);
    }
}

/// Rules by the text they took.
fn by_text<'a>(removed: impl Iterator<Item = (&'a String, &'a String)>) -> HashMap<String, &'a str> {
    removed
        .map(|(rule, text)| (text::fold(text), rule.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{Block, BlockKind, Category, Extractor, Metadata, Removal};

    fn before(text: &str, removed: &[(&str, &str)]) -> MadeArticle {
        MadeArticle {
            id: 1,
            site: "paper".to_owned(),
            url: String::new(),
            version: 1,
            text_sha256: String::new(),
            title: None,
            subtitle: None,
            text: text.to_owned(),
            details: Vec::new(),
            removed: removed
                .iter()
                .map(|(r, t)| ((*r).to_owned(), (*t).to_owned()))
                .collect(),
        }
    }

    fn after(blocks: &[&str], removed: &[(&str, &str)]) -> Article {
        Article {
            meta: Metadata::default(),
            blocks: blocks
                .iter()
                .map(|text| Block {
                    kind: BlockKind::Paragraph,
                    text: (*text).to_owned(),
                })
                .collect(),
            removed: removed
                .iter()
                .map(|(rule, text)| Removal {
                    category: Category::Other,
                    rule: (*rule).to_owned(),
                    pattern: String::new(),
                    text: (*text).to_owned(),
                    position: 0,
                    path: String::new(),
                })
                .collect(),
            images: Vec::new(),
            extractor: Extractor::Rules,
            layout: None,
            quality: 1.0,
        }
    }

    #[test]
    fn words_are_told_by_the_rule_that_takes_or_took_them() {
        let old = before("One two.\n\nGive us money.", &[("p.toml:3", "A quote of four.")]);
        let new = after(
            &["One two.", "A quote of four."],
            &[("p.toml:9", "Give us money.")],
        );
        let difference = Difference::between(&old, &new);
        assert_eq!(difference.words, Words { won: 4, lost: 3 });
        let of = |rule: &str| difference.by_rule[&Some(rule.to_owned())];
        assert_eq!(of("p.toml:3"), Words { won: 4, lost: 0 });
        assert_eq!(of("p.toml:9"), Words { won: 0, lost: 3 });
    }

    #[test]
    fn blocks_cut_anew_win_and_lose_nothing_and_the_same_text_is_no_difference() {
        let old = before("One two three.\n\nFour.", &[]);
        assert_eq!(
            Difference::between(&old, &after(&["One two", "three. Four."], &[])).words,
            Words::default()
        );
        assert_eq!(
            Difference::between(&old, &after(&["One two three.", "Four."], &[])),
            Difference::default()
        );
        let more = Difference::between(&old, &after(&["One two three.", "Four.", "Five six."], &[]));
        assert_eq!(more.by_rule[&None], Words { won: 2, lost: 0 });
    }
}
