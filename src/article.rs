//! The article as data: blocks kept, blocks removed, metadata with its sources. Owns the words
//! only; who fills them in is `extract`, who keeps them is `store`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a block of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockKind {
    /// A paragraph, also loose text in a container.
    Paragraph,
    /// A sub-heading.
    Heading,
    /// One item of a list.
    ListItem,
    /// A paragraph of a quotation.
    Quote,
    /// One row of a table, its cells separated by tabs.
    TableRow,
    /// Preformatted text, its line ends kept.
    Pre,
}

impl BlockKind {
    /// The word used in JSON and on the terminal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paragraph => "paragraph",
            Self::Heading => "heading",
            Self::ListItem => "list-item",
            Self::Quote => "quote",
            Self::TableRow => "table-row",
            Self::Pre => "pre",
        }
    }
}

/// One block of the article's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Its text, white space folded (kept in [`BlockKind::Pre`]).
    pub text: String,
}

/// What a removed block was, in the reader's terms (DESIGN §3).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// A dialog over the page, or the button that opens one.
    Modal,
    /// A slide show beside the story.
    Gallery,
    /// An appeal for money or membership.
    Donation,
    /// An invitation to a newsletter, app, channel or alert.
    Newsletter,
    /// Links to other stories.
    Related,
    /// Advertising.
    Advert,
    /// Share and follow buttons.
    Social,
    /// Readers' comments, or the way to them.
    Comments,
    /// Text that belongs to a picture or video.
    Caption,
    /// Author, date, place: told as data instead.
    Byline,
    /// Menus, tags, breadcrumbs, pagination.
    Navigation,
    /// Cookie and privacy requests.
    Consent,
    /// A request to pay before reading on.
    Paywall,
    /// Copyright, disclaimers, corrections policy.
    Legal,
    /// A player, post or widget from elsewhere.
    Embed,
    /// Found by its repetition across the site's articles.
    Repeated,
    /// Anything else.
    Other,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 17] = [
        Self::Modal,
        Self::Gallery,
        Self::Donation,
        Self::Newsletter,
        Self::Related,
        Self::Advert,
        Self::Social,
        Self::Comments,
        Self::Caption,
        Self::Byline,
        Self::Navigation,
        Self::Consent,
        Self::Paywall,
        Self::Legal,
        Self::Embed,
        Self::Repeated,
        Self::Other,
    ];

    /// The word used in rule files, SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Modal => "modal",
            Self::Gallery => "gallery",
            Self::Donation => "donation",
            Self::Newsletter => "newsletter",
            Self::Related => "related",
            Self::Advert => "advert",
            Self::Social => "social",
            Self::Comments => "comments",
            Self::Caption => "caption",
            Self::Byline => "byline",
            Self::Navigation => "navigation",
            Self::Consent => "consent",
            Self::Paywall => "paywall",
            Self::Legal => "legal",
            Self::Embed => "embed",
            Self::Repeated => "repeated",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A block that was taken out of the body, why, and in whose name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// What it was.
    pub category: Category,
    /// Who took it: a rule's place (`huffpost.toml:41`), `paragraphs` (left out by the keep-list),
    /// `generic:<reason>` or `memory`.
    pub rule: String,
    /// The selector or pattern that matched; for `memory` its counts.
    pub pattern: String,
    /// Its text, white space folded.
    pub text: String,
    /// Number of kept blocks before it.
    pub position: usize,
    /// Where it stood: a short CSS path (empty where there is no HTML).
    pub path: String,
}

/// An image of the article.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Absolute address.
    pub url: String,
    /// Caption as the page gives it.
    pub caption: Option<String>,
    /// Photographer or agency.
    pub credit: Option<String>,
    /// Alternative text.
    pub alt: Option<String>,
}

/// A metadata value and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldValue {
    /// Name of the field: `title`, `subtitle`, `authors`, `published`, `modified`, `section`, `keywords`,
    /// `language`, `canonical_url`, `lead_image`, `access`, `sponsored`, `agency`.
    pub field: &'static str,
    /// The value as found on the page.
    pub value: String,
    /// Where: `rule:<selector>`, `json-ld:<path>`, `og:<property>`, `meta:<name>`, `microdata:<prop>`,
    /// `html:<selector>`, `site` (the rule file), `text` (guessed from the text), `url`;
    /// an agency's: `byline`, `dateline`, `credit`.
    pub source: String,
}

/// Whether a story can be read without paying.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// The page says it is free (`isAccessibleForFree`, Open Graph's `free`).
    Free,
    /// Some views are free.
    Metered,
    /// The page says it must be paid for, or shows only a teaser.
    Paywalled,
    /// The page does not say.
    #[default]
    Unknown,
}

impl Access {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Metered => "metered",
            Self::Paywalled => "paywalled",
            Self::Unknown => "unknown",
        }
    }
}

/// What found the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extractor {
    /// A layout of a rule file.
    Rules,
    /// The generic extractor.
    Generic,
}

impl Extractor {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Generic => "generic",
        }
    }
}

/// Metadata of a page, each value chosen by the order stated in `docs/metadata.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Headline, without the site's name.
    pub title: Option<String>,
    /// The dek: a summary that stands above the text.
    pub subtitle: Option<String>,
    /// The byline as the page tells it, before splitting.
    pub byline: Option<String>,
    /// Authors, one name each.
    pub authors: Vec<String>,
    /// `YYYY-MM-DDTHH:MM:SSZ`, or `YYYY-MM-DD` where the page gives only a day.
    pub published: Option<String>,
    /// As `published`.
    pub modified: Option<String>,
    /// Section of the paper.
    pub section: Option<String>,
    /// Keywords, in the page's order, once each.
    pub keywords: Vec<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// `rel=canonical`, absolute.
    pub canonical_url: Option<String>,
    /// Address of the page's own main image.
    pub lead_image: Option<String>,
    /// Whether it can be read without paying.
    pub access: Access,
    /// Whether it is advertising in a story's dress.
    pub sponsored: bool,
    /// The news agency that the story names as its own source, by its usual name.
    pub agency: Option<String>,
    /// Every value above as found, with its source.
    pub fields: Vec<FieldValue>,
}

/// The article of one page: what a reader wants, and what was taken out to get there.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// Metadata and its sources.
    pub meta: Metadata,
    /// The text, block by block, in order.
    pub blocks: Vec<Block>,
    /// What was taken out of the body, in order.
    pub removed: Vec<Removal>,
    /// Images of the story, in order.
    pub images: Vec<Image>,
    /// What found the body.
    pub extractor: Extractor,
    /// Name of the layout, where a rule found the body.
    pub layout: Option<String>,
    /// Confidence in the text, 0 to 1; a person would call a page below 0.5 bad.
    pub quality: f64,
}

impl Article {
    /// The text: all blocks, list items and table rows too, joined by one blank line.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for block in &self.blocks {
            if !out.is_empty() {
                out.push_str("\n\n");
            }
            out.push_str(&block.text);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Category;

    #[test]
    fn the_word_in_rule_files_is_the_word_in_sql() {
        for category in Category::ALL {
            assert_eq!(serde_json::to_value(category).unwrap(), category.as_str());
        }
    }
}
