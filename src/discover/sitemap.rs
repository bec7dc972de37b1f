//! Sitemaps (sitemaps.org): URL sets, indexes, Google's news extension, and lists of one address a
//! line. Owns what each element means; images, videos and other languages are passed over.

use super::xml::{Step, Walk};
use super::{DiscoverError, Entry, Gather, When};

/// Longest value that is read, in bytes.
const MAX_VALUE_BYTES: usize = 4 * 1024;

/// Reads all entries that are complete, of a set or an index.
pub(super) fn read(text: &str, gather: &mut Gather<'_>) -> Result<(), DiscoverError> {
    let mut walk = Walk::new(text);
    let base = gather.url.clone();
    let mut entry = Entry::default();
    let mut value = String::new();
    loop {
        let step = walk.step().map_err(|_| DiscoverError::TooDeep {
            url: gather.url.clone(),
        })?;
        match step {
            None => break,
            Some(Step::Text(piece)) => {
                if value.len() < MAX_VALUE_BYTES {
                    value.push_str(&piece[..piece.floor_char_boundary(MAX_VALUE_BYTES)]);
                }
            }
            Some(Step::Open(_)) => {
                value.clear();
                if matches!(walk.path(), [_, name] if matches!(name.local.as_str(), "url" | "sitemap")) {
                    entry = Entry::default();
                }
            }
            Some(Step::Close) => {
                let names: Vec<&str> = walk.path().iter().map(|n| n.local.as_str()).collect();
                match names[..] {
                    [.., "url" | "sitemap", "loc"] => entry.address = value.trim().to_owned(),
                    [.., "url" | "sitemap", "lastmod"] => entry.lastmod = When::parse(&value),
                    [.., "url", "news", "publication_date"] => entry.published = When::parse(&value),
                    [.., "url", "news", "title"] => entry.title = std::mem::take(&mut value),
                    [_, "url"] => gather.entry(&base, std::mem::take(&mut entry)),
                    [_, "sitemap"] => gather.child(&entry.address, entry.lastmod),
                    _ => {}
                }
                value.clear();
            }
        }
    }
    if let Some(trouble) = walk.trouble() {
        gather.note(trouble);
    }
    Ok(())
}

/// Reads a list of one address a line.
pub(super) fn read_list(text: &str, gather: &mut Gather<'_>) {
    let base = gather.url.clone();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !super::feed::is_address(line) {
            gather.listing.dropped += 1;
            continue;
        }
        gather.entry(
            &base,
            Entry {
                address: line.to_owned(),
                ..Entry::default()
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::{Listing, ListingKind, MAX_CANDIDATES, MAX_CHILDREN};

    fn read(text: &str) -> Listing {
        let url = Url::parse("https://news.example/sitemap.xml").unwrap();
        super::super::read(ListingKind::Sitemap, text, &url).unwrap()
    }

    #[test]
    fn a_news_sitemap_gives_date_and_title_of_the_story_alone() {
        let listing = read(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="news" xmlns:image="i" xmlns:video="v">
            <url><loc><![CDATA[https://news.example/a?x=1&y=2]]></loc>
              <n:news><n:publication><n:name>Paper</n:name><n:language>en</n:language></n:publication>
                <n:publication_date>2026-11-22T22:10:00-05:00</n:publication_date><n:title>R&amp;D</n:title></n:news>
              <image:image><image:loc>https://cdn.example/1.jpg</image:loc><image:title>Picture</image:title></image:image>
              <video:video><video:publication_date>2001-01-01</video:publication_date></video:video>
              <lastmod>2026-11-23</lastmod></url>
            <url><loc> https://news.example/b </loc><lastmod>last Tuesday</lastmod></url>
            </urlset>"#,
        );
        let [a, b] = &listing.candidates[..] else {
            panic!("{listing:?}")
        };
        assert_eq!(a.url.as_str(), "https://news.example/a?x=1&y=2");
        assert_eq!(a.published.unwrap().to_text(), "2026-11-23T03:10:00Z");
        assert_eq!(a.lastmod.unwrap().to_text(), "2026-11-23");
        assert_eq!(a.title.as_deref(), Some("R&D"));
        assert_eq!((b.published, b.lastmod, b.title.as_deref()), (None, None, None));
    }

    #[test]
    fn an_index_gives_its_sitemaps_once_each_and_never_itself() {
        let listing = read(
            "<sitemapindex><sitemap><loc>https://news.example/1.xml.gz</loc><lastmod>2026-11-23</lastmod></sitemap>
            <sitemap><loc>https://news.example/1.xml.gz</loc></sitemap>
            <sitemap><loc>https://news.example/sitemap.xml</loc></sitemap>
            <sitemap><loc>ftp://news.example/2.xml</loc></sitemap></sitemapindex>",
        );
        assert_eq!(listing.children.len(), 1);
        assert_eq!(listing.children[0].1.unwrap().to_text(), "2026-11-23");
        assert_eq!((listing.dropped, listing.notes.len()), (1, 1));
    }

    #[test]
    fn entries_and_children_over_the_limits_are_counted() {
        let urls: String = (0..MAX_CANDIDATES + 3)
            .map(|n| format!("<url><loc>https://news.example/{n}</loc></url>"))
            .collect();
        let listing = read(&format!("<urlset>{urls}</urlset>"));
        assert_eq!((listing.candidates.len(), listing.dropped), (MAX_CANDIDATES, 3));
        let maps: String = (0..100_000)
            .map(|n| format!("<sitemap><loc>https://news.example/{n}.xml</loc></sitemap>"))
            .collect();
        let listing = read(&format!("<sitemapindex>{maps}</sitemapindex>"));
        assert_eq!(
            (listing.children.len(), listing.dropped),
            (MAX_CHILDREN, 100_000 - MAX_CHILDREN)
        );
    }

    #[test]
    fn a_cut_sitemap_keeps_what_was_complete() {
        let listing = read("<urlset><url><loc>https://news.example/1</loc></url><url><loc>https://news.exa");
        assert_eq!(listing.candidates.len(), 1);
        assert!(listing.notes[0].starts_with("cut off"));
    }

    #[test]
    fn a_list_of_addresses_is_a_sitemap_too() {
        let listing = read("\u{feff}https://news.example/1\r\n\nhttps://news.example/2\n# not one\n");
        assert_eq!((listing.candidates.len(), listing.dropped), (2, 1));
    }

    #[test]
    fn an_entry_without_an_address_is_counted_and_does_not_borrow_one() {
        let listing = read(
            "<urlset><url><loc>https://news.example/1</loc></url><url><lastmod>2026</lastmod></url></urlset>",
        );
        assert_eq!((listing.candidates.len(), listing.dropped), (1, 1));
    }
}
