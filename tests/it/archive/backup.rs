//! `copydesk backup`: a copy that is whole, sound, and never in the place of another file.

use std::fs;

use copydesk::store::{Reader, StoreError};
use rusqlite::Connection;

use super::{crawled, page};
use crate::desk::Desk;

const PAPERS: &[(&str, &str)] = &[("north", "north.example")];
const ALL: &str = "select * from articles order by id";

fn papers() -> Desk {
    crawled(PAPERS, &["pier", "tram"])
}

#[test]
fn the_copy_is_the_archive() {
    let desk = papers();
    let all = desk.sql(ALL);
    desk.run(&["backup", "copy.db"]).quiet().prints("");
    let names: Vec<_> = fs::read_dir(desk.dir())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.starts_with("copy"))
        .collect();
    assert_eq!(names, ["copy.db"], "nothing is left beside it");
    desk.run(&["--db", "copy.db", "body", "http://north.example/news/pier"])
        .quiet()
        .prints(&page("pier"));
    let told = desk.run(&["backup", "again.db", "--json"]).quiet().json();
    let size = fs::metadata(desk.dir().join("again.db")).unwrap().len();
    assert_eq!(told["bytes"], size);
    fs::rename(desk.dir().join("copy.db"), desk.db()).unwrap();
    assert_eq!(desk.sql(ALL), all);
    assert_eq!(desk.sql("pragma integrity_check"), ["ok"]);
}

#[test]
fn nothing_is_overwritten_but_what_a_killed_backup_left() {
    let desk = papers();
    let file = desk.file("copy.db", "My letters.");
    desk.run(&["backup", "copy.db"])
        .exits(2)
        .warns("is there already and was left as it is");
    assert_eq!(fs::read(file).unwrap(), b"My letters.");
    desk.run(&["backup", "data"]).exits(2).warns("is a directory");
    desk.run(&["backup", "no/such/dir/copy.db"]).exits(2);
    desk.file("other.db.part", "half a backup ".repeat(9000));
    desk.run(&["backup", "other.db"]).quiet();
    assert!(!desk.dir().join("other.db.part").exists());
    desk.run(&["--db", "other.db", "status"])
        .quiet()
        .says("2 articles");
    Desk::new()
        .run(&["backup", "copy.db"])
        .exits(2)
        .warns("copydesk crawl");
}

#[test]
fn it_is_one_moment_of_a_file_that_others_write_to() {
    let desk = papers();
    desk.change(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500)
         insert into bodies (sha256, codec, length, bytes) select printf('%064x', i), 'raw', 12000, randomblob(12000) from n",
    );
    let reader = Reader::open(&desk.db()).unwrap();
    let other = Connection::open(desk.db()).unwrap();
    let (to, mut looks) = (desk.dir().join("copy.db"), 0);
    let copied = reader
        .back_up(&to, &mut |done, of| {
            looks += 1;
            assert!(done < of);
            // Others write and move the log meanwhile, and the copy is not begun anew.
            other
                .execute_batch("update articles set title = title || '!'; pragma wal_checkpoint(passive)")
                .unwrap();
            looks < 1000
        })
        .unwrap();
    assert!(copied.is_some() && (4..100).contains(&looks), "{looks} looks");
    let title = |path| -> String {
        let conn = Connection::open(path).unwrap();
        conn.query_row("select title from articles where id = 1", [], |r| r.get(0))
            .unwrap()
    };
    assert_eq!(title(to), "A new pier");
    assert_eq!(title(desk.db()), format!("A new pier{}", "!".repeat(looks)));

    // Told to stop, it leaves nothing.
    let to = desk.dir().join("stopped.db");
    assert!(reader.back_up(&to, &mut |_, _| false).unwrap().is_none());
    assert!(!to.exists() && !desk.dir().join("stopped.db.part").exists());
    // Two at once to one place: the second one is told so.
    let second = Reader::open(&desk.db()).unwrap();
    let mut refused = None;
    let first = reader.back_up(&to, &mut |_, _| {
        refused.get_or_insert_with(|| second.back_up(&to, &mut |_, _| true));
        true
    });
    assert!(matches!(refused, Some(Err(StoreError::BackupUnderWay { .. }))));
    assert!(first.unwrap().is_some());
}

#[test]
fn a_damaged_file_gives_no_backup() {
    let desk = papers();
    // A page of the index of addresses, overwritten.
    let root = desk.sql("select rootpage from sqlite_schema where name = 'articles_site_seen'")[0]
        .parse::<usize>()
        .unwrap();
    let mut bytes = fs::read(desk.db()).unwrap();
    bytes[(root - 1) * 4096..root * 4096].fill(0);
    fs::write(desk.db(), bytes).unwrap();
    desk.run(&["backup", "copy.db"])
        .exits(2)
        .warns("copydesk.db is damaged");
    assert!(!desk.dir().join("copy.db").exists());
}
