//! Tables: which hold data and which only lay out a page, and the rows of those that hold data.

use crate::dom::{Element, Node, NodeId, Step, is_block_level};
use crate::text;

use super::claim::Claim;
use super::dress::{Depths, Dress};
use super::inline::is_unread;
use super::marks::Marks;

/// A part of a table of data.
pub(super) enum Part<'a> {
    /// A row, or the caption.
    Row(Row<'a>),
    /// An element that is taken out, and by whom.
    Taken(Element<'a>, Claim),
}

/// A row, or the caption, of a table of data.
pub(super) struct Row<'a> {
    /// The element it is.
    pub(super) element: Element<'a>,
    /// Its cells, separated by tabs.
    pub(super) text: String,
    /// Its text nodes that are not blank.
    pub(super) texts: Vec<Node<'a>>,
    /// How much of it stands in links, bold and italics.
    pub(super) dress: Dress,
}

impl<'a> Row<'a> {
    fn new(element: Element<'a>) -> Self {
        Self {
            element,
            text: String::new(),
            texts: Vec::new(),
            dress: Dress::default(),
        }
    }

    /// Begins a cell; the tabs of empty ones are kept, so that columns are.
    fn cell(&mut self, first: bool) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !first {
            self.text.push('\t');
        }
    }

    /// Keeps two blocks in one cell apart.
    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['\t', ' ']) {
            self.text.push(' ');
        }
    }

    fn add(&mut self, node: Node<'a>, t: &str, depths: Depths) {
        let told = t.trim_start_matches(text::is_space);
        if told.len() < t.len() {
            self.gap();
        }
        text::push_folded(&mut self.text, told);
        if !text::is_blank(t) {
            self.texts.push(node);
            self.dress.add(t, depths);
        }
    }

    fn ended(mut self) -> Option<Self> {
        self.text.truncate(self.text.trim_end().len());
        (!self.texts.is_empty()).then_some(self)
    }
}

/// The rows of a table of data, in order, with what is taken out of them.
pub(super) fn read<'a>(table: Element<'a>, marks: &Marks) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut skip: Option<NodeId> = None;
    let mut row: Option<Row<'a>> = None;
    let mut cells = 0;
    let mut depths: Depths = [0; 3];
    for step in table.walk() {
        match step {
            Step::Close(e) if skip == Some(e.id()) => skip = None,
            _ if skip.is_some() => {}
            Step::Open(e) => {
                if let Some(claim) = marks.claims.get(&e.id()) {
                    parts.push(Part::Taken(e, claim.clone()));
                    skip = Some(e.id());
                } else if is_unread(e) {
                    skip = Some(e.id());
                } else {
                    Dress::enter(e, &mut depths);
                    match (e.name(), &mut row) {
                        ("tr" | "caption", _) => {
                            row = Some(Row::new(e));
                            cells = 0;
                        }
                        ("td" | "th", Some(row)) => {
                            row.cell(cells == 0);
                            cells += 1;
                        }
                        ("br", Some(row)) => row.gap(),
                        (name, Some(row)) if is_block_level(name) => row.gap(),
                        _ => {}
                    }
                }
            }
            Step::Close(e) => {
                Dress::leave(e, &mut depths);
                match (e.name(), &mut row) {
                    ("tr" | "caption", _) => parts.extend(row.take().and_then(Row::ended).map(Part::Row)),
                    (name, Some(row)) if is_block_level(name) => row.gap(),
                    _ => {}
                }
            }
            Step::Text(node, t) => {
                if let Some(row) = &mut row {
                    row.add(node, t, depths);
                }
            }
        }
    }
    parts
}

/// Whether a table holds data rather than the page's layout: no table inside, more than one row and
/// column somewhere, and no cell with several paragraphs of its own.
pub(super) fn is_data_table(table: Element<'_>, marks: &Marks) -> bool {
    const LAYOUT_CELL_WORDS: usize = 120;
    if table.attr("role") == Some("presentation") || marks.keep.is_some() && marks.inner.contains(&table.id())
    {
        return false;
    }
    let (mut rows, mut wide) = (0, false);
    for e in table.descendants() {
        match e.name() {
            "table" | "h1" | "h2" | "article" | "section" => return false,
            "tr" => {
                rows += 1;
                wide |= e
                    .child_elements()
                    .filter(|c| matches!(c.name(), "td" | "th"))
                    .count()
                    > 1;
            }
            "td" => {
                let blocks = e
                    .child_elements()
                    .filter(|c| matches!(c.name(), "p" | "div" | "br"))
                    .count();
                if blocks > 3 && text::word_count_to(&e.raw_text(), LAYOUT_CELL_WORDS + 1) > LAYOUT_CELL_WORDS
                {
                    return false;
                }
            }
            _ => {}
        }
    }
    rows > 1 && wide
}
