//! Stored bodies: how bytes are packed and unpacked. Owns the codecs and the check that what
//! comes out is what went in; which bodies are kept is the caller's decision.

use std::borrow::Cow;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use zstd::dict::DecoderDictionary;

use super::dictionary;
use super::packer::{Packer, Packing};
use super::value::{int, sha256_hex};

/// Largest body that is unpacked, in bytes: above every limit on what is fetched, so that a
/// tampered length cannot exhaust memory.
const MAX_BODY_BYTES: u64 = 256 * 1024 * 1024;

/// Keeps `body`, once however often it comes; one that was pruned is kept again. Packed with the
/// site's dictionary where it has one. Returns its hash.
pub(super) fn put(
    conn: &Connection,
    body: &[u8],
    site: Option<&str>,
    at: Timestamp,
    packer: &mut Packer,
) -> rusqlite::Result<String> {
    let sha256 = sha256_hex(body);
    let known = conn
        .prepare_cached("select 1 from bodies where sha256 = ?1 and pruned_at is null")?
        .exists([&sha256])?;
    if !known {
        let packing = site.map(|site| packer.packing(conn, site)).transpose()?.flatten();
        let (codec, dictionary, packed) = pack(body, packing.as_ref());
        let rowid = conn
            .prepare_cached(
                "insert into bodies (sha256, codec, length, bytes, dictionary) values (?1, ?2, ?3, ?4, ?5)
                 on conflict (sha256) do update set codec = excluded.codec, bytes = excluded.bytes,
                   dictionary = excluded.dictionary, pruned_at = null
                 returning rowid",
            )?
            .query_row(params![sha256, codec, int(body.len()), packed, dictionary], |r| {
                r.get(0)
            })?;
        if let Some(site) = site {
            packer.stored(conn, site, packing.map(|p| p.id), rowid, at)?;
        }
    }
    Ok(sha256)
}

fn pack<'a>(body: &'a [u8], with: Option<&Packing>) -> (&'static str, Option<i64>, Cow<'a, [u8]>) {
    match dictionary::pack(body, with.map(|p| &*p.with)) {
        Some(packed) => ("zstd", with.map(|p| p.id), Cow::Owned(packed)),
        // Already packed, tiny, or beyond the codec: kept as it is.
        None => ("raw", None, Cow::Borrowed(body)),
    }
}

/// A body as it lies in the file.
pub(super) struct Packed {
    sha256: String,
    codec: String,
    length: i64,
    bytes: Vec<u8>,
    /// The dictionary it needs.
    pub(super) dictionary: Option<i64>,
}

/// Looks up a body by its whole hash. None: it is not there, or was pruned.
pub(super) fn get(conn: &Connection, sha256: &str) -> rusqlite::Result<Option<Packed>> {
    conn.prepare_cached(
        "select sha256, codec, length, bytes, dictionary from bodies where sha256 = ?1 and pruned_at is null",
    )?
    .query_row([sha256], |r| {
        Ok(Packed {
            sha256: r.get(0)?,
            codec: r.get(1)?,
            length: r.get(2)?,
            bytes: r.get(3)?,
            dictionary: r.get(4)?,
        })
    })
    .optional()
}

impl Packed {
    /// The bytes as they were fetched; `with` is the dictionary it names.
    ///
    /// # Errors
    /// In words, when they no longer have their hash.
    pub(super) fn unpack(self, with: Option<&DecoderDictionary<'static>>) -> Result<Vec<u8>, String> {
        let name = format!("body {}", self.sha256);
        if let (Some(id), None) = (self.dictionary, with) {
            return Err(format!("{name} needs dictionary {id}, which is gone or damaged"));
        }
        let body = match self.codec.as_str() {
            "raw" => self.bytes,
            "zstd" => {
                let length = u64::try_from(self.length).ok().filter(|l| *l <= MAX_BODY_BYTES);
                let length = length.and_then(|l| usize::try_from(l).ok());
                let length = length.ok_or_else(|| format!("{name} claims {} bytes", self.length))?;
                dictionary::unpack(&self.bytes, length, with)
                    .map_err(|e| format!("{name} does not unpack: {e}"))?
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
        let (codec, dictionary, packed) = pack(body, None);
        let stored = Packed {
            sha256: sha256_hex(body),
            codec: codec.to_owned(),
            length: int(body.len()),
            bytes: packed.into_owned(),
            dictionary,
        };
        assert_eq!(stored.unpack(None).unwrap(), body);
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
        let (_, _, packed) = pack(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", None);
        for (length, codec) in [(50, "zstd"), (i64::MAX, "zstd"), (50, "raw"), (50, "lz4")] {
            let stored = Packed {
                sha256: sha256_hex(b"something else"),
                codec: codec.to_owned(),
                length,
                bytes: packed.to_vec(),
                dictionary: None,
            };
            assert!(stored.unpack(None).unwrap_err().starts_with("body "));
        }
    }
}
