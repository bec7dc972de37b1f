//! What a stored page takes: the table of docs/archive.md, measured on real pages.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use copydesk::sites::Sites;
use copydesk::store::{ArticleChange, Dictionary, MadeDictionary, Store, dictionary_bytes, packed_bytes};
use copydesk::warc;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::python;

/// The real pages. None, said aloud, where they are not there.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/realnews");
    let there = folder.join("manifest.jsonl").exists();
    if !there {
        eprintln!("skipped: no {}", folder.display());
    }
    there.then_some(folder)
}

/// Address and bytes of each page, by host.
fn pages(folder: &Path) -> BTreeMap<String, Vec<(String, Vec<u8>)>> {
    let mut hosts: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    for line in std::fs::read_to_string(folder.join("manifest.jsonl"))
        .unwrap()
        .lines()
    {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        let path = folder.join("pages").join(format!("{}.html.gz", text("id")));
        GzDecoder::new(std::fs::File::open(path).unwrap())
            .read_to_end(&mut bytes)
            .unwrap();
        let url = text("url");
        let host = url
            .split('/')
            .nth(2)
            .unwrap_or_default()
            .trim_start_matches("www.");
        hosts
            .entry(host.to_owned())
            .or_default()
            .push((url.clone(), bytes));
    }
    hosts
}

fn gzip_9(bytes: &[u8]) -> usize {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap().len()
}

/// Bytes of a page's records in a gzipped WARC file, as `export` writes it.
fn in_warc(url: &str, body: &[u8]) -> usize {
    let file = |bodies: &[&[u8]]| {
        let mut out = Vec::new();
        let mut warc = warc::Writer::begin(&mut out, true, "2026-11-25T00:00:00Z", "copydesk").unwrap();
        for body in bodies {
            let captured = warc::Captured {
                url: url.to_owned(),
                date: "2026-11-25T00:00:00Z".to_owned(),
                status: 200,
                headers: vec![("content-type".to_owned(), "text/html".to_owned())],
                body: body.to_vec(),
                ..warc::Captured::default()
            };
            warc.write(&captured).unwrap();
        }
        warc.end().unwrap();
        out.len()
    };
    file(&[body]) - file(&[])
}

/// Prints what each of these pages takes, on average.
fn tell(what: &str, pages: &[&(String, Vec<u8>)], each: impl Fn(&(String, Vec<u8>)) -> usize) {
    let begun = Instant::now();
    let sum: usize = pages.iter().map(|page| each(page)).sum();
    let took = begun.elapsed() / u32::try_from(pages.len()).unwrap();
    println!("| {what} | {} | {took:.1?} |", sum / pages.len());
}

fn joined<'a>(pages: impl IntoIterator<Item = &'a (String, Vec<u8>)>) -> Dictionary {
    Dictionary {
        bytes: pages.into_iter().flat_map(|(_, b)| b.iter().copied()).collect(),
        share: 0.0,
    }
}

/// What zstd's own trainer makes of the same pages, for one host and for all; arguments: the folder.
const TRAINED: &str = r#"
import collections, gzip, json, random, sys, urllib.parse, zstandard as z
hosts = collections.defaultdict(list)
for line in open(sys.argv[1] + '/manifest.jsonl'):
    row = json.loads(line)
    host = urllib.parse.urlsplit(row['url']).hostname.removeprefix('www.')
    hosts[host].append(gzip.open(f"{sys.argv[1]}/pages/{row['id']}.html.gz").read())
def pieces(pages, size=4096):
    return [p[i:i + size] for p in pages for i in range(0, len(p), size) if len(p) - i >= 64]
def packed(page, dictionary=None):
    return len(z.ZstdCompressor(level=6, dict_data=dictionary).compress(page))
several = [p for p in hosts.values() if len(p) > 1]
cases = [(page, [o for o in pages if o is not page]) for pages in several for page in pages]
for size in (112, 256):
    sizes = [packed(page, z.train_dictionary(size * 1024, pieces(others))) for page, others in cases]
    print(f'| trained, {size} KiB, on all others | {sum(sizes) // len(sizes)} |')
names = sorted(hosts)
random.Random(1).shuffle(names)
for size in (112, 1024):
    left_out = [p for n in names[::5] for p in hosts[n]]
    rest = [p for i, n in enumerate(names) if i % 5 for p in hosts[n]]
    shared = z.train_dictionary(size * 1024, pieces(rest, 16384)[:6000])
    with_, without = (sum(packed(p, d) for p in left_out) // len(left_out) for d in (shared, None))
    print(f'| one for all sites, trained, {size} KiB: pages of hosts left out | {with_}, without {without} |')
"#;

type Page = (String, Vec<u8>);

fn host(url: &str) -> &str {
    let host = url.split('/').nth(2).unwrap_or_default();
    host.trim_start_matches("www.")
}

/// The pages of papers whose rule files extend one family, with their hosts; families of two papers or more.
fn families(hosts: &BTreeMap<String, Vec<Page>>) -> BTreeMap<String, Vec<(&str, &Page)>> {
    let sites = Sites::builtin();
    let mut families: BTreeMap<String, Vec<(&str, &Page)>> = BTreeMap::new();
    for page in hosts.values().flatten() {
        let family = sites
            .for_url(&page.0.parse().unwrap())
            .and_then(|site| site.family.clone());
        if let Some(family) = family {
            families.entry(family).or_default().push((host(&page.0), page));
        }
    }
    families.retain(|_, pages| pages.iter().any(|(host, _)| *host != pages[0].0));
    families
}

/// The pages of a page's family that stand on other hosts.
fn sisters<'a>(families: &BTreeMap<String, Vec<(&'a str, &'a Page)>>, page: &Page) -> Vec<&'a Page> {
    let family = families
        .values()
        .find(|pages| pages.iter().any(|(_, p)| p.0 == page.0));
    let others = family
        .into_iter()
        .flatten()
        .filter(|(other, _)| *other != host(&page.0));
    others.map(|(_, page)| *page).collect()
}

/// cargo test --test it -- --ignored --nocapture bytes_of_a_stored_page
#[test]
#[ignore = "measures; prints the table of docs/archive.md"]
fn bytes_of_a_stored_page() {
    let Some(folder) = folder() else { return };
    let hosts = pages(&folder);
    let all: Vec<_> = hosts.values().flatten().collect();
    let several: Vec<_> = hosts.values().filter(|p| p.len() > 1).collect();
    let of_several: Vec<_> = several.iter().copied().flatten().collect();
    let host = |url: &str| {
        let host = url.split('/').nth(2).unwrap_or_default();
        &hosts[host.trim_start_matches("www.")]
    };
    for (name, pages) in [("all", &all), ("of hosts with several", &of_several)] {
        println!("\n{} pages {name}, bytes a page", pages.len());
        tell("as fetched", pages, |(_, b)| b.len());
        tell("gzip -9", pages, |(_, b)| gzip_9(b));
        tell("WARC, gzipped", pages, |(url, b)| in_warc(url, b));
        tell("copydesk, without dictionary", pages, |(_, b)| {
            packed_bytes(b, None)
        });
    }
    println!(
        "\n{} hosts; every page packed with others of its host",
        several.len()
    );
    // Each page is left out of the dictionary it is packed with.
    tell("one other page", &of_several, |(url, b)| {
        let other = host(url).iter().find(|(other, _)| other != url);
        packed_bytes(b, Some(&joined(other)))
    });
    tell("all others", &of_several, |(url, b)| {
        let others = host(url).iter().filter(|(other, _)| other != url);
        packed_bytes(b, Some(&joined(others)))
    });
    tell(
        "all pages: others of the host, where there are any",
        &all,
        |(url, b)| {
            let others: Vec<_> = host(url).iter().filter(|(other, _)| other != url).collect();
            match others.as_slice() {
                [] => packed_bytes(b, None),
                others => packed_bytes(b, Some(&joined(others.iter().copied()))),
            }
        },
    );
    let more: Vec<_> = several
        .iter()
        .filter(|p| p.len() > 2)
        .copied()
        .flatten()
        .collect();
    println!("\n{} pages of hosts with three or four", more.len());
    tell("without", &more, |(_, b)| packed_bytes(b, None));
    for most in 1..=2 {
        tell(&format!("{most} others"), &more, |(url, b)| {
            let others = host(url).iter().filter(|(other, _)| other != url).take(most);
            packed_bytes(b, Some(&joined(others)))
        });
    }
    tell("a dictionary of one page", &of_several, |page| {
        dictionary_bytes(&joined([page]))
    });
    let several_hosts = families(&hosts);
    let sum: usize = several_hosts.values().map(Vec::len).sum();
    println!(
        "\n{sum} pages of {} families of papers that share a site's make-up",
        several_hosts.len()
    );
    let of_family: Vec<_> = several_hosts.values().flatten().map(|(_, page)| *page).collect();
    tell("WARC, gzipped", &of_family, |(url, b)| in_warc(url, b));
    tell("gzip -9", &of_family, |(_, b)| gzip_9(b));
    tell("without", &of_family, |(_, b)| packed_bytes(b, None));
    tell("all pages of the family's other papers", &of_family, |page| {
        packed_bytes(&page.1, Some(&joined(sisters(&several_hosts, page))))
    });
    println!("\nzstd's own trainer, on the pages of hosts with several");
    if let Some(table) = python(TRAINED, &[folder.to_str().unwrap()]) {
        print!("{table}");
    }
}

/// How long a page waits for the writer, before, while and after a dictionary is made for another site, and
/// what making it and packing the first page with it take.
///
/// cargo test --test it -- --ignored --nocapture a_dictionary_in_the_making
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; the figures of docs/archive.md"]
async fn a_dictionary_in_the_making_keeps_no_page_waiting() {
    let Some(folder) = folder() else { return };
    let mut hosts = pages(&folder);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copydesk.db");
    let (writer, run) = crate::store::writer(&path).await;
    let store = async |site: &str, (url, body): &Page| {
        let mut write = crate::store::story(run, url, url);
        if let ArticleChange::New(article) = &mut write.article {
            article.site = site.to_owned();
            // Too short to be compared with other papers' stories.
            article.article.blocks.truncate(1);
        }
        write.site = Some(site.to_owned());
        write.body = Some(body.clone());
        let begun = Instant::now();
        writer.record_page(write).await.unwrap();
        begun.elapsed()
    };
    // Two hosts' pages as one site's: two kinds of pages, as a site has them.
    let paper: Vec<Page> = ["latimes.com", "bbc.com"]
        .iter()
        .flat_map(|host| hosts.remove(*host).unwrap())
        .collect();
    let bytes: usize = paper.iter().map(|(_, body)| body.len()).sum();
    println!(
        "a dictionary for {} pages of {} bytes each",
        paper.len(),
        bytes / paper.len()
    );
    let others: Vec<Page> = hosts.into_values().flatten().collect();
    let mut others = others.chunks(150);
    for told in ["before", "while it is made and put in", "after"] {
        if told.starts_with("while") {
            for page in &paper[..7] {
                store("paper", page).await;
            }
            // The eighth page makes the site due.
            println!(
                "the page that makes it due waits {:.1?}",
                store("paper", &paper[7]).await
            );
        }
        let mut waits = Vec::new();
        for page in others.next().unwrap() {
            waits.push(store(host(&page.0), page).await);
        }
        waits.sort_unstable();
        println!(
            "{told}: a page waits {:.1?}, the longest {:.1?}",
            waits[waits.len() / 2],
            waits[waits.len() - 1]
        );
    }
    for which in ["first", "second"] {
        let page = (
            format!("https://www.bbc.com/{which}"),
            [&paper[7].1[..], which.as_bytes()].concat(),
        );
        println!(
            "the {which} page packed with it waits {:.1?}",
            store("paper", &page).await
        );
    }
    let reader = Store::open(&path).unwrap().reader().unwrap();
    let begun = Instant::now();
    let made = MadeDictionary::of(&reader, "paper", jiff::Timestamp::UNIX_EPOCH)
        .unwrap()
        .unwrap();
    println!("making it takes {:.1?}", begun.elapsed());
    let begun = Instant::now();
    writer.keep_dictionary(made).await.unwrap();
    println!("putting it in takes {:.1?}", begun.elapsed());
    writer.close().await.unwrap();
}
