//! What a document's first bytes say about its charset: `<meta charset>`, `<meta http-equiv>` and
//! the XML declaration. Owns the "prescan a byte stream" algorithm of the HTML Standard (§13.2.3.2);
//! whether the answer is believed is decided in the parent.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// How many bytes are looked at, as in the standard.
const PRESCAN_BYTES: usize = 1024;

/// The charset a document declares for itself.
pub(super) fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(PRESCAN_BYTES)];
    // An XML document is UTF-16 without a mark only when it begins so (XML 1.0 appendix F).
    if head.starts_with(b"<\0?\0x\0") {
        return Some(UTF_16LE);
    }
    if head.starts_with(b"\0<\0?\0x") {
        return Some(UTF_16BE);
    }
    meta(head).or_else(|| xml_declaration(head))
}

/// The first `meta` element that names a charset, comments and other tags skipped.
fn meta(head: &[u8]) -> Option<&'static Encoding> {
    let mut at = 0;
    while at < head.len() {
        let rest = &head[at..];
        if rest.starts_with(b"<!--") {
            // `-->` may share its dashes with `<!--`.
            at += 2 + find(&rest[2..], b"-->")? + 3;
        } else if is_meta(rest) {
            at += 5;
            if let Some(encoding) = meta_charset(head, &mut at) {
                return Some(encoding);
            }
        } else if is_tag(rest) {
            at += rest.iter().position(|b| is_space(*b) || *b == b'>')?;
            while attribute(head, &mut at).is_some() {}
        } else if matches!(rest, [b'<', b'!' | b'/' | b'?', ..]) {
            at += rest.iter().position(|b| *b == b'>')?;
        } else {
            at += 1;
        }
    }
    None
}

/// Reads the attributes of a `meta` element.
fn meta_charset(head: &[u8], at: &mut usize) -> Option<&'static Encoding> {
    let (mut pragma, mut needs_pragma, mut found) = (false, false, None);
    let mut seen: Vec<String> = Vec::new();
    while let Some((name, value)) = attribute(head, at) {
        if seen.contains(&name) {
            continue;
        }
        match name.as_str() {
            "http-equiv" => pragma = value == "content-type",
            "content" if found.is_none() => {
                found = charset_of_content(&value).and_then(for_page);
                needs_pragma = found.is_some();
            }
            "charset" => {
                found = for_page(&value);
                needs_pragma = false;
            }
            _ => {}
        }
        seen.push(name);
    }
    found.filter(|_| !needs_pragma || pragma)
}

/// The next attribute of a tag, name and value in lower case; None at the tag's end or where the
/// bytes end ("get an attribute" of the standard).
fn attribute(head: &[u8], at: &mut usize) -> Option<(String, String)> {
    let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_ascii_lowercase();
    skip(head, at, |b| is_space(b) || b == b'/');
    if *head.get(*at)? == b'>' {
        return None;
    }
    let start = *at;
    // A `=` in first place belongs to the name.
    *at += 1;
    skip(head, at, |b| !is_space(b) && !matches!(b, b'=' | b'/' | b'>'));
    let name = lower(&head[start..*at]);
    skip(head, at, is_space);
    if head.get(*at) != Some(&b'=') {
        return Some((name, String::new()));
    }
    *at += 1;
    skip(head, at, is_space);
    let value = match *head.get(*at)? {
        quote @ (b'"' | b'\'') => {
            let start = *at + 1;
            let length = head[start..].iter().position(|b| *b == quote)?;
            *at = start + length + 1;
            lower(&head[start..start + length])
        }
        _ => {
            let start = *at;
            skip(head, at, |b| !is_space(b) && b != b'>');
            lower(&head[start..*at])
        }
    };
    Some((name, value))
}

/// The charset in the `content` of a `meta http-equiv` ("extracting a character encoding from a
/// meta element").
fn charset_of_content(content: &str) -> Option<&str> {
    let mut rest = content;
    loop {
        rest = &rest[rest.find("charset")? + "charset".len()..];
        if let Some(value) = rest.trim_ascii_start().strip_prefix('=') {
            rest = value.trim_ascii_start();
            break;
        }
    }
    match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split_once(quote).map(|(label, _)| label),
        _ => rest.split([' ', '\t', '\n', '\r', '\x0c', ';']).next(),
    }
}

/// The encoding of an XML declaration (`<?xml version="1.0" encoding="iso-8859-1"?>`). White
/// space may stand before it: feeds of some publishing systems begin with empty lines.
fn xml_declaration(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.trim_ascii_start();
    let inside = head.strip_prefix(b"<?xml")?;
    let inside = &inside[..inside.iter().position(|b| *b == b'>')?];
    let after = &inside[find(inside, b"encoding")? + "encoding".len()..];
    let after = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, after) = after.split_first()?;
    let label = &after[..after.iter().position(|b| b == quote)?];
    for_page(std::str::from_utf8(label).ok()?)
}

/// A label found by reading ASCII: it cannot be UTF-16, whatever it says.
fn for_page(label: &str) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
    Some(if encoding == UTF_16LE || encoding == UTF_16BE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    })
}

fn is_meta(rest: &[u8]) -> bool {
    rest.len() > 5 && rest[..5].eq_ignore_ascii_case(b"<meta") && (is_space(rest[5]) || rest[5] == b'/')
}

fn is_tag(rest: &[u8]) -> bool {
    match rest {
        [b'<', b'/', letter, ..] | [b'<', letter, ..] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

fn skip(head: &[u8], at: &mut usize, wanted: impl Fn(u8) -> bool) {
    while head.get(*at).is_some_and(|b| wanted(*b)) {
        *at += 1;
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(head: &str) -> Option<&'static str> {
        declared(head.as_bytes()).map(Encoding::name)
    }

    #[test]
    fn both_forms_of_meta_are_read_in_any_spelling() {
        for head in [
            "<meta charset=koi8-r>",
            "<META\tCHARSET = 'KOI8-R' />",
            "<html lang=ru><head><title>a > b</title><meta/charset=\"koi8-r\">",
            r#"<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">"#,
            r#"<meta content='text/html; charset = "koi8-r"' http-equiv=content-type>"#,
            "<!--> <meta charset=koi8-r>",
        ] {
            assert_eq!(name(head), Some("KOI8-R"), "{head}");
        }
    }

    #[test]
    fn what_only_looks_like_a_declaration_is_not_one() {
        for head in [
            "<!-- <meta charset=koi8-r> -->",
            r#"<p title="<meta charset=koi8-r>">"#,
            r#"<meta name=description content="text/html; charset=koi8-r">"#,
            "<metadata charset=koi8-r>",
            "<meta charset=utf-7>",
            "<meta charset=\"koi8-r",
            "<meta content=charsetcharset http-equiv=content-type>",
            "",
        ] {
            assert_eq!(name(head), None, "{head}");
        }
    }

    #[test]
    fn the_first_charset_wins_and_a_repeated_attribute_does_not_count() {
        assert_eq!(
            name("<meta charset=big5 charset=koi8-r><meta charset=koi8-r>"),
            Some("Big5")
        );
    }

    #[test]
    fn only_the_first_kilobyte_is_read() {
        let late = format!("{}<meta charset=koi8-r>", " ".repeat(PRESCAN_BYTES));
        assert_eq!(name(&late), None);
    }

    #[test]
    fn an_xml_declaration_counts_with_empty_lines_before_it() {
        let feed = "\n\n<?xml version='1.0' encoding = 'ISO-8859-15'?><rss>";
        assert_eq!(name(feed), Some("ISO-8859-15"));
        assert_eq!(name("<?xml version='1.0'?><rss>"), None);
    }

    #[test]
    fn utf_16_in_ascii_letters_is_utf_8() {
        assert_eq!(name("<meta charset=utf-16be>"), Some("UTF-8"));
        assert_eq!(name("<meta charset=x-user-defined>"), Some("windows-1252"));
    }
}
