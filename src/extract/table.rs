//! Tables: which hold data and which only lay out a page, and the rows of those that hold data.

use crate::dom::{Element, Step};
use crate::text;

use super::blocks::Dress;
use super::marks::Marks;
use crate::dom::Node;

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
    fn new(element: Element<'a>, text: String) -> Option<Self> {
        if text::is_blank(&text) {
            return None;
        }
        let mut texts = Vec::new();
        let mut dress = Dress::default();
        let mut depths = [0; 3];
        for step in element.walk() {
            match step {
                Step::Text(n, t) if !text::is_blank(t) => {
                    texts.push(n);
                    dress.add(t, depths);
                }
                Step::Open(e) => Dress::enter(e, &mut depths),
                Step::Close(e) => Dress::leave(e, &mut depths),
                Step::Text(..) => {}
            }
        }
        Some(Self {
            element,
            text,
            texts,
            dress,
        })
    }
}

/// The rows of a table of data, without those that are taken out.
pub(super) fn rows<'a>(table: Element<'a>, marks: &Marks) -> Vec<Row<'a>> {
    let told = |e: Element<'a>| match e.name() {
        "caption" if !marks.covers(e) => Row::new(e, e.text()),
        "tr" if !marks.covers(e) => {
            let cells: Vec<String> = e
                .child_elements()
                .filter(|c| matches!(c.name(), "td" | "th") && !marks.is_claimed(*c))
                .map(Element::text)
                .collect();
            Row::new(e, cells.join("\t").trim_end_matches('\t').to_owned())
        }
        _ => None,
    };
    table.descendants().filter_map(told).collect()
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
                if blocks > 3 && text::word_count(&e.raw_text()) > LAYOUT_CELL_WORDS {
                    return false;
                }
            }
            _ => {}
        }
    }
    rows > 1 && wide
}
