//! Dictionaries on their way into the file: made beside the writer, on a thread of their own, and put in
//! with the bodies they were chosen from. A kill loses the dictionary in the making, never a body.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::{Fault, Hand, Writer};
use crate::store::dictionary::{self, DICTIONARY_SAMPLE, Dictionary};
use crate::store::error::StoreError;
use crate::store::packer::Packing;
use crate::store::read::Reader;
use crate::store::value::{Text, int, time};

/// How long after the last page further dictionaries are begun.
const AT_THE_END: Duration = Duration::from_secs(3);

/// A body packed anew.
#[derive(Debug, Clone)]
pub struct Repacked {
    /// Its hash.
    pub sha256: String,
    /// Its bytes, packed with the dictionary.
    pub bytes: Vec<u8>,
}

/// A dictionary that is not in the file yet.
#[derive(Debug, Clone)]
pub struct MadeDictionary {
    site: String,
    at: Timestamp,
    length: usize,
    share: f64,
    packed: Vec<u8>,
    bodies: Vec<Repacked>,
}

impl MadeDictionary {
    /// Makes one for a site, from its newest pages. None where these have nothing in common.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(reader: &Reader, site: &str, at: Timestamp) -> Result<Option<Self>, StoreError> {
        let sample = reader.newest_bodies(site, DICTIONARY_SAMPLE)?;
        let (hashes, pages): (Vec<String>, Vec<Vec<u8>>) = sample.into_iter().unzip();
        let Some(chosen) = Dictionary::choose(&pages) else {
            return Ok(None);
        };
        let Ok(packed) = dictionary::pack_dictionary(&chosen.bytes) else {
            return Ok(None);
        };
        let encoder = dictionary::encoder(&chosen.bytes);
        let bodies = hashes.into_iter().zip(&pages).filter_map(|(sha256, page)| {
            let bytes = dictionary::pack(page, Some(&encoder))?;
            Some(Repacked { sha256, bytes })
        });
        Ok(Some(Self {
            site: site.to_owned(),
            at,
            length: chosen.bytes.len(),
            share: chosen.share,
            packed,
            bodies: bodies.collect(),
        }))
    }

    /// Bodies that are packed with it when it is kept.
    pub const fn bodies(&self) -> &[Repacked] {
        self.bodies.as_slice()
    }
}

impl Writer {
    /// Puts a dictionary into the file, and the bodies it was chosen from packed with it. What the site's
    /// pages are packed with from now on. Returns its id.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn keep_dictionary(&self, made: MadeDictionary) -> Result<i64, StoreError> {
        self.transact("keep a dictionary", move |tx| Ok(keep(tx, &made)?))
            .await
    }

    /// Puts bodies packed with this dictionary in the place of those packed without one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn repack(&self, packing: &Packing, bodies: Vec<Repacked>) -> Result<(), StoreError> {
        let dictionary = packing.id;
        self.transact("pack bodies", move |tx| Ok(repack(tx, dictionary, &bodies)?))
            .await
    }

    /// Drops dictionaries that pack no body any more; the newest one of a site stays. Returns how many.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn drop_unused_dictionaries(&self) -> Result<u64, StoreError> {
        self.transact("drop unused dictionaries", move |tx| {
            let dropped = tx.execute(
                "delete from dictionaries
                  where not exists (select 1 from bodies b where b.dictionary = dictionaries.id)
                    and id < (select max(d.id) from dictionaries d where d.site = dictionaries.site)",
                [],
            )?;
            Ok(dropped as u64)
        })
        .await
    }
}

fn keep(tx: &Connection, made: &MadeDictionary) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "insert into dictionaries (site, made_at, length, share, bytes) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        Text(&made.site),
        time(made.at),
        int(made.length),
        made.share,
        made.packed
    ])?;
    let id = tx.last_insert_rowid();
    repack(tx, id, &made.bodies)?;
    Ok(id)
}

fn repack(tx: &Connection, dictionary: i64, bodies: &[Repacked]) -> rusqlite::Result<()> {
    // Only where it is smaller, and still there.
    let mut update = tx.prepare_cached(
        "update bodies set codec = 'zstd', dictionary = ?2, bytes = ?3
          where sha256 = ?1 and pruned_at is null and length(bytes) > length(?3)",
    )?;
    for body in bodies {
        update.execute(params![body.sha256, dictionary, body.bytes])?;
    }
    Ok(())
}

/// The dictionary in the making, one at a time.
pub(super) struct Making {
    path: PathBuf,
    at_work: Option<JoinHandle<Result<Option<MadeDictionary>, StoreError>>>,
}

impl Making {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            at_work: None,
        }
    }

    /// Takes in one that is done, and begins the next one that is due.
    pub(super) fn look_after(&mut self, hand: &mut Hand) {
        if self.at_work.as_ref().is_some_and(JoinHandle::is_finished) {
            self.end(hand);
        }
        if self.at_work.is_none()
            && let Some((site, at)) = hand.packer.next_due()
        {
            let path = self.path.clone();
            let work = move || MadeDictionary::of(&Reader::open(&path)?, &site, at);
            let thread = std::thread::Builder::new().name("copydesk-dictionary".to_owned());
            // Without a thread to spare the bodies are packed as before.
            self.at_work = thread.spawn(work).ok();
        }
    }

    /// Makes what is due before the writer ends, as long as that takes no time worth speaking of; what is
    /// left is due again with the site's next page.
    pub(super) fn close(&mut self, hand: &mut Hand) {
        let begun = Instant::now();
        self.look_after(hand);
        while self.at_work.is_some() {
            self.end(hand);
            if begun.elapsed() < AT_THE_END {
                self.look_after(hand);
            }
        }
    }

    /// Waits for the one that is in the making, and takes it in.
    fn end(&mut self, hand: &mut Hand) {
        let Some(thread) = self.at_work.take() else { return };
        let mut put = |made: MadeDictionary| -> Result<(), Fault> {
            let tx = hand
                .conn
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            keep(&tx, &made)?;
            Ok(tx.commit()?)
        };
        let done = match thread.join() {
            Ok(Ok(Some(made))) => put(made).map_err(|f| f.at(&self.path, "keep a dictionary")),
            Ok(Ok(None)) => Ok(()),
            Ok(Err(error)) => Err(error),
            Err(_) => return,
        };
        if let Err(error) = done {
            tracing::debug!(%error, "no dictionary was made");
        }
    }
}
