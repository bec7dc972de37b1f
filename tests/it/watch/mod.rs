//! `copydesk watch`: through the built binary where signals and words count, and in this process with
//! a clock that runs fast where days must pass.

mod days;
mod month;
mod signals;
