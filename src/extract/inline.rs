//! What an inline element means for the block around it: whether it can stand in the middle of a
//! sentence, and which of them are more than that.

use crate::dom::{Element, is_block_level};

/// Whether an inline element can stand in the middle of a sentence: it holds no block and no picture.
pub(super) fn is_of_a_sentence(e: Element<'_>) -> bool {
    !e.descendants()
        .any(|d| is_block_level(d.name()) || matches!(d.name(), "img" | "picture" | "iframe" | "video"))
}

/// Whether a ruby's reading comes with the brackets (`rp`) that plain text shows around it; without
/// them it would run into the word it explains. HTML Standard §4.5.10.
pub(super) fn has_fallback(rt: Element<'_>) -> bool {
    rt.parent()
        .is_some_and(|ruby| ruby.child_elements().any(|c| c.name() == "rp"))
}

/// Whether an inline element stands around blocks (a link around a whole card).
pub(super) fn holds_blocks(e: Element<'_>) -> bool {
    e.child_elements().any(|c| is_block_level(c.name()))
}
