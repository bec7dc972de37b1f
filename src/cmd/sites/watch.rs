//! `copydesk sites check --watch`: a round at each save of a rule file. Owns what counts as a save and
//! how long is waited for its end; the round is `check`'s.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::Context;
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::signal::unix::{SignalKind, signal};

use super::super::Ending;
use crate::config::Config;

/// How long files must be left alone before a round begins: editors save in several steps.
const QUIET: Duration = Duration::from_millis(200);

enum News {
    Saved,
    Asked,
}

/// Runs `round` now and after each save below the rule directory, until SIGINT or SIGTERM.
///
/// # Errors
/// When there is no directory, or it cannot be watched. What fails in a round is shown, and the next
/// save is waited for.
pub(super) fn rounds(
    config: &Config,
    mut round: impl FnMut() -> anyhow::Result<Ending>,
) -> anyhow::Result<Ending> {
    let directory = config
        .sites_dir
        .as_ref()
        .context("nothing to watch: create the directory sites, or name one with --sites")?;
    let (tell, news) = channel();
    end_on_signals(tell.clone())?;
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // The files are read in each round: that is no save.
        let saved = event.is_ok_and(|e| {
            !matches!(e.kind, EventKind::Access(_))
                && e.paths.iter().any(|p| p.extension().is_some_and(|e| e == "toml"))
        });
        if saved {
            // Nobody listens any more when the program ends.
            let _ = tell.send(News::Saved);
        }
    })?;
    watcher
        .watch(directory, RecursiveMode::Recursive)
        .with_context(|| format!("cannot watch {}", directory.display()))?;
    for number in 1_u64.. {
        if let Err(error) = round() {
            eprintln!("copydesk: {error:#}");
        }
        eprintln!(
            "copydesk: round {number} done, watching {}; Ctrl-C ends",
            directory.display()
        );
        if !next_save(&news) {
            break;
        }
    }
    Ok(Ending::Well)
}

/// Waits for a save and the quiet after it; false when the end is asked for.
fn next_save(news: &Receiver<News>) -> bool {
    if !matches!(news.recv(), Ok(News::Saved)) {
        return false;
    }
    loop {
        match news.recv_timeout(QUIET) {
            Ok(News::Saved) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(News::Asked) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

fn end_on_signals(tell: Sender<News>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupt, mut terminate) = runtime.block_on(async {
        anyhow::Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    })?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        });
        // A round at work comes to its end first; where nobody listens the program has ended.
        let _ = tell.send(News::Asked);
    });
    Ok(())
}
