//! `copydesk prune`: what is old goes, what is left is packed better, the room is given back.

use std::io::{IsTerminal, Write};

use anyhow::{Context, bail};
use bytesize::ByteSize;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ZonedDateTime};

use crate::cli::PruneArgs;
use crate::clock::Clock;
use crate::config::Config;
use crate::pipeline::prune::{self, PruneReport, PruneSettings};
use crate::progress::Count;
use crate::store::Reader;
use crate::text;

use super::print::Paint;
use super::{Ending, export, job};

/// Runs the command.
pub(super) fn run(config: &Config, args: &PruneArgs) -> anyhow::Result<Ending> {
    let clock = Clock::system();
    let before = |flag: &str, age: &Option<String>| {
        let age = age.as_ref().map(|age| before(clock.now(), age));
        age.transpose().with_context(|| format!("--{flag}"))
    };
    let bodies_before = before("bodies-older-than", &args.bodies_older_than)?;
    let extractions_before = before("extractions-older-than", &args.extractions_older_than)?;
    let sites = match args.names.as_slice() {
        [] => Vec::new(),
        names => export::sites(config, &Reader::open(&config.db)?, names)?,
    };
    let settings = PruneSettings {
        db: config.db.clone(),
        sites,
        bodies_before,
        extractions_before,
        dry_run: args.dry_run,
        clock,
    };
    let count = Count::start(config, "pages");
    let report =
        job::run(async |stop| Ok(prune::run(settings, &|done, of| count.tell(done, of), stop).await?));
    count.end();
    let Some(report) = report? else {
        return Ok(job::comes_again(config)?);
    };
    if let Some(why) = &report.free_stays {
        tracing::warn!("{} in the file hold nothing: {why}", size(report.free));
    }
    if config.json {
        writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&report)?)?;
    } else if report.dry_run
        || config.verbosity > 0
        || config.verbosity == 0 && std::io::stdout().is_terminal()
    {
        tell(&mut std::io::stdout().lock(), &report)?;
    }
    Ok(Ending::Well)
}

/// The moment that is so long ago, by the calendar (UTC).
fn before(now: Timestamp, age: &str) -> anyhow::Result<Timestamp> {
    let wanted = || format!("{age} is no age: write 90d, 12w, 6mo or 1y");
    let span: Span = age.parse().with_context(wanted)?;
    if !span.is_positive() {
        bail!(wanted());
    }
    let then = ZonedDateTime::new(now, TimeZone::UTC).checked_sub(span);
    Ok(then.with_context(wanted)?.timestamp())
}

fn size(bytes: u64) -> ByteSize {
    ByteSize::b(bytes)
}

/// The report for people.
fn tell(out: &mut impl Write, report: &PruneReport) -> std::io::Result<()> {
    let paint = Paint::for_stdout();
    let (went, were) = match report.dry_run {
        true => ("would go", "could be"),
        false => ("went", "were"),
    };
    writeln!(
        out,
        "{} stored pages {went} ({}), {} replaced texts ({})",
        paint.bold(&report.bodies.rows.to_string()),
        size(report.bodies.bytes),
        report.extractions.rows,
        size(report.extractions.bytes)
    )?;
    let to = report
        .packed_to
        .map(|to| format!(" to {}", size(to)))
        .unwrap_or_default();
    writeln!(
        out,
        "{} pages {were} packed with a dictionary of their site ({}{to}); {} dictionaries made, {} dropped",
        report.packed.rows,
        size(report.packed.bytes),
        report.dictionaries_made,
        report.dictionaries_dropped
    )?;
    if report.dry_run {
        writeln!(
            out,
            "the file: {}, of which {} hold nothing",
            size(report.file_before),
            size(report.free)
        )?;
    } else {
        writeln!(
            out,
            "the file: {} before, {} now",
            size(report.file_before),
            size(report.file_after)
        )?;
    }
    if report.interrupted {
        writeln!(out, "{}", paint.yellow("interrupted: run it again to go on"))?;
    }
    writeln!(out, "{}", text::printable(&report.database.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_go_by_the_calendar() {
        let now: Timestamp = "2028-02-29T12:00:00Z".parse().unwrap();
        let ago = |age| before(now, age).map(|at| at.to_string());
        assert_eq!(ago("90d").unwrap(), "2027-12-01T12:00:00Z");
        assert_eq!(ago("1y").unwrap(), "2027-02-28T12:00:00Z");
        assert_eq!(ago("6mo").unwrap(), "2027-08-29T12:00:00Z");
        for odd in ["", "90", "-3d", "0d", "soon", "3d ago", "99999999y"] {
            assert!(ago(odd).is_err(), "{odd}");
        }
    }
}
