//! `copydesk capture`: pages as fetched into a capture folder, for rule work and tests.

use std::collections::HashSet;
use std::io::Write;
use std::path::PathBuf;

use crate::address;
use crate::cli::CaptureArgs;
use crate::config::Config;
use crate::fetch::Refusal;
use crate::outcome::Outcome;
use crate::pipeline::capture::{self, SavedPage};
use crate::pipeline::errand::{Errand, ErrandError, Fetched};
use crate::pipeline::reading::{self, Choice, Rulebook, Source};
use crate::sites::Sites;
use crate::text;
use serde::Serialize;

use super::Ending;
use super::print::Paint;

#[derive(Serialize)]
struct Summary {
    into: PathBuf,
    saved: Vec<Saved>,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Saved {
    #[serde(flatten)]
    page: SavedPage,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A page that could not be had.
#[derive(Debug, Serialize)]
pub(super) struct Failed {
    url: String,
    outcome: Outcome,
    reason: String,
    next: &'static str,
}

impl Failed {
    /// Says so on stderr.
    pub(super) fn tell(&self) {
        let line = format!("{}: {}; {}", self.url, self.reason, self.next);
        eprintln!("copydesk: {}", text::printable(&line));
    }
}

/// Runs the command.
pub(super) fn run(config: &Config, args: &CaptureArgs) -> anyhow::Result<Ending> {
    // A faulty rule file of one's own must not keep anybody from saving pages to mend it by.
    let own = Sites::load(config.sites_dir.as_deref()).unwrap_or_else(|_| Sites::builtin());
    let errand = Errand::new(&config.into(), args.allow_private, &own)?;
    // What a page looks like is said by the built-in rules alone: a faulty file of one's own must
    // not keep anybody from saving pages to mend it by.
    let rulebook = Rulebook::new(Sites::builtin());
    let mut summary = Summary {
        into: std::path::absolute(&args.into)?,
        saved: Vec::new(),
        failed: Vec::new(),
    };
    let mut asked = HashSet::new();
    for url in &args.urls {
        if address::parse(url).is_ok_and(|url| !asked.insert(url)) {
            continue;
        }
        match fetch(&errand, url) {
            Ok(page) => {
                let saved = look(&rulebook, &page, capture::save(&args.into, &page)?);
                tell_saved(config, &saved)?;
                summary.saved.push(saved);
            }
            Err(failed) => {
                failed.tell();
                summary.failed.push(failed);
            }
        }
    }
    tell(config, &summary)?;
    Ok(if summary.failed.is_empty() {
        Ending::Well
    } else {
        Ending::Attention
    })
}

/// Fetches the page of an address as typed.
pub(super) fn fetch(errand: &Errand, url: &str) -> Result<Fetched, Failed> {
    let url = address::parse(url).map_err(|error| Failed {
        url: url.to_owned(),
        outcome: Outcome::Failed,
        reason: error.to_string(),
        next: "nothing was asked",
    })?;
    errand.fetch(&url).map_err(|error| {
        let (outcome, reason, next) = match &error {
            ErrandError::Refused { refusal, .. } => {
                (refusal.outcome(), refusal.to_string(), next_step(refusal))
            }
            _ => (Outcome::Failed, error.to_string(), "nothing was saved"),
        };
        Failed {
            url: url.to_string(),
            outcome,
            reason,
            next,
        }
    })
}

/// What a person can do about a page that cannot be had.
fn next_step(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::RobotsDenied { .. } => "robots.txt is obeyed: choose a page that it allows",
        Refusal::Private(_) => "nothing was asked",
        Refusal::Status(404 | 410) => "the page is gone: choose another",
        Refusal::Status(401 | 402 | 403 | 451) => {
            "the site does not show it to copydesk, which gets around nothing: choose another page"
        }
        refusal if refusal.retryable() => "try again later",
        _ => "choose another page",
    }
}

/// What a page that was saved looks like.
fn look(rulebook: &Rulebook, page: &Fetched, saved: SavedPage) -> Saved {
    let source = Source {
        bytes: &page.body,
        content_type: page.content_type.as_deref(),
        url: Some(&page.url),
    };
    let reading = reading::read(source, rulebook, &Choice::Named(rulebook.generic()), None);
    Saved {
        page: saved,
        outcome: reading.outcome,
        reason: reading.reason,
    }
}

fn tell_saved(config: &Config, saved: &Saved) -> std::io::Result<()> {
    let page = &saved.page;
    // That the generic extractor sees no story in a page is often why rules are written for it.
    if !saved.outcome.is_article() && saved.outcome != Outcome::NotArticle {
        let reason = saved.reason.as_deref().unwrap_or("no reason is known");
        let line = format!(
            "{}: saved, but it is no story ({}: {reason}); look at it before you write rules by it",
            page.url, saved.outcome
        );
        eprintln!("copydesk: {}", text::printable(&line));
    }
    if config.json {
        return Ok(());
    }
    writeln!(
        std::io::stdout().lock(),
        "saved {}  {}",
        page.id,
        Paint::for_stdout().dim(&text::printable(&page.url))
    )
}

fn tell(config: &Config, summary: &Summary) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if config.json {
        writeln!(out, "{}", serde_json::to_string(summary)?)?;
        return Ok(());
    }
    writeln!(
        out,
        "{} saved, {} failed, in {}",
        summary.saved.len(),
        summary.failed.len(),
        summary.into.display()
    )?;
    Ok(())
}
