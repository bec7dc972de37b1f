//! `copydesk sites health`: each site's newest stories against its own past, from the database alone.

use std::io::Write;

use serde::Serialize;

use super::super::Ending;
use super::super::print::Paint;
use crate::cli::HealthArgs;
use crate::config::Config;
use crate::pipeline::drift::{self, Drift, Figures};
use crate::store::Reader;
use crate::text;

#[derive(Serialize)]
struct SiteHealth {
    site: String,
    articles: u64,
    failures: u64,
    last_run_at: Option<String>,
    removed_share: Option<f64>,
    now: Figures,
    before: Figures,
    drift_since: Option<String>,
    reasons: Vec<String>,
    next: Option<String>,
}

/// Runs the command.
pub(in crate::cmd) fn run(config: &Config, args: &HealthArgs) -> anyhow::Result<Ending> {
    let sites = super::load(config)?;
    let wanted: Vec<String> = args
        .names
        .iter()
        .map(|name| Ok(sites.resolve(name)?.id.clone()))
        .collect::<anyhow::Result<_>>()?;
    let reader = Reader::open(&config.db)?;
    let rows = reader.health()?;
    let mut all = Vec::new();
    for status in reader.site_status()? {
        if !(wanted.is_empty() || wanted.contains(&status.site)) {
            continue;
        }
        let row = rows.iter().find(|row| row.site == status.site);
        let known = row.and_then(|row| row.drift_since);
        let compared = drift::compare(&reader, &status.site, known)?;
        let file = match sites.get(&status.site) {
            Some(site) => format!("sites/{}", site.file),
            None => format!("sites/{}.toml", status.site),
        };
        let next = compared.drift.as_ref().map(|drift| next(drift, &file));
        all.push(SiteHealth {
            articles: status.articles,
            failures: row.map_or(0, |row| row.failures),
            last_run_at: row.map(|row| super::super::iso(row.last_run_at)),
            removed_share: row.and_then(|row| row.removed_share),
            now: compared.now,
            before: compared.before,
            drift_since: compared.drift.as_ref().map(|d| super::super::iso(d.since)),
            reasons: compared.drift.map_or_else(Vec::new, |d| d.reasons),
            next,
            site: status.site,
        });
    }
    let drifted = all.iter().filter(|s| s.drift_since.is_some()).count();
    let mut out = std::io::stdout().lock();
    if config.json {
        let json = serde_json::json!({ "sites": all, "drifted": drifted });
        writeln!(out, "{json}")?;
    } else {
        tell(&mut out, &all, drifted)?;
    }
    Ok(if drifted > 0 {
        Ending::Attention
    } else {
        Ending::Well
    })
}

/// What to do about a drift.
fn next(drift: &Drift, file: &str) -> String {
    format!(
        "look at copydesk explain {}, and add a layout to {file}",
        drift.example
    )
}

fn tell(out: &mut impl Write, sites: &[SiteHealth], drifted: usize) -> std::io::Result<()> {
    let paint = Paint::for_stdout();
    let width = sites.iter().map(|s| s.site.len()).max().unwrap_or(0);
    for site in sites {
        let state = match &site.drift_since {
            Some(_) => paint.red("drifted"),
            None if site.before.stories < drift::LEAST_PAST => paint.dim("too few"),
            None => paint.green("well   "),
        };
        writeln!(
            out,
            "{:width$}  {state}  {:>6} articles  by rules {:>3.0} % (before {:>3.0} %)  {:>4} words (before {:>4})  {} failed",
            site.site,
            site.articles,
            (1.0 - site.now.generic_share) * 100.0,
            (1.0 - site.before.generic_share) * 100.0,
            site.now.median_words,
            site.before.median_words,
            site.failures,
        )?;
        if let Some(since) = &site.drift_since {
            for reason in &site.reasons {
                let line = format!("since {since}: {reason}");
                writeln!(out, "{:width$}  {}", "", paint.yellow(&line))?;
            }
            let next = site.next.as_deref().unwrap_or_default();
            writeln!(out, "{:width$}  {}", "", text::printable(next))?;
        }
    }
    writeln!(out, "{} sites, {drifted} drifted", sites.len())
}
