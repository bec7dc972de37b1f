//! The `Retry-After` header in both its forms (RFC 9110 §10.2.3). Owns reading and clamping it;
//! who waits is `pace`'s business.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// A shorter wait is taken as this one, and so is a date that has passed.
pub(super) const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);
/// A longer wait is taken as this one.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a server asks us to wait, clamped; `None` when the value says nothing.
pub(super) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number holds is a very long wait, not garbage.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        // A negative span is a date that has passed: the shortest wait.
        Duration::try_from(now.duration_until(http_date(value)?)).unwrap_or_default()
    };
    Some(wait.clamp(MIN_RETRY_AFTER, MAX_RETRY_AFTER))
}

/// The three forms of RFC 9110 §5.6.7: IMF-fixdate, RFC 850 and asctime. A wrong weekday is
/// forgiven.
fn http_date(value: &str) -> Option<Timestamp> {
    const IMF: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    if let Ok(time) = IMF.parse_timestamp(value) {
        return Some(time);
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| DateTime::strptime(form, value).ok())
        .and_then(|time| time.to_zoned_datetime(TimeZone::UTC).ok())
        .map(|time| time.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(value: &str) -> Option<u64> {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        parse(value, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Mon, 23 Nov 2026 12:05:00 GMT"), Some(300));
        assert_eq!(seconds("Monday, 23-Nov-26 12:05:00 GMT"), Some(300));
        assert_eq!(seconds("Mon Nov 23 12:05:00 2026"), Some(300));
    }

    #[test]
    fn waits_are_clamped() {
        assert_eq!(seconds("0"), Some(1));
        assert_eq!(seconds("Mon, 23 Nov 2020 12:05:00 GMT"), Some(1));
        assert_eq!(seconds("315360000"), Some(86_400));
        assert_eq!(seconds("99999999999999999999999999"), Some(86_400));
        assert_eq!(seconds("Fri, 23 Nov 2063 12:05:00 GMT"), Some(86_400));
    }

    #[test]
    fn garbage_says_nothing() {
        for garbage in ["", "soon", "-5", "1.5", "12 s"] {
            assert_eq!(seconds(garbage), None, "{garbage}");
        }
    }
}
