//! RSS 0.9–2.0 and Atom, entry by entry. Owns which of an entry's many addresses is the story's;
//! JSON Feed is in `json_feed`.
//!
//! Own reader, not a crate: the field's customary one (feed-rs 3.0) panics on an author written
//! `編集部／desk@paper.example` and on an encoding declared after blank lines, refuses `<rss>` without a
//! version, and gives up the whole feed for one fault. Here an entry at most is lost.

use quick_xml::events::BytesStart;
use url::Url;

use super::xml::{self, Step, Walk};
use super::{DiscoverError, Entry, Gather, When};

/// Longest value of a field that is read, in bytes; what is beyond is not looked at.
const MAX_FIELD_BYTES: usize = 4 * 1024;

/// A value that an entry gives as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Link,
    /// The address before a counting service wrapped it (FeedBurner, Pheedo).
    Origin,
    Id,
    Published,
    Updated,
}

/// An entry while it is read. Addresses by descending trust.
#[derive(Debug, Default)]
struct Item {
    depth: usize,
    prefix: String,
    base: Option<Url>,
    origin: Option<String>,
    page_link: Option<String>,
    link: Option<String>,
    id: Option<String>,
    entry: Entry,
}

/// Reads all entries that are complete.
pub(super) fn read(text: &str, gather: &mut Gather<'_>) -> Result<(), DiscoverError> {
    let mut walk = Walk::new(text);
    let mut base = gather.url.clone();
    let mut item: Option<Item> = None;
    let mut field: Option<(Field, usize, String)> = None;
    loop {
        let step = walk.step().map_err(|_| DiscoverError::TooDeep {
            url: gather.url.clone(),
        })?;
        let depth = walk.path().len();
        match step {
            None => break,
            Some(Step::Text(piece)) => {
                if let Some((.., value)) = &mut field
                    && value.len() < MAX_FIELD_BYTES
                {
                    value.push_str(&piece[..piece.floor_char_boundary(MAX_FIELD_BYTES)]);
                }
            }
            Some(Step::Open(start)) => {
                let Some(name) = walk.path().last() else { continue };
                match &mut item {
                    None if matches!(name.local.as_str(), "item" | "entry") => {
                        item = Some(Item {
                            depth,
                            prefix: name.prefix.clone(),
                            base: own_base(&start, &base),
                            // RSS 1.0 names the story here too.
                            id: xml::attribute(&start, "rdf:about"),
                            ..Item::default()
                        });
                    }
                    None if depth == 1 => base = own_base(&start, &base).unwrap_or(base),
                    Some(item) if depth == item.depth + 1 => {
                        if name.local == "link" && item.take_link(&start, &name.prefix) {
                            continue;
                        }
                        field = field_of(&name.local, &name.prefix, item).map(|f| (f, depth, String::new()));
                    }
                    _ => {}
                }
            }
            Some(Step::Close) => {
                if let Some((kind, _, value)) = field.take_if(|(_, at, _)| *at == depth)
                    && let Some(item) = &mut item
                {
                    item.set(kind, &value);
                }
                if let Some(item) = item.take_if(|item| item.depth == depth) {
                    let base = item.base.as_ref().unwrap_or(&base).clone();
                    gather.entry(&base, item.finish());
                }
            }
        }
    }
    if let Some(trouble) = walk.trouble() {
        gather.note(trouble);
    }
    Ok(())
}

/// `xml:base` of an element, resolved.
fn own_base(start: &BytesStart<'_>, base: &Url) -> Option<Url> {
    base.join(&xml::attribute(start, "xml:base")?).ok()
}

/// Which field a child of an entry is. `media:title` and `itunes:title` are not the entry's title:
/// names of the formats themselves count only with the entry's own prefix.
fn field_of(local: &str, prefix: &str, item: &Item) -> Option<Field> {
    let own = prefix == item.prefix || prefix == "atom";
    match local {
        "title" if own => Some(Field::Title),
        "link" if own => Some(Field::Link),
        "guid" | "id" if own => Some(Field::Id),
        "origLink" => Some(Field::Origin),
        // With Dublin Core's `dc:date` and `dcterms:created`, and Atom 0.3's `issued`.
        "pubDate" | "published" | "date" | "issued" | "created" => Some(Field::Published),
        "updated" | "modified" => Some(Field::Updated),
        _ => None,
    }
}

impl Item {
    /// Takes Atom's `<link href>`, which RSS entries carry too. False where the link is RSS's own,
    /// whose address is its text.
    fn take_link(&mut self, start: &BytesStart<'_>, prefix: &str) -> bool {
        let Some(href) = xml::attribute(start, "href") else {
            return prefix != self.prefix;
        };
        let rel = xml::attribute(start, "rel").unwrap_or_default();
        let kind = xml::attribute(start, "type").unwrap_or_default();
        match rel.as_str() {
            "alternate" | "" if matches!(kind.as_str(), "" | "text/html" | "application/xhtml+xml") => {
                self.page_link.get_or_insert(href);
            }
            "alternate" | "" => {
                self.link.get_or_insert(href);
            }
            // The feed itself, comments, enclosures: not the story.
            _ => {}
        }
        true
    }

    fn set(&mut self, field: Field, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        match field {
            Field::Title if self.entry.title.is_empty() => self.entry.title = value.to_owned(),
            Field::Title => {}
            Field::Link => _ = self.link.get_or_insert_with(|| value.to_owned()),
            Field::Origin => _ = self.origin.get_or_insert_with(|| value.to_owned()),
            Field::Id => self.id = Some(value.to_owned()),
            Field::Published => self.entry.published = self.entry.published.or_else(|| When::parse(value)),
            Field::Updated => self.entry.lastmod = self.entry.lastmod.max(When::parse(value)),
        }
    }

    fn finish(self) -> Entry {
        let id = self.id.filter(|id| is_address(id));
        Entry {
            address: self
                .origin
                .filter(|origin| is_address(origin))
                .or(self.page_link)
                .or(self.link)
                .or(id)
                .unwrap_or_default(),
            ..self.entry
        }
    }
}

/// Whether an identifier is an address that can be fetched: many are, none need be.
pub(super) fn is_address(id: &str) -> bool {
    id.starts_with("http://") || id.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::super::{Listing, ListingKind};
    use super::*;

    fn read(text: &str) -> Listing {
        let url = Url::parse("https://news.example/feeds/all.xml").unwrap();
        super::super::read(ListingKind::Feed, text, &url).unwrap()
    }

    fn urls(listing: &Listing) -> Vec<&str> {
        listing.candidates.iter().map(|c| c.url.as_str()).collect()
    }

    #[test]
    fn rss_gives_address_title_and_date() {
        let listing = read(
            r#"<?xml version="1.0"?><rss version="2.0" xmlns:media="m" xmlns:atom="a"><channel>
            <title>The paper</title><link>https://news.example/</link>
            <atom:link href="https://news.example/feeds/all.xml" rel="self"/>
            <item><media:title>A picture</media:title><title><![CDATA[Tea &amp; cake]]></title>
              <link> /2026/tea </link><guid isPermaLink="false">77</guid>
              <media:content url="https://cdn.example/a.jpg"><media:title>No</media:title></media:content>
              <source url="https://other.example/feed"><title>Other</title></source>
              <author>編集部／desk@news.example</author>
              <pubDate>Mon, 23 Nov 2026 07:30:00 +0100</pubDate></item>
            </channel></rss>"#,
        );
        assert_eq!(urls(&listing), ["https://news.example/2026/tea"]);
        let story = &listing.candidates[0];
        assert_eq!(story.title.as_deref(), Some("Tea & cake"));
        assert_eq!(story.published.unwrap().to_text(), "2026-11-23T06:30:00Z");
        assert_eq!((story.lastmod, listing.dropped), (None, 0));
        assert!(listing.notes.is_empty());
    }

    #[test]
    fn atom_gives_the_page_and_not_its_other_links() {
        let listing = read(
            r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.example/blog/">
            <link rel="self" href="https://news.example/feeds/all.xml"/>
            <entry><id>tag:news.example,2026:1</id>
              <title type="xhtml"><div>Two <em>ships</em></div></title>
              <link rel="replies" href="one/comments"/><link rel="enclosure" href="one.mp3"/>
              <link rel="alternate" type="application/json" href="one.json"/>
              <link rel="alternate" type="text/html" href="one"/>
              <published>2026-11-22T10:00:00Z</published><updated>2026-11-23T10:00:00Z</updated>
              <source><id>https://other.example/</id><updated>2027-01-01T00:00:00Z</updated></source></entry>
            <entry xml:base="../live/"><link href="two"/><updated>2026-11-23T11:00:00Z</updated></entry>
            </feed>"#,
        );
        assert_eq!(
            urls(&listing),
            ["https://news.example/blog/one", "https://news.example/live/two"]
        );
        let story = &listing.candidates[0];
        assert_eq!(story.title.as_deref(), Some("Two ships"));
        assert_eq!(story.published.unwrap().to_text(), "2026-11-22T10:00:00Z");
        assert_eq!(story.lastmod.unwrap().to_text(), "2026-11-23T10:00:00Z");
        assert_eq!(listing.candidates[1].published, None);
    }

    #[test]
    fn older_formats_and_other_prefixes_are_read() {
        let rdf = r#"<rdf:RDF xmlns="http://purl.org/rss/1.0/"><channel><title>x</title></channel>
            <item rdf:about="https://news.example/1"><title>One</title><dc:date>2026-11-23</dc:date></item></rdf:RDF>"#;
        let listing = read(rdf);
        assert_eq!(urls(&listing), ["https://news.example/1"]);
        assert!(listing.candidates[0].published.unwrap().day_only);
        let prefixed = r#"<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>T</a:title>
            <a:link href="https://news.example/2"/></a:entry></a:feed>"#;
        assert_eq!(read(prefixed).candidates[0].title.as_deref(), Some("T"));
        assert_eq!(
            urls(&read(
                "<rss><channel><item><link>/3</link></item></channel></rss>"
            ))
            .len(),
            1
        );
    }

    #[test]
    fn an_entry_without_a_link_is_found_by_its_id_or_counted() {
        let listing = read(
            "<rss><channel><item><guid>https://news.example/by-guid</guid></item>
            <item><title>none</title><guid>42</guid></item>
            <item><link></link></item><item><link>javascript:alert(1)</link></item>
            <item><link>https://feeds.example/~r/x/1</link>
              <feedburner:origLink>https://news.example/origin</feedburner:origLink></item></channel></rss>",
        );
        assert_eq!(
            urls(&listing),
            ["https://news.example/by-guid", "https://news.example/origin"]
        );
        assert_eq!(listing.dropped, 3);
    }

    #[test]
    fn a_bare_ampersand_does_not_cost_the_feed() {
        let listing = read(
            "<rss version=\"2.0\"><channel><item><title>Q & A: R&D at AT&T</title>
            <link>https://news.example/q?a=1&b=2</link></item>
            <item><title>Next</title><link>https://news.example/next?a=1&amp;b=2</link></item></channel></rss>",
        );
        assert_eq!(
            urls(&listing),
            [
                "https://news.example/q?a=1&b=2",
                "https://news.example/next?a=1&b=2"
            ]
        );
        assert_eq!(listing.candidates[0].title.as_deref(), Some("Q & A: R&D at AT&T"));
    }

    #[test]
    fn a_cut_tail_keeps_what_was_complete() {
        let listing = read(
            "<rss><channel><item><link>https://news.example/1</link></item>
            <item><link>https://news.example/2</link><title>Half a ti",
        );
        assert_eq!(urls(&listing), ["https://news.example/1"]);
        assert!(
            listing.notes[0].starts_with("cut off at byte"),
            "{:?}",
            listing.notes
        );
    }

    #[test]
    fn a_broken_entry_costs_only_itself() {
        let listing = read(
            "<rss><channel><item><title>5 < 6</title><link>https://news.example/1</link></item>
            <item><title>Fine</title><link>https://news.example/2</link></item></channel></rss>",
        );
        assert!(urls(&listing).contains(&"https://news.example/2"));
    }

    #[test]
    fn entities_of_a_document_are_not_expanded() {
        let listing = read(
            r#"<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
            <rss><channel><item><title>&b;&b;</title><link>https://news.example/1</link></item></channel></rss>"#,
        );
        assert_eq!(listing.candidates[0].title.as_deref(), Some("&b;&b;"));
    }

    #[test]
    fn nesting_beyond_any_feed_is_refused() {
        let url = Url::parse("https://news.example/").unwrap();
        let deep = format!("<rss><channel><item>{}", "<b>".repeat(200_000));
        let error = super::super::read(ListingKind::Feed, &deep, &url).unwrap_err();
        assert!(matches!(error, DiscoverError::TooDeep { .. }));
    }
}
