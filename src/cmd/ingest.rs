//! `copydesk ingest`: pages out of WARC files and capture folders.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use anyhow::bail;

use crate::cli::IngestArgs;
use crate::clock::Clock;
use crate::config::Config;
use crate::pipeline::ingest::{self, IngestReport, IngestSettings, Meter};
use crate::progress::Count;
use crate::text;

use super::crawl::as_typed;
use super::print::Paint;
use super::{Ending, job, page};

/// Runs the command.
pub(super) fn run(config: &Config, args: IngestArgs) -> anyhow::Result<Ending> {
    if let Some(missing) = args.paths.iter().find(|p| !p.exists()) {
        bail!(
            "{} is not there: name WARC files or capture folders",
            missing.display()
        );
    }
    let rulebook = Arc::new(page::rulebook(config)?);
    let settings = IngestSettings {
        db: config.db.clone(),
        command: as_typed(std::env::args_os()),
        paths: args.paths,
        all: args.all,
        opt_out: config.opt_out,
        clock: Clock::system(),
    };
    let count = Arc::new(Count::start(config, "records"));
    let told = count.clone();
    let meter: Arc<Meter> = Arc::new(move |records| told.tell(records, records));
    let report = job::run(async |stop| Ok(ingest::run(settings, rulebook, meter, stop).await?));
    count.end();
    let Some(report) = report? else {
        return Ok(job::comes_again(config)?);
    };
    for damaged in &report.damaged {
        tracing::warn!("{damaged}");
    }
    if config.json {
        writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&report)?)?;
    } else if config.verbosity > 0 || (config.verbosity == 0 && std::io::stderr().is_terminal()) {
        tell(&mut std::io::stderr().lock(), &report)?;
    }
    Ok(job::ended(report.exit_code))
}

/// The report for people.
fn tell(out: &mut impl Write, report: &IngestReport) -> std::io::Result<()> {
    let paint = Paint::for_stderr();
    writeln!(
        out,
        "{} records of {} files: {} new articles, {} revised",
        report.records,
        report.files,
        paint.bold(&report.new_articles.to_string()),
        report.revised
    )?;
    writeln!(
        out,
        "passed over: {} no pages, {} of other hosts or no stories, {} ingested before, {} older than what is stored",
        report.no_pages, report.not_wanted, report.known, report.older
    )?;
    let pages: Vec<String> = report.outcomes.iter().map(|(o, n)| format!("{n} {o}")).collect();
    if !pages.is_empty() {
        writeln!(out, "pages: {}", pages.join(", "))?;
    }
    if report.further + report.unfinished > 0 {
        writeln!(
            out,
            "further pages of stories: {} joined; {} stories go on at one that is not there",
            report.further, report.unfinished
        )?;
    }
    if report.interrupted {
        writeln!(out, "{}", paint.yellow("interrupted: run it again to go on"))?;
    }
    writeln!(out, "{}", text::printable(&report.database.display().to_string()))
}
