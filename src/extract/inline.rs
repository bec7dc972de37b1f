//! What an inline element means for the block around it: whether it can stand in the middle of a
//! sentence, and which of them are more than that.

use crate::dom::{Element, Node, is_block_level, is_silent};

/// Whether an inline element can stand in the middle of a sentence: it holds no block and no picture.
pub(super) fn is_of_a_sentence(e: Element<'_>) -> bool {
    !e.descendants()
        .any(|d| is_block_level(d.name()) || matches!(d.name(), "img" | "picture" | "iframe" | "video"))
}

/// Whether no text is read from an element: no reader sees it, or it is a ruby's reading without the
/// brackets (`rp`) that plain text shows around one, and would run into the word it explains. HTML
/// Standard §4.5.10.
pub(super) fn is_unread(e: Element<'_>) -> bool {
    // The bracket stands beside its reading: looking among all would take the square of many readings.
    let before = || std::iter::successors(e.node().previous(), |n| n.previous()).find_map(Node::element);
    let after = || std::iter::successors(e.node().next(), |n| n.next()).find_map(Node::element);
    let bracket = |n: Option<Element<'_>>| n.is_some_and(|n| n.name() == "rp");
    is_silent(e.name()) || (e.name() == "rt" && !bracket(before()) && !bracket(after()))
}

/// Whether an inline element stands around blocks (a link around a whole card).
pub(super) fn holds_blocks(e: Element<'_>) -> bool {
    e.child_elements().any(|c| is_block_level(c.name()))
}
