//! Records into a file, plain or gzipped record by record, as warcio and pywb read them.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Headers that tell of a coding that is undone; they are kept under another name.
const CODINGS: &[&str] = &["content-encoding", "transfer-encoding", "content-length"];

/// An exchange as it is written.
#[derive(Debug, Clone, Default)]
pub struct Captured {
    /// The address that answered.
    pub url: String,
    /// When.
    pub date: String,
    /// The id of the record it came in, where it came in one.
    pub record_id: Option<String>,
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Vec<u8>,
    /// What else is known of it, name and value.
    pub metadata: Vec<(String, String)>,
}

/// Writes records.
pub struct Writer<W: Write> {
    out: W,
    gzip: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a file, with the record that tells who wrote it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(out: W, gzip: bool, date: &str, software: &str) -> io::Result<Self> {
        let mut writer = Self { out, gzip };
        let info = format!("software: {software}\r\nformat: WARC File Format 1.0\r\n");
        let head = [
            ("WARC-Type", "warcinfo"),
            ("Content-Type", "application/warc-fields"),
        ];
        let id = urn(&["warcinfo", date, software]);
        writer.record(&id, date, &head, info.as_bytes(), None)?;
        Ok(writer)
    }

    /// Writes an exchange: request, response, metadata. Their ids follow from what they hold, so an
    /// exchange written twice has the same ones.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, captured: &Captured) -> io::Result<()> {
        let Captured { url, date, .. } = captured;
        let payload = digest(&captured.body);
        let id = |kind: &str| urn(&[kind, url, date, &payload]);
        let response_id = captured.record_id.clone().unwrap_or_else(|| id("response"));
        let mut block = format!("HTTP/1.1 {} \r\n", captured.status).into_bytes();
        for (name, value) in &captured.headers {
            let kept = CODINGS.contains(&name.as_str());
            let prefix = if kept { "X-Archive-Orig-" } else { "" };
            let value = value.replace(['\r', '\n'], " ");
            block.extend_from_slice(format!("{prefix}{name}: {value}\r\n").as_bytes());
        }
        block.extend_from_slice(format!("Content-Length: {}\r\n\r\n", captured.body.len()).as_bytes());
        block.extend_from_slice(&captured.body);
        let head = [
            ("WARC-Type", "response"),
            ("WARC-Target-URI", url),
            ("Content-Type", "application/http; msgtype=response"),
        ];
        self.record(&response_id, date, &head, &block, Some(&payload))?;

        let after = url.split_once("://").map_or("", |(_, rest)| rest);
        let (host, path) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let head = [
            ("WARC-Type", "request"),
            ("WARC-Target-URI", url),
            ("WARC-Concurrent-To", &response_id),
            ("Content-Type", "application/http; msgtype=request"),
        ];
        self.record(&id("request"), date, &head, request.as_bytes(), None)?;

        let fields: String = captured
            .metadata
            .iter()
            .map(|(name, value)| format!("{name}: {}\r\n", value.replace(['\r', '\n'], " ")))
            .collect();
        let head = [
            ("WARC-Type", "metadata"),
            ("WARC-Target-URI", url),
            ("WARC-Refers-To", &response_id),
            ("Content-Type", "application/warc-fields"),
        ];
        self.record(&id("metadata"), date, &head, fields.as_bytes(), None)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn record(
        &mut self,
        id: &str,
        date: &str,
        head: &[(&str, &str)],
        block: &[u8],
        payload: Option<&str>,
    ) -> io::Result<()> {
        let mut text = String::from("WARC/1.0\r\n");
        let digest = digest(block);
        let length = block.len().to_string();
        let all = head.iter().copied().chain([
            ("WARC-Record-ID", id),
            ("WARC-Date", date),
            ("WARC-Block-Digest", &*digest),
            ("Content-Length", &*length),
        ]);
        for (name, value) in all.chain(payload.map(|p| ("WARC-Payload-Digest", p))) {
            text.push_str(&format!("{name}: {}\r\n", value.replace(['\r', '\n'], "")));
        }
        text.push_str("\r\n");
        if self.gzip {
            let mut member = GzEncoder::new(&mut self.out, Compression::default());
            write_all(&mut member, text.as_bytes(), block)?;
            member.finish()?;
            Ok(())
        } else {
            write_all(&mut self.out, text.as_bytes(), block)
        }
    }
}

fn write_all(out: &mut impl Write, head: &[u8], block: &[u8]) -> io::Result<()> {
    out.write_all(head)?;
    out.write_all(block)?;
    out.write_all(b"\r\n\r\n")
}

/// As WARC files tell digests: the algorithm and base 32 (RFC 4648).
fn digest(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::from("sha256:");
    let (mut held, mut bits) = (0_u32, 0);
    for byte in Sha256::digest(bytes) {
        held = (held << 8 | u32::from(byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(LETTERS[(held >> bits & 31) as usize]));
        }
    }
    out.push(char::from(LETTERS[(held << (5 - bits) & 31) as usize]));
    while !(out.len() - "sha256:".len()).is_multiple_of(8) {
        out.push('=');
    }
    out
}

/// A name that follows from these parts: a UUID of version 8 (RFC 9562).
fn urn(parts: &[&str]) -> String {
    let hash = Sha256::digest(parts.join("\n").as_bytes());
    let hex = |range: std::ops::Range<usize>| -> String {
        hash[range].iter().map(|b| format!("{b:02x}")).collect()
    };
    let (version, variant) = (hash[6] & 0x0f | 0x80, hash[8] & 0x3f | 0x80);
    format!(
        "<urn:uuid:{}-{}-{version:02x}{}-{variant:02x}{}-{}>",
        hex(0..4),
        hex(4..6),
        hex(7..8),
        hex(9..10),
        hex(10..16)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_spelled_as_other_programs_spell_them() {
        // base64.b32encode(hashlib.sha256(b"abc").digest())
        assert_eq!(
            digest(b"abc"),
            "sha256:XJ4BNP4PAHH6UQKBIDPF3LRCEOYAGYNDSYLXVHFUCD7WD4QACWWQ===="
        );
    }

    #[test]
    fn the_same_exchange_has_the_same_ids() {
        let id = urn(&["response", "http://a.example/"]);
        assert_eq!(id, urn(&["response", "http://a.example/"]));
        assert_ne!(id, urn(&["request", "http://a.example/"]));
        assert_eq!(id.len(), "<urn:uuid:00000000-0000-0000-0000-000000000000>".len());
    }
}
