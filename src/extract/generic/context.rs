//! What the rest of the page says about its blocks: the story as told to search engines, the
//! headline, the description, repetitions, and running sums.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::dom::Dom;
use crate::text::{is_letter, letters};

use super::features::Sight;

/// Shortest `articleBody` that is trusted to tell the story, in characters.
const ARTICLE_BODY_CHARS: usize = 200;
/// Most text of `articleBody` that is searched for all blocks of a page together, in bytes: a page
/// of very many blocks is judged without it.
const SEARCHED_BYTES: usize = 64 * 1024 * 1024;
/// Shortest block that is looked for in it, in letters.
const TOLD_LETTERS: usize = 6;

/// What is told of one block elsewhere on the page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    /// 1 where `articleBody` holds it, 0 where it does not, -1 where there is none.
    pub(super) in_body: f32,
    /// Share of its words that are the headline's.
    pub(super) title: f32,
    /// Share of its words that are the description's.
    pub(super) description: f32,
    /// How often its text stands on the page.
    pub(super) times: f32,
}

/// What the page says beside its blocks.
pub(super) struct Context {
    pub(super) blocks: Vec<Told>,
    /// Share of the page's text that `articleBody` holds; -1 without one.
    pub(super) body_told: f32,
    /// The block of the headline.
    pub(super) headline: Option<usize>,
    pub(super) chars_before: Vec<f32>,
    pub(super) prose_before: Vec<f32>,
}

impl Context {
    /// Reads the page around the blocks.
    pub(super) fn of(dom: &Dom, sight: &Sight<'_, '_>, article_body: Option<&str>) -> Self {
        let body = article_body
            .filter(|b| b.chars().count() >= ARTICLE_BODY_CHARS)
            .map(letters)
            .filter(|b| b.len().saturating_mul(sight.len()) <= SEARCHED_BYTES);
        let (title, description) = head(dom);
        let headline = sight
            .found
            .iter()
            .position(|f| {
                f.element.name() == "h1" && (title.is_empty() || overlap(&f.block.text, &title) > 0.5)
            })
            .or_else(|| sight.found.iter().position(|f| f.element.name() == "h1"));
        let heading = headline
            .map(|h| bag(&sight.found[h].block.text))
            .unwrap_or_default();
        let known = Known::of([&title, &heading, &description]);
        let mut times: HashMap<&str, u32, RandomState> =
            HashMap::with_capacity_and_hasher(sight.len(), RandomState::default());
        for f in &sight.found {
            *times.entry(&f.block.text).or_default() += 1;
        }
        let mut told_chars = 0.0;
        let mut blocks = Vec::with_capacity(sight.found.len());
        let (mut chars, mut prose) = (0.0, 0.0);
        let (mut chars_before, mut prose_before) = (Vec::new(), Vec::new());
        for (at, f) in sight.found.iter().enumerate() {
            let text = &f.block.text;
            let in_body = body.as_ref().map_or(-1.0, |b| {
                let own = letters(text);
                f32::from(u8::from(own.len() >= TOLD_LETTERS && b.contains(&own)))
            });
            if in_body > 0.0 {
                told_chars += sight.chars(at);
            }
            let [title, heading, description] = known.shares_of(text);
            blocks.push(Told {
                in_body,
                title: title.max(heading),
                description,
                times: times[text.as_str()] as f32,
            });
            chars_before.push(chars);
            prose_before.push(prose);
            chars += sight.chars(at);
            if sight.is_prose(at) {
                prose += sight.chars(at);
            }
        }
        let body_told = if body.is_some() {
            told_chars / chars.max(1.0)
        } else {
            -1.0
        };
        Self {
            blocks,
            body_told,
            headline,
            chars_before,
            prose_before,
        }
    }
}

/// The words of a text in lower case, once each; characters where words are not parted.
type Bag = std::collections::HashSet<String, RandomState>;

fn bag(text: &str) -> Bag {
    words(text).map(lower).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_letter(c)).filter(|w| !w.is_empty())
}

fn lower(word: &str) -> String {
    word.to_lowercase()
}

/// Share of the text's words that are in the bag; 0 for long texts, which repeat nothing whole.
fn overlap(text: &str, bag: &Bag) -> f32 {
    let [share] = Known::of([bag]).shares_of(text);
    share
}

/// Words of several bags, each with one bit for every bag that it is in.
struct Known<'b, const N: usize>(HashMap<&'b str, u8, RandomState>);

impl<'b, const N: usize> Known<'b, N> {
    fn of(bags: [&'b Bag; N]) -> Self {
        let mut known: HashMap<&str, u8, RandomState> = HashMap::default();
        for (at, bag) in bags.iter().enumerate() {
            for word in *bag {
                *known.entry(word).or_default() |= 1 << at;
            }
        }
        Self(known)
    }

    /// Share of the text's words that are in each bag.
    fn shares_of(&self, text: &str) -> [f32; N] {
        const LONG_BYTES: usize = 600;
        if self.0.is_empty() || text.len() > LONG_BYTES {
            return [0.0; N];
        }
        let (mut all, mut known) = (0u16, [0u16; N]);
        let mut word = String::new();
        for written in words(text) {
            all += 1;
            word.clear();
            if written.is_ascii() {
                word.push_str(written);
                word.make_ascii_lowercase();
            } else {
                word.push_str(&lower(written));
            }
            let bags = self.0.get(word.as_str()).copied().unwrap_or_default();
            for (at, known) in known.iter_mut().enumerate() {
                *known += u16::from(bags >> at & 1);
            }
        }
        known.map(|known| {
            if all > 0 {
                f32::from(known) / f32::from(all)
            } else {
                0.0
            }
        })
    }
}

/// Words of the page's own title and description.
fn head(dom: &Dom) -> (Bag, Bag) {
    let (mut title, mut description) = (Bag::default(), Bag::default());
    let head = dom.root().child_elements().find(|e| e.name() == "head");
    for meta in head
        .into_iter()
        .flat_map(|h| h.child_elements())
        .filter(|e| e.name() == "meta")
    {
        let Some(content) = meta.attr("content") else {
            continue;
        };
        match meta.attr("property").or(meta.attr("name")) {
            Some("og:title" | "twitter:title") => title.extend(words(content).map(lower)),
            Some("og:description" | "description" | "twitter:description") => {
                description.extend(words(content).map(lower))
            }
            _ => {}
        }
    }
    (title, description)
}
