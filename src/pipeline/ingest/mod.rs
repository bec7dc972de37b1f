//! Pages out of archive files, through the same extraction and the same judgement as a crawl's. Owns
//! the order, what is passed over, and the report; the files are `source`'s, stories on several pages
//! `paged`'s.

mod aside;
mod paged;
mod settle;
mod source;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::Handle;
use url::Url;

use crate::address;
use crate::clock::Clock;
use crate::extract::{Memory, RuleSet};
use crate::optout::{self, OptOutPolicy};
use crate::outcome::Outcome;
use crate::store::{self, Ingested, Reader, RecordKey, RunEnd, RunStart, Store, StoreError, Writer};

use super::crawl::{COULD_NOT_RUN, CrawlError};
use super::gather::{Whole, said_in};
use super::memory;
use super::reading::{self, Choice, Reading, Rulebook};
use super::stop::Stop;
use aside::Aside;
use settle::Arrival;
use source::{Item, Source};

/// What an ingest is asked to do.
#[derive(Debug, Clone)]
pub struct IngestSettings {
    /// The database.
    pub db: PathBuf,
    /// The command as typed, for `runs`.
    pub command: String,
    /// WARC files, directories of them, capture folders.
    pub paths: Vec<PathBuf>,
    /// Hosts too that no rule file knows.
    pub all: bool,
    /// What is done about pages that opt out.
    pub opt_out: OptOutPolicy,
    /// The clock.
    pub clock: Clock,
}

/// What an ingest did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IngestReport {
    /// The database, absolute.
    pub database: PathBuf,
    /// Id of the run in table `runs`.
    pub run: i64,
    /// Whether it was asked to end before it was done.
    pub interrupted: bool,
    /// Files and folders gone through.
    pub files: u64,
    /// Files that could not be read, or not to their end, and pages of folders, with the reason.
    pub damaged: Vec<String>,
    /// Records gone through.
    pub records: u64,
    /// Records that hold no page.
    pub no_pages: u64,
    /// Pages of hosts that no rule file knows, and addresses that are no story's.
    pub not_wanted: u64,
    /// Pages that were ingested before; those that told no article then tell none now.
    pub known: u64,
    /// Pages that are older than what is stored of their story.
    pub older: u64,
    /// Further pages of stories, joined to their first.
    pub further: u64,
    /// Stories that go on on a page that is neither in the files nor stored.
    pub unfinished: u64,
    /// Pages read, by what became of them.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Articles that are new in the database.
    pub new_articles: u64,
    /// Articles that have a new version.
    pub revised: u64,
    /// Exit code: 0 all well, 1 a file is damaged.
    pub exit_code: i32,
}

/// Hears how many records were gone through.
pub type Meter = dyn Fn(u64) + Send + Sync;

/// Takes the pages in. None: a crawl holds the database's lock.
///
/// # Errors
/// When the database fails. What was written until then is not read again.
pub async fn run(
    settings: IngestSettings,
    rulebook: Arc<Rulebook>,
    meter: Arc<Meter>,
    stop: Stop,
) -> Result<Option<IngestReport>, CrawlError> {
    let Some(_lock) = store::lock(&settings.db)? else {
        return Ok(None);
    };
    let store = Store::open(&settings.db)?;
    let writer = store.writer()?;
    let clock = settings.clock.clone();
    let run_id = writer
        .begin_run(RunStart {
            command: settings.command.clone(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: clock.now(),
        })
        .await?;
    let mut intake = Intake {
        reader: store.reader()?,
        writer: writer.clone(),
        rulebook,
        run_id,
        places: HashMap::new(),
        touched: BTreeSet::new(),
        aside: Aside::beside(store.path()),
        report: IngestReport {
            database: store.path().to_owned(),
            run: run_id,
            ..IngestReport::default()
        },
        handle: Handle::current(),
        meter,
        stop,
        settings,
    };
    let done = tokio::task::spawn_blocking(move || {
        intake.all()?;
        Ok::<_, CrawlError>(intake)
    });
    let done = done
        .await
        .map_err(|_| CrawlError::Internal("the ingest thread failed"))?;
    let done = match done {
        Ok(intake) => finish(intake).await,
        Err(error) => Err(error),
    };
    let end = RunEnd {
        finished_at: clock.now(),
        interrupted: done.as_ref().is_ok_and(|r| r.interrupted),
        outcomes: done.as_ref().map(|r| r.outcomes.clone()).unwrap_or_default(),
        exit_code: done.as_ref().map_or(COULD_NOT_RUN, |r| r.exit_code),
    };
    let ended = writer.end_run(run_id, end).await;
    let closed = writer.close().await;
    let report = done?;
    ended?;
    closed?;
    Ok(Some(report))
}

/// Learns what the sites repeat, as a crawl does when it is through.
async fn finish(intake: Intake) -> Result<IngestReport, CrawlError> {
    let mut report = intake.report;
    if !report.interrupted {
        for site in &intake.touched {
            let now = intake.settings.clock.now();
            let learned = memory::learn(&intake.reader, site, intake.run_id, now)?;
            intake.writer.save_memory(learned).await?;
        }
    }
    report.exit_code = i32::from(!report.damaged.is_empty());
    Ok(report)
}

/// A site's rules and memory, or a host's without rules.
struct Place {
    site: String,
    rules: Arc<RuleSet>,
    memory: Option<Memory>,
}

impl Place {
    /// Whether a story may be told on several pages here.
    fn spans_pages(&self) -> bool {
        self.rules.site().is_some_and(|site| site.spans_pages())
    }
}

/// A page that is to be read.
#[derive(Clone)]
struct Wanted {
    place: Arc<Place>,
    /// What an earlier ingest did with it: it is written again only if it tells more now.
    before: Ingested,
    /// Its address may be a story's; else it can only be a further page of one.
    begins: bool,
}

struct Intake {
    settings: IngestSettings,
    reader: Reader,
    writer: Writer,
    rulebook: Arc<Rulebook>,
    run_id: i64,
    /// By site; taken when first needed, and the same to the end.
    places: HashMap<String, Arc<Place>>,
    /// Sites with something new.
    touched: BTreeSet<String>,
    /// Pages of sites whose stories go on over pages, until all have come.
    aside: Aside,
    report: IngestReport,
    handle: Handle,
    meter: Arc<Meter>,
    stop: Stop,
}

impl Intake {
    fn all(&mut self) -> Result<(), CrawlError> {
        for path in self.settings.paths.clone() {
            let files = match source::files(&path) {
                Ok(files) => files,
                Err(error) => {
                    self.damaged(&path.display().to_string(), &error.to_string());
                    continue;
                }
            };
            for file in files {
                if self.stop.is_asked() {
                    self.report.interrupted = true;
                    return Ok(());
                }
                let name = file.to_string_lossy().into_owned();
                match Source::open(&file) {
                    Ok(source) => self.one_file(source, &name)?,
                    Err(reason) => self.damaged(&name, &reason),
                }
                self.report.files += 1;
            }
        }
        self.tell_stories()
    }

    fn damaged(&mut self, file: &str, reason: &str) {
        self.report.damaged.push(format!("{file}: {reason}"));
    }

    fn one_file(&mut self, mut source: Source, file: &str) -> Result<(), CrawlError> {
        let folder = source.has_own_ids().then_some(file);
        let mut places: HashMap<String, Wanted> = HashMap::new();
        loop {
            if self.stop.is_asked() {
                self.report.interrupted = true;
                return Ok(());
            }
            let now = self.settings.clock.now();
            let mut failed = None;
            let mut wanted = |url: &Url, record_id: &str, date: Option<Timestamp>| {
                let key = RecordKey {
                    record_id,
                    url: url.as_str(),
                    folder,
                    fetched_at: date,
                };
                match self.wanted(url, &key) {
                    Ok(place) => {
                        let is_wanted = place.is_some();
                        places.extend(place.map(|p| (record_id.to_owned(), p)));
                        is_wanted
                    }
                    Err(error) => {
                        failed.get_or_insert(error);
                        false
                    }
                }
            };
            let batch = source.batch(now, &mut wanted);
            if let Some(error) = failed {
                return Err(error.into());
            }
            self.report.records += batch.records;
            self.report.no_pages += batch.no_pages;
            let pages: Vec<(Item, Wanted)> = batch
                .items
                .into_iter()
                .filter_map(|item| places.get(&item.record_id).cloned().map(|wanted| (item, wanted)))
                .collect();
            places.retain(|id, _| source.held() == Some(id));
            let readings = read_all(&pages, &self.rulebook);
            for ((item, wanted), reading) in pages.into_iter().zip(readings) {
                if wanted.place.spans_pages() {
                    self.aside.put(item, wanted, reading, file)?;
                } else {
                    self.settle(alone(item, wanted, reading, file))?;
                }
            }
            (self.meter)(self.report.records);
            for reason in batch.failed {
                self.damaged(file, &reason);
            }
            if batch.last {
                return Ok(());
            }
        }
    }

    /// Where a page belongs. None: it is passed over.
    fn wanted(&mut self, url: &Url, key: &RecordKey<'_>) -> Result<Option<Wanted>, StoreError> {
        let site = self.rulebook.sites().for_url(url);
        let begins = site.as_ref().is_none_or(|site| site.is_article_url(url));
        let name = match (&site, url.host_str()) {
            (Some(site), _) if begins || site.spans_pages() => site.id.clone(),
            (None, Some(host)) if self.settings.all => address::bare_host(host).to_owned(),
            _ => {
                self.report.not_wanted += 1;
                return Ok(None);
            }
        };
        let before = self.reader.ingested(key)?;
        if before == Ingested::WithArticle && !self.is_unfinished(url)? {
            self.report.known += 1;
            return Ok(None);
        }
        if let Some(place) = self.places.get(&name).cloned() {
            return Ok(Some(Wanted {
                place,
                before,
                begins,
            }));
        }
        let place = Arc::new(Place {
            rules: match &site {
                Some(_) => self.rulebook.for_url(url),
                None => self.rulebook.generic(),
            },
            memory: memory::snapshot(&self.reader, &name)?,
            site: name.clone(),
        });
        self.places.insert(name, place.clone());
        Ok(Some(Wanted {
            place,
            before,
            begins,
        }))
    }
}

/// A page that is a whole story.
fn alone(item: Item, wanted: Wanted, reading: Reading, file: &str) -> Arrival {
    let told = item.told.clone();
    let mut first = item.came(Some(file));
    first.was_read(&reading);
    let mut signals = optout::of_headers(&first.fetch.headers);
    optout::add(&mut signals, said_in(&reading));
    Arrival {
        wanted,
        told,
        whole: Whole {
            sources: vec![first.sha256.clone()],
            first,
            reading,
            further: Vec::new(),
            signals,
        },
        rest: None,
    }
}

/// Reads the pages of a batch; the readings are in the order of the pages.
fn read_all(pages: &[(Item, Wanted)], rulebook: &Rulebook) -> Vec<Reading> {
    on_all_cores(pages, |(item, Wanted { place, .. })| {
        let url = address::canonical(item.url.clone());
        read(place, rulebook, &item.body, item.header("content-type"), &url)
    })
}

/// Reads a page by its site's rules and memory.
fn read(place: &Place, rulebook: &Rulebook, bytes: &[u8], content_type: Option<&str>, url: &Url) -> Reading {
    let source = reading::Source {
        bytes,
        content_type,
        url: Some(url),
    };
    let choice = Choice::Named(place.rules.clone());
    reading::read(source, rulebook, &choice, place.memory.as_ref())
}

/// Does this with each of these, on all cores; what comes of it is in their order.
fn on_all_cores<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let one = || {
            let mut own = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let Some(one) = all.get(n) else { return own };
                own.push((n, work(one)));
            }
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            // Without its share the others would fall to the wrong ones.
            .flat_map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, result)| result).collect()
}
