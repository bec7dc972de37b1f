//! `copydesk sites schema`: the JSON Schema of rule files, for editors that complete from it.

use std::io::Write;

use super::super::Ending;
use crate::sites::{FileKind, json_schema};

/// Runs the command.
pub(in crate::cmd) fn run() -> anyhow::Result<Ending> {
    writeln!(
        std::io::stdout().lock(),
        "{}",
        serde_json::to_string_pretty(&json_schema(FileKind::Site))?
    )?;
    Ok(Ending::Well)
}
