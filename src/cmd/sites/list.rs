//! `copydesk sites list`: the sites there are rules for.

use std::io::Write;

use serde_json::json;

use super::super::Ending;
use crate::config::Config;

/// Runs the command.
pub(in crate::cmd) fn run(config: &Config) -> anyhow::Result<Ending> {
    let sites = super::load(config)?;
    let mut out = std::io::stdout().lock();
    if config.json {
        let all: Vec<_> = sites
            .iter()
            .map(|s| {
                let hosts: Vec<&str> = s.hosts.iter().map(|h| h.written.as_str()).collect();
                json!({
                    "id": s.id, "name": s.name, "hosts": hosts, "country": s.country, "language": s.language,
                    "layouts": s.layouts.len(), "strips": s.strips.len(), "checks": s.checks.len(),
                    "enabled": s.enabled, "file": s.file, "rule_sha256": s.sha256,
                })
            })
            .collect();
        writeln!(out, "{}", json!({ "sites": all }))?;
        return Ok(Ending::Well);
    }
    let width = sites.iter().map(|s| s.id.len()).max().unwrap_or(0);
    for s in sites.iter() {
        let hosts: Vec<&str> = s.hosts.iter().map(|h| h.written.as_str()).collect();
        let off = if s.enabled { "" } else { "  (not enabled)" };
        let tongue = [s.country.as_deref(), s.language.as_deref()].map(|v| v.unwrap_or("--"));
        writeln!(
            out,
            "{:width$}  {} {:<5}  {:<28} {}  {} layouts, {} strips, {} checks{off}",
            s.id,
            tongue[0],
            tongue[1],
            s.name,
            hosts.join(" "),
            s.layouts.len(),
            s.strips.len(),
            s.checks.len(),
        )?;
    }
    Ok(Ending::Well)
}
