//! The pages that we wrote ourselves (tests/pages): each is named, proved, and passes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use copydesk::sites::Sites;

use crate::desk::Desk;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages")
}

/// Id and address of every line of the manifest.
fn named() -> Vec<(String, String)> {
    let manifest = std::fs::read_to_string(folder().join("manifest.jsonl")).unwrap();
    let rows = manifest
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    rows.map(|row| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (text("id"), text("url"))
    })
    .collect()
}

#[test]
fn every_page_is_named_by_the_manifest_and_every_name_has_a_page() {
    let files: BTreeSet<String> = std::fs::read_dir(folder().join("pages"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .map(|name| name.split('.').next().unwrap().to_owned())
        .collect();
    let ids: BTreeSet<String> = named().into_iter().map(|(id, _)| id).collect();
    assert_eq!(files, ids);
    assert!(!ids.is_empty());
}

#[test]
fn every_page_is_proved_by_a_check() {
    let sites = Sites::builtin();
    let proved: BTreeSet<&str> = sites
        .iter()
        .flat_map(|s| s.checks.iter().map(|c| c.url.as_str()))
        .collect();
    for (id, url) in named() {
        assert!(proved.contains(url.as_str()), "no check for {id}, {url}");
    }
}

#[test]
fn the_checks_of_huffpost_pass_on_them() {
    let folder = folder();
    let told = Desk::new().run(&["sites", "check", "huffpost", "--pages", folder.to_str().unwrap()]);
    told.quiet().says("0 failed, 0 without a page");
}

#[test]
fn what_is_taken_out_of_them_is_told_by_its_kind() {
    let desk = Desk::new();
    for (id, categories) in [
        (
            "huffpost-ferry-talks",
            vec!["caption", "advert", "related", "caption", "donation", "gallery"],
        ),
        (
            "huffpost-night-market",
            vec!["caption", "donation", "advert", "embed", "gallery"],
        ),
        (
            "huffpost-lighthouse-essay",
            vec!["donation", "newsletter", "other"],
        ),
    ] {
        let page = folder().join(format!("pages/{id}.html"));
        let json = desk
            .run(&["explain", page.to_str().unwrap(), "--json"])
            .quiet()
            .json();
        let told: Vec<&str> = json["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|b| b["category"].as_str())
            .collect();
        assert_eq!(told, categories, "{id}");
        for block in json["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|b| b["kept"] == false)
        {
            let rule = block["rule"].as_str().unwrap();
            assert!(rule.starts_with("huffpost.toml:"), "{id}: {block}");
        }
    }
}
