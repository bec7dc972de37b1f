//! The dress of a text: how much of it stands in links, bold and italics. What that says of a block is
//! for `generic` to judge.

use crate::dom::Element;
use crate::text;

/// How much of a block's text stands in inline elements, in characters that are not white space.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dress {
    /// All of it.
    pub(super) chars: usize,
    /// In links.
    pub(super) linked: usize,
    /// In bold.
    pub(super) strong: usize,
    /// In italics.
    pub(super) emphasis: usize,
    /// Number of pieces of text in links.
    pub(super) links: usize,
}

/// How many links, bold and italic elements a walk is inside of.
pub(super) type Depths = [usize; 3];

impl Dress {
    /// Adds a text that stands in so many links, bold and italic elements.
    pub(super) fn add(&mut self, t: &str, [links, strong, emphasis]: Depths) {
        let chars = t.chars().filter(|c| !text::is_space(*c)).count();
        self.chars += chars;
        if links > 0 {
            self.linked += chars;
            self.links += 1;
        }
        if strong > 0 {
            self.strong += chars;
        }
        if emphasis > 0 {
            self.emphasis += chars;
        }
    }

    /// Counts an element entered.
    pub(super) fn enter(e: Element<'_>, depths: &mut Depths) {
        if let Some(which) = Self::which(e) {
            depths[which] += 1;
        }
    }

    /// Counts an element left that was entered before.
    pub(super) fn leave(e: Element<'_>, depths: &mut Depths) {
        if let Some(which) = Self::which(e) {
            depths[which] -= 1;
        }
    }

    fn which(e: Element<'_>) -> Option<usize> {
        match e.name() {
            "a" if e.attr("href").is_some() => Some(0),
            "b" | "strong" => Some(1),
            "i" | "em" | "cite" => Some(2),
            _ => None,
        }
    }
}
