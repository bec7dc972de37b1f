//! Who takes a block out, and why: the part of a `Removal` that is known before its text is.

use std::sync::Arc;

use crate::article::Category;
use crate::sites::rule::Strip;

/// Somebody's claim on an element or block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claim {
    /// What it is said to be.
    pub(super) category: Category,
    /// The rule's place, or the program's own word for it.
    pub(super) rule: Arc<str>,
    /// Selector or pattern that matched.
    pub(super) pattern: Arc<str>,
}

impl Claim {
    /// A strip of a rule file.
    pub(super) fn strip(strip: &Strip) -> Self {
        Self {
            category: strip.category,
            rule: strip.place.as_str().into(),
            pattern: strip.pattern.as_str().into(),
        }
    }

    /// Left out by a layout's keep-list.
    pub(super) fn keep_list() -> Self {
        Self {
            category: Category::Other,
            rule: "paragraphs".into(),
            pattern: "".into(),
        }
    }

    /// Taken out by the generic extractor, for a named reason.
    pub(super) fn generic(category: Category, reason: &str) -> Self {
        Self {
            category,
            rule: format!("generic:{reason}").into(),
            pattern: "".into(),
        }
    }
}
