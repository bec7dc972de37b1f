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
mod findings;
mod hostile_listings;
mod hostile_pages;
mod huffpost;
mod layers;
mod pages;
mod pipeline;
mod rule_docs;
mod rule_faults;
mod schedule_docs;
mod shipped_rules;
mod sites;
mod store;
mod watch;
