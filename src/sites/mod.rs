//! Rule files: what a site's pages look like, as data. Owns reading, checking and matching them
//! to hosts; applying them to a page is `extract`.

pub mod rule;
