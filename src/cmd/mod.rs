//! The commands, a file a verb: each turns checked words into calls of the pipeline and prints.

use std::process::ExitCode;

use crate::cli::{Cli, Command, SitesCommand};
use crate::config::Config;

mod article_json;
mod backup;
mod body;
mod bulk;
mod capture;
mod clean;
mod crawl;
mod demo;
mod diff;
mod explain;
mod export;
mod extract;
mod forget;
mod ingest;
mod job;
mod page;
mod print;
mod prune;
mod reextract;
mod search;
mod sites;
mod status;
mod watch;

/// How a command ended (DESIGN §2): the exit code, for people and for cron.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All well; also: interrupted and drained, or another crawl holds the lock.
    Well = 0,
    /// It ran, and a person is needed.
    Attention = 1,
    /// It could not run: usage, settings, rule files, database.
    Refused = 2,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(ending as u8)
    }
}

/// A time as in the database.
fn iso(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The day of a time as in the database.
fn day(at: &str) -> &str {
    at.split('T').next().unwrap_or(at)
}

/// Runs the command.
///
/// # Errors
/// Whatever kept it from running; the caller prints the chain and ends with [`Ending::Refused`].
pub fn run(cli: Cli) -> anyhow::Result<Ending> {
    let config = Config::read(&cli.global)?;
    crate::progress::init(&config);
    match cli.command {
        Command::Demo => demo::run(&config),
        Command::Crawl(args) => crawl::run(&config, &args),
        Command::Extract(args) => extract::run(&config, &args),
        Command::Clean(args) => clean::run(&config, &args),
        Command::Explain(args) => explain::run(&config, &args),
        Command::Capture(args) => capture::run(&config, &args),
        Command::Sites(SitesCommand::List) => sites::list::run(&config),
        Command::Sites(SitesCommand::Show { site }) => sites::show::run(&config, &site),
        Command::Sites(SitesCommand::Check(args)) => sites::check::run(&config, &args),
        Command::Sites(SitesCommand::Health(args)) => sites::health::run(&config, &args),
        Command::Sites(SitesCommand::New(args)) => sites::new::run(&config, &args),
        Command::Sites(SitesCommand::Schema) => sites::schema::run(),
        Command::Status(args) => status::run(&config, &args),
        Command::Search(args) => search::run(&config, &args),
        Command::Body { key } => body::run(&config, &key),
        Command::Watch(args) => watch::run(&config, &args),
        Command::Forget(args) => forget::run(&config, &args),
        Command::Diff(args) => diff::run(&config, &args),
        Command::Reextract(args) => reextract::run(&config, args),
        Command::Export(args) => export::run(&config, &args),
        Command::Ingest(args) => ingest::run(&config, args),
        Command::Prune(args) => prune::run(&config, &args),
        Command::Backup(args) => backup::run(&config, &args),
    }
}
