//! The last look at the blocks of any body, found by rule or not: what the article tells as data
//! (headline, dek, byline) is not told again in the text.

use crate::article::{BlockKind, Category, Metadata};

use super::blocks::Found;
use super::claim::Claim;

/// Blocks from the start among which a repeated dek or byline is looked for.
const TOP_BLOCKS: usize = 8;
/// Longest word before an author's name that is looked past, with its space, in bytes.
const LONGEST_BY: usize = 5;

/// What becomes of a block that tells the dek once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dek {
    /// It is data only: the layout says what of the page is the dek.
    Goes,
    /// A heading goes, a paragraph stays: nobody said what of the page is the dek, and most papers'
    /// readers take a lead that is set as a paragraph for the beginning of the story.
    ParagraphStands,
    /// It stays: the layout's keep-list names the text and its author says nothing of a dek, so what
    /// it keeps is the story, even where the page's description says the same.
    Stands,
}

impl Dek {
    fn goes(self, kind: BlockKind) -> bool {
        match self {
            Self::Goes => true,
            Self::ParagraphStands => kind == BlockKind::Heading,
            Self::Stands => false,
        }
    }
}

/// Takes out the blocks that only repeat title, subtitle or authors.
pub(super) fn run(meta: &Metadata, dek: Dek, found: &mut [Found<'_>]) {
    let title = meta.title.as_deref().map(key);
    let subtitle = meta.subtitle.as_deref().map(key);
    let authors: Vec<String> = meta.authors.iter().map(|a| key(a)).collect();
    let all_authors = key(&meta.authors.join(" "));
    let longest = [&title, &subtitle]
        .into_iter()
        .flatten()
        .chain(&authors)
        .chain([&all_authors])
        .map(String::len)
        .max()
        .unwrap_or_default()
        + LONGEST_BY;
    let mut kept = 0;
    let mut repeats = Vec::new();
    for block in found.iter_mut().filter(|f| f.claim.is_none()) {
        let this = key_to(&block.block.text, longest);
        if this.is_empty() {
            continue;
        }
        kept += 1;
        let top = kept <= TOP_BLOCKS;
        let claim = if top && title.as_ref() == Some(&this) {
            Claim::generic(Category::Other, "headline")
        } else if top && dek.goes(block.block.kind) && subtitle.as_ref() == Some(&this) {
            Claim::generic(Category::Other, "dek")
        } else if block.block.kind != BlockKind::Heading
            && !authors.is_empty()
            && (authors.contains(&without_by(&this)) || without_by(&this) == all_authors)
        {
            Claim::generic(Category::Byline, "authors")
        } else {
            continue;
        };
        repeats.push((block, claim));
    }
    // A lead that is all the text there is (an audio page's) is the text.
    if repeats.len() < kept {
        for (block, claim) in repeats {
            block.claim = Some(claim);
        }
    }
}

/// Letters and digits in lower case, words by one space: how two tellings are compared.
fn key(text: &str) -> String {
    key_to(text, usize::MAX)
}

/// The key, or more than `most` bytes of its beginning: what is longer equals nothing it is compared to.
fn key_to(text: &str, most: usize) -> String {
    let mut key = String::new();
    let mut gap = false;
    for c in text.chars() {
        if !crate::text::is_letter(c) {
            gap = true;
            continue;
        }
        if gap && !key.is_empty() {
            key.push(' ');
        }
        gap = false;
        crate::text::push_lower(&mut key, c);
        if key.len() > most {
            break;
        }
    }
    key
}

fn without_by(key: &str) -> String {
    for by in ["by ", "von ", "par ", "por ", "di ", "av ", "af ", "door "] {
        if let Some(rest) = key.strip_prefix(by) {
            return rest.to_owned();
        }
    }
    key.to_owned()
}
