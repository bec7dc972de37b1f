//! `copydesk body`: a stored page body, byte for byte.

use std::io::Write;

use anyhow::{Context, bail};

use super::{Ending, day};
use crate::address;
use crate::config::Config;
use crate::store::Reader;

/// Runs the command.
pub(super) fn run(config: &Config, key: &str) -> anyhow::Result<Ending> {
    let reader = Reader::open(&config.db)?;
    let sha256 = if key.contains("://") {
        reader.body_hash(address::parse(key)?.as_str())?
    } else if key.len() >= 6 && key.chars().all(|c| c.is_ascii_hexdigit()) {
        match reader.bodies_with_prefix(key, 2)?.as_slice() {
            [one] => Some(one.clone()),
            [] => None,
            _ => bail!("more than one body begins with {key}: give more digits"),
        }
    } else {
        bail!("{key} is neither an address nor a SHA-256 (six hexadecimal digits or more)");
    };
    let sha256 = sha256.with_context(|| format!("no body of {key} in {}", config.db.display()))?;
    let Some(body) = reader.body(&sha256)? else {
        match reader.pruned_at(&sha256)? {
            Some(at) => bail!(
                "the body of {key} was pruned on {}: its text and provenance stay",
                day(&at)
            ),
            None => bail!("no body of {key} in {}", config.db.display()),
        }
    };
    std::io::stdout().lock().write_all(&body)?;
    Ok(Ending::Well)
}
