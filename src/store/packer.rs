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
    // The article of the body that was just stored follows in the same transaction.
    Ok(n + 1 >= int(DICTIONARY_SAMPLE))
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

#[cfg(test)]
mod tests {
    use super::LOOK_EVERY;
    use crate::store::sha256_hex;
    use crate::store::testing::{Desk, desk, story};
    use crate::store::{MadeDictionary, Reader, Store};

    /// A page in the dress of a year: the same frame, other words.
    fn page(dress: u64, n: u64) -> Vec<u8> {
        let word = |i: u64| format!("{:x} ", i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 28);
        let frame: String = (0..500).map(|i| word(dress * 100_003 + i)).collect();
        let words: String = (0..60).map(|i| word(7 + n * 1_000_003 + i)).collect();
        format!("<style>{frame}</style><p>{words}</p>").into_bytes()
    }

    async fn store(desk: &Desk, pages: std::ops::Range<u64>, dress: u64) {
        for n in pages {
            let mut write = story(
                desk.run,
                &format!("https://news.example/{n}"),
                &format!("Told {n}"),
            );
            write.body = Some(page(dress, n));
            desk.writer.record_page(write).await.unwrap();
        }
    }

    fn dictionaries(desk: &Desk) -> String {
        let query = "select coalesce(group_concat(n, ' '), '') from
            (select count(b.sha256) as n from dictionaries d left join bodies b on b.dictionary = d.id group by d.id)";
        desk.client().query_row(query, [], |r| r.get(0)).unwrap()
    }

    #[tokio::test]
    async fn a_site_that_looks_different_now_has_another_dictionary() {
        let desk = desk().await;
        store(&desk, 0..8, 1).await;
        // The dictionary is there when the writer has ended.
        let path = desk.path().to_owned();
        desk.writer.clone().close().await.unwrap();
        assert_eq!(dictionaries(&desk), "8");
        let desk = desk.again();
        // The change falls between two looks, so that no dictionary is chosen from pages of both.
        let change = 4 * u64::try_from(LOOK_EVERY).unwrap();
        store(&desk, 8..change, 1).await;
        store(&desk, change..120, 2).await;
        desk.writer.clone().close().await.unwrap();
        let counts = dictionaries(&desk);
        let counts: Vec<u64> = counts.split(' ').map(|n| n.parse().unwrap()).collect();
        assert_eq!((counts.len(), counts.iter().sum::<u64>()), (2, 120), "{counts:?}");
        assert!(counts[0] >= change, "{counts:?}");
        let reader = Reader::open(&path).unwrap();
        for n in 0..120 {
            let bytes = page(if n < change { 1 } else { 2 }, n);
            assert_eq!(reader.body(&sha256_hex(&bytes)).unwrap(), Some(bytes), "{n}");
        }
    }

    #[tokio::test]
    async fn a_dictionary_that_packs_nothing_any_more_goes_and_its_number_is_not_used_again() {
        let desk = desk().await;
        store(&desk, 0..8, 1).await;
        // The writer makes a dictionary beside its work: it is there, and alone, when it has ended.
        desk.writer.clone().close().await.unwrap();
        let desk = desk.again();
        let first: i64 = desk
            .client()
            .query_row("select id from dictionaries", [], |r| r.get(0))
            .unwrap();
        // The reader holds the first one ready while it goes.
        let reader = desk.reader();
        assert_eq!(reader.body(&sha256_hex(&page(1, 0))).unwrap(), Some(page(1, 0)));
        desk.client()
            .execute_batch("update bodies set dictionary = null, bytes = x'', codec = 'raw', pruned_at = '2026-01-01T00:00:00Z'")
            .unwrap();
        assert_eq!(
            desk.writer.drop_unused_dictionaries().await.unwrap(),
            0,
            "the newest stays"
        );
        store(&desk, 8..16, 2).await;
        let made = MadeDictionary::of(&desk.reader(), "paper", crate::store::testing::at(9));
        let second = desk.writer.keep_dictionary(made.unwrap().unwrap()).await.unwrap();
        assert!(desk.writer.drop_unused_dictionaries().await.unwrap() >= 1);
        assert!(second > first);
        assert_eq!(reader.body(&sha256_hex(&page(2, 9))).unwrap(), Some(page(2, 9)));
        assert_eq!(reader.body(&sha256_hex(&page(1, 0))).unwrap(), None);
        // What was pruned and comes again is kept again.
        let mut again = story(desk.run, "https://news.example/again", "Told again");
        again.body = Some(page(1, 0));
        desk.writer.record_page(again).await.unwrap();
        assert_eq!(reader.body(&sha256_hex(&page(1, 0))).unwrap(), Some(page(1, 0)));
        assert_eq!(reader.pruned_at(&sha256_hex(&page(1, 0))).unwrap(), None);
        assert!(reader.pruned_at(&sha256_hex(&page(1, 1))).unwrap().is_some());
    }

    #[tokio::test]
    async fn a_body_whose_dictionary_is_damaged_is_damage_and_not_an_answer() {
        let desk = desk().await;
        store(&desk, 0..9, 1).await;
        desk.writer.clone().close().await.unwrap();
        desk.client()
            .execute_batch("update dictionaries set bytes = x'00'")
            .unwrap();
        let reader = Store::open(desk.path()).unwrap().reader().unwrap();
        let error = reader.body(&sha256_hex(&page(1, 3))).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("needs dictionary 1, which is gone or damaged"),
            "{error}"
        );
    }
}
