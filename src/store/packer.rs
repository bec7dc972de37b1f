//! Which dictionary packs a site's bodies, kept ready from one page to the next, and when a site is due for
//! one. Owns these two; choosing the pages is `dictionary`'s work.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use super::dictionary::{self, DICTIONARY_SAMPLE};
use super::value::int;

/// Dictionaries kept ready: each takes some megabytes.
const READY: usize = 16;
/// Bodies between two looks at how well a dictionary still fits, and how many are looked at.
const LOOK_EVERY: i64 = 16;
/// From this multiple of what it left of the pages it was chosen from, a dictionary has had its day: the
/// site looks different now.
const HAD_ITS_DAY: f64 = 1.5;

/// The last few that were asked for, newest first.
pub(super) struct Ready<T>(VecDeque<(i64, Arc<T>)>);

impl<T> Default for Ready<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> fmt::Debug for Ready<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ready").field(&self.0.len()).finish()
    }
}

impl<T> Ready<T> {
    fn get(
        &mut self,
        conn: &Connection,
        id: i64,
        make: impl FnOnce(&[u8]) -> T,
    ) -> rusqlite::Result<Option<Arc<T>>> {
        let found = match self.0.iter().position(|(known, _)| *known == id) {
            Some(at) => self.0.remove(at),
            None => read(conn, id)?.map(|bytes| (id, Arc::new(make(&bytes)))),
        };
        let Some(found) = found else { return Ok(None) };
        self.0.push_front(found.clone());
        self.0.truncate(READY);
        Ok(Some(found.1))
    }
}

impl Ready<DecoderDictionary<'static>> {
    /// A dictionary to unpack with. None: it is not there, or damaged.
    pub(super) fn decoder(
        &mut self,
        conn: &Connection,
        id: i64,
    ) -> rusqlite::Result<Option<Arc<DecoderDictionary<'static>>>> {
        self.get(conn, id, DecoderDictionary::copy)
    }
}

impl Ready<EncoderDictionary<'static>> {
    /// A dictionary to pack with. None: as above.
    pub(super) fn encoder(
        &mut self,
        conn: &Connection,
        id: i64,
    ) -> rusqlite::Result<Option<Arc<EncoderDictionary<'static>>>> {
        self.get(conn, id, dictionary::encoder)
    }
}

fn read(conn: &Connection, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let packed: Option<Vec<u8>> = conn
        .prepare_cached("select bytes from dictionaries where id = ?1")?
        .query_row([id], |r| r.get(0))
        .optional()?;
    // A damaged one is as one that is not there: what it packed cannot be had.
    Ok(packed.and_then(|packed| dictionary::unpack_dictionary(&packed).ok()))
}

/// A dictionary to pack with.
#[derive(Clone)]
pub struct Packing {
    /// Its id.
    pub(super) id: i64,
    pub(super) with: Arc<EncoderDictionary<'static>>,
}

impl fmt::Debug for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Packing").field(&self.id).finish()
    }
}

/// The id of a site's newest dictionary.
pub(super) fn newest(conn: &Connection, site: &str) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("select max(id) from dictionaries where site = ?1")?
        .query_row([site], |r| r.get(0))
}

/// What the writer remembers of dictionaries.
#[derive(Debug, Default)]
pub(super) struct Packer {
    ready: Ready<EncoderDictionary<'static>>,
    /// Sites that were due before: tried once by each writer.
    tried: HashSet<(String, Option<i64>)>,
    due: VecDeque<(String, Timestamp)>,
}

impl Packer {
    /// The dictionary that packs a site's bodies now.
    pub(super) fn packing(&mut self, conn: &Connection, site: &str) -> rusqlite::Result<Option<Packing>> {
        let Some(id) = newest(conn, site)? else {
            return Ok(None);
        };
        let with = self.ready.encoder(conn, id)?;
        Ok(with.map(|with| Packing { id, with }))
    }

    /// Notes that a body of the site was stored, as row `rowid`, packed with this dictionary.
    pub(super) fn stored(
        &mut self,
        conn: &Connection,
        site: &str,
        dictionary: Option<i64>,
        rowid: i64,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        let is_due = match dictionary {
            None => has_sample(conn, site)?,
            Some(id) => rowid % LOOK_EVERY == 0 && has_had_its_day(conn, id)?,
        };
        if is_due && self.tried.insert((site.to_owned(), dictionary)) {
            self.due.push_back((site.to_owned(), at));
        }
        Ok(())
    }

    /// The next site that is due for a dictionary.
    pub(super) fn next_due(&mut self) -> Option<(String, Timestamp)> {
        self.due.pop_front()
    }
}

fn has_sample(conn: &Connection, site: &str) -> rusqlite::Result<bool> {
    let n: i64 = conn
        .prepare_cached("select count(*) from (select 1 from articles where site = ?1 limit ?2)")?
        .query_row(params![site, int(DICTIONARY_SAMPLE)], |r| r.get(0))?;
    Ok(n >= int(DICTIONARY_SAMPLE))
}

fn has_had_its_day(conn: &Connection, id: i64) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "select count(*) = ?2
                and total(packed) > ?3 * total(length) * (select share from dictionaries where id = ?1)
           from (select length(bytes) as packed, length from bodies where dictionary = ?1
                  order by rowid desc limit ?2)",
    )?
    .query_row(params![id, LOOK_EVERY, HAD_ITS_DAY], |r| r.get(0))
}
