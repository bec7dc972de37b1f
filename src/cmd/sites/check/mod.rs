//! `copydesk sites check`: every rule file loads, its proofs hold on real pages, and nothing in it is
//! odd. Owns the round over the sites and what is printed; proofs are `prove`'s, pages `pages`'.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use url::Url;

use super::super::Ending;
use super::super::print::Paint;
use crate::address;
use crate::cli::CheckArgs;
use crate::config::Config;
use crate::extract::{RuleSet, Trial};
use crate::pipeline::capture::Captures;
use crate::pipeline::errand::Errand;
use crate::pipeline::reading::{Rulebook, Source};
use crate::pipeline::trial::{self, Trials, Unseen};
use crate::sites::rule::Site;
use crate::sites::{RuleFault, Sites};

mod pages;
mod prove;

use pages::{Found, Page, Pages};

/// Checks without a page that are named, unless more is asked for.
const SHOWN_MISSING: usize = 20;

#[derive(Default, Serialize)]
struct Summary {
    passed: usize,
    failed: usize,
    without_a_page: usize,
    missing: Vec<Missing>,
    faults: Vec<Fault>,
    findings: Vec<Finding>,
    unseen: Vec<Unseen>,
}

/// A check without a page.
#[derive(Serialize)]
struct Missing {
    site: String,
    place: String,
    url: String,
}

#[derive(Serialize)]
struct Fault {
    site: String,
    place: String,
    url: String,
    faults: Vec<String>,
}

/// A finding as JSON.
#[derive(Serialize)]
struct Finding {
    file: String,
    line: usize,
    column: usize,
    key: String,
    message: String,
    help: Option<String>,
    #[serde(skip)]
    shown: String,
}

/// Runs the command.
pub(in crate::cmd) fn run(config: &Config, args: &CheckArgs) -> anyhow::Result<Ending> {
    let round = || once(config, args, super::load(config)?);
    match args.watch {
        true => super::watch::rounds(config, round),
        false => round(),
    }
}

/// One round with these rules.
fn once(config: &Config, args: &CheckArgs, sites: Sites) -> anyhow::Result<Ending> {
    let rulebook = Rulebook::new(sites);
    let sites: Vec<Arc<Site>> = if args.names.is_empty() {
        rulebook.sites().iter().cloned().collect()
    } else {
        args.names
            .iter()
            .map(|s| rulebook.sites().resolve(s))
            .collect::<Result<_, _>>()?
    };
    let captures = match args.pages.is_empty() {
        true => None,
        false => Some(Captures::open(&args.pages)?),
    };
    let web = match args.fetch {
        true => Some(Mutex::new(Errand::new(&config.into(), false, rulebook.sites())?)),
        false => None,
    };
    let round = Round {
        rulebook: &rulebook,
        web: web.as_ref(),
        trials: Mutex::default(),
    };
    let mut summary = Summary::default();
    for result in round.all(&sites, || Pages::open(captures.as_ref(), &config.db))? {
        summary.passed += result.passed;
        summary.failed += result.failed;
        summary.without_a_page += result.without_a_page;
        summary.missing.extend(result.missing);
        summary.faults.extend(result.faults);
    }
    let trials = round.trials.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut findings = rulebook.sites().lint(&sites);
    let (odd, unseen) = trials.judge(rulebook.sites());
    findings.extend(odd);
    for rule in &unseen {
        tracing::info!(
            "{}: {} met nothing on {} pages at hand",
            rule.place,
            rule.key,
            rule.pages
        );
    }
    summary.unseen = unseen;
    let paint = Paint::for_stdout();
    summary.findings = findings.iter().map(|f| Finding::of(f, paint)).collect();
    tell(config, &summary, paint)?;
    let unproved = !args.pages.is_empty() && summary.without_a_page > 0;
    let wanting = summary.failed > 0 || !summary.findings.is_empty() || unproved;
    Ok(if wanting { Ending::Attention } else { Ending::Well })
}

/// What the workers share.
struct Round<'a> {
    rulebook: &'a Rulebook,
    web: Option<&'a Mutex<Errand>>,
    trials: Mutex<Trials>,
}

impl Round<'_> {
    /// Tries all sites, side by side on all cores, and gives their results in order.
    fn all<'p>(
        &self,
        sites: &[Arc<Site>],
        open: impl Fn() -> anyhow::Result<Pages<'p>> + Sync,
    ) -> anyhow::Result<Vec<Summary>> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let next = AtomicUsize::new(0);
        let work = || -> anyhow::Result<Vec<(usize, Summary)>> {
            let pages = open()?;
            let mut done = Vec::new();
            while let Some((index, site)) = {
                let index = next.fetch_add(1, Ordering::Relaxed);
                sites.get(index).map(|site| (index, site))
            } {
                done.push((index, self.site(site, &pages)?));
            }
            Ok(done)
        };
        let mut results = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..workers.min(sites.len())).map(|_| scope.spawn(work)).collect();
            let mut results = Vec::new();
            for handle in handles {
                match handle.join() {
                    Ok(done) => results.extend(done?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            anyhow::Ok(results)
        })?;
        results.sort_by_key(|(index, _)| *index);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }

    /// Proves one site's checks, and tries its rules on all its pages.
    fn site(&self, site: &Arc<Site>, pages: &Pages<'_>) -> anyhow::Result<Summary> {
        let rules = self.rulebook.named(&site.id)?;
        let mut summary = Summary::default();
        let mut tried: Vec<(Url, Trial)> = Vec::new();
        for check in &site.checks {
            let url = address::parse(&check.url)?;
            let faults = match pages.find(self.web, &url)? {
                Found::Page(page) => match self.read(&page, &rules) {
                    Ok(mut trial) => {
                        let faults = prove::faults(check, &trial);
                        self.trials().check(self.rulebook.sites(), check, &trial);
                        trial.told.clear();
                        tried.push((url, trial));
                        faults
                    }
                    Err(why) => vec![why],
                },
                Found::Damaged(why) => vec![why],
                Found::Refused(why) => {
                    summary.without_a_page += 1;
                    tracing::warn!("{}: {why}", check.place);
                    continue;
                }
                Found::Nowhere => {
                    summary.without_a_page += 1;
                    summary.missing.push(Missing {
                        site: site.id.clone(),
                        place: check.place.clone(),
                        url: check.url.clone(),
                    });
                    continue;
                }
            };
            if faults.is_empty() {
                summary.passed += 1;
            } else {
                summary.failed += 1;
                summary.faults.push(Fault {
                    site: site.id.clone(),
                    place: check.place.clone(),
                    url: check.url.clone(),
                    faults,
                });
            }
        }
        for page in pages.others(self.rulebook.sites(), site)? {
            // What is no story (a section, a wall) says nothing of the rules for stories.
            if let Ok(mut trial) = self.read(&page, &rules)
                && trial.extraction.outcome.is_article()
            {
                trial.told.clear();
                tried.push((page.url, trial));
            }
        }
        self.trials()
            .add(self.rulebook.sites(), site, &tried, pages.origin());
        Ok(summary)
    }

    fn read(&self, page: &Page, rules: &RuleSet) -> Result<Trial, String> {
        let source = Source {
            bytes: &page.bytes,
            content_type: page.content_type.as_deref(),
            url: Some(&page.url),
        };
        trial::read(source, self.rulebook, rules)
    }

    fn trials(&self) -> std::sync::MutexGuard<'_, Trials> {
        self.trials.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Finding {
    fn of(fault: &RuleFault, paint: Paint) -> Self {
        Self {
            file: fault.file.clone(),
            line: fault.line,
            column: fault.column,
            key: fault.key.clone(),
            message: fault.message.clone(),
            help: fault.help.clone(),
            shown: fault.render(paint.is_on()),
        }
    }
}

fn tell(config: &Config, summary: &Summary, paint: Paint) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if config.json {
        writeln!(out, "{}", serde_json::to_string(summary)?)?;
        return Ok(());
    }
    for fault in &summary.faults {
        writeln!(out, "{}: {}", paint.bold(&fault.place), fault.url)?;
        for line in &fault.faults {
            writeln!(out, "  {}", paint.red(line))?;
        }
    }
    for finding in &summary.findings {
        writeln!(out, "{}\n", finding.shown.trim_end())?;
    }
    let shown = match config.verbosity > 0 {
        true => summary.missing.len(),
        false => summary.missing.len().min(SHOWN_MISSING),
    };
    for missing in &summary.missing[..shown] {
        writeln!(out, "{}: no page for {}", missing.place, missing.url)?;
    }
    if shown < summary.missing.len() {
        writeln!(
            out,
            "… and for {} more (-v names them)",
            summary.missing.len() - shown
        )?;
    }
    if shown > 0 {
        writeln!(
            out,
            "save a page with `copydesk capture URL --into DIR` and name the folder with --pages DIR, or give --fetch"
        )?;
    }
    match summary.findings.len() {
        0 => {}
        n => writeln!(out, "{}", crate::text::counted(n, "finding"))?,
    }
    writeln!(
        out,
        "{} passed, {} failed, {} without a page",
        summary.passed, summary.failed, summary.without_a_page
    )?;
    Ok(())
}
