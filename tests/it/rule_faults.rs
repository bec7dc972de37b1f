//! Every way a rule file can be wrong, and the line in which its author reads of it.

use copydesk::sites::{MAX_FILE_BYTES, MAX_RULES, Sites};

const HEAD: &str = "name = \"X\"\nhosts = [\"x.example\"]\n";

/// The faults of one site file, whose first two lines are [`HEAD`], in their one-line form.
fn faults(rest: &str) -> Vec<String> {
    faults_of([("x.toml", format!("{HEAD}{rest}"))])
}

fn faults_of<const N: usize>(files: [(&str, String); N]) -> Vec<String> {
    Sites::from_sources(files)
        .err()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Asserts that each snippet has exactly one fault, at the place and with the words given.
fn each_has(cases: &[(&str, &str)]) {
    for (rest, expected) in cases {
        let found = faults(rest);
        assert_eq!(found.len(), 1, "{rest}: {found:#?}");
        let expected = format!("sites/x.toml:{expected}");
        assert!(found[0].starts_with(&expected), "\n{}\n{expected}", found[0]);
    }
}

#[test]
fn values_that_do_not_fit_name_line_column_and_key() {
    each_has(&[
        (
            "country = \"USA\"",
            "3:11: country: not a country code: \"USA\"; write two letters",
        ),
        (
            "language = \"english language\"",
            "3:12: language: not a language tag",
        ),
        (
            "timezone = \"Mars/Base\"",
            "3:12: timezone: unknown time zone \"Mars/Base\"; use an IANA name",
        ),
        (
            "keep = [\".a\", \"div[\"]",
            "3:15: keep: not a CSS selector: it ends in the middle",
        ),
        (
            "sponsored = \"p:contains('x')\"",
            "3:13: sponsored: `:contains` is not supported: use `text =",
        ),
        (
            "[discover]\nfeeds = [\"/feed\"]",
            "4:10: discover.feeds: not an address: /feed",
        ),
        (
            "[discover]\nsections = [\"ftp://x.example/\"]",
            "4:13: discover.sections: scheme ftp:",
        ),
        (
            "[discover]\ninclude = [\"https://x.example/a/*\"]",
            "4:12: discover.include: not a pattern of a path",
        ),
        (
            "[discover]\nmax-age = \"a week\"",
            "4:11: discover.max-age: not a length of time: \"a week\"; write it as",
        ),
        ("[crawl]\nevery = \"0s\"", "4:9: crawl.every: no time at all"),
        (
            "[crawl]\nrevisit = [\"1h\", \"-6h\"]",
            "4:18: crawl.revisit: a time before now",
        ),
        (
            "[headers]\ncookie = \"a=b\"",
            "4:10: headers.cookie: a rule may not set cookie; leave it out",
        ),
        (
            "[headers]\nUser-Agent = \"x\"",
            "4:14: headers.User-Agent: a rule may not set User-Agent",
        ),
        (
            "[headers]\nAccept-Language = \"de\\r\\nHost: y\"",
            "4:19: headers.Accept-Language: a header value of other",
        ),
        (
            "extends = \"nowhere\"",
            "3:11: extends: no family \"nowhere\"; create sites/families/nowhere.toml",
        ),
    ]);
}

#[test]
fn forbidden_headers_stay_forbidden_in_every_spelling() {
    for name in [
        "User-Agent",
        "COOKIE",
        "authorization",
        "Referer",
        "hOST",
        "Proxy-Authorization",
    ] {
        let found = faults(&format!("[headers]\n{name} = \"x\"\n"));
        assert_eq!(found.len(), 1, "{name}");
    }
    let allowed = format!("{HEAD}[headers]\nAccept-Language = \"de\"\n");
    let sites = Sites::from_sources([("x.toml", allowed)]).unwrap();
    let headers = &sites.get("x").unwrap().crawl.headers;
    assert_eq!(headers, &[("Accept-Language".to_owned(), "de".to_owned())]);
}

#[test]
fn hosts_must_be_hosts() {
    let of = |hosts: &str| faults_of([("x.toml", format!("name = \"X\"\nhosts = {hosts}\n"))]);
    assert_eq!(
        of("[]"),
        ["sites/x.toml:2:9: hosts: an empty list; name at least one"]
    );
    assert_eq!(
        of("[\"x.example\", \"https://y.example/news\"]"),
        ["sites/x.toml:2:23: hosts: an address, not a host: \"https://y.example/news\"; write \"y.example\""]
    );
    assert!(of("[\"*\"]")[0].contains("a star inside a host"));
    assert!(of("[\"*.com\"]")[0].contains("too wide"));
}

#[test]
fn layouts_and_fields_that_do_not_fit_are_named() {
    let layout = |line: &str| format!("[[layout]]\nbody = \"article\"\n{line}\n");
    let cases = [
        (
            "paragraphs = \"p:eq(1)\"",
            "5:14: layout.paragraphs: `:eq(` is not supported",
        ),
        (
            "title = [\"h1\", \"div[\"]",
            "5:16: layout.title: not a CSS selector",
        ),
        (
            "title = \"@content\"",
            "5:9: layout.title: not a source: \"@content\"",
        ),
        (
            "title = \"json-ld:author..name\"",
            "5:9: layout.title: not a path into JSON-LD",
        ),
        (
            "title = \"json-ld.headline\"",
            "5:9: layout.title: not a source: \"json-ld.headline\"; write \"json-ld:headline\"",
        ),
        (
            "authors = { select = \".a\", match = '(' }",
            "5:36: layout.authors.match: not a pattern: unclosed group",
        ),
        (
            "authors = { select = \".a\", mach = 'x' }",
            "5:28: layout.authors.mach: unknown key `mach`; did you mean `match`?",
        ),
        (
            "authors = { match = 'x' }",
            "5:11: layout.authors.select: layout.authors needs `select`",
        ),
        (
            "published = { select = \".a\", format = \"%Q\" }",
            "5:39: layout.published.format: not a format of a date",
        ),
        (
            "published = { select = \".a\", format = \"%H:%M\" }",
            "5:39: layout.published.format: not a format of a date",
        ),
        (
            "title = { select = \"h1\", format = \"%Y\" }",
            "5:35: layout.title.format: only `published` and `modified`",
        ),
        (
            "title = { select = \"h1\", split = false }",
            "5:34: layout.title.split: only `authors` and `keywords`",
        ),
        (
            "last-seen = \"31.01.2026\"",
            "5:13: layout.last-seen: not a day: \"31.01.2026\"; write it as",
        ),
    ];
    for (line, expected) in cases {
        each_has(&[(&layout(line), expected)]);
    }
}

#[test]
fn strips_whose_conditions_do_not_go_together_are_named() {
    let strip = |lines: &str| format!("[[strip]]\ncategory = \"other\"\n{lines}\n");
    let cases = [
        ("", "3:1: strip: a strip without a condition; add"),
        (
            "at = \"last\"",
            "3:1: strip.at: `at` alone would take a block of every story",
        ),
        (
            "at = \"middle\"\nselect = \".a\"",
            "5:6: strip.at: unknown at \"middle\"; one of: first, last",
        ),
        (
            "select = \".a\"\nclosest = \"section\"",
            "6:11: strip.closest: `closest` without `text`",
        ),
        ("until = \"end\"", "5:9: strip.until: `until` without `from`"),
        (
            "from = \"^A$\"\nselect = \".a\"",
            "3:1: strip.select: `select` in a strip of a region",
        ),
        ("from = \"^A$\"\nuntil = \"(\"", "6:9: strip.until: not a pattern"),
        ("select = \"html\"", "5:10: strip.select: matches html or body"),
        ("select = \".a, *\"", "5:10: strip.select: matches html or body"),
        (
            "select = \"body:not(.story)\"",
            "5:10: strip.select: matches html or body",
        ),
        ("text = \".*\"", "5:8: strip.text: matches any text"),
        ("from = \"\"", "5:8: strip.from: matches any text"),
        ("text = '(?=a)b'", "5:8: strip.text: not a pattern: look-around"),
        (
            "text = '(\\w{1,900}){900}'",
            "5:8: strip.text: pattern needs more than",
        ),
    ];
    for (lines, expected) in cases {
        each_has(&[(&strip(lines), expected)]);
    }
    each_has(&[(
        "[[strip]]\nselect = \".a\"",
        "3:1: strip.category: strip needs `category`",
    )]);
}

#[test]
fn checks_that_prove_nothing_are_named() {
    let check = |lines: &str| format!("[[check]]\n{lines}\n");
    let page = "url = \"https://x.example/a\"";
    each_has(&[
        (&check("title = \"A\""), "3:1: check.url: check needs `url`"),
        (
            &check(page),
            "3:1: check: a check that expects nothing; add title",
        ),
        (
            &check("url = \"https://y.example/a\"\ntitle = \"A\""),
            "4:7: check.url: y.example is none of this site's hosts",
        ),
        (
            &check(&format!("{page}\npublished = \"21 Feb 2016\"")),
            "5:13: check.published: not a date as it is stored",
        ),
        (
            &check(&format!("{page}\nblocks = -1")),
            "5:10: check.blocks: -1 is not a count",
        ),
    ]);
}

#[test]
fn limits_hold() {
    let long = format!("keep = [\"{}\"]", ".a".repeat(600));
    assert!(faults(&long)[0].contains("over the limit of 1024"));
    let pattern = format!(
        "[[strip]]\ncategory = \"other\"\ntext = \"{}\"\n",
        "a".repeat(5_000)
    );
    assert!(faults(&pattern)[0].contains("over the limit of 4096"));
    let many = "[[strip]]\ncategory=\"other\"\ntext=\"^a$\"\n".repeat(MAX_RULES + 1);
    let found = faults(&many);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("sites/x.toml:1503:1: 501 rules, over the limit of 500"),
        "{found:?}"
    );
    let large = format!("# {}\n", "x".repeat(MAX_FILE_BYTES));
    assert!(faults(&large)[0].contains("over the limit of 262144 bytes"));
}

#[test]
fn all_faults_of_all_files_come_in_one_run() {
    let found = faults_of([
        (
            "a.toml",
            "name = \"A\"\nhots = [\"a.example\"]\ncountry = \"USA\"\n".to_owned(),
        ),
        ("b.toml", "name = \"B\"\nhosts = [\"b.example\"\n".to_owned()),
        (
            "common.toml",
            "[[strip]]\ncategory = \"sozial\"\nselect = \"div[\"\n".to_owned(),
        ),
        ("families/f.toml", "hosts = [\"f.example\"]\n".to_owned()),
    ]);
    let at = |place: &str| found.iter().filter(|f| f.starts_with(place)).count();
    assert_eq!(
        at("sites/a.toml:1:1: hosts: the file needs `hosts`"),
        1,
        "{found:#?}"
    );
    assert_eq!(
        at("sites/a.toml:2:1: hots: unknown key `hots`; did you mean `hosts`?"),
        1,
        "{found:#?}"
    );
    assert_eq!(at("sites/a.toml:3:11: country"), 1, "{found:#?}");
    assert!(at("sites/b.toml:") >= 1, "{found:#?}");
    assert_eq!(
        at("sites/common.toml:2:12: strip.category: unknown category \"sozial\""),
        1,
        "{found:#?}"
    );
    assert_eq!(
        at("sites/common.toml:3:10: strip.select: not a CSS selector"),
        1,
        "{found:#?}"
    );
    assert_eq!(
        at("sites/families/f.toml:1:1: hosts: `hosts` belongs to a site"),
        1,
        "{found:#?}"
    );
}

#[test]
fn two_files_with_one_host_are_a_fault_of_the_second() {
    let found = faults_of([
        (
            "a.toml",
            "name = \"A\"\nhosts = [\"www.news.example\", \"*.news.example\"]\n".to_owned(),
        ),
        (
            "b.toml",
            "name = \"B\"\nhosts = [\"b.example\", \"news.example\"]\n".to_owned(),
        ),
    ]);
    assert_eq!(
        found,
        [
            "sites/b.toml:2:23: hosts: news.example is claimed by sites/a.toml too; take it out of one of the \
             two, or name this file a.toml to replace the other"
        ]
    );
}
