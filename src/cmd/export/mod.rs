//! `copydesk export`: the archive for other programs, article by article, in a stable order. Owns the
//! way out; each form is in a file beside this one.

mod csv;
mod jsonl;
mod markdown;
mod warc;

use std::fs::{self, File, Permissions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::address::bare_host;
use crate::cli::{ExportArgs, ExportFormat};
use crate::config::{Config, PRODUCT};
use crate::pipeline::retell::Retelling;
use crate::progress::Count;
use crate::sites::SitesError;
use crate::store::{Reader, WholeArticle};

use super::{Ending, page};

/// Date of a WARC file without a page.
const NO_DATE: &str = "1970-01-01T00:00:00Z";

/// Runs the command.
pub(super) fn run(config: &Config, args: &ExportArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&config.db)?;
    let which = Which {
        since: args.since.as_deref().map(day).transpose()?,
        sites: sites(config, &reader, &args.sites)?,
    };
    let count = Count::start(config, "articles");
    let written = match (&args.output, args.format) {
        (None, ExportFormat::Markdown) => {
            bail!("--format markdown writes a folder: name it with -o DIR")
        }
        (Some(dir), ExportFormat::Markdown) => folder(config, &reader, &which, dir, &count)?,
        (Some(path), _) if path.is_dir() => {
            bail!("{} is a folder: name a file with -o FILE", path.display())
        }
        (Some(path), _) => file(&reader, &which, args, path, &count)?,
        (None, _) => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            match stream(&reader, &which, args, &mut out, &count) {
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

/// The articles that are meant.
struct Which {
    /// As articles name them; none: all.
    sites: Vec<String>,
    /// A day as `YYYY-MM-DD`.
    since: Option<String>,
}

/// A day in the one form that dates of the archive can be compared with.
fn day(typed: &str) -> anyhow::Result<String> {
    Ok(super::crawl::since(typed)?.strftime("%Y-%m-%d").to_string())
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
    which: &Which,
    count: &Count,
    mut write: impl FnMut(WholeArticle) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let mut written = 0;
    each_id(reader, which, count, |id| {
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
    which: &Which,
    count: &Count,
    mut write: impl FnMut(i64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let ids = reader.in_order(&which.sites, which.since.as_deref())?;
    for (n, id) in (1..).zip(&ids) {
        write(*id)?;
        count.tell(n, ids.len() as u64);
    }
    Ok(())
}

fn stream(
    reader: &Reader,
    which: &Which,
    args: &ExportArgs,
    out: &mut impl Write,
    count: &Count,
) -> anyhow::Result<u64> {
    if args.format == ExportFormat::Warc {
        let gzip = args
            .output
            .as_ref()
            .is_some_and(|p| p.extension().is_some_and(|e| e == "gz"));
        // Not the clock's: two exports of the same archive are equal.
        let date = reader.newest_fetch(&which.sites, which.since.as_deref())?;
        let date = date.unwrap_or_else(|| NO_DATE.to_owned());
        let mut warc = crate::warc::Writer::begin(out, gzip, &date, PRODUCT)?;
        let mut tally = warc::Tally::default();
        each_id(reader, which, count, |id| {
            warc::write(&mut warc, reader, id, &mut tally)
        })?;
        warc.end()?;
        tally.tell();
        return Ok(tally.written);
    }
    if args.format == ExportFormat::Csv {
        csv::header(out)?;
    }
    let written = each(reader, which, count, |article| {
        match args.format {
            ExportFormat::Csv => csv::write(out, &article)?,
            ExportFormat::Jsonl | ExportFormat::Markdown | ExportFormat::Warc => jsonl::write(out, article)?,
        }
        Ok(())
    })?;
    out.flush()?;
    Ok(written)
}

/// A file is whole or not there: it is written under a name of its own first.
fn file(
    reader: &Reader,
    which: &Which,
    args: &ExportArgs,
    path: &Path,
    count: &Count,
) -> anyhow::Result<u64> {
    let context = || format!("cannot write {}", path.display());
    // A pipe or device can only be written to as it is.
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        let file = File::options().write(true).open(path).with_context(context)?;
        return stream(reader, which, args, &mut BufWriter::new(file), count).with_context(context);
    }
    // Where a link stands the file that it means is written, and the link stays.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let part = tempfile::Builder::new()
        .prefix(&format!("{name}."))
        .suffix(".part")
        // As any new file, not for its owner alone.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(dir.unwrap_or(Path::new(".")))
        .with_context(context)?;
    let mut out = BufWriter::new(part);
    let written = stream(reader, which, args, &mut out, count).with_context(context)?;
    let part = out.into_inner().with_context(context)?;
    part.persist(&path).with_context(context)?;
    Ok(written)
}

/// Pages are read again for the form of their texts, on all cores.
fn folder(config: &Config, reader: &Reader, which: &Which, dir: &Path, count: &Count) -> anyhow::Result<u64> {
    let rulebook = page::rulebook(config)?;
    let ids = reader.in_order(&which.sites, which.since.as_deref())?;
    let (next, written) = (AtomicUsize::new(0), AtomicU64::new(0));
    let until_done = || -> anyhow::Result<()> {
        let reader = Reader::open(&config.db)?;
        let mut retelling = Retelling::new(&reader, &rulebook);
        while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(article) = reader.whole_article(*id)? {
                one_file(&article, &mut retelling, dir)?;
                let done = written.fetch_add(1, Ordering::Relaxed) + 1;
                count.tell(done, ids.len() as u64);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(until_done)).collect();
        let ends = threads
            .into_iter()
            .map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        ends.collect::<Vec<_>>()
            .into_iter()
            .collect::<anyhow::Result<()>>()
    })?;
    Ok(written.into_inner())
}

fn one_file(article: &WholeArticle, retelling: &mut Retelling<'_>, dir: &Path) -> anyhow::Result<()> {
    let path = dir.join(markdown::path(article));
    let context = || format!("cannot write {}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(context)?;
    }
    let of = |column: &str| article.article.get(column);
    let text = |column: &str| of(column).and_then(Value::as_str).unwrap_or_default();
    let id = of("id").and_then(Value::as_i64).unwrap_or_default();
    let blocks = retelling.blocks(id, text("site"), text("text"))?;
    let told = markdown::file(article, blocks.as_deref());
    // A file that is as it should be keeps its date, for programs that watch the folder.
    if fs::read(&path).is_ok_and(|old| old == told.as_bytes()) {
        return Ok(());
    }
    fs::write(&path, told).with_context(context)
}
