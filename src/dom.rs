//! The parsed page: the only file that names the HTML parser. Owns parsing with its limits, a
//! small read-only view of nodes, and CSS selectors. What elements mean is for `extract` to say.
//!
//! A tree is never changed: what a rule takes out is remembered beside it, so every selector sees
//! the page as it came.

use std::collections::HashMap;
use std::fmt;

use scraper::{ElementRef, Html};

/// Deepest nesting of elements that is parsed; the parser's time grows with its square.
pub const MAX_DEPTH: usize = 1_000;
/// Most nodes of a page that is read.
pub const MAX_NODES: usize = 400_000;
/// Longest selector of a rule file, in bytes.
pub const MAX_SELECTOR_BYTES: usize = 1024;

/// Identity of a node within its [`Dom`].
pub type NodeId = ego_tree::NodeId;

/// Why a page is not parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomError {
    /// Over [`MAX_DEPTH`].
    #[error("elements nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// Over [`MAX_NODES`].
    #[error("more than {MAX_NODES} nodes")]
    TooManyNodes,
}

/// A parsed page.
pub struct Dom {
    html: Html,
}

impl Dom {
    /// Parses a page; broken HTML gives the tree a browser would build.
    ///
    /// # Errors
    /// When nesting or node count exceed the limits, which no real page does.
    pub fn parse(text: &str) -> Result<Self, DomError> {
        if deepest_nesting(text) > MAX_DEPTH {
            return Err(DomError::TooDeep);
        }
        let html = Html::parse_document(text);
        if html.tree.values().len() > MAX_NODES {
            return Err(DomError::TooManyNodes);
        }
        Ok(Self { html })
    }

    /// The `html` element.
    pub fn root(&self) -> Element<'_> {
        Element(self.html.root_element())
    }

    /// The `body` element, or the root of a page without one.
    pub fn body(&self) -> Element<'_> {
        let root = self.root();
        root.children()
            .filter_map(Node::element)
            .find(|e| e.name() == "body")
            .unwrap_or(root)
    }

    /// Elements that match, in document order.
    pub fn select<'a>(&'a self, selector: &'a Selector) -> impl Iterator<Item = Element<'a>> {
        self.root().select_with_self(selector)
    }

    /// The first element that matches.
    pub fn first<'a>(&'a self, selector: &'a Selector) -> Option<Element<'a>> {
        self.select(selector).next()
    }

    /// The node with this identity.
    pub fn node(&self, id: NodeId) -> Option<Node<'_>> {
        self.html.tree.get(id).map(Node)
    }

    /// Number of nodes of the tree.
    pub fn node_count(&self) -> usize {
        self.html.tree.values().len()
    }
}

/// A node: an element, a text, or something without meaning to us (a comment).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Node<'a>(ego_tree::NodeRef<'a, scraper::Node>);

impl<'a> Node<'a> {
    /// The node as an element.
    pub fn element(self) -> Option<Element<'a>> {
        ElementRef::wrap(self.0).map(Element)
    }

    /// The node's text, when it is a text node.
    pub fn text(self) -> Option<&'a str> {
        self.0.value().as_text().map(|t| &**t)
    }

    /// Its identity.
    pub fn id(self) -> NodeId {
        self.0.id()
    }

    /// The element around it.
    pub fn parent(self) -> Option<Element<'a>> {
        self.0.parent().and_then(ElementRef::wrap).map(Element)
    }

    /// The node after it, under the same parent.
    pub fn next(self) -> Option<Node<'a>> {
        self.0.next_sibling().map(Node)
    }

    /// The node before it, under the same parent.
    pub fn previous(self) -> Option<Node<'a>> {
        self.0.prev_sibling().map(Node)
    }
}

/// One step of a walk through a subtree.
pub enum Step<'a> {
    /// An element begins.
    Open(Element<'a>),
    /// An element ends.
    Close(Element<'a>),
    /// A text node.
    Text(Node<'a>, &'a str),
}

/// An element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Element<'a>(ElementRef<'a>);

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({})", self.path())
    }
}

impl<'a> Element<'a> {
    /// Tag name, in lower case.
    pub fn name(self) -> &'a str {
        self.0.value().name()
    }

    /// Value of an attribute.
    pub fn attr(self, name: &str) -> Option<&'a str> {
        self.0.value().attr(name)
    }

    /// All attributes, in an order that is stable from run to run.
    pub fn attrs(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.value().attrs()
    }

    /// Value of the `id` attribute.
    pub fn html_id(self) -> Option<&'a str> {
        self.0.value().id()
    }

    /// Its classes.
    pub fn classes(self) -> impl Iterator<Item = &'a str> {
        self.0.value().classes()
    }

    /// The element as a node.
    pub fn node(self) -> Node<'a> {
        Node(*self.0)
    }

    /// Its identity.
    pub fn id(self) -> NodeId {
        self.0.id()
    }

    /// The element around it.
    pub fn parent(self) -> Option<Element<'a>> {
        self.node().parent()
    }

    /// The elements around it, nearest first.
    pub fn ancestors(self) -> impl Iterator<Item = Element<'a>> {
        std::iter::successors(self.parent(), |e| e.parent())
    }

    /// Its child nodes, in order.
    pub fn children(self) -> impl Iterator<Item = Node<'a>> {
        self.0.children().map(Node)
    }

    /// Its child elements, in order.
    pub fn child_elements(self) -> impl Iterator<Item = Element<'a>> {
        self.children().filter_map(Node::element)
    }

    /// Every element below it, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Element<'a>> {
        self.0
            .descendants()
            .skip(1)
            .filter_map(ElementRef::wrap)
            .map(Element)
    }

    /// Walks the subtree, itself included, without recursion.
    pub fn walk(self) -> impl Iterator<Item = Step<'a>> {
        use ego_tree::iter::Edge;
        self.0.traverse().filter_map(|edge| match edge {
            Edge::Open(n) => match n.value() {
                scraper::Node::Text(t) => Some(Step::Text(Node(n), t)),
                _ => Node(n).element().map(Step::Open),
            },
            Edge::Close(n) => Node(n).element().map(Step::Close),
        })
    }

    /// Elements below it that match, in document order; `:scope` is this element.
    pub fn select(self, selector: &'a Selector) -> impl Iterator<Item = Element<'a>> {
        self.0.select(&selector.parsed).map(Element)
    }

    /// As [`Self::select`], with the element itself.
    pub fn select_with_self(self, selector: &'a Selector) -> impl Iterator<Item = Element<'a>> {
        self.matches(selector)
            .then_some(self)
            .into_iter()
            .chain(self.select(selector))
    }

    /// Whether it matches.
    pub fn matches(self, selector: &Selector) -> bool {
        selector.parsed.matches(&self.0)
    }

    /// Whether it matches where `:scope` is `scope`.
    pub fn matches_in(self, selector: &Selector, scope: Element<'_>) -> bool {
        selector.parsed.matches_with_scope(&self.0, Some(scope.0))
    }

    /// The text a reader sees in it, white space as it is; scripts, styles and templates are left out.
    pub fn raw_text(self) -> String {
        let mut out = String::new();
        let mut hidden: Option<NodeId> = None;
        for step in self.walk() {
            match step {
                Step::Open(e) if hidden.is_none() && is_silent(e.name()) => hidden = Some(e.id()),
                Step::Open(e) if e.name() == "br" => out.push('\n'),
                Step::Close(e) if hidden == Some(e.id()) => hidden = None,
                Step::Text(_, t) if hidden.is_none() => out.push_str(t),
                Step::Open(_) | Step::Close(_) | Step::Text(..) => {}
            }
        }
        out
    }

    /// The text a reader sees in it, white space folded.
    pub fn text(self) -> String {
        crate::text::fold(&self.raw_text())
    }

    /// The source of a `script` or `style`: its text as written.
    pub fn script(self) -> String {
        self.children().filter_map(Node::text).collect()
    }

    /// A short CSS path for people: the last steps from the root, ids and first classes named.
    pub fn path(self) -> String {
        const STEPS: usize = 4;
        let mut steps: Vec<String> = Vec::new();
        for e in std::iter::once(self).chain(self.ancestors()) {
            let mut step = e.name().to_owned();
            if let Some(id) = e.html_id().filter(|id| !id.is_empty()) {
                step.push('#');
                step.push_str(id);
            } else if let Some(class) = e.classes().next() {
                step.push('.');
                step.push_str(class);
            }
            steps.push(step);
            if steps.len() == STEPS || e.html_id().is_some() {
                break;
            }
        }
        steps.reverse();
        steps.join(" > ")
    }
}

/// Elements whose text no reader sees.
pub fn is_silent(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "noscript"
            | "template"
            | "head"
            | "svg"
            | "iframe"
            | "object"
            | "select"
            | "datalist"
            | "textarea"
            | "audio"
            | "video"
            | "canvas"
            | "noframes"
            | "noembed"
            | "map"
    )
}

/// A CSS selector (group), as in rule files.
#[derive(Clone)]
pub struct Selector {
    parsed: scraper::Selector,
    source: String,
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selector({})", self.source)
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// A message for the author of a rule, naming what is not understood.
    pub fn parse(source: &str) -> Result<Self, String> {
        if source.len() > MAX_SELECTOR_BYTES {
            return Err(format!(
                "selector of {} bytes, over the limit of {MAX_SELECTOR_BYTES}",
                source.len()
            ));
        }
        let parsed = scraper::Selector::parse(source).map_err(|e| explain(source, &e.to_string()))?;
        Ok(Self {
            parsed,
            source: source.to_owned(),
        })
    }

    /// A selector of the program's own, known to be sound.
    ///
    /// # Panics
    /// When it is not; a test that runs the caller shows it.
    pub fn known(source: &str) -> Self {
        Self::parse(source).unwrap_or_else(|e| panic!("{source}: {e}"))
    }

    /// The selector as written.
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// Says what the selector engine's errors mean, and what to write instead.
fn explain(source: &str, error: &str) -> String {
    const UNSUPPORTED: &[(&str, &str)] = &[
        (":contains", "use `text = \"…\"` beside `select` instead"),
        (":lang", "use [lang|=\"…\"] instead"),
        (":checked", "use [checked] instead"),
        (":link", "use a[href] instead"),
        ("::", "pseudo-elements have no text to select"),
        (":visible", "use :not([hidden]) instead"),
        (":eq(", "use :nth-of-type() instead"),
    ];
    for (what, advice) in UNSUPPORTED {
        if source.contains(what) {
            return format!("`{what}` is not supported: {advice}");
        }
    }
    if source.trim().is_empty() {
        return "empty selector".to_owned();
    }
    let error = error.split(". Please").next().unwrap_or(error);
    format!(
        "not a CSS selector: {}",
        error.trim_end_matches('.').to_lowercase()
    )
}

/// Many selectors tried on one element at a time: each is filed under what its last step must
/// have (an id, a class, a tag or an attribute), so an element meets only those that could match.
pub struct SelectorSet {
    selectors: Vec<Selector>,
    buckets: HashMap<Key, Vec<usize>>,
    anywhere: Vec<usize>,
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Id(String),
    Class(String),
    Attr(String),
    Tag(String),
}

impl SelectorSet {
    /// Files the selectors; their positions are what [`Self::matching`] returns.
    pub fn new(selectors: Vec<Selector>) -> Self {
        let mut buckets: HashMap<Key, Vec<usize>> = HashMap::new();
        let mut anywhere = Vec::new();
        for (index, selector) in selectors.iter().enumerate() {
            let keys: Option<Vec<Key>> = alternatives(&selector.source).map(key_of).collect();
            match keys {
                Some(keys) => {
                    for key in keys {
                        let bucket = buckets.entry(key).or_default();
                        if bucket.last() != Some(&index) {
                            bucket.push(index);
                        }
                    }
                }
                None => anywhere.push(index),
            }
        }
        Self {
            selectors,
            buckets,
            anywhere,
        }
    }

    /// Positions of the selectors that match the element, lowest first.
    pub fn matching(&self, element: Element<'_>) -> Vec<usize> {
        let mut found: Vec<usize> = self.anywhere.clone();
        let mut add = |key: Key| {
            if let Some(bucket) = self.buckets.get(&key) {
                found.extend(bucket);
            }
        };
        add(Key::Tag(element.name().to_owned()));
        for (name, value) in element.attrs() {
            match name {
                "id" => add(Key::Id(value.to_owned())),
                "class" => element.classes().for_each(|c| add(Key::Class(c.to_owned()))),
                _ => {}
            }
            add(Key::Attr(name.to_owned()));
        }
        found.sort_unstable();
        found.dedup();
        found.retain(|&i| element.matches(&self.selectors[i]));
        found
    }
}

/// The parts of a selector group, split at commas outside brackets and strings.
fn alternatives(source: &str) -> impl Iterator<Item = &str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0usize, None);
    for (at, c) in source.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(source[start..at].trim());
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(source[start..].trim());
    parts.into_iter()
}

/// What an element must have to match: read from the last compound of a selector. None where it
/// could be anything.
fn key_of(selector: &str) -> Option<Key> {
    let compound = last_compound(selector);
    let word = |rest: &str| -> Option<String> {
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
            .unwrap_or(rest.len());
        // An escape in a name: leave it to the engine.
        (end > 0 && !rest[end..].starts_with('\\')).then(|| rest[..end].to_owned())
    };
    let (mut class, mut attr, mut tag) = (None, None, None);
    let mut depth = 0usize;
    for (at, c) in compound.char_indices() {
        let rest = &compound[at + c.len_utf8()..];
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '#' => return word(rest).map(Key::Id),
            '.' if class.is_none() => class = Some(word(rest)?),
            '[' => {
                if attr.is_none() {
                    attr = Some(word(rest.trim_start())?.to_lowercase());
                }
                depth += 1;
            }
            ']' => depth = depth.saturating_sub(1),
            _ if at == 0 && c.is_alphabetic() => tag = word(compound).map(|t| t.to_lowercase()),
            _ => {}
        }
        if c == ']' {
            depth = 0;
        }
    }
    class
        .map(Key::Class)
        .or(attr.map(Key::Attr))
        .or(tag.map(Key::Tag))
}

fn last_compound(selector: &str) -> &str {
    let (mut start, mut depth, mut quote) = (0, 0usize, None);
    for (at, c) in selector.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ' ' | '>' | '+' | '~' | '\t' | '\n') if depth == 0 => start = at + c.len_utf8(),
            (None, _) => {}
        }
    }
    &selector[start..]
}

/// Deepest nesting of open tags by a linear scan, before the parser (quadratic in nesting) sees
/// the page. Counts what could nest: void elements, comments and raw text are skipped, and a
/// closing tag closes one level, so it never says less than half of the truth for sane pages and
/// grows without bound for hostile ones.
fn deepest_nesting(text: &str) -> usize {
    const VOID: &[&str] = &[
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
        "track", "wbr",
    ];
    // Their end tags may be left out, so unclosed ones do not nest.
    const OPTIONAL_END: &[&str] = &[
        "p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup",
        "rp", "rt", "html", "head", "body",
    ];
    const RAW: &[&str] = &[
        "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript",
    ];
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut deepest) = (0, 0usize, 0usize);
    while let Some(offset) = memchr(b'<', &bytes[at..]) {
        at += offset + 1;
        let rest = &bytes[at..];
        if rest.starts_with(b"!--") {
            at = find(text, at, "-->").unwrap_or(bytes.len());
            continue;
        }
        let closing = rest.first() == Some(&b'/');
        let name_start = at + usize::from(closing);
        let name_end = bytes[name_start..]
            .iter()
            .position(|b| !b.is_ascii_alphanumeric() && *b != b'-')
            .map_or(bytes.len(), |n| name_start + n);
        if name_end == name_start || !bytes[name_start].is_ascii_alphabetic() {
            continue;
        }
        let name = text[name_start..name_end].to_ascii_lowercase();
        let end = tag_end(bytes, name_end);
        let self_closed = end >= 2 && bytes.get(end - 2) == Some(&b'/');
        at = end;
        if OPTIONAL_END.contains(&name.as_str()) || VOID.contains(&name.as_str()) {
            continue;
        }
        if closing {
            depth = depth.saturating_sub(1);
        } else if RAW.contains(&name.as_str()) {
            at = find_close(bytes, at, &name);
        } else if !self_closed || !matches!(name.as_str(), "path" | "use" | "circle" | "rect" | "g" | "line")
        {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

fn memchr(needle: u8, haystack: &[u8]) -> Option<usize> {
    haystack.iter().position(|&b| b == needle)
}

fn find(text: &str, from: usize, what: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    bytes[from..]
        .windows(what.len())
        .position(|w| w == what.as_bytes())
        .map(|n| from + n + what.len())
}

/// Position just after the `>` that ends a tag, attribute values in quotes skipped.
fn tag_end(bytes: &[u8], mut at: usize) -> usize {
    let mut quote = None;
    while at < bytes.len() {
        let b = bytes[at];
        match quote {
            Some(q) if b == q => quote = None,
            Some(_) => {}
            None if matches!(b, b'"' | b'\'') && bytes[at - 1] == b'=' => quote = Some(b),
            None if b == b'>' => return at + 1,
            None => {}
        }
        at += 1;
    }
    at
}

fn find_close(bytes: &[u8], mut at: usize, name: &str) -> usize {
    while let Some(offset) = memchr(b'<', &bytes[at..]) {
        at += offset;
        let rest = &bytes[at + 1..];
        if rest.first() == Some(&b'/')
            && rest.len() > name.len()
            && rest[1..=name.len()].eq_ignore_ascii_case(name.as_bytes())
        {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dom(html: &str) -> Dom {
        Dom::parse(html).unwrap()
    }

    #[test]
    fn hostile_nesting_is_refused_before_it_is_parsed() {
        let deep = "<div>".repeat(200_000);
        assert_eq!(Dom::parse(&deep).err(), Some(DomError::TooDeep));
        let spans = "<b><i>".repeat(2_000);
        assert_eq!(Dom::parse(&spans).err(), Some(DomError::TooDeep));
    }

    #[test]
    fn many_paragraphs_and_breaks_are_not_nesting() {
        let flat = "<p>a<br><li>b<img src='x'>".repeat(20_000);
        assert!(Dom::parse(&flat).is_ok());
        let scripts = "<script>if (a<b) document.write('<div><div>')</script>".repeat(2_000);
        assert!(Dom::parse(&scripts).is_ok());
    }

    #[test]
    fn scope_is_the_element_asked() {
        let dom = dom("<div id=a><p>1</p><div><p>2</p></div></div>");
        let a = Selector::known("#a");
        let direct = Selector::known(":scope > p");
        let a = dom.first(&a).unwrap();
        assert_eq!(a.select(&direct).map(Element::text).collect::<Vec<_>>(), ["1"]);
    }

    #[test]
    fn scripts_are_not_text() {
        let dom = dom("<p>One<script>var x</script> <noscript>no</noscript>two</p>");
        assert_eq!(dom.body().text(), "One two");
    }

    #[test]
    fn a_set_finds_what_each_selector_finds_alone() {
        let html = "<div class='a b' id=x data-k=v><p class=c>t</p><aside><p>u</p></aside></div><ARTICLE lang=en></ARTICLE>";
        let dom = dom(html);
        let sources = [
            ".a",
            "#x",
            "p",
            "div > p.c",
            "[data-k]",
            "aside p",
            "*",
            ".b, aside",
            ":not(.a)",
            "div:has(aside)",
            "[class*='b']",
            "article[lang]",
            ".c:not(.a)",
            "p:is(.c, .d)",
        ];
        let selectors: Vec<Selector> = sources.iter().map(|s| Selector::known(s)).collect();
        let set = SelectorSet::new(selectors.clone());
        for element in dom.root().descendants() {
            let alone: Vec<usize> = (0..selectors.len())
                .filter(|&i| element.matches(&selectors[i]))
                .collect();
            assert_eq!(set.matching(element), alone, "{element:?}");
        }
    }

    #[test]
    fn a_bad_selector_says_what_to_write_instead() {
        let error = Selector::parse("p:contains('x')").unwrap_err();
        assert!(error.contains("text ="), "{error}");
        assert!(Selector::parse("div[").is_err());
    }

    #[test]
    fn paths_name_ids_and_classes() {
        let dom = dom("<main id=m><div class='entry x'><p>t</p></div></main>");
        let p = Selector::known("p");
        assert_eq!(dom.first(&p).unwrap().path(), "main#m > div.entry > p");
    }
}
