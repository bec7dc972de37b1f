//! The words of the commands that look after the file itself: `prune`, `backup`.

use std::path::PathBuf;

use clap::Args;

/// Options of `prune`.
#[derive(Debug, Clone, Default, Args)]
pub struct PruneArgs {
    /// Only these sites: ids of rule files, or hosts [default: all]
    #[arg(value_name = "SITE")]
    pub names: Vec<String>,
    /// Take out the bytes of pages that were fetched longer ago than this: 90d, 6mo, 1y
    #[arg(long, value_name = "AGE")]
    pub bodies_older_than: Option<String>,
    /// Take out texts that `reextract` replaced longer ago than this
    #[arg(long, value_name = "AGE")]
    pub extractions_older_than: Option<String>,
    /// Tell what would go, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Options of `backup`.
#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    /// The file to write; must not be there yet
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
}
