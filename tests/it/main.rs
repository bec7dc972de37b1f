//! The integration tests: one binary, a file for each subject.

mod common_rules;
mod discover;
mod faults;
mod fetch;
mod hostile_listings;
mod huffpost;
mod layers;
mod pipeline;
mod rule_docs;
mod rule_faults;
mod sites;
mod store;
