//! Build script: makes the list of built-in rule files (`sites/**/*.toml`) that
//! `src/sites/builtin.rs` compiles in. Reading them is left to the program.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=sites");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("sites");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    // Directory order differs between machines; the list, and so the build, must not.
    files.sort();

    let mut list = String::from("&[\n");
    for file in &files {
        let relative = file.strip_prefix(&root).map_err(io::Error::other)?;
        let relative = relative.to_string_lossy().replace('\\', "/");
        writeln!(
            list,
            "    ({relative:?}, include_str!({:?})),",
            file.display().to_string()
        )
        .map_err(io::Error::other)?;
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?).join("builtin_sites.rs");
    fs::write(out, list)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            // Cargo looks at a directory's own date only: name each one.
            println!("cargo:rerun-if-changed={}", path.display());
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            println!("cargo:rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}
