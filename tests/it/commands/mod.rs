//! The commands beside `crawl`, through the built binary. Owns the pages and the archive that
//! several of these tests look at.

use crate::desk::{Desk, rss};
use crate::faults::Reply;

mod archive;
mod bulk;
mod capture;
mod clean;
mod demo;
mod diff;
mod explain;
mod extract;
mod forget;
pub(crate) mod help;
mod sites;
mod sites_new;
mod status;
mod watch;

/// A paper whose pages show a few kinds of boilerplate.
const PAPER: &str = r#"name  = "The Paper"
hosts = ["paper.example"]

[discover]
feeds = ["http://paper.example/feed"]

[[layout]]
name       = "now"
body       = ".story"
title      = "h1"
subtitle   = ".dek"
authors    = ".by"
published  = "time@datetime"

[[strip]]
category = "modal"
select   = "button"

[[strip]]
category = "donation"
select   = ".give"

[[check]]
url      = "http://paper.example/news/ferry"
title    = "The ferry sails again"
authors  = ["Ida Brandt"]
first    = "SALTMERE — The ferry"
contains = ["Tickets"]
lacks    = ["Give now"]
blocks   = 5
"#;

/// One of its stories.
const FERRY: &str = r#"<!doctype html><html lang=en><head><meta charset=utf-8>
<title>The ferry sails again | The Paper</title>
<link rel=canonical href="http://paper.example/news/ferry"></head><body>
<nav><a href=/>Front page</a></nav>
<main><h1>The ferry sails again</h1><p class=dek>It had rusted for nine years.</p>
<p>By <span class=by>Ida Brandt</span> <time datetime="2026-11-13T10:30:00Z">today</time></p>
<div class=story>
<button>Open Image Modal</button>
<p>SALTMERE — The ferry sailed on Sunday with every cabin taken, its owner said.</p>
<div class=give><h3>Dear reader</h3><p>Give now.</p></div>
<h2>Tickets</h2>
<ul><li>A berth costs twelve crowns.</li><li>Bicycles go free.</li></ul>
<blockquote><p>“It is in the timetable, in small print.”</p></blockquote>
</div></main></body></html>"#;

/// What of it is the story.
const FERRY_TEXT: &str = "SALTMERE — The ferry sailed on Sunday with every cabin taken, its owner said.\n\n\
    Tickets\n\nA berth costs twelve crowns.\n\nBicycles go free.\n\n\
    “It is in the timetable, in small print.”";

/// A desk with the paper's rules and the story as a file, `ferry.html`.
fn desk() -> Desk {
    let desk = Desk::new().site("paper", PAPER);
    desk.file("ferry.html", FERRY);
    desk
}

/// The same, with the story crawled into its database.
fn crawled() -> Desk {
    let desk = desk().serve([
        ("paper.example/feed", rss(&["paper.example/news/ferry"])),
        ("paper.example/news/ferry", Reply::page(FERRY)),
    ]);
    desk.crawl(&[]).quiet();
    desk
}

fn gzip(bytes: &str) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes.as_bytes()).unwrap();
    packed.finish().unwrap()
}
