//! Every text made anew by today's rules, from the stored pages: no request is made. Owns which
//! articles that concerns, the work on all cores, and when an old text stays.

mod diff;
mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::article::Article;
use crate::clock::Clock;
use crate::extract::{Memory, RuleSet};
use crate::outcome::Outcome;
use crate::store::{
    self, ArchivedSite, ArticleWrite, MadeArticle, Provenance, Reader, Reextraction, RunEnd, RunStart, Store,
    StoreError, Writer,
};

use super::crawl::CrawlError;
use super::memory;
use super::reading::{self, Choice, Rulebook, Source};
use super::reread::{Reread, reread};
use super::stop::Stop;
use diff::Difference;
pub use report::{ChangeReport, Counts, LeftReport, Report, RuleReport, SiteReport};
use report::{Fate, Growing};

/// Articles of an older database that are compared with others in one transaction.
const COMPARED_AT_ONCE: usize = 64;

/// What a re-extraction is asked to do.
#[derive(Debug, Clone)]
pub struct ReextractSettings {
    /// The database.
    pub db: PathBuf,
    /// The command as typed, for `runs`.
    pub command: String,
    /// Only these sites: ids, hosts, or names that articles are stored under; none: all.
    pub names: Vec<String>,
    /// Those too that today's rules, memory and program made.
    pub all: bool,
    /// Write nothing.
    pub dry_run: bool,
    /// The clock.
    pub clock: Clock,
}

/// Hears how many articles of how many are done; called from many threads, must not wait.
pub type Meter = dyn Fn(u64, u64) + Send + Sync;

/// The rules of a site, ready: what makes its texts today.
struct Today {
    site: String,
    rules: Arc<RuleSet>,
    memory: Option<Memory>,
    provenance: Provenance,
}

/// An article that waits.
struct Task {
    article_id: i64,
    today: Arc<Today>,
}

/// What all threads share.
struct Bench {
    db: PathBuf,
    rulebook: Arc<Rulebook>,
    tasks: Vec<Task>,
    next: AtomicUsize,
    done: AtomicUsize,
    growing: Mutex<Growing>,
    /// None: nothing is to be written.
    writer: Option<Writer>,
    clock: Clock,
    stop: Stop,
    meter: Arc<Meter>,
}

/// Makes the texts anew. None: a crawl holds the database's lock.
///
/// # Errors
/// When the database fails. What was done until then is done, and is not done again.
pub async fn run(
    settings: ReextractSettings,
    rulebook: Arc<Rulebook>,
    meter: Arc<Meter>,
    stop: Stop,
) -> Result<Option<Report>, CrawlError> {
    if settings.dry_run {
        let sites = named(&settings, &rulebook)?;
        let report = work(&settings, sites, rulebook, meter, stop, None).await?;
        return Ok(Some(report));
    }
    // The lock and the store would make a database where there is none.
    if let Err(missing @ StoreError::Missing { .. }) = Reader::open(&settings.db) {
        return Err(missing.into());
    }
    let Some(_lock) = store::lock(&settings.db)? else {
        return Ok(None);
    };
    let writer = Store::open(&settings.db)?.writer()?;
    let sites = named(&settings, &rulebook)?;
    let run_id = writer
        .begin_run(RunStart {
            command: settings.command.clone(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: settings.clock.now(),
        })
        .await?;
    let done = match compare_older(&writer, &stop).await {
        Ok(()) => work(&settings, sites, rulebook, meter, stop, Some(writer.clone())).await,
        Err(error) => Err(error.into()),
    };
    let end = RunEnd {
        finished_at: settings.clock.now(),
        interrupted: done.as_ref().is_ok_and(|r| r.interrupted),
        outcomes: done.as_ref().map(outcomes).unwrap_or_default(),
        exit_code: done.as_ref().map_or(super::crawl::COULD_NOT_RUN, |r| r.exit_code),
    };
    let ended = writer.end_run(run_id, end).await;
    let closed = writer.close().await;
    let mut report = done?;
    ended?;
    closed?;
    report.run = Some(run_id);
    Ok(Some(report))
}

/// Finds the stories of articles that were stored before stories were looked for.
async fn compare_older(writer: &Writer, stop: &Stop) -> Result<(), StoreError> {
    while !stop.is_asked() && writer.settle_stories(COMPARED_AT_ONCE).await? > 0 {}
    Ok(())
}

/// As `runs` tells them.
fn outcomes(report: &Report) -> BTreeMap<Outcome, u64> {
    let total = &report.total;
    let counts = [
        (Outcome::Stored, total.changed + total.fields_changed),
        (Outcome::Unchanged, total.same),
        (Outcome::Failed, total.left),
    ];
    counts.into_iter().filter(|(_, n)| *n > 0).collect()
}

async fn work(
    settings: &ReextractSettings,
    sites: Option<Vec<String>>,
    rulebook: Arc<Rulebook>,
    meter: Arc<Meter>,
    stop: Stop,
    writer: Option<Writer>,
) -> Result<Report, CrawlError> {
    let mut growing = Growing::default();
    let reader = Reader::open(&settings.db)?;
    let tasks = tasks(settings, sites.as_deref(), &reader, &rulebook, &mut growing)?;
    let database = reader.path().to_owned();
    drop(reader);
    let bench = Arc::new(Bench {
        db: settings.db.clone(),
        rulebook,
        tasks,
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        growing: Mutex::new(growing),
        writer,
        clock: settings.clock.clone(),
        stop,
        meter,
    });
    let mut threads = JoinSet::new();
    for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
        let (bench, handle) = (bench.clone(), Handle::current());
        threads.spawn_blocking(move || bench.until_done(&handle));
    }
    let mut failed = None;
    while let Some(ended) = threads.join_next().await {
        if let Err(error) = ended.map_err(|_| CrawlError::Internal("an extraction thread failed"))? {
            // The others find the database failing too, or finish what they hold.
            bench.next.store(bench.tasks.len(), Ordering::Relaxed);
            failed.get_or_insert(error);
        }
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    let interrupted = bench.done.load(Ordering::Relaxed) < bench.tasks.len();
    let growing = std::mem::take(&mut *bench.growing.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Report {
        database,
        dry_run: settings.dry_run,
        interrupted,
        ..growing.finish()
    })
}

/// The articles that today's rules, memory or program did not make, site by site.
fn tasks(
    settings: &ReextractSettings,
    sites: Option<&[String]>,
    reader: &Reader,
    rulebook: &Rulebook,
    growing: &mut Growing,
) -> Result<Vec<Task>, StoreError> {
    let mut tasks = Vec::new();
    for archived in reader.archived_sites()? {
        if sites.is_some_and(|s| !s.contains(&archived.site)) {
            continue;
        }
        let report = growing.site(&archived.site);
        report.counts.articles = archived.articles;
        let Some(rules) = rules(rulebook, &archived) else {
            report.passed_over = Some(format!(
                "its texts were made by a rule file that is not there now: sites/{}.toml",
                archived.site
            ));
            continue;
        };
        let site = rules.site().map_or(&archived.site, |s| &s.id).clone();
        let memory = memory::snapshot(reader, &site)?;
        let today = Arc::new(Today {
            provenance: Provenance {
                rule_file: rules.site().map(|s| s.file.clone()),
                rule_sha256: rules.sha256().to_owned(),
                memory_sha256: memory.as_ref().and_then(Memory::sha256),
                program_version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            site,
            rules,
            memory,
        });
        let due = reader.made_otherwise(&archived.site, &today.provenance, settings.all)?;
        report.counts.up_to_date = archived.articles.saturating_sub(due.len() as u64);
        tasks.extend(due.into_iter().map(|article_id| Task {
            article_id,
            today: today.clone(),
        }));
    }
    Ok(tasks)
}

/// The rules of a site by its id; where it is a host, those of the file that knows the host now, else
/// the common ones. None: a rule file made its texts, and is gone.
fn rules(rulebook: &Rulebook, archived: &ArchivedSite) -> Option<Arc<RuleSet>> {
    match rulebook.named(&archived.site) {
        Ok(rules) => Some(rules),
        Err(_) if archived.by_rule_file => None,
        Err(_) => Some(rulebook.generic()),
    }
}

impl Bench {
    /// Takes one article after the other until none is left or the end is asked for.
    fn until_done(&self, handle: &Handle) -> Result<(), StoreError> {
        let reader = Reader::open(&self.db)?;
        while !self.stop.is_asked() {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.tasks.get(n) else { break };
            let told = self.one(&reader, task, handle);
            match told {
                Ok(Some((article, fate))) => {
                    let mut growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
                    growing.count(&article, fate);
                }
                // Deleted or rewritten by hand meanwhile: the next re-extraction sees what it is.
                Ok(None) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            (self.meter)(done as u64, self.tasks.len() as u64);
        }
        Ok(())
    }

    fn one(
        &self,
        reader: &Reader,
        task: &Task,
        handle: &Handle,
    ) -> Result<Option<(MadeArticle, Fate)>, StoreError> {
        let Some(old) = reader.made_article(task.article_id)? else {
            return Ok(None);
        };
        let today = &task.today;
        let choice = Choice::Named(today.rules.clone());
        let read = |source: Source<'_>| reading::read(source, &self.rulebook, &choice, today.memory.as_ref());
        let reading = match reread(reader, old.id, read)? {
            Reread::Told(reading) => *reading,
            Reread::Gone(pruned_at) => return Ok(Some((old, Fate::WithoutPage(pruned_at)))),
            Reread::Damaged(detail) => {
                let reason = format!("the stored page is damaged: {detail}");
                return Ok(Some((old, Fate::Left(Outcome::Failed, reason))));
            }
        };
        let (outcome, reason) = (reading.outcome, reading.reason);
        let article = match reading.extraction {
            Some(extraction) if outcome.is_article() => extraction.article,
            _ => return Ok(Some((old, Fate::Left(outcome, reason.unwrap_or_default())))),
        };
        let fate = fate(&old, &article);
        if let Some(writer) = &self.writer {
            handle.block_on(writer.reextract(Reextraction {
                article_id: old.id,
                version: old.version,
                text_sha256: old.text_sha256.clone(),
                at: self.clock.now(),
                article: Box::new(ArticleWrite {
                    site: today.site.clone(),
                    article,
                    provenance: today.provenance.clone(),
                }),
            }))?;
        }
        Ok(Some((old, fate)))
    }
}

fn fate(old: &MadeArticle, new: &Article) -> Fate {
    let meta = &new.meta;
    if old.text != new.text() || old.title != meta.title || old.subtitle != meta.subtitle {
        return Fate::Changed(Difference::between(old, new));
    }
    if old.details == store::details(new) {
        Fate::Same
    } else {
        Fate::Fields
    }
}

/// The sites that a person means, as articles name them. None: all.
fn named(settings: &ReextractSettings, rulebook: &Rulebook) -> Result<Option<Vec<String>>, CrawlError> {
    if settings.names.is_empty() {
        return Ok(None);
    }
    let archived = Reader::open(&settings.db)?.archived_sites()?;
    let one = |name: &String| {
        if archived.iter().any(|a| a.site == *name) {
            return Ok(name.clone());
        }
        rulebook.sites().resolve(name).map(|site| site.id.clone())
    };
    Ok(Some(settings.names.iter().map(one).collect::<Result<_, _>>()?))
}
