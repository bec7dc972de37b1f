//! The integration tests: one binary, a file for each subject.

mod archive;
mod commands;
mod common_rules;
mod crawl;
mod desk;
mod discover;
mod docs;
mod faults;
mod fetch;
mod hostile_listings;
mod huffpost;
mod layers;
mod pages;
mod pipeline;
mod rule_docs;
mod rule_faults;
mod sites;
mod store;
