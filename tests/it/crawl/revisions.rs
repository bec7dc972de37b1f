//! Looking again: what is a correction, what is not, and what a site repeats.

use super::{PAPER, page, paper, text};
use crate::desk::{Desk, rss, story};
use crate::faults::Reply;

const VERSIONS: &str = "select replace(url, 'http://paper.example/news/', ''), version, word_count from article_versions order by 1, 2";

fn tagged(tag: &str, body: &str) -> Reply {
    Reply::status(
        200,
        &["Content-Type: text/html", &format!("ETag: \"{tag}\"")],
        body,
    )
}

#[test]
fn refresh_asks_conditionally_for_every_stored_story() {
    let desk = paper(&["pier", "tram"]);
    for subject in ["pier", "tram"] {
        desk.web().put(
            &format!("paper.example/news/{subject}"),
            tagged(subject, &page(subject)),
        );
    }
    desk.crawl(&[]).quiet();
    let before = desk.sql("select id, version, text_sha256, fetch_id from articles order by id");
    desk.web().forget();
    for subject in ["pier", "tram"] {
        let same = Reply::raw(format!(
            "HTTP/1.1 304 Same\r\nETag: \"{subject}\"\r\nConnection: close\r\n\r\n"
        ));
        desk.web().put(&format!("paper.example/news/{subject}"), same);
    }
    let summary = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(summary["outcomes"]["unchanged"], 2);
    let mut tags: Vec<String> = desk
        .web()
        .requests()
        .iter()
        .filter(|seen| seen.path.starts_with("/news/"))
        .map(|seen| seen.header("if-none-match").unwrap_or("none").to_owned())
        .collect();
    tags.sort();
    assert_eq!(tags, ["\"pier\"", "\"tram\""]);
    assert_eq!(
        desk.sql("select id, version, text_sha256, fetch_id from articles order by id"),
        before
    );
    assert!(desk.outcome("paper.example/news/pier").starts_with("unchanged: "));
}

#[test]
fn a_new_paragraph_is_a_second_version_and_the_first_one_stays() {
    let desk = paper(&["pier", "tram"]);
    desk.crawl(&[]).quiet();
    let [first, second] = text("pier");
    let added = "The bill will come in spring.";
    let corrected = story("A new pier", &[&first, &second, added]);
    desk.web().put("paper.example/news/pier", Reply::page(corrected));
    let summary = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(
        (&summary["revised"], &summary["new_articles"]),
        (&1.into(), &0.into())
    );
    let versions: Vec<String> = desk.sql(
        "select replace(url, 'http://paper.example/news/', ''), version, text from article_versions order by 1, 2",
    );
    assert_eq!(
        versions,
        [
            format!("pier | 1 | {first}\n\n{second}"),
            format!("pier | 2 | {first}\n\n{second}\n\n{added}"),
            format!("tram | 1 | {}", text("tram").join("\n\n")),
        ]
    );
    let change = desk.sql("select version, words_after - words_before from article_changes");
    assert_eq!(change, ["2 | 6"]);
    // A run later there is nothing to say.
    desk.crawl(&["--refresh"]).quiet();
    assert_eq!(desk.sql("select version from article_versions").len(), 3);
}

#[test]
fn a_new_title_is_a_version_too() {
    let desk = paper(&["pier"]);
    desk.crawl(&[]).quiet();
    let corrected = page("pier").replace("A new pier", "A mended pier");
    desk.web().put("paper.example/news/pier", Reply::page(corrected));
    desk.crawl(&["--refresh"]).quiet();
    assert_eq!(
        desk.sql("select title_before, title_after from article_changes"),
        ["A new pier | A mended pier"]
    );
}

#[test]
fn a_reworded_appeal_or_another_link_is_no_version() {
    let rules = format!("{PAPER}\n[[strip]]\ncategory = \"donation\"\nselect = \".appeal\"\n");
    let with = |appeal: &str, link: &str| {
        let around =
            format!("<div class=appeal><p>{appeal}</p></div><aside><a href=/x>{link}</a></aside></article>");
        Reply::page(page("pier").replace("</article>", &around))
    };
    let desk = Desk::new().site("paper", &rules).serve([
        ("paper.example/feed", rss(&["paper.example/news/pier"])),
        ("paper.example/news/pier", with("Give in spring.", "The old pier")),
    ]);
    desk.crawl(&[]).quiet();
    let before = desk.sql(VERSIONS);
    desk.web().put(
        "paper.example/news/pier",
        with("Winter is long. Give now, and give again.", "The tram"),
    );
    let summary = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(
        (&summary["revised"], &summary["outcomes"]["unchanged"]),
        (&0.into(), &1.into())
    );
    assert_eq!(desk.sql(VERSIONS), before);
}

#[test]
fn a_changed_rule_never_looks_like_a_correction() {
    let desk = paper(&["pier"]);
    let two = page("pier").replace(
        "</article>",
        "<p class=note>Told by the harbour desk.</p></article>",
    );
    desk.web().put("paper.example/news/pier", Reply::page(&two));
    desk.crawl(&[]).quiet();
    desk.file(
        "sites/paper.toml",
        format!("{PAPER}\n[[strip]]\ncategory = \"byline\"\nselect = \".note\"\n"),
    );
    desk.web().put(
        "paper.example/news/pier",
        Reply::page(two.replace("Front page", "Home")),
    );
    let summary = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(summary["revised"], 0);
    assert_eq!(desk.sql("select version from article_versions"), ["1"]);
}

#[test]
fn a_story_that_fails_later_stays_as_it_was() {
    let desk = paper(&["pier"]);
    desk.crawl(&[]).quiet();
    let before = desk.sql("select * from articles");
    desk.web()
        .put("paper.example/news/pier", Reply::status(404, &[], ""));
    desk.crawl(&["--refresh"]).quiet();
    assert!(desk.outcome("paper.example/news/pier").starts_with("gone: "));
    assert_eq!(desk.sql("select * from articles"), before);
}

#[test]
fn what_stands_in_three_stories_is_repeated_and_what_stands_in_two_is_not() {
    let appeal = "Readers like you keep the lamps of this desk burning through the night.";
    let quote = "“The sea gives and the sea takes,” the oldest fisherman of the town said again.";
    let with = |subject: &str, extra: &[&str]| {
        let [first, second] = text(subject);
        let mut all = vec![first.as_str(), &second];
        all.extend(extra);
        Reply::page(story(&format!("A new {subject}"), &all))
    };
    let desk = paper(&["pier", "tram", "clock"]);
    for (subject, extra) in [
        ("pier", vec![quote, appeal]),
        ("tram", vec![quote, appeal]),
        ("clock", vec![appeal]),
    ] {
        desk.web()
            .put(&format!("paper.example/news/{subject}"), with(subject, &extra));
    }
    desk.crawl(&[]).quiet();
    // The first run knew nothing of the site.
    assert!(
        desk.sql("select text from removed where category = 'repeated'")
            .is_empty()
    );
    desk.web().put(
        "paper.example/feed",
        rss(&["paper.example/news/bridge", "paper.example/news/lamp"]),
    );
    desk.web()
        .put("paper.example/news/bridge", with("bridge", &[quote, appeal]));
    desk.web().put("paper.example/news/lamp", with("lamp", &[appeal]));
    desk.crawl(&[]).quiet();
    let removed = desk.sql(
        "select replace(a.url, 'http://paper.example/news/', ''), r.category, r.rule, r.pattern, r.text
           from removed r join articles a on a.id = r.article_id
          where r.category = 'repeated' order by 1",
    );
    assert_eq!(
        removed,
        ["bridge", "lamp"].map(|s| format!("{s} | repeated | memory | in 3 of 3 articles | {appeal}"))
    );
    let kept = desk.sql("select text from articles where url like '%/bridge'");
    assert_eq!(kept, [format!("{}\n\n{quote}", text("bridge").join("\n\n"))]);
    assert!(desk.sql("select memory_sha256 from articles where url like '%/bridge'")[0].len() == 64);
    // The stored text of the earlier stories is not rewritten behind anyone's back.
    assert!(desk.sql("select text from articles where url like '%/clock'")[0].contains(appeal));
    assert_eq!(desk.sql("select max(version) from articles"), ["1"]);
}

#[test]
fn a_clock_that_was_set_back_postpones_no_story_and_ends_no_policy() {
    let rules = format!("{PAPER}\n[crawl]\nrevisit = [\"1h\", \"7d\"]\n");
    let desk = paper(&["pier", "tram"]).site("paper", &rules);
    desk.web()
        .put("paper.example/news/tram", Reply::status(500, &[], ""));
    desk.crawl(&[]).well();
    // As if all of it had been done by a clock that was decades ahead.
    desk.change(
        "update articles set first_seen_at = '2061-01-01T00:00:00Z';
         update pages set discovered_at = '2061-01-01T00:00:00Z', next_visit_at = '2061-01-01T01:00:00Z'
          where kind = 'article'",
    );
    let [first, second] = text("pier");
    let corrected = story("A new pier", &[&first, &second, "The bill will come in spring."]);
    desk.web().put("paper.example/news/pier", Reply::page(corrected));
    desk.web().forget();
    desk.crawl(&[]).well();
    assert_eq!(desk.web().paths(), ["/feed", "/news/pier", "/news/tram"]);
    assert_eq!(desk.sql(VERSIONS).len(), 2);
    // Its age is not known, so there is no further look; a failure waits twice as long after the second.
    let next =
        "select substr(url, -4), round((julianday(next_visit_at) - julianday(last_fetched_at)) * 24, 1)
                  from pages where kind = 'article' order by url";
    assert_eq!(desk.sql(next), ["pier | -", "tram | 1"]);
}

#[test]
fn a_story_that_is_had_whole_is_not_cut_to_its_beginning() {
    let [first, second] = text("pier");
    let [third, fourth] = text("tram");
    let desk = paper(&["pier"]);
    let whole = story("A new pier", &[&first, &second, &third, &fourth]);
    desk.web().put("paper.example/news/pier", Reply::page(&whole));
    desk.crawl(&[]).quiet();
    let before = desk.sql("select version, text from article_versions");
    let metered = "<script type='application/ld+json'>{\"@type\": \"NewsArticle\", \"headline\": \"A new pier\", \
                   \"isAccessibleForFree\": false}</script></head>";
    let beginning = story("A new pier", &[&first, &second]).replace("</head>", metered);
    desk.web().put("paper.example/news/pier", Reply::page(beginning));
    let summary = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(summary["outcomes"]["paywall-teaser"], 1, "{summary}");
    assert_eq!(desk.sql("select version, text from article_versions"), before);
    assert_eq!(desk.outcome("paper.example/news/pier"), "paywall-teaser: ");
    // What is had whole again may be a correction.
    let corrected = whole.replace("on Monday", "on Tuesday");
    desk.web().put("paper.example/news/pier", Reply::page(corrected));
    let summary = desk.crawl(&["--refresh", "--json"]).quiet().json();
    assert_eq!(summary["revised"], 1, "{summary}");
}
