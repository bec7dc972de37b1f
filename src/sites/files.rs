//! Rule files on disk: owns finding those of a directory and reading them within limits. What is
//! in them is `compile`'s business.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::fault::{RuleFault, Source};

/// Largest rule file, in bytes.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// The files of a rule directory: `*.toml` in it and in its `families/`. Names that begin with a
/// dot, as editors make them, are passed over.
pub(super) fn read_directory(directory: &Path) -> (Vec<Source>, Vec<RuleFault>) {
    let mut files = Vec::new();
    let mut faults = Vec::new();
    let root = match fs::canonicalize(directory) {
        Ok(root) => root,
        Err(error) => {
            faults.push(RuleFault::whole_file(
                &directory.display().to_string(),
                format!("not a readable directory: {error}"),
                Some("create it, or name another with --sites".to_owned()),
            ));
            return (files, faults);
        }
    };
    for (below, prefix) in [
        (directory.to_path_buf(), ""),
        (directory.join("families"), "families/"),
    ] {
        let names = match toml_names(&below) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !prefix.is_empty() => continue,
            Err(error) => {
                let message = format!("cannot be listed: {error}");
                faults.push(RuleFault::whole_file(&below.display().to_string(), message, None));
                continue;
            }
        };
        for name in names {
            let path = below.join(&name);
            match read_file(&path, &root) {
                Ok(text) => files.push(Source {
                    relative: format!("{prefix}{name}"),
                    shown: shown(&path),
                    text,
                }),
                Err((message, help)) => {
                    faults.push(RuleFault::whole_file(
                        &shown(&path),
                        message,
                        Some(help.to_owned()),
                    ));
                }
            }
        }
    }
    (files, faults)
}

/// What tells whether the rule files of a directory are the same as at another look: their names,
/// lengths and times of change. What cannot be read counts as not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl Fingerprint {
    /// How many files there are.
    pub fn files(&self) -> usize {
        self.0.len()
    }
}

/// Looks at a rule directory without reading its files.
pub fn fingerprint(directory: &Path) -> Fingerprint {
    let mut all = Vec::new();
    for below in [directory.to_path_buf(), directory.join("families")] {
        for name in toml_names(&below).unwrap_or_default() {
            let path = below.join(name);
            if let Ok(meta) = fs::metadata(&path) {
                all.push((path, meta.len(), meta.modified().ok()));
            }
        }
    }
    Fingerprint(all)
}

fn shown(path: &Path) -> String {
    let path: PathBuf = path.components().collect();
    path.strip_prefix(".").unwrap_or(&path).display().to_string()
}

fn toml_names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn read_file(path: &Path, root: &Path) -> Result<String, (String, &'static str)> {
    let unreadable = |error: io::Error| {
        (
            format!("cannot be read: {error}"),
            "mend its permissions, or remove it",
        )
    };
    let real = fs::canonicalize(path).map_err(unreadable)?;
    if !real.starts_with(root) {
        return Err((
            "a link that leads out of the rule directory".to_owned(),
            "copy the file into the directory",
        ));
    }
    // A pipe or a device would be waited for without end.
    if !fs::metadata(&real).map_err(unreadable)?.is_file() {
        return Err(("not a file".to_owned(), "remove it, or name it otherwise"));
    }
    // One byte more than is allowed tells a file that is too long from one that just fits,
    // however long it is.
    let limit = MAX_FILE_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let file = File::open(&real).map_err(unreadable)?;
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    within_limit(bytes.len())?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        (format!("not UTF-8 from byte {at} on"), "save it as UTF-8")
    })
}

/// Whether a file of this length is read.
pub(super) fn within_limit(bytes: usize) -> Result<(), (String, &'static str)> {
    if bytes > MAX_FILE_BYTES {
        return Err((
            format!("over the limit of {MAX_FILE_BYTES} bytes a file"),
            "split it, or write fewer rules",
        ));
    }
    Ok(())
}
