//! robots.txt as rules (RFC 9309): bytes in, groups and a verdict out. Pure: fetching the file,
//! keeping it for a day and what a missing one means are `policy`'s business.
//!
//! The `robotstxt` crate only splits lines into keys and values, typing errors such as
//! "Dissallow" included. The text is cleaned first, because the crate panics on long lines of
//! multi-byte text and loses the first group to a byte order mark. Groups are ours, because there
//! a `Sitemap:` line ends one, which RFC 9309 §2.2.4 forbids. Where Google's parser is laxer than
//! the RFC (`Allow: /dir/index.html` taken to allow `/dir/`), the RFC is followed.

use std::time::Duration;

use robotstxt::RobotsParseHandler;
use url::Url;

use super::agents::Agents;
use super::pattern::{Pattern, path_of};
use crate::optout::Signal;

/// The product token that robots.txt files are searched for; no option changes it.
pub const TOKEN: &str = "copydesk";
/// How much of a robots.txt is read, in bytes (RFC 9309 §2.5 asks for at least this).
pub const MAX_ROBOTS_BYTES: usize = 500 * 1024;
/// Longest line that is read, in bytes: what Google's parser takes, less its line end.
const MAX_LINE_BYTES: usize = 2_083 * 8 - 1;
/// A longer Crawl-delay is taken as this one.
pub const MAX_CRAWL_DELAY: Duration = Duration::from_secs(120);
/// Most sitemaps of one robots.txt that are told of.
const MAX_SITEMAPS: usize = 200;
/// Longest piece of a rule's line that is kept as evidence, in bytes.
const MAX_EVIDENCE_BYTES: usize = 200;

/// The rules of one robots.txt that concern copydesk.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Robots {
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
    sitemaps: Vec<String>,
    agents: Agents,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) allow: bool,
    pub(super) pattern: Pattern,
    pub(super) line: u32,
    pub(super) text: String,
}

/// The rule that decides on a path: the longest pattern that matches, and of equally long ones the
/// allowing one (RFC 9309 §2.2.2).
pub(super) fn decisive<'a>(rules: &'a [Rule], path: &str) -> Option<&'a Rule> {
    rules
        .iter()
        .filter(|rule| rule.pattern.matches(path))
        .max_by_key(|rule| (rule.pattern.specificity(), rule.allow))
}

/// The line of a robots.txt that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsLine {
    /// Its number, counted from 1.
    pub line: u32,
    /// Its text as written, cut to a length that can be stored.
    pub text: String,
}

impl Robots {
    /// Reads a robots.txt. Never fails: lines that say nothing are passed over, and so is a page
    /// of HTML that a server sent in its place.
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(MAX_ROBOTS_BYTES)];
        if is_html(bytes) {
            return Self::default();
        }
        let lines = lines(bytes);
        let cleaned: Vec<String> = lines.iter().map(|line| clean(line)).collect();
        let mut reader = Reader {
            lines: &lines,
            ..Reader::default()
        };
        let text = cleaned.join("\n");
        robotstxt::parse_robotstxt(&text, &mut reader);
        let group = if reader.names_us {
            reader.ours
        } else {
            reader.everyones
        };
        Self {
            rules: group.rules,
            crawl_delay: group.crawl_delay,
            sitemaps: reader.sitemaps,
            agents: Agents::parse(&text),
        }
    }

    /// What the file signals of machines using a page, beyond what it allows copydesk.
    pub fn signals(&self, url: &Url) -> Vec<Signal> {
        self.agents.signals(&path_of(url))
    }

    /// Whether `url` may be fetched. `/robots.txt` itself always may.
    ///
    /// # Errors
    /// The line that forbids it.
    pub fn check(&self, url: &Url) -> Result<(), RobotsLine> {
        if url.path() == "/robots.txt" {
            return Ok(());
        }
        match decisive(&self.rules, &path_of(url)) {
            Some(rule) if !rule.allow => Err(RobotsLine {
                line: rule.line,
                text: rule.text.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The least time between two requests that the file asks of copydesk, at most
    /// [`MAX_CRAWL_DELAY`].
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// The values of the `Sitemap:` lines as written, wherever they stand.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }
}

/// What copydesk's group, or everyone's, says. Groups of the same agent are one (§2.2.1).
#[derive(Default)]
struct Group {
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

/// Gathers the groups from the parser's events.
#[derive(Default)]
struct Reader<'a> {
    lines: &'a [String],
    ours: Group,
    everyones: Group,
    /// Whether any group at all names copydesk: then `*` does not concern it.
    names_us: bool,
    /// Whom the group being read names.
    group_is_ours: bool,
    group_is_everyones: bool,
    /// Whether a rule has been read since the last `User-agent:`, so that the next begins a group.
    in_rules: bool,
    sitemaps: Vec<String>,
}

impl Reader<'_> {
    fn rule(&mut self, line: u32, value: &str, allow: bool) {
        // A rule without a value rules nothing, but it ends the list of agents all the same.
        self.in_rules = true;
        let Some(pattern) = Pattern::parse(value) else {
            return;
        };
        let rule = Rule {
            allow,
            pattern,
            line,
            text: self.evidence(line),
        };
        if self.group_is_ours {
            self.ours.rules.push(rule.clone());
        }
        if self.group_is_everyones {
            self.everyones.rules.push(rule);
        }
    }

    fn evidence(&self, line: u32) -> String {
        let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        let text = self.lines.get(index).map_or("", String::as_str);
        cut(text, MAX_EVIDENCE_BYTES).to_owned()
    }
}

impl RobotsParseHandler for Reader<'_> {
    fn handle_robots_start(&mut self) {}

    fn handle_robots_end(&mut self) {}

    fn handle_user_agent(&mut self, _line: u32, value: &str) {
        if self.in_rules {
            self.in_rules = false;
            self.group_is_ours = false;
            self.group_is_everyones = false;
        }
        if names_copydesk(value) {
            self.names_us = true;
            self.group_is_ours = true;
        }
        if value == "*" || value.starts_with("* ") || value.starts_with("*\t") {
            self.group_is_everyones = true;
        }
    }

    fn handle_allow(&mut self, line: u32, value: &str) {
        self.rule(line, value, true);
    }

    fn handle_disallow(&mut self, line: u32, value: &str) {
        self.rule(line, value, false);
    }

    fn handle_sitemap(&mut self, _line: u32, value: &str) {
        if !value.is_empty() && self.sitemaps.len() < MAX_SITEMAPS {
            self.sitemaps.push(value.to_owned());
        }
    }

    fn handle_unknown_action(&mut self, _line: u32, key: &str, value: &str) {
        if !key.eq_ignore_ascii_case("crawl-delay") {
            return;
        }
        // It belongs to the agents named so far and neither opens nor ends a group. Said twice,
        // the slower one counts.
        let delay = crawl_delay(value);
        if self.group_is_ours {
            self.ours.crawl_delay = self.ours.crawl_delay.max(delay);
        }
        if self.group_is_everyones {
            self.everyones.crawl_delay = self.everyones.crawl_delay.max(delay);
        }
    }
}

/// Compares the leading product token, without regard to case (RFC 9309 §2.2.1), so that
/// `copydesk/1.0` names us and `copydesk-images` does not.
fn names_copydesk(value: &str) -> bool {
    let end = value
        .find(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '-' | '_')))
        .unwrap_or(value.len());
    value[..end].eq_ignore_ascii_case(TOKEN)
}

/// Reads the seconds of a Crawl-delay; anything but a number from 0 up says nothing.
fn crawl_delay(value: &str) -> Option<Duration> {
    let seconds: f64 = value.parse().ok()?;
    if seconds.is_nan() || seconds < 0.0 {
        return None;
    }
    // The cap comes first: an endless or huge number has no Duration.
    Some(Duration::from_secs_f64(
        seconds.min(MAX_CRAWL_DELAY.as_secs_f64()),
    ))
}

fn is_html(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_EVIDENCE_BYTES)]).to_ascii_lowercase();
    let head = head.trim_start_matches('\u{feff}').trim_start();
    head.starts_with("<!doctype html") || head.starts_with("<html")
}

/// Splits at CR LF, LF or CR; byte order marks, whole or cut, go, and so do NULs, which makes
/// UTF-16 files of ASCII rules readable too.
fn lines(bytes: &[u8]) -> Vec<String> {
    const MARKS: [&[u8]; 4] = [b"\xef\xbb\xbf", b"\xef\xbb", b"\xff\xfe", b"\xfe\xff"];
    let bytes = MARKS
        .iter()
        .find_map(|mark| bytes.strip_prefix(*mark))
        .or_else(|| bytes.strip_prefix(b"\xef"))
        .unwrap_or(bytes);
    let text: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
    String::from_utf8_lossy(&text)
        .replace("\r\n", "\n")
        .split(['\n', '\r'])
        .map(|line| cut(line.trim(), MAX_LINE_BYTES).to_owned())
        .collect()
}

/// Makes a line safe for the parser: ASCII alone, every percent-encoding in upper case, so that
/// its own rewriting, which drops characters, finds nothing to do.
fn clean(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let bytes = line.as_bytes();
    for (i, byte) in bytes.iter().enumerate() {
        let follows_percent = |back: usize| {
            i >= back
                && bytes[i - back] == b'%'
                && bytes
                    .get(i - back + 1..i - back + 3)
                    .is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit))
        };
        if !byte.is_ascii() {
            out.push_str(&format!("%{byte:02X}"));
        } else if follows_percent(1) || follows_percent(2) {
            out.push(char::from(byte.to_ascii_uppercase()));
        } else {
            out.push(char::from(*byte));
        }
    }
    // Encoding made it longer; the parser's own cut would count the rest wrongly.
    out.truncate(MAX_LINE_BYTES);
    out
}

fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

#[cfg(test)]
#[path = "robots_tests.rs"]
mod tests;
