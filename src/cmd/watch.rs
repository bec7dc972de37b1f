//! `copydesk watch`: stays up until a signal ends it; SIGHUP has the rule files read again.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use crate::cli::{CrawlArgs, WatchArgs};
use crate::config::{Config, DEFAULT_SITES};
use crate::pipeline::crawl::Unwatched;
use crate::pipeline::rules::Rules;
use crate::pipeline::watch::{self, Reload};

use super::{Ending, crawl, job, page};

/// Runs the command.
pub(super) fn run(config: &Config, args: &WatchArgs) -> anyhow::Result<Ending> {
    let crawl_args = CrawlArgs {
        delay: args.delay,
        allow_private: args.allow_private,
        ..CrawlArgs::default()
    };
    let settings = crawl::settings(config, &crawl_args)?;
    let names = crawl::names(config, &args.names).to_vec();
    // The default directory may be made while the watch is up.
    let directory = config.sites_dir.clone().unwrap_or_else(|| DEFAULT_SITES.into());
    let rules = Rules::new(Some(directory), names, page::rulebook(config)?)?;
    if config.verbosity >= 0 && std::io::stderr().is_terminal() {
        writeln!(
            std::io::stderr().lock(),
            "watching; -v tells what happens, Ctrl-C ends it"
        )?;
    }
    crawl::hint_contact(config)?;
    let watched = job::run(async |stop| {
        let reload = on_hangup()?;
        Ok(watch::run(settings, rules, Arc::new(Unwatched), stop, reload).await?)
    })?;
    let Some(watched) = watched else {
        return Ok(job::steps_aside(config)?);
    };
    if config.json {
        writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&watched)?)?;
    }
    Ok(Ending::Well)
}

/// Each SIGHUP asks for the rule files.
fn on_hangup() -> anyhow::Result<Reload> {
    use tokio::signal::unix::{SignalKind, signal};
    let reload = Reload::default();
    let asks = reload.clone();
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            asks.ask();
        }
    });
    Ok(reload)
}
