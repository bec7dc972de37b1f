//! `copydesk sites new`: files that load, pass their own checks, name what repeats, and are never
//! written over another; docs/add-a-site.md as it is read.

use std::path::Path;

use crate::desk::{Desk, Told};
use crate::faults::Reply;

const DOCS: &str = include_str!("../../../docs/add-a-site.md");

/// A story of a paper whose extractor-proof boilerplate stands inside the story's container.
fn tides(n: usize, title: &str) -> String {
    let paragraphs: String = (1..=6)
        .map(|p| {
            format!(
                "<p>In part {p} of story number {n}, the harbour master of {title} says that the tide tables were \
                 read aloud on the quay, and that {} people had come to listen in the rain.</p>",
                n * 7 + p
            )
        })
        .collect();
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>\
         <meta property='og:site_name' content='The Tide'><meta property='og:title' content='{title}'>\
         <meta property='article:published_time' content='2026-11-{n:02}T08:00:00Z'>\
         <link rel=alternate type='application/rss+xml' href='/rss.xml'></head>\
         <body class='css-1x9y2'><header><nav><a href=/>Front page</a></nav></header>\
         <div class='css-9f8e7d page'><h1>{title}</h1><div class='tide-story sc-aXbY'>{paragraphs}\
         <p class='tide-shop'>The Tide sells calendars of the coming year in its shop at the old lighthouse.</p>\
         <h2>What comes next</h2><p>The council of {title} will meet on day {n} of the month, it said on Monday.</p>\
         </div></div><footer><p>The Tide, Quay Street, Saltmere. All rights reserved by the printers.</p></footer></body></html>"
    )
}

const TITLES: [&str; 3] = [
    "Saltmere counts its boats",
    "Wickmarsh loses a pier",
    "Aldermoor hears a bell",
];

/// A desk with three of them in a capture folder, and one of another paper.
fn folder() -> Desk {
    let desk = Desk::new();
    let mut manifest = String::new();
    for (n, title) in TITLES.iter().enumerate() {
        desk.file(&format!("pages/pages/t{n}.html"), tides(n + 1, title));
        manifest.push_str(&format!(
            "{{\"id\":\"t{n}\",\"url\":\"https://www.tide.example/2026/11/story-{n}\"}}\n"
        ));
    }
    desk.file("pages/pages/x.html", tides(9, "Another"));
    manifest.push_str("{\"id\":\"x\",\"url\":\"https://other.example/x\"}\n");
    desk.file("pages/manifest.jsonl", manifest);
    desk
}

fn new(desk: &Desk, args: &[&str]) -> Told {
    let mut all = vec!["sites", "new", "--pages", "pages"];
    all.extend(args);
    desk.run(&all)
}

fn written(desk: &Desk, name: &str) -> String {
    std::fs::read_to_string(desk.dir().join("sites").join(name)).unwrap()
}

#[test]
fn the_file_finds_container_repeats_and_site_and_passes_its_own_checks() {
    let desk = folder();
    new(&desk, &["tide.example"])
        .quiet()
        .says("wrote sites/tide.toml: 1 layout,")
        .says("copydesk sites check tide --pages pages");
    let file = written(&desk, "tide.toml");
    for line in [
        "name       = \"The Tide\"",
        "hosts      = [\"tide.example\"]",
        "language   = \"en\"",
        "feeds      = [\"https://www.tide.example/rss.xml\"]",
        "include    = [\"/20*/*\"]",
        "body       = ",
        "select     = \".tide-shop\"",
        "published  = \"2026-11-01T08:00:00Z\"",
    ] {
        assert!(file.contains(line), "no `{line}` in\n{file}");
    }
    assert_eq!(file.matches("[[check]]").count(), 3, "{file}");
    assert!(!file.contains("css-") && !file.contains("sc-a"), "{file}");
    desk.run(&["sites", "check", "tide", "--pages", "pages"])
        .well()
        .says("3 passed, 0 failed, 0 without a page");
    let page = desk.run(&["extract", "pages/pages/t0.html", "--site", "tide"]);
    page.quiet()
        .says("In part 6 of story number 1")
        .never_says("sells calendars")
        .never_says("Quay Street");
}

#[test]
fn what_is_unsure_is_told_with_its_line() {
    let desk = folder();
    let json = new(&desk, &["https://www.tide.example/2026/11/story-1", "--json"])
        .quiet()
        .json();
    assert_eq!((&json["pages"], &json["id"]), (&1.into(), &"tide".into()));
    let unsure = json["unsure"].as_array().unwrap();
    let file = written(&desk, "tide.toml");
    let lines: Vec<&str> = file.lines().collect();
    assert!(!unsure.is_empty(), "{file}");
    for doubt in unsure {
        let at = doubt["line"].as_u64().unwrap() as usize;
        assert!(lines[at - 2].starts_with("# unsure: "), "{at}\n{file}");
    }
    desk.run(&["sites", "check", "tide", "--pages", "pages"])
        .well()
        .says("1 passed, 0 failed");
}

#[test]
fn no_file_is_written_over_and_stdout_is_a_file_too() {
    let desk = folder();
    desk.file("sites/tide.toml", "name = \"Mine\"\nhosts = [\"tide.example\"]\n");
    new(&desk, &["tide.example"])
        .exits(2)
        .warns("sites/tide.toml is there already, and nothing was written");
    assert!(written(&desk, "tide.toml").starts_with("name = \"Mine\""));
    let told = new(&desk, &["tide.example", "-o", "-"]);
    told.quiet().says("[[layout]]").says("[[check]]");
    desk.file("other/tide.toml", &told.stdout);
    desk.run(&["--sites", "other", "sites", "check", "tide", "--pages", "pages"])
        .well()
        .says("3 passed, 0 failed");
}

#[test]
fn a_folder_of_several_sites_wants_a_host() {
    let desk = folder();
    new(&desk, &[])
        .exits(2)
        .warns("pages of 2 sites: other.example (1), tide.example (3); name the host");
    new(&desk, &["nowhere.example"])
        .exits(2)
        .warns("no page of nowhere.example in the capture folder");
}

#[test]
fn a_host_that_has_rules_gets_a_file_of_the_same_name() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let pages = pages.to_str().unwrap();
    let desk = Desk::new();
    desk.run(&["sites", "new", "--pages", pages])
        .exits(2)
        .warns("there are rules for huffpost.com already")
        .warns("--replace");
    assert!(!desk.dir().join("sites/huffpost.toml").exists());
    desk.run(&["sites", "new", "--pages", pages, "--replace"])
        .quiet()
        .says("wrote sites/huffpost.toml")
        .says("a file of this name replaces them");
    desk.run(&["sites", "check", "huffpost", "--pages", pages])
        .well()
        .says("3 passed, 0 failed, 0 without a page");
}

#[test]
fn a_page_that_is_no_story_gets_no_check() {
    let desk = folder();
    desk.file("pages/pages/t2.html", "%PDF-1.7");
    new(&desk, &["tide.example"])
        .well()
        .warns("story-2: no check was written")
        .says("2 checks");
    desk.file("pages/pages/x.html", "");
    new(&desk, &["other.example"])
        .exits(1)
        .warns("none of the pages tells a story");
}

#[test]
fn a_front_page_alone_makes_no_file() {
    let desk = Desk::new();
    let links: String = (1..40)
        .map(|n| {
            format!("<li><h2><a href='/2026/11/story-{n}'>A headline, the {n}th of the day</a></h2></li>")
        })
        .collect();
    let front = format!("<!doctype html><title>The Tide</title><main><ul>{links}</ul></main>");
    desk.file("pages/pages/front.html", front);
    desk.file(
        "pages/manifest.jsonl",
        "{\"id\":\"front\",\"url\":\"https://www.tide.example/\"}\n",
    );
    new(&desk, &[])
        .exits(1)
        .warns("none of the pages tells a story")
        .prints("");
    assert!(!desk.dir().join("sites/tide.toml").exists());
}

#[test]
fn the_next_steps_can_be_typed_whatever_the_folder_is_called() {
    let desk = folder();
    std::fs::rename(desk.dir().join("pages"), desk.dir().join("my pages")).unwrap();
    desk.run(&["sites", "new", "--pages", "my pages", "tide.example"])
        .quiet()
        .says("copydesk sites check tide --pages 'my pages'")
        .says("story-0 --pages 'my pages'\n");
}

#[test]
fn a_host_without_a_folder_is_told_what_to_write() {
    let desk = Desk::new();
    desk.run(&["sites", "new", "tide.example"])
        .exits(2)
        .warns("not an address: tide.example; write it whole, as https://news.example/story; or take pages");
}

/// A desk whose web is one paper of the sample.
fn sample() -> Desk {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let mut routes = Vec::new();
    let mut below = vec![root.join("lowland-post.example")];
    while let Some(dir) = below.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below.push(path);
                continue;
            }
            let key = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let kind = match path.extension().and_then(|e| e.to_str()) {
                Some("html") => "text/html; charset=utf-8",
                Some("xml") => "application/xml",
                _ => "text/plain",
            };
            let reply = Reply::status(
                200,
                &[&format!("Content-Type: {kind}")],
                std::fs::read(&path).unwrap(),
            );
            routes.push((key.trim_end_matches(".html").to_owned(), reply));
        }
    }
    Desk::new().serve(routes)
}

#[test]
fn the_five_minutes_of_the_guide_work_as_they_are_written() {
    let desk = sample();
    let proxy = desk.web().proxy().to_string();
    let commands: Vec<&str> = DOCS
        .lines()
        .filter_map(|l| l.strip_prefix("    copydesk "))
        .collect();
    assert_eq!(commands.len(), 5);
    for command in commands {
        let mut args: Vec<&str> = command.split_whitespace().collect();
        args.extend(["--proxy", &proxy]);
        let told = desk.run(&args);
        told.well();
        match args[0] {
            "capture" => drop(told.says("3 saved, 0 failed")),
            "explain" => drop(told.says("The Dyke Watch")),
            "sites" if args[1] == "check" => drop(told.says("3 passed, 0 failed, 0 without a page")),
            _ => {}
        }
    }
    let file = written(&desk, "lowland-post.toml");
    assert!(file.contains("name       = \"The Lowland Post\""), "{file}");
    assert_eq!(desk.articles().len(), 2);
}

#[test]
fn pages_are_fetched_and_kept_where_that_is_asked() {
    let desk = sample();
    let proxy = desk.web().proxy().to_string();
    let page = "http://lowland-post.example/water/pump-station-heats-the-swimming-pool";
    let told = desk.run(&["sites", "new", page, "--into", "kept", "--proxy", &proxy]);
    told.quiet()
        .says("copydesk sites check lowland-post --pages kept");
    desk.run(&["sites", "check", "lowland-post", "--pages", "kept"])
        .well()
        .says("1 passed, 0 failed");
    let gone = "http://lowland-post.example/nothing";
    desk.run(&["sites", "new", gone, "-o", "x.toml", "--proxy", &proxy])
        .exits(1)
        .warns("status 404")
        .warns("nothing was written");
}
