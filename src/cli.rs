//! The command line as typed: with the files below it the only one that names clap. Parsing does no I/O and reads no
//! clock; turning words into checked settings is `config`'s work.

mod archive;
mod space;

use std::path::PathBuf;

use clap::builder::{OsStr, Resettable};
use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use archive::{DiffArgs, ExportArgs, ExportFormat, ForgetArgs, IngestArgs, ReextractArgs, StatusArgs};
pub use space::{BackupArgs, PruneArgs};

/// Crawls the news sites you name, politely, and keeps the clean articles in one SQLite file.
#[derive(Debug, Parser)]
#[command(
    name = "copydesk",
    version,
    about,
    long_about = "copydesk crawls the news sites you name, politely; per-site rule files strip modals, galleries,\n\
        donation appeals and whatever else is not the story; the clean article goes into one SQLite\n\
        file with its provenance.\n\n\
        Start with `copydesk demo`: it needs no network.",
    after_help = "Exit codes: 0 all well · 1 it ran, and a person is needed · 2 it could not run.\n\
        Options that take a value and hold for every command can be given as environment variables\n\
        too: --db as COPYDESK_DB, and so on."
)]
pub struct Cli {
    /// Options that hold for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that hold for every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The SQLite file [default: data/copydesk.db]
    #[arg(long, global = true, env = "COPYDESK_DB", value_name = "PATH")]
    pub db: Option<PathBuf>,
    /// Directory of rule files, laid over the built-in set file by file [default: ./sites, if it is there]
    #[arg(long = "sites", global = true, env = "COPYDESK_SITES", value_name = "DIR")]
    pub sites_dir: Option<PathBuf>,
    /// Settings file [default: copydesk.toml, if it is there]
    #[arg(long, global = true, env = "COPYDESK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Send every request through this HTTP proxy
    #[arg(long, global = true, env = "COPYDESK_PROXY", value_name = "URL")]
    pub proxy: Option<String>,
    /// Trust the certificate authorities of this PEM file, beside the system's
    #[arg(long, global = true, env = "COPYDESK_CA_CERT", value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// User-Agent header (robots.txt is always asked as `copydesk`)
    #[arg(long, global = true, env = "COPYDESK_USER_AGENT", value_name = "TEXT")]
    pub user_agent: Option<String>,
    /// A web or mail address for the people whose sites are crawled; goes into the User-Agent
    #[arg(long, global = true, env = "COPYDESK_CONTACT", value_name = "ADDRESS")]
    pub contact: Option<String>,
    /// How log lines are written
    #[arg(long, global = true, env = "COPYDESK_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; twice: every page
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print the summary as one JSON object on stdout
    #[arg(long, global = true)]
    pub json: bool,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Crawl a sample newspaper that the program itself serves; works with no network
    ///
    /// Three invented news sites are served on the loopback interface and crawled through the very
    /// pipeline that real sites go through, twice: the second time one story has been corrected.
    /// The result is data/demo.db (or --db), begun anew each time.
    Demo,
    /// Crawl all, or the named, sites once: only what is new
    ///
    /// SITE is the id of a rule file (its name without .toml) or a host. Without names, the `sites`
    /// list of the settings file is crawled, or else every enabled site.
    Crawl(CrawlArgs),
    /// Extract the article of one page, or of many as JSON lines
    #[command(after_help = "Examples:\n  \
        copydesk extract page.html\n  \
        copydesk extract https://news.example/story --format markdown\n  \
        copydesk extract --jsonl < pages.jsonl > articles.jsonl")]
    Extract(ExtractArgs),
    /// Strip boilerplate from a text someone already scraped
    ///
    /// The same rule files are used as for pages, one line being one block. Kept lines are never
    /// changed.
    Clean(CleanArgs),
    /// Show what of a page was kept and removed, by which rule and why
    ///
    /// The page of a URL is looked for in the capture folders given with --pages, then, where --db is
    /// named, among the stored pages of the database; only then is it asked for.
    Explain(ExplainArgs),
    /// Save pages as fetched, with their headers, for rule work and tests
    ///
    /// robots.txt, pace and guard apply as in a crawl. A capture folder is manifest.jsonl, one object a
    /// page, and pages/ID.html.gz, the bytes. Nothing in it is ever overwritten: a page that is
    /// captured again gets a new id, and the newest one counts. Exit code 1 when a page could not be
    /// had; the others are saved.
    #[command(after_help = "Example:\n  \
        copydesk capture https://news.example/a https://news.example/b --into news-pages\n  \
        copydesk explain news-pages/pages/ID.html.gz")]
    Capture(CaptureArgs),
    /// Look at the rule files, and prove them
    #[command(subcommand)]
    Sites(SitesCommand),
    /// Tell the last runs, each site's state, and the file's size
    ///
    /// Sites that need a person come first. Of more than 20 sites only those are shown, unless sites are
    /// named or -v is given; --json has all.
    Status(StatusArgs),
    /// Search the stored articles, best matches first
    Search(SearchArgs),
    /// Print a stored page body, as it was fetched
    Body {
        /// SHA-256 of the body (or its beginning), or the URL of an article
        key: String,
    },
    /// Stay up and crawl each site when it is due
    ///
    /// Each site is looked at as its rule file says (`every`), its busy listings more often, quiet ones
    /// less; stories are looked at again for corrections (`revisit`). Changed rule files are picked up,
    /// at once on SIGHUP; broken ones leave the last good set in force. SIGTERM and Ctrl-C end it: what
    /// is in flight is stored first.
    Watch(WatchArgs),
    /// Forget what is known of pages, or of a site, so that they are asked again as if new
    ///
    /// Stored articles and their versions stay. A URL waits in the queue afterwards, whatever became of
    /// it before; of a site, pages that wait or have failed are asked again, all others when a listing
    /// names them.
    Forget(ForgetArgs),
    /// Show what changed between two versions of an article, word by word
    Diff(DiffArgs),
    /// Make every stored text anew by today's rules, from the stored pages; no request is made
    ///
    /// Articles that today's rules, memory and program made already are passed over, so a second run
    /// has nothing to do, and one that was stopped is gone on with. A replaced text is kept in the
    /// table `extractions`; no version is made. A page that today's rules would leave nothing of
    /// keeps its old text, is listed, and makes the exit code 1.
    #[command(after_help = "Examples:\n  \
        copydesk reextract --dry-run\n  \
        copydesk reextract huffpost")]
    Reextract(ReextractArgs),
    /// Write the stored articles out for other programs: JSON lines, CSV, a folder of Markdown files, WARC
    ///
    /// By site, then by date; the order and the file names stay the same from one export to the next.
    /// Where no date of publication is known, the day an article was first seen counts.
    #[command(after_help = "Examples:\n  \
        copydesk export --format jsonl | jq .title\n  \
        copydesk export --format csv --site spiegel --since 2026-01-01 -o spiegel.csv\n  \
        copydesk export --format markdown -o vault/news")]
    Export(ExportArgs),
    /// Take in the pages of WARC files (.warc, .warc.gz) and capture folders; no request is made
    ///
    /// Pages go through the same extraction as a crawl's. Only pages of hosts that a rule file knows
    /// are taken (--all takes every host's), and none twice: a run that was stopped is gone on with.
    /// A directory without manifest.jsonl stands for the WARC files in it.
    #[command(after_help = "Examples:\n  \
        copydesk ingest CC-NEWS-20260101-00001.warc.gz\n  \
        copydesk ingest --all captures/ old/*.warc")]
    Ingest(IngestArgs),
    /// Take what is old out of the archive, pack pages better, and give the room back
    ///
    /// Without a policy nothing is taken out: pages that were stored before their site had a dictionary
    /// are packed with it, and free room goes back to the disk. Articles, their versions, their texts
    /// and what tells where these came from always stay; a page that was taken out says when. Waits for
    /// no crawl, and goes on where a run was stopped.
    #[command(after_help = "Examples:\n  \
        copydesk prune --bodies-older-than 90d --extractions-older-than 1y --dry-run\n  \
        copydesk prune --bodies-older-than 90d huffpost")]
    Prune(PruneArgs),
    /// Copy the database to another file, while a crawl is at work
    ///
    /// The copy is the archive as it is at this moment. It is written under another name first (.part),
    /// checked, then renamed; a file that is there is never overwritten.
    #[command(after_help = "Example:\n  copydesk backup /backups/news-2026-11-25.db")]
    Backup(BackupArgs),
}

/// Options of `watch`.
#[derive(Debug, Clone, Default, Args)]
pub struct WatchArgs {
    /// Sites to watch: ids of rule files, or hosts
    #[arg(value_name = "SITE")]
    pub names: Vec<String>,
    /// Least gap between requests to a host, in seconds (below 1 only with --proxy or --allow-private)
    #[arg(long, value_name = "SECONDS")]
    pub delay: Option<f64>,
    /// Allow private and loopback addresses, and any port
    #[arg(long)]
    pub allow_private: bool,
}

/// Options of `crawl`.
#[derive(Debug, Clone, Default, Args)]
pub struct CrawlArgs {
    /// Sites to crawl: ids of rule files, or hosts
    #[arg(value_name = "SITE")]
    pub names: Vec<String>,
    /// Store at most this many articles of each site
    #[arg(long, value_name = "N")]
    pub max_articles: Option<usize>,
    /// Only stories published since this day (YYYY-MM-DD), of those that wait too; replaces the rule
    /// files' max-age of 7 days
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Look again at every stored article, conditionally
    #[arg(long)]
    pub refresh: bool,
    /// Least gap between requests to a host, in seconds (below 1 only with --proxy or --allow-private)
    #[arg(long, value_name = "SECONDS")]
    pub delay: Option<f64>,
    /// Discover only: fetch listings, print the new stories they name; none is queued or fetched
    #[arg(long)]
    pub dry_run: bool,
    /// Allow private and loopback addresses, and any port
    #[arg(long)]
    pub allow_private: bool,
}

/// Options of `extract`.
#[derive(Debug, Clone, Args)]
pub struct ExtractArgs {
    /// A file, an http(s) URL, or - for standard input
    #[arg(
        value_name = "FILE|URL|-",
        required_unless_present = "jsonl",
        conflicts_with = "jsonl"
    )]
    pub source: Option<String>,
    /// How the article is printed
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "jsonl")]
    pub format: Format,
    /// Read JSON lines {"id","url","html" or "path"} and write one article a line, in the same order
    #[arg(long)]
    pub jsonl: bool,
    /// Which rules
    #[command(flatten)]
    pub rules: RuleArgs,
}

/// Options that choose the rules for one page.
#[derive(Debug, Clone, Default, Args)]
pub struct RuleArgs {
    /// The page's address [default: its own canonical or og:url]
    #[arg(long, value_name = "URL", conflicts_with = "jsonl")]
    pub url: Option<String>,
    /// Use this site's rules, whatever the address
    #[arg(long, value_name = "ID")]
    pub site: Option<String>,
    /// Ignore site files: only the common rules and the generic extractor
    #[arg(long, conflicts_with = "site")]
    pub generic: bool,
    /// Allow private and loopback addresses, and any port
    #[arg(long)]
    pub allow_private: bool,
}

/// How an article is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The text alone.
    Text,
    /// Title, subtitle and text, headings and lists marked.
    Markdown,
    /// The JSON-lines object.
    Json,
}

/// Options of `clean`.
#[derive(Debug, Clone, Args)]
pub struct CleanArgs {
    /// Use this site's rules beside the common ones
    #[arg(long, value_name = "ID")]
    pub site: Option<String>,
    /// A file, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub source: String,
}

/// Options of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// A file, an http(s) URL, or - for standard input
    #[arg(value_name = "FILE|URL|-")]
    pub source: String,
    /// Take the page of the URL from this capture folder; may be given more than once
    #[arg(long, value_name = "DIR")]
    pub pages: Vec<PathBuf>,
    /// The page's address [default: its own canonical or og:url]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Use this site's rules, whatever the address
    #[arg(long, value_name = "ID")]
    pub site: Option<String>,
    /// Ignore site files: only the common rules and the generic extractor
    #[arg(long, conflicts_with = "site")]
    pub generic: bool,
    /// Allow private and loopback addresses, and any port
    #[arg(long)]
    pub allow_private: bool,
}

/// Options of `capture`.
#[derive(Debug, Clone, Args)]
pub struct CaptureArgs {
    /// Addresses of the pages
    #[arg(value_name = "URL", required = true)]
    pub urls: Vec<String>,
    /// The capture folder; made where it is not there
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// Allow private and loopback addresses, and any port
    #[arg(long)]
    pub allow_private: bool,
}

/// What to do with the rule files.
#[derive(Debug, Subcommand)]
pub enum SitesCommand {
    /// List the sites there are rules for
    List,
    /// Print a site's rules: its file, and the family it extends
    Show {
        /// Id of the rule file, or a host
        site: String,
    },
    /// Load every rule file and run its checks
    ///
    /// Pages come from the capture folders given with --pages, else from the stored pages of the
    /// database, else, with --fetch, from the web. What is odd in a file that loads, or on these
    /// pages, is a finding. Exit code 1 when a check fails or there is a finding, and where --pages is
    /// given also when a check has no page there; without --pages that is only told.
    Check(CheckArgs),
    /// Tell which sites' rules have ceased to fit, from the database
    ///
    /// Each site's newest stories are compared with its own past: how many a rule found, their
    /// words, the fields they lack. Exit code 1 when a site has drifted.
    Health(HealthArgs),
    /// Write a rule file for a site from some of its pages
    ///
    /// The pages are fetched, with manners, or taken from a capture folder (--pages). From what they have
    /// in common come the story's container, what in it is text, what repeats, feeds, and a check for
    /// each page. The file is written to --sites as ID.toml, which must not be there yet; rules that
    /// come with the program are replaced with --replace only. What it
    /// is unsure of is said in the file and on stdout. Two or three pages from different sections,
    /// and an old one, make better rules than one.
    #[command(
        after_help = "Examples:\n  \
        copydesk sites new https://news.example/a https://news.example/b --into news-pages\n  \
        copydesk sites new --pages news-pages\n  \
        copydesk sites new --pages many-papers news.example -o -",
        override_usage = "copydesk sites new [OPTIONS] URL...\n       copydesk sites new [OPTIONS] --pages DIR [HOST]"
    )]
    New(NewArgs),
    /// Print the JSON Schema of rule files, for editors
    Schema,
}

/// Options of `sites health`.
#[derive(Debug, Clone, Default, Args)]
pub struct HealthArgs {
    /// Only these sites
    #[arg(value_name = "SITE")]
    pub names: Vec<String>,
}

/// Options of `sites check`.
#[derive(Debug, Clone, Default, Args)]
pub struct CheckArgs {
    /// Only these sites
    #[arg(value_name = "SITE")]
    pub names: Vec<String>,
    /// A capture folder (manifest.jsonl and pages/); may be given more than once
    #[arg(long, value_name = "DIR")]
    pub pages: Vec<PathBuf>,
    /// Fetch pages that are nowhere else, with manners
    #[arg(long)]
    pub fetch: bool,
    /// Stay, and check again at each save of a rule file; Ctrl-C ends
    #[arg(long)]
    pub watch: bool,
}

/// Options of `sites new`.
#[derive(Debug, Clone, Default, Args)]
pub struct NewArgs {
    /// Addresses of stories; with --pages also a host, where the folder has pages of several sites
    #[arg(value_name = "URL|HOST", required_unless_present = "pages")]
    pub targets: Vec<String>,
    /// Take the pages from this capture folder; may be given more than once
    #[arg(long, value_name = "DIR")]
    pub pages: Vec<PathBuf>,
    /// Keep the pages that are fetched in this capture folder
    #[arg(long, value_name = "DIR", conflicts_with = "pages")]
    pub into: Option<PathBuf>,
    /// Write to this file, or to stdout (-) [default: ID.toml in the --sites directory]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write a file that takes the place of the rules that come with the program
    #[arg(long, conflicts_with = "output")]
    pub replace: bool,
    /// Allow private and loopback addresses, and any port
    #[arg(long)]
    pub allow_private: bool,
}

/// Options of `search`.
#[derive(Debug, Clone, Args)]
pub struct SearchArgs {
    /// Words that must all occur
    #[arg(required = true)]
    pub words: Vec<String>,
    /// At most this many results
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
}

impl Cli {
    /// Reads the command line; prints help or a usage error and ends the program where asked.
    pub fn read() -> Self {
        // An environment file often names a variable and leaves it empty: that is no value.
        let is_empty = |arg: &Arg| {
            let given = arg.get_env().and_then(std::env::var_os);
            given.is_some_and(|value| value.is_empty())
        };
        let command = Self::command().mut_args(|arg| match is_empty(&arg) {
            true => arg.env(Resettable::<OsStr>::Reset),
            false => arg,
        });
        let read = Self::from_arg_matches(&command.get_matches());
        read.unwrap_or_else(|error| error.format(&mut Self::command()).exit())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn a_site_and_the_directory_of_rule_files_are_two_things() {
        use clap::Parser;
        let cli = super::Cli::parse_from(["copydesk", "--sites", "dir", "crawl", "one", "two"]);
        assert_eq!(cli.global.sites_dir.as_deref(), Some(std::path::Path::new("dir")));
        let super::Command::Crawl(args) = cli.command else {
            panic!("not a crawl")
        };
        assert_eq!(args.names, ["one", "two"]);
    }
}
