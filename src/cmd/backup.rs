//! `copydesk backup`: a sound copy of the database, while others write to it.

use std::io::Write;
use std::path::absolute;

use anyhow::bail;
use bytesize::ByteSize;
use serde_json::json;

use crate::cli::BackupArgs;
use crate::config::Config;
use crate::progress::Count;
use crate::store::Reader;

use super::{Ending, job};

/// Runs the command.
pub(super) fn run(config: &Config, args: &BackupArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&config.db)?;
    if args.path.is_dir() {
        bail!(
            "{} is a directory: name the file to write in it",
            args.path.display()
        );
    }
    let count = Count::start(config, "pages of the file");
    // The copy blocks this thread; signals are heard on another.
    let copied = job::run(async |stop| {
        Ok(reader.back_up(&args.path, &mut |done, of| {
            count.tell(done, of);
            !stop.is_asked()
        })?)
    });
    count.end();
    let Some(bytes) = copied? else {
        tracing::warn!("interrupted: no backup was made");
        return Ok(Ending::Attention);
    };
    let path = absolute(&args.path)?;
    if config.json {
        let told = json!({ "database": reader.path(), "backup": path, "bytes": bytes });
        writeln!(std::io::stdout().lock(), "{told}")?;
    } else {
        let size = ByteSize::b(bytes);
        tracing::info!(
            "{size} of {} copied to {}, checked",
            reader.path().display(),
            path.display()
        );
    }
    Ok(Ending::Well)
}
