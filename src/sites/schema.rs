//! The TOML of a rule file as typed: one struct a table, strict, each value with its place. Owns
//! the keys and their meaning in a sentence (which editors show). The JSON Schema made of them is
//! `json_schema`'s, checking a file against it `shape`'s, making sense of the values `compile`'s.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use crate::article::Category;

/// A value and where it stands in its file.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Located<T>(toml::Spanned<T>);

impl<T> Located<T> {
    pub(super) fn get(&self) -> &T {
        self.0.get_ref()
    }

    /// Byte positions in the file.
    pub(super) fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A string with its place.
pub(super) type Text = Located<String>;
/// A list of strings, each with its place.
pub(super) type Texts = Vec<Text>;

/// A rule file of copydesk: how the pages of one news site look, where its stories are listed,
/// and what on a page is not the story.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleFile {
    /// Name of the paper.
    #[schemars(required)]
    pub(super) name: Option<Text>,
    /// Hosts whose pages these rules are for: `example.com` (its www. too) or `*.example.com`
    /// (its sub-domains). The first is asked for robots.txt.
    #[schemars(required, length(min = 1))]
    pub(super) hosts: Option<Located<Texts>>,
    /// Family of papers with one CMS: the stem of a file in `families/`.
    pub(super) extends: Option<Text>,
    /// Country of the paper: ISO 3166-1 alpha-2 code in lower case.
    pub(super) country: Option<Text>,
    /// Language of the paper: BCP 47 tag.
    pub(super) language: Option<Text>,
    /// IANA zone of dates that give none.
    pub(super) timezone: Option<Text>,
    /// Whether `crawl` without names includes the site. Default true.
    pub(super) enabled: Option<bool>,
    /// Selectors of elements that the common strips leave alone on this site.
    pub(super) keep: Option<Texts>,
    /// Selector that marks a page as advertising.
    pub(super) sponsored: Option<Text>,
    /// Selector of the link to a story's next page.
    pub(super) next_page: Option<Text>,
    /// Selector of the link to the whole story on one page.
    pub(super) single_page: Option<Text>,
    /// Headers sent with each request to the site; never User-Agent, Cookie, Authorization,
    /// Referer or Host.
    pub(super) headers: Option<BTreeMap<String, Text>>,
    /// Where stories are listed.
    pub(super) discover: Option<DiscoverTable>,
    /// How the site is asked.
    pub(super) crawl: Option<CrawlTable>,
    /// How pages are built; the first layout whose `body` matches wins.
    pub(super) layout: Option<Vec<Located<LayoutTable>>>,
    /// What is taken out.
    pub(super) strip: Option<Vec<Located<StripTable>>>,
    /// Find and replace in the page's source before it is parsed.
    pub(super) replace: Option<Vec<Located<ReplaceTable>>>,
    /// Proof: what `copydesk sites check` expects of a page.
    pub(super) check: Option<Vec<Located<CheckTable>>>,
}

/// Where stories are listed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DiscoverTable {
    /// Addresses of feeds: RSS, Atom, JSON Feed.
    pub(super) feeds: Option<Texts>,
    /// Addresses of sitemaps, beside those that robots.txt names.
    pub(super) sitemaps: Option<Texts>,
    /// Addresses of pages that link to stories.
    pub(super) sections: Option<Texts>,
    /// Which addresses are stories: the whole path must match, `*` is anything; with a `?` in the
    /// pattern, path and query. Default: all.
    pub(super) include: Option<Texts>,
    /// Which addresses are not.
    pub(super) exclude: Option<Texts>,
    /// Age beyond which a listed story is not fetched, as "7d". Default 7 days.
    pub(super) max_age: Option<Text>,
}

/// How the site is asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CrawlTable {
    /// How often `watch` looks for stories, as "30m".
    pub(super) every: Option<Text>,
    /// Least gap between two requests to a host, as "2s". A gap under one second counts as one.
    pub(super) delay: Option<Text>,
    /// When to look at a story again for corrections, after first seeing it.
    pub(super) revisit: Option<Texts>,
    /// Most requests of one crawl of the site, redirects and robots.txt among them.
    #[schemars(range(min = 1))]
    pub(super) max_requests: Option<Located<u64>>,
    /// Most bytes of pages and listings in one crawl of the site, as "50 MiB".
    pub(super) max_bytes: Option<Text>,
    /// Longest time of one crawl of the site, as "20m".
    pub(super) max_time: Option<Text>,
}

/// How the pages of the site, or of one of its looks, are built.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LayoutTable {
    /// Name of the look, for people. Default: its number.
    pub(super) name: Option<Text>,
    /// Selector of the story's container; every outermost match, in document order, is the body.
    #[schemars(required)]
    pub(super) body: Option<Text>,
    /// Selector of what is text within the body: only that is kept. `:scope` is the body.
    pub(super) paragraphs: Option<Text>,
    /// Selector of sub-headings within the body.
    pub(super) headings: Option<Text>,
    /// Source of the headline.
    pub(super) title: Option<Located<FieldSpec>>,
    /// Source of the dek.
    pub(super) subtitle: Option<Located<FieldSpec>>,
    /// Source of the authors.
    pub(super) authors: Option<Located<FieldSpec>>,
    /// Source of the date of publication.
    pub(super) published: Option<Located<FieldSpec>>,
    /// Source of the date of the last change.
    pub(super) modified: Option<Located<FieldSpec>>,
    /// Source of the section.
    pub(super) section: Option<Located<FieldSpec>>,
    /// Source of the keywords.
    pub(super) keywords: Option<Located<FieldSpec>>,
    /// Day on which the look was last seen, as "2026-01-31"; for people.
    pub(super) last_seen: Option<Text>,
}

/// Something to take out. All conditions of one strip must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct StripTable {
    /// What it is.
    #[schemars(required)]
    pub(super) category: Option<Category>,
    /// Selector of the elements to take.
    pub(super) select: Option<Text>,
    /// Pattern searched in the text of a block, or of the selected elements.
    pub(super) text: Option<Text>,
    /// Selector: all of the block's text lies in such elements.
    pub(super) whole: Option<Text>,
    /// Only as the first, or the last, block that is kept.
    pub(super) at: Option<AtWord>,
    /// Selector: with the text, the nearest such ancestor goes too.
    pub(super) closest: Option<Text>,
    /// Pattern of the block that opens a region; it goes.
    pub(super) from: Option<Text>,
    /// Where the region ends: "end" (default), "heading", "blank" (clean only), or the pattern of a
    /// block, which stays.
    pub(super) until: Option<Text>,
}

/// A position among the kept blocks.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AtWord {
    /// The first block that is kept.
    First,
    /// The last block that is kept.
    Last,
}

/// Find and replace, to the letter, in the page's source before it is parsed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ReplaceTable {
    /// What to find.
    #[schemars(required, length(min = 1))]
    pub(super) find: Option<Text>,
    /// What to put in its place.
    #[schemars(required)]
    pub(super) with: Option<Text>,
}

/// What is expected of one page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CheckTable {
    /// Address of the page.
    #[schemars(required)]
    pub(super) url: Option<Text>,
    /// The title.
    pub(super) title: Option<Text>,
    /// The subtitle.
    pub(super) subtitle: Option<Text>,
    /// The authors, in order.
    pub(super) authors: Option<Texts>,
    /// The date, as "2016-02-21T13:27:00Z" or "2016-02-21".
    pub(super) published: Option<Text>,
    /// How the text begins.
    pub(super) first: Option<Text>,
    /// How the text ends.
    pub(super) last: Option<Text>,
    /// What the text contains.
    pub(super) contains: Option<Texts>,
    /// What the text does not contain.
    pub(super) lacks: Option<Texts>,
    /// Number of blocks of text.
    pub(super) blocks: Option<u32>,
}

/// Where a field's value is: one source, several of which the first that yields wins, or a table
/// that says how the value is read.
#[derive(Debug)]
pub(super) enum FieldSpec {
    /// One source.
    One(String),
    /// Several.
    Many(Texts),
    /// Sources with what to do to the value.
    Table(Box<FieldTable>),
}

/// Where a field's value is, and how it is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FieldTable {
    /// A source or a list of them: a selector, a selector with a final `@attribute`, or
    /// `json-ld:path`.
    #[schemars(required)]
    pub(super) select: Option<Located<Sources>>,
    /// Pattern: its first group, else the whole match, is the value.
    #[serde(rename = "match")]
    pub(super) matching: Option<Text>,
    /// Pattern: every match is cut out of the value.
    pub(super) remove: Option<Text>,
    /// strptime format of a date, as "%d.%m.%Y %H:%M".
    pub(super) format: Option<Text>,
    /// Whether one value may hold several names. Default true.
    pub(super) split: Option<Located<bool>>,
    /// Only the first element that matches. Default false.
    pub(super) first: Option<bool>,
}

/// One source or several.
#[derive(Debug)]
pub(super) enum Sources {
    /// One.
    One(String),
    /// Several.
    Many(Texts),
}

// Visitors by hand: `untagged` would lose places and turn every slip into "did not match any variant".
impl<'de> Deserialize<'de> for FieldSpec {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpecVisitor;
        impl<'de> Visitor<'de> for SpecVisitor {
            type Value = FieldSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a source, a list of sources, or a table with `select`")
            }

            fn visit_str<E>(self, value: &str) -> Result<FieldSpec, E> {
                Ok(FieldSpec::One(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<FieldSpec, A::Error> {
                collect(seq).map(FieldSpec::Many)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldSpec, A::Error> {
                FieldTable::deserialize(MapAccessDeserializer::new(map))
                    .map(|table| FieldSpec::Table(Box::new(table)))
            }
        }
        deserializer.deserialize_any(SpecVisitor)
    }
}

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SourcesVisitor;
        impl<'de> Visitor<'de> for SourcesVisitor {
            type Value = Sources;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a source or a list of sources")
            }

            fn visit_str<E>(self, value: &str) -> Result<Sources, E> {
                Ok(Sources::One(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Sources, A::Error> {
                collect(seq).map(Sources::Many)
            }
        }
        deserializer.deserialize_any(SourcesVisitor)
    }
}

fn collect<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Texts, A::Error> {
    let mut items = Vec::new();
    while let Some(item) = seq.next_element()? {
        items.push(item);
    }
    Ok(items)
}

impl JsonSchema for FieldSpec {
    fn schema_name() -> Cow<'static, str> {
        "FieldSpec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<FieldTable>();
        schemars::json_schema!({
            "description": "One source, a list of sources of which the first that yields wins, or a table with `select`. An empty list: the site has no such field, and no default is asked.",
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" } },
                table
            ]
        })
    }
}

impl JsonSchema for Sources {
    fn schema_name() -> Cow<'static, str> {
        "Sources".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 }
            ]
        })
    }
}
