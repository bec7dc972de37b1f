//! WARC files (ISO 28500): records read one after the other in bounded memory, HTTP messages taken out
//! of them, records written. Owns the format alone; which records matter is the pipeline's business.

mod http;
mod read;
mod write;

pub use http::{Message, response};
pub use read::{Block, Head, Records, WarcError};
pub use write::{Captured, Writer};
