//! WARC files in and out: what other programs wrote, what they read, and the round trip.

use std::path::Path;
use std::process::Command;

use super::{crawled, page, python, rules};
use crate::desk::{Desk, rss, story};
use crate::faults::Reply;

const PAPERS: &[(&str, &str)] = &[("north", "north.example"), ("south", "south.example")];
/// What two archives of the same pages have in common.
const SAME: &str = "select url, site, version, title, text, word_count, html_sha256, text_sha256, rule_sha256,
    layout, (select group_concat(rule || text) from removed r where r.article_id = v.id and r.version = v.version)
    from article_versions v order by url, version";

/// A response record, as Common Crawl and warcio write them.
pub(super) fn record(url: &str, date: &str, id: &str, http: &str, body: &str) -> Vec<u8> {
    let block = format!("{http}\r\n\r\n{body}");
    format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{id}>\r\nWARC-Date: {date}\r\n\
         WARC-Target-URI: {url}\r\nContent-Type: application/http; msgtype=response\r\n\
         Content-Length: {}\r\n\r\n{block}\r\n\r\n",
        block.len()
    )
    .into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    member.write_all(bytes).unwrap();
    member.finish().unwrap()
}

pub(super) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8";

#[test]
fn a_round_trip_loses_nothing_and_its_articles_are_those_of_the_crawl() {
    let desk = crawled(PAPERS, &["pier", "tram"]);
    let corrected = page("pier").replace("on Monday", "on Tuesday");
    desk.web().put("north.example/news/pier", Reply::page(corrected));
    desk.crawl(&["--refresh"]).quiet();
    let told = desk
        .run(&["export", "--format", "warc", "-o", "out.warc.gz", "--json"])
        .quiet()
        .json();
    assert_eq!(told["exchanges"], 5, "four articles, one of them in two versions");
    let report = desk
        .run(&["ingest", "out.warc.gz", "--db", "again.db", "--json"])
        .quiet()
        .json();
    assert_eq!(
        (&report["new_articles"], &report["revised"]),
        (&4.into(), &1.into())
    );
    let crawled = desk.sql(SAME);
    let headers = "select f.final_url, f.fetched_at, f.status, f.headers from articles a join fetches f on f.id = a.fetch_id order by 1";
    let before = desk.sql(headers);
    std::fs::rename(desk.db(), desk.dir().join("crawled.db")).unwrap();
    std::fs::rename(desk.dir().join("again.db"), desk.db()).unwrap();
    assert_eq!(desk.sql(SAME), crawled);
    assert_eq!(desk.sql(headers), before);
    // And out again: the same records, but for the one that tells who wrote them when.
    desk.run(&["export", "--format", "warc", "-o", "again.warc"])
        .quiet();
    let text = std::fs::read_to_string(desk.dir().join("again.warc")).unwrap();
    assert_eq!(text.matches("WARC-Type: response").count(), 5);
    let ids = desk.sql("select record_id from ingested order by 1");
    assert!(
        ids.len() == 5
            && ids
                .iter()
                .all(|id| text.contains(&format!("WARC-Record-ID: {id}")))
    );
    // Nothing is taken in twice.
    let report = desk.run(&["ingest", "again.warc", "--json"]).quiet().json();
    assert_eq!(
        (&report["known"], &report["new_articles"]),
        (&5.into(), &0.into())
    );
    assert_eq!(desk.sql("select count(*) from ingested"), ["5"]);
}

#[test]
fn the_way_to_a_page_comes_back_with_it() {
    let host = "north.example";
    let desk = Desk::new().site("north", &rules(host, "")).serve([
        (format!("{host}/robots.txt"), Reply::robots("")),
        (
            format!("{host}/feed"),
            rss(&["north.example/news/old", "north.example/news/tram"]),
        ),
        (
            format!("{host}/news/old"),
            Reply::redirect(301, "http://north.example/news/pier"),
        ),
        (format!("{host}/news/pier"), Reply::page(page("pier"))),
        (format!("{host}/news/tram"), Reply::page(page("tram"))),
    ]);
    desk.crawl(&[]).quiet();
    desk.change("update fetches set duration_ms = 1000 + id");
    let way =
        "select url, final_url, redirects, status, headers, charset, charset_source, fetched_at, duration_ms,
        bytes, body_sha256 from fetches where id in (select fetch_id from articles) order by final_url";
    let pages = "select p.url, p.outcome, p.reason, a.url from pages p join articles a on a.id = p.article_id order by 1";
    let crawled = (desk.sql(way), desk.sql(pages));
    assert!(crawled.0[0].starts_with("http://north.example/news/old | http://north.example/news/pier | [{"));
    for name in ["out.warc", "out.warc.gz"] {
        desk.run(&["export", "--format", "warc", "-o", name]).quiet();
        desk.run(&["ingest", name, "--db", "again.db"]).quiet();
        let again = Desk::new();
        std::fs::create_dir_all(again.db().parent().unwrap()).unwrap();
        std::fs::rename(desk.dir().join("again.db"), again.db()).unwrap();
        assert_eq!((again.sql(way), again.sql(pages)), crawled);
    }
}

#[test]
fn warcio_reads_the_records_and_their_digests_hold() {
    let desk = crawled(PAPERS, &["pier", "tram"]);
    for name in ["out.warc", "out.warc.gz"] {
        desk.run(&["export", "--format", "warc", "-o", name]).quiet();
        let script = "import sys, hashlib\n\
            from warcio.archiveiterator import ArchiveIterator\n\
            seen = {}; bodies = []\n\
            with open(sys.argv[1], 'rb') as f:\n    \
                for r in ArchiveIterator(f, check_digests='raise'):\n        \
                    seen[r.rec_type] = seen.get(r.rec_type, 0) + 1\n        \
                    if r.rec_type == 'response':\n            \
                        assert r.http_headers.get_statuscode() == '200'\n            \
                        bodies.append(hashlib.sha256(r.content_stream().read()).hexdigest())\n        \
                    else:\n            r.content_stream().read()\n\
            print(sorted(seen.items()), *sorted(bodies))";
        let path = desk.dir().join(name);
        let Some(out) = python(script, &[path.to_str().unwrap()]) else {
            return;
        };
        let counts = "[('metadata', 4), ('request', 4), ('response', 4), ('warcinfo', 1)]";
        let bodies = desk.sql("select html_sha256 from articles order by 1").join(" ");
        assert_eq!(out.trim(), format!("{counts} {bodies}"));
    }
}

#[test]
fn what_wget_wrote_from_a_loopback_server_is_taken_in() {
    let desk = crawled(&PAPERS[..1], &["pier"]);
    let proxy = desk.web().proxy().to_string();
    let wget = Command::new("wget")
        .args([
            "-q",
            "-e",
            &format!("http_proxy={proxy}"),
            "-e",
            "use_proxy=yes",
            "--warc-file=got",
            "-O",
            "page",
        ])
        .args(["http://north.example/news/pier"])
        .current_dir(desk.dir())
        .status();
    match wget {
        Ok(status) => assert!(status.success()),
        Err(error) => return eprintln!("skipped: wget is not here ({error})"),
    }
    let report = desk
        .run(&["ingest", "got.warc.gz", "--db", "got.db", "--json"])
        .quiet()
        .json();
    assert_eq!(report["new_articles"], 1, "{report}");
    let crawled = desk.sql(SAME);
    std::fs::rename(desk.dir().join("got.db"), desk.db()).unwrap();
    assert_eq!(desk.sql(SAME), crawled);
}

#[test]
fn only_hosts_with_rules_are_taken_unless_all_are_asked_for() {
    let desk = Desk::new().site("north", &rules("north.example", ""));
    let mut warc = Vec::new();
    let date = "2019-11-01T10:00:00Z";
    let id = |n: u32| format!("00000000-0000-0000-0000-{n:012}");
    for (n, host) in [(1, "north.example"), (2, "www.west.example")] {
        let url = format!("http://{host}/news/pier");
        // Long enough to be a story for the common rules alone.
        let more: String = ["crane", "lamp", "quay", "buoy"]
            .map(|s| {
                format!(
                    "<p>The {s} beside it was left as it had been since the war, the harbour master said, \
                because no money had been set aside for the {s} in any year that he could remember.</p>"
                )
            })
            .concat();
        let body = page("pier").replace("</article>", &format!("{more}</article>"));
        warc.extend(gzip(&record(&url, date, &id(n), OK, &body)));
    }
    let moved = "HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Type: text/html";
    warc.extend(gzip(&record(
        "http://north.example/news/old",
        date,
        &id(3),
        moved,
        "",
    )));
    let picture = "HTTP/1.1 200 OK\r\nContent-Type: image/png";
    warc.extend(gzip(&record(
        "http://north.example/a.png",
        date,
        &id(4),
        picture,
        "x",
    )));
    let packed = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked";
    let chunked = format!("{:x}\r\n{}\r\n0\r\n\r\n", page("tram").len(), page("tram"));
    warc.extend(gzip(&record(
        "http://north.example/news/tram",
        date,
        &id(5),
        packed,
        &chunked,
    )));
    desk.file("in/a.warc.gz", &warc);

    let report = desk.run(&["ingest", "in", "--json"]).quiet().json();
    assert_eq!(report["outcomes"]["stored"], 2);
    assert_eq!(
        (&report["not_wanted"], &report["no_pages"]),
        (&1.into(), &2.into())
    );
    let from = "select url, fetched_at, record_id, file like '%/in/a.warc.gz' from articles join ingested using (fetch_id) order by 1";
    assert_eq!(
        desk.sql(from),
        [
            format!(
                "http://north.example/news/pier | {date} | <urn:uuid:{}> | 1",
                id(1)
            ),
            format!(
                "http://north.example/news/tram | {date} | <urn:uuid:{}> | 1",
                id(5)
            ),
        ]
    );
    let report = desk
        .run(&["ingest", "in/a.warc.gz", "--all", "--json"])
        .quiet()
        .json();
    assert_eq!(
        (&report["known"], &report["new_articles"]),
        (&2.into(), &1.into())
    );
    assert_eq!(
        desk.sql("select site, rule_file from articles order by site"),
        ["north | north.toml", "north | north.toml", "west.example | -"]
    );
    // The rule file that comes later takes it over.
    desk.file("sites/west.toml", rules("west.example", ""));
    desk.run(&["reextract", "west.example"]).quiet();
    assert_eq!(
        desk.sql("select count(*) from articles where site = 'west' and layout = 'now'"),
        ["1"]
    );
}

#[test]
fn a_cut_file_gives_what_is_sound_and_a_stopped_ingest_goes_on() {
    let desk = Desk::new().site("north", &rules("north.example", ""));
    let mut warc = Vec::new();
    for n in 0..10 {
        let url = format!("http://north.example/news/lamp{n}");
        let id = format!("00000000-0000-0000-0000-{n:012}");
        let body = page(&format!("lamp{n}"));
        warc.extend(gzip(&record(&url, "2019-11-01T10:00:00Z", &id, OK, &body)));
    }
    desk.file("cut.warc.gz", &warc[..warc.len() - 100]);
    let told = desk.run(&["ingest", "cut.warc.gz", "--json"]);
    told.exits(1).warns("cut.warc.gz: after 9 records");
    assert_eq!(told.json()["new_articles"], 9);
    desk.file("cut.warc.gz", &warc);
    let whole = desk.run(&["ingest", "cut.warc.gz", "--json"]).quiet().json();
    assert_eq!((&whole["known"], &whole["new_articles"]), (&9.into(), &1.into()));
    desk.file("no.warc", "<html>no</html>");
    desk.run(&["ingest", "no.warc"]).exits(1).warns("no WARC file");
    desk.run(&["ingest", "gone.warc"]).exits(2).warns("is not there");
    desk.run(&["ingest"]).exits(2);
}

#[test]
fn what_a_page_says_of_opting_out_is_recorded_and_obeyed_as_in_a_crawl() {
    let desk = Desk::new().site("north", &rules("north.example", ""));
    let no = format!("{OK}\r\nX-Robots-Tag: noarchive");
    let id = "00000000-0000-0000-0000-000000000001";
    let url = "http://north.example/news/pier";
    desk.file(
        "a.warc",
        record(url, "2020-01-01T00:00:00Z", id, &no, &page("pier")),
    );
    let report = desk.run(&["ingest", "a.warc", "--json"]).quiet().json();
    assert_eq!(report["outcomes"]["stored"], 1);
    assert_eq!(
        desk.sql("select source, refuses from opt_outs"),
        ["x-robots-tag | 1"]
    );
    desk.file("copydesk.toml", "[policy]\nopt-out = \"skip\"\n");
    std::fs::remove_file(desk.db()).unwrap();
    let report = desk.run(&["ingest", "a.warc", "--json"]).quiet().json();
    assert_eq!(report["outcomes"]["opted-out"], 1);
    assert_eq!(desk.sql("select count(*) from articles"), ["0"]);
}

#[test]
fn an_older_capture_never_takes_the_place_of_a_newer_one() {
    let desk = Desk::new().site("north", &rules("north.example", ""));
    let url = "http://north.example/news/pier";
    let id = |n: u32| format!("00000000-0000-0000-0000-{n:012}");
    let late = record(url, "2020-01-01T00:00:00Z", &id(1), OK, &page("pier"));
    let early = page("pier").replace("on Monday", "on Sunday");
    let early = record(url, "2019-01-01T00:00:00Z", &id(2), OK, &early);
    desk.file("a.warc", [late, early].concat());
    let report = desk.run(&["ingest", "a.warc", "--json"]).quiet().json();
    assert_eq!((&report["older"], &report["revised"]), (&1.into(), &0.into()));
    assert_eq!(
        desk.sql("select version, text like '%on Monday%' from articles"),
        ["1 | 1"]
    );
}

#[test]
fn a_capture_folder_is_taken_in_as_a_crawl_of_its_pages() {
    let desk = crawled(&PAPERS[..1], &["pier", "tram"]);
    let mut manifest = String::new();
    for subject in ["pier", "tram"] {
        manifest.push_str(&format!(
            "{{\"id\":\"{subject}\",\"url\":\"http://north.example/news/{subject}\",\"fetched\":\"2019-11-01T00:00:00Z\"}}\n"
        ));
        desk.file(
            &format!("folder/pages/{subject}.html.gz"),
            gzip(page(subject).as_bytes()),
        );
    }
    desk.file("folder/manifest.jsonl", manifest);
    for new in [2, 0] {
        let report = desk
            .run(&["ingest", "folder", "--db", "got.db", "--json"])
            .quiet()
            .json();
        assert_eq!(report["new_articles"], new);
    }
    let crawled = desk.sql(SAME);
    std::fs::rename(desk.dir().join("got.db"), desk.db()).unwrap();
    assert_eq!(desk.sql(SAME), crawled);
    assert_eq!(
        desk.sql("select distinct fetched_at from articles"),
        ["2019-11-01T00:00:00Z"]
    );
}

/// Most memory that an ingest may take, in bytes: far less than its file unpacked.
const MOST_MEMORY: u64 = 160 * 1024 * 1024;

/// A request and a response record, as Common Crawl's news crawl writes them.
fn news_crawl(url: &str, n: usize, body: &str) -> Vec<u8> {
    let id = |kind: u32| format!("00000000-0000-0000-{kind:04}-{n:012}");
    let date = "2019-11-01T10:00:00Z";
    let request = "GET / HTTP/1.1\r\nUser-Agent: a crawler\r\n\r\n";
    let request = format!(
        "WARC/1.0\r\nWARC-Type: request\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n\
         WARC-Record-ID: <urn:uuid:{}>\r\nContent-Type: application/http; msgtype=request\r\n\
         Content-Length: {}\r\n\r\n{request}\r\n\r\n",
        id(1),
        request.len()
    );
    let head = format!(
        "{OK}\r\nX-Crawler-Content-Encoding: gzip\r\nContent-Length: {}",
        body.len()
    );
    [
        gzip(request.as_bytes()),
        gzip(&record(url, date, &id(2), &head, body)),
    ]
    .concat()
}

#[test]
fn two_thousand_records_are_taken_in_in_bounded_memory_and_tell_what_a_crawl_of_their_pages_tells() {
    if !Path::new("/proc/self/status").exists() {
        return eprintln!("skipped: memory is measured through /proc");
    }
    // 240 kB of other markup a page, more than news pages have: 240 MB in all.
    let padding = format!("<script>{}</script>", "var a = 'harbour';\n".repeat(13_200));
    let page = |n: usize| super::page(&format!("lamp{n}")).replace("<nav>", &format!("{padding}<nav>"));
    let wanted: Vec<usize> = (0..1000).step_by(10).collect();
    let address = |n: usize| format!("north.example/news/lamp{n}");
    let addresses: Vec<String> = wanted.iter().map(|n| address(*n)).collect();
    let listed: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let stories = wanted.iter().map(|n| (address(*n), Reply::page(page(*n))));
    let listing = [
        ("north.example/robots.txt".to_owned(), Reply::robots("")),
        ("north.example/feed".to_owned(), rss(&listed)),
    ];
    let desk = Desk::new()
        .site("north", &rules("north.example", ""))
        .serve(listing.into_iter().chain(stories));
    let file = desk.file("cc.warc.gz", "");
    let mut out = std::fs::File::create(&file).unwrap();
    for n in 0..1000 {
        use std::io::Write;
        let url = format!("http://{}", address(n));
        let url = if wanted.contains(&n) {
            url
        } else {
            url.replace("north", "west")
        };
        out.write_all(&news_crawl(&url, n, &page(n))).unwrap();
    }
    drop(out);
    let running = desk.start(&["ingest", "cc.warc.gz", "--json", "--db", "got.db"]);
    let (told, peak) = running.end_measured();
    let report = told.well().json();
    assert_eq!(
        (&report["records"], &report["new_articles"]),
        (&2000.into(), &100.into())
    );
    assert!(peak > 0 && peak < MOST_MEMORY, "{peak} bytes");

    desk.crawl(&[]).quiet();
    let crawled = desk.sql(SAME);
    assert_eq!(crawled.len(), 100);
    std::fs::rename(desk.dir().join("got.db"), desk.db()).unwrap();
    assert_eq!(desk.sql(SAME), crawled);
}

#[test]
fn a_page_that_was_cut_off_when_it_was_captured_is_no_page() {
    let desk = Desk::new().site("north", &rules("north.example", ""));
    let date = "2020-01-01T00:00:00Z";
    let id = |n: u32| format!("00000000-0000-0000-0000-{n:012}");
    let url = |subject: &str| format!("http://north.example/news/{subject}");
    let truncated = record(&url("pier"), date, &id(1), OK, &page("pier"));
    let truncated = String::from_utf8(truncated).unwrap().replacen(
        "WARC-Target",
        "WARC-Truncated: length\r\nWARC-Target",
        1,
    );
    let whole = page("tram");
    let short = format!("{OK}\r\nContent-Length: {}", whole.len());
    let short = record(&url("tram"), date, &id(2), &short, &whole[..whole.len() - 40]);
    let chunks = format!("{OK}\r\nTransfer-Encoding: chunked");
    let body = format!("{:x}\r\n{}", page("lamp").len() + 9, page("lamp"));
    let cut = record(&url("lamp"), date, &id(3), &chunks, &body);
    desk.file("a.warc", [truncated.into_bytes(), short, cut].concat());
    let report = desk.run(&["ingest", "a.warc", "--json"]).quiet().json();
    assert_eq!(
        (&report["no_pages"], &report["new_articles"]),
        (&3.into(), &0.into())
    );
}

#[test]
fn a_capture_from_before_the_last_look_at_its_page_is_passed_over() {
    let desk = crawled(&PAPERS[..1], &["pier"]);
    // Looked at again later, and found unchanged.
    desk.change("update articles set fetched_at = '2020-01-01T00:00:00Z'");
    desk.change("update pages set last_fetched_at = '2020-03-01T00:00:00Z' where kind = 'article'");
    let url = "http://north.example/news/pier";
    let between = page("pier").replace("on Monday", "on Sunday");
    let id = "00000000-0000-0000-0000-000000000001";
    desk.file("a.warc", record(url, "2020-02-01T00:00:00Z", id, OK, &between));
    let report = desk.run(&["ingest", "a.warc", "--json"]).quiet().json();
    assert_eq!((&report["older"], &report["revised"]), (&1.into(), &0.into()));
    // A look that found no story does not count.
    desk.change("update pages set outcome = 'gone' where kind = 'article'");
    let report = desk.run(&["ingest", "a.warc", "--json"]).quiet().json();
    assert_eq!((&report["older"], &report["revised"]), (&0.into(), &1.into()));
}

#[test]
fn a_page_that_told_no_story_comes_in_once_a_rule_sees_one() {
    let blind = "name  = \"north\"\nhosts = [\"north.example\"]\n";
    let desk = Desk::new().site("north", blind);
    let url = "http://north.example/news/pier";
    let id = "00000000-0000-0000-0000-000000000001";
    let short = story("A new pier", &["The pier of the harbour was mended on Monday."]);
    desk.file("a.warc", record(url, "2020-01-01T00:00:00Z", id, OK, &short));
    let ingest = || desk.run(&["ingest", "a.warc", "--json"]).quiet().json();
    assert_eq!(ingest()["outcomes"]["not-article"], 1);
    assert_eq!(ingest()["known"], 1, "nothing has changed");
    assert_eq!(desk.sql("select count(*) from fetches"), ["1"]);
    desk.file("sites/north.toml", rules("north.example", ""));
    let report = ingest();
    assert_eq!(
        (&report["known"], &report["new_articles"]),
        (&0.into(), &1.into())
    );
    assert_eq!(ingest()["known"], 1);
}

#[test]
fn a_capture_folder_tells_status_and_headers_and_may_be_moved() {
    let desk = Desk::new().site("north", &rules("north.example", ""));
    let row = |subject: &str, more: &str| {
        format!(
            "{{\"id\":\"{subject}\",\"url\":\"http://north.example/news/{subject}\",\
              \"fetched\":\"2019-11-01T00:00:00Z\"{more}}}\n"
        )
    };
    let manifest = [
        row("pier", ",\"status\":404,\"headers\":{}"),
        row(
            "tram",
            ",\"status\":200,\"headers\":{\"X-Robots-Tag\":\"noarchive\"}",
        ),
        row("lamp", ""),
        row("quay", ""),
    ];
    desk.file("in/manifest.jsonl", manifest.concat());
    for subject in ["pier", "tram"] {
        desk.file(
            &format!("in/pages/{subject}.html.gz"),
            gzip(page(subject).as_bytes()),
        );
    }
    let told = desk.run(&["ingest", "in", "--json"]);
    // Each page that is not there is named, and once.
    told.exits(1).warns("lamp.html.gz").warns("quay.html.gz");
    let report = told.json();
    assert_eq!(report["damaged"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&report["no_pages"], &report["new_articles"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        desk.sql("select source, refuses from opt_outs"),
        ["x-robots-tag | 1"]
    );
    std::fs::rename(desk.dir().join("in"), desk.dir().join("moved")).unwrap();
    let report = desk.run(&["ingest", "moved", "--json"]).exits(1).json();
    assert_eq!(
        (&report["known"], &report["outcomes"]),
        (&1.into(), &serde_json::json!({}))
    );
    assert_eq!(desk.sql("select count(*) from fetches"), ["1"]);
}
