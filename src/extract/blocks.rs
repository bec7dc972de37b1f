//! From a subtree to blocks of text. Owns what a paragraph, a list item, a table row or a heading
//! is in HTML; what is taken out was decided before (marks) or is decided after (strips).

use crate::article::{Block, BlockKind};
use crate::dom::{Element, Node, NodeId, Selector, Step, is_block_level, is_silent};
use crate::text;

use super::claim::Claim;
use super::inline::{has_fallback, holds_blocks, is_of_a_sentence};
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

/// How much of a block's text stands in inline elements, in characters that are not white space.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dress {
    /// All of it.
    pub(super) chars: usize,
    /// In links.
    pub(super) linked: usize,
    /// In bold.
    pub(super) strong: usize,
    /// In italics.
    pub(super) emphasis: usize,
    /// Number of pieces of text in links.
    pub(super) links: usize,
}

/// How many links, bold and italic elements a walk is inside of.
pub(super) type Depths = [usize; 3];

impl Dress {
    /// Adds a text that stands in so many links, bold and italic elements.
    pub(super) fn add(&mut self, t: &str, [links, strong, emphasis]: Depths) {
        let chars = t.chars().filter(|c| !text::is_space(*c)).count();
        self.chars += chars;
        if links > 0 {
            self.linked += chars;
            self.links += 1;
        }
        if strong > 0 {
            self.strong += chars;
        }
        if emphasis > 0 {
            self.emphasis += chars;
        }
    }

    /// Counts an element entered.
    pub(super) fn enter(e: Element<'_>, depths: &mut Depths) {
        if let Some(which) = Self::which(e) {
            depths[which] += 1;
        }
    }

    /// Counts an element left that was entered before.
    pub(super) fn leave(e: Element<'_>, depths: &mut Depths) {
        if let Some(which) = Self::which(e) {
            depths[which] -= 1;
        }
    }

    fn which(e: Element<'_>) -> Option<usize> {
        match e.name() {
            "a" if e.attr("href").is_some() => Some(0),
            "b" | "strong" => Some(1),
            "i" | "em" | "cite" => Some(2),
            _ => None,
        }
    }
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
    kind: Option<BlockKind>,
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
    /// The keep-list's element the walk is in.
    kept_by: Option<NodeId>,
}

impl<'a> Reader<'a, '_> {
    fn body(&mut self, body: Element<'a>) {
        let mut skip: Option<NodeId> = None;
        for step in body.walk() {
            match step {
                Step::Open(e) if skip.is_none() => {
                    if !self.open(e) {
                        skip = Some(e.id());
                    }
                }
                Step::Close(e) if skip == Some(e.id()) => skip = None,
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
        if is_silent(name) || (name == "rt" && !has_fallback(e)) {
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
        let block_level = is_block_level(name) || (name == "a" && holds_blocks(e));
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
            let claim = self.unkept();
            self.found
                .extend(table::rows(e, self.marks).into_iter().map(|row| Found {
                    block: Block {
                        kind: BlockKind::TableRow,
                        text: row.text,
                    },
                    element: row.element,
                    texts: row.texts,
                    dress: row.dress,
                    claim: claim.clone(),
                }));
            return false;
        }
        Dress::enter(e, &mut self.depths);
        self.stack.push(Frame {
            id: e.id(),
            kind: self.kind_of(e),
            block_level,
        });
        true
    }

    fn close(&mut self, e: Element<'a>) {
        if self.stack.last().is_some_and(|f| f.id == e.id()) {
            if self.stack.last().is_some_and(|f| f.block_level) || self.kept_by == Some(e.id()) {
                self.flush();
            }
            self.stack.pop();
            Dress::leave(e, &mut self.depths);
        }
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

    /// Kind of the text read now: the innermost element that says one, headings over all.
    fn kind(&self) -> BlockKind {
        let mut kinds = self.stack.iter().rev().filter_map(|f| f.kind);
        if kinds.clone().any(|k| k == BlockKind::Heading) {
            return BlockKind::Heading;
        }
        kinds.next().unwrap_or(BlockKind::Paragraph)
    }

    fn add(&mut self, node: Node<'a>, t: &str) {
        if self.stack.iter().any(|f| f.kind == Some(BlockKind::Pre)) {
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
        let texts = std::mem::take(&mut self.texts);
        let dress = std::mem::take(&mut self.dress);
        let raw = std::mem::take(&mut self.text);
        let kind = self.kind();
        let text = if kind == BlockKind::Pre {
            text::preserve(&raw)
        } else {
            raw.trim_end().to_owned()
        };
        let Some(first) = texts.first().filter(|_| !text::is_blank(&text)) else {
            return;
        };
        let Some(element) = std::iter::successors(first.parent(), |e| e.parent())
            .find(|e| is_block_level(e.name()) || self.marks.headings.contains(&e.id()))
        else {
            return;
        };
        let claim = self.unkept();
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
    fn ruby_readings_stand_in_their_brackets_or_not_at_all() {
        let with = "<p><ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>で</p>";
        assert_eq!(texts(with), ["東京(とうきょう)で"]);
        assert_eq!(texts("<p><ruby>東京<rt>とうきょう</rt></ruby>で</p>"), ["東京で"]);
    }

    #[test]
    fn what_is_taken_out_of_a_sentence_does_not_end_it() {
        let dom = Dom::parse("<p>With their <abbr>trimaran<span>a boat</span></abbr>-kayaks.</p>").unwrap();
        let tip = Selector::known("span");
        let mut marks = Marks::default();
        for e in dom.select(&tip) {
            marks.claim(e, Claim::keep_list());
        }
        let found = read(&[dom.body()], &marks);
        let kept: Vec<&str> = found
            .iter()
            .filter(|f| f.claim.is_none())
            .map(|f| f.block.text.as_str())
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
