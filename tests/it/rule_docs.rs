//! docs/rules.md against the program: its examples load, and no key is left out.

use copydesk::article::Category;
use copydesk::sites::{FileKind, Sites, json_schema};

const DOCS: &str = include_str!("../../docs/rules.md");

const HEAD: &str = "name = \"A\"\nhosts = [\"a.example\"]\n";

/// The fenced blocks of TOML, each with the rest of its info string.
fn examples() -> Vec<(&'static str, &'static str)> {
    DOCS.split("```toml")
        .skip(1)
        .map(|rest| {
            let (info, rest) = rest.split_once('\n').unwrap();
            (info.trim(), rest.split("```").next().unwrap())
        })
        .collect()
}

#[test]
fn every_example_loads() {
    let examples = examples();
    assert!(examples.len() > 8);
    for (info, text) in examples {
        let file = match info {
            "" => text.to_owned(),
            "fragment" | "finding" => format!("{HEAD}{text}"),
            other => panic!("unknown mark `{other}` on an example"),
        };
        let files = [("a.toml", file.as_str()), ("families/brightspot.toml", "")];
        if let Err(faults) = Sites::from_sources(files) {
            panic!("{text}\n{faults:#?}");
        }
    }
}

#[test]
fn every_example_of_a_finding_has_that_one() {
    let proof = "[[check]]\nurl = \"https://a.example/news/2\"\nfirst = \"It rained on Monday\"\n";
    let examples = examples().into_iter().filter(|(info, _)| *info == "finding");
    let mut seen = 0;
    for (_, text) in examples {
        // The comment stands in the third line, where the file's own lines begin.
        let file = format!("{HEAD}{text}{proof}");
        let sites = Sites::from_sources([("a.toml", file)]).unwrap();
        let all: Vec<_> = sites.iter().cloned().collect();
        let found: Vec<String> = sites
            .lint(&all)
            .iter()
            .map(|f| format!("{}: {}", f.key, f.message))
            .collect();
        let wanted = text.lines().next().unwrap().trim_start_matches("# ");
        assert!(
            found.len() == 1 && found[0].starts_with(wanted),
            "{text}\n{found:#?}"
        );
        seen += 1;
    }
    assert!(seen > 8, "{seen}");
}

/// The part of the page below a heading, up to the next one.
fn section(heading: &str) -> &'static str {
    let start = DOCS
        .find(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"));
    let rest = &DOCS[start + heading.len() + 1..];
    &rest[..rest.find("\n#").unwrap_or(rest.len())]
}

#[test]
fn every_key_is_documented_with_an_example_in_its_table() {
    let schema = json_schema(FileKind::Site);
    let tables = [
        ("## The file", ""),
        ("## `[discover]`", "DiscoverTable"),
        ("## `[crawl]`", "CrawlTable"),
        ("## `[[layout]]`", "LayoutTable"),
        ("### Fields", "FieldTable"),
        ("## `[[strip]]`", "StripTable"),
        ("## `[[replace]]`", "ReplaceTable"),
        ("## `[[check]]`", "CheckTable"),
    ];
    let mut documented = 0;
    for (heading, definition) in tables {
        let table = if definition.is_empty() {
            &schema
        } else {
            &schema["$defs"][definition]
        };
        let text = section(heading);
        for (key, property) in table["properties"].as_object().unwrap() {
            let is_table = property.to_string().contains("Table\"");
            if definition.is_empty() && is_table {
                assert!(DOCS.contains(&format!("[{key}]")), "{key} has no section");
                continue;
            }
            let row = text
                .lines()
                .find(|line| line.starts_with(&format!("| `{key}` |")));
            let row = row.unwrap_or_else(|| panic!("{heading}: no row for `{key}`"));
            assert!(
                row.contains(&format!("`{key} = ")),
                "{heading}: no example of `{key}`"
            );
            documented += 1;
        }
        let rows = text.lines().filter(|line| line.starts_with("| `")).count();
        let plain = table["properties"].as_object().unwrap().len();
        assert!(rows <= plain, "{heading}: a row for a key that is gone");
    }
    assert!(documented > 50, "{documented}");
}

#[test]
fn every_category_is_named() {
    let text = section("## `[[strip]]`");
    for category in Category::ALL {
        assert!(text.contains(category.as_str()), "{category}");
    }
}
