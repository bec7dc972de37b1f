//! copydesk crawls the news sites you name, politely, strips what is not the story by per-site
//! rule files, and keeps the clean articles in one SQLite file with their provenance.
//!
//! Layers, and who may import whom, are in `docs/architecture.md`; a test enforces them.

pub mod address;
pub mod article;
pub mod cli;
pub mod clock;
pub mod cmd;
pub mod config;
pub mod decode;
pub mod diff;
pub mod discover;
pub mod dom;
pub mod extract;
pub mod fetch;
pub mod likeness;
pub mod optout;
pub mod outcome;
pub mod pipeline;
pub mod progress;
pub mod sample;
pub mod sites;
pub mod store;
pub mod text;
pub mod warc;
