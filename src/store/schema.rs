//! The schema's versions: who owns the file, how an older one becomes a newer one. Owns the
//! list of migrations and their order; the tables are in `schema.sql`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, TransactionBehavior};

use super::connect::beside;
use super::error::StoreError;

/// `application_id` of a copydesk database: ASCII "cpdk".
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"cpdk");

/// The migrations, oldest first; `user_version` counts those a file has had. Append-only.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("migrations/2-whole-stories.sql"),
    include_str!("migrations/3-schedule.sql"),
    include_str!("migrations/4-archives.sql"),
    include_str!("migrations/5-stories.sql"),
    include_str!("migrations/6-space.sql"),
    include_str!("migrations/7-listing-rules.sql"),
];

/// Pages copied at a time by a backup.
const BACKUP_PAGES: i32 = 1024;

/// The `user_version` of this program.
pub(super) const fn newest() -> i32 {
    // The list is a handful long.
    MIGRATIONS.len() as i32
}

/// Brings the file to the newest schema. A file of this schema is not written to.
pub(super) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    run(conn, path, MIGRATIONS)
}

fn run(conn: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let sql = |e| StoreError::sql(path, "migrate the schema", e);
    let before = version(conn).map_err(sql)?;
    if before > 0 && usize::try_from(before).is_ok_and(|v| v < migrations.len()) {
        back_up(conn, path, before)?;
    }
    if before == 0 {
        // A new file can give free pages back a few at a time; `prune` makes an older one able to.
        conn.pragma_update(None, "auto_vacuum", "incremental")
            .map_err(sql)?;
    }
    for (n, step) in (1..).zip(migrations).filter(|(n, _)| before < *n) {
        // Exclusive, and asked again inside: of two programs that open an old file at once, one
        // migrates and the other finds it done.
        let tx = conn
            .transaction_with_behavior(TransactionBehavior::Exclusive)
            .map_err(sql)?;
        if version(&tx).map_err(sql)? < n {
            tx.execute_batch(step).map_err(sql)?;
            tx.pragma_update(None, "application_id", APPLICATION_ID)
                .map_err(sql)?;
            tx.pragma_update(None, "user_version", n).map_err(sql)?;
            tx.commit().map_err(sql)?;
        }
    }
    Ok(())
}

fn version(conn: &Connection) -> rusqlite::Result<i32> {
    conn.query_row("pragma user_version", [], |r| r.get(0))
}

/// Copies the file to `<name>.v<version>.backup` before it changes. Written under another name
/// first, so that a backup by that name is always whole.
fn back_up(conn: &Connection, path: &Path, version: i32) -> Result<(), StoreError> {
    const DOING: &str = "back up the database before its migration";
    let to = beside(path, &format!(".v{version}.backup"));
    let part = beside(path, &format!(".v{version}.backup.part"));
    let io = |source| StoreError::Io {
        path: part.clone(),
        doing: "write the backup",
        source,
    };
    if part.exists() {
        fs::remove_file(&part).map_err(io)?;
    }
    let sql = |e| StoreError::sql(path, DOING, e);
    let mut copy = Connection::open(&part).map_err(sql)?;
    Backup::new(conn, &mut copy)
        .and_then(|b| b.run_to_completion(BACKUP_PAGES, Duration::ZERO, None))
        .map_err(sql)?;
    copy.close().map_err(|(_, e)| sql(e))?;
    fs::rename(&part, &to).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{Access, Category, Extractor};
    use crate::outcome::Outcome;

    fn dump(conn: &Connection) -> Vec<(String, Option<String>)> {
        let mut rows = conn
            .prepare("select name, sql from sqlite_schema order by name")
            .unwrap();
        let rows = rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_second_migration_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let mut conn = Connection::open(&path).unwrap();
        migrate(&mut conn, &path).unwrap();
        let (schema, bytes) = (dump(&conn), fs::read(&path).unwrap());
        migrate(&mut conn, &path).unwrap();
        assert_eq!(dump(&conn), schema);
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "no backup of a new file"
        );
    }

    #[test]
    fn a_file_of_this_schema_opens_while_another_program_writes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let mut conn = Connection::open(&path).unwrap();
        migrate(&mut conn, &path).unwrap();
        crate::store::connect::use_wal(&conn, &path).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("begin immediate").unwrap();
        conn.busy_timeout(Duration::ZERO).unwrap();
        migrate(&mut conn, &path).unwrap();
    }

    #[test]
    fn a_migration_leaves_a_backup_of_what_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let mut conn = Connection::open(&path).unwrap();
        run(
            &mut conn,
            &path,
            &["create table a (x); insert into a values (7);"],
        )
        .unwrap();
        // As the files in use are: what was written last may stand in the log alone.
        crate::store::connect::use_wal(&conn, &path).unwrap();
        conn.execute("update a set x = 8", []).unwrap();
        run(&mut conn, &path, &["", "drop table a;"]).unwrap();
        assert_eq!(version(&conn).unwrap(), 2);
        let old = Connection::open(dir.path().join("a.db.v1.backup")).unwrap();
        assert_eq!(version(&old).unwrap(), 1);
        assert_eq!(
            old.query_row("select x from a", [], |r| r.get::<_, i64>(0))
                .unwrap(),
            8
        );
        drop((conn, old));
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            2,
            "the file and its backup"
        );
    }

    #[test]
    fn a_migration_that_fails_halfway_leaves_the_old_version_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let mut conn = Connection::open(&path).unwrap();
        run(&mut conn, &path, &["create table a (x);"]).unwrap();
        let broken = ["", "create table b (y); drop table a; select no_such_function();"];
        let error = run(&mut conn, &path, &broken).unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert_eq!(version(&conn).unwrap(), 1);
        assert_eq!(dump(&conn).len(), 1);
    }

    #[test]
    fn articles_of_a_file_without_stories_wait_to_be_compared() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let mut conn = Connection::open(&path).unwrap();
        run(&mut conn, &path, &MIGRATIONS[..4]).unwrap();
        conn.execute_batch(
            "insert into runs (started_at, command, program_version) values ('2026-01-01T00:00:00Z', '', '');
             insert into bodies values (printf('%064d', 0), 'raw', 0, x'');
             insert into articles (site, url, authors, keywords, first_seen_at, fetched_at, access, sponsored,
               word_count, text, version, versions, extractor, rule_sha256, program_version, quality, run_id,
               html_sha256, text_sha256)
             select 'paper', 'https://paper.example/a', '[]', '[]', '2026-01-01T00:00:00Z',
               '2026-01-01T00:00:00Z', 'free', 0, 0, '', 1, 1, 'rules', '', '', 1, 1, sha256, '' from bodies",
        )
        .unwrap();
        migrate(&mut conn, &path).unwrap();
        let waiting =
            "select group_concat(article_id) from story_backlog join article_versions on id = article_id";
        let waiting: String = conn.query_row(waiting, [], |r| r.get(0)).unwrap();
        assert_eq!(waiting, "1");
    }

    #[test]
    fn the_file_accepts_exactly_the_words_the_program_knows() {
        let sql = MIGRATIONS[0];
        let listed = |column: &str| -> Vec<&str> {
            let at = sql.find(&format!("check ({column} in (")).unwrap();
            let inside = &sql[at + "check (".len() + column.len() + " in (".len()..];
            let inside = &inside[..inside.find(')').unwrap()];
            inside.split(',').map(|w| w.trim().trim_matches('\'')).collect()
        };
        assert_eq!(listed("outcome"), Outcome::ALL.map(Outcome::as_str));
        assert_eq!(listed("category"), Category::ALL.map(Category::as_str));
        let access = [Access::Free, Access::Metered, Access::Paywalled, Access::Unknown];
        assert_eq!(listed("access"), access.map(Access::as_str));
        assert_eq!(
            listed("extractor"),
            [Extractor::Rules, Extractor::Generic].map(Extractor::as_str)
        );
    }
}
