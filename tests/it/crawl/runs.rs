//! A run as a scheduler sees it: exit codes, what is said and what is not, the summary.

use super::{PAPER, paper};
use crate::desk::rss;
use crate::faults::Reply;

#[test]
fn a_good_run_says_nothing_so_that_cron_sends_no_mail() {
    let told = paper(&["pier"]);
    told.crawl(&[]).quiet().prints("");
}

#[test]
fn the_json_summary_names_the_database_by_its_absolute_path() {
    let desk = paper(&["pier", "tram"]);
    let summary = desk.crawl(&["--json"]).quiet().json();
    let database = std::fs::canonicalize(desk.db()).unwrap();
    assert_eq!(summary["database"], database.to_str().unwrap());
    assert_eq!(summary["new_articles"], 2);
    assert_eq!(summary["outcomes"]["stored"], 2);
    assert_eq!(summary["exit_code"], 0);
    assert_eq!(summary["interrupted"], false);
    assert_eq!(summary["sites"][0]["site"], "paper");
    let run = desk.sql("select id, exit_code, interrupted, finished_at is not null, outcomes from runs");
    assert_eq!(
        run,
        [format!("{} | 0 | 0 | 1 | {{\"stored\":2}}", summary["run"])]
    );
}

#[test]
fn a_verbose_run_tells_people_what_it_did() {
    let desk = paper(&["pier"]);
    let database = desk.db().display().to_string();
    desk.crawl(&["-v"])
        .well()
        .warns("1 new articles")
        .warns(&database);
}

#[test]
fn a_site_whose_robots_txt_cannot_be_had_is_left_alone_and_needs_a_person() {
    let desk = paper(&["pier"]);
    desk.web()
        .put("paper.example/robots.txt", Reply::status(500, &[], "oops"));
    desk.crawl(&[])
        .exits(1)
        .warns("robots.txt of http://paper.example");
    assert!(desk.web().paths().iter().all(|p| p == "/robots.txt"));
    assert_eq!(desk.sql("select exit_code from runs"), ["1"]);
    // The next run asks again.
    desk.web().put("paper.example/robots.txt", Reply::robots(""));
    desk.crawl(&[]).quiet();
    assert_eq!(desk.articles().len(), 1);
}

#[test]
fn one_failed_site_does_not_keep_the_others_from_being_crawled() {
    let other =
        "name = 'Other'\nhosts = ['other.example']\n[discover]\nfeeds = ['http://other.example/feed']\n";
    let desk = paper(&["pier"]).site("other", other);
    let told = desk.crawl(&["--json"]);
    let summary = told.exits(1).json();
    assert_eq!(desk.articles(), ["paper.example/news/pier"]);
    assert_eq!(summary["sites"][0]["site"], "other");
    assert!(summary["sites"][0]["failed"].is_string());
    assert!(summary["sites"][1]["failed"].is_null());
}

#[test]
fn one_dead_listing_is_a_warning() {
    let rules = PAPER.replace("feeds = [", "feeds = [\"http://paper.example/dead\", ");
    let desk = paper(&["pier"]).site("paper", &rules);
    desk.crawl(&[])
        .well()
        .warns("http://paper.example/dead: status 404");
    assert_eq!(desk.articles().len(), 1);
    // Cron is not mailed what it knows, `status` tells it.
    desk.crawl(&[]).quiet();
    desk.run(&["status"])
        .quiet()
        .says("http://paper.example/dead: status 404");
    desk.web().put("paper.example/dead", rss(&[]));
    desk.crawl(&[])
        .well()
        .warns("http://paper.example/dead can be read again");
    desk.crawl(&[]).quiet();
    desk.run(&["status"]).quiet().never_says("dead");
}

#[test]
fn a_site_none_of_whose_listings_can_be_read_needs_a_person() {
    let desk = paper(&["pier"]);
    desk.web().put("paper.example/feed", Reply::status(404, &[], ""));
    desk.crawl(&[]).exits(1).warns("none of its listings");
}

#[test]
fn an_unknown_site_is_refused_with_the_file_to_write() {
    let desk = paper(&["pier"]);
    desk.crawl(&["nowhere.example"])
        .exits(2)
        .warns("create sites/nowhere.example.toml");
    assert!(desk.web().paths().is_empty());
    assert!(!desk.db().exists());
}

#[test]
fn a_site_can_be_named_by_its_host() {
    let desk = paper(&["pier"]);
    let proxy = desk.web().proxy().to_string();
    desk.run(&["crawl", "www.paper.example", "--proxy", &proxy, "--delay", "0"])
        .quiet();
    assert_eq!(desk.articles().len(), 1);
}

#[test]
fn the_settings_file_and_the_environment_give_what_no_flag_gives() {
    let desk = paper(&["pier"]);
    let settings = format!(
        "sites = ['paper']\ndb = 'elsewhere.db'\nproxy = '{}'\n",
        desk.web().proxy()
    );
    desk.file("copydesk.toml", settings);
    desk.run(&["crawl", "--delay", "0"]).quiet();
    assert!(desk.dir().join("elsewhere.db").exists());
    assert!(!desk.db().exists());
}

#[test]
fn haste_is_refused_on_the_open_web() {
    let desk = paper(&[]);
    desk.run(&["crawl", "paper", "--delay", "0.5"])
        .exits(2)
        .warns("--delay below 1 second");
}

#[test]
fn wrong_dates_and_wrong_flags_are_usage_errors() {
    let desk = paper(&[]);
    desk.run(&["crawl", "paper", "--since", "yesterday"])
        .exits(2)
        .warns("YYYY-MM-DD");
    desk.run(&["crawl", "--ignore-robots"]).exits(2);
    desk.run(&["crawl", "--sites", "no/such/dir"])
        .exits(2)
        .warns("no/such/dir");
}

#[test]
fn private_addresses_are_not_asked_even_through_a_proxy() {
    let rules = PAPER.replace("[\"paper.example\"", "[\"127.0.0.1\", \"paper.example\"");
    let desk = paper(&["pier"]).site("paper", &rules);
    let theirs = ["127.0.0.1/news/secret", "paper.example/news/pier"];
    desk.web().put("paper.example/feed", rss(&theirs));
    desk.crawl(&[]);
    assert!(desk.web().requests().iter().all(|seen| seen.host != "127.0.0.1"));
}

#[test]
fn a_rule_file_that_does_not_load_keeps_the_run_from_starting() {
    let desk = paper(&["pier"]).site("broken", "name = 'Broken'\nhots = ['broken.example']\n");
    desk.crawl(&[]).exits(2).warns("broken.toml:2:1").warns("hots");
    assert!(desk.web().paths().is_empty());
    assert!(!desk.db().exists());
}

#[test]
fn every_request_says_who_asks() {
    let desk = paper(&["pier"]);
    desk.crawl(&["--contact", "desk@paper.example"]).quiet();
    for seen in desk.web().requests() {
        let agent = seen.header("user-agent").unwrap();
        assert!(agent.starts_with("copydesk/"), "{agent}");
        assert!(agent.contains("desk@paper.example"), "{agent}");
    }
}

#[test]
fn one_request_at_a_time_a_host() {
    let desk = paper(&["pier", "tram", "clock", "lamp"]);
    // Another site whose listings stand at the same host.
    let twin = "name = 'Twin'\nhosts = ['twin.example']\n[discover]\n\
        feeds = ['http://twin.example/feed', 'http://paper.example/feed?2', 'http://paper.example/feed?3']\n";
    desk.web().put("twin.example/feed", rss(&[]));
    let desk = desk.site("twin", twin);
    desk.crawl(&[]).well();
    assert_eq!(desk.web().most_in_flight("paper.example"), 1);
}
