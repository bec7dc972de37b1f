//! `copydesk reextract`: a better rule mends the past.

use super::{APPEAL, crawled, page, rules};
use crate::desk::Desk;
use crate::faults::Reply;

const PAPERS: &[(&str, &str)] = &[("north", "north.example"), ("south", "south.example")];
/// Everything of the articles that a re-extraction may change, but for times.
const STATE: &str =
    "select id, version, site, title, text, text_sha256, rule_sha256, memory_sha256, word_count,
    run_id, (select group_concat(rule || text) from removed r where r.article_id = a.id),
    (select group_concat(field || value || source) from fields f where f.article_id = a.id),
    (select group_concat(n || text || rule_sha256) from extractions e where e.article_id = a.id)
    from articles a order by id";

fn better(desk: &Desk, site: &str, host: &str) {
    desk.file(&format!("sites/{site}.toml"), rules(host, APPEAL));
}

#[test]
fn a_better_rule_mends_the_past_of_its_site_and_no_other() {
    let desk = crawled(PAPERS, &["pier", "tram"]);
    desk.run(&["reextract"])
        .quiet()
        .says("4 articles: 0 changed, 0 only in other fields, 0 the same, 4 up to date");
    let south = "select * from articles where site = 'south' order by id";
    let before = desk.sql(south);
    let texts = desk.sql("select text from articles where site = 'north' order by id");
    assert!(texts[0].contains("seven crowns"));
    better(&desk, "north", "north.example");
    desk.web().forget();

    let dry = desk.run(&["reextract", "--dry-run", "--json"]).quiet().json();
    assert_eq!(dry["dry_run"], true);
    assert_eq!((&dry["changed"], &dry["words_lost"]), (&2.into(), &22.into()));
    assert_eq!(desk.sql("select count(*) from extractions"), ["0"]);
    assert_eq!(desk.sql("select count(*) from runs"), ["2"]);

    let done = desk.run(&["reextract", "--json"]).quiet().json();
    for key in [
        "changed",
        "looked_at",
        "up_to_date",
        "words_won",
        "words_lost",
        "rules",
        "largest",
    ] {
        assert_eq!(done[key], dry[key], "{key}: a dry run tells what a run does");
    }
    assert_eq!((&done["looked_at"], &done["up_to_date"]), (&2.into(), &2.into()));
    assert_eq!(done["rules"][0]["site"], "north");
    assert!(
        done["rules"][0]["rule"]
            .as_str()
            .unwrap()
            .starts_with("north.toml:")
    );
    assert_eq!(done["largest"].as_array().unwrap().len(), 2);
    assert!(desk.web().requests().is_empty(), "no request is made");

    assert_eq!(desk.sql(south), before, "the other paper is not touched");
    assert_eq!(
        desk.sql("select text from extractions order by article_id"),
        texts,
        "the old texts can be read"
    );
    assert_eq!(
        desk.sql("select distinct version, n, length(at) from extractions"),
        ["1 | 1 | 20"]
    );
    assert_eq!(
        desk.sql("select count(*) from article_versions"),
        ["4"],
        "no version is made"
    );
    assert_eq!(
        desk.sql("select count(*) from articles where text like '%crowns%'"),
        ["2"]
    );
    assert_eq!(
        desk.sql("select category, count(*) from removed where text like '%crowns%' group by 1"),
        ["donation | 2"]
    );
    let found = "select count(*) from articles_fts where articles_fts match 'crowns'";
    assert_eq!(desk.sql(found), ["2"], "the index follows");
    let run = "select command, exit_code, outcomes from runs order by id desc limit 1";
    let run = desk.sql(run).remove(0);
    assert!(run.contains("reextract --json | 0 | {\"stored\":2}"), "{run}");

    desk.run(&["reextract"])
        .quiet()
        .says("0 changed, 0 only in other fields, 0 the same, 4 up to date");
    // Rules that are what they were give the text that was.
    desk.file("sites/north.toml", rules("north.example", ""));
    desk.run(&["reextract", "north"]).quiet().says("words: +22 -0");
    assert_eq!(
        desk.sql("select text from articles where site = 'north' order by id"),
        texts
    );
    assert_eq!(desk.sql("select max(n) from extractions"), ["2"]);
}

#[test]
fn killed_half_way_and_run_again_it_gives_the_same_as_in_one_go() {
    let subjects: Vec<String> = (0..60).map(|n| format!("lamp{n}")).collect();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    let desk = crawled(&PAPERS[..1], &subjects);
    let whole = desk.dir().join("whole.db");
    std::fs::copy(desk.db(), &whole).unwrap();
    better(&desk, "north", "north.example");

    let done = "select count(*) from extractions";
    let running = desk.start(&["reextract"]);
    let some = || -> i64 { desk.database().query_row(done, [], |r| r.get(0)).unwrap() };
    while some() == 0 {
        std::thread::yield_now();
    }
    running.kill();
    let first = some();
    let again = desk.run(&["reextract", "--json"]).quiet().json();
    assert_eq!(again["up_to_date"], first, "what was done is not done again");

    let at_once = whole.to_str().unwrap();
    desk.run(&["reextract", "--db", at_once]).quiet();
    let of_pieces = desk.sql(STATE);
    std::fs::rename(&whole, desk.db()).unwrap();
    assert_eq!(desk.sql(STATE), of_pieces);
    assert_eq!(of_pieces.len(), 60);
}

#[test]
fn asked_to_end_it_finishes_what_it_holds_and_is_gone_on_with() {
    let subjects: Vec<String> = (0..40).map(|n| format!("lamp{n}")).collect();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    let desk = crawled(&PAPERS[..1], &subjects);
    better(&desk, "north", "north.example");
    let running = desk.start(&["reextract", "--json"]);
    while desk.sql("select count(*) from extractions") == ["0"] {
        std::thread::yield_now();
    }
    running.terminate();
    let told = running.end();
    let told = told.well().json();
    let rest = desk.run(&["reextract", "--json"]).quiet().json();
    assert_eq!(rest["up_to_date"], told["looked_at"]);
    assert_eq!(desk.sql("select count(*) from extractions"), ["40"]);
}

#[test]
fn a_text_that_would_become_nothing_stays_and_a_person_is_asked() {
    let desk = crawled(&PAPERS[..1], &["pier"]);
    let before = desk.sql(STATE);
    let all = "\n[[strip]]\ncategory = \"other\"\nselect = \"p, h1\"\n";
    desk.file("sites/north.toml", rules("north.example", all));
    desk.run(&["reextract"])
        .exits(1)
        .says("1 keep their old text")
        .warns("http://north.example/news/pier: its old text stays");
    assert_eq!(desk.sql(STATE), before);
    let json = desk.run(&["reextract", "--json"]).exits(1).json();
    assert_eq!(json["left"][0]["url"], "http://north.example/news/pier");
    assert_eq!(json["exit_code"], 1);
}

#[test]
fn what_cannot_be_made_anew_is_said_and_left_alone() {
    let desk = crawled(PAPERS, &["pier"]);
    let before = desk.sql(STATE);
    // A rule file that is gone made better texts than the common rules alone would.
    std::fs::remove_file(desk.dir().join("sites/north.toml")).unwrap();
    desk.run(&["reextract"]).well().warns("north: passed over");
    assert_eq!(desk.sql(STATE), before);
    desk.run(&["reextract", "west"])
        .exits(2)
        .warns("create sites/west.toml");
    desk.run(&["reextract", "--db", "none.db"])
        .exits(2)
        .warns("copydesk crawl");
    assert!(!desk.dir().join("none.db").exists());

    let held = copydesk::store::lock(&desk.db()).unwrap();
    desk.run(&["reextract"]).well().warns("a crawl is at work");
    desk.run(&["reextract", "--dry-run"]).well();
    drop(held);

    better(&desk, "south", "south.example");
    desk.change("update bodies set bytes = x'00' where sha256 in (select html_sha256 from articles where site = 'south')");
    desk.run(&["reextract", "south"]).exits(1).warns("damaged");
    assert_eq!(desk.sql(STATE), before);
}

#[test]
fn what_a_site_repeats_goes_from_the_stories_stored_before_it_was_known() {
    let desk = crawled(&PAPERS[..1], &[]);
    let appeal = "Your gift keeps the lights on at our small harbour desk.";
    let subjects = ["pier", "tram", "lamp", "crane"];
    let mut addresses = Vec::new();
    for subject in subjects {
        let address = format!("north.example/news/{subject}");
        let with = page(subject).replace("</article>", &format!("<p>{appeal}</p></article>"));
        desk.web().put(&address, crate::faults::Reply::page(with));
        addresses.push(address);
    }
    let named: Vec<&str> = addresses.iter().map(String::as_str).collect();
    desk.web().put("north.example/feed", crate::desk::rss(&named));
    desk.crawl(&[]).quiet();
    let count = format!("select count(*) from articles where text like '%{appeal}%'");
    assert_eq!(desk.sql(&count), ["4"]);
    desk.run(&["reextract"]).quiet().says("memory  in 4 articles");
    assert_eq!(desk.sql(&count), ["0"]);
    desk.run(&["reextract"]).quiet().says("4 up to date");
}

#[test]
fn a_story_on_two_pages_is_made_anew_from_both() {
    let desk = crawled(&PAPERS[..1], &[]);
    let spans = "\nnext-page = \"a.next\"\n";
    let top = |more: &str| rules("north.example", more).replacen("\n\n", spans, 1);
    desk.file("sites/north.toml", top(""));
    let first = page("pier").replace("</article>", "</article><a class=next href=/news/pier-2>On</a>");
    desk.web()
        .put("north.example/news/pier", crate::faults::Reply::page(first));
    let second = page("tram").replace("A new tram", "A new pier");
    desk.web()
        .put("north.example/news/pier-2", crate::faults::Reply::page(second));
    desk.web().put(
        "north.example/feed",
        crate::desk::rss(&["north.example/news/pier"]),
    );
    desk.crawl(&[]).quiet();
    let appeals = "select count(*), sum(text like '%pier may give%'), sum(text like '%tram may give%'), \
        sum(text like '%tram to hold%') from articles";
    assert_eq!(desk.sql(appeals), ["1 | 1 | 1 | 1"]);
    desk.file("sites/north.toml", top(APPEAL));
    desk.run(&["reextract"]).quiet().says("words: +0 -22");
    assert_eq!(desk.sql(appeals), ["1 | 0 | 0 | 1"]);
    assert_eq!(
        desk.sql("select n from article_pages"),
        ["2"],
        "its pages stay known"
    );
}

#[test]
fn pictures_of_a_story_read_on_its_single_page_keep_their_addresses() {
    let rules = rules("south.example", "").replacen("[discover]", "single-page = \"a.all\"\n\n[discover]", 1);
    let desk = crawled(&PAPERS[1..], &["pier"]).site("south", &rules);
    let picture =
        "<figure><img src='pic.jpg' width=800 height=600><figcaption>The pier.</figcaption></figure>";
    let first = page("pier").replace("</article>", "</article><a class=all href='/print/pier'>All</a>");
    let whole = page("pier").replace("</article>", &format!("{picture}<p>It held.</p></article>"));
    desk.web().put("south.example/news/pier", Reply::page(first));
    desk.web().put("south.example/print/pier", Reply::page(whole));
    desk.crawl(&["--refresh"]).quiet();
    let images = "select url from images order by version desc limit 1";
    assert_eq!(desk.sql(images), ["http://south.example/print/pic.jpg"]);
    let told = desk.run(&["reextract", "--all", "--json"]).quiet().json();
    assert_eq!((&told["same"], &told["fields_changed"]), (&1.into(), &0.into()));
    assert_eq!(desk.sql(images), ["http://south.example/print/pic.jpg"]);
    desk.change("update images set url = 'http://south.example/a/pic.jpg'");
    let told = desk.run(&["reextract", "--all", "--json"]).quiet().json();
    assert_eq!((&told["same"], &told["fields_changed"]), (&0.into(), &1.into()));
    assert_eq!(desk.sql(images), ["http://south.example/print/pic.jpg"]);
}
