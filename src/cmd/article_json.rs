//! The article as one JSON object: the contract of `extract --jsonl` and `--format json`. All keys
//! are always there, null or empty where nothing is known.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::article::{Access, Category, Extractor, Image};
use crate::outcome::Outcome;
use crate::pipeline::reading::Reading;
use crate::text;

/// One line of `extract --jsonl`.
#[derive(Debug, Serialize)]
pub(super) struct ArticleJson {
    id: Value,
    url: Option<String>,
    canonical_url: Option<String>,
    title: Option<String>,
    subtitle: Option<String>,
    byline: Option<String>,
    authors: Vec<String>,
    agency: Option<String>,
    published: Option<String>,
    modified: Option<String>,
    section: Option<String>,
    keywords: Vec<String>,
    language: Option<String>,
    access: Access,
    sponsored: bool,
    text: String,
    word_count: usize,
    lead_image: Option<String>,
    images: Vec<Image>,
    outcome: Outcome,
    reason: Option<String>,
    site: Option<String>,
    layout: Option<String>,
    extractor: Option<Extractor>,
    quality: Option<f64>,
    /// Number of blocks taken out, by category.
    removed: BTreeMap<Category, usize>,
}

impl ArticleJson {
    /// The object of a page that was read.
    pub(super) fn new(id: Value, reading: Reading) -> Self {
        let mut json = Self::failed(id, reading.outcome, reading.reason);
        json.url = reading.url.map(Into::into);
        json.site = reading.rules.site().map(|s| s.id.clone());
        let Some(extraction) = reading.extraction else {
            return json;
        };
        let article = extraction.article;
        json.text = article.text();
        json.word_count = text::word_count(&json.text);
        for removal in &article.removed {
            *json.removed.entry(removal.category).or_default() += 1;
        }
        let meta = article.meta;
        Self {
            canonical_url: meta.canonical_url,
            title: meta.title,
            subtitle: meta.subtitle,
            byline: meta.byline,
            authors: meta.authors,
            agency: meta.agency,
            published: meta.published,
            modified: meta.modified,
            section: meta.section,
            keywords: meta.keywords,
            language: meta.language,
            access: meta.access,
            sponsored: meta.sponsored,
            lead_image: meta.lead_image,
            images: article.images,
            layout: article.layout,
            extractor: Some(article.extractor),
            quality: Some(article.quality),
            ..json
        }
    }

    /// Whether there was nothing to read.
    pub(super) fn has_failed(&self) -> bool {
        self.outcome == Outcome::Failed
    }

    /// The object of a page that could not be read.
    pub(super) fn failed(id: Value, outcome: Outcome, reason: Option<String>) -> Self {
        Self {
            id,
            url: None,
            canonical_url: None,
            title: None,
            subtitle: None,
            byline: None,
            authors: Vec::new(),
            agency: None,
            published: None,
            modified: None,
            section: None,
            keywords: Vec::new(),
            language: None,
            access: Access::Unknown,
            sponsored: false,
            text: String::new(),
            word_count: 0,
            lead_image: None,
            images: Vec::new(),
            outcome,
            reason,
            site: None,
            layout: None,
            extractor: None,
            quality: None,
            removed: BTreeMap::new(),
        }
    }
}
