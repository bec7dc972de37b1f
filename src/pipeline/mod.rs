//! The order of the work: fetch, discover, decode, extract, store. The only place that knows it;
//! the rooms know nothing of each other.

mod article;
pub mod authoring;
pub mod capture;
pub mod crawl;
pub mod drift;
pub mod errand;
mod gather;
mod health;
mod judge;
mod listing;
pub mod memory;
mod optouts;
pub mod reading;
mod record;
mod site;
pub mod stop;
pub mod story;
pub mod summary;
pub mod trial;

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |e| e.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
