//! The integration tests: one binary, a file for each subject.

mod rule_faults;
mod sites;
