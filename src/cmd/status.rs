//! `copydesk status`: the last runs, each site's state, the file's size.

use std::io::Write;

use jiff::Timestamp;
use serde_json::json;

use crate::config::Config;
use crate::store::Reader;
use crate::text;

use super::print::Paint;
use super::{Ending, iso};

/// Runs that are shown.
const SHOWN_RUNS: usize = 5;

/// Runs the command.
pub(super) fn run(config: &Config) -> anyhow::Result<Ending> {
    let reader = Reader::open(&config.db)?;
    let runs = reader.runs(SHOWN_RUNS)?;
    let sites = reader.site_status()?;
    let sizes = reader.file_sizes()?;
    let health = reader.health()?;
    let drifted = |site: &str| health.iter().find(|row| row.site == site)?.drift_since;
    let mut out = std::io::stdout().lock();
    if config.json {
        let runs: Vec<_> = runs
            .iter()
            .map(|r| {
                json!({
                    "id": r.id, "started_at": iso(r.started_at), "finished_at": r.finished_at.map(iso),
                    "interrupted": r.interrupted, "command": r.command, "outcomes": r.outcomes,
                    "exit_code": r.exit_code,
                })
            })
            .collect();
        let sites: Vec<_> = sites
            .iter()
            .map(|s| {
                json!({
                    "site": s.site, "articles": s.articles, "queued": s.queued,
                    "last_fetched_at": s.last_fetched_at.map(iso), "outcomes": s.outcomes,
                    "drift_since": drifted(&s.site).map(iso),
                })
            })
            .collect();
        let all = json!({
            "database": reader.path(), "bytes": sizes.database, "log_bytes": sizes.log, "runs": runs, "sites": sites,
        });
        writeln!(out, "{all}")?;
        return Ok(Ending::Well);
    }
    let paint = Paint::for_stdout();
    let articles: u64 = sites.iter().map(|s| s.articles).sum();
    writeln!(out, "{}", paint.bold(&reader.path().display().to_string()))?;
    writeln!(
        out,
        "{articles} articles of {} sites, {}",
        sites.len(),
        size(sizes.database + sizes.log)
    )?;
    writeln!(out, "\n{}", paint.bold("Last runs"))?;
    for run in &runs {
        let end = match (run.finished_at, run.interrupted) {
            (None, _) => paint.yellow("did not end"),
            (Some(_), true) => paint.yellow("interrupted"),
            (Some(_), false) => match run.exit_code {
                Some(0) => paint.green("well"),
                _ => paint.red("needs a look"),
            },
        };
        let pages: Vec<String> = run.outcomes.iter().map(|(o, n)| format!("{n} {o}")).collect();
        let command = text::printable(&run.command);
        writeln!(
            out,
            "  {}  {end}  {}  {}",
            stamp(run.started_at),
            pages.join(", "),
            paint.dim(&command)
        )?;
    }
    writeln!(out, "\n{}", paint.bold("Sites"))?;
    let width = sites.iter().map(|s| s.site.len()).max().unwrap_or(0);
    for site in &sites {
        let last = site.last_fetched_at.map_or("never".to_owned(), stamp);
        let others: Vec<String> = site
            .outcomes
            .iter()
            .filter(|(o, _)| !o.is_article())
            .map(|(o, n)| format!("{n} {o}"))
            .collect();
        writeln!(
            out,
            "  {:width$}  {:>6} articles  {:>5} queued  {last}  {}",
            site.site,
            site.articles,
            site.queued,
            paint.yellow(&others.join(", "))
        )?;
        if let Some(since) = drifted(&site.site) {
            let line = format!("drifted since {}: see copydesk sites health", stamp(since));
            writeln!(out, "  {:width$}  {}", "", paint.red(&line))?;
        }
    }
    Ok(Ending::Well)
}

/// For people.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} bytes")
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}
