//! Whatever bytes a server sends as a listing or a page, copydesk answers, within its limits: no
//! panic, and every address it gives is one that may be fetched.

use copydesk::decode::{decode, gunzip, kind};
use copydesk::discover::{ListingKind, read};
use proptest::prelude::*;
use url::Url;

const KINDS: [ListingKind; 3] = [ListingKind::Feed, ListingKind::Sitemap, ListingKind::Section];

fn answers(text: &str) {
    let url = Url::parse("https://news.example/list").unwrap();
    for kind in KINDS {
        if let Ok(listing) = read(kind, text, &url) {
            for candidate in &listing.candidates {
                assert!(matches!(candidate.url.scheme(), "http" | "https"));
                assert_eq!(candidate.url, copydesk::address::canonical(candidate.url.clone()));
            }
        }
    }
}

/// Pieces that listings are made of, whole and broken.
fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "<?xml version='1.0' encoding='iso-8859-1'?>",
        "<rss version='2.0'>",
        "<feed xmlns='a'>",
        "<urlset>",
        "<sitemapindex>",
        "<channel>",
        "<item>",
        "</item>",
        "<entry xml:base='../b/'>",
        "</entry>",
        "<url>",
        "</url>",
        "<sitemap>",
        "</sitemap>",
        "<loc>",
        "</loc>",
        "<link>",
        "</link>",
        "<link href='/a' rel=alternate/>",
        "<title>",
        "</title>",
        "<guid>",
        "</guid>",
        "<pubDate>",
        "</pubDate>",
        "https://news.example/a?b=1&c",
        "Mon, 23 Nov 2026 7:00 MEZ",
        "2026-11-23T24:00+1",
        "&amp;",
        "&",
        "&#x110000;",
        "&#0;",
        "&b;",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<!x>",
        "<!DOCTYPE r [<!ENTITY b 'x'>]>",
        "<",
        "</",
        "/>",
        "\u{feff}",
        "\0",
        "／é",
        "<a href='//[::1'>",
        "<a href=x>",
        "</a>",
        "<base href='http://b.example/'>",
        "{\"items\":[",
        "{\"url\":\"/x\"}",
        "]}",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,8}"]
}

proptest! {
    #[test]
    fn no_listing_brings_discovery_down(pieces in prop::collection::vec(piece(), 0..40)) {
        answers(&pieces.concat());
    }

    #[test]
    fn a_listing_cut_anywhere_gives_only_entries_that_were_whole(cut in 0usize..400) {
        let whole: String = (0..5)
            .map(|n| format!("<item><title>Story {n}</title><link>https://news.example/story-{n}-end</link></item>"))
            .collect();
        let whole = format!("<rss><channel>{whole}</channel></rss>");
        let url = Url::parse("https://news.example/feed").unwrap();
        let text = &whole[..cut.min(whole.len())];
        if let Ok(listing) = read(ListingKind::Feed, text, &url) {
            prop_assert_eq!(listing.candidates.len(), text.matches("</item>").count());
            for candidate in &listing.candidates {
                prop_assert!(candidate.url.path().ends_with("-end"));
            }
        }
    }

    #[test]
    fn no_bytes_bring_decoding_down(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        start in prop::sample::select(vec![
            &b""[..], b"<meta charset=", b"<meta http-equiv=content-type content='text/html; charset=", b"<!--",
            b"<?xml version='1.0' encoding='", b"\x1f\x8b\x08\0", b"\xff\xfe", b"<p a=",
        ]),
        header in "(text/html|text/plain|application/xml|)(; ?charset=\\PC{0,12})?",
        host in "\\PC{0,12}",
    ) {
        let bytes = [start, &bytes].concat();
        // Damage is an error, and never more than the cap.
        if let Ok(plain) = gunzip(&bytes, 4096) {
            prop_assert!(plain.len() <= 4096);
        }
        let decoded = decode(&bytes, Some(&header), Some(&host));
        prop_assert!(decoded.replaced <= bytes.len());
        let _what = kind(&bytes, Some(&header));
        answers(&decoded.text);
    }
}
