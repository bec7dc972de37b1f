//! Rule files: what a site's pages look like, as data. Owns reading, checking and matching them
//! to hosts; applying them to a page is `extract`.
//!
//! A file goes `files` (or `builtin`) → `shape` (against the `json_schema` of `schema`) → `compile` with `values`,
//! `layouts` and `strips` → `registry`; what is wrong with it becomes a [`RuleFault`] on the way.

mod builtin;
mod compile;
mod draft;
mod fault;
mod files;
mod json_schema;
mod layouts;
mod lint;
mod matching;
mod registry;
pub mod rule;
mod schema;
mod shape;
mod spot;
mod strips;
mod values;

pub use builtin::builtin_sources;
pub use compile::MAX_RULES;
pub use draft::Draft;
pub use fault::{RuleFault, near_miss};
pub use files::{Fingerprint, MAX_FILE_BYTES, fingerprint};
pub use json_schema::{FileKind, json_schema};
pub use registry::{Sites, SitesError};
pub use values::{MAX_PATTERN_BYTES, MAX_PATTERN_MEMORY};
