//! What is old goes, what is left is packed better, and the room is given back. Owns the order of these and
//! that each step can be stopped and gone on with; what a policy means in rows is the store's.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::clock::Clock;
use crate::store::{
    self, MadeDictionary, Packing, Prunable, Reader, Repacked, Store, StoreError, Unpacked, Vacuumed, Writer,
};

use super::crawl::CrawlError;
use super::stop::Stop;

/// Rows that go in one transaction.
const BATCH: usize = 256;
/// Bodies that are packed between two transactions.
const PACKED_BATCH: usize = 128;
/// Free pages that are given back in one transaction: eight megabytes.
const GIVEN_BACK: u32 = 2048;
/// Share of the file, as a divisor, that must be free for an older file to be written anew.
const WORTH_REBUILDING: u64 = 20;

/// What a pruning is asked to do.
#[derive(Debug, Clone)]
pub struct PruneSettings {
    /// The database.
    pub db: PathBuf,
    /// Only these sites, as articles name them; none: all.
    pub sites: Vec<String>,
    /// Bodies fetched before this moment go.
    pub bodies_before: Option<Timestamp>,
    /// Texts replaced before this moment go.
    pub extractions_before: Option<Timestamp>,
    /// Write nothing.
    pub dry_run: bool,
    /// The clock.
    pub clock: Clock,
}

/// Rows, and the bytes they held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// How many.
    pub rows: u64,
    /// Bytes they held in the file.
    pub bytes: u64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct PruneReport {
    /// The database, absolute.
    pub database: PathBuf,
    /// Whether nothing was to be written: everything is what would be.
    pub dry_run: bool,
    /// Whether it was stopped before it was through.
    pub interrupted: bool,
    /// Bodies that went.
    pub bodies: Rows,
    /// Replaced texts that went.
    pub extractions: Rows,
    /// Dictionaries that were made.
    pub dictionaries_made: u64,
    /// Dictionaries that packed no body any more.
    pub dictionaries_dropped: u64,
    /// Bodies that a dictionary may make smaller, and the bytes they took.
    pub packed: Rows,
    /// Bytes that they take now; none in a dry run.
    pub packed_to: Option<u64>,
    /// Bytes of the file before.
    pub file_before: u64,
    /// Bytes of the file now.
    pub file_after: u64,
    /// Bytes in the file that hold nothing and were not given back.
    pub free: u64,
    /// Why they were not.
    pub free_stays: Option<String>,
}

/// Hears how many steps of how many are done.
pub type Meter<'a> = dyn Fn(u64, u64) + Send + Sync + 'a;

/// Prunes. None: a crawl holds the database's lock.
///
/// # Errors
/// When the database fails. What was done until then is done.
pub async fn run(
    settings: PruneSettings,
    meter: &Meter<'_>,
    stop: Stop,
) -> Result<Option<PruneReport>, CrawlError> {
    // The lock and the store would make a database where there is none.
    match Reader::open(&settings.db) {
        Err(missing @ StoreError::Missing { .. }) => return Err(missing.into()),
        Ok(reader) if settings.dry_run => return Ok(Some(look(&settings, &reader)?)),
        Err(error) if settings.dry_run => return Err(error.into()),
        Ok(_) | Err(_) => {}
    }
    let Some(_lock) = store::lock(&settings.db)? else {
        return Ok(None);
    };
    let store = Store::open(&settings.db)?;
    let writer = store.writer()?;
    let work = Work {
        reader: store.reader()?,
        writer: writer.clone(),
        settings: &settings,
        meter,
        stop,
    };
    let done = work.through().await;
    let file = work.reader.path().to_owned();
    drop(work);
    // Moves the log into the file: only then is the file as small as it has become.
    let closed = writer.close().await;
    let mut report = done?;
    closed?;
    report.file_after = size(&file)?;
    Ok(Some(report))
}

fn size(file: &Path) -> Result<u64, StoreError> {
    Ok(Reader::open(file)?.file_sizes()?.database)
}

fn sum(rows: &[Prunable]) -> Rows {
    Rows {
        rows: rows.len() as u64,
        bytes: rows.iter().map(|r| r.bytes).sum(),
    }
}

fn bodies(settings: &PruneSettings, reader: &Reader) -> Result<Vec<Prunable>, StoreError> {
    let before = settings.bodies_before;
    before.map_or(Ok(Vec::new()), |at| reader.prunable_bodies(&settings.sites, at))
}

fn extractions(settings: &PruneSettings, reader: &Reader) -> Result<Vec<Prunable>, StoreError> {
    let before = settings.extractions_before;
    before.map_or(Ok(Vec::new()), |at| {
        reader.prunable_extractions(&settings.sites, at)
    })
}

/// What would be done. Bodies that would go count among those that could be packed.
fn look(settings: &PruneSettings, reader: &Reader) -> Result<PruneReport, StoreError> {
    let without = reader.sites_without_dictionary(&settings.sites)?;
    let mut packed = Rows::default();
    for site in reader
        .sites_with_dictionary(&settings.sites)?
        .iter()
        .chain(&without)
    {
        let waiting = reader.unpacked_bodies(site)?;
        packed.rows += waiting.len() as u64;
        packed.bytes += waiting.iter().map(|b| b.bytes).sum::<u64>();
    }
    let size = reader.file_sizes()?.database;
    Ok(PruneReport {
        bodies: sum(&bodies(settings, reader)?),
        extractions: sum(&extractions(settings, reader)?),
        dictionaries_made: without.len() as u64,
        packed,
        free: reader.free_room()?,
        ..PruneReport::new(reader, settings.dry_run, size)
    })
}

impl PruneReport {
    fn new(reader: &Reader, dry_run: bool, size: u64) -> Self {
        Self {
            database: reader.path().to_owned(),
            dry_run,
            interrupted: false,
            bodies: Rows::default(),
            extractions: Rows::default(),
            dictionaries_made: 0,
            dictionaries_dropped: 0,
            packed: Rows::default(),
            packed_to: None,
            file_before: size,
            file_after: size,
            free: 0,
            free_stays: None,
        }
    }

    /// Counts bodies that were packed anew.
    fn packed(&mut self, waiting: &[Unpacked], packed: &[Repacked]) {
        let before: HashMap<&str, u64> = waiting.iter().map(|b| (b.sha256.as_str(), b.bytes)).collect();
        for body in packed {
            let after = body.bytes.len() as u64;
            if let Some(before) = before.get(body.sha256.as_str()).filter(|b| **b > after) {
                self.packed.rows += 1;
                self.packed.bytes += before;
                *self.packed_to.get_or_insert_default() += after;
            }
        }
    }
}

struct Work<'a> {
    reader: Reader,
    writer: Writer,
    settings: &'a PruneSettings,
    meter: &'a Meter<'a>,
    stop: Stop,
}

impl Work<'_> {
    async fn through(&self) -> Result<PruneReport, CrawlError> {
        let size = self.reader.file_sizes()?.database;
        let mut report = PruneReport::new(&self.reader, false, size);
        self.prune(&mut report).await?;
        self.pack(&mut report).await?;
        if !self.stop.is_asked() {
            report.dictionaries_dropped = self.writer.drop_unused_dictionaries().await?;
        }
        self.give_back(&mut report).await?;
        report.free = self.reader.free_room()?;
        report.interrupted = self.stop.is_asked();
        Ok(report)
    }

    /// Takes out what the policy says, some rows a transaction.
    async fn prune(&self, report: &mut PruneReport) -> Result<(), StoreError> {
        let (old, replaced) = (
            bodies(self.settings, &self.reader)?,
            extractions(self.settings, &self.reader)?,
        );
        let all = (old.len() + replaced.len()) as u64;
        let rows = |batch: &[Prunable]| batch.iter().map(|b| b.row).collect();
        let add = |to: &mut Rows, batch: &[Prunable]| {
            to.rows += batch.len() as u64;
            to.bytes += sum(batch).bytes;
        };
        for batch in old.chunks(BATCH).take_while(|_| !self.stop.is_asked()) {
            self.writer
                .prune_bodies(rows(batch), self.settings.clock.now())
                .await?;
            add(&mut report.bodies, batch);
            (self.meter)(report.bodies.rows, all);
        }
        for batch in replaced.chunks(BATCH).take_while(|_| !self.stop.is_asked()) {
            self.writer.prune_extractions(rows(batch)).await?;
            add(&mut report.extractions, batch);
            (self.meter)(report.bodies.rows + report.extractions.rows, all);
        }
        Ok(())
    }

    /// Makes the dictionaries that are missing, and packs what was stored before there was one.
    async fn pack(&self, report: &mut PruneReport) -> Result<(), CrawlError> {
        for site in self.reader.sites_without_dictionary(&self.settings.sites)? {
            if self.stop.is_asked() {
                return Ok(());
            }
            let made = MadeDictionary::of(&self.reader, &site, self.settings.clock.now())?;
            if let Some(made) = made {
                // The pages it was chosen from are packed with it in the same transaction.
                let waiting = self.reader.unpacked_bodies(&site)?;
                report.packed(&waiting, made.bodies());
                self.writer.keep_dictionary(made).await?;
                report.dictionaries_made += 1;
            }
        }
        for site in self.reader.sites_with_dictionary(&self.settings.sites)? {
            let Some(packing) = self.reader.packing(&site)? else {
                continue;
            };
            let waiting = self.reader.unpacked_bodies(&site)?;
            for (n, batch) in (0..).zip(waiting.chunks(PACKED_BATCH)) {
                if self.stop.is_asked() {
                    return Ok(());
                }
                let packed = on_all_cores(self.reader.path(), batch, &packing)?;
                report.packed(batch, &packed);
                self.writer.repack(&packing, packed).await?;
                (self.meter)((n * PACKED_BATCH + batch.len()) as u64, waiting.len() as u64);
            }
        }
        Ok(())
    }

    /// Gives free pages back, a few at a time; a file of an older copydesk is written anew where that is
    /// worth it and there is room.
    async fn give_back(&self, report: &mut PruneReport) -> Result<(), StoreError> {
        let free = self.reader.free_room()?;
        let mut before = None;
        while free > 0 && !self.stop.is_asked() {
            match self.writer.give_back(GIVEN_BACK).await? {
                Vacuumed::Left(0) => return Ok(()),
                // Some are held by a reader of an older state of the file.
                Vacuumed::Left(left) if before == Some(left) => return Ok(()),
                Vacuumed::Left(left) => before = Some(left),
                Vacuumed::Never if free < report.file_before / WORTH_REBUILDING => return Ok(()),
                Vacuumed::Never => {
                    let needed = 2 * report.file_before.saturating_sub(free);
                    let room = store::free_bytes(&self.settings.db)?;
                    if room < needed {
                        report.free_stays = Some(format!(
                            "to give them back the file is written anew once, which needs {needed} bytes on the \
                             disk, and {room} are free"
                        ));
                        return Ok(());
                    }
                    return self.writer.rebuild().await;
                }
            }
        }
        Ok(())
    }
}

/// Packs bodies on all cores, each with a reader of its own.
fn on_all_cores(db: &Path, batch: &[Unpacked], packing: &Packing) -> Result<Vec<Repacked>, CrawlError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let some = |part: &[Unpacked]| -> Result<Vec<Repacked>, StoreError> {
        let reader = Reader::open(db)?;
        let packed = part.iter().map(|body| reader.repacked(body, packing));
        packed.filter_map(Result::transpose).collect()
    };
    std::thread::scope(|scope| {
        let parts = batch.chunks(batch.len().div_ceil(cores).max(1));
        let threads: Vec<_> = parts.map(|part| scope.spawn(|| some(part))).collect();
        let mut all = Vec::new();
        for thread in threads {
            let part = thread
                .join()
                .map_err(|_| CrawlError::Internal("a packing thread failed"))?;
            all.extend(part?);
        }
        Ok(all)
    })
}
