//! `copydesk clean`: text that was scraped before, without its boilerplate.

use std::path::Path;

use super::desk;
use crate::desk::Desk;

/// As a scraper that knows nothing leaves it; the last paragraph has a tab and trailing space.
const SCRAPED: &str = "\
Bridge Opens After Long Wait As Two Towns Talk Tolls

The ribbon was cut at dawn.
|
Open Image Modal
People walk over the new bridge on its first morning.
KIM ARDEN/Example Images

SALTMERE, Nov 21 (Wire) - The bridge between Saltmere and Aldermoor opened on Saturday.



BOTH MAYORS TO TALK

“It is open,” the mayor said.\u{a0}“Walk.”

The wire service\tquoted an official as saying tolls were not discussed. \n
Also on HuffPost:
Open Image Modal
Bridges Of The World
(01 of30)
Open Image Modal
A rope bridge in the hills. (credit:Kim Arden / Example)
Support HuffPost
";

const CLEANED: &str = "\
Bridge Opens After Long Wait As Two Towns Talk Tolls

The ribbon was cut at dawn.

SALTMERE, Nov 21 (Wire) - The bridge between Saltmere and Aldermoor opened on Saturday.

BOTH MAYORS TO TALK

“It is open,” the mayor said.\u{a0}“Walk.”

The wire service\tquoted an official as saying tolls were not discussed. 
";

#[test]
fn modals_slideshows_and_appeals_go_and_every_other_byte_stays() {
    let desk = Desk::new();
    desk.pipe(&["clean", "--site", "huffpost"], SCRAPED)
        .quiet()
        .prints(CLEANED);
    desk.file("scraped.txt", SCRAPED);
    desk.run(&["clean", "--site", "huffpost", "scraped.txt"])
        .quiet()
        .prints(CLEANED);
}

#[test]
fn clean_text_stays_as_it_is() {
    Desk::new()
        .pipe(&["clean", "--site", "huffpost"], CLEANED)
        .quiet()
        .prints(CLEANED);
}

#[test]
fn without_a_site_only_what_is_true_everywhere_goes() {
    let text = "The bridge opened on Saturday.\n\nAdvertisement\n\nAlso on HuffPost:\n\nIt will stay open.\n";
    Desk::new()
        .pipe(&["clean"], text)
        .quiet()
        .prints("The bridge opened on Saturday.\n\nAlso on HuffPost:\n\nIt will stay open.\n");
}

#[test]
fn the_known_text_becomes_the_known_result() {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed");
    let Ok(expected) = std::fs::read_to_string(seed.join("expected.txt")) else {
        eprintln!("skipped: no {}", seed.display());
        return;
    };
    let scraped = seed.join("000_9e27b15ff6cf7e71.txt");
    Desk::new()
        .run(&["clean", "--site", "huffpost", scraped.to_str().unwrap()])
        .quiet()
        .prints(&expected);
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    desk()
        .pipe(&["clean"], b"caf\xe9\n")
        .exits(2)
        .warns("not UTF-8")
        .prints("");
}

#[test]
fn an_unknown_site_and_a_missing_file_are_refused() {
    let desk = desk();
    desk.run(&["clean", "--site", "nowhere"])
        .exits(2)
        .warns("create sites/nowhere.toml");
    desk.run(&["clean", "nowhere.txt"]).exits(2).warns("nowhere.txt");
}
