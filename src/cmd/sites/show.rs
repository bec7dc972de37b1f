//! `copydesk sites show`: a site's rules as written, its family's after them.

use std::io::Write;

use serde_json::json;

use super::super::Ending;
use crate::config::Config;
use crate::sites::builtin_sources;

/// Runs the command.
pub(in crate::cmd) fn run(config: &Config, name: &str) -> anyhow::Result<Ending> {
    let sites = super::load(config)?;
    let site = sites.resolve(name)?;
    let family = site
        .family
        .as_ref()
        .map(|family| format!("families/{family}.toml"));
    let mut out = std::io::stdout().lock();
    let mut files = Vec::new();
    for relative in std::iter::once(format!("{}.toml", site.id)).chain(family) {
        let overlay = config
            .sites_dir
            .as_ref()
            .map(|dir| dir.join(&relative))
            .filter(|path| path.exists());
        let (origin, text) = match overlay {
            Some(path) => (path.display().to_string(), std::fs::read_to_string(&path)?),
            None => {
                let built_in = builtin_sources().find(|(path, _)| *path == relative);
                (
                    "built in".to_owned(),
                    built_in.map(|(_, text)| text.to_owned()).unwrap_or_default(),
                )
            }
        };
        if config.json {
            files.push(json!({ "path": relative, "origin": origin, "text": text }));
        } else {
            writeln!(out, "# {relative} ({origin})\n{}", text.trim_end())?;
        }
    }
    if config.json {
        writeln!(out, "{}", json!({ "id": site.id, "files": files }))?;
    }
    Ok(Ending::Well)
}
