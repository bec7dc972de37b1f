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

/// Sites that are all shown; of more, only those that have drifted.
const SHOWN_SITES: usize = 20;

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
    // A person is shown what needs one first, and of many sites no more.
    let whole = !wanted.is_empty() || config.verbosity > 0 || all.len() <= SHOWN_SITES;
    let mut out = std::io::stdout().lock();
    if config.json {
        let json = serde_json::json!({ "sites": all, "drifted": drifted });
        writeln!(out, "{json}")?;
    } else {
        all.sort_by_key(|site| site.drift_since.is_none());
        let shown = if whole { all.len() } else { drifted };
        tell(&mut out, &all[..shown], all.len(), drifted)?;
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

fn tell(out: &mut impl Write, sites: &[SiteHealth], of: usize, drifted: usize) -> std::io::Result<()> {
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
            "{:width$}  {state}  {:>6} articles  by rules {} (before {})  {} words (before {})  {} failed",
            site.site,
            site.articles,
            by_rules(&site.now),
            by_rules(&site.before),
            words(&site.now),
            words(&site.before),
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
    writeln!(out, "{}, {drifted} drifted", text::counted(of, "site"))?;
    if sites.len() < of {
        writeln!(out, "all of them: copydesk sites health -v")?;
    }
    Ok(())
}

/// What stands where there are no stories to speak of.
const NONE: &str = "–";

fn by_rules(figures: &Figures) -> String {
    match figures.stories {
        0 => format!("{NONE:>5}"),
        _ => format!("{:>3.0} %", (1.0 - figures.generic_share) * 100.0),
    }
}

fn words(figures: &Figures) -> String {
    match figures.stories {
        0 => format!("{NONE:>4}"),
        _ => format!("{:>4}", figures.median_words),
    }
}
