//! What commands that work on the archive for a while have in common: they run until a signal ends
//! them, step aside for whoever holds the lock, and end by the code that their report tells.

use std::io::Write;

use crate::config::Config;
use crate::pipeline::stop::{self, Stop};

use super::Ending;

/// Does the work, which is asked to end by the first SIGINT or SIGTERM.
pub(super) fn run<T>(work: impl AsyncFnOnce(Stop) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async { work(on_signals()?).await })
}

/// Says that a crawl holds the lock, to someone who will have to come again; a watch never is done.
pub(super) fn comes_again(config: &Config) -> std::io::Result<Ending> {
    writeln!(
        std::io::stderr().lock(),
        "copydesk: a crawl is at work on {}: run this again when it is done; `copydesk watch` has to be \
         stopped first and started again after (systemctl stop copydesk)",
        config.db.display()
    )?;
    Ok(Ending::Well)
}

/// Says that another holds the lock, which for a crawl is no trouble: it does the same.
pub(super) fn steps_aside(config: &Config) -> std::io::Result<Ending> {
    if config.verbosity >= 0 {
        writeln!(
            std::io::stderr().lock(),
            "copydesk: another crawl is at work on {}",
            config.db.display()
        )?;
    }
    Ok(Ending::Well)
}

/// The ending for the exit code of a report.
pub(super) const fn ended(exit_code: i32) -> Ending {
    if exit_code == 0 {
        Ending::Well
    } else {
        Ending::Attention
    }
}

/// The first SIGINT or SIGTERM asks the run to end; the second ends the program at once.
fn on_signals() -> anyhow::Result<Stop> {
    use tokio::signal::unix::{SignalKind, signal};
    /// What a shell reports for a program ended by SIGINT.
    const INTERRUPTED: i32 = 130;
    let (stopper, stop) = stop::pair();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        for asked in 0.. {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            if asked > 0 {
                std::process::exit(INTERRUPTED);
            }
            stopper.stop();
            tracing::warn!("ending: pages in flight are finished and stored; once more ends at once");
        }
    });
    Ok(stop)
}
