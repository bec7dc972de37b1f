//! The rule files that come with the program: `sites/`, compiled in by `build.rs`. What is in them
//! is theirs to say.

/// Path relative to `sites/`, and text, of every built-in rule file, sorted by path.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin_sites.rs"));

/// The built-in rule files as (path, text), sorted by path.
pub fn builtin_sources() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}
