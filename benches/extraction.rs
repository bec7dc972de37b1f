//! Generic extraction beside the parser alone, over the real pages of one set, one thread: what
//! counts is the ratio of the two, measured in the same run.
//!
//!     cargo bench --bench extraction
//!
//! The pages are read from `../shared/realnews` (a capture folder whose manifest names sets);
//! without it there is nothing to measure, and the bench says so.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use copydesk::decode;
use copydesk::dom::Dom;
use copydesk::extract::{self, Page, RuleSet};
use copydesk::sites::Sites;
use criterion::{Criterion, criterion_group, criterion_main};
use url::Url;

/// The set of the manifest that is measured.
const SET: &str = "aeb";
/// Largest page read, in bytes.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// Pages of the set, decoded: the address and the HTML.
fn pages() -> Vec<(Option<Url>, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/realnews");
    let Ok(manifest) = std::fs::read_to_string(folder.join("manifest.jsonl")) else {
        return Vec::new();
    };
    manifest
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|row| row["set"] == SET)
        .filter_map(|row| {
            let path = folder
                .join("pages")
                .join(format!("{}.html.gz", row["id"].as_str()?));
            let raw = std::fs::read(path).ok()?;
            let bytes = decode::gunzip(&raw, MAX_BYTES).ok()?;
            let url = Url::parse(row["url"].as_str()?.trim()).ok();
            let host = url.as_ref().and_then(Url::host_str);
            Some((url.clone(), decode::decode(&bytes, None, host).text))
        })
        .collect()
}

fn extraction(c: &mut Criterion) {
    let pages = pages();
    if pages.is_empty() {
        eprintln!("skipped: no pages of set {SET} in ../shared/realnews");
        return;
    }
    let rules = RuleSet::new(None, Sites::builtin().common());
    let mut group = c.benchmark_group(format!("{} pages of {SET}", pages.len()));
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("parse alone", |b| {
        b.iter(|| {
            for (_, html) in &pages {
                black_box(Dom::parse(html).is_ok());
            }
        });
    });
    group.bench_function("generic extraction with metadata", |b| {
        b.iter(|| {
            for (url, html) in &pages {
                let page = Page {
                    html,
                    url: url.as_ref(),
                };
                black_box(extract::extract(page, &rules, None).is_ok());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, extraction);
criterion_main!(benches);
