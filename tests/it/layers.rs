//! The layers of `docs/architecture.md`: who may import whom. Reads the sources, so a crossing
//! fails the build of whoever made it.

use std::path::{Path, PathBuf};

/// Layer of each top-level module; rooms of layer 1 do not import each other.
const LAYERS: &[(&str, u8)] = &[
    ("article", 0),
    ("outcome", 0),
    ("address", 0),
    ("dom", 0),
    ("text", 0),
    ("clock", 0),
    ("likeness", 0),
    ("optout", 0),
    ("diff", 0),
    ("fetch", 1),
    ("discover", 1),
    ("decode", 1),
    ("sites", 1),
    ("extract", 1),
    ("store", 1),
    ("warc", 1),
    ("pipeline", 2),
    ("cli", 3),
    ("config", 3),
    ("cmd", 3),
    ("progress", 3),
    ("sample", 3),
    ("main", 3),
    ("lib", 3),
];
/// What a room may import beside layer 0.
const ROOM_EXCEPTIONS: &[(&str, &str)] = &[("extract", "sites")];

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn files() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            let inner = path.strip_prefix(&root).unwrap();
            let module = inner
                .iter()
                .next()
                .unwrap()
                .to_string_lossy()
                .trim_end_matches(".rs")
                .to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (module, path, text)
        })
        .collect()
}

fn layer(module: &str) -> u8 {
    LAYERS
        .iter()
        .find(|(name, _)| *name == module)
        .unwrap_or_else(|| {
            panic!("module `{module}` has no layer: add it to LAYERS and to docs/architecture.md")
        })
        .1
}

#[test]
fn no_layer_is_crossed() {
    let mut crossings = Vec::new();
    for (module, path, text) in files() {
        for (number, line) in text.lines().enumerate() {
            for part in line.split("crate::").skip(1) {
                let imported: String = part
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if imported.is_empty() || imported == module || module == "lib" {
                    continue;
                }
                let (from, to) = (layer(&module), layer(&imported));
                let allowed = to < from
                    || (from == 3 && to == 3)
                    || (from == 0 && to == 0)
                    || ROOM_EXCEPTIONS.contains(&(module.as_str(), imported.as_str()));
                if !allowed {
                    crossings.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
        }
    }
    assert!(crossings.is_empty(), "layers crossed:\n{}", crossings.join("\n"));
}

#[test]
fn each_heavy_crate_is_named_in_one_room() {
    let homes = [
        ("scraper::", "dom"),
        ("rusqlite::", "store"),
        ("reqwest::", "fetch"),
        ("clap::", "cli"),
        ("feed_rs::", "discover"),
        ("quick_xml::", "discover"),
        ("indicatif::", "progress"),
    ];
    for (module, path, text) in files() {
        for (name, home) in homes {
            assert!(
                module == home || !text.contains(name),
                "{} names {name}, which is {home}'s",
                path.display()
            );
        }
    }
}

#[test]
fn every_file_opens_with_what_it_owns_and_stays_readable() {
    const MOST_LINES: usize = 500;
    for (_, path, text) in files() {
        assert!(
            text.starts_with("//!"),
            "{} does not open with //!",
            path.display()
        );
        let lines = text.lines().count();
        assert!(
            lines <= MOST_LINES,
            "{} has {lines} lines: split it by noun",
            path.display()
        );
    }
}
