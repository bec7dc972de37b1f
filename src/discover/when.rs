//! Dates of listings. Owns the W3C date-times of sitemaps and Atom, the RFC 822 dates of RSS, and
//! what publishing systems make of both; dates on pages are `extract`'s.

use jiff::civil::Date;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Years that a listing's date may have; others are mistakes (1970) or placeholders (9999).
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// A moment, or a day where a listing gives no more than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// The moment; of a day its first, in UTC.
    pub instant: Timestamp,
    /// Whether only the day is known.
    pub day_only: bool,
}

impl When {
    /// Reads a date: W3C date-time (a year or month alone stands for its first day), RFC 2822
    /// with its usual faults (wrong or foreign weekday, full month names, zone names). A time
    /// without a zone is taken as UTC. None where it is no date, or not of these times.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let when = w3c(text).or_else(|| rfc822(text))?;
        let year = when.instant.to_zoned_datetime(TimeZone::UTC).year();
        YEARS.contains(&year).then_some(when)
    }

    /// The last moment it can mean: what an age is measured from, so that a story of this day is
    /// never older than the day.
    pub fn latest(self) -> Timestamp {
        if self.day_only {
            let end = SignedDuration::from_hours(24) - SignedDuration::from_secs(1);
            self.instant.checked_add(end).unwrap_or(self.instant)
        } else {
            self.instant
        }
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`, or `YYYY-MM-DD` where only the day is known.
    pub fn to_text(self) -> String {
        let format = if self.day_only {
            "%Y-%m-%d"
        } else {
            "%Y-%m-%dT%H:%M:%SZ"
        };
        self.instant.strftime(format).to_string()
    }

    fn day(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = Date::new(year, month, day).ok()?;
        let instant = date.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
        Some(Self {
            instant,
            day_only: true,
        })
    }

    fn moment(instant: Timestamp) -> Self {
        Self {
            instant,
            day_only: false,
        }
    }
}

/// W3C NOTE-datetime and RFC 3339, with a space for the `T` and offsets without a colon.
fn w3c(text: &str) -> Option<When> {
    let digits = |s: &str, length: usize| s.len() == length && s.bytes().all(|b| b.is_ascii_digit());
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = parts.next().filter(|s| digits(s, 4))?.parse().ok()?;
    let mut part = || match parts.next() {
        Some(s) if digits(s, 2) => s.parse().ok(),
        Some(_) => None,
        None => Some(1),
    };
    let (month, day) = (part()?, part()?);
    if parts.next().is_some() {
        return None;
    }
    let whole = When::day(year, month, day)?;
    let Some(time) = time.filter(|time| !time.is_empty()) else {
        return Some(whole);
    };
    let zone_at = time.find(['Z', 'z', '+', '-', ' ']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let zone = match zone.trim() {
        "" | "Z" | "z" | "UTC" | "GMT" => "Z",
        zone => zone,
    };
    let clock = clock
        .strip_prefix("24:")
        .map_or_else(|| clock.to_owned(), |rest| format!("00:{rest}"));
    format!("{date}T{clock}{zone}").parse().ok().map(When::moment)
}

/// Zone names of RSS dates that RFC 2822 does not know; all others are taken as it says.
const ZONES: &[(&str, &str)] = &[
    ("UTC", "+0000"),
    ("WET", "+0000"),
    ("BST", "+0100"),
    ("CET", "+0100"),
    ("MEZ", "+0100"),
    ("CEST", "+0200"),
    ("MESZ", "+0200"),
    ("EET", "+0200"),
    ("EEST", "+0300"),
    ("MSK", "+0300"),
    ("JST", "+0900"),
    ("KST", "+0900"),
    ("AEST", "+1000"),
    ("AEDT", "+1100"),
];

/// RFC 822 and 2822, as feeds write it.
fn rfc822(text: &str) -> Option<When> {
    // The weekday says nothing, and is often wrong or in the paper's own language.
    let text = match text.split_once(',') {
        Some((weekday, rest)) if !weekday.contains(|c: char| c.is_ascii_digit()) => rest.trim(),
        _ => text,
    };
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if words.len() < 3 {
        return None;
    }
    if let Some(month) = words.get_mut(1) {
        *month = month.trim_end_matches('.').chars().take(3).collect();
    }
    if words.len() == 3 {
        let date = rfc2822::DateTimeParser::new()
            .parse_timestamp(format!("{} 00:00 +0000", words.join(" ")))
            .ok()?;
        return Some(When {
            instant: date,
            day_only: true,
        });
    }
    if let Some(clock) = words.get_mut(3) {
        if let Some(rest) = clock.strip_prefix("24:") {
            *clock = format!("00:{rest}");
        } else if clock.find(':') == Some(1) {
            clock.insert(0, '0');
        }
    }
    match words.get(4).map(String::as_str) {
        None | Some("Z") => words.insert(4, "+0000".to_owned()),
        Some(name) => {
            if let Some((_, offset)) = ZONES.iter().find(|(zone, _)| *zone == name) {
                words[4] = (*offset).to_owned();
            } else if let Some(offset) = name.strip_prefix("GMT+").or_else(|| name.strip_prefix("UTC+")) {
                words[4] = format!("+{offset:0>4}");
            } else {
                words[4] = name.replace(':', "");
            }
        }
    }
    words.truncate(5);
    rfc2822::DateTimeParser::new()
        .parse_timestamp(words.join(" "))
        .ok()
        .map(When::moment)
}

#[cfg(test)]
mod tests {
    use super::When;

    fn read(text: &str) -> Option<String> {
        When::parse(text).map(When::to_text)
    }

    #[test]
    fn sitemap_dates_are_read_in_every_precision() {
        for (text, expected) in [
            ("2026-11-23", "2026-11-23"),
            ("2026-11", "2026-11-01"),
            ("2026", "2026-01-01"),
            ("2026-11-23T07:30Z", "2026-11-23T07:30:00Z"),
            (" 2026-11-23T07:30:15.123+01:00\n", "2026-11-23T06:30:15Z"),
            ("2026-11-23T07:30:00-0500", "2026-11-23T12:30:00Z"),
            ("2026-11-23 07:30:00", "2026-11-23T07:30:00Z"),
            ("2026-11-23 07:30:00 +0100", "2026-11-23T06:30:00Z"),
            ("2026-11-23T24:00:00Z", "2026-11-23T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn feed_dates_are_read_with_their_usual_faults() {
        for (text, expected) in [
            ("Mon, 23 Nov 2026 07:30:00 GMT", "2026-11-23T07:30:00Z"),
            ("Fri, 23 Nov 2026 07:30:00 +0100", "2026-11-23T06:30:00Z"),
            ("lun., 23 Nov 2026 07:30:00 +0100", "2026-11-23T06:30:00Z"),
            ("23 November 2026 7:30 EST", "2026-11-23T12:30:00Z"),
            ("Mon, 23 Nov 2026 07:30:00 MEZ", "2026-11-23T06:30:00Z"),
            ("Mon, 23 Nov 2026 07:30:00 +01:00", "2026-11-23T06:30:00Z"),
            ("Mon, 23 Nov 2026 07:30:00 Z", "2026-11-23T07:30:00Z"),
            ("Mon, 23 Nov 2026 07:30:00", "2026-11-23T07:30:00Z"),
            ("Mon, 23 Nov 2026", "2026-11-23"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_of_these_times_is_none() {
        for text in [
            "",
            "today",
            "2026-13-01",
            "2026-02-30",
            "20261123",
            "0000-00-00T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "9999-12-31",
            "2026-1-2-3",
            "Mon, 99 Nov 2026 07:30:00 GMT",
            "Mon, 23 Foo 2026 07:30:00 GMT",
            "é,é é é é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_lasts_until_its_end() {
        let day = When::parse("2026-11-23").unwrap();
        assert_eq!(day.latest().to_string(), "2026-11-23T23:59:59Z");
        let moment = When::parse("2026-11-23T10:00:00Z").unwrap();
        assert_eq!(moment.latest(), moment.instant);
    }
}
