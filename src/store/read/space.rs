//! What the file's size is made of. Owns this question; every page of the file is in one part, counted by
//! SQLite itself.

use std::collections::BTreeMap;

use super::Reader;
use crate::store::error::StoreError;
use crate::store::value::count;

/// What pages of the file hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Bytes of pages as they were fetched.
    Bodies,
    /// What they are packed with.
    Dictionaries,
    /// Articles in their newest version, with their indexes.
    Articles,
    /// Versions that a newer one replaced.
    OlderVersions,
    /// Texts that a later extraction replaced.
    ReplacedTexts,
    /// The full-text index.
    FullText,
    /// Where a text came from, and what it is kin to: removed blocks, fields, images, authors, stories.
    Provenance,
    /// Exchanges, the queue, runs, and what is known of sites.
    Logs,
    /// Pages that hold nothing, for later use.
    Free,
    /// The schema, and what the parts above do not name.
    Other,
}

impl Part {
    /// All, in the order they are told.
    pub const ALL: [Self; 10] = [
        Self::Bodies,
        Self::Dictionaries,
        Self::Articles,
        Self::OlderVersions,
        Self::ReplacedTexts,
        Self::FullText,
        Self::Provenance,
        Self::Logs,
        Self::Free,
        Self::Other,
    ];

    /// Its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bodies => "bodies",
            Self::Dictionaries => "dictionaries",
            Self::Articles => "articles",
            Self::OlderVersions => "older_versions",
            Self::ReplacedTexts => "replaced_texts",
            Self::FullText => "full_text",
            Self::Provenance => "provenance",
            Self::Logs => "logs",
            Self::Free => "free",
            Self::Other => "other",
        }
    }

    /// The part a table belongs to.
    fn of(table: &str) -> Self {
        match table {
            "bodies" => Self::Bodies,
            "dictionaries" => Self::Dictionaries,
            "articles" => Self::Articles,
            "article_history" => Self::OlderVersions,
            "extractions" => Self::ReplacedTexts,
            "removed" | "fields" | "images" | "authors" | "keywords" | "article_pages" | "ingested"
            | "opt_outs" | "story_links" | "story_prints" | "story_backlog" => Self::Provenance,
            "fetches" | "pages" | "runs" | "site_health" | "site_schedule" | "robots" | "tdmrep"
            | "memory" => Self::Logs,
            _ if table.starts_with("articles_fts") => Self::FullText,
            _ => Self::Other,
        }
    }
}

/// The file's size by what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Bytes of all pages.
    pub total: u64,
    /// Bytes of each part; together they are `total`.
    pub parts: BTreeMap<Part, u64>,
    /// Bodies that are there.
    pub bodies: u64,
    /// Bodies of which only the row is left.
    pub pruned_bodies: u64,
}

impl Reader {
    /// The file's size by what it holds, as of now.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn space(&self) -> Result<Space, StoreError> {
        // One state of the file for all questions.
        let _now = self.conn.unchecked_transaction().map_err(|e| self.fault(e))?;
        let number = |sql: &str| {
            let found = self.one(sql, [], |row| count(row, "n"))?;
            Ok::<u64, StoreError>(found.unwrap_or(0))
        };
        let page = number("select page_size as n from pragma_page_size")?;
        let total = page * number("select page_count as n from pragma_page_count")?;
        let free = page * number("select freelist_count as n from pragma_freelist_count")?;
        let trees: Vec<(String, String)> = self.all(
            "select name, tbl_name from sqlite_schema where rootpage > 0
             union all select 'sqlite_schema', 'sqlite_schema'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut parts: BTreeMap<Part, u64> = Part::ALL.map(|part| (part, 0)).into();
        let mut add = |part: Part, bytes: u64| *parts.entry(part).or_default() += bytes;
        add(Part::Free, free);
        let mut counted = free;
        for (name, table) in &trees {
            // The largest tree by far is not walked: it is what is left.
            if name == "bodies" {
                continue;
            }
            let bytes = self
                .one(
                    "select coalesce(sum(pgsize), 0) as n from dbstat where name = ?1 and aggregate = 1",
                    [name],
                    |row| count(row, "n"),
                )?
                .unwrap_or(0);
            counted += bytes;
            add(Part::of(table), bytes);
        }
        // Where free pages can be given back, one page in some hundred says who owns the others.
        let maps = match number("select auto_vacuum as n from pragma_auto_vacuum")? {
            0 => 0,
            _ => page * (total / page).div_ceil(page / 5 + 1),
        };
        add(Part::Other, maps);
        add(Part::Bodies, total.saturating_sub(counted + maps));
        Ok(Space {
            total,
            parts,
            bodies: number("select count(*) as n from bodies where pruned_at is null")?,
            pruned_bodies: number("select count(*) as n from bodies where pruned_at is not null")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Part;
    use crate::store::testing::{desk, story};

    #[tokio::test]
    async fn every_page_of_the_file_is_in_one_part() {
        let desk = desk().await;
        for n in 0..400_u64 {
            let mut page = story(desk.run, &format!("https://news.example/{n}"), "Told");
            let noise: String = (0..600 + n % 7 * 900)
                .map(|i| format!("{:x}", i * n * 7919))
                .collect();
            page.body = Some(format!("<p>{noise}</p>").into_bytes());
            desk.writer.record_page(page).await.unwrap();
        }
        let space = desk.reader().space().unwrap();
        assert_eq!(space.parts.values().sum::<u64>(), space.total);
        assert_eq!(space.bodies, 400);
        // What is told of the bodies by taking away the rest is what SQLite counts.
        let sql = desk.client();
        let counted = |name: &str| -> u64 {
            let query = "select coalesce(sum(pgsize), 0) from dbstat where name = ?1 and aggregate = 1";
            let bytes: i64 = sql.query_row(query, [name], |r| r.get(0)).unwrap();
            bytes.try_into().unwrap()
        };
        let all = ["bodies", "sqlite_autoindex_bodies_1", "bodies_dictionary"];
        assert_eq!(space.parts[&Part::Bodies], all.map(counted).iter().sum::<u64>());
        let known: u64 = space.total - space.parts[&Part::Other];
        assert!(known * 100 >= space.total * 95, "{space:?}");
    }
}
