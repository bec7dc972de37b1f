//! How values are spelled in the file: times, texts, JSON and hashes. Owns the spelling both
//! ways; which value goes into which column is `write`'s and `read`'s business.

use std::borrow::Cow;

use jiff::Timestamp;
use rusqlite::types::{FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Row, ToSql};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::outcome::Outcome;

/// SHA-256 of `bytes` as 64 lower-case hex digits: the spelling of every hash in the database.
pub fn sha256_hex(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .flat_map(|b| [HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

/// An instant as `YYYY-MM-DDTHH:MM:SSZ`; fractions of a second are dropped.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads an instant back.
pub(super) fn read_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get::<_, Instant>(column).map(|i| i.0)
}

/// Reads an instant back, where there may be none.
pub(super) fn read_time_opt(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<Instant>>(column)?.map(|i| i.0))
}

struct Instant(Timestamp);

impl rusqlite::types::FromSql for Instant {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let at = value.as_str()?.parse();
        at.map(Self)
            .map_err(|e: jiff::Error| FromSqlError::Other(Box::new(e)))
    }
}

/// Reads an outcome back; null is `None`.
pub(super) fn read_outcome(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Outcome>> {
    let word: Option<String> = row.get(column)?;
    // The table's CHECK knows the same words (a test compares them), so none is lost here.
    Ok(word.and_then(|w| Outcome::parse(&w)))
}

/// Publication dates pass in the two forms the file knows, `YYYY-MM-DD` and
/// `YYYY-MM-DDTHH:MM:SSZ`. A year beyond those forms must not cost the article: the date is left
/// out, and what the page said stays in `fields`.
pub(super) fn date(value: Option<&str>) -> Option<&str> {
    const FORMS: [&[u8]; 2] = [b"0000-00-00", b"0000-00-00T00:00:00Z"];
    let fits = |v: &str, form: &[u8]| {
        v.len() == form.len()
            && v.bytes()
                .zip(form)
                .all(|(b, f)| if *f == b'0' { b.is_ascii_digit() } else { b == *f })
    };
    value.filter(|v| FORMS.iter().any(|form| fits(v, form)))
}

/// A text on its way into the file, without NUL: SQLite's own functions stop at one.
pub(super) struct Text<'a>(pub(super) &'a str);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match without_nul(self.0) {
            Cow::Borrowed(text) => ToSqlOutput::from(text),
            Cow::Owned(text) => ToSqlOutput::from(text),
        })
    }
}

/// A text that may be absent, without NUL.
pub(super) fn opt<T: AsRef<str>>(value: &Option<T>) -> Option<Text<'_>> {
    value.as_ref().map(|v| Text(v.as_ref()))
}

/// `text` without NUL.
pub(super) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', ""))
    } else {
        Cow::Borrowed(text)
    }
}

/// A list of texts as a JSON array.
pub(super) fn json_list(items: &[String]) -> String {
    let clean: Vec<Cow<'_, str>> = items.iter().map(|i| without_nul(i)).collect();
    json(&clean)
}

/// JSON text of words, numbers and lists of them.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    // Serialisation fails only for maps whose keys are no strings; no caller has one.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// A count as SQLite's integer. Counts of bytes and words never come near its end.
pub(super) fn int(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// A count read back; SQLite's negative numbers are none.
pub(super) fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_spelled_as_sha256sum_does() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn times_lose_their_fraction_only() {
        let at: Timestamp = "2026-02-01T03:04:05.678Z".parse().unwrap();
        assert_eq!(time(at), "2026-02-01T03:04:05Z");
    }

    #[test]
    fn dates_outside_the_two_forms_are_left_out() {
        assert_eq!(date(Some("2026-02-01")), Some("2026-02-01"));
        assert_eq!(date(Some("2026-02-01T00:00:00Z")), Some("2026-02-01T00:00:00Z"));
        for odd in ["-044-03-15", "2026-02-01T00:00:00+01:00", "soon", "２０26-02"] {
            assert_eq!(date(Some(odd)), None, "{odd}");
        }
    }

    #[test]
    fn nul_never_reaches_the_file() {
        assert_eq!(json_list(&["a\0b".to_owned()]), r#"["ab"]"#);
        assert_eq!(without_nul("a\0b"), "ab");
    }
}
