//! Stories on several pages out of archives: joined as a crawl joins them, whatever order and file their
//! pages lie in; and what comes of one that has a page missing.

use super::rules;
use super::warc::{OK, record};
use crate::desk::{Desk, rss, story};
use crate::faults::Reply;

const PIER: &str = "http://north.example/news/pier";
/// What two archives of the same stories have in common, their pages among it.
const TOLD: &str =
    "select v.url, v.version, v.title, v.text, v.quality, v.html_sha256, v.fetched_at, v.first_seen_at,
      f.url, f.final_url, f.headers, f.charset, f.charset_source, f.duration_ms,
      (select group_concat(p.n || p.url || p.html_sha256 || g.fetched_at || g.charset, ' ')
         from article_pages p join fetches g on g.id = p.fetch_id
        where p.article_id = v.id and p.version = v.version),
      (select group_concat(position || category || rule || text, ' ') from removed r
        where r.article_id = v.id and r.version = v.version)
    from article_versions v join fetches f on f.id = v.fetch_id order by v.url, v.version";

/// The paper, whose stories go on over pages.
fn paper() -> Desk {
    let links = "\nnext-page = \"a.next\"\nsingle-page = \"a.all\"\n";
    Desk::new().site("north", &rules("north.example", "").replacen("\n\n", links, 1))
}

/// Two paragraphs of page `n` of the story.
fn text(n: usize) -> [String; 2] {
    let subject = ["pier", "tram", "bridge"][n - 1];
    [
        format!("The {subject} of the harbour was mended on Monday, the council said after a long evening."),
        format!("Nobody had expected the {subject} to hold through another winter of storms and high water."),
    ]
}

fn page(n: usize, links: &str) -> String {
    let text = text(n);
    story("A new pier", &[&text[0], &text[1]]).replace("</article>", &format!("</article>{links}"))
}

/// A page of the story, with the link to the next.
fn part(n: usize) -> String {
    page(
        n,
        &format!("<a class=next href='/news/pier?page={}'>Next</a>", n + 1),
    )
}

fn address(n: usize) -> String {
    match n {
        1 => PIER.to_owned(),
        n => format!("{PIER}?page={n}"),
    }
}

/// A record of page `n`, captured `second` seconds after the hour.
fn capture(n: usize, second: usize, body: &str) -> Vec<u8> {
    let id = format!("00000000-0000-0000-{n:04}-{second:012}");
    record(
        &address(n),
        &format!("2026-01-01T10:00:{second:02}Z"),
        &id,
        OK,
        body,
    )
}

/// The text of the story as far as these pages tell it.
fn joined(pages: &[usize]) -> String {
    let text: Vec<String> = pages.iter().flat_map(|n| text(*n)).collect();
    text.join("\n\n")
}

/// The same rows, asked of another database of the desk.
fn of(desk: &Desk, db: &str, query: &str) -> Vec<String> {
    let other = Desk::new();
    std::fs::create_dir_all(other.db().parent().unwrap()).unwrap();
    std::fs::copy(desk.dir().join(db), other.db()).unwrap();
    other.sql(query)
}

#[test]
fn the_pages_of_a_story_are_joined_in_whatever_order_and_file_they_lie() {
    let pages = [part(1), part(2), page(3, "")];
    let capture = |n: usize| capture(n, n, &pages[n - 1]);
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
        for files in [1, 3] {
            let desk = paper();
            let mut paths = vec!["ingest".to_owned(), "--json".to_owned()];
            for (file, chunk) in order.chunks(order.len().div_ceil(files)).enumerate() {
                let name = format!("{file}.warc");
                desk.file(&name, chunk.iter().flat_map(|n| capture(*n)).collect::<Vec<u8>>());
                paths.push(name);
            }
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let report = desk.run(&paths).quiet().json();
            assert_eq!(
                [&report["new_articles"], &report["further"], &report["unfinished"]],
                [1, 2, 0],
                "{order:?} {files}: {report}"
            );
            assert_eq!(
                desk.sql("select text, versions from articles"),
                [format!("{} | 1", joined(&[1, 2, 3]))]
            );
            assert_eq!(
                desk.outcome("north.example/news/pier?page=3"),
                format!("duplicate: part of {PIER}")
            );
            assert_eq!(
                desk.sql("select count(*), count(distinct record_id) from ingested"),
                ["3 | 3"]
            );
            // And nothing is taken in twice.
            let again = desk.run(&paths).quiet().json();
            assert_eq!([&again["known"], &again["further"]], [3, 0], "{again}");
        }
    }
}

#[test]
fn a_capture_folder_may_hold_the_pages_of_a_story() {
    let desk = paper();
    let mut manifest = String::new();
    for (n, body) in [(2, page(2, "")), (1, part(1))] {
        manifest.push_str(&format!("{{\"id\":\"{n}\",\"url\":\"{}\"}}\n", address(n)));
        desk.file(&format!("folder/pages/{n}.html"), body);
    }
    desk.file("folder/manifest.jsonl", manifest);
    desk.run(&["ingest", "folder"]).quiet();
    assert_eq!(desk.sql("select text from articles"), [joined(&[1, 2])]);
}

#[test]
fn a_story_on_several_pages_goes_out_and_comes_back_as_it_was() {
    let whole = {
        let [a, b] = text(1);
        let [c, d] = text(2);
        story("A new pier", &[&a, &b, &c, &d])
    };
    let links = "<a class=all href='/print/pier'>All</a><a class=next href='/news/pier?page=2'>Next</a>";
    for (first, others) in [
        (
            part(1),
            [("/news/pier?page=2", part(2)), ("/news/pier?page=3", page(3, ""))].to_vec(),
        ),
        (page(1, links), [("/print/pier", whole)].to_vec()),
    ] {
        let others = others
            .into_iter()
            .map(|(path, body)| (format!("north.example{path}"), Reply::page(body)));
        let desk = paper().serve(others.chain([
            ("north.example/robots.txt".to_owned(), Reply::robots("")),
            ("north.example/feed".to_owned(), rss(&["north.example/news/pier"])),
            ("north.example/news/pier".to_owned(), Reply::page(first.clone())),
        ]));
        desk.crawl(&[]).quiet();
        desk.change("update articles set first_seen_at = '2020-02-02T02:02:02Z'");
        desk.run(&["export", "--format", "warc", "-o", "out.warc"])
            .quiet();
        desk.run(&["ingest", "out.warc", "--db", "again.db"]).quiet();
        let crawled = desk.sql(TOLD);
        assert!(crawled.len() == 1 && crawled[0].starts_with(PIER), "{crawled:?}");
        assert_eq!(of(&desk, "again.db", TOLD), crawled);
        // Today's rules read the ingested one as they read the other.
        desk.run(&["reextract", "--all", "--db", "again.db"]).quiet();
        assert_eq!(of(&desk, "again.db", TOLD), crawled);
    }
}

#[test]
fn every_version_of_a_story_has_the_pages_that_were_captured_with_it() {
    let desk = paper();
    let corrected = page(2, "").replace("Monday", "Tuesday");
    // A new look at the first page alone, then one at both.
    let captures = [
        capture(1, 1, &part(1)),
        capture(2, 2, &page(2, "")),
        capture(1, 20, &part(1).replace("on Monday", "on Friday")),
        capture(1, 40, &part(1)),
        capture(2, 41, &corrected),
    ];
    let versions = "select version, text like '%pier%on Friday%', text like '%tram%on Monday%', text like '%tram%on Tuesday%'
        from article_versions order by version";
    let want = ["1 | 0 | 1 | 0", "2 | 1 | 1 | 0", "3 | 0 | 0 | 1"];
    desk.file("all.warc", captures.concat());
    desk.run(&["ingest", "all.warc"]).quiet();
    assert_eq!(desk.sql(versions), want);
    // One by one it is the same: what is stored of the story is at hand.
    for (name, part) in [
        ("a.warc", &captures[..2]),
        ("b.warc", &captures[2..3]),
        ("c.warc", &captures[3..]),
    ] {
        desk.file(name, part.concat());
        desk.run(&["ingest", name, "--db", "again.db"]).quiet();
    }
    assert_eq!(of(&desk, "again.db", versions), want);
    let exchanges = "select count(*) from fetches where status is not null";
    assert_eq!(
        (desk.sql(exchanges), of(&desk, "again.db", exchanges)),
        (vec!["5".to_owned()], vec!["5".to_owned()])
    );
    // Out and in again, each version with its pages.
    desk.run(&["export", "--format", "warc", "-o", "out.warc"])
        .quiet();
    desk.run(&["ingest", "out.warc", "--db", "third.db"]).quiet();
    assert_eq!(of(&desk, "third.db", versions), want);
    let ids = std::fs::read_to_string(desk.dir().join("out.warc")).unwrap();
    let mut ids: Vec<&str> = ids.lines().filter(|l| l.starts_with("WARC-Record-ID")).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "no record has another's id");
}

#[test]
fn a_story_whose_next_page_is_missing_is_what_is_there_and_says_so() {
    let desk = paper();
    desk.file("first.warc", capture(1, 1, &part(1)));
    let report = desk.run(&["ingest", "first.warc", "--json"]).quiet().json();
    assert_eq!(
        [&report["new_articles"], &report["unfinished"]],
        [1, 1],
        "{report}"
    );
    assert_eq!(desk.sql("select text from articles"), [joined(&[1])]);
    let note = format!("stored: goes on at {PIER}?page=2, a page that is not in what was ingested");
    assert_eq!(desk.outcome("north.example/news/pier"), note);
    assert_eq!(
        desk.sql("select count(*) from pages"),
        ["1"],
        "nothing is said of the page that did not come"
    );
    desk.run(&["ingest", "first.warc", "-v"])
        .warns("1 ingested before");
    // With the file that has the rest it becomes whole.
    desk.file("second.warc", capture(2, 2, &page(2, "")));
    let report = desk
        .run(&["ingest", "second.warc", "first.warc", "--json"])
        .quiet()
        .json();
    assert_eq!([&report["revised"], &report["new_articles"]], [1, 0], "{report}");
    assert_eq!(desk.outcome("north.example/news/pier"), "stored: ");
    let again = desk
        .run(&["ingest", "second.warc", "first.warc", "--json"])
        .quiet()
        .json();
    assert_eq!([&again["known"], &again["revised"]], [2, 0], "{again}");
    // So does a later capture of both.
    desk.file(
        "both.warc",
        [capture(1, 10, &part(1)), capture(2, 11, &page(2, ""))].concat(),
    );
    desk.run(&["ingest", "both.warc"]).quiet();
    assert_eq!(desk.sql("select text from articles"), [joined(&[1, 2])]);
    // And of a story that was had whole its beginning is no correction.
    desk.change("update bodies set pruned_at = '2026-01-02T00:00:00Z', bytes = x''");
    desk.file("later.warc", capture(1, 20, &part(1)));
    let report = desk.run(&["ingest", "later.warc", "--json"]).quiet().json();
    assert_eq!(
        [&report["revised"], &report["outcomes"]["unchanged"]],
        [0, 1],
        "{report}"
    );
    assert_eq!(
        desk.outcome("north.example/news/pier"),
        "unchanged: only its beginning came"
    );
    assert_eq!(desk.sql("select text from articles"), [joined(&[1, 2])]);
}

#[test]
fn pages_in_a_circle_are_one_story_and_a_page_that_opts_out_is_no_part_of_it() {
    let desk = paper();
    let back = page(2, "<a class=next href='/news/pier'>Again</a>");
    desk.file(
        "circle.warc",
        [capture(2, 2, &back), capture(1, 1, &part(1))].concat(),
    );
    desk.run(&["ingest", "circle.warc"]).quiet();
    assert_eq!(
        desk.sql("select url, text from articles"),
        [format!("{PIER} | {}", joined(&[1, 2]))]
    );

    let desk = paper();
    desk.file("copydesk.toml", "[policy]\nopt-out = \"skip\"\n");
    let silent = page(2, "").replace("</head>", "<meta name=robots content=noai></head>");
    desk.file(
        "noai.warc",
        [capture(1, 1, &part(1)), capture(2, 2, &silent)].concat(),
    );
    desk.run(&["ingest", "noai.warc"]).quiet();
    assert_eq!(desk.sql("select text from articles"), [joined(&[1])]);
    let told = desk.outcome("north.example/news/pier?page=2");
    assert!(
        told.starts_with(&format!("opted-out: part of {PIER}: ")),
        "{told}"
    );
}

#[test]
fn what_is_on_the_hosts_of_a_paper_and_no_part_of_a_story_is_passed_over() {
    let include = "feeds = [\"http://north.example/feed\"]\ninclude = [\"/news/*\"]\n";
    let links = "\nnext-page = \"a.next\"\n";
    let rules = rules("north.example", "").replacen("\n\n", links, 1).replacen(
        "feeds = [\"http://north.example/feed\"]\n",
        include,
        1,
    );
    let desk = Desk::new().site("north", &rules);
    let first = page(1, "<a class=next href='/more/pier'>Next</a>");
    let at = |path: &str, second: usize, body: &str| {
        let id = format!("00000000-0000-0000-0000-{second:012}");
        let url = format!("http://north.example{path}");
        record(&url, &format!("2026-01-01T10:00:{second:02}Z"), &id, OK, body)
    };
    let records = [
        at("/more/pier", 1, &page(2, "")),
        at("/more/tram", 2, &page(3, "")),
        at("/news/pier", 3, &first),
    ];
    desk.file("a.warc", records.concat());
    let report = desk.run(&["ingest", "a.warc", "--json"]).quiet().json();
    assert_eq!(
        [&report["new_articles"], &report["not_wanted"]],
        [1, 1],
        "{report}"
    );
    assert_eq!(desk.sql("select text from articles"), [joined(&[1, 2])]);
}

#[test]
fn the_sample_newspaper_goes_out_and_comes_back_with_every_column_that_a_reader_asks_for() {
    let desk = Desk::new();
    desk.run(&["demo", "--db", "data/copydesk.db"]).well();
    desk.run(&["export", "--format", "warc", "-o", "out.warc.gz"])
        .quiet();
    let sites = concat!(env!("CARGO_MANIFEST_DIR"), "/data/sample-sites");
    desk.run(&["ingest", "out.warc.gz", "--db", "again.db", "--sites", sites])
        .quiet();
    // What memory learned since is out of all texts alike.
    for db in ["data/copydesk.db", "again.db"] {
        desk.run(&["reextract", "--all", "-q", "--db", db, "--sites", sites])
            .well();
    }
    // Everything but what only the file itself means: numbers of rows and of runs.
    let versions = "select url, version, site, canonical_url, title, subtitle, byline, authors, section, keywords, language,
        published_at, modified_at, first_seen_at, fetched_at, access, sponsored, word_count, text, lead_image, versions,
        extractor, rule_file, rule_sha256, memory_sha256, program_version, layout, quality, html_sha256, text_sha256,
        agency from article_versions order by url, version";
    let of_version = |table: &str, columns: &str| {
        format!(
            "select v.url, v.version, {columns} from {table} t
               join article_versions v on v.id = t.article_id and v.version = t.version order by 1, 2, 3"
        )
    };
    let queries = [
        versions.to_owned(),
        of_version("removed", "t.n, position, category, rule, pattern, path, t.text, chars"),
        of_version("images", "t.position, t.url, caption, credit, alt"),
        of_version("fields", "t.n, field, value, source"),
        of_version("article_pages", "t.n, t.url, t.html_sha256"),
        "select a.url, position, name from authors join articles a on a.id = article_id order by 1, 2".to_owned(),
        "select a.url, position, term from keywords join articles a on a.id = article_id order by 1, 2".to_owned(),
        "select a.url, s.url from articles a join articles s on s.id = a.story_id order by 1".to_owned(),
        "select url, final_url, redirects, status, headers, charset, charset_source, fetched_at, duration_ms, bytes,
            body_sha256, error from fetches
          where id in (select fetch_id from article_versions union select fetch_id from article_pages)
          order by final_url, fetched_at"
            .to_owned(),
        "select sha256, length from bodies order by 1".to_owned(),
        "select changed_at, title_before, title_after, words_before, words_after from article_changes".to_owned(),
    ];
    for query in queries {
        let crawled = desk.sql(&query);
        assert!(!crawled.is_empty(), "{query}");
        assert_eq!(of(&desk, "again.db", &query), crawled, "{query}");
    }
}
