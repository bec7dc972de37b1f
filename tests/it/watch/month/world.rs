//! The invented web of the month: which paper tells what, and when. Owns what a paper answers when nothing
//! goes wrong; what goes wrong is `trouble`'s.
//!
//! Time here is the time since the month began, on the fast clock.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::trouble::{self, LASTING};
use crate::faults::{Reply, Seen, Step};

/// When the month begins.
pub(super) const START: &str = "2026-11-01T00:00:00Z";
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3_600);
/// A corrected story is told so often before it is corrected: the first answer may have been lost with whoever
/// asked. `revisit` looks more often than that.
const TOLD_BEFORE: usize = 2;
/// A story's address changes so long after it was first told.
const MOVES_AFTER: Duration = Duration::from_secs(36 * 3_600);
/// Stories stay in the feed so long.
const LISTED_FOR: Duration = Duration::from_secs(6 * 24 * 3_600);
/// The rule files' `revisit`.
const REVISIT: &str = "['12h', '2d', '7d']";
/// Time between two stories, in hours, and `every`, of five kinds of paper.
const RATES: [(u64, &str); 5] = [(8, "1h"), (16, "3h"), (32, "6h"), (60, "6h"), (120, "12h")];
/// From this day on the robots.txt of some papers forbids their stories.
pub(super) const CLOSES: Duration = Duration::from_secs(4 * 24 * 3_600);

/// What stories are made of.
static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "anchor bakery barge basin bell bench boat bridge bucket cabin candle canal captain cargo carpet \
     chapel chimney clerk clock coal compass copper corner council crane crate customs deck depot \
     diver dock engine evening ferry festival field fisher fog garden gate glass grain guard gull \
     hammer harbour hill hoist hotel island jetty kettle kitchen ladder lamp lantern ledger library \
     lighthouse lock market mast mayor meadow mill morning museum net night oak office orchard paint \
     paper pier pilot platform plumber porter post pump quay queue rail rain river road roof rope \
     sailor salt school shed shore signal silver square station steam stone storm street summer \
     teacher theatre ticket tide timber tower train tram tunnel valley village wagon wall warden \
     water weather wharf wheel window winter wood workshop yard"
        .split(' ')
        .collect()
});

/// How large the month is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edition {
    pub(super) name: &'static str,
    pub(super) sites: usize,
    /// How long papers tell new stories; after that they are looked at for corrections only.
    pub(super) tells_for: Duration,
    /// How long it is watched.
    pub(super) lasts: Duration,
    /// How much faster the clock runs.
    pub(super) factor: u32,
    /// How long a client waits for an answer, on the network's own time, which is not hurried.
    pub(super) patience: Duration,
}

/// A number that a thing always has, whoever asks.
pub(super) fn dice(thing: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// A story by its paper and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Story {
    pub(super) site: usize,
    pub(super) n: usize,
}

impl Story {
    /// Words that no other story has.
    pub(super) fn name(self) -> String {
        format!("quay {}x{}", self.site, self.n)
    }

    pub(super) fn title(self) -> String {
        let word = WORDS[pick(dice((self, "title")), WORDS.len())];
        format!("A new {word} at {}", self.name())
    }

    fn published(self) -> Duration {
        let gap = RATES[self.site % RATES.len()].0 * 3_600;
        let shift = dice((self, "when")) % gap;
        Duration::from_secs(self.n as u64 * gap + shift)
    }

    pub(super) fn is_corrected(self) -> bool {
        self.n.is_multiple_of(3)
    }

    /// Whether the feed names a second address of it, too.
    fn has_amp(self) -> bool {
        self.n % 10 == 4
    }

    fn moves(self) -> bool {
        self.n % 10 == 7
    }

    /// Whether it is told on two pages.
    pub(super) fn has_two_pages(self) -> bool {
        self.site % 20 == 3 && self.n % 2 == 1
    }

    fn address(self, moved: bool) -> String {
        let slug = if moved { "put-right" } else { "as-told" };
        format!("/s/{}-{slug}", self.n)
    }

    /// Its text, a paragraph an item.
    pub(super) fn paragraphs(self, corrected: bool) -> Vec<String> {
        let name = self.name();
        let mut paragraphs = vec![format!(
            "The council of {name} has told what is to be done before the winter comes."
        )];
        for p in 0..4 {
            let words = (0..30).map(|w| WORDS[pick(dice((self, p, w)), WORDS.len())]);
            let words: Vec<&str> = words.collect();
            paragraphs.push(format!(
                "At {name} they spoke of the {}.",
                words.join(" and the ")
            ));
        }
        if corrected {
            paragraphs[2].push_str(" It was not the ferry, as was told at first, but the old barge.");
        }
        paragraphs
    }
}

fn pick(number: u64, of: usize) -> usize {
    usize::try_from(number % of as u64).unwrap()
}

pub(super) fn host(site: usize) -> String {
    format!("paper{site}.example")
}

/// What a paper is listed by.
fn listing(site: usize) -> (&'static str, &'static str) {
    [
        ("feeds", "/rss.xml"),
        ("feeds", "/atom.xml"),
        ("sitemaps", "/news.xml"),
    ][site % 3]
}

/// A paper's rule file.
pub(super) fn rules(site: usize) -> String {
    let host = host(site);
    let (kind, path) = listing(site);
    let every = RATES[site % RATES.len()].1;
    let delay = if site % 10 == 6 { "delay = '3s'\n" } else { "" };
    let paged = if site % 20 == 3 {
        "next-page = 'a.next'\n"
    } else {
        ""
    };
    format!(
        "name = 'Paper {site}'\nhosts = ['{host}']\n{paged}[discover]\n{kind} = ['http://{host}{path}']\n\
         [crawl]\nevery = '{every}'\nrevisit = {REVISIT}\n{delay}[[layout]]\nbody = 'article'\ntitle = 'h1'\n\
         [[strip]]\ncategory = 'donation'\nselect = '.give'\n"
    )
}

/// Least time between two requests to a paper.
pub(super) fn delay(site: usize) -> Duration {
    let own = if site % 10 == 6 { 3 } else { 1 };
    let asked_for = if robots_kind(site) == 5 { 5 } else { 0 };
    Duration::from_secs(own.max(asked_for))
}

fn robots_kind(site: usize) -> usize {
    site % 14
}

/// Whether a paper's robots.txt forbids its stories after a while.
pub(super) fn closes(site: usize) -> bool {
    robots_kind(site) == 8
}

/// What a paper answers when nothing goes wrong.
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) headers: Vec<String>,
    pub(super) body: Vec<u8>,
    pub(super) note: &'static str,
    /// Whether it was asked for only if it had changed.
    pub(super) asked_if: bool,
}

impl Page {
    fn ok(content_type: &str, body: impl Into<Vec<u8>>, note: &'static str) -> Self {
        Self {
            status: 200,
            headers: vec![format!("Content-Type: {content_type}")],
            body: body.into(),
            note,
            asked_if: false,
        }
    }

    pub(super) fn status(status: u16, note: &'static str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            note,
            asked_if: false,
        }
    }

    pub(super) fn redirect(location: &str, note: &'static str) -> Self {
        let mut page = Self::status(301, note);
        page.headers.push(format!("Location: {location}"));
        page
    }

    fn reply(self) -> Reply {
        let headers: Vec<&str> = self.headers.iter().map(String::as_str).collect();
        Reply::status(self.status, &headers, self.body)
    }
}

/// The papers, and what they remember of having been asked.
pub(super) struct World {
    edition: Edition,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    asked: HashMap<String, usize>,
    /// When each story was told for the first time, and how often since.
    told: HashMap<Story, (Duration, usize)>,
}

impl World {
    pub(super) fn new(edition: Edition) -> Self {
        Self {
            edition,
            memory: Mutex::default(),
        }
    }

    /// Answers a request, as it should or otherwise.
    pub(super) fn answer(&self, seen: &Seen) -> (Reply, &'static str) {
        let now = seen.started * self.edition.factor;
        let address = format!("{}{}", seen.host, seen.path);
        let visit = {
            let mut memory = self.memory.lock().unwrap();
            let asked = memory.asked.entry(address.clone()).or_default();
            *asked += 1;
            *asked
        };
        let Some(site) = site_of(&seen.host) else {
            return (Reply::status(502, &[], ""), "another host");
        };
        if let Some(reply) = trouble::outage(site, now) {
            return (reply, "outage");
        }
        let path = seen.path.split('?').next().unwrap_or_default();
        if let Some(kind) = path.strip_prefix("/x/") {
            let kind = kind.split('/').next().unwrap_or_default();
            if let Some(lasting) = LASTING.iter().find(|l| l.name == kind) {
                return ((lasting.reply)(seen), lasting.name);
            }
        }
        let (mut page, story) = self.page(site, path, now);
        page.asked_if = ["if-none-match", "if-modified-since"]
            .iter()
            .any(|name| seen.header(name).is_some());
        if let Some(fault) = trouble::passing(&address, visit, &page) {
            if page.note == "robots" {
                // Beyond what is read of it, nothing is missed.
                page.body.truncate(1_000);
            }
            if page.body.is_empty() {
                // Of nothing, nothing can be cut.
                page.body = b"There is nothing here, and little more to say of it.".to_vec();
            }
            return ((fault.reply)(&page, self.at(now)), fault.name);
        }
        if let Some(story) = story {
            let mut memory = self.memory.lock().unwrap();
            memory.told.entry(story).or_insert((now, 0)).1 += 1;
        }
        let note = page.note;
        (decorated(site, page, seen), note)
    }

    fn at(&self, since: Duration) -> Timestamp {
        START.parse::<Timestamp>().unwrap() + since
    }

    /// The page at a path, and the story whose first page it is.
    fn page(&self, site: usize, path: &str, now: Duration) -> (Page, Option<Story>) {
        if path == "/robots.txt" {
            return (robots(site, now), None);
        }
        if path == listing(site).1 {
            return (self.listing(site, now), None);
        }
        let gone = (Page::status(404, "nothing there"), None);
        let mut parts = path.trim_start_matches('/').splitn(3, '/');
        let (Some(kind @ ("s" | "amp")), Some(slug), further) = (parts.next(), parts.next(), parts.next())
        else {
            return gone;
        };
        let Some(n) = slug.split('-').next().and_then(|n| n.parse().ok()) else {
            return gone;
        };
        let story = Story { site, n };
        let told_for = self.told_since(story, now).0;
        let moved = story.moves() && told_for >= MOVES_AFTER;
        if further.is_none() && kind == "s" && moved && slug.ends_with("as-told") {
            return (Page::redirect(&story.address(true), "a story that moved"), None);
        }
        let second = further == Some("2");
        let page = self.told(story, now, second, kind == "amp", moved);
        (page, (!second).then_some(story))
    }

    /// How long ago a story was told for the first time, and how often it was told.
    fn told_since(&self, story: Story, now: Duration) -> (Duration, usize) {
        let memory = self.memory.lock().unwrap();
        let told = memory.told.get(&story);
        told.map_or((Duration::ZERO, 0), |(at, n)| (now.saturating_sub(*at), *n))
    }

    fn told(&self, story: Story, now: Duration, second: bool, amp: bool, moved: bool) -> Page {
        let corrected = story.is_corrected() && self.told_since(story, now).1 >= TOLD_BEFORE;
        let paragraphs = story.paragraphs(corrected);
        let (from, to) = match (story.has_two_pages() && !amp, second) {
            (false, _) => (0, 5),
            (true, false) => (0, 3),
            (true, true) => (3, 5),
        };
        let mut text: Vec<String> = paragraphs[from..to]
            .iter()
            .map(|p| format!("<p>{p}</p>"))
            .collect();
        // Half of the papers word their appeal anew each day.
        let day = if story.site % 8 < 4 {
            now.as_secs() / DAY.as_secs()
        } else {
            0
        };
        text.insert(
            1,
            format!("<aside class=give><p>Support us on day {day}, as many do.</p></aside>"),
        );
        let title = story.title();
        let published = self.at(story.published());
        let address = story.address(moved);
        let next = if to == 3 {
            format!("<a class=next href=\"{address}/2\">Next page</a>")
        } else {
            String::new()
        };
        let body = format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>\
             <link rel=canonical href=\"http://{}{address}\">\
             <meta property=\"article:published_time\" content=\"{published}\"></head><body>\
             <nav><a href=/>Front page</a> <a href=/about>About</a></nav><h1>{title}</h1>\
             <article>{}</article>{next}<footer>All rights reserved.</footer></body></html>",
            host(story.site),
            text.join("\n"),
        );
        Page::ok("text/html", body, if amp { "another address" } else { "story" })
    }

    /// What a paper lists: young stories and bad addresses among them, the newest first.
    fn listing(&self, site: usize, now: Duration) -> Page {
        let mut items = Vec::new();
        let told = self.stories(site).filter(|s| s.published() <= now);
        let young = told.filter(|s| s.published() + LISTED_FOR > now);
        for story in young {
            let moved = story.moves() && self.told_since(story, now).0 >= MOVES_AFTER;
            items.push((story.address(moved), story));
            if story.has_amp() {
                items.push((format!("/amp/{}", story.n), story));
            }
            if let Some(lasting) = bad_address(story) {
                items.push((lasting, story));
            }
        }
        items.reverse();
        let host = host(site);
        // A campaign's name in each address, another one at each visit.
        let campaign = if site % 4 == 1 {
            format!("?utm_source=feed&amp;utm_campaign={}", now.as_secs())
        } else {
            String::new()
        };
        let item = |(path, story): &(String, Story)| {
            let link = format!("http://{host}{path}{campaign}");
            let title = story.title();
            let date = self.at(story.published());
            match site % 3 {
                0 => {
                    let date = date.strftime("%a, %d %b %Y %H:%M:%S +0000");
                    format!("<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate></item>")
                }
                1 => format!(
                    "<entry><title>{title}</title><link href=\"{link}\"/><updated>{date}</updated></entry>"
                ),
                _ => format!("<url><loc>{link}</loc><lastmod>{date}</lastmod></url>"),
            }
        };
        let items: String = items.iter().map(item).collect();
        let (content_type, body) = match site % 3 {
            0 => (
                "application/rss+xml",
                format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>"),
            ),
            1 => (
                "application/atom+xml",
                format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>News</title>{items}</feed>"),
            ),
            _ => (
                "application/xml",
                format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{items}</urlset>"),
            ),
        };
        Page::ok(content_type, body, "listing")
    }

    /// The stories that a paper tells in this edition, in order.
    pub(super) fn stories(&self, site: usize) -> impl Iterator<Item = Story> {
        let until = self.edition.tells_for;
        (0..)
            .map(move |n| Story { site, n })
            .take_while(move |s| s.published() < until)
    }
}

/// A bad address that is listed with a story.
fn bad_address(story: Story) -> Option<String> {
    let number = dice((story, "bad"));
    number.is_multiple_of(16).then(|| {
        let lasting = &LASTING[pick(number / 16, LASTING.len())];
        format!("/x/{}/{}", lasting.name, story.n)
    })
}

fn site_of(host: &str) -> Option<usize> {
    let host = host.strip_prefix("www.").unwrap_or(host);
    host.strip_prefix("paper")?.strip_suffix(".example")?.parse().ok()
}

/// A paper's robots.txt, in all the shapes these have.
fn robots(site: usize, now: Duration) -> Page {
    let own = "User-agent: *\nDisallow: /x/denied/\n";
    let body = match robots_kind(site) {
        0 => return Page::status(404, "robots"),
        1 => "<!doctype html><html><title>Not found</title></html>".to_owned(),
        2 => format!("\u{feff}{}", own.replace('\n', "\r")),
        3 => format!("{own}{}", "Disallow: /y/\n".repeat(40_000)),
        4 => return Page::redirect(&format!("http://www.{}/robots.txt", host(site)), "robots"),
        5 => format!("{own}Crawl-delay: 5\n"),
        6 => format!("{own}Crawl-delay: soon\n"),
        8 if now >= CLOSES => format!("{own}Disallow: /s/\nDisallow: /amp/\n"),
        9 => format!("{own}Disallow: /{}$\n", "*a".repeat(200)),
        10 => format!("{own}\nUser-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n"),
        11 => return Page::status(401, "robots"),
        _ => own.to_owned(),
    };
    Page::ok("text/plain", body, "robots")
}

/// What is odd about a paper's answers without being wrong: validators, cookies, words after the end.
fn decorated(site: usize, mut page: Page, seen: &Seen) -> Reply {
    if page.status != 200 || page.note == "robots" {
        return page.reply();
    }
    let hash = dice(&page.body);
    match site % 4 {
        0 | 1 => {
            let etag = format!("\"{hash:x}\"");
            if seen.header("if-none-match") == Some(&etag) {
                return Reply::status(304, &[&format!("ETag: {etag}")], "");
            }
            page.headers.push(format!("ETag: {etag}"));
        }
        2 => {
            // In the future, which says no less.
            let day = Timestamp::UNIX_EPOCH + Duration::from_secs(1_900_000_000 + hash % 100_000_000);
            let day = day.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            if seen.header("if-modified-since") == Some(&day) {
                return Reply::status(304, &[], "");
            }
            page.headers.push(format!("Last-Modified: {day}"));
        }
        _ => {}
    }
    if site % 7 == 3 {
        page.headers
            .extend((0..50).map(|n| format!("Set-Cookie: visitor{n}={hash:x}; Path=/")));
    }
    let mut reply = page.reply();
    if site % 7 == 4
        && let Some(Step::Send(bytes)) = reply.0.first_mut()
    {
        bytes.extend(b"and words that the length does not count");
    }
    reply
}
