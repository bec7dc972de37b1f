//! The integration tests: one binary, a file for each subject.

mod common_rules;
mod huffpost;
mod rule_docs;
mod rule_faults;
mod sites;
