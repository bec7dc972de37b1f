//! `copydesk sites new`: a rule file that works, from some pages of a site; never over another file.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::json;

use super::super::Ending;
use super::super::print::Paint;
use super::new_pages::{self, Pages};
use crate::cli::NewArgs;
use crate::config::{Config, DEFAULT_SITES};
use crate::pipeline::authoring::{self, AuthoringError, Written};
use crate::sites::Sites;
use crate::text::{counted, printable};

/// Second-level names under which countries register: `guardian.co.uk` is called guardian.
const SECOND_LEVEL: [&str; 8] = ["co", "com", "org", "net", "ac", "gov", "edu", "or"];

/// Runs the command.
pub(in crate::cmd) fn run(config: &Config, args: &NewArgs) -> anyhow::Result<Ending> {
    let sites = super::load(config)?;
    let known = new_pages::host(args)?;
    // Before anything is asked for: a file that may not be written needs no pages.
    let early = known
        .as_deref()
        .map(|host| place(config, args, &sites, host))
        .transpose()?;
    let pages = match &known {
        Some(_) => new_pages::fetched(config, args, &sites)?,
        None => new_pages::captured(args, &sites)?,
    };
    let Some(first) = pages.specimens.first() else {
        eprintln!("copydesk: no page could be had; nothing was written");
        return Ok(Ending::Attention);
    };
    let hosts = pages.specimens.iter().map(|s| new_pages::host_of(&s.url));
    let host = hosts
        .min_by_key(String::len)
        .unwrap_or_else(|| new_pages::host_of(&first.url));
    let place = match early {
        Some(place) if known.as_deref() == Some(&host) => place,
        _ => place(config, args, &sites, &host)?,
    };
    let written = match authoring::write(&place.id, &pages.specimens, &pages.sitemaps, &sites.common()) {
        Ok(written) => written,
        Err(error @ AuthoringError::NoStory(_)) => {
            eprintln!("copydesk: {}", printable(&error.to_string()));
            return Ok(Ending::Attention);
        }
        Err(error) => return Err(error.into()),
    };
    if written.pages == 0 {
        eprintln!(
            "copydesk: none of the pages tells a story, as a front page or a list of stories; choose pages of single stories; nothing was written"
        );
        return Ok(Ending::Attention);
    }
    for (url, why) in &written.skipped {
        let line = format!("{url}: no check was written, it tells no story ({why})");
        eprintln!("copydesk: {}", printable(&line));
    }
    match &place.file {
        Some(file) => {
            write(file, &written.text)?;
            tell(config, args, &place, file, &written, &pages)?;
        }
        None => write!(std::io::stdout().lock(), "{}", written.text)?,
    }
    Ok(if pages.failed.is_empty() {
        Ending::Well
    } else {
        Ending::Attention
    })
}

/// Where the rules go.
struct Place {
    id: String,
    /// None is stdout.
    file: Option<PathBuf>,
    /// The program brings rules for this host, which the new file replaces.
    replaces: bool,
}

fn place(config: &Config, args: &NewArgs, sites: &Sites, host: &str) -> anyhow::Result<Place> {
    // A wildcard leaves room for a file that names the host; two that name it do not load together.
    let holder = sites
        .for_host(host)
        .filter(|s| s.hosts.iter().any(|h| h.wildcard().is_none() && h.matches(host)));
    let id = match &holder {
        Some(site) => site.id.clone(),
        None => id_of(host, sites),
    };
    let file = match &args.output {
        Some(path) if path.as_os_str() == "-" => None,
        Some(path) => Some(path.clone()),
        None => {
            let dir = config.sites_dir.clone().unwrap_or_else(|| DEFAULT_SITES.into());
            Some(dir.join(format!("{id}.toml")))
        }
    };
    if let Some(file) = file.as_ref().filter(|f| f.exists()) {
        bail!(
            "{} is there already, and nothing was written; mend it, or write elsewhere with -o FILE (- is stdout)",
            file.display()
        );
    }
    if let Some(site) = holder.as_ref().filter(|_| args.output.is_none() && !args.replace) {
        bail!(
            "there are rules for {host} already (`copydesk sites show {}`), and nothing was written; --replace puts a \
             new file in their place, -o FILE writes elsewhere (- is stdout)",
            site.id
        );
    }
    Ok(Place {
        id,
        file,
        replaces: holder.is_some(),
    })
}

/// A name for the file: the host without what every host has.
fn id_of(host: &str, sites: &Sites) -> String {
    let mut labels: Vec<&str> = host.split('.').collect();
    let sound = |id: &str| id.starts_with(|c: char| c.is_ascii_alphanumeric());
    let whole = labels.join("-");
    if labels.len() > 1 && labels.iter().any(|l| l.bytes().any(|b| b.is_ascii_alphabetic())) {
        let country = labels.pop().is_some_and(|top| top.len() == 2);
        if country && labels.len() > 1 && labels.last().is_some_and(|l| SECOND_LEVEL.contains(l)) {
            labels.pop();
        }
    }
    let id = labels.join("-");
    if sites.get(&id).is_none() && sound(&id) {
        id
    } else {
        whole
    }
}

/// The file is whole or not there, for a command that reads the rules meanwhile; and never over another.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let context = || format!("cannot write {}", file.display());
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let mut part = tempfile::Builder::new()
        .prefix("new.")
        .suffix(".part")
        // As any new file, not for its owner alone.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(dir)
        .with_context(context)?;
    part.write_all(text.as_bytes()).with_context(context)?;
    part.persist_noclobber(file).with_context(context)?;
    Ok(())
}

fn tell(
    config: &Config,
    args: &NewArgs,
    place: &Place,
    file: &Path,
    written: &Written,
    pages: &Pages,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let next = next_steps(args, &place.id, pages);
    if config.json {
        let unsure: Vec<_> = written
            .unsure
            .iter()
            .map(|(line, why)| json!({"line": line, "why": why}))
            .collect();
        let skipped: Vec<_> = written
            .skipped
            .iter()
            .map(|(url, why)| json!({"url": url, "why": why}))
            .collect();
        let summary = json!({
            "id": place.id, "file": std::path::absolute(file)?, "replaces_built_in": place.replaces,
            "pages": written.pages, "layouts": written.layouts, "strips": written.strips,
            "unsure": unsure, "skipped": skipped, "failed": pages.failed, "next": next,
        });
        writeln!(out, "{summary}")?;
        return Ok(());
    }
    let paint = Paint::for_stdout();
    writeln!(
        out,
        "wrote {}: {}, {}, {}",
        paint.bold(&file.display().to_string()),
        counted(written.layouts, "layout"),
        counted(written.strips, "strip"),
        counted(written.pages, "check")
    )?;
    if place.replaces {
        writeln!(
            out,
            "copydesk has rules for this host already (`copydesk sites show {}`); a file of this name replaces them",
            place.id
        )?;
    }
    if written.layouts == 0 {
        writeln!(
            out,
            "no layout: nothing beats the generic extractor on these pages"
        )?;
    }
    for (line, why) in &written.unsure {
        let told = format!("{}:{line}: unsure: {why}", file.display());
        writeln!(out, "{}", paint.yellow(&printable(&told)))?;
    }
    writeln!(out, "next:")?;
    for step in next {
        writeln!(out, "  {}", printable(&step))?;
    }
    Ok(())
}

/// A word as a shell takes it; one that no shell can take stays as it is.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), Into::into)
}

/// The commands to run next.
fn next_steps(args: &NewArgs, id: &str, pages: &Pages) -> Vec<String> {
    let folders: Vec<String> = args
        .pages
        .iter()
        .chain(&args.into)
        .map(|dir| format!(" --pages {}", quoted(&dir.display().to_string())))
        .collect();
    let prove = match folders.is_empty() {
        true => format!("copydesk sites check {id} --fetch"),
        false => format!("copydesk sites check {id}{}", folders.concat()),
    };
    let first = pages
        .specimens
        .first()
        .map(|s| s.url.to_string())
        .unwrap_or_default();
    vec![
        prove,
        format!("copydesk explain {}{}", quoted(&first), folders.concat()),
        format!("copydesk crawl {id} --max-articles 5"),
    ]
}
