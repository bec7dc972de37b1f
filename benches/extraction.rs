//! Generic extraction beside the parser alone, over the real pages of one set, one thread: what
//! counts is the ratio of the two, measured in the same run. Then each page of all sets by itself:
//! no page may cost more than [`MAX_SECONDS`] and [`MAX_MEMORY_BYTES`].
//!
//!     cargo bench --bench extraction
//!
//! The pages are read from `../shared/realnews` (a capture folder whose manifest names sets);
//! without it there is nothing to measure, and the bench says so.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

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
/// Rounds of the comparison.
const ROUNDS: usize = 9;
/// Most time that any page may take.
const MAX_SECONDS: f64 = 0.5;
/// Most memory that the whole program may use while it reads any page.
const MAX_MEMORY_BYTES: u64 = 200 * 1024 * 1024;

/// A page: its name, address and bytes, and their text.
struct Fetched {
    id: String,
    url: Option<Url>,
    bytes: Vec<u8>,
    text: String,
}

/// Pages of a set, or of all of them, one after another.
fn pages(set: Option<&str>) -> impl Iterator<Item = Fetched> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/realnews");
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap_or_default();
    let rows: Vec<(String, Option<Url>)> = manifest
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|row| set.is_none_or(|set| row["set"] == set))
        .filter_map(|row| {
            let url = row["url"].as_str().and_then(|url| Url::parse(url.trim()).ok());
            Some((row["id"].as_str()?.to_owned(), url))
        })
        .collect();
    rows.into_iter().filter_map(move |(id, url)| {
        let raw = std::fs::read(folder.join("pages").join(format!("{id}.html.gz"))).ok()?;
        let bytes = decode::gunzip(&raw, MAX_BYTES).ok()?.into_owned();
        let host = url.as_ref().and_then(Url::host_str);
        let text = decode::decode(&bytes, None, host).text;
        Some(Fetched { id, url, bytes, text })
    })
}

/// The parser as it comes, without any limits.
fn parse(page: &Fetched) {
    black_box(scraper::Html::parse_document(&page.text));
}

/// Everything from bytes to article.
fn whole(page: &Fetched, rules: &RuleSet) {
    let url = page.url.as_ref();
    let text = decode::decode(&page.bytes, None, url.and_then(Url::host_str)).text;
    black_box(extract::extract(Page { html: &text, url }, rules, None).is_ok());
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Work that this thread did so far, in seconds: what others do on the machine meanwhile does not count.
/// Linux tells it to a few milliseconds; elsewhere it is the time that passed.
fn worked(start: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |n| n / 1e9)
}

/// Each of three over all pages, in turn and several times: the middle of each one's times counts. All
/// free what they made.
fn compare(pages: &[Fetched], rules: &RuleSet) {
    let limited = |page: &Fetched| drop(black_box(Dom::parse(&page.text)));
    let works: [&dyn Fn(&Fetched); 3] = [&parse, &limited, &|page| whole(page, rules)];
    let mut times: [Vec<f64>; 3] = Default::default();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        for (work, times) in works.iter().zip(&mut times) {
            let before = worked(start);
            pages.iter().for_each(work);
            times.push(worked(start) - before);
        }
    }
    let [alone, limited, all] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2] / pages.len() as f64 * 1000.0
    });
    println!(
        "{} pages of {SET}, mean: parser {alone:.2} ms, with limits {limited:.2} ms, extraction {all:.2} ms; \
         ratio {:.2}",
        pages.len(),
        all / alone
    );
}

/// The slowest page and the most memory, of all pages.
fn costliest(rules: &RuleSet) {
    let (mut slowest, mut largest) = ((0.0, String::new()), (0, String::new()));
    let mut count = 0;
    for page in pages(None) {
        // Linux forgets its highest mark where this is written to.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let time = (0..2)
            .map(|_| seconds(|| whole(&page, rules)))
            .fold(f64::MAX, f64::min);
        slowest = if time > slowest.0 {
            (time, page.id.clone())
        } else {
            slowest
        };
        let memory = peak_bytes().unwrap_or_default();
        largest = if memory > largest.0 {
            (memory, page.id)
        } else {
            largest
        };
        count += 1;
    }
    let mib = largest.0 / 1024 / 1024;
    println!(
        "{count} pages: the slowest, {}, takes {:.3} s; the most memory is {mib} MiB, with {}",
        slowest.1, slowest.0, largest.1
    );
    assert!(slowest.0 <= MAX_SECONDS && largest.0 <= MAX_MEMORY_BYTES);
}

/// The most memory that this process had at once; known on Linux only.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn extraction(c: &mut Criterion) {
    let rules = RuleSet::new(None, Sites::builtin().common());
    let pages: Vec<Fetched> = pages(Some(SET)).collect();
    if pages.is_empty() {
        eprintln!("skipped: no pages of set {SET} in ../shared/realnews");
        return;
    }
    compare(&pages, &rules);
    let mut group = c.benchmark_group(format!("{} pages of {SET}", pages.len()));
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("parse alone", |b| b.iter(|| pages.iter().for_each(parse)));
    group.bench_function("generic extraction with metadata", |b| {
        b.iter(|| pages.iter().for_each(|page| whole(page, &rules)));
    });
    group.finish();
    drop(pages);
    costliest(&rules);
}

criterion_group!(benches, extraction);
criterion_main!(benches);
