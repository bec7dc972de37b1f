//! XML as listings have it: a walk that forgives what feeds and sitemaps get wrong (bare `&`, tags
//! never closed, a tail cut off), expands no entities and builds no tree. Owns the limits on
//! nesting and repair, and the first look that tells a feed from a web page.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::SyntaxError;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting of a listing; Atom with XHTML inside stays below 50.
pub(super) const MAX_DEPTH: usize = 256;
/// Most broken places that are stepped over before the rest is given up.
const MAX_REPAIRS: usize = 10;

/// What a text is at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// White space only.
    Empty,
    /// RSS or Atom.
    Feed,
    /// Sitemap or sitemap index.
    Sitemap,
    /// JSON.
    Json,
    /// One address a line.
    AddressList,
    /// A web page, or a piece of one.
    Html,
    /// None of these.
    Unknown,
}

/// Elements that begin web pages, error messages of a server among them.
const HTML_ROOTS: &[&str] = &[
    "html", "head", "body", "title", "meta", "link", "script", "style", "div", "p", "h1", "h2", "center",
    "table", "br", "b", "pre", "a",
];

/// Says what a text is, by its first element or line.
pub(super) fn shape(text: &str) -> Shape {
    let text = text.trim_start_matches(|c| crate::text::is_space(c) || matches!(c, '\u{feff}' | '\0'));
    if text.is_empty() {
        return Shape::Empty;
    }
    if text.starts_with('{') {
        return Shape::Json;
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return Shape::AddressList;
    }
    if !text.starts_with('<') {
        return Shape::Unknown;
    }
    let mut reader = forgiving(text);
    loop {
        return match reader.read_event() {
            Ok(Event::Start(start)) => {
                let name = start.local_name().as_ref().to_ascii_lowercase();
                match name.as_str() {
                    "rss" | "rdf" | "feed" => Shape::Feed,
                    "urlset" | "sitemapindex" => Shape::Sitemap,
                    name if HTML_ROOTS.contains(&name) => Shape::Html,
                    _ => Shape::Unknown,
                }
            }
            Ok(Event::DocType(doctype)) if doctype.trim_start().to_ascii_lowercase().starts_with("html") => {
                Shape::Html
            }
            Ok(Event::Eof) | Err(_) => Shape::Unknown,
            Ok(_) => continue,
        };
    }
}

fn forgiving(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    config.expand_empty_elements = true;
    reader
}

/// Nesting went beyond [`MAX_DEPTH`].
pub(super) struct TooDeep;

/// Name of an element: prefix and local part as written. Namespaces are not resolved: listings
/// forget to declare them, and their prefixes are the customary ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) prefix: String,
    pub(super) local: String,
}

/// One step through the document.
pub(super) enum Step<'a> {
    /// An element begins; it is the last of the path.
    Open(BytesStart<'a>),
    /// A piece of text, entities resolved: the five of XML, and characters by number. Others stay
    /// as written.
    Text(Cow<'a, str>),
    /// The last element of the path ends.
    Close,
}

/// A walk through a document.
pub(super) struct Walk<'a> {
    text: &'a str,
    /// Where the reader's text begins in `text`, in bytes.
    offset: usize,
    reader: Reader<&'a [u8]>,
    path: Vec<Name>,
    /// The last element of the path was closed by the step before.
    closed: bool,
    /// Elements up to this depth remain when the current end tag is done.
    closing_to: Option<usize>,
    repairs: usize,
    trouble: Option<String>,
    ended: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            reader: forgiving(text),
            path: Vec::new(),
            closed: false,
            closing_to: None,
            repairs: 0,
            trouble: None,
            ended: false,
        }
    }

    /// Elements from the root to where the walk is.
    pub(super) fn path(&self) -> &[Name] {
        &self.path
    }

    /// What was wrong with the document, once the walk is over.
    pub(super) fn trouble(self) -> Option<String> {
        self.trouble
    }

    /// The next step; None at the end, also where the document breaks off. Elements still open
    /// there are not closed: what was in them is not complete.
    pub(super) fn step(&mut self) -> Result<Option<Step<'a>>, TooDeep> {
        if self.closed {
            self.path.pop();
            self.closed = false;
        }
        if let Some(depth) = self.closing_to {
            if self.path.len() > depth {
                self.closed = true;
                return Ok(Some(Step::Close));
            }
            self.closing_to = None;
        }
        while !self.ended {
            match self.reader.read_event() {
                Ok(Event::Start(start)) => {
                    if self.path.len() == MAX_DEPTH {
                        return Err(TooDeep);
                    }
                    let (local, prefix) = start.name().decompose();
                    self.path.push(Name {
                        prefix: prefix.map(|p| p.as_ref().to_owned()).unwrap_or_default(),
                        local: local.as_ref().to_owned(),
                    });
                    return Ok(Some(Step::Open(start)));
                }
                Ok(Event::End(end)) => {
                    let (local, prefix) = end.name().decompose();
                    let prefix = prefix.map(|p| p.as_ref().to_owned()).unwrap_or_default();
                    // An end tag ends what was left open within; one without a beginning is nothing.
                    let begun = self
                        .path
                        .iter()
                        .rposition(|n| n.local == local.as_ref() && n.prefix == prefix);
                    if let Some(depth) = begun {
                        self.closing_to = Some(depth);
                        self.closed = true;
                        return Ok(Some(Step::Close));
                    }
                }
                Ok(Event::Text(text)) => return Ok(Some(Step::Text(text.into_inner()))),
                Ok(Event::CData(text)) => return Ok(Some(Step::Text(text.into_inner()))),
                Ok(Event::GeneralRef(reference)) => return Ok(Some(Step::Text(resolve(&reference)))),
                Ok(Event::Eof) => self.end(),
                Ok(_) => {}
                Err(error) => self.broken(&error),
            }
        }
        Ok(None)
    }

    fn end(&mut self) {
        self.ended = true;
        if let Some(root) = self.path.first() {
            let at = self.text.len();
            self.trouble = Some(format!(
                "cut off at byte {at}, before </{}>; what was complete is kept",
                root.local
            ));
        }
    }

    /// Steps over a place that is no markup; where the rest hangs on it, ends.
    fn broken(&mut self, error: &quick_xml::Error) {
        let at = self.offset + usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        self.trouble = Some(format!("broken at byte {at}: {error}; what was complete is kept"));
        self.repairs += 1;
        let stray = matches!(error, quick_xml::Error::Syntax(SyntaxError::InvalidBangMarkup));
        let next = self.text.get(at + 1..).and_then(|rest| rest.find('<'));
        match next {
            Some(next) if stray && self.repairs <= MAX_REPAIRS => {
                self.offset = at + 1 + next;
                self.reader = forgiving(&self.text[self.offset..]);
            }
            _ if matches!(error, quick_xml::Error::IllFormed(_)) && self.repairs <= MAX_REPAIRS => {}
            _ => self.ended = true,
        }
    }
}

/// An entity's text. Nothing a document declares itself is looked up: no entity grows.
fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Cow<'static, str> {
    match reference.resolve_char_ref() {
        Ok(Some(c)) => return Cow::Owned(c.to_string()),
        Err(_) => return Cow::Borrowed("\u{fffd}"),
        Ok(None) => {}
    }
    match &**reference {
        "amp" => Cow::Borrowed("&"),
        "lt" => Cow::Borrowed("<"),
        "gt" => Cow::Borrowed(">"),
        "quot" => Cow::Borrowed("\""),
        "apos" => Cow::Borrowed("'"),
        other => Cow::Owned(format!("&{other};")),
    }
}

/// Value of an attribute by its name as written, entities resolved.
pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    start
        .html_attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|a| a.key.as_ref() == name)
        .map(|a| html_escape::decode_html_entities(&a.value).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A walk as a line: `<a` opens, `>` closes.
    fn line(text: &str) -> (String, Option<String>) {
        let mut walk = Walk::new(text);
        let mut out = String::new();
        while let Ok(Some(step)) = walk.step() {
            match step {
                Step::Open(_) => {
                    out.push('<');
                    out.push_str(&walk.path().last().unwrap().local);
                    out.push(' ');
                }
                Step::Text(text) => out.push_str(&text),
                Step::Close => out.push('>'),
            }
        }
        (out, walk.trouble())
    }

    #[test]
    fn entities_are_read_and_none_is_expanded() {
        let bomb = r#"<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>
            <r>&amp;&#228;&b;&x;&#0;</r>"#;
        let (text, trouble) = line(bomb);
        assert!(text.ends_with("<r &ä&b;&x;\u{fffd}>"), "{text}");
        assert_eq!(trouble, None);
    }

    #[test]
    fn a_bare_ampersand_is_text() {
        assert_eq!(line("<r>Q & A, R&D</r>"), ("<r Q & A, R&D>".to_owned(), None));
    }

    #[test]
    fn an_end_tag_ends_what_was_left_open() {
        assert_eq!(line("<r><a>x<br>y</a></p><c/></r>").0, "<r <a x<br y>><c >>");
    }

    #[test]
    fn a_cut_tail_and_a_broken_place_are_told() {
        let (text, trouble) = line("<r><a>1</a><a>2");
        assert_eq!(text, "<r <a 1><a 2");
        assert!(trouble.unwrap().starts_with("cut off at byte 15"));
        let (text, trouble) = line("<r><a>1 <!sic> 2</a><b/></r>");
        assert_eq!(text, "<r <a 1 ><b >>");
        assert!(trouble.unwrap().starts_with("broken at byte"));
        let (text, trouble) = line("<r><a>1</a><!-- never closed <a>2</a></r>");
        assert_eq!(text, "<r <a 1>");
        assert!(trouble.is_some());
    }

    #[test]
    fn deep_nesting_is_refused_soon() {
        let deep = "<a>".repeat(200_000);
        let mut walk = Walk::new(&deep);
        let mut steps = 0;
        while walk.step().is_ok() {
            steps += 1;
        }
        assert_eq!(steps, MAX_DEPTH);
    }

    #[test]
    fn the_first_element_tells_what_it_is() {
        for (text, expected) in [
            (
                "\u{feff}\n<?xml version='1.0'?><!-- c --><rss version='2.0'>",
                Shape::Feed,
            ),
            ("<rdf:RDF xmlns:rdf='r'>", Shape::Feed),
            ("<atom:feed>", Shape::Feed),
            ("<?xml-stylesheet href='x'?><sm:urlset/>", Shape::Sitemap),
            ("<!doctype html><rss>", Shape::Html),
            ("<br />\n<b>Warning</b>", Shape::Html),
            ("<opml>", Shape::Unknown),
            ("{", Shape::Json),
            ("https://a.example/1\n", Shape::AddressList),
            ("\u{a0} \n", Shape::Empty),
            ("<", Shape::Unknown),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
    }
}
