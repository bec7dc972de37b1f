//! What a response is, whatever its header says: HTML, a feed, a PDF … Owns the MIME Sniffing
//! Standard in the small measure a crawler of articles needs; the outcome `not-html` is drawn
//! from it elsewhere.

/// What a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// HTML or XHTML.
    Html,
    /// XML: a feed or a sitemap.
    Xml,
    /// JSON, JSON Feed among it.
    Json,
    /// Text without markup, as a sitemap that is a list of addresses.
    Text,
    /// PDF.
    Pdf,
    /// An image.
    Image,
    /// Sound or video.
    Media,
    /// A packed file: zip, gzip …
    Archive,
    /// Something else, unreadable to copydesk.
    Other,
}

impl Kind {
    /// What it is, in words for a person.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Html => "HTML",
            Self::Xml => "XML",
            Self::Json => "JSON",
            Self::Text => "plain text",
            Self::Pdf => "a PDF file",
            Self::Image => "an image",
            Self::Media => "sound or video",
            Self::Archive => "a packed file",
            Self::Other => "of an unknown kind",
        }
    }
}

/// How many bytes are looked at: the "resource header" of the standard.
const HEADER_BYTES: usize = 1445;

/// First bytes of files that are never HTML.
const SIGNATURES: &[(&[u8], Kind)] = &[
    (b"%PDF-", Kind::Pdf),
    (b"%!PS-Adobe-", Kind::Other),
    (b"\x89PNG\r\n\x1a\n", Kind::Image),
    (b"\xff\xd8\xff", Kind::Image),
    (b"GIF87a", Kind::Image),
    (b"GIF89a", Kind::Image),
    (b"PK\x03\x04", Kind::Archive),
    (b"\x1f\x8b\x08", Kind::Archive),
    (b"Rar!\x1a\x07", Kind::Archive),
    (b"7z\xbc\xaf\x27\x1c", Kind::Archive),
    (b"\xfd7zXZ\0", Kind::Archive),
    (b"\x28\xb5\x2f\xfd", Kind::Archive),
    (b"BZh", Kind::Archive),
    (b"ID3", Kind::Media),
    (b"OggS\0", Kind::Media),
    (b"\x1a\x45\xdf\xa3", Kind::Media),
    (b"wOFF", Kind::Other),
    (b"wOF2", Kind::Other),
    (b"\0asm", Kind::Other),
];

/// Tags that begin an HTML page, from the standard's table.
const HTML_STARTS: &[&str] = &[
    "!doctype html",
    "html",
    "head",
    "script",
    "iframe",
    "h1",
    "div",
    "font",
    "table",
    "a",
    "style",
    "title",
    "b",
    "body",
    "br",
    "p",
    "meta",
    "link",
    "main",
    "article",
    "section",
];

/// Names of the root elements of feeds and sitemaps; some servers send these as `text/html`.
const XML_ROOTS: &[&str] = &["rss", "feed", "rdf:rdf", "urlset", "sitemapindex"];

/// Says what a response is. A file's signature beats the header; a header that names a type is
/// believed as long as the bytes can be text; without one, or with `application/octet-stream` or
/// `text/plain` (what servers say when they do not know), the bytes decide.
pub fn kind(bytes: &[u8], content_type: Option<&str>) -> Kind {
    let head = &bytes[..bytes.len().min(HEADER_BYTES)];
    if let Some(kind) = signature(head) {
        return kind;
    }
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let declared = declared(&essence);
    if let Some(kind @ (Kind::Pdf | Kind::Image | Kind::Media | Kind::Archive | Kind::Other)) = declared {
        return kind;
    }
    if is_binary(head) && !essence_names_utf_16(content_type) {
        return Kind::Other;
    }
    match (declared, markup(head)) {
        // XHTML is sent as XML, feeds are sent as HTML.
        (_, Some(Kind::Xml)) => Kind::Xml,
        (Some(Kind::Html | Kind::Xml) | None, Some(Kind::Html)) => Kind::Html,
        (Some(kind), _) => kind,
        (None, Some(kind)) => kind,
        (None, None) => Kind::Text,
    }
}

/// What the header says, where it says anything.
fn declared(essence: &str) -> Option<Kind> {
    let (main, sub) = essence.split_once('/')?;
    match (main, sub) {
        ("text", "html") | ("application", "xhtml+xml") => Some(Kind::Html),
        ("text" | "application", "xml") => Some(Kind::Xml),
        (_, "svg+xml") => Some(Kind::Image),
        (_, sub) if sub.ends_with("+xml") => Some(Kind::Xml),
        ("application" | "text", "json") => Some(Kind::Json),
        (_, sub) if sub.ends_with("+json") => Some(Kind::Json),
        ("application", "pdf") => Some(Kind::Pdf),
        ("image", _) => Some(Kind::Image),
        ("audio" | "video", _) => Some(Kind::Media),
        ("font", _) => Some(Kind::Other),
        ("application", "zip" | "x-rar-compressed" | "x-7z-compressed") => Some(Kind::Archive),
        _ => None,
    }
}

fn signature(head: &[u8]) -> Option<Kind> {
    let by_start = SIGNATURES.iter().find(|(start, _)| head.starts_with(start));
    if let Some((_, kind)) = by_start {
        return Some(*kind);
    }
    match head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Kind::Image),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W' | b'A', ..] => Some(Kind::Media),
        [
            0,
            0,
            0,
            _,
            b'f',
            b't',
            b'y',
            b'p',
            b'a',
            b'v',
            b'i',
            b'f' | b's',
            ..,
        ] => Some(Kind::Image),
        [0, 0, 0, _, b'f', b't', b'y', b'p', ..] => Some(Kind::Media),
        _ => None,
    }
}

/// Whether the bytes hold control characters that no text has ("binary data byte"). A NUL or two
/// is damage that real pages survive; text in UTF-16 is half NULs and begins with one of them.
fn is_binary(head: &[u8]) -> bool {
    /// Share of such bytes, one in this many, above which bytes are no text.
    const ONE_IN: usize = 50;
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return false;
    }
    if matches!(head, [b'<', 0, ..] | [0, b'<', ..]) {
        return false;
    }
    let control = head
        .iter()
        .filter(|b| matches!(b, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f))
        .count();
    control * ONE_IN > head.len()
}

fn essence_names_utf_16(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|value| value.to_ascii_lowercase().contains("utf-16"))
}

/// What the markup is, where the bytes begin with any.
fn markup(head: &[u8]) -> Option<Kind> {
    let text: String = head
        .iter()
        .filter(|b| b.is_ascii() && **b != 0)
        .map(|b| b.to_ascii_lowercase() as char)
        .collect();
    let mut rest = text.trim_start();
    let mut xml = false;
    loop {
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after
                .split_once("-->")
                .map_or("", |(_, after)| after)
                .trim_start();
        } else if let Some(after) = rest.strip_prefix("<?") {
            xml |= after.starts_with("xml");
            rest = after.split_once('>').map_or("", |(_, after)| after).trim_start();
        } else {
            break;
        }
    }
    if let Some(tag) = rest.strip_prefix('<') {
        let begins = |name: &&str| {
            tag.strip_prefix(*name).is_some_and(|after| {
                !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == ':' || c == '-')
            })
        };
        if XML_ROOTS.iter().any(&begins) {
            return Some(Kind::Xml);
        }
        if HTML_STARTS.iter().any(begins) {
            return Some(Kind::Html);
        }
    }
    if xml {
        return Some(Kind::Xml);
    }
    rest.starts_with(['{', '[']).then_some(Kind::Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_sent_as_html_are_seen_through() {
        let html = Some("text/html; charset=utf-8");
        assert_eq!(kind(b"%PDF-1.7\n...", html), Kind::Pdf);
        assert_eq!(kind(b"\xff\xd8\xff\xe0\0\x10JFIF", html), Kind::Image);
        assert_eq!(kind(b"PK\x03\x04\x14\0", html), Kind::Archive);
        assert_eq!(kind(b"\0\0\0 ftypisom", html), Kind::Media);
        assert_eq!(kind(&[1; 400], html), Kind::Other);
        assert_eq!(kind(b"<?xml version='1.0'?><rss version='2.0'>", html), Kind::Xml);
    }

    #[test]
    fn html_is_found_behind_a_header_that_does_not_know() {
        let page = b"\xef\xbb\xbf \n<!-- cache --><!DOCTYPE HTML><html>";
        for header in [
            None,
            Some("application/octet-stream"),
            Some("text/plain"),
            Some("nonsense"),
        ] {
            assert_eq!(kind(page, header), Kind::Html, "{header:?}");
        }
        assert_eq!(
            kind(
                b"<?xml version='1.0'?><!DOCTYPE html><html>",
                Some("application/xml")
            ),
            Kind::Html
        );
    }

    #[test]
    fn a_header_that_knows_is_believed() {
        assert_eq!(kind(b"Some words.", Some("text/html")), Kind::Html);
        assert_eq!(kind(b"", Some("text/html")), Kind::Html);
        assert_eq!(kind(b"<x>", Some("application/rss+xml")), Kind::Xml);
        assert_eq!(kind(b"<svg>", Some("image/svg+xml")), Kind::Image);
        assert_eq!(kind(b"<p>", Some("application/feed+json")), Kind::Json);
    }

    #[test]
    fn a_page_with_a_stray_nul_and_a_page_in_utf_16_are_html() {
        let mut page = b"<!doctype html><p>".to_vec();
        page.extend([b'a'; 300]);
        page.push(0);
        assert_eq!(kind(&page, Some("text/html")), Kind::Html);
        let wide: Vec<u8> = "<html>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(kind(&wide, None), Kind::Html);
        assert_eq!(kind(&wide, Some("text/html; charset=utf-16le")), Kind::Html);
    }

    #[test]
    fn lists_and_data_without_a_header_are_told_apart() {
        assert_eq!(
            kind(b"https://a.example/1\nhttps://a.example/2\n", None),
            Kind::Text
        );
        assert_eq!(kind(b" {\"version\": 1}", None), Kind::Json);
        assert_eq!(kind(b"<urlset xmlns='x'>", None), Kind::Xml);
        assert_eq!(kind(b"<feedback>", None), Kind::Text);
    }
}
