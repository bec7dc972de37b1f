//! What a person sees while a run goes on: progress bars on a terminal, log lines, and nothing
//! below a warning elsewhere, so that cron mails only trouble.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::cli::LogFormat;
use crate::config::Config;
use crate::pipeline::crawl::{Event, Watcher};
use crate::text;

/// Sites shown at once, each on its line.
const SHOWN_SITES: usize = 8;
/// How often a moving line is drawn anew.
const TICK: Duration = Duration::from_millis(120);

/// All lines that move; log lines are written between them.
static LINES: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));

/// Whether lines may move: on a terminal, for people, unless they asked for quiet.
pub fn is_shown(config: &Config) -> bool {
    config.verbosity >= 0 && config.log_format == LogFormat::Text && std::io::stderr().is_terminal()
}

/// Starts logging to stderr, as the settings say.
pub fn init(config: &Config) {
    let level = match config.verbosity {
        ..0 => LevelFilter::ERROR,
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    // Other crates' chatter is not ours to print; their warnings say nothing a scheduler can mend.
    let filter = tracing_subscriber::filter::Targets::new().with_target("copydesk", level);
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    let registry = tracing_subscriber::registry().with(filter);
    // A second start, as in tests, leaves the first in place.
    let _ = match config.log_format {
        LogFormat::Text => {
            let ansi = std::io::stderr().is_terminal();
            let lines = tracing_subscriber::fmt::layer()
                .with_writer(Between)
                .with_target(false)
                .with_ansi(ansi);
            if ansi {
                registry.with(lines.without_time()).try_init()
            } else {
                registry.with(lines).try_init()
            }
        }
        LogFormat::Json => registry
            .with(tracing_subscriber::fmt::layer().json().with_writer(Between))
            .try_init(),
    };
}

/// Writes log lines to stderr between the moving lines, whole.
struct Between;

impl<'a> MakeWriter<'a> for Between {
    type Writer = Line;
    fn make_writer(&'a self) -> Line {
        Line(Vec::new())
    }
}

struct Line(Vec<u8>);

impl Write for Line {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.0.extend_from_slice(buf);
        Ok(buf.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        let line = std::mem::take(&mut self.0);
        LINES.suspend(|| std::io::stderr().write_all(&line))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // A log line that cannot be written has nowhere else to go.
        let _ = self.flush();
    }
}

/// One moving line that counts.
pub struct Count(ProgressBar);

impl Count {
    /// Begins it; `what` is counted, in the plural.
    pub fn start(config: &Config, what: &str) -> Self {
        if !is_shown(config) {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{spinner} {pos}/{len} {msg}  {elapsed}  {wide_bar} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = LINES.add(
            ProgressBar::new(0)
                .with_style(style)
                .with_message(what.to_owned()),
        );
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// So many are done, of so many.
    pub fn tell(&self, done: u64, of: u64) {
        self.0.set_length(of);
        self.0.set_position(done);
    }

    /// Takes it off the terminal.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// The moving lines of a crawl.
pub struct Bars {
    total: ProgressBar,
    sites: Mutex<HashMap<String, ProgressBar>>,
}

impl Bars {
    /// Begins them, for so many sites.
    pub fn start(sites: usize) -> Self {
        let style = ProgressStyle::with_template("{spinner} {pos}/{len} sites  {elapsed}  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let total = LINES.add(ProgressBar::new(sites as u64).with_style(style));
        total.enable_steady_tick(TICK);
        Self {
            total,
            sites: Mutex::default(),
        }
    }

    fn sites(&self) -> std::sync::MutexGuard<'_, HashMap<String, ProgressBar>> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher for Bars {
    fn on(&self, event: Event<'_>) {
        let mut sites = self.sites();
        match event {
            Event::SiteStarted { site } => {
                if sites.len() < SHOWN_SITES {
                    let style = ProgressStyle::with_template("  {prefix:24!} {pos:>5}/{len:<5} {wide_msg}")
                        .unwrap_or_else(|_| ProgressStyle::default_bar());
                    let bar = ProgressBar::new(0).with_style(style).with_prefix(site.to_owned());
                    let bar = LINES.insert_before(&self.total, bar);
                    bar.set_message("looking for stories");
                    sites.insert(site.to_owned(), bar);
                }
            }
            Event::Queued { site, pages } => {
                if let Some(bar) = sites.get(site) {
                    bar.set_length(pages);
                }
            }
            Event::Page { site, url, outcome } => {
                if let Some(bar) = sites.get(site) {
                    bar.inc(1);
                    bar.set_message(text::printable(&format!("{outcome} {url}")));
                }
            }
            Event::SiteDone { site, .. } => {
                if let Some(bar) = sites.remove(site) {
                    bar.finish_and_clear();
                }
                self.total.inc(1);
            }
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for (_, bar) in self.sites().drain() {
            bar.finish_and_clear();
        }
        self.total.finish_and_clear();
    }
}
