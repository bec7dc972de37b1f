//! The `copydesk` binary: reads the command line, runs the command, prints the error chain once.

use std::process::ExitCode;

use copydesk::cli::Cli;
use copydesk::cmd::{self, Ending};

fn main() -> ExitCode {
    match cmd::run(Cli::read()) {
        Ok(ending) => ending.into(),
        // A reader that has seen enough (`copydesk … | head`) is no error.
        Err(error) if is_broken_pipe(&error) => Ending::Well.into(),
        Err(error) => {
            eprintln!("copydesk: {error:#}");
            Ending::Refused.into()
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}
