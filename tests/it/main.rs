//! The integration tests: one binary, a file for each subject.

mod discover;
mod faults;
mod fetch;
mod hostile_listings;
mod layers;
