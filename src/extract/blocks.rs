//! From a subtree to blocks of text. Owns what a paragraph, a list item, a table row or a heading
//! is in HTML; what is taken out was decided before (marks) or is decided after (strips).

use crate::article::{Block, BlockKind};
use crate::dom::{Element, Node, NodeId, Selector, Step, is_block_level};
use crate::text;

use super::claim::Claim;
use super::dress::{Depths, Dress};
use super::inline::{holds_blocks, is_of_a_sentence, is_unread};
use super::marks::Marks;
use super::table;

/// A block as found, kept or taken out, with its place in the tree.
#[derive(Clone)]
pub(super) struct Found<'a> {
    /// Kind and text.
    pub(super) block: Block,
    /// The nearest block-level element around the text.
    pub(super) element: Element<'a>,
    /// Its text nodes that are not blank.
    pub(super) texts: Vec<Node<'a>>,
    /// How much of it stands in links, bold and italics.
    pub(super) dress: Dress,
    /// Who took it out, where somebody did.
    pub(super) claim: Option<Claim>,
}

impl<'a> Found<'a> {
    /// Whether all of its text lies in elements that match, inside `body`.
    pub(super) fn lies_in(&self, selector: &Selector, bodies: &[Element<'a>]) -> bool {
        !self.texts.is_empty()
            && self.texts.iter().all(|t| {
                std::iter::successors(t.parent(), |e| e.parent())
                    .take_while(|e| !bodies.contains(e))
                    .any(|e| e.matches(selector))
            })
    }
}

/// Reads the blocks of these elements, in order: kept ones and, one for each outermost element
/// taken out, removed ones.
pub(super) fn read<'a>(bodies: &[Element<'a>], marks: &Marks) -> Vec<Found<'a>> {
    let mut reader = Reader {
        marks,
        found: Vec::new(),
        text: String::new(),
        texts: Vec::new(),
        dress: Dress::default(),
        depths: [0; 3],
        breaks: 0,
        stack: Vec::new(),
        body: None,
        kept_by: None,
    };
    for body in bodies {
        reader.body(*body);
    }
    reader.found
}

/// One element the walk is inside of, as far as it matters for text.
struct Frame {
    id: NodeId,
    /// Kind of text in it: the innermost element's that says one, headings over all.
    kind: BlockKind,
    block_level: bool,
}

struct Reader<'a, 'm> {
    marks: &'m Marks,
    found: Vec<Found<'a>>,
    /// Text of the block being read.
    text: String,
    texts: Vec<Node<'a>>,
    dress: Dress,
    depths: Depths,
    /// `<br>`s since the last text.
    breaks: usize,
    stack: Vec<Frame>,
    /// The body the walk is in.
    body: Option<NodeId>,
    /// The keep-list's element the walk is in.
    kept_by: Option<NodeId>,
}

impl<'a> Reader<'a, '_> {
    fn body(&mut self, body: Element<'a>) {
        let mut skip: Option<NodeId> = None;
        self.body = Some(body.id());
        for step in body.walk() {
            match step {
                Step::Open(e) if skip.is_none() => {
                    if !self.open(e) {
                        skip = Some(e.id());
                    }
                }
                Step::Close(e) if skip == Some(e.id()) => {
                    skip = None;
                    self.leave(e);
                }
                Step::Close(e) if skip.is_none() => self.close(e),
                Step::Text(node, t) if skip.is_none() => self.add(node, t),
                Step::Open(_) | Step::Close(_) | Step::Text(..) => {}
            }
        }
        self.flush();
        self.stack.clear();
        self.depths = [0; 3];
    }

    /// Enters an element; false when its subtree is dealt with.
    fn open(&mut self, e: Element<'a>) -> bool {
        let name = e.name();
        if is_unread(e) {
            return false;
        }
        if let Some(claim) = self.marks.claims.get(&e.id()) {
            // What is taken out of the middle of a sentence does not end the sentence.
            if is_block_level(name) || !is_of_a_sentence(e) {
                self.flush();
            }
            self.take(e, claim.clone());
            return false;
        }
        match name {
            "br" if self.in_pre() => {
                self.text.push('\n');
                return false;
            }
            "br" => {
                self.breaks += 1;
                return false;
            }
            "hr" => {
                self.flush();
                return false;
            }
            _ => {}
        }
        let block_level =
            is_block_level(name) || self.marks.headings.contains(&e.id()) || (name == "a" && holds_blocks(e));
        if block_level {
            self.flush();
        }
        if let Some(keep) = &self.marks.keep {
            let kept = self.kept_by.is_some();
            if !kept && keep.contains(&e.id()) {
                self.flush();
                self.kept_by = Some(e.id());
            } else if !kept && block_level && !self.marks.inner.contains(&e.id()) {
                self.take(e, Claim::keep_list());
                return false;
            }
        }
        if name == "table" && table::is_data_table(e, self.marks) {
            self.table(e);
            return false;
        }
        Dress::enter(e, &mut self.depths);
        let kind = match self.kind() {
            BlockKind::Heading => BlockKind::Heading,
            around => self.kind_of(e).unwrap_or(around),
        };
        self.stack.push(Frame {
            id: e.id(),
            kind,
            block_level,
        });
        true
    }

    /// Reads a table of data: its rows, and what is taken out of them.
    fn table(&mut self, e: Element<'a>) {
        let unkept = self.unkept();
        for part in table::read(e, self.marks) {
            match part {
                table::Part::Row(row) => self.found.push(Found {
                    block: Block {
                        kind: BlockKind::TableRow,
                        text: row.text,
                    },
                    element: row.element,
                    texts: row.texts,
                    dress: row.dress,
                    claim: unkept.clone(),
                }),
                table::Part::Taken(element, claim) => self.take(element, claim),
            }
        }
    }

    fn close(&mut self, e: Element<'a>) {
        if self.stack.last().is_some_and(|f| f.id == e.id()) {
            if self.stack.last().is_some_and(|f| f.block_level) || self.kept_by == Some(e.id()) {
                self.flush();
            }
            self.stack.pop();
            Dress::leave(e, &mut self.depths);
        }
        self.leave(e);
    }

    /// Ends what the keep-list's element keeps.
    fn leave(&mut self, e: Element<'a>) {
        if self.kept_by == Some(e.id()) {
            self.kept_by = None;
        }
    }

    fn kind_of(&self, e: Element<'a>) -> Option<BlockKind> {
        if self.marks.headings.contains(&e.id()) {
            return Some(BlockKind::Heading);
        }
        match e.name() {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Some(BlockKind::Heading),
            "li" | "dd" | "dt" => Some(BlockKind::ListItem),
            "blockquote" => Some(BlockKind::Quote),
            "pre" | "listing" => Some(BlockKind::Pre),
            _ => None,
        }
    }

    /// Kind of the text read now.
    fn kind(&self) -> BlockKind {
        self.stack.last().map_or(BlockKind::Paragraph, |f| f.kind)
    }

    /// Whether the text read now is preformatted.
    fn in_pre(&self) -> bool {
        self.kind() == BlockKind::Pre
    }

    fn add(&mut self, node: Node<'a>, t: &str) {
        if self.in_pre() {
            self.text.push_str(t);
            self.note(node, t);
            return;
        }
        if text::is_blank(t) {
            if self.breaks == 0 && !t.is_empty() && t.chars().any(text::is_space) {
                text::push_folded(&mut self.text, t);
            }
            return;
        }
        match self.breaks {
            0 => {}
            1 if !self.text.is_empty() => {
                while self.text.ends_with(' ') {
                    self.text.pop();
                }
                self.text.push('\n');
            }
            _ => self.flush(),
        }
        self.breaks = 0;
        text::push_folded(&mut self.text, t);
        self.note(node, t);
    }

    fn note(&mut self, node: Node<'a>, t: &str) {
        self.texts.push(node);
        self.dress.add(t, self.depths);
    }

    /// Ends the block being read.
    fn flush(&mut self) {
        self.breaks = 0;
        if self.texts.is_empty() {
            self.text.clear();
            return;
        }
        let texts = std::mem::take(&mut self.texts);
        let dress = std::mem::take(&mut self.dress);
        let raw = std::mem::take(&mut self.text);
        let kind = self.kind();
        let text = if kind == BlockKind::Pre {
            text::preserve(&raw)
        } else {
            text::trim_end(&raw).to_owned()
        };
        let Some(first) = texts.first().filter(|_| !text::is_blank(&text)) else {
            return;
        };
        // The body ends the search: it may be an inline element, or one of the page's own making.
        let Some(element) = std::iter::successors(first.parent(), |e| e.parent()).find(|e| {
            is_block_level(e.name()) || self.marks.headings.contains(&e.id()) || Some(e.id()) == self.body
        }) else {
            return;
        };
        let claim = self
            .unkept()
            .or_else(|| self.marks.loose.get(&element.id()).cloned());
        self.found.push(Found {
            block: Block { kind, text },
            element,
            texts,
            dress,
            claim,
        });
    }

    /// The claim on text that a keep-list leaves out.
    fn unkept(&self) -> Option<Claim> {
        (self.marks.keep.is_some() && self.kept_by.is_none()).then(Claim::keep_list)
    }

    /// Records an element taken out, whole.
    fn take(&mut self, e: Element<'a>, claim: Claim) {
        let text = e.text();
        if !text.is_empty() {
            let block = Block {
                kind: self.kind_of(e).unwrap_or(BlockKind::Paragraph),
                text,
            };
            self.found.push(Found {
                block,
                element: e,
                texts: Vec::new(),
                dress: Dress::default(),
                claim: Some(claim),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dom::Dom;

    fn blocks(html: &str) -> Vec<(BlockKind, String)> {
        let dom = Dom::parse(html).unwrap();
        read(&[dom.body()], &Marks::default())
            .into_iter()
            .map(|f| (f.block.kind, f.block.text))
            .collect()
    }

    fn texts(html: &str) -> Vec<String> {
        blocks(html).into_iter().map(|(_, t)| t).collect()
    }

    /// Blocks, and whether each is kept, where `selector` takes elements out.
    fn claimed(html: &str, selector: &str) -> Vec<(String, bool)> {
        let dom = Dom::parse(html).unwrap();
        let selector = Selector::known(selector);
        let mut marks = Marks::default();
        for e in dom.select(&selector) {
            marks.claim(e, Claim::keep_list());
        }
        read(&[dom.body()], &marks)
            .into_iter()
            .map(|f| (f.block.text, f.claim.is_none()))
            .collect()
    }

    #[test]
    fn loose_text_is_a_paragraph() {
        assert_eq!(
            texts("<div>One <b>bold</b><p>Two</p> three</div>"),
            ["One bold", "Two", "three"]
        );
    }

    #[test]
    fn one_break_is_a_newline_two_begin_a_block() {
        assert_eq!(texts("<p>a<br>b<br> <br>c</p>"), ["a\nb", "c"]);
        assert_eq!(texts("<p><br>a<br></p>"), ["a"]);
    }

    #[test]
    fn lists_quotes_headings_and_pre_say_what_they_are() {
        use BlockKind::*;
        let html = "<h2>H</h2><ul><li>a<ul><li>b</li></ul></li></ul><blockquote><p>q</p></blockquote><pre>x\n  y</pre>";
        let expected: Vec<(BlockKind, String)> = [
            (Heading, "H"),
            (ListItem, "a"),
            (ListItem, "b"),
            (Quote, "q"),
            (Pre, "x\n  y"),
        ]
        .map(|(k, t)| (k, t.to_owned()))
        .into();
        assert_eq!(blocks(html), expected);
    }

    #[test]
    fn a_table_of_data_becomes_rows_and_a_table_of_layout_does_not() {
        let data = "<table><tr><th>Year<th>Sum</tr><tr><td>2025<td>3</tr></table>";
        assert_eq!(texts(data), ["Year\tSum", "2025\t3"]);
        let layout = "<table><tr><td><p>One</p><p>Two</p></td></tr></table>";
        assert_eq!(texts(layout), ["One", "Two"]);
    }

    #[test]
    fn cells_keep_their_paragraphs_apart_and_lose_what_is_taken_out() {
        let html = "<table><tr><th>A<th>B</tr><tr><td><p>one</p><p>two</p><td>3<sup class=n>note</sup></tr>\
                    <tr class=n><td>x<td>y</tr></table>";
        let found = claimed(html, ".n");
        assert_eq!(
            found,
            [
                ("A\tB".to_owned(), true),
                ("note".to_owned(), false),
                ("one two\t3".to_owned(), true),
                ("x y".to_owned(), false)
            ]
        );
    }

    #[test]
    fn a_break_in_preformatted_text_ends_its_line() {
        assert_eq!(
            blocks("<pre>a  b<br>c</pre>"),
            [(BlockKind::Pre, "a  b\nc".to_owned())]
        );
    }

    #[test]
    fn a_heading_may_be_an_inline_element() {
        let dom = Dom::parse("<p><b class=h>Head</b><br>Text</p>").unwrap();
        let heads = Selector::known(".h");
        let mut marks = Marks::default();
        marks.headings(dom.select(&heads));
        let found = read(&[dom.body()], &marks);
        let kinds: Vec<_> = found
            .iter()
            .map(|f| (f.block.kind, f.block.text.as_str()))
            .collect();
        assert_eq!(
            kinds,
            [(BlockKind::Heading, "Head"), (BlockKind::Paragraph, "Text")]
        );
    }

    #[test]
    fn a_kept_table_keeps_nothing_after_it() {
        let dom = Dom::parse("<table><tr><td>1<td>2<tr><td>3<td>4</table><p>ad</p>").unwrap();
        let keep = Selector::known("table");
        let mut marks = Marks::default();
        marks.keep_only(dom.select(&keep));
        let kept: Vec<String> = read(&[dom.body()], &marks)
            .into_iter()
            .filter(|f| f.claim.is_none())
            .map(|f| f.block.text)
            .collect();
        assert_eq!(kept, ["1\t2", "3\t4"]);
    }

    #[test]
    fn ruby_readings_stand_in_their_brackets_or_not_at_all() {
        let with = "<p><ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>で</p>";
        assert_eq!(texts(with), ["東京(とうきょう)で"]);
        assert_eq!(texts("<p><ruby>東京<rt>とうきょう</rt></ruby>で</p>"), ["東京で"]);
    }

    #[test]
    fn what_is_taken_out_of_a_sentence_does_not_end_it() {
        let found = claimed(
            "<p>With their <abbr>trimaran<span>a boat</span></abbr>-kayaks.</p>",
            "span",
        );
        let kept: Vec<&str> = found
            .iter()
            .filter(|(_, kept)| *kept)
            .map(|(t, _)| t.as_str())
            .collect();
        assert_eq!(kept, ["With their trimaran-kayaks."]);
    }

    #[test]
    fn what_a_keep_list_leaves_out_is_found_as_removed() {
        let dom =
            Dom::parse("<div><p class=t>A</p><div><span>ad</span></div><p class=t>B</p>loose</div>").unwrap();
        let keep = Selector::known("p.t");
        let mut marks = Marks::default();
        marks.keep_only(dom.select(&keep));
        let found = read(&[dom.body()], &marks);
        let told: Vec<(&str, bool)> = found
            .iter()
            .map(|f| (f.block.text.as_str(), f.claim.is_none()))
            .collect();
        assert_eq!(told, [("A", true), ("ad", false), ("B", true), ("loose", false)]);
    }
}
