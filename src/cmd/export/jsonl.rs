//! JSON lines: an article a line, its provenance and what was taken out of it beside it.

use std::io::Write;

use serde_json::{Map, Value};

use crate::store::WholeArticle;

/// Columns of `articles` that tell by what and of what a text was made.
const PROVENANCE: &[&str] = &[
    "fetched_at",
    "fetch_id",
    "run_id",
    "html_sha256",
    "text_sha256",
    "extractor",
    "rule_file",
    "rule_sha256",
    "memory_sha256",
    "program_version",
    "layout",
];
/// Columns of `fetches` that go with them.
const EXCHANGE: &[&str] = &["final_url", "redirects", "status", "charset", "charset_source"];

/// Writes one article.
pub(super) fn write(out: &mut impl Write, whole: WholeArticle) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, &object(whole))?;
    out.write_all(b"\n")
}

fn object(whole: WholeArticle) -> Map<String, Value> {
    let mut object = whole.article;
    let mut provenance = Map::new();
    for name in PROVENANCE {
        let value = object.shift_remove(*name).unwrap_or_default();
        provenance.insert((*name).to_owned(), value);
    }
    let mut fetch = whole.fetch;
    provenance.insert(
        "requested_url".to_owned(),
        fetch.shift_remove("url").unwrap_or_default(),
    );
    for name in EXCHANGE {
        let value = fetch.shift_remove(*name).unwrap_or_default();
        provenance.insert((*name).to_owned(), value);
    }
    let list = |rows: Vec<Map<String, Value>>| Value::Array(rows.into_iter().map(Value::Object).collect());
    provenance.insert("further_pages".to_owned(), list(whole.pages));
    object.insert("images".to_owned(), list(whole.images));
    object.insert("removed".to_owned(), list(whole.removed));
    object.insert("fields".to_owned(), list(whole.fields));
    object.insert("provenance".to_owned(), provenance.into());
    object
}
