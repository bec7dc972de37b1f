//! From a page to an article: pure and synchronous, no clock, no input or output. The same page,
//! rules and memory always give the same article.

mod agency;
mod blocks;
mod claim;
mod clean;
mod declared;
mod dress;
mod finish;
mod generic;
mod images;
pub mod induce;
mod inline;
mod join;
mod listing;
mod marks;
mod memory;
pub mod meta;
mod note;
mod opening;
mod page;
mod ruleset;
mod signed;
mod signs;
mod strip;
mod table;
#[cfg(test)]
mod tests;
mod trial;
mod verdict;
#[cfg(test)]
mod verdict_tests;

pub use clean::{Cleaned, clean};
pub use join::{StoryLinks, join};
pub use memory::{MEMORY_WINDOW, Memory, Told};
pub use note::Note;
pub use page::{Extraction, Page, extract};
pub use ruleset::RuleSet;
pub use trial::{LayoutUse, StripUse, Trial, trial};
