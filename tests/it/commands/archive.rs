//! `status`, `search` and `body`: what is in the file.

use super::{FERRY, crawled, desk};

#[test]
fn status_tells_runs_sites_and_size() {
    let desk = crawled();
    desk.run(&["status"])
        .quiet()
        .says("1 article of 1 site")
        .says("paper")
        .says("well");
    let json = desk.run(&["status", "--json"]).quiet().json();
    let database = std::fs::canonicalize(desk.db()).unwrap();
    assert_eq!(json["database"], database.to_str().unwrap());
    assert_eq!(json["sites"][0]["site"], "paper");
    assert_eq!(json["sites"][0]["articles"], 1);
    assert_eq!(json["runs"].as_array().unwrap().len(), 1);
}

#[test]
fn status_tells_what_the_file_holds_and_leaves_nothing_out() {
    let desk = crawled();
    desk.run(&["status"])
        .quiet()
        .says("What the file holds")
        .says("pages as fetched, 1 of them")
        .says("full-text index");
    let json = desk.run(&["status", "--json"]).quiet().json();
    let bytes = |key: &str| json["space"][key].as_u64().unwrap();
    let parts = [
        "bodies",
        "dictionaries",
        "articles",
        "older_versions",
        "replaced_texts",
        "full_text",
        "provenance",
        "logs",
        "free",
        "other",
    ];
    let told: u64 = parts.iter().map(|part| bytes(&format!("{part}_bytes"))).sum();
    assert_eq!(told, bytes("total_bytes"));
    assert_eq!(json["bytes"], bytes("total_bytes"));
    assert_eq!((bytes("stored_bodies"), bytes("pruned_bodies")), (1, 0));
}

#[test]
fn search_finds_words_and_shows_where() {
    let desk = crawled();
    desk.run(&["search", "bicycles"])
        .quiet()
        .says("The ferry sails again")
        .says("http://paper.example/news/ferry");
    let hits = desk.run(&["search", "ferry", "cabin", "--json"]).quiet().json();
    assert_eq!(hits["hits"][0]["url"], "http://paper.example/news/ferry");
    desk.run(&["search", "penguins"]).quiet().says("nothing found");
    // The appeal that was taken out is not in the index.
    desk.run(&["search", "Dear reader"]).quiet().says("nothing found");
}

#[test]
fn signs_of_the_query_language_are_only_words() {
    let desk = crawled();
    for words in [
        "\"",
        "ferry\"",
        "(ferry",
        "ferry AND",
        "NEAR(",
        "title:ferry",
        "*",
        "ferry*",
        "-ferry",
        "^",
        "' or 1=1 --",
        "{ferry}",
        "ferry + cabin",
        "",
    ] {
        desk.run(&["search", "--", words]).quiet();
    }
}

#[test]
fn a_body_comes_back_byte_for_byte() {
    let desk = crawled();
    desk.run(&["body", "http://paper.example/news/ferry"])
        .quiet()
        .prints(FERRY);
    let sha256 = desk.sql("select html_sha256 from articles").remove(0);
    desk.run(&["body", &sha256]).quiet().prints(FERRY);
    desk.run(&["body", &sha256[..10]]).quiet().prints(FERRY);
    desk.run(&["body", "http://paper.example/news/other"])
        .exits(2)
        .warns("no body of");
    desk.run(&["body", "ferry"])
        .exits(2)
        .warns("neither an address nor a SHA-256");
}

#[test]
fn without_a_database_readers_say_how_to_get_one_and_make_none() {
    let desk = desk();
    for args in [&["status"][..], &["search", "ferry"], &["body", "123456"]] {
        desk.run(args).exits(2).warns("copydesk crawl").prints("");
    }
    assert!(!desk.db().exists());
}
