//! HTTP responses out of a record's block: status, headers, and the body without its transfer and
//! content codings. Writers differ in what they undo, so each coding is undone only where it is there.

use std::io::{Cursor, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Most header lines that are read.
const MAX_HEADERS: usize = 1000;
/// How bodies begin that are certainly still packed: gzip (RFC 1952) and Zstandard (RFC 8878).
const PACKED: &[&[u8]] = &[b"\x1f\x8b", b"\x28\xb5\x2f\xfd"];

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// HTTP status.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Vec<u8>,
}

impl Message {
    /// A header by its name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads a response. None: the block is none, its body was cut off, or decodes to more than `max` bytes.
pub fn response(block: &[u8], max: u64) -> Option<Message> {
    let (head, body) = split(block);
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let mut first = lines.next()?.split_ascii_whitespace();
    first.next().filter(|v| v.starts_with("HTTP/"))?;
    let status = first.next()?.parse().ok()?;
    let headers = lines
        .take(MAX_HEADERS)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let mut message = Message {
        status,
        headers,
        body: Vec::new(),
    };
    let is = |name: &str, word: &str| {
        let value = message.header(name).unwrap_or_default().to_ascii_lowercase();
        value.split(',').any(|part| part.trim() == word)
    };
    let dechunked = match is("transfer-encoding", "chunked").then(|| dechunk(body)) {
        Some(Chunks::Whole(bytes)) => Some(bytes),
        Some(Chunks::Cut) => return None,
        Some(Chunks::None) | None => None,
    };
    let raw = dechunked.as_deref().unwrap_or(body);
    let declared = message
        .header("content-length")
        .and_then(|n| n.parse::<usize>().ok());
    let is_short = dechunked.is_none() && declared.is_some_and(|n| raw.len() < n);
    let coding = ["gzip", "x-gzip", "deflate", "br", "zstd"]
        .into_iter()
        .find(|coding| is("content-encoding", coding));
    message.body = match coding {
        None if is_short => return None,
        None => raw.to_vec(),
        Some(coding) => match decode(coding, raw, max) {
            Ok(body) => body,
            Err(_) if is_short || PACKED.iter().any(|magic| raw.starts_with(magic)) => return None,
            // Undone already by whoever wrote the file.
            Err(_) => raw.to_vec(),
        },
    };
    restore(&mut message.headers);
    (message.body.len() as u64 <= max).then_some(message)
}

/// Headers that a writer renamed because it undid what they tell of get their names back.
fn restore(headers: &mut Vec<(String, String)>) {
    const PREFIXES: &[&str] = &["x-archive-orig-", "x-crawler-"];
    let original = |name: &str| {
        let lower = name.to_ascii_lowercase();
        PREFIXES
            .iter()
            .find_map(|p| lower.strip_prefix(p).map(str::to_owned))
    };
    let renamed: Vec<String> = headers.iter().filter_map(|(name, _)| original(name)).collect();
    headers.retain(|(name, _)| !renamed.contains(&name.to_ascii_lowercase()));
    for (name, _) in headers {
        if let Some(first) = original(name) {
            *name = first;
        }
    }
}

fn split(block: &[u8]) -> (&[u8], &[u8]) {
    let at = |pattern: &[u8]| block.windows(pattern.len()).position(|w| w == pattern);
    match (at(b"\r\n\r\n"), at(b"\n\n")) {
        (Some(n), other) if other.is_none_or(|m| n < m) => (&block[..n], &block[n + 4..]),
        (_, Some(n)) => (&block[..n], &block[n + 2..]),
        _ => (block, &[]),
    }
}

/// What a body that is said to be chunked is.
enum Chunks {
    /// All chunks to the last one, undone.
    Whole(Vec<u8>),
    /// Chunks, but their end is missing.
    Cut,
    /// None: undone already by whoever wrote the file.
    None,
}

/// Undoes chunks.
fn dechunk(mut body: &[u8]) -> Chunks {
    let mut out = Vec::new();
    let Some((mut size, mut rest)) = chunk_size(body) else {
        return Chunks::None;
    };
    while size > 0 {
        let Some(chunk) = rest.get(..size) else {
            return Chunks::Cut;
        };
        out.extend_from_slice(chunk);
        body = &rest[size..];
        let Some(next) = body.strip_prefix(b"\r\n").and_then(chunk_size) else {
            return Chunks::Cut;
        };
        (size, rest) = next;
    }
    Chunks::Whole(out)
}

/// The size of the chunk that begins here, and what follows its line.
fn chunk_size(body: &[u8]) -> Option<(usize, &[u8])> {
    let end = body.windows(2).position(|w| w == b"\r\n")?;
    let size = std::str::from_utf8(&body[..end]).ok()?;
    let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
    Some((size, &body[end + 2..]))
}

/// One byte more than may come is enough to know that too much does.
fn decode(coding: &str, raw: &[u8], max: u64) -> std::io::Result<Vec<u8>> {
    let read = |reader: &mut dyn Read| {
        let mut out = Vec::new();
        reader.take(max.saturating_add(1)).read_to_end(&mut out)?;
        Ok(out)
    };
    match coding {
        "br" => read(&mut brotli_decompressor::Decompressor::new(
            Cursor::new(raw),
            4096,
        )),
        "zstd" => read(&mut zstd::stream::read::Decoder::new(Cursor::new(raw))?),
        // Some servers mean the bare stream by it, some the one with a head (RFC 9110 §8.4.1.2).
        "deflate" => read(&mut ZlibDecoder::new(raw)).or_else(|_| read(&mut DeflateDecoder::new(raw))),
        _ => read(&mut MultiGzDecoder::new(raw)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const MAX: u64 = 1000;

    fn body(head: &str, body: &[u8]) -> Option<Vec<u8>> {
        let mut block = format!("HTTP/1.1 200 OK\r\n{head}\r\n").into_bytes();
        block.extend_from_slice(body);
        response(&block, MAX).map(|m| m.body)
    }

    #[test]
    fn codings_are_undone_where_they_are_and_only_there() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"<p>Told</p>").unwrap();
        let gzip = gzip.finish().unwrap();
        let told = Some(b"<p>Told</p>".to_vec());
        assert_eq!(body("", b"<p>Told</p>"), told);
        assert_eq!(body("Content-Encoding: gzip\r\n", &gzip), told);
        assert_eq!(body("Content-Encoding: gzip\r\n", b"<p>Told</p>"), told);
        let chunked = b"3\r\n<p>\r\n8;x=1\r\nTold</p>\r\n0\r\n\r\n";
        assert_eq!(body("Transfer-Encoding: chunked\r\n", chunked), told);
        assert_eq!(body("Transfer-Encoding: chunked\r\n", b"<p>Told</p>"), told);
        let zstd = zstd::bulk::compress(b"<p>Told</p>", 3).unwrap();
        assert_eq!(body("content-encoding: zstd\r\n", &zstd), told);
    }

    #[test]
    fn a_body_that_was_cut_off_is_none() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"<p>Told</p>").unwrap();
        let gzip = gzip.finish().unwrap();
        let chunked = "Transfer-Encoding: chunked\r\n";
        for cut in ["3\r\n<p>\r\n8\r\nTol", "3\r\n<p>\r\n", "3\r\n<p>"] {
            assert_eq!(body(chunked, cut.as_bytes()), None, "{cut:?}");
        }
        assert_eq!(body("Content-Length: 11\r\n", b"<p>Tol"), None);
        assert_eq!(body("Content-Encoding: gzip\r\n", &gzip[..gzip.len() - 4]), None);
        assert_eq!(
            body("Content-Encoding: br\r\nContent-Length: 99\r\n", b"<p>Tol"),
            None
        );
        // The length of what was packed says nothing of what is told without it.
        let packed = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", gzip.len());
        assert_eq!(body(&packed, &gzip), Some(b"<p>Told</p>".to_vec()));
        assert_eq!(
            body("Content-Encoding: gzip\r\nContent-Length: 9\r\n", b"<p>Told</p>"),
            Some(b"<p>Told</p>".to_vec())
        );
    }

    #[test]
    fn renamed_headers_get_their_names_back() {
        let block = b"HTTP/1.1 200 OK\r\nX-Crawler-Content-Encoding: gzip\r\nContent-Length: 3\r\n\
            X-Crawler-Content-Length: 9\r\n\r\nabc";
        let message = response(block, MAX).unwrap();
        assert_eq!(message.header("content-length"), Some("9"));
        assert_eq!(message.header("content-encoding"), Some("gzip"));
        assert_eq!(
            (message.headers.len(), message.body.as_slice()),
            (2, b"abc".as_slice())
        );
    }

    #[test]
    fn too_much_is_nothing_and_so_is_what_is_no_response() {
        assert_eq!(body("", &[b'a'; 1001]), None);
        let bomb = zstd::bulk::compress(&[b'a'; 1_000_000], 3).unwrap();
        assert_eq!(body("Content-Encoding: zstd\r\n", &bomb), None);
        assert_eq!(response(b"<html>", MAX), None);
        assert_eq!(response(b"", MAX), None);
    }
}
