//! The words of the commands that work on what is stored: `status`, `forget`,
//! `diff`, `reextract`, `ingest`, `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of `status`.
#[derive(Debug, Clone, Default, Args)]
pub struct StatusArgs {
    /// Only these sites: ids of rule files, or hosts
    #[arg(value_name = "SITE")]
    pub names: Vec<String>,
}

/// Options of `forget`.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct ForgetArgs {
    /// Addresses of pages, listings or robots.txt files
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,
    /// A whole site: its listings, its robots.txt, its place in the schedule, its pages
    #[arg(long, value_name = "ID")]
    pub site: Option<String>,
}

/// Options of `diff`.
#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// Address of the article
    #[arg(value_name = "URL")]
    pub url: String,
    /// The older version [default: the one before --to]
    #[arg(long, value_name = "N")]
    pub from: Option<i64>,
    /// The newer version [default: the newest]
    #[arg(long, value_name = "N")]
    pub to: Option<i64>,
}

/// Options of `reextract`.
#[derive(Debug, Clone, Default, Args)]
pub struct ReextractArgs {
    /// Sites: ids of rule files, or hosts [default: all that articles are stored of]
    #[arg(value_name = "SITE")]
    pub names: Vec<String>,
    /// Tell what would change, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Those too that today's rules, memory and program made
    #[arg(long)]
    pub all: bool,
}

/// Options of `ingest`.
#[derive(Debug, Clone, Args)]
pub struct IngestArgs {
    /// WARC files, directories of them, or capture folders
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Hosts too that no rule file knows
    #[arg(long)]
    pub all: bool,
}

/// Options of `export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// In which form
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Only this site: the id of a rule file, or a host; may be given more than once
    #[arg(long = "site", value_name = "SITE")]
    pub sites: Vec<String>,
    /// Only articles published on this day (YYYY-MM-DD) or later
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// The file, for markdown the folder, to write [default: standard output]
    #[arg(short, long, value_name = "FILE|DIR")]
    pub output: Option<PathBuf>,
}

/// In which form articles leave the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One JSON object a line, with provenance and what was removed.
    Jsonl,
    /// A table, safe to open in a spreadsheet.
    Csv,
    /// A folder of files with YAML front matter.
    Markdown,
    /// What was fetched, as warcio and pywb read it; gzipped where the file's name ends in .gz.
    Warc,
}
