//! `copydesk prune`, and the dictionaries that bodies are packed with: what goes, what stays, and that
//! nothing is lost on the way.

use std::fs;
use std::path::Path;

use copydesk::store::{self, Reader};
use rusqlite::{Connection, params};

use super::{APPEAL, page, python, rules};
use crate::desk::{Desk, rss};
use crate::faults::Reply;

const PAPERS: &[(&str, &str)] = &[("north", "north.example"), ("south", "south.example")];
const SUBJECTS: &[&str] = &[
    "pier", "tram", "lamp", "clock", "bridge", "crane", "ferry", "market", "tower", "school", "park", "mill",
];
/// All that a pruning must leave as it is.
const STAYS: &str = "select id, version, title, text, html_sha256, rule_sha256, fetched_at,
    (select group_concat(rule || text) from removed r where r.article_id = v.id and r.version = v.version),
    (select group_concat(field || value) from fields f where f.article_id = v.id and f.version = v.version),
    (select length from bodies where sha256 = v.html_sha256)
    from article_versions v order by id, version";
/// What a pruning has made of the bodies, but for the time.
const BODIES: &str =
    "select sha256, codec, length, length(bytes), dictionary, pruned_at is null from bodies order by 1";
const OLD: &str = "update articles set fetched_at = '2020-01-01T00:00:00Z' where site = 'north'";

/// The page of a paper's story about this.
fn told(host: &str, subject: &str) -> String {
    page(subject).replace("<nav>", &format!("<nav><b>{host}</b>"))
}

/// Two papers with a dozen stories each.
fn papers() -> Desk {
    let mut desk = Desk::new();
    let mut routes = Vec::new();
    for (id, host) in PAPERS {
        desk = desk.site(id, &rules(host, ""));
        let addresses = SUBJECTS.iter().map(|s| format!("{host}/news/{s}"));
        let addresses: Vec<String> = addresses.collect();
        let named: Vec<&str> = addresses.iter().map(String::as_str).collect();
        routes.push((format!("{host}/robots.txt"), Reply::robots("")));
        routes.push((format!("{host}/feed"), rss(&named)));
        let stories = addresses.iter().zip(SUBJECTS);
        routes.extend(stories.map(|(a, subject)| (a.clone(), Reply::page(told(host, subject)))));
    }
    let desk = desk.serve(routes);
    desk.crawl(&[]).quiet();
    desk
}

/// Puts every body into the file as it was fetched, as if it had come before there was a dictionary.
fn unpack(db: &Path) {
    let reader = Reader::open(db).unwrap();
    let hashes = reader.bodies_with_prefix("", 10_000).unwrap();
    let bodies: Vec<_> = hashes
        .iter()
        .map(|h| (h, reader.body(h).unwrap().unwrap()))
        .collect();
    drop(reader);
    let mut conn = Connection::open(db).unwrap();
    let tx = conn.transaction().unwrap();
    for (sha256, bytes) in bodies {
        tx.execute(
            "update bodies set codec = 'raw', dictionary = null, bytes = ?2 where sha256 = ?1",
            params![sha256, bytes],
        )
        .unwrap();
    }
    tx.execute("delete from dictionaries", []).unwrap();
    tx.commit().unwrap();
}

fn is_sound(desk: &Desk) {
    assert_eq!(desk.sql("pragma integrity_check"), ["ok"]);
    assert_eq!(desk.sql("pragma foreign_key_check"), [""; 0]);
}

#[test]
fn a_site_with_pages_enough_has_a_dictionary_and_its_pages_come_back_byte_for_byte() {
    let desk = papers();
    assert_eq!(
        desk.sql("select site, count(*) from dictionaries group by site order by site"),
        ["north | 1", "south | 1"]
    );
    let (packed, alone) = (
        "select count(*) >= 16, avg(length(bytes)) < 250 from bodies where dictionary is not null",
        "select avg(length(bytes)) > 250 from bodies where dictionary is null",
    );
    assert_eq!(desk.sql(packed), ["1 | 1"]);
    assert!(desk.sql(alone).iter().all(|a| a == "1" || a == "-"), "{alone}");
    for (_, host) in PAPERS {
        for subject in SUBJECTS {
            desk.run(&["body", &format!("http://{host}/news/{subject}")])
                .quiet()
                .prints(&told(host, subject));
        }
    }
    // The next pages are packed with it as they come.
    desk.web()
        .put("north.example/feed", rss(&["north.example/news/well"]));
    desk.web()
        .put("north.example/news/well", Reply::page(page("well")));
    desk.crawl(&[]).quiet();
    let well = "select b.dictionary is not null from bodies b join articles a on a.html_sha256 = b.sha256
                 where a.url = 'http://north.example/news/well'";
    assert_eq!(desk.sql(well), ["1"]);
    desk.run(&["body", "http://north.example/news/well"])
        .quiet()
        .prints(&page("well"));
    is_sound(&desk);
}

#[test]
fn the_python_of_the_manual_unpacks_every_body() {
    let manual = include_str!("../../../docs/database.md");
    let (_, script) = manual.split_once("```python\n").unwrap();
    let (script, _) = script.split_once("```").unwrap();
    let desk = papers();
    unpack(&desk.db());
    // Some without a dictionary, some with.
    desk.run(&["prune", "north"]).quiet();
    let path = "data/copydesk.db";
    assert!(script.contains(path));
    let script = script.replace(path, desk.db().to_str().unwrap());
    let script = format!(
        "{script}\nimport hashlib\nn = 0\nfor (sha256,) in db.execute('select sha256 from bodies').fetchall():\n    \
         assert hashlib.sha256(body(sha256)).hexdigest() == sha256\n    n += 1\n\
         db.execute(\"update bodies set pruned_at = '2026-01-01T00:00:00Z' where sha256 = ?\", (sha256,))\n\
         print(n, body(sha256))\n"
    );
    let Some(told) = python(&script, &[]) else { return };
    assert_eq!(told.trim(), "24 None");
}

#[test]
fn without_a_policy_nothing_goes_and_older_pages_are_packed() {
    let desk = papers();
    unpack(&desk.db());
    let before = desk.sql(STAYS);
    let dry = desk.run(&["prune", "--dry-run", "--json"]).quiet().json();
    assert_eq!(
        (&dry["packed"]["rows"], &dry["dictionaries_made"]),
        (&24.into(), &2.into())
    );
    assert_eq!(desk.sql("select count(*) from dictionaries"), ["0"]);

    let done = desk.run(&["prune", "--json"]).quiet().json();
    assert_eq!(
        (&done["packed"]["rows"], &done["dictionaries_made"]),
        (&24.into(), &2.into())
    );
    assert!(done["packed_to"].as_u64() < done["packed"]["bytes"].as_u64());
    assert_eq!(
        (&done["bodies"]["rows"], &done["extractions"]["rows"]),
        (&0.into(), &0.into())
    );
    assert_eq!(
        desk.sql("select count(*) from bodies where dictionary is null"),
        ["0"]
    );
    assert_eq!(desk.sql(STAYS), before);
    for subject in SUBJECTS {
        desk.run(&["body", &format!("http://south.example/news/{subject}")])
            .quiet()
            .prints(&told("south.example", subject));
    }
    // A second one has nothing to do, and says nothing.
    let bodies = desk.sql(BODIES);
    desk.run(&["prune"]).quiet().prints("");
    assert_eq!(desk.sql(BODIES), bodies);
    is_sound(&desk);
}

#[test]
fn what_is_pruned_says_so_and_texts_and_provenance_stay() {
    let desk = papers();
    desk.change(OLD);
    let stays = desk.sql(STAYS);
    let policy = ["prune", "--bodies-older-than", "90d"];
    let before = desk.sql(BODIES);
    let dry = desk.run(&[policy.as_slice(), &["--dry-run"]].concat());
    dry.quiet().says("12 stored pages would go");
    assert_eq!(desk.sql(BODIES), before);
    // Another site's policy is not this one's.
    let south = desk
        .run(&["prune", "south", "--bodies-older-than", "90d", "--json"])
        .quiet()
        .json();
    assert_eq!(south["bodies"]["rows"], 0);

    let done = desk
        .run(&[policy.as_slice(), &["--json"]].concat())
        .quiet()
        .json();
    assert_eq!(done["bodies"]["rows"], 12);
    assert!(done["bodies"]["bytes"].as_u64() > Some(100));
    assert_eq!(desk.sql(STAYS), stays);
    assert_eq!(
        desk.sql("select count(*), sum(length(bytes)) from bodies where pruned_at is not null"),
        ["12 | 0"]
    );
    is_sound(&desk);

    let sha256 = desk
        .sql("select html_sha256 from articles where url = 'http://north.example/news/pier'")
        .remove(0);
    let today = desk
        .sql("select date(pruned_at) from bodies where pruned_at is not null limit 1")
        .remove(0);
    for key in ["http://north.example/news/pier", &sha256, &sha256[..9]] {
        desk.run(&["body", key])
            .exits(2)
            .prints("")
            .warns(&format!("was pruned on {today}: its text and provenance stay"));
    }
    desk.run(&["body", "http://south.example/news/pier"]).quiet();
    desk.file("sites/north.toml", rules("north.example", APPEAL));
    desk.run(&["reextract"]).quiet().says(&format!(
        "12 have no stored page any more: 12 were pruned, the last on {today}"
    ));
    desk.run(&["export", "--format", "warc", "-o", "out.warc"])
        .well()
        .warns(&format!(
            "12 exchanges are left out: their bodies were pruned, the last on {today}"
        ));
    let lines = desk.run(&["export", "--format", "jsonl"]).quiet().json_lines();
    assert_eq!(lines.len(), 24);
    desk.run(&["status"]).quiet().says("12 of them; 12 were pruned");
}

#[test]
fn a_pruned_page_that_comes_again_with_another_appeal_is_no_revision() {
    let desk = papers();
    desk.change(OLD);
    desk.run(&["prune", "--bodies-older-than", "1y"]).quiet();
    let other = told("north.example", "pier").replace("<nav>", "<nav><a href=/gifts>Give</a>");
    desk.web().put("north.example/news/pier", Reply::page(other));
    let corrected = told("north.example", "tram").replace("on Monday", "on Tuesday");
    desk.web().put("north.example/news/tram", Reply::page(&corrected));
    desk.crawl(&["--refresh"]).quiet();
    assert_eq!(
        desk.sql("select url, version from articles where version > 1"),
        ["http://north.example/news/tram | 2"]
    );
    // The newer version's page is there; the older one's stays pruned.
    desk.run(&["body", "http://north.example/news/tram"])
        .quiet()
        .prints(&corrected);
    // A page that goes back to what it was is kept anew.
    desk.web().put(
        "north.example/news/tram",
        Reply::page(told("north.example", "tram")),
    );
    desk.crawl(&["--refresh"]).quiet();
    desk.run(&["body", "http://north.example/news/tram"])
        .quiet()
        .prints(&told("north.example", "tram"));
    is_sound(&desk);
}

#[test]
fn replaced_texts_go_by_their_age_and_later_ones_keep_their_order() {
    let desk = papers();
    desk.file("sites/north.toml", rules("north.example", APPEAL));
    desk.run(&["reextract"]).quiet();
    assert_eq!(desk.sql("select count(*) from extractions"), ["12"]);
    // Every other one, whatever ids the papers got in turn.
    let turn = "(select count(*) from articles o where o.site = 'north' and o.id < article_id) % 2";
    desk.change(&format!(
        "update extractions set at = '2020-01-01T00:00:00Z' where {turn} = 0"
    ));
    desk.file("sites/north.toml", rules("north.example", ""));
    desk.run(&["reextract"]).quiet();
    let done = desk
        .run(&["prune", "--extractions-older-than", "1y", "--json"])
        .quiet()
        .json();
    assert_eq!(done["extractions"]["rows"], 6);
    assert_eq!(done["bodies"]["rows"], 0);
    // The next ones get numbers that were never used.
    desk.file("sites/north.toml", rules("north.example", APPEAL));
    desk.run(&["reextract"]).quiet();
    assert_eq!(
        desk.sql(&format!(
            "select distinct {turn}, group_concat(n order by n) from extractions group by article_id order by 1"
        )),
        ["0 | 2,3", "1 | 1,2,3"]
    );
}

#[test]
fn freed_room_goes_back_to_the_disk_for_old_files_too() {
    for made_long_ago in [false, true] {
        let desk = papers();
        unpack(&desk.db());
        // A megabyte of other pages.
        desk.change(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100)
             insert into bodies (sha256, codec, length, bytes) select printf('%064x', i), 'raw', 10000, randomblob(10000) from n",
        );
        if made_long_ago {
            desk.change(
                "pragma journal_mode = delete; pragma auto_vacuum = none; vacuum; pragma journal_mode = wal",
            );
        }
        let before = fs::metadata(desk.db()).unwrap().len();
        let done = desk
            .run(&["prune", "--bodies-older-than", "1d", "--json"])
            .quiet()
            .json();
        assert_eq!(done["bodies"]["rows"], 100, "no version is made of them");
        let after = fs::metadata(desk.db()).unwrap().len();
        assert!(after + 900_000 < before, "{after} of {before}");
        assert_eq!(
            (&done["file_before"], &done["file_after"]),
            (&before.into(), &after.into())
        );
        assert_eq!(done["free"], 0);
        assert_eq!(desk.sql("pragma auto_vacuum"), ["2"]);
        is_sound(&desk);
    }
}

#[test]
fn killed_half_way_and_run_again_it_gives_the_same_as_in_one_go() {
    let desk = papers();
    unpack(&desk.db());
    // Enough for many transactions: versions of one article, all made of pages of their own.
    desk.change(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
         insert into bodies (sha256, codec, length, bytes) select printf('%064x', i), 'raw', 3000, randomblob(3000) from n;
         insert into fetches (run_id, url, final_url, fetched_at, duration_ms, bytes, body_sha256)
           select 1, 'http://a.example/', 'http://a.example/', '2020-01-01T00:00:00Z', 1, 1, sha256 from bodies where codec = 'raw' and length = 3000",
    );
    desk.change(OLD);
    fs::copy(desk.db(), desk.dir().join("whole.db")).unwrap();
    let policy = ["prune", "--bodies-older-than", "90d"];
    let mut caught = 0;
    for _ in 0..20 {
        let running = desk.start(&policy);
        let pruned = || {
            desk.sql("select count(*) from bodies where pruned_at is not null")[0]
                .parse::<u64>()
                .unwrap()
        };
        let (before, mut now) = (pruned(), pruned());
        let started = std::time::Instant::now();
        while now == before && started.elapsed().as_secs() < 20 {
            std::thread::yield_now();
            now = pruned();
        }
        running.kill();
        caught += u64::from(now > before && pruned() < 3012);
        is_sound(&desk);
        if caught == 3 || pruned() == 3012 {
            break;
        }
    }
    assert!(caught > 0, "it was always through before it could be killed");
    desk.run(&policy).quiet();
    let in_one_go = [policy.as_slice(), &["--db", "whole.db"]].concat();
    desk.run(&in_one_go).quiet();
    let (bodies, stays) = (desk.sql(BODIES), desk.sql(STAYS));
    for (_, host) in &PAPERS[1..] {
        desk.run(&["body", &format!("http://{host}/news/mill")])
            .quiet()
            .prints(&told(host, "mill"));
    }
    fs::rename(desk.dir().join("whole.db"), desk.db()).unwrap();
    assert_eq!(desk.sql(STAYS), stays);
    let whole: Vec<_> = desk.sql(BODIES);
    // Ids of dictionaries may differ, and with them nothing else.
    assert_eq!(whole.len(), bodies.len());
    assert_eq!(
        desk.sql("select count(*) from bodies where pruned_at is not null"),
        ["3012"]
    );
    is_sound(&desk);
}

#[test]
fn it_waits_for_no_crawl_makes_no_database_and_takes_only_ages() {
    let desk = Desk::new();
    desk.run(&["prune"]).exits(2).warns("copydesk crawl");
    assert!(!desk.db().exists());
    let desk = papers();
    let held = store::lock(&desk.db()).unwrap().unwrap();
    desk.run(&["prune"])
        .well()
        .warns("a crawl is at work")
        .warns("`copydesk watch` has to be stopped first");
    desk.run(&["prune", "--dry-run"]).quiet();
    drop(held);
    desk.run(&["prune", "--bodies-older-than", "soon"])
        .exits(2)
        .warns("soon is no age: write 90d");
    desk.run(&["prune", "nowhere"]).exits(2).warns("nowhere");
}
