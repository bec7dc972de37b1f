//! What an author of rules should know of a page and would not see in its text.

use std::fmt;

use serde::Serialize;

/// Something a rule meant to do and could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "note")]
pub enum Note {
    /// A region opened and its end never came: nothing was removed.
    OpenRegion {
        /// The rule's place.
        rule: String,
        /// The block that opened it.
        from: String,
    },
    /// A `closest` ancestor is not there: only the block went.
    NoClosest {
        /// The rule's place.
        rule: String,
    },
    /// A rule takes more than half of the words that the page has by the common rules alone.
    TakesMost {
        /// The rule's place.
        rule: String,
        /// Words of those that it takes.
        words: usize,
        /// Words that there are.
        of: usize,
    },
    /// The site has layouts, and none of their bodies is on the page.
    NoLayout {
        /// The rule file.
        rule: String,
    },
    /// Site memory would have left too little: all that the site repeats stays in the text.
    MemorySpared {
        /// Repeated blocks that stay.
        blocks: usize,
        /// Words that are not repeated.
        words: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenRegion { rule, from } => {
                write!(
                    f,
                    "{rule}: a region opens at “{from}” and never ends; nothing was removed"
                )
            }
            Self::NoClosest { rule } => {
                write!(
                    f,
                    "{rule}: no `closest` ancestor inside the body; only the block was removed"
                )
            }
            Self::TakesMost { rule, words, of } => {
                write!(
                    f,
                    "{rule}: takes {words} of the {of} words that --generic keeps of this page"
                )
            }
            Self::NoLayout { rule } => {
                write!(
                    f,
                    "{rule}: no layout's `body` is on this page; the generic extractor found the text"
                )
            }
            Self::MemorySpared { blocks, words } => {
                write!(
                    f,
                    "memory: {blocks} repeated blocks stay; without them the page has only {words} words"
                )
            }
        }
    }
}
