//! `copydesk crawl`: one incremental crawl, with progress for people and one JSON object for monitors.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::CrawlArgs;
use crate::clock::Clock;
use crate::config::Config;
use crate::pipeline::crawl::{self, CrawlSettings, Unwatched, Watcher};
use crate::pipeline::rules;
use crate::pipeline::summary::Summary;
use crate::progress::{self, Bars};
use crate::text::counted;

use super::print::Paint;
use super::{Ending, job, page};

/// Gaps below this need a proxy or `--allow-private`: real sites are never asked faster.
const LEAST_DELAY: Duration = Duration::from_secs(1);
/// Longest gap that can be asked for.
const MOST_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs the command.
pub(super) fn run(config: &Config, args: &CrawlArgs) -> anyhow::Result<Ending> {
    let settings = settings(config, args)?;
    let rulebook = Arc::new(page::rulebook(config)?);
    let sites = rules::choose(rulebook.sites(), names(config, &args.names))?;
    let watcher: Arc<dyn Watcher> = if progress::is_shown(config) {
        Arc::new(Bars::start(sites.len()))
    } else {
        Arc::new(Unwatched)
    };
    hint_contact(config)?;
    let summary = job::run(async |stop| Ok(crawl::run(settings, rulebook, sites, watcher, stop).await?))?;
    let Some(summary) = summary else {
        return Ok(job::steps_aside(config)?);
    };
    if config.json {
        writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&summary)?)?;
    } else {
        let mut out = std::io::stdout().lock();
        for story in summary.sites.iter().flat_map(|site| &site.stories) {
            writeln!(out, "{}", crate::text::printable(story))?;
        }
        if config.verbosity > 0 || (config.verbosity == 0 && std::io::stderr().is_terminal()) {
            tell(&mut std::io::stderr().lock(), &summary)?;
        }
    }
    Ok(job::ended(summary.exit_code))
}

/// Tells a person at a terminal that the sites are not told who crawls them.
pub(super) fn hint_contact(config: &Config) -> std::io::Result<()> {
    let mut err = std::io::stderr();
    if config.says_who || config.verbosity < 0 || !err.is_terminal() {
        return Ok(());
    }
    writeln!(
        err,
        "the sites are not told who crawls them: --contact you@example.org does"
    )
}

pub(super) fn settings(config: &Config, args: &CrawlArgs) -> anyhow::Result<CrawlSettings> {
    let delay = match args.delay {
        Some(seconds) if !(0.0..=MOST_DELAY.as_secs_f64()).contains(&seconds) => {
            bail!(
                "--delay {seconds}: give seconds from 0 to {}",
                MOST_DELAY.as_secs()
            )
        }
        Some(seconds) => Some(Duration::from_secs_f64(seconds)),
        None => None,
    };
    if delay.is_some_and(|d| d < LEAST_DELAY) && config.proxy.is_none() && !args.allow_private {
        bail!("--delay below 1 second needs --proxy or --allow-private: real sites are not asked faster");
    }
    let since = match &args.since {
        Some(day) => Some(since(day)?),
        None => None,
    };
    Ok(CrawlSettings {
        db: config.db.clone(),
        command: as_typed(std::env::args_os()),
        fetch: config.into(),
        allow_private: args.allow_private,
        max_articles: args.max_articles,
        since,
        refresh: args.refresh,
        delay,
        dry_run: args.dry_run,
        opt_out: config.opt_out,
        budget: config.budget,
        disk_floor: config.disk_floor,
        clock: Clock::system(),
    })
}

/// The command for `runs`: without the name and password of a proxy, since the file is passed on.
pub(super) fn as_typed(words: impl Iterator<Item = OsString>) -> String {
    let bare = |word: OsString| {
        let word = word.to_string_lossy();
        let Some((scheme, rest)) = word.split_once("://") else {
            return word.into_owned();
        };
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let user = authority.rfind('@').map_or(0, |at| at + 1);
        format!("{scheme}://{}", &rest[user..])
    };
    words.map(bare).collect::<Vec<_>>().join(" ")
}

/// The beginning of a day in UTC.
pub(super) fn since(day: &str) -> anyhow::Result<Timestamp> {
    let date: jiff::civil::Date = day
        .parse()
        .with_context(|| format!("--since {day}: write a day as YYYY-MM-DD"))?;
    Ok(date.to_zoned_datetime(TimeZone::UTC)?.timestamp())
}

/// The names of the sites to crawl: typed, else those of the settings file.
pub(super) fn names<'a>(config: &'a Config, typed: &'a [String]) -> &'a [String] {
    if typed.is_empty() { &config.sites } else { typed }
}

/// The summary for people.
pub(super) fn tell(out: &mut impl Write, summary: &Summary) -> std::io::Result<()> {
    let paint = Paint::for_stderr();
    let failed: Vec<_> = summary.sites.iter().filter(|s| s.failed.is_some()).collect();
    for site in &failed {
        let reason = site.failed.as_deref().unwrap_or_default();
        writeln!(
            out,
            "{} {}: {}",
            paint.red("failed"),
            site.site,
            crate::text::printable(reason)
        )?;
    }
    let listed: u64 = summary.sites.iter().map(|s| s.discovered).sum();
    writeln!(
        out,
        "{}{}: {} stories found, {} new articles, {} revised",
        counted(summary.sites.len(), "site"),
        if failed.is_empty() {
            String::new()
        } else {
            format!(" ({} failed)", failed.len())
        },
        listed,
        paint.bold(&summary.new_articles.to_string()),
        summary.revised,
    )?;
    let pages: Vec<String> = summary.outcomes.iter().map(|(o, n)| format!("{n} {o}")).collect();
    if !pages.is_empty() {
        writeln!(out, "pages: {}", pages.join(", "))?;
    }
    if summary.interrupted {
        writeln!(out, "{}", paint.yellow("interrupted: run it again to go on"))?;
    }
    if summary.dry_run {
        writeln!(out, "dry run: nothing was queued, no story was fetched")?;
    }
    writeln!(out, "{}", summary.database.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn the_recorded_command_holds_no_password_and_bears_any_bytes() {
        let words = [
            "copydesk",
            "--proxy=http://me:se@cret@proxy.example:3128",
            "https://a.example/@b",
        ];
        let words = words.map(OsString::from).into_iter();
        let typed = as_typed(words.chain([OsString::from_vec(vec![b'x', 0xff])]));
        assert_eq!(
            typed,
            "copydesk --proxy=http://proxy.example:3128 https://a.example/@b x\u{fffd}"
        );
    }
}
