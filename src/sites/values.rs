//! The values of a rule file: strings as selectors, patterns, hosts, addresses, durations, zones.
//! Owns what is allowed in each and what is said of one that is not; which key holds which is
//! `compile`'s business.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo};
use regex::{Regex, RegexBuilder};
use url::Url;

use super::fault::{RuleFault, Source};
use super::matching::{HostPattern, UrlPattern};
use super::schema::{Located, Text, Texts};
use crate::dom::{Dom, Selector};

/// Longest pattern of a rule file, in bytes.
pub const MAX_PATTERN_BYTES: usize = 4 * 1024;
/// Most memory one compiled pattern may take, in bytes.
pub const MAX_PATTERN_MEMORY: usize = 1024 * 1024;

/// Headers no rule may set: who asks, as whom, from where, and what the client itself decides.
const FORBIDDEN_HEADERS: &[&str] = &[
    "user-agent",
    "cookie",
    "authorization",
    "proxy-authorization",
    "referer",
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "keep-alive",
    "accept-encoding",
    "range",
    "if-none-match",
    "if-modified-since",
    "if-range",
    "if-match",
    "if-unmodified-since",
    "from",
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-real-ip",
];

/// Reads the values of one file and collects what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) faults: Vec<RuleFault>,
    pub(super) maimed: HashSet<usize>,
}

impl Reader<'_> {
    pub(super) fn fault(&mut self, key: &str, span: Range<usize>, message: impl Into<String>, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.faults
            .push(RuleFault::new(self.source, key, span, message, help));
    }

    /// Whether the table that begins here lost a value to a fault already reported.
    pub(super) fn is_maimed(&self, span: &Range<usize>) -> bool {
        self.maimed.contains(&span.start)
    }

    pub(super) fn selector(&mut self, text: &Text, key: &str) -> Option<Selector> {
        self.selector_at(text.get(), text.span(), key)
    }

    pub(super) fn selector_at(&mut self, text: &str, span: Range<usize>, key: &str) -> Option<Selector> {
        match Selector::parse(text) {
            Ok(selector) => Some(selector),
            Err(message) => {
                self.fault(key, span, message, "");
                None
            }
        }
    }

    /// A selector of what is taken out: one that takes the whole page is refused.
    pub(super) fn strip_selector(&mut self, text: &Text, key: &str) -> Option<Selector> {
        let selector = self.selector(text, key)?;
        if takes_the_page(&selector) {
            self.fault(
                key,
                text.span(),
                "matches html or body: it would take the whole page",
                "name a class, an id or an attribute of what is to go",
            );
            return None;
        }
        Some(selector)
    }

    pub(super) fn selectors(&mut self, texts: Option<&Texts>, key: &str) -> Vec<Selector> {
        texts
            .into_iter()
            .flatten()
            .filter_map(|t| self.selector(t, key))
            .collect()
    }

    pub(super) fn pattern(&mut self, text: &Text, key: &str) -> Option<Regex> {
        let source = text.get();
        if source.len() > MAX_PATTERN_BYTES {
            let message = format!(
                "pattern of {} bytes, over the limit of {MAX_PATTERN_BYTES}",
                source.len()
            );
            self.fault(key, text.span(), message, "");
            return None;
        }
        match RegexBuilder::new(source).size_limit(MAX_PATTERN_MEMORY).build() {
            Ok(pattern) => Some(pattern),
            Err(regex::Error::CompiledTooBig(limit)) => {
                let message = format!("pattern needs more than {limit} bytes when compiled");
                self.fault(key, text.span(), message, "use smaller repetition counts");
                None
            }
            Err(error) => {
                let help = match source {
                    s if s.contains("(?=") || s.contains("(?!") || s.contains("(?<") => {
                        "look-around is not supported: say what is wanted with a second strip"
                    }
                    _ => "",
                };
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default();
                let reason = reason.strip_prefix("error: ").unwrap_or(reason);
                self.fault(key, text.span(), format!("not a pattern: {reason}"), help);
                None
            }
        }
    }

    /// A pattern of what is taken out: one that matches any text is refused.
    pub(super) fn strip_pattern(&mut self, text: &Text, key: &str) -> Option<Regex> {
        const ANY: [&str; 3] = ["a", "The prime minister said on Monday, 3 May.", "東京で会議。"];
        let pattern = self.pattern(text, key)?;
        if ANY.iter().all(|sample| pattern.is_match(sample)) {
            self.fault(
                key,
                text.span(),
                "matches any text: it would take the whole story",
                "say more of the text, and anchor it: ^…$",
            );
            return None;
        }
        Some(pattern)
    }

    pub(super) fn host(&mut self, text: &Text, key: &str) -> Option<HostPattern> {
        match HostPattern::parse(text.get()) {
            Ok(host) => Some(host),
            Err((message, help)) => {
                self.fault(key, text.span(), message, &help);
                None
            }
        }
    }

    pub(super) fn address(&mut self, text: &Text, key: &str) -> Option<Url> {
        match crate::address::parse(text.get()) {
            Ok(url) => Some(url),
            Err(error) => {
                self.fault(key, text.span(), error.to_string(), "write it in full: https://…");
                None
            }
        }
    }

    pub(super) fn addresses(&mut self, texts: Option<&Texts>, key: &str) -> Vec<Url> {
        texts
            .into_iter()
            .flatten()
            .filter_map(|t| self.address(t, key))
            .collect()
    }

    pub(super) fn url_patterns(&mut self, texts: Option<&Texts>, key: &str) -> Vec<UrlPattern> {
        let mut patterns = Vec::new();
        for text in texts.into_iter().flatten() {
            match UrlPattern::parse(text.get()) {
                Ok(pattern) => patterns.push(pattern),
                Err(message) => self.fault(key, text.span(), message, "begin it with / as in /news/*"),
            }
        }
        patterns
    }

    /// A length of time; days have 24 hours, weeks seven days.
    pub(super) fn duration(&mut self, text: &Text, key: &str, zero: bool) -> Option<Duration> {
        let read = text
            .get()
            .parse::<Span>()
            .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
        let duration = match read.map(Duration::try_from) {
            Ok(Ok(duration)) => duration,
            Ok(Err(_)) => {
                self.fault(key, text.span(), "a time before now", "leave out the minus");
                return None;
            }
            Err(_) => {
                let message = format!("not a length of time: \"{}\"", text.get());
                self.fault(key, text.span(), message, "write it as \"30m\", \"2s\" or \"7d\"");
                return None;
            }
        };
        if duration.is_zero() && !zero {
            self.fault(
                key,
                text.span(),
                "no time at all",
                "write it as \"30m\", \"2s\" or \"7d\"",
            );
            return None;
        }
        Some(duration)
    }

    /// A size in bytes.
    pub(super) fn size(&mut self, text: &Text, key: &str) -> Option<u64> {
        match text.get().parse::<bytesize::ByteSize>() {
            Ok(size) if size.as_u64() > 0 => Some(size.as_u64()),
            _ => {
                let message = format!("not a size: \"{}\"", text.get());
                self.fault(key, text.span(), message, "write it as \"500 KiB\" or \"50 MiB\"");
                None
            }
        }
    }

    /// A count of something that is wanted at all.
    pub(super) fn at_least_one(&mut self, number: &Located<u64>, key: &str) -> Option<u64> {
        if *number.get() == 0 {
            self.fault(
                key,
                number.span(),
                "nothing could be fetched",
                "write a number from 1 up, or enabled = false",
            );
            return None;
        }
        Some(*number.get())
    }

    pub(super) fn zone(&mut self, text: &Text, key: &str) -> Option<TimeZone> {
        match TimeZone::get(text.get()) {
            Ok(zone) => Some(zone),
            Err(_) => {
                let message = format!("unknown time zone \"{}\"", text.get());
                self.fault(
                    key,
                    text.span(),
                    message,
                    "use an IANA name, as \"Europe/Berlin\"",
                );
                None
            }
        }
    }

    /// A strptime format that reads back a date.
    pub(super) fn date_format(&mut self, text: &Text, key: &str) -> Option<String> {
        use jiff::fmt::strtime;
        let format = text.get();
        let sample = jiff::civil::date(2016, 2, 21)
            .at(13, 27, 45, 0)
            .to_zoned_datetime(TimeZone::UTC);
        let reads = sample
            .and_then(|sample| strtime::format(format, &sample))
            .and_then(|written| strtime::parse(format, written))
            .and_then(|read| read.to_date());
        match reads {
            Ok(_) => Some(format.clone()),
            Err(error) => {
                let message = format!("not a format of a date: {error}");
                self.fault(key, text.span(), message, "write it as \"%d.%m.%Y %H:%M\"");
                None
            }
        }
    }

    /// A header the site may be sent.
    pub(super) fn header(&mut self, name: &str, value: &Text) -> Option<(String, String)> {
        let lower = name.to_ascii_lowercase();
        let key = format!("headers.{}", name);
        if FORBIDDEN_HEADERS.contains(&lower.as_str()) {
            let message = format!("a rule may not set {}", name);
            self.fault(
                &key,
                value.span(),
                message,
                "leave it out: copydesk asks as itself, without secrets",
            );
            return None;
        }
        // RFC 9110 §5.6.2 (token) and §5.5 (field value).
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if lower.is_empty() || !lower.chars().all(token) {
            self.fault(&key, value.span(), "not a header name", "");
            return None;
        }
        if !value.get().chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
            self.fault(
                &key,
                value.span(),
                "a header value of other than printable ASCII",
                "",
            );
            return None;
        }
        Some((name.to_owned(), value.get().clone()))
    }

    /// A string of a form, checked by a predicate.
    pub(super) fn formed(&mut self, text: Option<&Text>, key: &str, form: Form) -> Option<String> {
        let text = text?;
        if (form.holds)(text.get()) {
            return Some(text.get().clone());
        }
        self.fault(
            key,
            text.span(),
            format!("not {}: \"{}\"", form.what, text.get()),
            form.help,
        );
        None
    }
}

/// A form that a string must have.
#[derive(Clone, Copy)]
pub(super) struct Form {
    what: &'static str,
    help: &'static str,
    holds: fn(&str) -> bool,
}

/// ISO 3166-1 alpha-2, lower case.
pub(super) const COUNTRY: Form = Form {
    what: "a country code",
    help: "write two letters in lower case, as \"us\"",
    holds: |s| s.len() == 2 && s.bytes().all(|b| b.is_ascii_lowercase()),
};
/// BCP 47, by its outer form.
pub(super) const LANGUAGE: Form = Form {
    what: "a language tag",
    help: "write it as \"en\" or \"pt-BR\"",
    holds: |s| {
        let mut parts = s.split('-');
        let alphanumeric =
            |p: &str| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric());
        parts
            .next()
            .is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()))
            && parts.all(alphanumeric)
    },
};
/// A day.
pub(super) const DAY: Form = Form {
    what: "a day",
    help: "write it as \"2026-01-31\"",
    holds: |s| s.len() == "2026-01-31".len() && s.parse::<jiff::civil::Date>().is_ok(),
};
/// A date as the database has it.
pub(super) const STORED_DATE: Form = Form {
    what: "a date as it is stored",
    help: "write it as \"2016-02-21T13:27:00Z\", in UTC, or \"2016-02-21\"",
    holds: |s| {
        (DAY.holds)(s)
            || (s.len() == "2016-02-21T13:27:00Z".len()
                && s.ends_with('Z')
                && s.parse::<jiff::Timestamp>().is_ok())
    },
};
/// Anything but white space alone.
pub(super) const WORDS: Form = Form {
    what: "a text",
    help: "write at least one word",
    holds: |s| !crate::text::is_blank(s),
};

/// Whether a selector matches the bare outer elements that every page has.
fn takes_the_page(selector: &Selector) -> bool {
    const BARE: &str = "<!doctype html><html><head></head><body></body></html>";
    Dom::parse(BARE).is_ok_and(|dom| dom.select(selector).next().is_some())
}
