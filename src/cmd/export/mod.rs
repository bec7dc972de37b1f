//! `copydesk export`: the archive for other programs, article by article, in a stable order. Owns the
//! way out; each form is in a file beside this one.

mod csv;
mod jsonl;
mod markdown;
mod warc;

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::json;

use crate::address::bare_host;
use crate::cli::{ExportArgs, ExportFormat};
use crate::clock::Clock;
use crate::config::{Config, PRODUCT};
use crate::progress::Count;
use crate::sites::SitesError;
use crate::store::{Reader, WholeArticle};

use super::{Ending, page};

/// Runs the command.
pub(super) fn run(config: &Config, args: &ExportArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&config.db)?;
    if let Some(day) = &args.since {
        super::crawl::since(day)?;
    }
    let sites = sites(config, &reader, &args.sites)?;
    let count = Count::start(config, "articles");
    let written = match (&args.output, args.format) {
        (None, ExportFormat::Markdown) => {
            bail!("--format markdown writes a folder: name it with -o DIR")
        }
        (Some(dir), ExportFormat::Markdown) => folder(&reader, &sites, args, dir, &count)?,
        (Some(path), _) if path.is_dir() => {
            bail!("{} is a folder: name a file with -o FILE", path.display())
        }
        (Some(path), _) => file(&reader, &sites, args, path, &count)?,
        (None, _) => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            match stream(&reader, &sites, args, &mut out, &count) {
                // Whoever reads has had enough.
                Err(e) if e.downcast_ref().is_some_and(is_closed) => return Ok(Ending::Well),
                written => written?,
            }
        }
    };
    count.end();
    if config.json && args.output.is_some() {
        let told = json!({"database": reader.path(), "output": args.output, unit(args.format): written});
        writeln!(std::io::stdout().lock(), "{told}")?;
    } else {
        let unit = unit(args.format);
        tracing::info!("{written} {unit} of {}", reader.path().display());
    }
    Ok(Ending::Well)
}

/// What is counted.
const fn unit(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Warc => "exchanges",
        _ => "articles",
    }
}

fn is_closed(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

/// The sites that are meant, as articles name them.
pub(super) fn sites(config: &Config, reader: &Reader, names: &[String]) -> anyhow::Result<Vec<String>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let archived = reader.archived_sites()?;
    let rulebook = page::rulebook(config)?;
    let one = |name: &String| {
        // What was taken in of a host without rules goes by its name, `www.` or not.
        let bare = bare_host(name);
        let known = archived.iter().map(|a| &a.site);
        if let Some(site) = known
            .clone()
            .find(|s| *s == name)
            .or(known.clone().find(|s| bare_host(s) == bare))
        {
            return Ok(site.clone());
        }
        match rulebook.sites().resolve(name) {
            Ok(site) => Ok(site.id.clone()),
            Err(SitesError::Unknown { near: Some(near), .. }) => {
                bail!(
                    "no articles of {name} in {}; did you mean {near}?",
                    reader.path().display()
                )
            }
            Err(_) => bail!("no articles of {name} in {}", reader.path().display()),
        }
    };
    names.iter().map(one).collect()
}

/// Hands over one article after the other.
fn each(
    reader: &Reader,
    sites: &[String],
    args: &ExportArgs,
    count: &Count,
    mut write: impl FnMut(WholeArticle) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let mut written = 0;
    each_id(reader, sites, args, count, |id| {
        if let Some(article) = reader.whole_article(id)? {
            write(article)?;
            written += 1;
        }
        Ok(())
    })?;
    Ok(written)
}

fn each_id(
    reader: &Reader,
    sites: &[String],
    args: &ExportArgs,
    count: &Count,
    mut write: impl FnMut(i64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let ids = reader.in_order(sites, args.since.as_deref())?;
    for (n, id) in (1..).zip(&ids) {
        write(*id)?;
        count.tell(n, ids.len() as u64);
    }
    Ok(())
}

fn stream(
    reader: &Reader,
    sites: &[String],
    args: &ExportArgs,
    out: &mut impl Write,
    count: &Count,
) -> anyhow::Result<u64> {
    if args.format == ExportFormat::Warc {
        let gzip = args
            .output
            .as_ref()
            .is_some_and(|p| p.extension().is_some_and(|e| e == "gz"));
        let date = Clock::system().now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut warc = crate::warc::Writer::begin(out, gzip, &date, PRODUCT)?;
        let mut tally = warc::Tally::default();
        each_id(reader, sites, args, count, |id| {
            warc::write(&mut warc, reader, id, &mut tally)
        })?;
        warc.end()?;
        tally.tell();
        return Ok(tally.written);
    }
    if args.format == ExportFormat::Csv {
        csv::header(out)?;
    }
    let written = each(reader, sites, args, count, |article| {
        match args.format {
            ExportFormat::Csv => csv::write(out, &article)?,
            ExportFormat::Jsonl | ExportFormat::Markdown | ExportFormat::Warc => jsonl::write(out, article)?,
        }
        Ok(())
    })?;
    out.flush()?;
    Ok(written)
}

/// A file is whole or not there: it is written under another name first.
fn file(
    reader: &Reader,
    sites: &[String],
    args: &ExportArgs,
    path: &Path,
    count: &Count,
) -> anyhow::Result<u64> {
    let context = || format!("cannot write {}", path.display());
    // A pipe or device can only be written to as it is.
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        let file = File::options().write(true).open(path).with_context(context)?;
        return stream(reader, sites, args, &mut BufWriter::new(file), count).with_context(context);
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let file = File::create(&part).with_context(context)?;
    let mut out = BufWriter::new(file);
    let written = stream(reader, sites, args, &mut out, count).with_context(context)?;
    fs::rename(&part, path).with_context(context)?;
    Ok(written)
}

fn folder(
    reader: &Reader,
    sites: &[String],
    args: &ExportArgs,
    dir: &Path,
    count: &Count,
) -> anyhow::Result<u64> {
    each(reader, sites, args, count, |article| {
        let path = dir.join(markdown::path(&article));
        let context = || format!("cannot write {}", path.display());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(context)?;
        }
        let text = markdown::file(&article);
        // A file that is as it should be keeps its date, for programs that watch the folder.
        if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(());
        }
        fs::write(&path, text).with_context(context)
    })
}
