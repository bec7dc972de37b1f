//! The parsed page: the only room that names the HTML parser. Owns parsing with its limits, a
//! small read-only view of nodes, and CSS selectors. What elements mean is for `extract` to say.
//!
//! A tree is never changed: what a rule takes out is remembered beside it, so every selector sees
//! the page as it came.

mod level;
mod parse;
mod selector;
mod selector_set;

use std::cell::OnceCell;
use std::fmt;

use html5ever::QualName;
use scraper::{ElementRef, Html};
use url::Url;

pub use level::is_block_level;
use parse::Extent;
pub use selector::Selector;
pub use selector_set::{Matcher, SelectorSet};

/// Deepest nesting of elements that is parsed; the parser's time grows with its square.
pub const MAX_DEPTH: usize = 1_000;
/// Most attributes of one tag; the parser's time grows with their square. Counted in tags of more than
/// some kilobytes only.
pub const MAX_ATTRIBUTES: usize = 1_000;
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
    /// Over [`MAX_ATTRIBUTES`].
    #[error("a tag with more than {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
    /// Over [`MAX_NODES`].
    #[error("more than {MAX_NODES} nodes")]
    TooManyNodes,
}

/// A parsed page.
pub struct Dom {
    html: Html,
    /// The first `base` with an address; looked for once, asked for several times a page.
    base: OnceCell<Option<NodeId>>,
}

impl Dom {
    /// Parses a page; broken HTML gives the tree a browser would build.
    ///
    /// # Errors
    /// When nesting, attributes or node count exceed the limits, which no real page does.
    pub fn parse(text: &str) -> Result<Self, DomError> {
        Self::parsed(text, Extent::Whole)
    }

    /// The same, but the source of styles, and of scripts that do not call themselves JSON, is left out: no
    /// reader sees it, and it is half of what a page weighs.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_without_code(text: &str) -> Result<Self, DomError> {
        Self::parsed(text, Extent::WithoutCode)
    }

    fn parsed(text: &str, extent: Extent) -> Result<Self, DomError> {
        let html = parse::parse(text, extent)?;
        let base = OnceCell::new();
        Ok(Self { html, base })
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

    /// What relative addresses of the page are resolved against: its first `base`, unless that is no
    /// web address, else the page's own address. HTML Standard §4.2.3.
    pub fn base(&self, page: Option<&Url>) -> Option<Url> {
        let mut all = self.root().descendants().filter(|e| e.name() == "base");
        let first = *self
            .base
            .get_or_init(|| all.find(|e| e.attr("href").is_some()).map(Element::id));
        let first = first.and_then(|id| self.node(id)?.element());
        let href = first.and_then(|e| e.attr("href")).map(str::trim);
        let base = href.and_then(|href| match page {
            Some(page) => page.join(href).ok(),
            None => Url::parse(href).ok(),
        });
        base.filter(|base| matches!(base.scheme(), "http" | "https"))
            .or_else(|| page.cloned())
    }

    /// The node with this identity.
    pub fn node(&self, id: NodeId) -> Option<Node<'_>> {
        self.html.tree.get(id).map(Node)
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
        // The parser's own look-up first makes an interned name of ours, which costs more than a look at
        // the few there are.
        let own = |key: &QualName| &*key.local == name && key.ns.is_empty() && key.prefix.is_none();
        let found = self.0.value().attrs.iter().find(|(key, _)| own(key));
        found.map(|(_, value)| &**value)
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
        let root = self.0.id();
        let after = move |node: ego_tree::NodeRef<'a, scraper::Node>| {
            let mut at = node;
            while at.id() != root {
                if let Some(next) = at.next_sibling() {
                    return Some(next);
                }
                at = at.parent()?;
            }
            None
        };
        let first = self.0.first_child();
        let nodes = std::iter::successors(first, move |node| node.first_child().or_else(|| after(*node)));
        nodes.filter_map(ElementRef::wrap).map(Element)
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
    /// Blocks below it begin and end a line, also where the source puts no space between them.
    pub fn raw_text(self) -> String {
        let mut out = String::new();
        let mut hidden: Option<NodeId> = None;
        for step in self.walk() {
            match step {
                Step::Open(e) if hidden.is_none() && is_silent(e.name()) => hidden = Some(e.id()),
                Step::Open(e) if e.name() == "br" => out.push('\n'),
                Step::Close(e) if hidden == Some(e.id()) => hidden = None,
                Step::Text(_, t) if hidden.is_none() => out.push_str(t),
                Step::Open(e) | Step::Close(e) if hidden.is_none() && is_block_level(e.name()) => {
                    out.push('\n')
                }
                Step::Open(_) | Step::Close(_) | Step::Text(..) => {}
            }
        }
        out
    }

    /// The text a reader sees in it, white space folded.
    pub fn text(self) -> String {
        crate::text::fold(&self.raw_text())
    }

    /// The source of a `script` or `style`: its text as written, where the page was parsed with it.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn dom(html: &str) -> Dom {
        Dom::parse(html).unwrap()
    }

    #[test]
    fn blocks_are_parted_in_the_text_also_without_space_between_them() {
        let dom = Dom::parse("<div><h3>Dear reader</h3><p>Give <b>n</b>ow.</p></div><p>No.").unwrap();
        assert_eq!(dom.body().text(), "Dear reader Give now. No.");
    }

    #[test]
    fn the_first_base_that_is_a_web_address_counts() {
        let page = Url::parse("https://news.example/a/b").unwrap();
        let base = |html: &str| dom(html).base(Some(&page)).map(String::from);
        assert_eq!(
            base("<base target=x><base href=/c/><base href=/d/>").unwrap(),
            "https://news.example/c/"
        );
        assert_eq!(base("<base href='data:,x'>").unwrap(), page.as_str());
        assert_eq!(
            dom("<base href='https://x.example/'>")
                .base(None)
                .unwrap()
                .as_str(),
            "https://x.example/"
        );
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
    fn paths_name_ids_and_classes() {
        let dom = dom("<main id=m><div class='entry x'><p>t</p></div></main>");
        let p = Selector::known("p");
        assert_eq!(dom.first(&p).unwrap().path(), "main#m > div.entry > p");
    }
}
