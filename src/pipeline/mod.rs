//! The order of the work: fetch, discover, decode, extract, store. The only place that knows it;
//! the rooms know nothing of each other.

mod article;
pub mod authoring;
mod base;
pub mod capture;
pub mod crawl;
mod day;
mod desk;
pub mod drift;
pub mod errand;
mod gather;
mod health;
pub mod ingest;
mod judge;
mod listing;
mod listings;
pub mod memory;
mod meter;
mod optouts;
pub mod prune;
pub mod reading;
mod record;
pub mod reextract;
mod reread;
pub mod retell;
pub mod rules;
mod schedule;
mod site;
pub mod stop;
pub mod story;
pub mod summary;
pub mod trial;
mod turn;
pub mod watch;

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |e| e.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
