//! What the month's papers saw and what the archive holds: each promise checked, each table printed.
//! Owns the checks; the month itself is lived through in `mod`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::trouble::{LASTING, PASSING};
use super::world::{self, CLOSES, DAY, Edition, HOUR, Story, World};
use crate::faults::Seen;

/// What the archive holds of a story: the title, and the text of each version.
pub(super) type Archive = BTreeMap<String, Vec<String>>;

/// No host is asked twice at a time, nor sooner than it wants, nor before its robots.txt, nor against it.
pub(super) fn manners(edition: &Edition, log: &[Seen]) {
    let mut by_host: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for seen in log {
        by_host.entry(&seen.host).or_default().push(seen);
    }
    let mut pairs = 0;
    for (host, seen) in &by_host {
        let site = host
            .trim_start_matches("www.")
            .trim_start_matches("paper")
            .split('.')
            .next()
            .unwrap();
        let site: usize = site.parse().unwrap_or_else(|_| panic!("{host} is nobody's"));
        assert!(site < edition.sites, "{host} is nobody's");
        let least = world::delay(site).min(if host.starts_with("www.") {
            Duration::from_secs(1)
        } else {
            Duration::MAX
        });
        assert_eq!(seen[0].path, "/robots.txt", "{host}");
        for pair in seen.windows(2) {
            let (first, next) = (pair[0], pair[1]);
            // A client that gave up waiting knows of an end that the server does not.
            let gave_up = next.started - first.started >= edition.patience;
            let ended = first.answered.filter(|_| !gave_up).unwrap_or(first.started);
            let gap = next.started.checked_sub(ended).map(|gap| gap * edition.factor);
            assert!(
                gap.is_some_and(|gap| gap >= least),
                "{host}: {gap:?} between {} ({}) and {}",
                first.path,
                first.note,
                next.path
            );
            pairs += 1;
        }
        if host.starts_with("www.") {
            assert!(seen.iter().all(|s| s.path == "/robots.txt"), "{host}");
            continue;
        }
        obeys_robots(edition, host, site, seen);
    }
    eprintln!("manners: {pairs} pairs of requests to one host, all apart; robots.txt obeyed");
}

/// Whatever happens to a paper, its listing is asked for again before its stories leave it.
pub(super) fn listings_are_kept_up_with(edition: &Edition, log: &[Seen]) {
    let mut asked: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for seen in log {
        let path = seen.path.split('?').next().unwrap_or_default();
        if path.ends_with(".xml") {
            asked
                .entry(&seen.host)
                .or_default()
                .push(seen.started * edition.factor);
        }
    }
    let longest = asked.iter().filter_map(|(host, times)| {
        let gaps = times.windows(2).map(|pair| (pair[1] - pair[0], pair[0]));
        gaps.max().map(|(gap, since)| (gap, since, *host))
    });
    let (gap, since, host) = longest.max().unwrap();
    let days = |time: Duration| time.as_secs_f64() / DAY.as_secs_f64();
    eprintln!("\nno listing was left for longer than {:.1} days", days(gap));
    assert!(
        gap < LISTING_LEFT_FOR,
        "the listing of {host} was left for {:.1} days from day {:.1}:\n{}",
        days(gap),
        days(since),
        requests_between(edition, log, host, since, since + gap)
    );
}

/// What was asked of a paper in a time.
fn requests_between(edition: &Edition, log: &[Seen], host: &str, from: Duration, to: Duration) -> String {
    let told = log.iter().filter(|s| s.host == host).filter_map(|s| {
        let at = s.started * edition.factor;
        let hour = at.as_secs_f64() / HOUR.as_secs_f64();
        (from..=to)
            .contains(&at)
            .then(|| format!("  hour {hour:.2} {} {}", s.path, s.note))
    });
    told.collect::<Vec<_>>().join("\n")
}

fn obeys_robots(edition: &Edition, host: &str, site: usize, seen: &[&Seen]) {
    // When a robots.txt was last had, and whether it forbade the stories.
    let (mut had, mut closed) = (None, false);
    for request in seen {
        let now = request.started * edition.factor;
        if request.path == "/robots.txt" {
            // One that could not be had forbids all until the next turn.
            had = (request.note == "robots").then_some(now);
            closed |= request.note == "robots" && world::closes(site) && now >= CLOSES;
            continue;
        }
        let at = had.unwrap_or_else(|| {
            let hour = |seen: &Seen| (seen.started * edition.factor).as_secs_f64() / 3_600.0;
            let before = seen.iter().take_while(|s| s.started <= request.started);
            let told: Vec<String> = before
                .map(|s| format!("{:.2} {} {}", hour(s), s.path, s.note))
                .collect();
            panic!(
                "{host}{} was asked for without a robots.txt:\n{}",
                request.path,
                told.join("\n")
            )
        });
        assert!(
            now - at < HOUR * 30,
            "{host}: a robots.txt of {at:?} served at {now:?}"
        );
        let forbidden = request.path.starts_with("/s/") || request.path.starts_with("/amp/");
        assert!(!(closed && forbidden), "{host}{} is forbidden", request.path);
    }
}

/// How many requests went wrong, by the fault list, and of what kind the requests were.
pub(super) fn tell_requests(edition: &Edition, log: &[Seen]) {
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
    for seen in log {
        let kind = match seen
            .path
            .split('/')
            .nth(1)
            .unwrap_or_default()
            .split('?')
            .next()
            .unwrap_or_default()
        {
            "robots.txt" => "robots",
            ".well-known" => "tdmrep.json",
            "s" | "amp" | "x" => "article",
            _ => "listing",
        };
        let conditional =
            seen.header("if-none-match").is_some() || seen.header("if-modified-since").is_some();
        let of_kind = kinds.entry(kind).or_default();
        of_kind.0 += 1;
        of_kind.1 += usize::from(conditional);
        *notes.entry(seen.note).or_default() += 1;
    }
    eprintln!("\n{:<12} {:>9} {:>12}", "requests", "all", "conditional");
    for (kind, (all, conditional)) in &kinds {
        eprintln!("{kind:<12} {all:>9} {conditional:>12}");
    }
    eprintln!("\n{:<5} {:<32} {:>9}", "fault", "", "requests");
    let mut bad = 0;
    let lasting = LASTING.iter().map(|l| (l.code, l.name));
    for (code, name) in PASSING
        .iter()
        .map(|p| (p.code, p.name))
        .chain(lasting)
        .chain([("F26", "outage")])
    {
        let n = notes.get(name).copied().unwrap_or(0);
        bad += n;
        eprintln!("{code:<5} {name:<32} {n:>9}");
        assert!(n > 0 || edition.sites < 100, "{name} never happened");
    }
    let share = bad as f64 / log.len() as f64;
    eprintln!(
        "{bad} of {} requests went wrong: {:.1} %",
        log.len(),
        share * 100.0
    );
    assert!(share >= 0.05, "the month was too easy");
}

/// What the archive holds of each story, and that it holds each once.
pub(super) fn archive(db: &Path) -> Archive {
    let db = Connection::open(db).unwrap();
    let text = |sql: &str| db.query_row(sql, [], |r| r.get::<_, String>(0)).unwrap();
    assert_eq!(text("pragma integrity_check"), "ok");
    assert!(
        !db.prepare("pragma foreign_key_check")
            .unwrap()
            .exists([])
            .unwrap()
    );
    db.execute(
        "insert into articles_fts(articles_fts, rank) values ('integrity-check', 1)",
        [],
    )
    .unwrap();
    let mut stories = Archive::new();
    let mut versions = db
        .prepare("select id, title, version, text from article_versions order by id, version")
        .unwrap();
    let rows = versions
        .query_map([], |r| {
            Ok((
                r.get::<_, i64>(0)?,
                r.get::<_, String>(1)?,
                r.get::<_, i64>(2)?,
                r.get::<_, String>(3)?,
            ))
        })
        .unwrap();
    let mut ids: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows {
        let (id, title, version, text) = row.unwrap();
        let known = *ids.entry(title.clone()).or_insert(id);
        assert_eq!(known, id, "{title} is stored twice");
        let story = stories.entry(title.clone()).or_default();
        story.push(text);
        assert_eq!(story.len() as i64, version, "{title}");
    }
    stories
}

/// What the archive ought to hold in the end. Papers that closed are told apart: of theirs it has what
/// came before.
pub(super) fn expected(edition: &Edition, world: &World) -> Archive {
    let stories = (0..edition.sites)
        .filter(|s| !world::closes(*s))
        .flat_map(|site| world.stories(site));
    stories.map(|story| (story.title(), versions(story))).collect()
}

fn versions(story: Story) -> Vec<String> {
    let text = |corrected| story.paragraphs(corrected).join("\n\n");
    let mut versions = vec![text(false)];
    versions.extend(story.is_corrected().then(|| text(true)));
    versions
}

/// Takes out what papers that closed have told, each at most once, and compares the rest.
pub(super) fn is_complete(edition: &Edition, expected: &Archive, db: &Path, log: &[Seen]) -> Archive {
    let mut stored = archive(db);
    let closed: Vec<String> = (0..edition.sites)
        .filter(|s| world::closes(*s))
        .map(|s| format!("quay {s}x"))
        .collect();
    stored.retain(|title, _| !closed.iter().any(|name| title.contains(name.as_str())));
    let lacking: Vec<&String> = expected
        .keys()
        .filter(|t| stored.get(*t) != expected.get(*t))
        .collect();
    let told: Vec<String> = lacking
        .iter()
        .take(5)
        .map(|title| history(db, edition, log, title))
        .collect();
    assert!(
        lacking.is_empty(),
        "{} stories are not as they should be:\n{}",
        lacking.len(),
        told.join("\n")
    );
    let strangers: Vec<&String> = stored
        .keys()
        .filter(|title| !expected.contains_key(*title))
        .collect();
    assert!(strangers.is_empty(), "{strangers:?}");
    stored
}

/// All that is known of a story that is not as it should be.
fn history(db: &Path, edition: &Edition, log: &[Seen], title: &str) -> String {
    let name = title.split(" quay ").nth(1).unwrap();
    let (site, n) = name.split_once('x').unwrap();
    let host = format!("paper{site}.example");
    let db = Connection::open(db).unwrap();
    let mut pages = db
        .prepare(
            "select p.url || ' ' || coalesce(outcome, 'queued') || ' next ' || coalesce(next_visit_at, 'never')
                    || ', found ' || discovered_at || ', article ' || coalesce(article_id, 'none') || ', version '
                    || coalesce((select version from articles a where a.id = article_id), 0) || ' '
                    || coalesce(reason, '')
               from pages p where p.url like ?1 or p.url like ?2",
        )
        .unwrap();
    let like = [format!("http://{host}/s/{n}-%"), format!("http://{host}/amp/{n}")];
    let rows = pages.query_map(like, |r| r.get::<_, String>(0)).unwrap();
    let mut told: Vec<String> = rows.map(Result::unwrap).collect();
    let start: jiff::Timestamp = world::START.parse().unwrap();
    let paths = [format!("/s/{n}-"), format!("/amp/{n}")];
    // Its own requests, and those that speak for the paper: robots.txt and the listing.
    let is_of = |s: &&Seen| {
        s.host == host && (paths.iter().any(|p| s.path.starts_with(p.as_str())) || !s.path[1..].contains('/'))
    };
    told.extend(log.iter().filter(is_of).map(|s| {
        let at = start + s.started * edition.factor;
        format!("    {at:.0} {} {}", s.path, s.note)
    }));
    format!("{title}\n  {}", told.join("\n  "))
}

/// What became of addresses that never told a story.
pub(super) fn bad_addresses(db: &Path) {
    let db = Connection::open(db).unwrap();
    let mut pages = db
        .prepare("select url, outcome, next_visit_at is null, coalesce(reason, '') from pages where url like '%.example/x/%' and outcome is not null")
        .unwrap();
    let rows = pages
        .query_map([], |r| {
            Ok((
                r.get::<_, String>(0)?,
                r.get::<_, String>(1)?,
                r.get::<_, bool>(2)?,
                r.get::<_, String>(3)?,
            ))
        })
        .unwrap();
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in rows {
        let (url, outcome, settled, reason) = row.unwrap();
        let kind = url
            .split("/x/")
            .nth(1)
            .and_then(|rest| rest.split('/').next())
            .unwrap();
        let lasting = LASTING.iter().find(|l| l.name == kind).unwrap();
        let expected = lasting.outcomes.contains(&outcome.as_str());
        // What met an outage or a passing fault last is still on its way.
        assert!(
            expected || (outcome == "failed" && !settled),
            "{url}: {outcome} {reason}"
        );
        *told.entry((kind.to_owned(), outcome)).or_default() += 1;
    }
    eprintln!("\n{:<14} {:<14} {:>6}", "bad address", "outcome", "pages");
    for ((kind, outcome), n) in told {
        eprintln!("{kind:<14} {outcome:<14} {n:>6}");
    }
}

/// What a story costs in requests: none is asked for beyond need.
pub(super) fn thrift(edition: &Edition, log: &[Seen], stories: usize, restarts: usize) {
    let whole = log
        .iter()
        .filter(|s| s.note == "story" || s.note == "another address")
        .count();
    // Each first, three times for corrections, once more under its second and its new address; and what was in
    // flight when a watch was killed, one of a site.
    let most = stories * 5 + restarts * edition.sites;
    eprintln!("\n{stories} stories, {whole} answers that told one");
    assert!(whole <= most, "{whole} answers, {most} would do");
}

/// The file's pages by table, against its stories.
pub(super) fn file_size(db: &Path, stories: usize) {
    let size = std::fs::metadata(db).unwrap().len();
    let db = Connection::open(db).unwrap();
    let mut tables = db
        .prepare(
            "select coalesce(case when m.tbl_name like 'articles_fts%' then 'articles_fts' else m.tbl_name end, d.name) as t,
                    sum(d.pgsize) as bytes from dbstat d left join sqlite_master m on m.name = d.name
              group by t order by bytes desc",
        )
        .unwrap();
    let rows = tables
        .query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?)))
        .unwrap();
    let mut told = 0;
    eprintln!(
        "\n{:<18} {:>9} {:>8} {:>15}",
        "table", "KiB", "rows", "bytes a story"
    );
    for row in rows {
        let (table, bytes) = row.unwrap();
        told += bytes;
        let rows = db
            .query_row(&format!("select count(*) from \"{table}\""), [], |r| {
                r.get::<_, i64>(0)
            })
            .unwrap_or(0);
        eprintln!(
            "{table:<18} {:>9} {rows:>8} {:>15}",
            bytes / 1024,
            bytes / stories as i64
        );
    }
    let free: i64 = db
        .query_row(
            "select freelist_count * page_size from pragma_freelist_count, pragma_page_size",
            [],
            |r| r.get(0),
        )
        .unwrap();
    eprintln!("{:<18} {:>9}", "free", free / 1024);
    // A file that can give pages back keeps a map of who points to each: its second page, and every so
    // many further on (<https://www.sqlite.org/fileformat2.html>, §1.8).
    let maps: i64 = db
        .query_row(
            "select iif(auto_vacuum > 0, (page_count - 2) / (page_size / 5 + 1) + 1, 0) * page_size
               from pragma_auto_vacuum, pragma_page_count, pragma_page_size",
            [],
            |r| r.get(0),
        )
        .unwrap();
    eprintln!("{:<18} {:>9}", "maps of pages", maps / 1024);
    assert_eq!(
        u64::try_from(told + free + maps).unwrap(),
        size,
        "the tables do not explain the file"
    );
    let a_story = size / stories as u64;
    eprintln!("{:<18} {:>9} {:>8} {a_story:>15}", "the file", size / 1024, "");
    assert!(a_story < MOST_BYTES_A_STORY, "{a_story} bytes a story");
}

/// Pauses that papers ask for are a day at most, and the rest after failures is, too; more than one in a row is rare.
const LISTING_LEFT_FOR: Duration = Duration::from_secs(5 * 24 * 3_600);

/// What a story of some 3 KB, its versions and all requests of a month of its paper may take in the file.
const MOST_BYTES_A_STORY: u64 = 64 * 1024;

/// Memory by day: what it holds at the end it held early.
pub(super) fn memory(samples: &[(Duration, u64)]) {
    let day = |at: &Duration| at.as_secs() / DAY.as_secs();
    let mut by_day: BTreeMap<u64, u64> = BTreeMap::new();
    for (at, bytes) in samples {
        let most = by_day.entry(day(at)).or_default();
        *most = (*most).max(*bytes);
    }
    eprintln!("\n{:<5} {:>10}", "day", "MiB held");
    for (day, bytes) in &by_day {
        eprintln!("{day:<5} {:>10.1}", *bytes as f64 / f64::from(1 << 20));
    }
    let days: Vec<u64> = by_day.into_values().collect();
    if days.len() < 20 {
        return;
    }
    let early = days[3..10].iter().max().unwrap();
    let late = days[days.len() - 10..].iter().max().unwrap();
    assert!(
        *late < early + early / 4 + (16 << 20),
        "it held {early} bytes in the first days, {late} in the last"
    );
}
