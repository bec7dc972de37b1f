//! The integration tests: one binary, a file for each subject.
mod discover;
mod hostile_listings;
