//! The one page that `extract` and `explain` are about: from a file, standard input or the web,
//! read by the rules the command line chose.

use std::io::Read;

use anyhow::{Context, bail};

use crate::address;
use crate::config::Config;
use crate::decode;
use crate::extract::{Memory, Trial};
use crate::fetch::MAX_PAGE_BYTES;
use crate::pipeline::errand::Errand;
use crate::pipeline::reading::{self, Choice, Reading, Rulebook, Source};
use crate::pipeline::story::Story;
use crate::pipeline::trial;

/// Which page, by which rules.
pub(super) struct Wanted<'a> {
    /// FILE, URL or `-`.
    pub(super) source: &'a str,
    /// Address given on the command line.
    pub(super) url: Option<&'a str>,
    /// Site given on the command line.
    pub(super) site: Option<&'a str>,
    /// No site files.
    pub(super) generic: bool,
    /// Private addresses allowed.
    pub(super) allow_private: bool,
}

/// Reads the rule files; every fault of every file is shown.
pub(super) fn rulebook(config: &Config) -> anyhow::Result<Rulebook> {
    Ok(Rulebook::new(super::sites::load(config)?))
}

/// Which rules the command line chose.
pub(super) fn choice(rulebook: &Rulebook, site: Option<&str>, generic: bool) -> anyhow::Result<Choice> {
    Ok(match site {
        Some(site) => Choice::Named(rulebook.named(site)?),
        None if generic => Choice::Named(rulebook.generic()),
        None => Choice::ByAddress,
    })
}

/// Gets and reads the page.
pub(super) fn read(config: &Config, rulebook: &Rulebook, wanted: &Wanted<'_>) -> anyhow::Result<Reading> {
    Ok(get(config, rulebook, wanted, false)?.0)
}

/// The same, with what the site's rules met on it, where there are such rules.
pub(super) fn read_and_try(
    config: &Config,
    rulebook: &Rulebook,
    wanted: &Wanted<'_>,
) -> anyhow::Result<(Reading, Option<Trial>)> {
    get(config, rulebook, wanted, true)
}

fn get(
    config: &Config,
    rulebook: &Rulebook,
    wanted: &Wanted<'_>,
    tried: bool,
) -> anyhow::Result<(Reading, Option<Trial>)> {
    let choice = choice(rulebook, wanted.site, wanted.generic)?;
    let mut url = wanted.url.map(address::parse).transpose()?;
    let mut content_type = None;
    let mut web = None;
    let bytes = match wanted.source {
        "-" => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .read_to_end(&mut bytes)
                .context("cannot read standard input")?;
            bytes
        }
        address if address.starts_with("http://") || address.starts_with("https://") => {
            let errand = Errand::new(&config.into(), wanted.allow_private)?;
            let fetched = errand.fetch(&address::parse(address)?)?;
            web = Some(errand);
            url = url.or(Some(fetched.url));
            content_type = fetched.content_type;
            fetched.body
        }
        file => std::fs::read(file).with_context(|| format!("cannot read {file}"))?,
    };
    let name = wanted.source.to_ascii_lowercase();
    let unpacked = decode::gunzip(&bytes, MAX_PAGE_BYTES as u64);
    if name.ends_with(".warc.gz") || unpacked.as_ref().is_ok_and(|bytes| bytes.starts_with(b"WARC/")) {
        bail!(
            "{0} is a WARC file, with many pages: `copydesk ingest {0}` takes them in",
            wanted.source
        );
    }
    let bytes = unpacked.context(wanted.source.to_owned())?;
    let source = Source {
        bytes: &bytes,
        content_type: content_type.as_deref(),
        url: url.as_ref(),
    };
    let mut reading = reading::read(source, rulebook, &choice, None);
    let memory = memory(config, &reading)?;
    if memory.is_some() {
        reading = reading::read(source, rulebook, &choice, memory.as_ref());
    }
    let trial = match tried && reading.extraction.is_some() && reading.rules.site().is_some() {
        // What was read once can be read again; where not, the reading says why.
        true => trial::read(source, rulebook, &reading.rules).ok(),
        false => None,
    };
    let mut story = Story::begin((), reading);
    // A file is the page it is; of an address the whole story is wanted.
    while let (Some(web), Some(next)) = (&web, story.wants().cloned()) {
        match web.fetch(&next) {
            Ok(page) => {
                let source = Source {
                    bytes: &page.body,
                    content_type: page.content_type.as_deref(),
                    url: Some(&page.url),
                };
                story.add((), reading::read(source, rulebook, &choice, memory.as_ref()));
            }
            Err(error) => {
                tracing::warn!(
                    "the story goes on, but not here: {:#}",
                    anyhow::Error::from(error)
                );
                story.skip();
            }
        }
    }
    Ok((story.finish().0, trial))
}

/// The memory of the site whose rules were chosen, only where the database was named: a result must not depend on a file that
/// happens to lie in the working directory.
fn memory(config: &Config, reading: &Reading) -> anyhow::Result<Option<Memory>> {
    let (true, Some(site)) = (config.db_named, reading.rules.site()) else {
        return Ok(None);
    };
    Ok(crate::pipeline::memory::of_site(&config.db, &site.id)?)
}
