//! The rule files that copydesk ships, as a whole: each is complete and proved, and none is written
//! for one story, one address or one build of a site.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use copydesk::sites::{Sites, builtin_sources};
use regex::Regex;
use toml::{Table, Value};

/// What is no word in a pattern: escapes and flags.
static ESCAPE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\\(\p{L}(\{[^}]*\})?|.)|\(\?[a-z]+\)").unwrap());
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\p{L}\p{N}]+").unwrap());
static MODULE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"__([A-Za-z0-9]{5,6})$").unwrap());
static BARE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^_?[a-z]?[A-Za-z0-9]{4,9}$").unwrap());
static HEX: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[0-9a-f]{6,10}$").unwrap());
static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d{5,}").unwrap());
static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"[.#]([A-Za-z_][\w-]*)|[~^$*|]?=\s*['"]?([^'"\]]+)"#).unwrap());

/// The files of sites by id, with the family each stands on.
fn shipped() -> BTreeMap<String, (Table, Table)> {
    let files: BTreeMap<&str, Table> = builtin_sources()
        .map(|(path, text)| (path, text.parse().unwrap()))
        .collect();
    files
        .iter()
        .filter(|(path, _)| !path.contains('/') && **path != "common.toml")
        .map(|(path, site)| {
            let family = site.get("extends").and_then(Value::as_str);
            let family = family.map_or_else(Table::new, |id| {
                files[format!("families/{id}.toml").as_str()].clone()
            });
            (path.to_string(), (site.clone(), family))
        })
        .collect()
}

/// Every string below `value`, with the dotted keys that lead to it.
fn strings(value: &Value, key: &str, into: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => into.push((key.to_owned(), text.clone())),
        Value::Array(items) => items.iter().for_each(|item| strings(item, key, into)),
        Value::Table(table) => {
            for (name, item) in table {
                strings(item, &format!("{key}.{name}"), into);
            }
        }
        _ => {}
    }
}

/// What a file says outside its proofs, discovery and names: `(key, value)`.
fn rules(file: &Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (key, value) in file {
        if !["check", "discover", "name", "hosts", "headers"].contains(&key.as_str()) {
            strings(value, key, &mut found);
        }
    }
    found
}

/// Patterns only: what is searched in the words of a page.
fn is_pattern(key: &str) -> bool {
    [".text", ".from", ".until", ".match", ".remove", ".find"]
        .iter()
        .any(|end| key.ends_with(end))
}

/// Selectors only, in strips, layouts and fields.
fn is_selector(key: &str) -> bool {
    !is_pattern(key)
        && ![".category", ".name", ".format", ".last-seen", ".at", ".with"]
            .iter()
            .any(|end| key.ends_with(end))
        && !["extends", "country", "language", "timezone"].contains(&key)
}

fn words(text: &str) -> Vec<String> {
    let text = ESCAPE.replace_all(text, " ").to_lowercase();
    WORD.find_iter(&text).map(|m| m.as_str().to_owned()).collect()
}

/// The first five words in a row that both texts have.
fn shared(pattern: &str, story: &str) -> Option<String> {
    let pattern = words(pattern);
    if pattern.len() < 5 {
        return None;
    }
    let story = words(story);
    let told: BTreeSet<&[String]> = story.windows(5).collect();
    let run = pattern.windows(5).find(|run| told.contains(run))?;
    Some(run.join(" "))
}

/// A class, id or part of one that a build tool made up: `css-1x2y3z`, `sc-bdVaJa`, `jsx-559134781`,
/// `_s30J`, `f46ba790`, `Article_body__ab3Xy`. Such a name is gone with the site's next release.
fn is_hash(name: &str) -> bool {
    let mixed = |text: &str| {
        let digit = text.contains(|c: char| c.is_ascii_digit());
        let upper = text.contains(|c: char| c.is_ascii_uppercase());
        let lower = text.contains(|c: char| c.is_ascii_lowercase());
        (digit && (upper || lower)) || (upper && lower && !text.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    let tail = |prefix: &str| name.strip_prefix(prefix).filter(|rest| rest.len() > 4);
    if let Some(rest) = tail("css-").or_else(|| tail("sc-")).or_else(|| tail("jsx-")) {
        return rest.contains(|c: char| c.is_ascii_digit()) || mixed(rest);
    }
    if let Some(found) = MODULE.captures(name) {
        return found[1].contains(|c: char| c.is_ascii_digit())
            || found[1][1..].contains(|c: char| c.is_ascii_uppercase());
    }
    let underscored = name.starts_with('_') && BARE.is_match(name) && mixed(&name[1..]);
    underscored || (HEX.is_match(name) && mixed(name))
}

/// The names of classes and ids in a selector, and the values of its attributes.
fn names(selector: &str) -> Vec<String> {
    NAME.captures_iter(selector)
        .filter_map(|found| found.get(1).or_else(|| found.get(2)))
        .flat_map(|m| {
            m.as_str()
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_site_says_where_it_is_and_where_its_stories_are_listed() {
    for (path, (site, family)) in shipped() {
        for key in ["country", "language", "timezone"] {
            assert!(
                site.contains_key(key) || family.contains_key(key),
                "{path}: no {key}"
            );
        }
        let discover = site.get("discover").and_then(Value::as_table);
        let listed = discover.is_some_and(|table| {
            ["feeds", "sitemaps", "sections"]
                .iter()
                .any(|key| table.contains_key(*key))
        });
        assert!(listed, "{path}: no feed, sitemap or section");
    }
}

#[test]
fn every_site_is_proved_from_the_first_paragraph_to_the_last() {
    for site in Sites::builtin().iter() {
        assert!(!site.checks.is_empty(), "{}: no check", site.id);
        for check in &site.checks {
            let whole = check.first.is_some() && check.last.is_some() && check.blocks.is_some();
            assert!(whole, "{}: first, last or blocks is missing", check.place);
            assert!(check.title.is_some(), "{}: no title", check.place);
        }
    }
}

#[test]
fn no_rule_tells_the_words_of_the_story_that_proves_it() {
    for (path, (site, family)) in shipped() {
        let mut patterns = rules(&site);
        patterns.extend(rules(&family));
        patterns.retain(|(key, _)| is_pattern(key));
        let checks = site.get("check").and_then(Value::as_array);
        for check in checks.into_iter().flatten() {
            let mut story = Vec::new();
            for key in ["title", "subtitle", "first", "last", "contains"] {
                if let Some(value) = check.get(key) {
                    strings(value, key, &mut story);
                }
            }
            for (key, pattern) in &patterns {
                for (_, text) in &story {
                    let run = shared(pattern, text);
                    assert_eq!(run, None, "{path}: {key} tells the story of {}", check["url"]);
                }
            }
        }
    }
}

#[test]
fn no_selector_is_written_for_one_address_one_story_or_one_build() {
    for (path, text) in builtin_sources() {
        let file: Table = text.parse().unwrap();
        for (key, value) in rules(&file) {
            if key.ends_with(".find") || key.ends_with(".with") {
                assert!(!value.contains("://"), "{path}: {key} holds an address");
            }
            if !is_selector(&key) {
                continue;
            }
            assert!(!NUMBER.is_match(&value), "{path}: {key} holds a number: {value}");
            assert!(!value.contains("://"), "{path}: {key} holds an address: {value}");
            for name in names(&value) {
                assert!(!is_hash(&name), "{path}: {key} relies on the hash {name}");
            }
        }
    }
}

#[test]
fn docs_count_the_sites_and_name_every_family_with_its_papers() {
    const DOCS: &str = include_str!("../../docs/sites.md");
    let sites = shipped();
    let mut papers: BTreeMap<String, Vec<&str>> = builtin_sources()
        .filter_map(|(path, _)| path.strip_prefix("families/")?.strip_suffix(".toml"))
        .map(|id| (id.to_owned(), Vec::new()))
        .collect();
    for (path, (site, _)) in &sites {
        if let Some(family) = site.get("extends").and_then(Value::as_str) {
            let id = path.strip_suffix(".toml").unwrap();
            papers.get_mut(family).unwrap().push(id);
        }
    }
    let of = |key: &str| {
        let said = sites.values().filter_map(|(site, family)| {
            let value = site.get(key).or_else(|| family.get(key))?.as_str()?;
            Some(value.split('-').next().unwrap().to_owned())
        });
        said.collect::<BTreeSet<String>>().len()
    };
    let count = format!(
        "{} sites of {} countries in {} languages, and {} families",
        sites.len(),
        of("country"),
        of("language"),
        papers.len()
    );
    let folded = DOCS.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains(&count), "docs/sites.md does not say: {count}");
    for (family, mut ids) in papers {
        ids.sort_unstable();
        assert!(!ids.is_empty(), "no paper stands on {family}");
        let row = DOCS
            .lines()
            .find(|line| line.starts_with(&format!("| `{family}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/sites.md does not name {family}"));
        assert!(
            row.ends_with(&format!("| {} |", ids.join(", "))),
            "{row}: {ids:?}"
        );
    }
}

#[test]
fn what_the_checks_above_look_for_is_found() {
    for hash in [
        "css-1x2y3z",
        "sc-bdVaJa",
        "sc-77igqf-0",
        "jsx-559134781",
        "_s30J",
        "f46ba790",
        "ba1e62a6",
        "Paragraph_paragraph-text__PVHzw",
        "text_text__Za4bX",
    ] {
        assert!(is_hash(hash), "{hash}");
    }
    for name in [
        "article__body",
        "entry-content",
        "p402_premium",
        "d23-body-article",
        "js_post-content",
        "col3",
        "ArticleParagraph_root",
        "story-contents__font-paragraph",
        "articleBody",
        "jtarticle",
        "RichTextStoryBody",
    ] {
        assert!(!is_hash(name), "{name}");
    }
    assert_eq!(
        shared(
            r"(?i)^the mayor\s+resigned on monday\b",
            "“The mayor resigned on Monday,” she said."
        )
        .as_deref(),
        Some("the mayor resigned on monday")
    );
    assert_eq!(shared("^Read more: ", "Read more about the mayor."), None);
}
