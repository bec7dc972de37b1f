//! The tests of `robots`: what RFC 9309 demands, what Google's parser is tested for, and what
//! the `robotstxt` crate is known to get wrong.

use proptest::prelude::*;

use super::*;

fn allows(robots: &str, path: &str) -> bool {
    let url = Url::parse("http://news.example").unwrap().join(path).unwrap();
    Robots::parse(robots.as_bytes()).check(&url).is_ok()
}

fn delay(value: &str) -> Option<Duration> {
    Robots::parse(format!("User-agent: *\nCrawl-delay: {value}").as_bytes()).crawl_delay()
}

#[test]
fn the_longest_match_decides_and_allow_wins_a_tie() {
    let robots = "user-agent: copydesk\ndisallow: /x/\nallow: /x/page.html\ndisallow: /y\nallow: /y";
    assert!(!allows(robots, "/x/other"));
    assert!(allows(robots, "/x/page.html"));
    assert!(allows(robots, "/y/z"));
    assert!(!allows(
        "user-agent: *\nallow: /p\ndisallow: /*.html",
        "/page.html"
    ));
    assert!(allows(
        "user-agent: *\nallow: /page\ndisallow: /*htm",
        "/page.htm"
    ));
    assert!(!allows("user-agent: *\nallow: /$\ndisallow: /", "/page"));
}

#[test]
fn everyones_group_counts_only_when_no_group_names_copydesk() {
    let robots = "User-agent: *\nDisallow: /\n\nUser-agent: CopyDesk\nDisallow: /private\n";
    assert!(allows(robots, "/story"));
    assert!(!allows(robots, "/private/x"));
    assert!(!allows("User-agent: *\nDisallow: /\n", "/story"));
    assert!(allows(
        "User-agent: *\nDisallow: /\n\nUser-agent: copydesk\n",
        "/story"
    ));
    assert!(!allows(
        "User-agent: *\nDisallow: /\n\nUser-agent: copydesk-images\nAllow: /",
        "/story"
    ));
    assert!(allows(
        "User-agent: *\nDisallow: /\n\nUser-agent: copydesk/2.0 (x)\nAllow: /",
        "/story"
    ));
    assert!(allows("User-agent: otherbot\nDisallow: /\n", "/story"));
    assert!(
        allows("Disallow: /\n", "/story"),
        "a rule outside any group binds nobody"
    );
}

#[test]
fn groups_of_the_same_agent_are_one() {
    let robots = "User-agent: copydesk\nDisallow: /a\n\nUser-agent: b\nDisallow: /\n\nUser-agent: copydesk\nDisallow: /c";
    assert!(!allows(robots, "/a"));
    assert!(!allows(robots, "/c"));
    assert!(allows(robots, "/b"));
}

#[test]
fn other_records_never_end_a_group() {
    for record in [
        "Sitemap: http://news.example/s.xml",
        "Crawl-delay: 1",
        "Unknown: x",
        "",
        "# note",
    ] {
        let between_agents = format!("User-agent: copydesk\n{record}\nUser-agent: b\nDisallow: /x");
        assert!(!allows(&between_agents, "/x"), "{record}");
        let between_rules = format!("User-agent: copydesk\nDisallow: /y\n{record}\nDisallow: /x");
        assert!(!allows(&between_rules, "/x"), "{record}");
    }
}

#[test]
fn wildcards_that_the_crate_lets_through_forbid() {
    assert!(!allows("User-agent: *\nDisallow: /*.html", "/foo.bar.html"));
    assert!(!allows("User-agent: *\nDisallow: /*/print", "/2026/news/print"));
}

#[test]
fn lower_case_escapes_and_raw_letters_forbid_alike() {
    assert!(!allows("User-agent: *\nDisallow: /caf%c3%a9", "/café"));
    assert!(!allows("User-agent: *\nDisallow: /%off/é", "/%off/é"));
    assert!(!allows(
        "User-agent: *\nDisallow: /SanJoséSellers",
        "/SanJos%c3%a9Sellers"
    ));
}

#[test]
fn byte_order_marks_line_ends_and_nuls_do_not_hide_the_first_group() {
    let files: [&[u8]; 8] = [
        b"\xef\xbb\xbfUser-agent: *\nDisallow: /x",
        b"\xef\xbbUser-agent: *\nDisallow: /x",
        b"\xefUser-agent: *\nDisallow: /x",
        b"User-agent: *\rDisallow: /x\r",
        b"User-agent: *\r\nDisallow: /x\r\n",
        b"User-\0agent: *\nDis\0allow: /x",
        b"User-agent: *\nDisallow: /\xe9\nDisallow: /x",
        b"\xff\xfeU\0s\0e\0r\0-\0a\0g\0e\0n\0t\0:\0*\0\n\0D\0i\0s\0a\0l\0l\0o\0w\0:\0/\0x\0",
    ];
    let url = Url::parse("http://news.example/x").unwrap();
    for file in files {
        assert!(Robots::parse(file).check(&url).is_err(), "{file:?}");
    }
}

#[test]
fn common_typing_errors_are_understood() {
    for line in [
        "Dissallow: /x",
        "disalow : /x",
        "   disallow /x",
        "DISALLOW:/x # why",
        "Disallow: /x\t",
    ] {
        assert!(!allows(&format!("  user agent: *\n{line}"), "/x"), "{line}");
    }
}

#[test]
fn the_line_that_forbids_is_named() {
    let robots = Robots::parse("# hello\r\nUser-agent: *\r\nDisallow: /é # no\r\n".as_bytes());
    let line = robots
        .check(&Url::parse("http://news.example/é/a").unwrap())
        .unwrap_err();
    assert_eq!((line.line, line.text.as_str()), (3, "Disallow: /é # no"));
}

#[test]
fn the_file_itself_may_always_be_fetched() {
    assert!(allows("User-agent: *\nDisallow: /", "/robots.txt"));
}

#[test]
fn html_in_place_of_rules_has_no_rules() {
    let page = " <!DOCTYPE html><p>\nUser-agent: *\nDisallow: /\n";
    assert!(allows(page, "/x"));
}

#[test]
fn crawl_delays_are_clamped_and_nonsense_is_ignored() {
    assert_eq!(delay("0"), Some(Duration::ZERO));
    assert_eq!(delay("0.5"), Some(Duration::from_millis(500)));
    assert_eq!(delay("86400"), Some(MAX_CRAWL_DELAY));
    assert_eq!(delay("inf"), Some(MAX_CRAWL_DELAY));
    for nonsense in ["-1", "NaN", "5s", "", "fast"] {
        assert_eq!(delay(nonsense), None, "{nonsense}");
    }
    let ours =
        Robots::parse(b"User-agent: *\nCrawl-delay: 9\n\nUser-agent: copydesk\nCrawl-delay: 3\nAllow: /");
    assert_eq!(ours.crawl_delay(), Some(Duration::from_secs(3)));
}

#[test]
fn sitemaps_are_told_wherever_they_stand() {
    let robots =
        Robots::parse(b"Sitemap: http://a.example/1.xml\nUser-agent: x\nDisallow: /\nsitemap: /2.xml\n");
    assert_eq!(robots.sitemaps(), ["http://a.example/1.xml", "/2.xml"]);
}

#[test]
fn long_lines_and_long_files_are_cut_without_a_panic() {
    let wide = format!("Disallow: /{}\nUser-agent: *\nDisallow: /x\n", "é".repeat(40_000));
    assert!(!allows(&wide, "/x"));
    let late = format!(
        "User-agent: *\n{}Disallow: /x\n",
        "# filler\n".repeat(MAX_ROBOTS_BYTES / 9)
    );
    assert!(allows(&late, "/x"), "what stands after the limit is not read");
}

proptest! {
    #[test]
    fn without_wildcards_it_agrees_with_the_crate(
        rules in prop::collection::vec((any::<bool>(), "/[ab/]{0,5}\\$?"), 0..6),
        path in "/[ab/]{0,7}",
    ) {
        let mut text = "User-agent: copydesk\n".to_owned();
        for (allow, pattern) in &rules {
            text.push_str(&format!("{}: {pattern}\n", if *allow { "Allow" } else { "Disallow" }));
        }
        let url = format!("http://news.example{path}");
        let expected = robotstxt::DefaultMatcher::default().one_agent_allowed_by_robots(&text, TOKEN, &url);
        let found = Robots::parse(text.as_bytes()).check(&Url::parse(&url).unwrap()).is_ok();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let robots = Robots::parse(&bytes);
        let _ = robots.check(&Url::parse("http://news.example/a?b").unwrap());
    }

    #[test]
    fn any_lines_are_read_without_a_panic(text in "(User-agent|Disallow|Allow|Crawl-delay|Sitemap)?[ :%*$#é\\r\\n/a-f0-9]{0,60}") {
        Robots::parse(text.as_bytes());
    }
}
