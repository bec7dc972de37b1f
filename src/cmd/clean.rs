//! `copydesk clean`: a text someone already scraped, without its boilerplate.

use std::io::{Read, Write};

use anyhow::Context;

use crate::cli::CleanArgs;
use crate::config::Config;
use crate::extract;

use super::{Ending, page};

/// Runs the command.
pub(super) fn run(config: &Config, args: &CleanArgs) -> anyhow::Result<Ending> {
    let rulebook = page::rulebook(config)?;
    let rules = match &args.site {
        Some(site) => rulebook.named(site)?,
        None => rulebook.generic(),
    };
    let text = if args.source == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("cannot read standard input")?;
        bytes
    } else {
        std::fs::read(&args.source).with_context(|| format!("cannot read {}", args.source))?
    };
    let text = String::from_utf8(text).context("the text is not UTF-8: convert it first, as with iconv")?;
    let cleaned = extract::clean(&text, &rules);
    std::io::stdout().lock().write_all(cleaned.text.as_bytes())?;
    if config.verbosity > 0 {
        for r in &cleaned.removed {
            eprintln!(
                "removed {} by {}: {}",
                r.category,
                r.rule,
                super::print::brief(&r.text, 80)
            );
        }
    }
    for note in &cleaned.notes {
        tracing::info!("{note}");
    }
    Ok(Ending::Well)
}
