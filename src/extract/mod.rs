//! From a page to an article: pure and synchronous, no clock, no input or output. The same page,
//! rules and memory always give the same article.

pub mod meta;
