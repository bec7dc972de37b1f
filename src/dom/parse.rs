//! Parsing within limits: the text goes to the parser piece by piece, and between two pieces the tree
//! is looked at, for html5ever's time grows with the square of nesting and of attributes on one tag.
//! What is counted is what the parser really built: no scan of the text could know which end tags
//! it passes over and where it takes markup for text. A piece is some tags long, for each costs time too;
//! but no tag of it may still be open at its end, save one that began with it.
//!
//! Where code is not wanted, the source of scripts and styles is passed over: half of a page's bytes, as pages
//! are now.

use std::cell::Cell;

use html5ever::TokenizerResult;
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};
use scraper::{Html, HtmlTreeSink};

use super::{DomError, MAX_ATTRIBUTES, MAX_DEPTH, MAX_NODES, NodeId};

/// Longest piece of text given to the parser at once, in bytes: what can go wrong between two looks.
const PIECE_BYTES: usize = 4 * 1024;
/// Most tags of a piece: a tag may open anew a thousand elements that were closed wrongly.
const PIECE_TAGS: usize = 16;
/// New nodes after which their depth is looked at.
const LOOK_AT_NODES: usize = 512;

/// Elements that hold code, which no reader sees.
pub(super) const CODE: [&str; 2] = ["script", "style"];

/// What of a page is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// All but the source of styles, and of scripts that do not call themselves JSON.
    WithoutCode,
}

/// The tree builder, with what the tokenizer hands to it: how much, and whether the last of it was a tag
/// whose element holds raw text.
struct Counted {
    builder: TreeBuilder<NodeId, HtmlTreeSink>,
    tokens: Cell<usize>,
    in_raw_text: Cell<bool>,
}

impl TokenSink for Counted {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        if !matches!(token, Token::ParseError(_)) {
            self.tokens.set(self.tokens.get() + 1);
        }
        let result = self.builder.process_token(token, line);
        let is_raw = matches!(
            result,
            TokenSinkResult::RawData(RawKind::ScriptData | RawKind::Rawtext)
        );
        self.in_raw_text.set(is_raw);
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Parses a page, or stops where it leaves the limits.
pub(super) fn parse(text: &str, extent: Extent) -> Result<Html, DomError> {
    let sink = HtmlTreeSink::new(Html::new_document());
    let counted = Counted {
        builder: TreeBuilder::new(sink, TreeBuilderOpts::default()),
        tokens: Cell::new(0),
        in_raw_text: Cell::new(false),
    };
    let tokenizer = Tokenizer::new(counted, TokenizerOpts::default());
    let input = BufferQueue::default();
    let feed = |piece: StrTendril| {
        input.push_back(piece);
        // A script's end hands control back: there is nothing to run.
        while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
    };
    // Its pieces share one buffer.
    let whole = StrTendril::from_slice(text);
    let part = |from: usize, to: usize| whole.subtendril(from as u32, (to - from) as u32);

    let bytes = text.as_bytes();
    let begins = |at: usize| usize::from(bytes.get(at) == Some(&b'<'));

    let (mut at, mut given, mut seen) = (0, 0, 0);
    let mut open: Option<OpenTag> = None;
    while at < text.len() {
        let (end, code) = piece_end(text, at);
        let before = tokenizer.sink.tokens.get();
        // With the `<` that the next piece begins with, so that text still held back is handed over before
        // tokens are counted.
        let to = if code.is_some() { end } else { end + begins(end) };
        if given < to {
            feed(part(given, to));
            given = to;
        }
        // What gave no token is still read: a comment, or a tag whose attributes go on.
        if tokenizer.sink.tokens.get() == before {
            let tag = open.get_or_insert_with(|| OpenTag::at(&text[at..]));
            if tag.read(&text[at..end]) > MAX_ATTRIBUTES {
                return Err(DomError::TooManyAttributes);
            }
        } else {
            open = None;
        }
        seen = look(&tokenizer.sink.builder.sink, seen, LOOK_AT_NODES)?;
        at = end;
        // Only the parser knows whether what looks like such a tag is one.
        if let Some(name) = code
            && extent == Extent::WithoutCode
            && tokenizer.sink.in_raw_text.get()
            && let Some(length) = code_length(&text[at..], name)
        {
            at += length;
            given = at;
        }
    }
    tokenizer.end();
    look(&tokenizer.sink.builder.sink, seen, 1)?;
    Ok(tokenizer.sink.builder.sink.finish())
}

/// Where the piece that begins here ends: before the `<` after some plain tags and their text, else
/// before the next `<`, at a character's boundary. No tag but one that begins the piece can be open at
/// its end. After the start tag of an element whose code may be passed over it ends, too, and its name is told.
fn piece_end(text: &str, at: usize) -> (usize, Option<&'static str>) {
    let limit = text.len().min(at + PIECE_BYTES);
    let bytes = &text.as_bytes()[..limit];
    let next = |from: usize| memchr::memchr(b'<', &bytes[from..]).map(|n| from + n);
    let mut end = at;
    for _ in 0..PIECE_TAGS {
        let Some(tag_end) = plain_tag(bytes, end) else {
            break;
        };
        if let Some(name) = holds_code(&bytes[end..tag_end]) {
            return (tag_end, Some(name));
        }
        let Some(after) = next(tag_end) else { break };
        end = after;
    }
    if end == at {
        end = next(at + 1).unwrap_or(limit);
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    (end, None)
}

/// The element that a start tag begins, where that holds code which no reader sees: a script or a style, but
/// not data.
fn holds_code(tag: &[u8]) -> Option<&'static str> {
    let name = CODE.into_iter().find(|name| is_tag(&tag[1..], name))?;
    let mut words = tag.windows(4);
    (!words.any(|w| w.eq_ignore_ascii_case(b"json"))).then_some(name)
}

/// Whether a tag goes on with this name and nothing more.
fn is_tag(rest: &[u8], name: &str) -> bool {
    let of_name = rest.get(..name.len());
    of_name.is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
        && rest
            .get(name.len())
            .is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))
}

/// How long the code is that begins here: up to the end tag of its element. None where a comment begins in it,
/// in which an end tag may not count (HTML Standard §13.2.5.20), and where it does not end.
fn code_length(text: &str, name: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let end = memchr::memmem::find_iter(bytes, b"</").find(|at| is_tag(&bytes[at + 2..], name))?;
    let code = &bytes[..end];
    memchr::memmem::find(code, b"<!--").is_none().then_some(end)
}

/// Where a tag ends that is written as most are: attributes parted by space, their values in quotes. Of
/// such a tag it is known without the tokenizer that it, once it has begun, is not open any more.
fn plain_tag(bytes: &[u8], at: usize) -> Option<usize> {
    let name_end = |from: usize| {
        let rest = bytes.get(from..)?;
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':');
        Some(from + rest.iter().position(|b| !plain(b))?)
    };
    let rest = bytes.get(at..)?.strip_prefix(b"<")?;
    let mut at = at + 1 + usize::from(rest.starts_with(b"/"));
    if !bytes.get(at)?.is_ascii_alphabetic() {
        return None;
    }
    at = name_end(at)?;
    loop {
        let spaces = bytes[at..].iter().position(|b| !b.is_ascii_whitespace())?;
        at += spaces;
        match bytes[at..] {
            [b'>', ..] => return Some(at + 1),
            [b'/', b'>', ..] => return Some(at + 2),
            _ => {}
        }
        let end = name_end(at)?;
        if spaces == 0 || end == at {
            return None;
        }
        at = match bytes[end..] {
            [b'=', quote @ (b'"' | b'\''), ..] => end + 3 + memchr::memchr(quote, &bytes[end + 2..])?,
            [b'=', ..] => return None,
            _ => end,
        };
    }
}

/// Checks the number of nodes and, when there are enough new ones, their depth. Returns how many
/// nodes were looked at.
fn look(sink: &HtmlTreeSink, seen: usize, enough: usize) -> Result<usize, DomError> {
    let html = sink.0.borrow();
    let nodes = html.tree.nodes();
    let count = nodes.len();
    if count > MAX_NODES {
        return Err(DomError::TooManyNodes);
    }
    if count < seen + enough {
        return Ok(seen);
    }
    let too_deep = nodes
        .rev()
        .take(count - seen)
        .any(|n| !n.has_children() && n.ancestors().nth(MAX_DEPTH).is_some());
    if too_deep {
        return Err(DomError::TooDeep);
    }
    Ok(count)
}

/// A tag that is being read, and how many attributes it has so far. HTML Standard §13.2.5.32-39.
struct OpenTag {
    state: Within,
    attributes: usize,
}

enum Within {
    /// A comment or declaration: it has no attributes.
    Comment,
    Name,
    Between,
    AttributeName,
    AfterAttributeName,
    BeforeValue,
    Unquoted,
    Quoted(u8),
}

impl OpenTag {
    fn at(text: &str) -> Self {
        let state = if text.starts_with("<!") || text.starts_with("<?") {
            Within::Comment
        } else {
            Within::Name
        };
        Self { state, attributes: 0 }
    }

    /// Reads on; the number of attributes so far.
    fn read(&mut self, text: &str) -> usize {
        for byte in text.bytes() {
            let space = byte.is_ascii_whitespace();
            self.state = match (&self.state, byte) {
                (Within::Comment, _) => return 0,
                (Within::Quoted(quote), _) if *quote == byte => Within::Between,
                (Within::Quoted(quote), _) => Within::Quoted(*quote),
                (Within::BeforeValue, b'"' | b'\'') => Within::Quoted(byte),
                (Within::BeforeValue, _) if space => Within::BeforeValue,
                (Within::BeforeValue, _) => Within::Unquoted,
                (Within::Unquoted, _) if !space => Within::Unquoted,
                (Within::Name, _) if !space && byte != b'/' => Within::Name,
                (Within::AttributeName | Within::AfterAttributeName, b'=') => Within::BeforeValue,
                (Within::AttributeName | Within::AfterAttributeName, _) if space => {
                    Within::AfterAttributeName
                }
                (_, b'/') => Within::Between,
                (_, _) if space => Within::Between,
                (Within::AttributeName, _) => Within::AttributeName,
                (_, _) => {
                    self.attributes += 1;
                    Within::AttributeName
                }
            };
        }
        self.attributes
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dom, DomError};
    use super::Extent;

    fn refused(html: &str) -> Option<DomError> {
        Dom::parse(html).err()
    }

    #[test]
    fn hostile_nesting_is_refused_however_it_is_written() {
        let deep = [
            "<div>".repeat(200_000),
            "<b><i>".repeat(100_000),
            // End tags that close nothing.
            "<div></x>".repeat(100_000),
            // Elements whose end tags may be left out, where nothing closes them.
            "<optgroup>".repeat(100_000),
            "<rt>".repeat(100_000),
            // What is raw text in HTML is markup in SVG.
            format!("<svg><title>{}", "<div>".repeat(100_000)),
            format!("<svg>{}", "<link>".repeat(100_000)),
            "<g/>".repeat(100_000),
        ];
        for html in deep {
            assert_eq!(refused(&html), Some(DomError::TooDeep), "{}", &html[..20]);
        }
    }

    #[test]
    fn a_tag_of_a_million_attributes_is_refused() {
        let attributes: String = (0..1_000_000).map(|n| format!(" a{n}")).collect();
        for start in ["<p", "&am<p a=\"<x=\"", "<p a=b=\"", "</p"] {
            let html = format!("<p>Text {start}{attributes}>");
            assert_eq!(refused(&html), Some(DomError::TooManyAttributes), "{start}");
        }
    }

    #[test]
    fn long_values_comments_and_scripts_are_no_attributes() {
        let words = "if (a<b && c == \"d\") { x = '<i>' } ".repeat(10_000);
        for html in [
            format!("<p data-x='{}'>Text", words.replace('\'', "")),
            format!("<!-- {words} --><p>Text"),
            format!("<script>{words}</script><p>Text"),
            format!(
                "<p title=\"&am\"><img src=\"data:x,{}\">Text",
                "a b/".repeat(100_000)
            ),
        ] {
            let dom = Dom::parse(&html).unwrap();
            assert_eq!(dom.body().text(), "Text");
        }
    }

    #[test]
    fn many_paragraphs_and_breaks_are_not_nesting() {
        let flat = "<p>a<br><li>b<img src='x'>".repeat(20_000);
        assert!(Dom::parse(&flat).is_ok());
    }

    #[test]
    fn a_page_too_large_is_refused_while_it_is_read() {
        assert_eq!(refused(&"<p>a".repeat(300_000)), Some(DomError::TooManyNodes));
        // Formatting that is opened anew in every paragraph.
        let bomb: String = (0..900).map(|n| format!("<b id={n}>")).collect();
        assert!(refused(&format!("<p>{bomb}{}", "<p>x".repeat(5_000))).is_some());
    }

    #[test]
    fn pieces_make_the_tree_that_the_whole_makes() {
        let html = format!(
            "<!doctype html><title>A &amp; B</title><p class=\"a<b\">x &lt y {} &am<b>p</b>\r\n<table>t<tr><td>1</table>",
            "ä\r\n".repeat(3_000)
        );
        let more = "<br/><p id='a' hidden data-x=\"<i>\" >a&lt;<b c=d>e</b></p ><!-- <i> --><i/>\
                    <script>if (a<b) '</i>'</script><a title='&am\nx'>ä</a>&a<textarea><p></textarea>a < b <";
        for html in [html, more.repeat(300), format!(" {more}"), "<".to_owned()] {
            let whole = scraper::Html::parse_document(&html);
            assert_eq!(super::parse(&html, Extent::Whole).unwrap(), whole);
        }
    }

    #[test]
    fn code_is_passed_over_and_nothing_else() {
        // What is code, how it is left where nobody wants it.
        let pages = [
            ("<script>if (a</b/) '<p>'</script>", "<script></script>"),
            (
                "<SCRIPT async src='x'>a</SCRIPT\n>",
                "<SCRIPT async src='x'></SCRIPT\n>",
            ),
            ("<script>a</scripted></script >b", "<script></script >b"),
            ("<style>p { }<a></style><p>b", "<style></style><p>b"),
            ("<style>a</script><p>b</style>c", "<style></style>c"),
            (
                "<script>a</script><script>b</script>c",
                "<script></script><script></script>c",
            ),
        ];
        // In which nothing is passed over.
        let whole = [
            "<script type='application/ld+json'>{\"a\": \"</p>\"}</script>",
            "<script><!-- <script></script> a --></script>b",
            "<script>a",
            "<svg><style>a<p>b</style></svg>",
            "<svg><script>a<p>b</script></svg>",
            "<textarea><script>a</textarea>b</script>",
            "<title><style>a</title>b</style>",
            "<!-- <script> -->a</script>b",
            "<p title='<script>'>a</script>b",
            "<iframe><script>a</script></iframe>b",
        ];
        let whole = whole.map(|page| (page, page));
        for (page, expected) in pages.into_iter().chain(whole) {
            for around in ["", "ä<br>\r\n", "<table>"] {
                let read = super::parse(&format!("{around}{page}"), Extent::WithoutCode).unwrap();
                let expected = scraper::Html::parse_document(&format!("{around}{expected}"));
                assert_eq!(read, expected, "{around}{page}");
            }
        }
    }

    #[test]
    fn tags_that_are_plain_are_told_from_those_that_may_go_on() {
        let plain = ["<p>", "</p >", "<br/>", "<a b c=\"d>'\" e='<\"'\n/>"];
        for tag in plain {
            assert_eq!(
                super::plain_tag(format!("{tag}x>").as_bytes(), 0),
                Some(tag.len()),
                "{tag}"
            );
        }
        for tag in [
            "<p",
            "<!p>",
            "<p a=b>",
            "<p \">\">",
            "<p a='>",
            "<p a = 'b'>",
            "<p =\"a\">",
            "<p a'b'>",
            "< p>",
            "<p/a>",
        ] {
            assert_eq!(super::plain_tag(tag.as_bytes(), 0), None, "{tag}");
        }
    }

    #[test]
    fn a_long_value_full_of_tags_is_no_attribute_however_it_is_cut() {
        let tags = "<p class='x'>a b c d e f</p> ".repeat(1_000);
        let html = format!("<b>x</b><i a=\"y\" title=\"{tags}\">Text</i>");
        assert_eq!(Dom::parse(&html).unwrap().body().text(), "xText");
        let attributes: String = (0..100_000).map(|n| format!(" a{n}=\"<p>\"")).collect();
        for start in ["<b>x</b><p", "<p", "<b>x</b><p a=b"] {
            let html = format!("{start}{attributes}>");
            assert_eq!(refused(&html), Some(DomError::TooManyAttributes), "{start}");
        }
    }
}
