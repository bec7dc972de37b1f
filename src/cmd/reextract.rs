//! `copydesk reextract`: today's rules over the stored pages, and what that changes.

use std::io::Write;
use std::sync::Arc;

use crate::cli::ReextractArgs;
use crate::clock::Clock;
use crate::config::Config;
use crate::pipeline::reextract::{self, Counts, Meter, ReextractSettings, Report};
use crate::progress::Count;
use crate::text;

use super::crawl::as_typed;
use super::print::Paint;
use super::{Ending, day, job, page};

/// Rules that are listed for people; `--json` has all.
const SHOWN_RULES: usize = 20;

/// Runs the command.
pub(super) fn run(config: &Config, args: ReextractArgs) -> anyhow::Result<Ending> {
    let rulebook = Arc::new(page::rulebook(config)?);
    let settings = ReextractSettings {
        db: config.db.clone(),
        command: as_typed(std::env::args_os()),
        names: args.names,
        all: args.all,
        dry_run: args.dry_run,
        clock: Clock::system(),
    };
    let count = Arc::new(Count::start(config, "texts"));
    let told = count.clone();
    let meter: Arc<Meter> = Arc::new(move |done, of| told.tell(done, of));
    let report = job::run(async |stop| Ok(reextract::run(settings, rulebook, meter, stop).await?));
    count.end();
    let Some(report) = report? else {
        return Ok(job::comes_again(config)?);
    };
    for site in report.sites.iter().filter(|s| s.passed_over.is_some()) {
        let why = site.passed_over.as_deref().unwrap_or_default();
        tracing::warn!("{}: passed over, {why}", site.site);
    }
    for left in &report.left {
        tracing::warn!(
            "{}: its old text stays, by today's rules it would be {} ({})",
            left.url,
            left.outcome,
            left.reason
        );
    }
    if config.json {
        writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&report)?)?;
    } else if config.verbosity >= 0 {
        tell(&mut std::io::stdout().lock(), &report)?;
    }
    Ok(job::ended(report.exit_code))
}

/// The report for people.
fn tell(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    let paint = Paint::for_stdout();
    let total = &report.total;
    writeln!(
        out,
        "{} articles: {} {}, {} only in other fields, {} the same, {} up to date already",
        total.articles,
        paint.bold(&total.changed.to_string()),
        if report.dry_run { "would change" } else { "changed" },
        total.fields_changed,
        total.same,
        total.up_to_date,
    )?;
    if total.left > 0 {
        let left = format!("{} keep their old text, see above", total.left);
        writeln!(out, "{}", paint.yellow(&left))?;
    }
    if total.without_page > 0 {
        write!(out, "{} have no stored page any more", total.without_page)?;
        match &total.pruned_at {
            Some(at) => writeln!(out, ": {} were pruned, the last on {}", total.pruned, day(at))?,
            None => writeln!(out)?,
        }
    }
    if total.changed > 0 {
        writeln!(out, "words: {}", words(paint, total.words_won, total.words_lost))?;
    }
    let moved = |c: &Counts| c.changed + c.fields_changed > 0;
    heading(out, paint, "Sites", report.sites.iter().any(|s| moved(&s.counts)))?;
    for site in report.sites.iter().filter(|s| moved(&s.counts)) {
        let counts = &site.counts;
        writeln!(
            out,
            "  {}  {} changed of {}  {}",
            text::printable(&site.site),
            counts.changed,
            counts.articles,
            words(paint, counts.words_won, counts.words_lost)
        )?;
    }
    heading(out, paint, "Rules", !report.rules.is_empty())?;
    for rule in report.rules.iter().take(SHOWN_RULES) {
        writeln!(
            out,
            "  {}  {}  in {} articles  {}",
            text::printable(&rule.site),
            text::printable(rule.rule.as_deref().unwrap_or("(another body)")),
            rule.articles,
            words(paint, rule.words_won, rule.words_lost)
        )?;
    }
    heading(out, paint, "Largest changes", !report.largest.is_empty())?;
    for change in &report.largest {
        writeln!(
            out,
            "  {}  {}",
            words(paint, change.words_won, change.words_lost),
            text::printable(&change.url)
        )?;
    }
    if report.interrupted {
        writeln!(out, "{}", paint.yellow("interrupted: run it again to go on"))?;
    }
    writeln!(out, "{}", report.database.display())
}

fn heading(out: &mut impl Write, paint: Paint, text: &str, wanted: bool) -> std::io::Result<()> {
    if wanted {
        writeln!(out, "\n{}", paint.bold(text))?;
    }
    Ok(())
}

fn words(paint: Paint, won: u64, lost: u64) -> String {
    format!(
        "{} {}",
        paint.green(&format!("+{won}")),
        paint.red(&format!("-{lost}"))
    )
}
