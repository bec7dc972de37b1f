//! What is taken out of a page and which parts of it are asked for, kept beside the tree. Owns
//! whose claim on an element counts; who claims what is for rules to say.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::dom::{Element, NodeId};

use super::claim::Claim;

/// What is taken out of a tree, and which parts of it are asked for: kept beside the tree.
#[derive(Default)]
pub(super) struct Marks {
    /// Elements taken out, with everything in them.
    pub(super) claims: HashMap<NodeId, Claim, RandomState>,
    /// Keep-list: where it is given, only these elements are text.
    pub(super) keep: Option<HashSet<NodeId, RandomState>>,
    /// Elements that are sub-headings whatever their tag.
    pub(super) headings: HashSet<NodeId, RandomState>,
    /// Elements taken out but for something inside them that a site keeps: their own text goes.
    pub(super) loose: HashMap<NodeId, Claim, RandomState>,
    /// Ancestors of what is claimed or kept: these must be descended into.
    pub(super) inner: HashSet<NodeId, RandomState>,
}

impl Marks {
    /// Takes an element out, unless someone did before.
    pub(super) fn claim(&mut self, element: Element<'_>, claim: Claim) {
        if let std::collections::hash_map::Entry::Vacant(entry) = self.claims.entry(element.id()) {
            entry.insert(claim);
            self.inner.extend(element.ancestors().map(Element::id));
        }
    }

    /// Takes out an element but for what is `spared` inside it: every part that holds nothing of it, and
    /// the text between.
    pub(super) fn claim_around<'a>(&mut self, element: Element<'a>, spared: &[Element<'a>], claim: &Claim) {
        let holding: HashSet<NodeId> = spared
            .iter()
            .flat_map(|s| s.ancestors())
            .map(Element::id)
            .collect();
        let mut open = vec![element];
        while let Some(e) = open.pop() {
            self.loose.entry(e.id()).or_insert_with(|| claim.clone());
            for child in e.child_elements().filter(|c| !spared.contains(c)) {
                if holding.contains(&child.id()) {
                    open.push(child);
                } else {
                    self.claim(child, claim.clone());
                }
            }
        }
    }

    /// Whether this very element is taken out.
    pub(super) fn is_claimed(&self, element: Element<'_>) -> bool {
        self.claims.contains_key(&element.id())
    }

    /// Whether the element, or one around it, is taken out.
    pub(super) fn covers(&self, element: Element<'_>) -> bool {
        self.is_claimed(element) || element.ancestors().any(|a| self.is_claimed(a))
    }

    /// Restricts the text to these elements (the outermost of nested ones).
    pub(super) fn keep_only<'a>(&mut self, elements: impl Iterator<Item = Element<'a>>) {
        let keep = self.keep.get_or_insert_default();
        for element in elements {
            keep.insert(element.id());
            self.inner.extend(element.ancestors().map(Element::id));
        }
    }

    /// Makes these elements sub-headings.
    pub(super) fn headings<'a>(&mut self, elements: impl Iterator<Item = Element<'a>>) {
        self.headings.extend(elements.map(Element::id));
    }
}
