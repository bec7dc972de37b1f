//! Rule files as the program uses them: directories, families, hosts, values. What is said of wrong
//! ones is in `rule_faults`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use copydesk::article::Category;
use copydesk::sites::rule::{At, Source, StripWhat, Until};
use copydesk::sites::{Sites, builtin_sources};
use url::Url;

const HEAD: &str = "name = \"X\"\nhosts = [\"x.example\"]\n";

fn set<const N: usize>(files: [(&str, &str); N]) -> Sites {
    Sites::from_sources(files).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn name_and_hosts_are_enough() {
    let sites = set([(
        "the-post.toml",
        "name = \"The Post\"\nhosts = [\"post.example\"]\n",
    )]);
    let site = sites.get("the-post").unwrap();
    assert_eq!(
        (site.name.as_str(), site.file.as_str()),
        ("The Post", "the-post.toml")
    );
    assert!(site.enabled);
    assert!(!site.discover.listed);
    assert!(site.layouts.is_empty());
}

#[test]
fn every_built_in_file_loads_and_is_there_once() {
    let sites = Sites::builtin();
    let files: Vec<&str> = builtin_sources().map(|(path, _)| path).collect();
    assert!(
        files.contains(&"common.toml") && files.contains(&"huffpost.toml"),
        "{files:?}"
    );
    let own = files
        .iter()
        .filter(|f| !f.contains('/') && **f != "common.toml")
        .count();
    assert_eq!(sites.iter().count(), own);
    assert!(sites.iter().is_sorted_by_key(|site| site.id.clone()));
    assert!(sites.common().strips.len() >= 40);
}

#[test]
fn exact_hosts_win_over_wildcards_and_long_wildcards_over_short() {
    let file = |host: &str| format!("name = \"N\"\nhosts = [\"{host}\"]\n");
    let sites = set([
        ("all.toml", file("*.news.example").as_str()),
        ("sport.toml", file("*.sport.news.example").as_str()),
        ("home.toml", file("news.example").as_str()),
        ("local.toml", file("local.news.example").as_str()),
    ]);
    let of = |address: &str| sites.for_url(&url(address)).map(|site| site.id.clone());
    assert_eq!(of("https://news.example/a").as_deref(), Some("home"));
    assert_eq!(of("https://www.news.example/a").as_deref(), Some("home"));
    assert_eq!(
        of("http://WWW.Local.News.example:8080/").as_deref(),
        Some("local")
    );
    assert_eq!(of("https://a.news.example/").as_deref(), Some("all"));
    assert_eq!(of("https://a.sport.news.example./").as_deref(), Some("sport"));
    assert_eq!(of("https://other.example/"), None);
}

#[test]
fn a_site_is_found_by_id_host_or_address_and_else_the_file_to_create_is_named() {
    let sites = set([(
        "post.toml",
        "name = \"P\"\nhosts = [\"post.example\", \"*.post.example\"]\n",
    )]);
    for name in [
        "post",
        "post.example",
        "www.post.example",
        "https://m.post.example/a?b",
    ] {
        assert_eq!(sites.resolve(name).unwrap().id, "post", "{name}");
    }
    let error = sites.resolve("gazette.example").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no rules for gazette.example: create sites/gazette.example.toml, or have it written: copydesk sites new URL"
    );
    let slip = sites.resolve("pots").unwrap_err().to_string();
    assert!(
        slip.starts_with("no rules for pots: did you mean post?"),
        "{slip}"
    );
}

#[test]
fn stories_are_told_from_other_pages_by_their_address() {
    let rules = "[discover]\ninclude = [\"/entry/*\", \"/story?id=*\"]\nexclude = [\"/entry/*-live_*\"]\n";
    let site = set([("x.toml", &format!("{HEAD}{rules}"))]).get("x").unwrap();
    assert!(site.is_article_url(&url("https://www.x.example/entry/a_1")));
    assert!(site.is_article_url(&url("https://x.example/story?id=7")));
    assert!(!site.is_article_url(&url("https://x.example/entry/a-live_1")));
    assert!(!site.is_article_url(&url("https://x.example/news/entry/a")));
    assert!(!site.is_article_url(&url("https://y.example/entry/a_1")));
    assert!(site.owns(&url("http://x.example/anything")));
}

#[test]
fn a_family_gives_what_the_site_does_not_say() {
    let family = r#"
language = "en"
country = "us"
[discover]
include = ["/story/*"]
[crawl]
delay = "5s"
[headers]
accept-language = "en"
X-Family = "yes"
[[layout]]
name = "family"
body = ".f"
[[strip]]
category = "related"
select = ".f-related"
"#;
    let site = r#"name = "X"
hosts = ["x.example"]
extends = "cms"
language = "en-GB"
[discover]
include = ["/news/*"]
[crawl]
every = "1h"
[headers]
Accept-Language = "en-GB"
[[layout]]
name = "own"
body = ".o"
[[strip]]
category = "advert"
select = ".o-advert"
"#;
    let sites = set([("x.toml", site), ("families/cms.toml", family)]);
    let site = sites.get("x").unwrap();
    assert_eq!(site.family.as_deref(), Some("cms"));
    assert_eq!(site.language.as_deref(), Some("en-GB"));
    assert_eq!(site.country.as_deref(), Some("us"));
    assert_eq!(site.crawl.every, Some(Duration::from_secs(60 * 60)));
    assert_eq!(site.crawl.delay, Some(Duration::from_secs(5)));
    let include: Vec<&str> = site.discover.include.iter().map(|p| p.written.as_str()).collect();
    assert_eq!(include, ["/news/*", "/story/*"]);
    let layouts: Vec<&str> = site.layouts.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(layouts, ["own", "family"]);
    let places: Vec<&str> = site.strips.iter().map(|s| s.place.as_str()).collect();
    assert_eq!(places, ["x.toml:14", "families/cms.toml:14"]);
    let headers: Vec<(&str, &str)> = site
        .crawl
        .headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    assert_eq!(headers, [("Accept-Language", "en-GB"), ("X-Family", "yes")]);
}

#[test]
fn the_hash_of_a_site_changes_with_its_family_and_with_the_common_rules() {
    let site = format!("{HEAD}extends = \"f\"\n");
    let hash = |family: &str, common: &str| {
        let sites = set([
            ("x.toml", site.as_str()),
            ("families/f.toml", family),
            ("common.toml", common),
        ]);
        sites.get("x").unwrap().sha256.clone()
    };
    let plain = hash("", "");
    assert_eq!(plain.len(), 64);
    assert_eq!(plain, hash("", ""));
    assert_ne!(plain, hash("# f", ""));
    assert_ne!(hash("# f", ""), hash("", "# f"));
}

#[test]
fn strips_say_where_they_stand_and_what_they_match() {
    let rules = r#"
[[strip]]
category = "gallery"
select = ".a, .b"

[[strip]]
category = "donation"
text = '^Support us$'
closest = "section"

[[strip]]
category = "gallery"
from = "^Also on"

[[strip]]
category = "legal"
whole = "em"
at = "last"
"#;
    let site = set([("x.toml", &format!("{HEAD}{rules}"))]).get("x").unwrap();
    let shown: Vec<(&str, &str)> = site
        .strips
        .iter()
        .map(|s| (s.place.as_str(), s.pattern.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("x.toml:4", ".a, .b"),
            ("x.toml:8", "text ^Support us$ closest section"),
            ("x.toml:13", "from ^Also on"),
            ("x.toml:17", "whole em at last"),
        ]
    );
    assert_eq!(site.strips[1].category, Category::Donation);
    assert!(matches!(
        &site.strips[2].what,
        StripWhat::Region {
            until: Until::End,
            ..
        }
    ));
    assert!(matches!(
        &site.strips[3].what,
        StripWhat::Block {
            at: Some(At::Last),
            select: None,
            ..
        }
    ));
}

#[test]
fn fields_take_a_source_a_list_or_a_table() {
    let rules = r#"
[[layout]]
body = ".b"
title = ["json-ld:headline", "meta[name='a@b']@content"]
subtitle = ".dek"
authors = { select = ".by", match = '^By (.+)$', split = false, first = true }
"#;
    let site = set([("x.toml", &format!("{HEAD}{rules}"))]).get("x").unwrap();
    let [title, subtitle, authors] = site.layouts[0].fields.as_slice() else {
        panic!("{:?}", site.layouts[0].fields)
    };
    assert!(matches!(&title.sources[0], Source::JsonLd(path) if path == "headline"));
    assert!(matches!(
        &title.sources[1],
        Source::Css { selector, attribute: Some(name), written }
            if selector.source() == "meta[name='a@b']" && name == "content" && written == "meta[name='a@b']@content"
    ));
    assert!(matches!(
        &subtitle.sources[0],
        Source::Css { attribute: None, .. }
    ));
    assert!(subtitle.split && !subtitle.first);
    assert!(!authors.split && authors.first);
    assert_eq!(authors.matching.as_ref().unwrap().as_str(), "^By (.+)$");
}

fn write(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_directory_lies_over_the_built_in_files_one_by_one() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(
        root,
        "huffpost.toml",
        "name = \"Mine\"\nhosts = [\"huffpost.com\"]\nenabled = false\n",
    );
    write(
        root,
        "common.toml",
        "[[strip]]\ncategory = \"other\"\nselect = \".mine\"\n",
    );
    write(
        root,
        "extra.toml",
        "name = \"Extra\"\nhosts = [\"extra.example\"]\nextends = \"fam\"\n",
    );
    write(root, "families/fam.toml", "language = \"de\"\n");
    write(root, ".extra.toml.swp.toml", "not = rules");
    write(root, "notes.txt", "not rules");
    let sites = Sites::load(Some(root)).unwrap();
    let built_in = Sites::load(None).unwrap();
    let huffpost = sites.get("huffpost").unwrap();
    assert_eq!((huffpost.name.as_str(), huffpost.enabled), ("Mine", false));
    assert_eq!(sites.common().strips.len(), 1);
    assert_eq!(sites.get("extra").unwrap().language.as_deref(), Some("de"));
    assert_eq!(sites.iter().count(), built_in.iter().count() + 1);
}

#[test]
fn faults_of_a_directory_name_the_file_as_it_can_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(root, "bad.toml", "name = \"Bad\"\nhosts = \"bad.example\"\n");
    write(root, "families/worse.toml", "[[layout]]\nbody = \"div[\"\n");
    fs::write(root.join("latin.toml"), b"name = \"K\xf6ln\"\n").unwrap();
    write(root, "no name.toml", HEAD);
    let found: Vec<String> = Sites::load(Some(root))
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    let starts = |name: &str, rest: &str| {
        let start = format!("{}{rest}", root.join(name).display());
        assert!(found.iter().any(|f| f.starts_with(&start)), "{start}\n{found:#?}");
    };
    starts("bad.toml", ":2:9: hosts: a string where a list belongs");
    starts("families/worse.toml", ":2:8: layout.body: not a CSS selector");
    starts("latin.toml", ":1:1: not UTF-8 from byte 9 on; save it as UTF-8");
    starts("no name.toml", ":1:1: not a name for a rule file");
}

#[test]
fn a_directory_that_is_named_must_exist() {
    let found = Sites::load(Some(Path::new("/nowhere/sites"))).unwrap_err();
    assert!(
        found[0].to_string().contains("not a readable directory"),
        "{found:?}"
    );
}

#[cfg(unix)]
#[test]
fn links_out_of_the_directory_are_refused_and_links_within_are_not() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "secret.toml", HEAD);
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "kept/real.toml", HEAD);
    symlink(
        directory.path().join("kept/real.toml"),
        directory.path().join("inside.toml"),
    )
    .unwrap();
    assert!(
        Sites::load(Some(directory.path()))
            .unwrap()
            .get("inside")
            .is_some()
    );
    symlink(
        outside.path().join("secret.toml"),
        directory.path().join("out.toml"),
    )
    .unwrap();
    let found = Sites::load(Some(directory.path())).unwrap_err();
    assert_eq!(found.len(), 1);
    assert!(
        found[0].message.contains("leads out of the rule directory"),
        "{found:?}"
    );
}
