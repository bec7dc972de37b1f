//! Dates as pages write them, from ISO 8601 to "Feb. 21, 2016 04:05 PM ET", brought to UTC or to
//! a day. Owns reading one string; which string of a page is asked is `when`'s business. There is
//! no clock here: "two hours ago" is no date, and the future is not refused.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};
use regex::{Captures, Regex};

use super::months;
use crate::text::fold;

/// No story of the web is older; what claims to be is a default of a content system.
const FIRST_YEAR: i16 = 1990;
/// What lies beyond is a slip of the pen.
const LAST_YEAR: i16 = 2100;
/// Most characters of a text that are searched for a date.
const MAX_TEXT_CHARS: usize = 400;
/// Fewest digits of a date: `1.1.24`.
const MIN_DIGITS: usize = 4;
/// Most characters, none a digit, between a date and the time beside it.
const MAX_GAP_CHARS: usize = 16;

/// Where the zone of a moment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// The text gives it.
    Stated,
    /// The text gives none; the site's `timezone` was used.
    Site,
    /// Nobody gives one; read as UTC.
    Assumed,
    /// Only a day: never shifted.
    Day,
}

/// A date that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDate {
    /// `YYYY-MM-DDTHH:MM:SSZ`, or `YYYY-MM-DD` where only a day is given.
    pub iso: String,
    /// Whose zone it is.
    pub zone: Zone,
    /// The time as the text shows it, before any zone is applied; for comparing sources.
    pub(super) local: Option<DateTime>,
}

impl FoundDate {
    /// What the source of a field adds about the zone.
    pub fn remark(&self) -> &'static str {
        match self.zone {
            Zone::Stated | Zone::Day => "",
            Zone::Site => "; zone of the site",
            Zone::Assumed => "; no zone, read as UTC",
        }
    }

    /// The day, `YYYY-MM-DD`, as it stands in `iso`.
    pub(super) fn day(&self) -> &str {
        self.iso.split('T').next().unwrap_or_default()
    }
}

/// How a zone is written.
enum Written {
    Fixed(Offset),
    Named(TimeZone),
}

macro_rules! pattern {
    ($name:ident, $source:expr) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($source).expect("a pattern of the program's own, run by its tests"));
    };
}

pattern!(ISO, r"(?:^|[^\d])(\d{4})([-/.])(\d{1,2})[-/.](\d{1,2})(?:\D|$)");
pattern!(
    COMPACT,
    r"^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?(Z|[+-]\d{4})?$"
);
pattern!(CJK, r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]");
pattern!(
    DAY_MONTH,
    r"(?i)(?:^|\D)(\d{1,2})(?:st|nd|rd|th|er|\.|º|ª)?[\s-]*(?:de\s|of\s|d’|d')?\s*([\p{L}\p{M}]{3,})\.?,?[\s-]*(?:de\s|del\s)?\s*(\d{4})(?:\D|$)"
);
pattern!(
    MONTH_DAY,
    r"(?i)([\p{L}\p{M}]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?:\D|$)"
);
pattern!(
    UNIX,
    r"(?i)([\p{L}]{3,9})\s+(\d{1,2})\s+(\d{1,2}:\d{2}(?::\d{2})?)\s+([\p{L}]{1,5}|[+-]\d{4})?\s*(\d{4})(?:\D|$)"
);
pattern!(YEAR_MONTH_DAY, r"(?i)(\d{4})\.?\s+([\p{L}]{3,})\s+(\d{1,2})\.?");
pattern!(
    NUMERIC,
    r"(?:^|[^\d.,/:-])(\d{1,2})(\s?[./-]\s?)(\d{1,2})\s?[./-]\s?(\d{4}|\d{2})(?:[^\d]|$)"
);
pattern!(
    CLOCK,
    r"(?i)(\d{1,2})(?:[:.h時시]\s?(\d{2})(?:[:.分분]\s?(\d{2})(?:[.,]\d{1,9})?)?)?[\s分분]*(uhr|h\b|[ap]\.?\s?m\b\.?)?[\s|(]*((?:utc|gmt)?\s?[+-]\d{1,2}(?::?\d{2})?\b|z\b|[\p{L}]{2,4}\b)?"
);

/// Reads the first date of a text. A time without a zone is read in `timezone`, else as UTC, and
/// the answer says so. `language` is a BCP 47 tag: it settles month names and whether `3/4/2024`
/// is in March; where nothing settles that, there is no date.
pub fn find_date(text: &str, timezone: Option<&TimeZone>, language: Option<&str>) -> Option<FoundDate> {
    let text: String = fold(text).chars().take(MAX_TEXT_CHARS).collect();
    // Most texts asked are no dates: four digits are the least that the shortest has.
    if text.bytes().filter(u8::is_ascii_digit).count() < MIN_DIGITS {
        return None;
    }
    if let Some(found) = epoch(&text) {
        return Some(found);
    }
    if let Some(c) = COMPACT.captures(&text) {
        let date = date(number(&c, 1)?, number(&c, 2)?, number(&c, 3)?)?;
        let time = match c.get(4) {
            Some(_) => Some(clock_time(
                number(&c, 4)?,
                number(&c, 5)?,
                number(&c, 6).unwrap_or(0),
                None,
            )?),
            None => None,
        };
        return moment(date, time, c.get(7).and_then(|z| offset(z.as_str())), timezone);
    }
    let (date, start, end, zone) = find_day(&text, timezone, language)?;
    if let Some((time, zone)) = zone {
        return moment(date, Some(time), zone, timezone);
    }
    match time_after(&text[end..], timezone).or_else(|| time_before(&text[..start], timezone)) {
        Some((time, zone)) => moment(date, Some(time), zone, timezone),
        None => moment(date, None, None, timezone),
    }
}

/// Reads a date in a rule's strptime `format`; month names of any language are understood.
pub fn read_format(
    text: &str,
    format: &str,
    timezone: Option<&TimeZone>,
    language: Option<&str>,
) -> Option<FoundDate> {
    let text = english_months(&fold(text), format, language);
    let read = strtime::parse(format, &text).ok()?;
    let date = read.to_date().ok().filter(plausible)?;
    let Ok(datetime) = read.to_datetime() else {
        return moment(date, None, None, timezone);
    };
    if read.hour().is_none() {
        return moment(date, None, None, timezone);
    }
    let zone = read.offset().map(Written::Fixed);
    moment(date, Some(datetime.time()), zone, timezone)
}

/// What a day is found with: the day, where it stands, and its time where the form holds it.
type Day = (Date, usize, usize, Option<(Time, Option<Written>)>);

fn find_day(text: &str, timezone: Option<&TimeZone>, language: Option<&str>) -> Option<Day> {
    let iso = ISO.captures_iter(text).find_map(|c| {
        let date = date(number(&c, 1)?, number(&c, 3)?, number(&c, 4)?)?;
        Some((date, c.get(1)?.start(), c.get(4)?.end(), None))
    });
    if iso.is_some() {
        return iso;
    }
    if let Some(c) = CJK.captures(text) {
        let whole = c.get(0)?;
        let date = date(number(&c, 1)?, number(&c, 2)?, number(&c, 3)?)?;
        return Some((date, whole.start(), whole.end(), None));
    }
    for c in UNIX.captures_iter(text) {
        if let Some(month) = months::month(&c[1], language)
            && let Some(date) = date(number(&c, 5)?, month.into(), number(&c, 2)?)
        {
            let zone = c.get(4).and_then(|z| written_zone(z.as_str(), timezone));
            let (time, _) = clock(&CLOCK.captures(&c[3])?, timezone)?;
            return Some((date, c.get(1)?.start(), c.get(5)?.end(), Some((time, zone))));
        }
    }
    let named = |pattern: &Regex, year: usize, month: usize, day: usize| {
        pattern.captures_iter(text).find_map(|c| {
            let month = months::month(&c[month], language)?;
            let date = date(number(&c, year)?, month.into(), number(&c, day)?)?;
            let groups = || [year, day].into_iter().filter_map(|g| c.get(g));
            let start = groups().map(|g| g.start()).min()?.min(c.get(0)?.end());
            Some((date, start, groups().map(|g| g.end()).max()?, None))
        })
    };
    named(&DAY_MONTH, 3, 2, 1)
        .or_else(|| named(&MONTH_DAY, 3, 1, 2).map(|(d, s, e, t)| (d, word_start(text, s), e, t)))
        .or_else(|| named(&YEAR_MONTH_DAY, 1, 2, 3))
        .or_else(|| numeric(text, timezone, language))
}

/// Start of the word before `at`: where a month's name stands before the day.
fn word_start(text: &str, at: usize) -> usize {
    let before = text[..at].trim_end();
    before.rfind(' ').map_or(0, |n| n + 1)
}

/// `28.04.2023`, `5/1/2024`: with dots the day comes first everywhere; with slashes only a number
/// over 12, the language or the zone can tell.
fn numeric(text: &str, timezone: Option<&TimeZone>, language: Option<&str>) -> Option<Day> {
    NUMERIC.captures_iter(text).find_map(|c| {
        let (a, b): (i64, i64) = (number(&c, 1)?, number(&c, 3)?);
        let mut year: i64 = number(&c, 4)?;
        if c[4].len() == 2 {
            year += if year < 70 { 2000 } else { 1900 };
        }
        let month_first = match (c[2].trim(), a, b) {
            (".", ..) => false,
            (_, 13.., _) => false,
            (_, _, 13..) => true,
            _ => month_first(timezone, language)?,
        };
        let (day, month) = if month_first { (b, a) } else { (a, b) };
        Some((date(year, month, day)?, c.get(1)?.start(), c.get(4)?.end(), None))
    })
}

fn month_first(timezone: Option<&TimeZone>, language: Option<&str>) -> Option<bool> {
    let language = language?;
    let tag = language.to_ascii_lowercase();
    let zone = timezone.and_then(TimeZone::iana_name).unwrap_or_default();
    match tag.as_str() {
        "en-us" | "en-ph" => Some(true),
        "en" if zone.starts_with("America/") => Some(true),
        "en" if zone.is_empty() => None,
        _ => Some(false),
    }
}

fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    )
    .ok()
    .filter(plausible)
}

fn plausible(date: &Date) -> bool {
    (FIRST_YEAR..=LAST_YEAR).contains(&date.year())
}

fn number(captures: &Captures<'_>, group: usize) -> Option<i64> {
    captures.get(group)?.as_str().parse().ok()
}

/// Seconds or milliseconds since 1970.
fn epoch(text: &str) -> Option<FoundDate> {
    if !matches!(text.len(), 10 | 13) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: i64 = text.parse().ok()?;
    let seconds = if text.len() == 13 { value / 1_000 } else { value };
    let stamp = Timestamp::from_second(seconds).ok()?;
    plausible(&TimeZone::UTC.to_datetime(stamp).date()).then(|| FoundDate {
        iso: stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        zone: Zone::Stated,
        local: None,
    })
}

fn time_after(rest: &str, timezone: Option<&TimeZone>) -> Option<(Time, Option<Written>)> {
    let at = rest.find(|c: char| c.is_ascii_digit())?;
    if rest[..at].chars().count() > MAX_GAP_CHARS {
        return None;
    }
    clock(&CLOCK.captures(&rest[at..])?, timezone)
}

fn time_before(before: &str, timezone: Option<&TimeZone>) -> Option<(Time, Option<Written>)> {
    CLOCK
        .captures_iter(before)
        .filter_map(|c| {
            let gap = before[c.get(0)?.end()..].chars().count();
            (gap <= MAX_GAP_CHARS).then(|| clock(&c, timezone)).flatten()
        })
        .last()
}

/// A time of day: hours and minutes, or an hour with "p.m." or "Uhr".
fn clock(c: &Captures<'_>, timezone: Option<&TimeZone>) -> Option<(Time, Option<Written>)> {
    let mark = c.get(4).map(|m| m.as_str().to_lowercase());
    let half = mark.as_deref().filter(|m| m.starts_with(['a', 'p']));
    if c.get(2).is_none() && mark.is_none() {
        return None;
    }
    let time = clock_time(
        number(c, 1)?,
        number(c, 2).unwrap_or(0),
        number(c, 3).unwrap_or(0),
        half,
    )?;
    Some((time, c.get(5).and_then(|z| written_zone(z.as_str(), timezone))))
}

fn clock_time(hour: i64, minute: i64, second: i64, half: Option<&str>) -> Option<Time> {
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(h) if h.starts_with('p') => hour % 12 + 12,
        Some(_) => hour % 12,
        None => hour,
    };
    // 23:59:60 is a leap second; the minute is what counts.
    let second = second.min(59);
    Time::new(
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
        0,
    )
    .ok()
}

fn written_zone(text: &str, site: Option<&TimeZone>) -> Option<Written> {
    let text = text.trim();
    if let Some(offset) = offset(text) {
        return Some(offset);
    }
    let name = months::zone(text)?;
    // "IST" in Dublin, "CST" in Shanghai: the site's own zone knows its abbreviations best.
    if matches!(text.to_lowercase().as_str(), "ist" | "cst" | "bst")
        && let Some(site) = site.filter(|s| s.iana_name().is_some_and(|n| !n.starts_with("America/")))
    {
        return Some(Written::Named(site.clone()));
    }
    TimeZone::get(name).ok().map(Written::Named)
}

/// `+02:00`, `-0430`, `GMT+7`.
fn offset(text: &str) -> Option<Written> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("z") {
        return Some(Written::Fixed(Offset::UTC));
    }
    let sign_at = text.find(['+', '-'])?;
    let sign = if text[sign_at..].starts_with('-') { -1 } else { 1 };
    let digits: String = text[sign_at + 1..].chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        3 | 4 => {
            let (h, m) = digits.split_at(digits.len() - 2);
            (h.parse::<i32>().ok()?, m.parse::<i32>().ok()?)
        }
        _ => return None,
    };
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60))
        .ok()
        .map(Written::Fixed)
}

fn moment(
    date: Date,
    time: Option<Time>,
    zone: Option<Written>,
    timezone: Option<&TimeZone>,
) -> Option<FoundDate> {
    let Some(time) = time else {
        return Some(FoundDate {
            iso: date.strftime("%Y-%m-%d").to_string(),
            zone: Zone::Day,
            local: None,
        });
    };
    let local = DateTime::from_parts(date, time);
    let (stamp, zone) = match (zone, timezone) {
        (Some(Written::Fixed(offset)), _) => (offset.to_timestamp(local), Zone::Stated),
        (Some(Written::Named(named)), _) => (named.to_timestamp(local), Zone::Stated),
        (None, Some(site)) => (site.to_timestamp(local), Zone::Site),
        (None, None) => (Offset::UTC.to_timestamp(local), Zone::Assumed),
    };
    Some(FoundDate {
        iso: stamp.ok()?.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        zone,
        local: Some(local),
    })
}

/// Month names of any language as English ones, in the length the format asks for.
fn english_months(text: &str, format: &str, language: Option<&str>) -> String {
    let short = format.contains("%b") || format.contains("%h");
    text.split_inclusive(|c: char| !c.is_alphabetic())
        .map(|piece| {
            let word = piece.trim_end_matches(|c: char| !c.is_alphabetic());
            let Some(month) = months::month(word, language) else {
                return piece.to_owned();
            };
            let (long, abbreviated) = months::ENGLISH[usize::from(month.unsigned_abs()) - 1];
            let name = if short { abbreviated } else { long };
            // "Feb." is "Feb" to strptime.
            let tail = piece[word.len()..].trim_start_matches('.');
            format!("{name}{tail}")
        })
        .collect()
}

#[cfg(test)]
mod tests;
