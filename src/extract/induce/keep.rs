//! The keep-list of a container: where in it the story's paragraphs stand, told by the steps from the
//! container to each block, and the selectors that name these places and no others.

use std::collections::{BTreeMap, BTreeSet};

use crate::dom::Element;

use super::names;
use super::observe::Seen;

/// Elements that hold text as one thing: what is in them is kept or left out with them.
const TEXT_BEARING: [&str; 14] = [
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "dl",
    "blockquote",
    "table",
    "pre",
    "li",
];
/// What may stand beside paragraphs on another page, though no page given shows it.
const BESIDE_PARAGRAPHS: [&str; 8] = ["h2", "h3", "h4", "ul", "ol", "blockquote", "table", "pre"];
/// Most places a keep-list names; more is no pattern.
const MAX_PLACES: usize = 6;
/// Most steps from the container to a block: a longer way changes with every rebuild of the site.
const MAX_STEPS: usize = 3;
/// Share of story in loose text of the container that no keep-list could name.
const MAX_LOOSE_SHARE: f32 = 0.02;

/// Words that are story, and all words.
#[derive(Default, Clone, Copy)]
struct Sum {
    right: f32,
    all: f32,
}

impl Sum {
    fn add(&mut self, block: &Seen<'_>) {
        self.right += block.words * block.belief;
        self.all += block.words;
    }

    fn is_story(self) -> bool {
        self.right > self.all * 0.5
    }
}

/// The places of blocks in a container.
#[derive(Default)]
pub(super) struct Places {
    /// By the looks of the steps from the container to the block.
    sums: BTreeMap<Vec<String>, Sum>,
    loose: Sum,
    whole: Sum,
}

impl Places {
    /// Takes up a block that lies in one of these bodies.
    pub(super) fn add(&mut self, block: &Seen<'_>, bodies: &[Element<'_>]) {
        let mut steps: Vec<Element<'_>> = std::iter::once(block.element)
            .chain(block.element.ancestors())
            .take_while(|e| !bodies.contains(e))
            .collect();
        steps.reverse();
        if let Some(at) = steps.iter().position(|e| TEXT_BEARING.contains(&e.name())) {
            steps.truncate(at + 1);
        }
        self.whole.add(block);
        if steps.is_empty() {
            self.loose.add(block);
            return;
        }
        let looks = steps.into_iter().map(names::look).collect();
        self.sums.entry(looks).or_default().add(block);
    }

    /// Keep-lists to choose from, the most exact first.
    pub(super) fn keep_lists(&self) -> Vec<Vec<String>> {
        if self.loose.right > MAX_LOOSE_SHARE * self.whole.right {
            return Vec::new();
        }
        let mut lists = Vec::new();
        lists.extend(self.by_steps());
        lists.push(vec![format!("{}", self.by_tags().join(", "))]);
        lists.retain(|list| list.iter().all(|s| !s.is_empty()));
        lists
    }

    /// `:scope > p`, `:scope > .text > :is(p, ul)`.
    fn by_steps(&self) -> Option<Vec<String>> {
        let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (looks, sum) in &self.sums {
            if sum.is_story() {
                let (last, before) = looks.split_last()?;
                places
                    .entry(self.prefix(before))
                    .or_default()
                    .insert(self.last(last, before));
            }
        }
        let deep = |looks: &&Vec<String>| looks.len() > MAX_STEPS && self.sums[*looks].is_story();
        if places.is_empty() || places.len() > MAX_PLACES || self.sums.keys().any(|k| deep(&k)) {
            return None;
        }
        for (prefix, tokens) in &mut places {
            if !tokens
                .iter()
                .any(|t| t == "p" || t.starts_with("p:") || t.starts_with("p."))
            {
                continue;
            }
            for tag in BESIDE_PARAGRAPHS {
                let seen = self.sums.keys().any(|looks| {
                    looks
                        .split_last()
                        .is_some_and(|(last, before)| tag_of(last) == tag && self.prefix(before) == *prefix)
                });
                if !seen {
                    tokens.insert(tag.to_owned());
                }
            }
        }
        let list = places.into_iter().map(|(prefix, tokens)| {
            let mut tokens: Vec<String> = tokens.into_iter().collect();
            tokens.sort_by_key(|t| TEXT_BEARING.iter().position(|tag| *tag == tag_of(t)));
            match tokens.as_slice() {
                [one] => format!("{prefix} > {one}"),
                many => format!("{prefix} > :is({})", many.join(", ")),
            }
        });
        Some(list.collect())
    }

    /// The steps before the last, classes named where other looks of the same tags are no story.
    fn prefix(&self, before: &[String]) -> String {
        if before.is_empty() {
            return ":scope".to_owned();
        }
        let tags: Vec<&str> = before.iter().map(|l| tag_of(l)).collect();
        let rival = self.sums.iter().any(|(looks, sum)| {
            looks.len() > before.len()
                && !sum.is_story()
                && looks[..before.len()]
                    .iter()
                    .map(|l| tag_of(l))
                    .eq(tags.iter().copied())
                && looks[..before.len()] != *before
        });
        let steps: Vec<&str> = if rival {
            before.iter().map(String::as_str).collect()
        } else {
            tags
        };
        format!(":scope > {}", steps.join(" > "))
    }

    /// The last step: the tag alone, or what parts it from looks of the same tag that are no story.
    fn last(&self, last: &str, before: &[String]) -> String {
        let tag = tag_of(last);
        let rivals: Vec<&str> = self
            .sums
            .iter()
            .filter(|(looks, sum)| {
                !sum.is_story()
                    && looks.len() == before.len() + 1
                    && looks[..before.len()] == *before
                    && tag_of(&looks[before.len()]) == tag
            })
            .map(|(looks, _)| looks[before.len()].as_str())
            .collect();
        if rivals.is_empty() {
            return tag.to_owned();
        }
        if last != tag {
            return last.to_owned();
        }
        let classes: BTreeSet<String> = rivals
            .iter()
            .flat_map(|r| r.split('.').skip(1))
            .map(|c| format!(".{c}"))
            .collect();
        let classes: Vec<String> = classes.into_iter().collect();
        format!("{tag}:not({})", classes.join(", "))
    }

    /// Tags of text, wherever in the container: those that hold story, and those that no page shows.
    fn by_tags(&self) -> Vec<String> {
        let mut tags: BTreeMap<&str, Sum> = BTreeMap::new();
        for (looks, sum) in &self.sums {
            if let Some(last) = looks.last() {
                let of = tags.entry(tag_of(last)).or_default();
                of.right += sum.right;
                of.all += sum.all;
            }
        }
        std::iter::once("p")
            .chain(BESIDE_PARAGRAPHS)
            .filter(|tag| tags.get(tag).is_none_or(|sum| sum.is_story()))
            .map(str::to_owned)
            .collect()
    }
}

fn tag_of(look: &str) -> &str {
    look.split(['.', ':']).next().unwrap_or(look)
}
