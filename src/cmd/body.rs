//! `copydesk body`: a stored page body, byte for byte.

use std::io::Write;

use anyhow::{Context, bail};

use super::Ending;
use crate::address;
use crate::config::Config;
use crate::store::Reader;

/// Runs the command.
pub(super) fn run(config: &Config, key: &str) -> anyhow::Result<Ending> {
    let reader = Reader::open(&config.db)?;
    let body = if key.contains("://") {
        reader.body_by_url(address::parse(key)?.as_str())?
    } else if key.len() >= 6 && key.chars().all(|c| c.is_ascii_hexdigit()) {
        match reader.bodies_with_prefix(key, 2)?.as_slice() {
            [one] => reader.body(one)?,
            [] => None,
            _ => bail!("more than one body begins with {key}: give more digits"),
        }
    } else {
        bail!("{key} is neither an address nor a SHA-256 (six hexadecimal digits or more)");
    };
    let body = body.with_context(|| format!("no body of {key} in {}", config.db.display()))?;
    std::io::stdout().lock().write_all(&body)?;
    Ok(Ending::Well)
}
