//! `copydesk export`: the archive read back by the programs it is written for.

use super::{APPEAL, crawled, page, python, rules};
use crate::desk::Desk;
use crate::faults::Reply;

const PAPERS: &[(&str, &str)] = &[("north", "north.example"), ("south", "south.example")];
/// A headline that is trouble for every form at once.
const TITLE: &str = "=1+1 \"quoted\", <b>bold</b>: [x] # ✓\u{7f}\u{2028}";

/// Four articles; the appeals of one paper are taken out, one headline is trouble.
fn desk() -> Desk {
    let desk = crawled(PAPERS, &["pier", "tram"]);
    desk.file("sites/north.toml", rules("north.example", APPEAL));
    desk.run(&["reextract"]).quiet();
    desk.change(&format!(
        "update articles set title = '{TITLE}', authors = '[\"Ida Brandt\",\"Tu Youyou\"]',
           published_at = '2026-01-02T03:04:05Z' where url like '%north%pier'"
    ));
    desk
}

#[test]
fn a_site_of_the_archive_is_found_by_its_name_and_a_slip_is_told() {
    let desk = desk();
    // What was taken in of a host without rules goes by its name, with www. or without.
    desk.change("update articles set site = 'south.example' where site = 'south'");
    desk.run(&["export", "--format", "jsonl", "--site", "www.south.example"])
        .quiet()
        .says("south.example");
    desk.run(&["export", "--format", "jsonl", "--site", "nosuch"])
        .exits(2)
        .warns("no articles of nosuch in");
    desk.run(&["export", "--format", "jsonl", "--site", "nroth"])
        .exits(2)
        .warns("did you mean north?");
    desk.run(&["export", "--format", "csv", "-o", "."])
        .exits(2)
        .warns(". is a folder: name a file");
}

#[test]
fn json_lines_tell_provenance_and_what_was_removed_in_a_stable_order() {
    let desk = desk();
    let told = desk.run(&["export", "--format", "jsonl"]);
    let lines = told.quiet().json_lines();
    assert_eq!(desk.run(&["export", "--format", "jsonl"]).stdout, told.stdout);
    let sites: Vec<_> = lines.iter().map(|l| l["site"].as_str().unwrap()).collect();
    assert_eq!(sites, ["north", "north", "south", "south"]);
    let first = &lines[0];
    assert_eq!(first["title"], TITLE);
    assert_eq!(first["authors"][1], "Tu Youyou");
    let removed = first["removed"].as_array().unwrap();
    assert!(
        removed
            .iter()
            .any(|r| r["category"] == "donation" && r["text"].as_str().unwrap().contains("seven crowns"))
    );
    let row = desk
        .sql("select html_sha256, rule_sha256, fetched_at, text from articles where url like '%north%pier'");
    let from = &first["provenance"];
    let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
    assert_eq!(
        row,
        [format!(
            "{} | {} | {} | {}",
            text(&from["html_sha256"]),
            text(&from["rule_sha256"]),
            text(&from["fetched_at"]),
            text(&first["text"])
        )]
    );
    assert_eq!(from["status"], 200);
    assert_eq!(from["rule_file"], "north.toml");

    let some = desk
        .run(&["export", "--format", "jsonl", "--site", "south.example"])
        .quiet()
        .json_lines();
    assert!(some.len() == 2 && some.iter().all(|l| l["site"] == "south"));
    let late = desk
        .run(&["export", "--format", "jsonl", "--since", "2026-01-03"])
        .quiet()
        .json_lines();
    assert_eq!(
        late.len(),
        3,
        "the others have no date: the day they were first seen counts"
    );
    desk.run(&["export", "--format", "jsonl", "--since", "soon"])
        .exits(2)
        .warns("YYYY-MM-DD");
    desk.run(&["export", "--format", "jsonl", "--site", "west"])
        .exits(2)
        .warns("west");
    desk.run(&["export", "--format", "markdown"])
        .exits(2)
        .warns("-o DIR");
}

#[test]
fn json_lines_and_csv_are_read_by_python_and_pandas() {
    let desk = desk();
    let told = desk
        .run(&["export", "--format", "csv", "-o", "all.csv", "--json"])
        .quiet()
        .json();
    assert_eq!(told["articles"], 4);
    desk.run(&["export", "--format", "jsonl", "-o", "all.jsonl"])
        .quiet();
    assert!(!desk.dir().join("all.csv.part").exists());
    let csv = desk.dir().join("all.csv");
    let jsonl = desk.dir().join("all.jsonl");
    let paths = [csv.to_str().unwrap(), jsonl.to_str().unwrap()];
    let plain = "import csv, json, sys\n\
        rows = list(csv.DictReader(open(sys.argv[1], newline='', encoding='utf-8')))\n\
        lines = [json.loads(l) for l in open(sys.argv[2], encoding='utf-8').read().split('\\n') if l]\n\
        assert [int(r['id']) for r in rows] == [l['id'] for l in lines]\n\
        assert [r['text'] for r in rows] == [l['text'] for l in lines]\n\
        assert rows[0]['title'] == chr(39) + lines[0]['title'], rows[0]['title']\n\
        assert rows[0]['authors'] == 'Ida Brandt; Tu Youyou'\n\
        assert not any(c[:1] in ('=', '+', '-', '@') for r in rows for c in r.values())\n\
        print(len(rows), len(rows[0]))";
    if let Some(out) = python(plain, &paths) {
        assert_eq!(out.trim(), "4 31");
    }
    let pandas = "import pandas as pd, sys\n\
        c = pd.read_csv(sys.argv[1]); j = pd.read_json(sys.argv[2], lines=True)\n\
        assert list(c.text) == list(j.text) and list(c.id) == list(j.id)\n\
        print(len(c), len(j), c.word_count.sum() == j.word_count.sum())";
    if let Some(out) = python(pandas, &paths) {
        assert_eq!(out.trim(), "4 4 True");
    }
}

#[test]
fn markdown_is_a_folder_whose_front_matter_a_yaml_parser_reads() {
    let desk = desk();
    let export = || desk.run(&["export", "--format", "markdown", "-o", "vault"]);
    export().quiet();
    let id = desk
        .sql("select id from articles where url like '%north%pier'")
        .remove(0);
    let file = desk.dir().join(format!("vault/north/pier-{id}.md"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("\n# =1+1 \"quoted\", \\<b>bold\\</b>: \\[x\\] # ✓"),
        "{text}"
    );
    assert!(!text.contains("seven crowns"));
    let written = std::fs::metadata(&file).unwrap().modified().unwrap();
    export().quiet();
    assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), written);
    let mut names: Vec<String> = ["north", "south"]
        .iter()
        .flat_map(|site| std::fs::read_dir(desk.dir().join("vault").join(site)).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let ids = desk.sql("select id || '' from articles order by id");
    assert_eq!(names.len(), ids.len(), "{names:?}");
    let script = "import sys, yaml\n\
        head = open(sys.argv[1], encoding='utf-8', newline='').read().split('---\\n')[1]\n\
        front = yaml.safe_load(head)\n\
        assert front['title'] == sys.argv[2], ascii(front['title'])\n\
        print(front['authors'], front['date'], front['id'], front['url'])";
    if let Some(out) = python(script, &[file.to_str().unwrap(), TITLE]) {
        let wanted =
            format!("['Ida Brandt', 'Tu Youyou'] 2026-01-02T03:04:05Z {id} http://north.example/news/pier");
        assert_eq!(out.trim(), wanted);
    }
}

#[test]
fn a_day_is_understood_in_every_form_that_is_taken() {
    let desk = desk();
    for day in ["2026-01-03", "20260103"] {
        let lines = desk
            .run(&["export", "--format", "jsonl", "--since", day])
            .quiet()
            .json_lines();
        assert_eq!(lines.len(), 3, "{day}");
    }
}

#[test]
fn a_file_that_cannot_be_made_whole_leaves_nothing_and_a_link_stays() {
    let desk = desk();
    std::fs::create_dir(desk.dir().join("out")).unwrap();
    let target = desk.file("real.jsonl", "old");
    std::os::unix::fs::symlink(&target, desk.dir().join("out/link.jsonl")).unwrap();
    desk.run(&["export", "--format", "jsonl", "-o", "out/link.jsonl"])
        .quiet();
    assert_eq!(std::fs::read_to_string(&target).unwrap().lines().count(), 4);
    assert!(desk.dir().join("out/link.jsonl").is_symlink());
    desk.change("update bodies set codec = 'raw', bytes = x'00'");
    desk.run(&["export", "--format", "warc", "-o", "out/all.warc"])
        .exits(2)
        .warns("all.warc");
    let names = std::fs::read_dir(desk.dir().join("out")).unwrap();
    assert_eq!(names.count(), 1);
}

#[test]
fn a_warc_file_is_dated_by_its_newest_page() {
    let desk = desk();
    desk.change("update articles set fetched_at = '2020-02-03T04:05:06Z'");
    let told = desk.run(&["export", "--format", "warc"]);
    let told = told.quiet();
    assert!(told.stdout.starts_with("WARC/1.0\r\nWARC-Type: warcinfo\r\n"));
    let head = told.stdout.split("\r\n\r\n").next().unwrap();
    assert!(head.contains("WARC-Date: 2020-02-03T04:05:06Z"), "{head}");
}

#[test]
fn a_story_that_moves_keeps_its_file() {
    let desk = crawled(&PAPERS[..1], &["pier"]);
    let export = || {
        desk.run(&["export", "--format", "markdown", "-o", "vault"])
            .quiet();
    };
    export();
    let corrected = page("pier").replace("on Monday", "on Tuesday");
    let moved = Reply::redirect(301, "/news/harbour-pier");
    desk.web().put("north.example/news/pier", moved);
    desk.web()
        .put("north.example/news/harbour-pier", Reply::page(corrected));
    desk.crawl(&["--refresh"]).quiet();
    export();
    let files: Vec<_> = std::fs::read_dir(desk.dir().join("vault/north"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(files[0].ends_with("pier-1.md") && text.contains("/news/harbour-pier"));
}

#[test]
fn markdown_marks_headings_and_lists_where_the_page_still_tells_the_stored_text() {
    let desk = crawled(&PAPERS[..1], &["pier"]);
    let more = "<h2>Tickets</h2><ul><li>A berth costs twelve crowns.</li><li>Bicycles go free.</li></ul>";
    let body = page("pier").replace("</article>", &format!("{more}</article>"));
    desk.web().put("north.example/news/pier", Reply::page(body));
    desk.crawl(&["--refresh"]).quiet();
    let file = |appeal: &str| {
        desk.file("sites/north.toml", rules("north.example", appeal));
        desk.run(&["export", "--format", "markdown", "-o", "vault"])
            .quiet();
        std::fs::read_to_string(desk.dir().join("vault/north/pier-1.md")).unwrap()
    };
    let marked = "\n\n## Tickets\n\n- A berth costs twelve crowns.\n- Bicycles go free.\n";
    let told = file("");
    assert!(told.ends_with(marked), "{told}");
    // Other rules: the stored text leaves, not theirs.
    let told = file(APPEAL);
    assert!(told.contains("seven crowns"));
    assert!(
        told.ends_with("\n\nTickets\n\nA berth costs twelve crowns.\n\nBicycles go free.\n"),
        "{told}"
    );
}
