//! The neighbourhood of the headline, where byline, dek and date stand, and what stands there
//! without belonging to the story. Owns the walk; what a line means is each field's business.

use std::cell::OnceCell;
use std::sync::LazyLock;

use regex::Regex;

use crate::dom::{Element, Node, NodeId, Step, is_block_level, is_silent};
use crate::text::{fold, is_blank};

/// Most elements after the headline that are looked at.
const MAX_ELEMENTS: usize = 250;
/// Most paragraphs that are passed: beyond, the story is under way.
const MAX_PARAGRAPHS: usize = 10;
/// Longest text of an element that is read, in bytes: what is longer is no line of its own.
const MAX_TEXT_BYTES: usize = 4 * 1024;
/// Longest label of a row, in bytes.
const MAX_LABEL_BYTES: usize = 40;
/// Longest text after a label, in characters.
const MAX_ROW_CHARS: usize = 100;
/// Longest attribute that is looked at, in bytes: utility classes run to more and say nothing.
const MAX_CLASS_BYTES: usize = 300;

/// Parts of class names on what stands beside stories.
static BESIDE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        "(?i)comment|related|teaser|recirc|recommend|sidebar|popular|most-read|promo|caption|gallery|slideshow\
         |newsletter|card_|card-|widget|footer|menu|nav-",
    )
    .expect("a pattern of the program's own, run by its tests")
});

/// An element near the headline.
pub(super) struct Line<'a> {
    /// The element.
    pub(super) element: Element<'a>,
    /// Whether it stands beside the story; then nothing in it is looked at.
    pub(super) beside: bool,
    text: OnceCell<Option<String>>,
}

impl Line<'_> {
    /// Its text, folded; None when it is too long for a line, or empty.
    pub(super) fn text(&self) -> Option<&str> {
        self.text
            .get_or_init(|| text_within(self.element, MAX_TEXT_BYTES))
            .as_deref()
    }
}

/// What stands near the headline: byline, dek and date do.
pub(super) struct Near<'a> {
    /// Elements after the headline in document order, silent ones and what is inside those beside
    /// the story left out. What is around the headline as well is not asked whether it stands
    /// beside: pages call their whole body `has-sidebar`.
    pub(super) lines: Vec<Line<'a>>,
    around: Vec<NodeId>,
}

impl<'a> Near<'a> {
    /// Looks around the element that shows the headline.
    pub(super) fn of(headline: Option<Element<'a>>) -> Self {
        let mut near = Self {
            lines: Vec::new(),
            around: headline
                .into_iter()
                .flat_map(Element::ancestors)
                .map(Element::id)
                .collect(),
        };
        let mut next = headline.and_then(|h| step(h, false));
        let mut paragraphs = 0;
        for _ in 0..MAX_ELEMENTS {
            let Some(element) = next.filter(|_| paragraphs <= MAX_PARAGRAPHS) else {
                break;
            };
            let silent = is_silent(element.name());
            let beside = silent || is_beside(element);
            paragraphs += usize::from(element.name() == "p" && !beside);
            if !silent {
                let text = OnceCell::new();
                near.lines.push(Line {
                    element,
                    beside,
                    text,
                });
            }
            next = step(element, !beside);
        }
        near
    }

    /// Whether an element lies in a link: then it is a teaser's text.
    pub(super) fn is_linked(&self, element: Element<'_>) -> bool {
        let own = element.ancestors().take_while(|a| !self.around.contains(&a.id()));
        own.into_iter().any(|a| a.name() == "a")
    }

    /// Whether an element is one of those near the headline, and not beside the story.
    pub(super) fn has(&self, element: Element<'_>) -> bool {
        self.lines.iter().any(|l| l.element == element && !l.beside)
    }
}

/// Whether an element is one of those that stand beside stories.
pub(super) fn is_beside(element: Element<'_>) -> bool {
    matches!(
        element.name(),
        "nav" | "footer" | "figure" | "figcaption" | "blockquote" | "form" | "aside"
    ) || element
        .attr("class")
        .is_some_and(|c| c.len() < MAX_CLASS_BYTES && BESIDE.is_match(c))
}

/// The names an element goes by, class by class, where `marks` occurs among them: a cheap look at
/// every element, so that few are looked at closely.
pub(super) fn names_with<'e>(element: Element<'e>, marks: &'static Regex) -> impl Iterator<Item = &'e str> {
    element
        .attrs()
        .filter(|(name, value)| {
            matches!(
                *name,
                "class" | "id" | "data-testid" | "data-test-tag" | "data-component" | "itemprop"
            ) && value.len() < MAX_CLASS_BYTES
                && marks.is_match(value)
        })
        .flat_map(|(_, value)| value.split_ascii_whitespace())
        .filter(|word| marks.is_match(word))
}

/// The text of an element as one line, folded, unless it is longer than `max` bytes, or empty.
///
/// Pages set name and role apart by style alone (`<b>Jane Doe</b><span>Reporter</span>`): where a
/// word ends, or a comma, and another element's capital follows, a space is put between.
pub(super) fn text_within(element: Element<'_>, max: usize) -> Option<String> {
    let mut out = String::new();
    let mut hidden: Option<NodeId> = None;
    let mut border = false;
    for step in element.walk() {
        match step {
            Step::Open(e) if hidden.is_none() && is_silent(e.name()) => hidden = Some(e.id()),
            Step::Close(e) if hidden == Some(e.id()) => hidden = None,
            Step::Text(_, text) if hidden.is_none() => {
                let ends = out.ends_with(|c: char| c.is_lowercase() || matches!(c, ',' | ';'));
                if border && ends && text.starts_with(char::is_uppercase) {
                    out.push(' ');
                }
                out.push_str(text);
                border = false;
            }
            Step::Open(e) | Step::Close(e) if hidden.is_none() => {
                border = true;
                if e.name() == "br" || is_block_level(e.name()) {
                    out.push('\n');
                }
            }
            Step::Open(_) | Step::Close(_) | Step::Text(..) => {}
        }
        if out.len() > max {
            return None;
        }
    }
    Some(fold(&out)).filter(|t| !t.is_empty())
}

/// The first short row of a list or table whose first element is one of `labels`, and the text
/// after it: `<li><b>Author</b> Jane Doe</li>`.
pub(super) fn labelled<'a>(root: Element<'a>, labels: &[&str]) -> Option<(Element<'a>, String)> {
    let rows = root
        .descendants()
        .filter(|e| matches!(e.name(), "li" | "p" | "tr" | "div" | "dl"));
    rows.filter_map(|row| {
        let label = row.child_elements().next()?;
        let before = row
            .children()
            .take_while(|n| n.element() != Some(label))
            .filter_map(Node::text);
        if before.into_iter().any(|t| !is_blank(t)) {
            return None;
        }
        let head = text_within(label, MAX_LABEL_BYTES)?;
        let word = head.trim_end_matches(':').to_lowercase();
        if !labels.contains(&word.as_str()) {
            return None;
        }
        let whole = text_within(row, MAX_TEXT_BYTES)?;
        let rest = whole.strip_prefix(head.as_str())?.trim_start_matches([' ', ':']);
        (!rest.is_empty() && rest.chars().count() <= MAX_ROW_CHARS).then(|| (row, rest.to_owned()))
    })
    .next()
}

/// The next element in document order, into `from` or past it.
fn step<'a>(from: Element<'a>, into: bool) -> Option<Element<'a>> {
    if into && let Some(child) = from.child_elements().next() {
        return Some(child);
    }
    let mut at = from;
    loop {
        let mut next = at.node().next();
        while let Some(node) = next {
            if let Some(element) = node.element() {
                return Some(element);
            }
            next = node.next();
        }
        at = at.parent()?;
    }
}
