//! From bytes to candidates, as the pipeline puts it together: unpack, decode, read. Uses the
//! sample newspaper, so its listings and its files cannot drift apart.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use copydesk::decode::{CharsetSource, decode, gunzip};
use copydesk::discover::{Listing, ListingKind, MAX_LISTING_BYTES, read};
use url::Url;

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(folder)
}

/// The file behind an address of the sample, as `data/README.md` says.
fn file_of(folder: &str, url: &Url) -> Option<PathBuf> {
    let host = data(folder).join(url.host_str()?);
    let path = url.path().trim_start_matches('/');
    let candidates = match path {
        "" => vec![host.join("index.html")],
        path => vec![host.join(path), host.join(format!("{path}.html"))],
    };
    candidates.into_iter().find(|file| file.is_file())
}

fn listing(kind: ListingKind, address: &str) -> Listing {
    let url = Url::parse(address).unwrap();
    let bytes = std::fs::read(file_of("sample", &url).unwrap()).unwrap();
    let decoded = decode(&bytes, None, url.host_str());
    let listing = read(kind, &decoded.text, &url).unwrap();
    assert!(listing.notes.is_empty(), "{address}: {:?}", listing.notes);
    assert_eq!((decoded.replaced, listing.dropped), (0, 0), "{address}");
    listing
}

fn without_file(listing: &Listing) -> Vec<&str> {
    let missing = |c: &&copydesk::discover::Candidate| file_of("sample", &c.url).is_none();
    listing
        .candidates
        .iter()
        .filter(missing)
        .map(|c| c.url.as_str())
        .collect()
}

#[test]
fn the_harbour_gazette_is_found_by_its_sitemaps() {
    let index = listing(ListingKind::Sitemap, "http://harbour-gazette.example/sitemap.xml");
    assert_eq!(index.children.len(), 2);
    let news = listing(ListingKind::Sitemap, index.children[0].0.as_str());
    assert_eq!(news.candidates.len(), 6);
    assert!(
        news.candidates
            .iter()
            .all(|c| c.published.is_some() && c.title.is_some())
    );
    assert_eq!(
        without_file(&news),
        ["http://harbour-gazette.example/story/regatta-called-off-for-lack-of-wind"],
        "one story is listed and gone"
    );
}

#[test]
fn the_lowland_post_is_found_by_its_feed() {
    let feed = listing(ListingKind::Feed, "http://lowland-post.example/feed.xml");
    assert_eq!(feed.candidates.len(), 6);
    assert_eq!(without_file(&feed), [""; 0]);
    let newest = &feed.candidates[0];
    assert_eq!(
        newest.url.as_str(),
        "http://lowland-post.example/drafts/election-results-template",
        "the feed's tracking parameters are gone, and it names a page that robots.txt denies"
    );
    assert_eq!(newest.published.unwrap().to_text(), "2026-11-19T18:00:00Z");
}

#[test]
fn the_tidenblatt_is_found_by_its_front_page_and_the_feed_it_names() {
    let front = listing(ListingKind::Section, "http://tidenblatt.example/");
    assert_eq!(front.feeds.len(), 1);
    let stories: BTreeSet<_> = front
        .candidates
        .iter()
        .filter(|c| file_of("sample", &c.url).is_some())
        .map(|c| c.title.clone().unwrap())
        .collect();
    assert_eq!(stories.len(), 4);
    assert!(
        front
            .candidates
            .iter()
            .any(|c| c.url.path() == "/intern/dienstplan.html")
    );
    let feed = listing(ListingKind::Feed, front.feeds[0].as_str());
    assert_eq!(feed.candidates.len(), 2);
    assert!(
        feed.candidates
            .iter()
            .all(|c| stories.contains(c.title.as_ref().unwrap()))
    );
    assert_eq!(
        feed.candidates[0].published.unwrap().to_text(),
        "2026-11-18T06:05:00Z"
    );
}

#[test]
fn the_later_edition_holds_only_files_that_differ() {
    let later = data("sample-later");
    let mut folders = vec![later.clone()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let before = data("sample").join(path.strip_prefix(&later).unwrap());
            assert_ne!(
                std::fs::read(&before).unwrap(),
                std::fs::read(&path).unwrap(),
                "{before:?}"
            );
            files += 1;
        }
    }
    assert_eq!(files, 3);
}

#[test]
fn a_packed_sitemap_in_an_old_charset_is_read() {
    let xml = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><urlset><url>\
               <loc>http://paper.example/stra\u{df}e</loc></url></urlset>";
    let latin: Vec<u8> = xml.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(&latin).unwrap();
    let packed = packer.finish().unwrap();

    let bytes = gunzip(&packed, MAX_LISTING_BYTES as u64).unwrap();
    let decoded = decode(&bytes, Some("application/x-gzip"), Some("paper.example"));
    assert_eq!(
        (decoded.charset, decoded.source),
        ("windows-1252", CharsetSource::Meta)
    );
    let url = Url::parse("http://paper.example/sitemap.xml.gz").unwrap();
    let listing = read(ListingKind::Sitemap, &decoded.text, &url).unwrap();
    assert_eq!(
        listing.candidates[0].url.as_str(),
        "http://paper.example/stra%C3%9Fe"
    );
}
