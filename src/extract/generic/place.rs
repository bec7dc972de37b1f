//! Where blocks stand in the page's tree: the elements around them, what their attributes call
//! themselves, and sums over them. Owns the reading of `data/model/words.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::dom::{Element, NodeId};

use super::super::blocks::Found;

/// Words of class names and ids by what they stand for.
const WORDS: &str = include_str!("../../../data/model/words.txt");
/// Attributes whose words name an element's purpose.
const NAMING: &[&str] = &[
    "class",
    "id",
    "itemprop",
    "role",
    "data-testid",
    "data-component",
    "data-type",
];
/// Elements whose tag says what they hold, in the order of the model's features.
pub(super) const TAGS: [&[&str]; 16] = [
    &["article"],
    &["main"],
    &["aside"],
    &["footer"],
    &["header"],
    &["nav"],
    &["figure", "figcaption"],
    &["ul", "ol", "dl", "menu"],
    &["table"],
    &["form", "fieldset"],
    &["blockquote"],
    &["section"],
    &["p"],
    &["a"],
    &["details", "dialog"],
    &["h1", "h2", "h3", "h4", "h5", "h6"],
];
/// A distance that stands for "nowhere above".
pub(super) const FAR: u8 = 30;
/// Most word groups: each is a bit.
const MAX_GROUPS: usize = u32::BITS as usize;
/// Shortest word that is looked for inside a longer, unknown one.
const PART_CHARS: usize = 5;

/// Names of the word groups, in the order of the model's features.
pub(super) static GROUPS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lines().map(|(name, _)| name).collect());

static VOCABULARY: LazyLock<HashMap<&'static str, u32, RandomState>> = LazyLock::new(|| {
    let mut words = HashMap::default();
    for (group, (_, line)) in lines().enumerate() {
        for word in line.split(' ') {
            *words.entry(word).or_insert(0) |= 1 << group;
        }
    }
    words
});

/// Length of the longest known word: no longer part of a word need be looked up.
static LONGEST: LazyLock<usize> =
    LazyLock::new(|| VOCABULARY.keys().map(|word| word.len()).max().unwrap_or_default());

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    WORDS
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once(": "))
}

/// Which word groups an attribute's value speaks of, one bit each.
fn groups_of(value: &str) -> u32 {
    let mut bits = 0;
    let mut word = String::new();
    let mut was_lower = false;
    for c in value.chars().chain([' ']) {
        if !c.is_ascii_alphabetic() || (c.is_ascii_uppercase() && was_lower) {
            bits |= look_up(&word);
            word.clear();
        }
        if c.is_ascii_alphabetic() {
            word.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase();
    }
    bits
}

fn look_up(word: &str) -> u32 {
    if word.len() < 2 {
        return 0;
    }
    if let Some(bits) = VOCABULARY.get(word) {
        return *bits;
    }
    // "relatedstories", "articletext": a known word at either end of a longer one.
    let known = |part: &str| VOCABULARY.get(part).copied().unwrap_or(0);
    (PART_CHARS..word.len().min(*LONGEST + 1))
        .rev()
        .map(|n| known(&word[..n]))
        .find(|b| *b != 0)
        .unwrap_or(0)
        | (word.len().saturating_sub(*LONGEST).max(1)..=word.len().saturating_sub(PART_CHARS))
            .map(|n| known(&word[n..]))
            .find(|b| *b != 0)
            .unwrap_or(0)
}

/// An element around blocks.
pub(super) struct Container<'a> {
    pub(super) element: Element<'a>,
    pub(super) parent: Option<usize>,
    pub(super) depth: u8,
    /// Steps up to the nearest element that speaks of each word group (0: this one).
    pub(super) words: [u8; MAX_GROUPS],
    /// Steps up to the nearest element of each tag.
    pub(super) tags: [u8; TAGS.len()],
    /// Tag and classes.
    pub(super) look: usize,
    /// Its look within its parent's look: paragraphs of one story share one.
    pub(super) shape: usize,
    pub(super) sums: Sums,
}

/// Sums over the blocks inside a container, or of one shape.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) blocks: f32,
    pub(super) chars: f32,
    pub(super) linked: f32,
    /// Characters in blocks that read as prose.
    pub(super) prose: f32,
    pub(super) prose_blocks: f32,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Sums) {
        self.blocks += other.blocks;
        self.chars += other.chars;
        self.linked += other.linked;
        self.prose += other.prose;
        self.prose_blocks += other.prose_blocks;
    }
}

/// All elements around the blocks of a page, outer ones before inner ones.
pub(super) struct Places<'a> {
    pub(super) containers: Vec<Container<'a>>,
    /// Container of each block.
    pub(super) of_block: Vec<usize>,
    /// Sums of the blocks of each shape.
    pub(super) shapes: Vec<Sums>,
    known: HashMap<NodeId, usize, RandomState>,
    looks: HashMap<(&'a str, &'a str), usize, RandomState>,
    shape_ids: HashMap<(usize, usize), usize, RandomState>,
    named: HashMap<&'a str, u32, RandomState>,
}

impl<'a> Places<'a> {
    /// Finds the elements around these blocks.
    pub(super) fn of(found: &[&Found<'a>], sums: &[Sums]) -> Self {
        let mut places = Self {
            containers: Vec::new(),
            of_block: Vec::with_capacity(found.len()),
            shapes: Vec::new(),
            known: HashMap::with_capacity_and_hasher(found.len() * 2, RandomState::default()),
            looks: HashMap::default(),
            shape_ids: HashMap::default(),
            named: HashMap::default(),
        };
        for f in found {
            let at = places.enter(f.element);
            places.of_block.push(at);
        }
        for (&at, sums) in places.of_block.iter().zip(sums) {
            let shape = places.containers[at].shape;
            places.shapes[shape].add(sums);
            places.containers[at].sums.add(sums);
        }
        // Inner containers come after outer ones, so one pass backwards sums up.
        for at in (0..places.containers.len()).rev() {
            if let Some(parent) = places.containers[at].parent {
                let sums = places.containers[at].sums;
                places.containers[parent].sums.add(&sums);
            }
        }
        places
    }

    fn enter(&mut self, element: Element<'a>) -> usize {
        let mut path = Vec::new();
        let mut parent = None;
        for e in std::iter::once(element).chain(element.ancestors()) {
            if let Some(&at) = self.known.get(&e.id()) {
                parent = Some(at);
                break;
            }
            path.push(e);
        }
        for e in path.into_iter().rev() {
            parent = Some(self.push(e, parent));
        }
        parent.expect("the path holds the element itself, or it was known")
    }

    fn push(&mut self, element: Element<'a>, parent: Option<usize>) -> usize {
        let nearer = |d: u8| (d + 1).min(FAR);
        let (mut words, mut tags, depth, above) = match parent {
            Some(p) => {
                let p = &self.containers[p];
                (
                    p.words.map(nearer),
                    p.tags.map(nearer),
                    p.depth.saturating_add(1),
                    Some(p.look),
                )
            }
            None => ([FAR; MAX_GROUPS], [FAR; TAGS.len()], 0, None),
        };
        let mut bits = 0u32;
        let mut class = "";
        for (name, value) in element.attrs() {
            if name == "class" {
                class = value;
            }
            if NAMING.contains(&name) {
                bits |= *self.named.entry(value).or_insert_with(|| groups_of(value));
            }
        }
        // The page's own frame says nothing: "has-sidebar single-post" on body is true of every block.
        if matches!(element.name(), "html" | "body") {
            bits = 0;
        }
        for (group, distance) in words.iter_mut().enumerate() {
            if bits & (1 << group) != 0 {
                *distance = 0;
            }
        }
        if let Some(tag) = TAGS.iter().position(|names| names.contains(&element.name())) {
            tags[tag] = 0;
        }
        let next = self.looks.len();
        let look = *self.looks.entry((element.name(), class)).or_insert(next);
        let next = self.shape_ids.len();
        let shape = *self
            .shape_ids
            .entry((above.unwrap_or(look), look))
            .or_insert(next);
        if shape == self.shapes.len() {
            self.shapes.push(Sums::default());
        }
        let at = self.containers.len();
        self.known.insert(element.id(), at);
        self.containers.push(Container {
            element,
            parent,
            depth,
            words,
            tags,
            look,
            shape,
            sums: Sums::default(),
        });
        at
    }

    /// The container `steps` above a block's own, or the outermost.
    pub(super) fn above(&self, block: usize, steps: usize) -> usize {
        let mut at = self.of_block[block];
        for _ in 0..steps {
            match self.containers[at].parent {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }
}
