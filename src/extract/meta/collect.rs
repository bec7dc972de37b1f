//! One walk over the page that picks up everything metadata may stand in: `<meta>`, `<link>`,
//! headlines, times, microdata, bylines. Owns finding; which find counts is for the fields' own
//! files to say.

use super::near::is_beside;
use crate::dom::{Dom, Element};
use crate::text::{fold, unescape_twice};

/// Most finds of one kind that are kept: pages of teasers repeat theirs.
const MAX_FINDS: usize = 400;
/// Longest content of a `<meta>` that is read, in bytes.
const MAX_CONTENT_BYTES: usize = 20_000;
/// How far up it is asked whether a microdata property stands beside the story.
const SCOPE_STEPS: usize = 5;

/// A `<meta>` with a name or property, in document order.
pub(super) struct Meta<'a> {
    /// Name or property, lower case.
    pub(super) key: String,
    /// Content as written.
    pub(super) content: &'a str,
}

/// A microdata property.
pub(super) struct Prop<'a> {
    /// Each word of `itemprop`.
    pub(super) names: Vec<&'a str>,
    /// The element.
    pub(super) element: Element<'a>,
}

/// What a walk found.
pub(super) struct Found<'a> {
    pub(super) metas: Vec<Meta<'a>>,
    pub(super) links: Vec<(&'a str, &'a str)>,
    pub(super) title: Option<String>,
    pub(super) headlines: Vec<Element<'a>>,
    pub(super) times: Vec<Element<'a>>,
    pub(super) props: Vec<Prop<'a>>,
    pub(super) rel_authors: Vec<Element<'a>>,
    pub(super) root: Element<'a>,
}

impl<'a> Found<'a> {
    /// Walks the page once.
    pub(super) fn of(dom: &'a Dom) -> Self {
        let root = dom.root();
        let mut found = Self {
            metas: Vec::new(),
            links: Vec::new(),
            title: None,
            headlines: Vec::new(),
            times: Vec::new(),
            props: Vec::new(),
            rel_authors: Vec::new(),
            root,
        };
        for element in root.descendants() {
            found.look_at(element);
        }
        found
    }

    fn look_at(&mut self, element: Element<'a>) {
        match element.name() {
            "meta" => {
                let content = element.attr("content").filter(|c| c.len() <= MAX_CONTENT_BYTES);
                let key = element
                    .attr("property")
                    .or(element.attr("name"))
                    .or(element.attr("http-equiv"));
                if let (Some(content), Some(key)) = (content, key)
                    && self.metas.len() < MAX_FINDS
                {
                    self.metas.push(Meta {
                        key: key.trim().to_lowercase(),
                        content,
                    });
                }
            }
            "link" => {
                if let (Some(rel), Some(href)) = (element.attr("rel"), element.attr("href"))
                    && self.links.len() < MAX_FINDS
                {
                    self.links.push((rel, href));
                }
            }
            // An SVG has titles too.
            "title" if self.title.is_none() && element.parent().is_some_and(|p| p.name() != "svg") => {
                self.title = Some(fold(&unescape_twice(&element.script()))).filter(|t| !t.is_empty());
            }
            "h1" if self.headlines.len() < MAX_FINDS => self.headlines.push(element),
            "time" if self.times.len() < MAX_FINDS => self.times.push(element),
            "a" if self.rel_authors.len() < MAX_FINDS => {
                let author = |rel: &str| {
                    rel.split_ascii_whitespace()
                        .any(|r| r.eq_ignore_ascii_case("author"))
                };
                if element.attr("rel").is_some_and(author) {
                    self.rel_authors.push(element);
                }
            }
            _ => {}
        }
        if let Some(prop) = element.attr("itemprop")
            && self.props.len() < MAX_FINDS
        {
            let names = prop.split_ascii_whitespace().collect();
            self.props.push(Prop { names, element });
        }
    }

    /// Contents of the metas with this key, decoded and folded, empty ones left out.
    pub(super) fn meta<'s>(&'s self, key: &'s str) -> impl Iterator<Item = String> + 's {
        self.metas
            .iter()
            .filter(move |m| m.key == key)
            .map(|m| fold(&unescape_twice(m.content)))
            .filter(|c| !c.is_empty())
    }

    /// Microdata of this property that describes the story itself: in no item, or in one of a
    /// story's type. Of those the first item counts; teasers below have items of their own.
    pub(super) fn story_props<'s>(&'s self, name: &'s str) -> impl Iterator<Item = Element<'a>> + 's {
        let mut first_scope = None;
        self.props
            .iter()
            .filter(move |p| p.names.contains(&name))
            .map(|p| p.element)
            .filter(move |e| {
                let scope = e.ancestors().find(|a| a.attr("itemscope").is_some());
                let kind = scope.and_then(|s| s.attr("itemtype")).unwrap_or_default();
                let story = scope.is_none()
                    || ["Article", "Posting", "WebPage", "CreativeWork"]
                        .iter()
                        .any(|k| kind.contains(k));
                let beside = std::iter::once(*e)
                    .chain(e.ancestors())
                    .take(SCOPE_STEPS)
                    .any(is_beside);
                if !story || beside {
                    return false;
                }
                let id = scope.map(Element::id);
                *first_scope.get_or_insert(id) == id
            })
    }
}

/// Value of a microdata property (HTML Living Standard §5.2.4), folded.
pub(super) fn prop_value(element: Element<'_>) -> Option<String> {
    let value = ["content", "datetime"]
        .iter()
        .find_map(|a| element.attr(a))
        .map(unescape_twice);
    let value = value.unwrap_or_else(|| match element.name() {
        "a" | "link" if element.text().is_empty() => element.attr("href").unwrap_or_default().to_owned(),
        "img" => element.attr("src").unwrap_or_default().to_owned(),
        _ => element.text(),
    });
    Some(fold(&value)).filter(|v| !v.is_empty())
}
