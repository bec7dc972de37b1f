//! Pages out of archive files, through the same extraction and the same judgement as a crawl's. Owns
//! the order, what is passed over, and the report; the files are `source`'s.

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
use crate::store::{
    self, ArticleChange, FetchRow, Ingested, IngestedFrom, PageWrite, Reader, RecordKey, RunEnd, RunStart,
    Store, StoreError, Writer, sha256_hex,
};

use super::crawl::{COULD_NOT_RUN, CrawlError};
use super::judge::{self, Bench, Told};
use super::memory;
use super::reading::{self, Choice, Reading, Rulebook};
use super::stop::Stop;
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
        Ok::<_, StoreError>(intake)
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
async fn finish(intake: Intake) -> Result<IngestReport, StoreError> {
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

/// A page that is to be read.
#[derive(Clone)]
struct Wanted {
    place: Arc<Place>,
    /// It was ingested before and told no article; it is written again only if it tells one now.
    is_again: bool,
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
    report: IngestReport,
    handle: Handle,
    meter: Arc<Meter>,
    stop: Stop,
}

impl Intake {
    fn all(&mut self) -> Result<(), StoreError> {
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
        Ok(())
    }

    fn damaged(&mut self, file: &str, reason: &str) {
        self.report.damaged.push(format!("{file}: {reason}"));
    }

    fn one_file(&mut self, mut source: Source, file: &str) -> Result<(), StoreError> {
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
                return Err(error);
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
                self.settle(item, &wanted, reading, file)?;
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
        let name = match (&site, url.host_str()) {
            (Some(site), _) if site.is_article_url(url) => site.id.clone(),
            (None, Some(host)) if self.settings.all => address::bare_host(host).to_owned(),
            _ => {
                self.report.not_wanted += 1;
                return Ok(None);
            }
        };
        let before = self.reader.ingested(key)?;
        if before == Ingested::WithArticle {
            self.report.known += 1;
            return Ok(None);
        }
        let is_again = before == Ingested::WithoutArticle;
        if let Some(place) = self.places.get(&name).cloned() {
            return Ok(Some(Wanted { place, is_again }));
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
        Ok(Some(Wanted { place, is_again }))
    }

    /// When the story at an address was last seen as it is stored.
    fn last_seen(&self, url: &str) -> Result<Option<Timestamp>, StoreError> {
        let Some(stored) = self.reader.article_by_url(url)? else {
            return Ok(None);
        };
        // A look that found no story says nothing of the text.
        let page = self
            .reader
            .page(url)?
            .filter(|p| p.outcome.is_some_and(Outcome::is_article));
        Ok(page.and_then(|p| p.last_fetched_at).max(Some(stored.fetched_at)))
    }

    fn settle(
        &mut self,
        item: Item,
        wanted: &Wanted,
        reading: Reading,
        file: &str,
    ) -> Result<(), StoreError> {
        let place = &*wanted.place;
        let url = String::from(address::canonical(item.url.clone()));
        if self.last_seen(&url)?.is_some_and(|seen| seen > item.date) {
            self.report.older += 1;
            return Ok(());
        }
        let sha256 = sha256_hex(&item.body);
        let asked = item
            .redirects
            .first()
            .and_then(|hop| address::parse(&hop.url).ok());
        let asked = asked.unwrap_or_else(|| item.url.clone());
        let fetch = FetchRow {
            url: asked.to_string(),
            final_url: item.url.to_string(),
            redirects: item.redirects.clone(),
            status: Some(item.status),
            charset: reading.charset.map(|(charset, _)| charset.to_owned()),
            charset_source: reading.charset.map(|(_, source)| source.to_owned()),
            fetched_at: item.date,
            duration: item.duration,
            bytes: item.body.len() as u64,
            body_sha256: Some(sha256.clone()),
            error: None,
            headers: item.headers.clone(),
        };
        let mut write = PageWrite {
            site: Some(place.site.clone()),
            final_url: url.clone(),
            fetch: Some(fetch),
            outcome: Some(Outcome::Unchanged),
            ..PageWrite::failed(
                self.run_id,
                String::from(address::canonical(asked)),
                self.settings.clock.now(),
            )
        };
        let headers: Vec<(String, String)> = item
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect();
        let mut signals = optout::of_headers(&headers);
        signals.extend(reading.extraction.iter().flat_map(|e| e.signals.iter().cloned()));
        let refusal = optout::refusal(&signals, self.settings.opt_out);
        write.signals = Some(signals);
        if let Some(reason) = refusal {
            write.outcome = Some(Outcome::OptedOut);
            write.reason = Some(reason);
        } else if let Some(article_id) = judge::is_as_stored(&self.reader, &url, &sha256)? {
            write.article = ArticleChange::Known { article_id };
        } else {
            let bench = Bench {
                rulebook: &self.rulebook,
                rules: place.rules.clone(),
                memory: place.memory.as_ref(),
                reader: &self.reader,
                site: &place.site,
            };
            let judgement = bench.judge(Told {
                reading,
                sources: vec![sha256],
                url,
                moved: None,
            })?;
            write.outcome = Some(judgement.outcome);
            write.reason = judgement.reason;
            write.article = judgement.change;
        }
        if wanted.is_again && matches!(write.article, ArticleChange::None) {
            self.report.known += 1;
            return Ok(());
        }
        let is_new = matches!(write.article, ArticleChange::New(_));
        let is_revision = matches!(write.article, ArticleChange::Revision { .. });
        if write.outcome.is_some_and(Outcome::is_article) {
            write.etag = item.header("etag").map(str::to_owned);
            write.last_modified = item.header("last-modified").map(str::to_owned);
        }
        if is_new || is_revision {
            write.body = Some(item.body);
            self.touched.insert(place.site.clone());
        }
        self.report.new_articles += u64::from(is_new);
        self.report.revised += u64::from(is_revision);
        if let Some(outcome) = write.outcome {
            *self.report.outcomes.entry(outcome).or_default() += 1;
        }
        let from = IngestedFrom {
            file: file.to_owned(),
            record_id: item.record_id,
        };
        self.handle.block_on(self.writer.record_ingested(write, from))?;
        Ok(())
    }
}

/// Reads the pages of a batch on all cores; the readings are in the order of the pages.
fn read_all(pages: &[(Item, Wanted)], rulebook: &Rulebook) -> Vec<Reading> {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(usize, Reading)> = std::thread::scope(|scope| {
        let one = || {
            let mut own = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let Some((item, Wanted { place, .. })) = pages.get(n) else {
                    return own;
                };
                let url = address::canonical(item.url.clone());
                let source = reading::Source {
                    bytes: &item.body,
                    content_type: item.header("content-type"),
                    url: Some(&url),
                };
                let choice = Choice::Named(place.rules.clone());
                own.push((n, reading::read(source, rulebook, &choice, place.memory.as_ref())));
            }
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            // Without its readings the others would fall to the wrong pages.
            .flat_map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    all.sort_by_key(|(n, _)| *n);
    all.into_iter().map(|(_, reading)| reading).collect()
}
