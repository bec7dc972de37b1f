//! Build script: lists the files that are compiled in, the built-in rules (`sites/`) for
//! `src/sites/builtin.rs` and the sample newspaper (`data/sample*`) for `src/sample.rs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    let sites = root.join("sites");
    let rules = |path: &Path| path.extension().is_some_and(|e| e == "toml");
    list(
        &sites,
        std::slice::from_ref(&sites),
        &rules,
        &out.join("builtin_sites.rs"),
    )?;
    let data = root.join("data");
    let sample = ["sample", "sample-later", "sample-sites"].map(|d| data.join(d));
    list(&data, &sample, &|_| true, &out.join("sample_files.rs"))
}

/// Writes the files of some directories as a Rust slice: path below `root`, and contents.
fn list(root: &Path, directories: &[PathBuf], wanted: &dyn Fn(&Path) -> bool, to: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for directory in directories {
        collect(directory, &mut files)?;
    }
    files.retain(|file| wanted(file));
    // Directory order differs between machines; the list, and so the build, must not.
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
        let relative = file.strip_prefix(root).map_err(io::Error::other)?;
        let relative = relative.to_string_lossy().replace('\\', "/");
        let absolute = file.display().to_string();
        writeln!(list, "    ({relative:?}, include_str!({absolute:?})),").map_err(io::Error::other)?;
    }
    list.push_str("]\n");
    fs::write(to, list)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    // Cargo looks at a directory's own date only: name each one.
    println!("cargo:rerun-if-changed={}", directory.display());
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
