//! Stored bodies: how bytes are packed and unpacked. Owns the codecs and the check that what
//! comes out is what went in; which bodies are kept is the caller's decision.

use std::borrow::Cow;
use std::io;

use rusqlite::{Connection, OptionalExtension, params};

use super::value::{int, sha256_hex};

/// zstd level: the library's default. Over 300 real news pages it takes half a millisecond each
/// and leaves a fifth of the bytes.
const LEVEL: i32 = 3;
/// Largest body that is unpacked, in bytes: above every limit on what is fetched, so that a
/// tampered length cannot exhaust memory.
const MAX_BODY_BYTES: u64 = 256 * 1024 * 1024;

/// Keeps `body`, once however often it comes. Returns its hash.
pub(super) fn put(conn: &Connection, body: &[u8]) -> rusqlite::Result<String> {
    let sha256 = sha256_hex(body);
    let known = conn
        .prepare_cached("select 1 from bodies where sha256 = ?1")?
        .exists([&sha256])?;
    if !known {
        let (codec, packed) = pack(body);
        conn.prepare_cached("insert into bodies (sha256, codec, length, bytes) values (?1, ?2, ?3, ?4)")?
            .execute(params![sha256, codec, int(body.len()), packed])?;
    }
    Ok(sha256)
}

fn pack(body: &[u8]) -> (&'static str, Cow<'_, [u8]>) {
    match zstd::bulk::compress(body, LEVEL) {
        Ok(packed) if packed.len() < body.len() => ("zstd", Cow::Owned(packed)),
        // Already packed, tiny, or beyond the codec: kept as it is.
        _ => ("raw", Cow::Borrowed(body)),
    }
}

/// A body as it lies in the file.
pub(super) struct Packed {
    sha256: String,
    codec: String,
    length: i64,
    bytes: Vec<u8>,
}

/// Looks up a body by its whole hash.
pub(super) fn get(conn: &Connection, sha256: &str) -> rusqlite::Result<Option<Packed>> {
    conn.prepare_cached("select sha256, codec, length, bytes from bodies where sha256 = ?1")?
        .query_row([sha256], |r| {
            Ok(Packed {
                sha256: r.get(0)?,
                codec: r.get(1)?,
                length: r.get(2)?,
                bytes: r.get(3)?,
            })
        })
        .optional()
}

impl Packed {
    /// The bytes as they were fetched.
    ///
    /// # Errors
    /// In words, when they no longer have their hash.
    pub(super) fn unpack(self) -> Result<Vec<u8>, String> {
        let name = format!("body {}", self.sha256);
        let body = match self.codec.as_str() {
            "raw" => self.bytes,
            "zstd" => {
                let length = u64::try_from(self.length).ok().filter(|l| *l <= MAX_BODY_BYTES);
                let length = length.and_then(|l| usize::try_from(l).ok());
                let length = length.ok_or_else(|| format!("{name} claims {} bytes", self.length))?;
                zstd::bulk::decompress(&self.bytes, length)
                    .map_err(|e: io::Error| format!("{name} does not unpack: {e}"))?
            }
            other => return Err(format!("{name} has the unknown codec {other}")),
        };
        if sha256_hex(&body) == self.sha256 {
            Ok(body)
        } else {
            Err(format!("{name} no longer has its hash"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(body: &[u8]) -> &'static str {
        let (codec, packed) = pack(body);
        let stored = Packed {
            sha256: sha256_hex(body),
            codec: codec.to_owned(),
            length: int(body.len()),
            bytes: packed.into_owned(),
        };
        assert_eq!(stored.unpack().unwrap(), body);
        codec
    }

    #[test]
    fn bodies_come_back_byte_for_byte() {
        assert_eq!(round(&b"<p>Support us</p>".repeat(500)), "zstd");
        assert_eq!(round(b""), "raw");
        assert_eq!(round(b"\xff\xfe\0"), "raw");
    }

    #[test]
    fn a_changed_body_is_reported_and_never_returned() {
        let (_, packed) = pack(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        for (length, codec) in [(50, "zstd"), (i64::MAX, "zstd"), (50, "raw"), (50, "lz4")] {
            let stored = Packed {
                sha256: sha256_hex(b"something else"),
                codec: codec.to_owned(),
                length,
                bytes: packed.to_vec(),
            };
            assert!(stored.unpack().unwrap_err().starts_with("body "));
        }
    }
}
