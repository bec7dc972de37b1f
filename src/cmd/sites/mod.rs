//! `copydesk sites …`: looking at rule files and proving them.

use std::io::IsTerminal;

use crate::config::Config;
use crate::sites::Sites;
use crate::text::counted;

pub(super) mod check;
pub(super) mod health;
pub(super) mod list;
pub(super) mod new;
mod new_pages;
pub(super) mod schema;
pub(super) mod show;
mod watch;

/// Loads the rule files; where any is faulty, every fault of every file is printed.
pub(super) fn load(config: &Config) -> anyhow::Result<Sites> {
    Sites::load(config.sites_dir.as_deref()).map_err(|faults| {
        let colour =
            std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        for fault in &faults {
            eprintln!("{}", fault.render(colour));
        }
        let files: std::collections::BTreeSet<&str> = faults.iter().map(|f| f.file.as_str()).collect();
        anyhow::anyhow!(
            "{} in {}; nothing was done",
            counted(faults.len(), "fault"),
            counted(files.len(), "rule file")
        )
    })
}
