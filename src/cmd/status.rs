//! `copydesk status`: the last runs, each site's state, the file's size.

use std::io::Write;

use bytesize::ByteSize;
use jiff::Timestamp;
use serde_json::json;

use crate::config::Config;
use crate::store::{self, Part, Reader, ScheduleRow, Space};
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
    let space = reader.space()?;
    let health = reader.health()?;
    let drifted = |site: &str| health.iter().find(|row| row.site == site)?.drift_since;
    let schedule = reader.schedules()?;
    let given_up = reader.given_up()?;
    let free = store::free_bytes(&config.db)?;
    let now = Timestamp::now();
    let of = |site: &str| schedule.iter().find(|row| row.site == site);
    let mut out = std::io::stdout().lock();
    if config.json {
        let runs: Vec<_> = runs
            .iter()
            .map(|r| {
                let requests: serde_json::Map<_, _> = reader
                    .requests(r.id)?
                    .into_iter()
                    .map(|(kind, n)| {
                        let n = json!({
                            "all": n.all, "redirects": n.redirects, "not_modified": n.not_modified,
                            "failed": n.failed,
                        });
                        (kind, n)
                    })
                    .collect();
                Ok(json!({
                    "id": r.id, "started_at": iso(r.started_at), "finished_at": r.finished_at.map(iso),
                    "interrupted": r.interrupted, "command": r.command, "outcomes": r.outcomes,
                    "exit_code": r.exit_code, "requests": requests,
                }))
            })
            .collect::<anyhow::Result<_>>()?;
        let sites: Vec<_> = sites
            .iter()
            .map(|s| {
                let place = of(&s.site);
                json!({
                    "site": s.site, "articles": s.articles, "queued": s.queued,
                    "last_fetched_at": s.last_fetched_at.map(iso), "outcomes": s.outcomes,
                    "drift_since": drifted(&s.site).map(iso),
                    "given_up": given_up.get(&s.site).copied().unwrap_or(0),
                    "last_turn_at": place.map(|p| iso(p.last_turn_at)),
                    "last_success_at": place.and_then(|p| p.last_success_at).map(iso),
                    "next_turn_at": place.map(|p| iso(p.next_turn_at)),
                    "is_due": place.is_none_or(|p| p.next_turn_at <= now),
                    "failing_since": place.and_then(|p| p.failing_since).map(iso),
                    "failed_turns": place.map_or(0, |p| p.failed_turns),
                    "failure": place.and_then(|p| p.failure.as_deref()),
                    "stopped_by": place.and_then(|p| p.stopped_by.as_deref()),
                })
            })
            .collect();
        let all = json!({
            "database": reader.path(), "bytes": sizes.database, "log_bytes": sizes.log,
            "space": space_json(&space), "disk_free_bytes": free, "disk_floor_bytes": config.disk_floor,
            "runs": runs, "sites": sites,
        });
        writeln!(out, "{all}")?;
        return Ok(Ending::Well);
    }
    let paint = Paint::for_stdout();
    let articles: u64 = sites.iter().map(|s| s.articles).sum();
    writeln!(out, "{}", paint.bold(&reader.path().display().to_string()))?;
    writeln!(
        out,
        "{articles} articles of {} sites, {}; {} free on the disk",
        sites.len(),
        size(sizes.database + sizes.log),
        size(free)
    )?;
    tell_space(&mut out, paint, &space)?;
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
        for (sign, words) in notes(of(&site.site), given_up.get(&site.site).copied()) {
            writeln!(out, "  {:width$}    {} {words}", "", paint.red(sign))?;
        }
    }
    Ok(Ending::Well)
}

/// The file's size by what it holds.
fn space_json(space: &Space) -> serde_json::Value {
    let parts = space.parts.iter();
    let mut all: serde_json::Map<_, _> = parts
        .map(|(part, bytes)| (format!("{}_bytes", part.as_str()), json!(bytes)))
        .collect();
    all.insert("total_bytes".to_owned(), json!(space.total));
    all.insert("stored_bodies".to_owned(), json!(space.bodies));
    all.insert("pruned_bodies".to_owned(), json!(space.pruned_bodies));
    all.into()
}

fn tell_space(out: &mut impl Write, paint: Paint, space: &Space) -> std::io::Result<()> {
    writeln!(out, "\n{}", paint.bold("What the file holds"))?;
    for part in Part::ALL {
        let bytes = space.parts.get(&part).copied().unwrap_or(0);
        // Sizes in per cent: nobody sees what a float cannot tell apart.
        let share = bytes as f64 * 100.0 / space.total.max(1) as f64;
        let words = match part {
            Part::Bodies => match space.pruned_bodies {
                0 => format!("pages as fetched, {} of them", space.bodies),
                pruned => format!("pages as fetched, {} of them; {pruned} were pruned", space.bodies),
            },
            Part::Dictionaries => "what they are packed with".to_owned(),
            Part::Articles => "articles, newest version".to_owned(),
            Part::OlderVersions => "older versions".to_owned(),
            Part::ReplacedTexts => "texts that reextract replaced".to_owned(),
            Part::FullText => "full-text index".to_owned(),
            Part::Provenance => "provenance: removed blocks, fields, images".to_owned(),
            Part::Logs => "exchanges, queue, runs".to_owned(),
            Part::Free => "free, for what comes next".to_owned(),
            Part::Other => "schema and bookkeeping".to_owned(),
        };
        writeln!(out, "  {:>10}  {share:>3.0} %  {words}", size(bytes))?;
    }
    Ok(())
}

/// For people.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What of a site a person should know.
fn notes(place: Option<&ScheduleRow>, given_up: Option<u64>) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    if let Some((place, since)) = place.and_then(|p| Some((p, p.failing_since?))) {
        let why = text::printable(place.failure.as_deref().unwrap_or_default());
        notes.push(("failing", format!("since {}: {why}", stamp(since))));
    }
    if let Some(why) = place.and_then(|p| p.stopped_by.as_deref()) {
        notes.push(("stopped", text::printable(why)));
    }
    if let Some(n) = given_up {
        notes.push((
            "given up",
            format!("{n} pages that kept failing; `copydesk forget URL` has one asked again"),
        ));
    }
    notes
}

fn size(bytes: u64) -> String {
    ByteSize::b(bytes).to_string()
}
