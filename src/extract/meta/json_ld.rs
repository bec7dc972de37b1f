//! The page's JSON-LD: reading its blocks, finding the object that is about this story, and
//! paths into it. Owns structure; what a value means for the article is `chain`'s business.
//! Vocabulary: <https://schema.org/NewsArticle>, JSON-LD 1.1.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::json_repair;
use crate::dom::Dom;
use crate::text::{fold, unescape_twice};

/// Most objects of a page that are looked at.
const MAX_OBJECTS: usize = 20_000;
/// Most references that are followed from one to the next.
const MAX_HOPS: usize = 8;

/// schema.org's types for a story, the surest first.
const ARTICLE_TYPES: &[&str] = &[
    "NewsArticle",
    "ReportageNewsArticle",
    "AnalysisNewsArticle",
    "OpinionNewsArticle",
    "BackgroundNewsArticle",
    "ReviewNewsArticle",
    "AskPublicNewsArticle",
    "LiveBlogPosting",
    "Article",
    "BlogPosting",
    "AdvertiserContentArticle",
    "SatiricalArticle",
    "ScholarlyArticle",
    "TechArticle",
    "MedicalScholarlyArticle",
    "Report",
    "SocialMediaPosting",
    "Review",
    "CriticReview",
];
/// Types that describe the page a story stands on: asked only where no story is described.
const PAGE_TYPES: &[&str] = &["WebPage", "ItemPage"];

/// Keys under which an object's own parts hang that are other stories, or none.
const FOREIGN: &[&str] = &[
    "liveBlogUpdate",
    "itemListElement",
    "comment",
    "review",
    "mentions",
    "citation",
    "isPartOf",
    "publisher",
    "relatedLink",
];

type Object = Map<String, Value>;

/// The JSON-LD of a page.
#[derive(Debug, Default)]
pub struct JsonLd {
    blocks: Vec<Value>,
    /// The article object, and others that tell of the same story, as paths from a block.
    stories: Vec<Pointer>,
    /// Objects with an `@id` that say something, for references.
    by_id: HashMap<String, Pointer>,
    types: Vec<String>,
    page_only: bool,
}

/// Where an object stands: its block, and a JSON pointer (RFC 6901) within it.
#[derive(Debug, Clone, PartialEq)]
struct Pointer {
    block: usize,
    path: String,
}

struct Candidate {
    pointer: Pointer,
    rank: usize,
    matches_page: bool,
    foreign: bool,
    headline: String,
}

impl JsonLd {
    /// Reads all `application/ld+json` blocks of a page, mending what can be mended.
    pub fn parse(dom: &Dom) -> Self {
        let mut page = PageWords::default();
        let mut blocks = Vec::new();
        for element in dom.root().descendants() {
            match element.name() {
                "script" if element.attr("type").is_some_and(is_ld) => {
                    blocks.extend(json_repair::read(&element.script()));
                }
                "link"
                    if element
                        .attr("rel")
                        .is_some_and(|r| r.eq_ignore_ascii_case("canonical")) =>
                {
                    page.add_url(element.attr("href"));
                }
                "meta" if element.attr("property") == Some("og:url") => {
                    page.add_url(element.attr("content"));
                }
                "meta" if element.attr("property") == Some("og:title") => {
                    page.titles.extend(element.attr("content").map(key));
                }
                "h1" if page.titles.len() < 8 => page.titles.push(key(&element.text())),
                _ => {}
            }
        }
        Self::of_blocks(blocks, &page)
    }

    fn of_blocks(blocks: Vec<Value>, page: &PageWords) -> Self {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut by_id = HashMap::new();
        let mut all_types: Vec<String> = Vec::new();
        let mut seen = 0;
        for (block, value) in blocks.iter().enumerate() {
            let mut queue = vec![(String::new(), value, false)];
            while let Some((path, value, foreign)) = queue.pop() {
                seen += 1;
                if seen > MAX_OBJECTS {
                    break;
                }
                match value {
                    Value::Array(items) => {
                        for (n, item) in items.iter().enumerate().rev() {
                            queue.push((format!("{path}/{n}"), item, foreign));
                        }
                    }
                    Value::Object(object) => {
                        let pointer = Pointer {
                            block,
                            path: path.clone(),
                        };
                        if let Some(id) = object.get("@id").and_then(Value::as_str)
                            && object.len() > 1
                        {
                            by_id.entry(id.to_owned()).or_insert_with(|| pointer.clone());
                        }
                        let types = types_of(object);
                        candidates.extend(candidate(object, &types, pointer, foreign, page));
                        for name in types {
                            if !all_types.iter().any(|t| t == name) {
                                all_types.push(name.to_owned());
                            }
                        }
                        for (name, child) in object.iter().rev() {
                            if child.is_object() || child.is_array() {
                                let step = name.replace('~', "~0").replace('/', "~1");
                                let foreign = foreign || FOREIGN.contains(&name.as_str());
                                queue.push((format!("{path}/{step}"), child, foreign));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        let (stories, page_only) = choose(candidates);
        Self {
            blocks,
            stories,
            by_id,
            types: all_types,
            page_only,
        }
    }

    /// Whether the page has an object that describes a story, not only one for the page.
    pub fn has_article(&self) -> bool {
        !self.stories.is_empty() && !self.page_only
    }

    /// Types of the article object, as `NewsArticle`; empty where there is none.
    pub fn types(&self) -> Vec<&str> {
        self.story().map(types_of).unwrap_or_default()
    }

    /// Every type that occurs on the page, once each, in order.
    pub fn all_types(&self) -> &[String] {
        &self.types
    }

    /// The values at a path of the article object, as `author.name`: arrays are gone through,
    /// references by `@id` followed, entities decoded, white space folded. An object at the end of
    /// a path gives its name (or its address); empty values are left out.
    pub fn get(&self, path: &str) -> Vec<String> {
        self.values(path)
            .into_iter()
            .filter_map(|v| self.text_of(v))
            .collect()
    }

    /// The whole text of the story, entities decoded, line ends kept, where the site gives it.
    pub fn article_body(&self) -> Option<String> {
        let texts: Vec<String> = ["articleBody", "text"]
            .iter()
            .flat_map(|name| self.values(name))
            .filter_map(Value::as_str)
            .map(unescape_twice)
            .collect();
        texts.into_iter().find(|t| !crate::text::is_blank(t))
    }

    /// schema.org's `isAccessibleForFree`, in all the ways it is spelled; None where it is not
    /// said. A story whose parts are not free is not free.
    pub fn is_accessible_for_free(&self) -> Option<bool> {
        let own = self.values("isAccessibleForFree").into_iter().find_map(truth);
        own.or_else(|| {
            let parts = self.values("hasPart.isAccessibleForFree");
            parts.into_iter().filter_map(truth).find(|free| !free)
        })
    }

    /// Values at a path, from the first object of the story that has any.
    pub(super) fn values(&self, path: &str) -> Vec<&Value> {
        self.stories
            .iter()
            .filter_map(|p| self.at(p))
            .map(|story| self.follow(story, path))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// A value, or what it refers to by `@id`.
    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..MAX_HOPS {
            let Some(object) = value.as_object().filter(|o| !o.contains_key("name")) else {
                break;
            };
            let target = object
                .get("@id")
                .and_then(Value::as_str)
                .and_then(|id| self.by_id.get(id))
                .and_then(|p| self.at(p));
            match target {
                Some(target) if !std::ptr::eq(target, value) => value = target,
                _ => break,
            }
        }
        value
    }

    /// A value as text: see [`Self::get`].
    pub(super) fn text_of(&self, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(s) => fold(&unescape_twice(s)),
            Value::Number(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
            Value::Object(_) => {
                let object = self.resolve(value).as_object()?;
                return ["name", "@value", "url", "@id"]
                    .iter()
                    .filter_map(|k| object.get(*k)?.as_str())
                    .map(|s| fold(&unescape_twice(s)))
                    .find(|s| !s.is_empty());
            }
            Value::Array(items) => return items.iter().find_map(|v| self.text_of(v)),
            Value::Null => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    fn story(&self) -> Option<&Object> {
        self.at(self.stories.first()?)?.as_object()
    }

    fn at(&self, pointer: &Pointer) -> Option<&Value> {
        self.blocks.get(pointer.block)?.pointer(&pointer.path)
    }

    fn follow<'a>(&'a self, from: &'a Value, path: &str) -> Vec<&'a Value> {
        let mut found = vec![from];
        for step in path.split('.') {
            found = found
                .into_iter()
                .flat_map(flatten)
                .filter_map(|v| {
                    let object = v.as_object()?;
                    object
                        .get(step)
                        .or_else(|| self.resolve(v).as_object()?.get(step))
                })
                .collect();
        }
        found
            .into_iter()
            .flat_map(flatten)
            .filter(|v| !v.is_null())
            .collect()
    }
}

/// What the page says about itself, to tell its own story from others.
#[derive(Default)]
struct PageWords {
    urls: Vec<String>,
    titles: Vec<String>,
}

impl PageWords {
    fn add_url(&mut self, url: Option<&str>) {
        self.urls.extend(url.map(url_key).filter(|u| !u.is_empty()));
    }
}

fn is_ld(kind: &str) -> bool {
    kind.trim()
        .to_ascii_lowercase()
        .starts_with("application/ld+json")
}

fn candidate(
    object: &Object,
    types: &[&str],
    pointer: Pointer,
    foreign: bool,
    page: &PageWords,
) -> Option<Candidate> {
    let rank = |list: &[&str]| list.iter().position(|t| types.contains(t));
    let rank = match rank(ARTICLE_TYPES) {
        // Any kind of article is as good as another; postings and reviews come after.
        Some(n) if n < 9 => 0,
        Some(_) => 1,
        None if rank(PAGE_TYPES).is_some() => 2,
        None => return None,
    };
    let headline = ["headline", "name"]
        .iter()
        .find_map(|k| object.get(*k)?.as_str())
        .map(key)
        .unwrap_or_default();
    if headline.is_empty() && !object.contains_key("datePublished") && !object.contains_key("author") {
        return None;
    }
    let urls = ["url", "mainEntityOfPage", "@id"]
        .iter()
        .filter_map(|k| match object.get(*k)? {
            Value::String(s) => Some(s.as_str()),
            Value::Object(o) => o.get("@id").or_else(|| o.get("url"))?.as_str(),
            _ => None,
        });
    let same_url = urls.map(url_key).any(|u| page.urls.contains(&u));
    let same_title = !headline.is_empty()
        && page
            .titles
            .iter()
            .any(|t| !t.is_empty() && (t.starts_with(&headline) || headline.starts_with(t)));
    Some(Candidate {
        pointer,
        rank,
        matches_page: same_url || same_title,
        foreign,
        headline,
    })
}

/// The object about this page: one that matches it before one that does not, one that stands for
/// itself before one that is part of another, a story before a page, the first of several. Others
/// with the same headline complete it.
fn choose(mut candidates: Vec<Candidate>) -> (Vec<Pointer>, bool) {
    candidates.sort_by_key(|c| (c.foreign, c.rank == 2, !c.matches_page, c.rank));
    let Some(best) = candidates.first() else {
        return (Vec::new(), false);
    };
    let page_only = best.rank == 2;
    let headline = best.headline.clone();
    let same = |c: &Candidate| c.headline == headline && !headline.is_empty() && !c.foreign && c.rank < 2;
    let mut rest = candidates
        .iter()
        .skip(1)
        .filter(|c| same(c))
        .map(|c| c.pointer.clone())
        .collect();
    let mut stories = vec![best.pointer.clone()];
    stories.append(&mut rest);
    (stories, page_only)
}

fn types_of(object: &Object) -> Vec<&str> {
    object
        .get("@type")
        .into_iter()
        .flat_map(flatten)
        .filter_map(Value::as_str)
        .map(|s| s.rsplit(['/', ':', '#']).next().unwrap_or(s))
        .collect()
}

fn flatten(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(flatten).collect(),
        other => vec![other],
    }
}

/// `true`, `"True"`, `"http://schema.org/False"`, `"no"`.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(s) => truth_word(s),
        Value::Number(n) => n.as_i64().map(|n| n != 0),
        _ => None,
    }
}

/// As [`truth`], for a word.
pub(super) fn truth_word(word: &str) -> Option<bool> {
    let word = word.trim().to_ascii_lowercase();
    match word.rsplit('/').next().unwrap_or_default() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// A headline as compared: letters and digits only, lower case.
fn key(text: &str) -> String {
    super::title::key(&unescape_twice(text))
}

/// An address as compared: without scheme, `www.`, query, fragment and trailing slash.
fn url_key(url: &str) -> String {
    let bare = url.trim().split(['?', '#']).next().unwrap_or_default();
    let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    crate::address::bare_host(bare)
        .trim_end_matches('/')
        .to_lowercase()
}

#[cfg(test)]
mod tests;
