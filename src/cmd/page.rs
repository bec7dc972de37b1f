//! The one page that `extract` and `explain` are about: from a file, standard input or the web,
//! read by the rules the command line chose.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, bail};
use url::Url;

use crate::address;
use crate::config::Config;
use crate::decode;
use crate::extract::{Memory, Trial};
use crate::fetch::MAX_PAGE_BYTES;
use crate::pipeline::capture::Captures;
use crate::pipeline::errand::Errand;
use crate::pipeline::reading::{self, Choice, Reading, Rulebook, Source};
use crate::pipeline::story::Story;
use crate::pipeline::trial;
use crate::store::Reader;

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
    /// Capture folders in which the page of an address is looked for.
    pub(super) pages: &'a [PathBuf],
    /// Whether it is looked for among the stored pages of the database.
    pub(super) stored: bool,
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
        address if is_address(address) => {
            let address = address::parse(address)?;
            match at_hand(config, wanted, &address)? {
                Some(kept) => {
                    url = url.or(Some(kept.url));
                    content_type = kept.content_type;
                    kept.bytes
                }
                None => {
                    let errand = Errand::new(&config.into(), wanted.allow_private, rulebook.sites())?;
                    let fetched = errand.fetch(&address)?;
                    web = Some(errand);
                    url = url.or(Some(fetched.url));
                    content_type = fetched.content_type;
                    fetched.body
                }
            }
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

/// Whether a source is an address, in capitals too.
fn is_address(source: &str) -> bool {
    let scheme = source.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| s.eq_ignore_ascii_case("http") || s.eq_ignore_ascii_case("https"))
}

/// A page that need not be asked for.
struct Kept {
    url: Url,
    content_type: Option<String>,
    bytes: Vec<u8>,
}

/// The page of an address, from the capture folders or the database where they are meant and have it.
fn at_hand(config: &Config, wanted: &Wanted<'_>, url: &Url) -> anyhow::Result<Option<Kept>> {
    let captures = Captures::open(wanted.pages)?;
    if let Some(page) = captures.find(url) {
        return Ok(Some(Kept {
            url: page.url.clone(),
            content_type: page.content_type.clone(),
            bytes: page.bytes()?,
        }));
    }
    if !wanted.stored || !config.db.exists() {
        return Ok(None);
    }
    let reader = Reader::open(&config.db)?;
    let Some(bytes) = reader.body_by_url(url.as_str())? else {
        return Ok(None);
    };
    let article = reader.article_by_url(url.as_str())?;
    tracing::info!("{url}: the page stored in {}", reader.path().display());
    Ok(Some(Kept {
        url: url.clone(),
        content_type: match article {
            Some(article) => reader.content_type(article.id)?,
            None => None,
        },
        bytes,
    }))
}

/// The memory of the site whose rules were chosen, only where the database was named: a result must not depend on a file that
/// happens to lie in the working directory.
fn memory(config: &Config, reading: &Reading) -> anyhow::Result<Option<Memory>> {
    let (true, Some(site)) = (config.db_named, reading.rules.site()) else {
        return Ok(None);
    };
    Ok(crate::pipeline::memory::of_site(&config.db, &site.id)?)
}
