//! `copydesk status`: the last runs, each site's state, the file's size.

use std::collections::HashSet;
use std::io::Write;

use bytesize::ByteSize;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::StatusArgs;
use crate::config::Config;
use crate::store::{self, Part, Reader, ScheduleRow, SiteStatus, Space};
use crate::text;

use super::print::Paint;
use super::{Ending, iso};

/// Runs that are shown.
const SHOWN_RUNS: usize = 5;
/// Sites that are all shown; of more, only those that need a person.
const SHOWN_SITES: usize = 20;
/// The sign of a site that cannot be crawled.
const FAILING: &str = "failing";

/// Runs the command.
pub(super) fn run(config: &Config, args: &StatusArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&config.db)?;
    let runs = reader.runs(SHOWN_RUNS)?;
    let mut sites = reader.site_status()?;
    if !args.names.is_empty() {
        let wanted = wanted(config, &sites, &args.names)?;
        sites.retain(|s| wanted.contains(&s.site));
    }
    let sizes = reader.file_sizes()?;
    let space = reader.space()?;
    let health = reader.health()?;
    let drifted = |site: &str| health.iter().find(|row| row.site == site)?.drift_since;
    let schedule = reader.schedules()?;
    let given_up = reader.given_up()?;
    let unreadable = reader.unreadable_listings()?;
    // The newest run alone can be at work: the one that holds the lock.
    let newest = runs.first().filter(|run| run.finished_at.is_none());
    let at_work = newest.map(|run| run.id).filter(|_| store::is_locked(&config.db));
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
                    "exit_code": r.exit_code, "at_work": at_work == Some(r.id), "requests": requests,
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
                    "unreadable_listings": unreadable.get(&s.site).into_iter().flatten()
                        .map(|(url, reason)| json!({ "url": url, "reason": reason }))
                        .collect::<Vec<_>>(),
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
    let articles = sites.iter().map(|s| s.articles as usize).sum();
    writeln!(out, "{}", paint.bold(&reader.path().display().to_string()))?;
    writeln!(
        out,
        "{} of {}, {}; {} free on the disk",
        text::counted(articles, "article"),
        text::counted(sites.len(), "site"),
        size(sizes.database + sizes.log),
        size(free)
    )?;
    tell_space(&mut out, paint, &space)?;
    writeln!(out, "\n{}", paint.bold("Last runs"))?;
    for run in &runs {
        let end = match (run.finished_at, run.interrupted) {
            (None, _) if at_work == Some(run.id) => paint.green("at work"),
            (None, _) => paint.yellow("did not end"),
            (Some(_), true) => paint.yellow("interrupted"),
            (Some(_), false) => match run.exit_code {
                Some(0) => paint.green("well"),
                _ => paint.red("needs a look"),
            },
        };
        let mut pages: Vec<String> = run.outcomes.iter().map(|(o, n)| format!("{n} {o}")).collect();
        if pages.is_empty() {
            pages.push("no pages".to_owned());
        }
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
    let notes_of = |s: &SiteStatus| {
        let mut notes = notes(of(&s.site), given_up.get(&s.site).copied());
        if let Some(since) = drifted(&s.site) {
            notes.push((
                "drifted",
                format!("since {}: see copydesk sites health", stamp(since)),
            ));
        }
        for (url, reason) in unreadable.get(&s.site).into_iter().flatten() {
            notes.push(("listing", text::printable(&format!("{url}: {reason}"))));
        }
        notes
    };
    let mut shown: Vec<_> = sites.iter().map(|s| (s, notes_of(s))).collect();
    // Those that need a person first; the others by name, as they are.
    shown.sort_by_key(|(_, notes)| match notes.first() {
        Some((FAILING, _)) => 0,
        Some(_) => 1,
        None => 2,
    });
    if args.names.is_empty() && config.verbosity <= 0 && shown.len() > SHOWN_SITES {
        shown.retain(|(_, notes)| !notes.is_empty());
    }
    let well = sites.len() - shown.len();
    let width = shown.iter().map(|(s, _)| s.site.len()).max().unwrap_or(0);
    for (site, notes) in shown {
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
        for (sign, words) in notes {
            writeln!(out, "  {:width$}    {} {words}", "", paint.red(sign))?;
        }
    }
    if well > 0 {
        let line = format!("{} well: copydesk status -v", text::counted(well, "more site"));
        writeln!(out, "  {}", paint.dim(&line))?;
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
            Part::Provenance => "provenance: removed blocks, fields, images, stories".to_owned(),
            Part::Logs => "exchanges, queue, runs".to_owned(),
            Part::Free => "free, for what comes next".to_owned(),
            Part::Other => "schema and bookkeeping".to_owned(),
        };
        writeln!(out, "  {:>10}  {share:>3.0} %  {words}", size(bytes))?;
    }
    Ok(())
}

/// The ids that these names mean. One that no rule file has any more may still be in the database.
fn wanted(config: &Config, sites: &[SiteStatus], names: &[String]) -> anyhow::Result<HashSet<String>> {
    let of_rules = |name: &String| Ok(super::sites::load(config)?.resolve(name)?.id.clone());
    let known = |name: &String| sites.iter().any(|s| s.site == *name);
    let ids = names.iter().map(|name| {
        if known(name) {
            Ok(name.clone())
        } else {
            of_rules(name)
        }
    });
    ids.collect()
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
        notes.push((FAILING, format!("since {}: {why}", stamp(since))));
    }
    if let Some(why) = place.and_then(|p| p.stopped_by.as_deref()) {
        notes.push(("stopped", text::printable(why)));
    }
    if let Some(n) = given_up {
        notes.push((
            "given up",
            format!(
                "{} that kept failing; `copydesk forget URL` has one asked again",
                text::counted(n as usize, "page")
            ),
        ));
    }
    notes
}

fn size(bytes: u64) -> String {
    ByteSize::b(bytes).to_string()
}
