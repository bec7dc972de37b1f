//! From bytes to text: which charset a response is in, and the text it spells. Owns the order of
//! the evidence and the doubts about it; `prescan` reads what a document says of itself, `kind`
//! tells HTML from what only claims to be HTML, `gunzip` unpacks. What the text means is for
//! `discover` and `extract`.

mod gunzip;
mod kind;
mod prescan;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

pub use gunzip::{GzipError, gunzip};
pub use kind::{Kind, kind};

/// The text of a response, and how its charset was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without its byte order mark. NULs stay: the HTML parser and `text::fold` drop them.
    pub text: String,
    /// Name of the charset, as in the Encoding Standard: `UTF-8`, `windows-1252` …
    pub charset: &'static str,
    /// Where that was found.
    pub source: CharsetSource,
    /// How many places could not be decoded and read U+FFFD now.
    pub replaced: usize,
}

/// What decided the charset, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharsetSource {
    /// A byte order mark.
    Bom,
    /// The `charset` parameter of Content-Type.
    Http,
    /// `<meta charset>`, `<meta http-equiv>` or an XML declaration.
    Meta,
    /// The bytes themselves: nothing was declared, or what was declared is not what they are.
    Guess,
}

impl CharsetSource {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bom => "bom",
            Self::Http => "http",
            Self::Meta => "meta",
            Self::Guess => "guess",
        }
    }
}

/// Decodes a response's body: byte order mark, then the header, then the document's own word,
/// then a guess from the whole body and the host's top-level domain (the order of the HTML
/// Standard, "determining the character encoding").
///
/// A declaration is doubted in two cases, which both are common and leave no room for error:
/// declared UTF-8 that is mostly not (then the bytes are guessed), and a declared single-byte
/// charset over bytes that are faultless UTF-8 beyond ASCII (a server's default header; real
/// text in those charsets never looks like that).
///
/// Never fails: every byte sequence has a text, and what could not be read is counted.
pub fn decode(bytes: &[u8], content_type: Option<&str>, host: Option<&str>) -> Decoded {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[length..], CharsetSource::Bom);
    }
    let declared = content_type
        .and_then(header_charset)
        .map(|encoding| (encoding, CharsetSource::Http))
        .or_else(|| prescan::declared(bytes).map(|encoding| (encoding, CharsetSource::Meta)));
    let Some((encoding, source)) = declared else {
        return decode_as(guess(bytes, host), bytes, CharsetSource::Guess);
    };
    if encoding.is_single_byte() && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
        return decode_as(UTF_8, bytes, CharsetSource::Guess);
    }
    let decoded = decode_as(encoding, bytes, source);
    if encoding == UTF_8 && decoded.replaced > 0 && mostly_broken(&decoded) {
        let other = guess(bytes, host);
        if other != UTF_8 {
            return decode_as(other, bytes, CharsetSource::Guess);
        }
    }
    decoded
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8], source: CharsetSource) -> Decoded {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    let replaced = if had_errors {
        // A page may hold the character itself; those were no errors.
        let own = if encoding == UTF_8 {
            count(bytes, "\u{fffd}".as_bytes())
        } else {
            0
        };
        text.matches('\u{fffd}').count().saturating_sub(own)
    } else {
        0
    };
    Decoded {
        text: match text {
            Cow::Owned(text) => text,
            Cow::Borrowed(text) => text.to_owned(),
        },
        charset: encoding.name(),
        source,
        replaced,
    }
}

/// Whether more places failed than characters beyond ASCII were read: a story with one emoji cut
/// in half is UTF-8, a story in which every umlaut fails is not.
fn mostly_broken(decoded: &Decoded) -> bool {
    let beyond_ascii = decoded.text.chars().filter(|c| !c.is_ascii()).count();
    decoded.replaced * 2 > beyond_ascii
}

fn count(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).filter(|w| *w == needle).count()
}

/// The charset of a Content-Type header, where it names one that can be read (RFC 9110 §8.3.2).
fn header_charset(content_type: &str) -> Option<&'static Encoding> {
    content_type
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .and_then(|(_, value)| {
            let label = value.trim().trim_matches(['"', '\'']);
            Encoding::for_label_no_replacement(label.as_bytes())
        })
}

fn guess(bytes: &[u8], host: Option<&str>) -> &'static Encoding {
    // What the detector says of such bytes too, once it has weighed them in thirty other charsets.
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    // Not ISO-2022-JP: its escapes in an ASCII page would hide markup from every filter.
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let domain = host.and_then(top_level_domain);
    detector.guess(domain.as_deref().map(str::as_bytes), Utf8Detection::Allow)
}

/// The last label, in lower case. None for an address of digits or a name that is not ASCII (the
/// detector refuses those).
fn top_level_domain(host: &str) -> Option<String> {
    let label = host.trim_end_matches('.').rsplit('.').next()?;
    let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (plain && label.starts_with(|c: char| c.is_ascii_alphabetic())).then(|| label.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use encoding_rs::{SHIFT_JIS, UTF_16LE, WINDOWS_1251};

    use super::*;

    const HTML: Option<&str> = Some("text/html");

    #[test]
    fn the_mark_beats_the_header_and_the_header_beats_the_page() {
        let marked = b"\xef\xbb\xbf<meta charset=windows-1251>\xc3\xbc";
        let decoded = decode(marked, Some("text/html; charset=iso-8859-1"), None);
        assert_eq!(
            (decoded.text.as_str(), decoded.source),
            ("<meta charset=windows-1251>ü", CharsetSource::Bom)
        );

        let headed = b"<meta charset=windows-1251>\xfc";
        let decoded = decode(headed, Some("text/html; Charset=\"ISO-8859-1\""), None);
        assert!(decoded.text.ends_with('ü'));
        assert_eq!(
            (decoded.charset, decoded.source),
            ("windows-1252", CharsetSource::Http)
        );

        let (russian, ..) = WINDOWS_1251.encode("<meta charset=windows-1251>Новости");
        let decoded = decode(&russian, HTML, None);
        assert!(decoded.text.ends_with("Новости"));
        assert_eq!(decoded.source, CharsetSource::Meta);
    }

    #[test]
    fn a_label_nobody_knows_is_no_label() {
        let decoded = decode("<p>Größe".as_bytes(), Some("text/html; charset=utf-7"), None);
        assert_eq!(
            (decoded.text.as_str(), decoded.source),
            ("<p>Größe", CharsetSource::Guess)
        );
        let decoded = decode(b"<p>plain", Some("text/html; charset=iso-2022-kr"), None);
        assert_eq!((decoded.text.as_str(), decoded.replaced), ("<p>plain", 0));
    }

    #[test]
    fn declared_utf_8_that_is_not_is_guessed() {
        let latin = b"<meta charset=utf-8><p>M\xfcller gr\xfc\xdft K\xf6ln und D\xfcsseldorf</p>";
        let decoded = decode(latin, HTML, Some("zeitung.de"));
        assert!(decoded.text.contains("Müller grüßt Köln"));
        assert_eq!((decoded.source, decoded.replaced), (CharsetSource::Guess, 0));
    }

    #[test]
    fn one_broken_place_in_utf_8_is_counted_and_the_rest_stays() {
        let mut page = "<meta charset=utf-8>Müller, Köln, Düsseldorf".as_bytes().to_vec();
        page.extend(b" \xf0\x9f\x98 end");
        let decoded = decode(&page, HTML, None);
        assert_eq!(
            (decoded.charset, decoded.source, decoded.replaced),
            ("UTF-8", CharsetSource::Meta, 1)
        );
        assert!(decoded.text.ends_with("Düsseldorf \u{fffd} end"));
    }

    #[test]
    fn a_servers_default_header_does_not_spoil_utf_8() {
        let decoded = decode(
            "Łódź, Kraków".as_bytes(),
            Some("text/html; charset=ISO-8859-1"),
            None,
        );
        assert_eq!(
            (decoded.text.as_str(), decoded.source),
            ("Łódź, Kraków", CharsetSource::Guess)
        );
    }

    #[test]
    fn utf_16_is_read_with_a_mark_or_a_header_and_its_meta_means_utf_8() {
        let bytes: Vec<u8> = "<p>Ü".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut marked = vec![0xff, 0xfe];
        marked.extend(&bytes);
        assert_eq!(decode(&marked, HTML, None).text, "<p>Ü");
        let decoded = decode(&bytes, Some("text/html;charset=utf-16le"), None);
        assert_eq!(
            (decoded.text.as_str(), decoded.charset),
            ("<p>Ü", UTF_16LE.name())
        );
        let decoded = decode("<meta charset=utf-16>Ü".as_bytes(), HTML, None);
        assert_eq!(decoded.charset, "UTF-8");
    }

    #[test]
    fn without_a_word_the_whole_body_and_the_domain_decide() {
        let (bytes, ..) = SHIFT_JIS.encode("<title>東京で国際会議が開かれた</title>各国の代表が参加した。");
        let decoded = decode(&bytes, None, Some("news.example.jp"));
        assert_eq!(
            (decoded.charset, decoded.source),
            ("Shift_JIS", CharsetSource::Guess)
        );
        for host in ["10.0.0.1", "[::1]", "NEWS.DE.", "ünï", ""] {
            assert!(decode(b"\xfcber", None, Some(host)).text.ends_with("ber"));
        }
    }

    #[test]
    fn invalid_overlong_and_surrogate_bytes_are_replaced_and_counted() {
        let mut page = "ä ö ü Ä Ö Ü ß € – “ ” é è à ç ".repeat(4).into_bytes();
        page.extend(b"\xc0\xaf \xed\xa0\x80 \xff a\0b \xef\xbb\xbf");
        let decoded = decode(&page, Some("text/html; charset=utf-8"), None);
        assert_eq!((decoded.charset, decoded.replaced), ("UTF-8", 6));
        assert!(decoded.text.contains("a\0b"));
    }

    #[test]
    fn a_replacement_character_the_page_wrote_itself_is_no_error() {
        let decoded = decode(
            "ä\u{fffd}ö\u{fffd}".as_bytes(),
            Some("text/html; charset=utf-8"),
            None,
        );
        assert_eq!(decoded.replaced, 0);
    }
}
