//! What a site says of its pages being kept and mined by machines: the signals, and which of them
//! say no. Owns the words; finding them is `fetch`'s and `extract`'s, obeying them is a policy.

use serde::Deserialize;

/// What is done about a page that opts out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptOutPolicy {
    /// The signal is recorded with the page.
    #[default]
    Record,
    /// And the page is not stored, nor asked for where that is known before.
    Skip,
}

/// One thing a site says of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Who says it: `x-robots-tag`, `tdm-reservation` (headers), `meta:robots`, `meta:copydesk`,
    /// `meta:tdm-reservation`, `tdmrep.json`, `robots.txt:<agent>`, `robots.txt:content-signal`.
    pub source: String,
    /// What it says, as written.
    pub value: String,
}

/// Directives of robots meta tags and `X-Robots-Tag` that ask for no copy, or none for machines.
const NO_COPY: &[&str] = &["none", "noindex", "noarchive", "noai"];
/// Directives that are written with a colon, as the name of a robot is.
const WITH_A_VALUE: &[&str] = &[
    "max-snippet",
    "max-image-preview",
    "max-video-preview",
    "unavailable_after",
];
/// Uses of Content-Signal (contentsignals.org) that an archive for readers and programs is.
const OUR_USES: &[&str] = &["ai-train", "ai-input", "search"];

impl Signal {
    /// A signal.
    pub fn new(source: &str, value: &str) -> Self {
        Self {
            source: source.to_owned(),
            value: value.trim().to_owned(),
        }
    }

    /// Whether it asks that the page be left alone. Others are recorded only.
    pub fn refuses(&self) -> bool {
        let words = || self.value.split([',', ';']).map(str::trim);
        match self.source.as_str() {
            "x-robots-tag" | "meta:robots" | "meta:copydesk" => {
                words().any(|w| NO_COPY.iter().any(|no| w.eq_ignore_ascii_case(no)))
            }
            "tdm-reservation" | "meta:tdm-reservation" | "tdmrep.json" => self.value == "1",
            "robots.txt:content-signal" => words().any(|w| {
                w.split_once('=').is_some_and(|(part, said)| {
                    said.trim().eq_ignore_ascii_case("no")
                        && OUR_USES.iter().any(|u| part.trim().eq_ignore_ascii_case(u))
                })
            }),
            agent => agent.starts_with("robots.txt:"),
        }
    }
}

/// Why the policy keeps a page with these signals out, where it does.
pub fn refusal(signals: &[Signal], policy: OptOutPolicy) -> Option<String> {
    let refusal = signals.iter().find(|signal| signal.refuses())?;
    (policy == OptOutPolicy::Skip).then(|| format!("{}: {}", refusal.source, refusal.value))
}

/// Adds signals to those known, each once.
pub fn add(known: &mut Vec<Signal>, more: impl IntoIterator<Item = Signal>) {
    for signal in more {
        if !known.contains(&signal) {
            known.push(signal);
        }
    }
}

/// The signals in a response's headers (names in lower case): `X-Robots-Tag` for everyone or for
/// copydesk, and `tdm-reservation` (TDM Reservation Protocol, W3C Community Group, 2024).
pub fn of_headers(headers: &[(String, String)]) -> Vec<Signal> {
    let mut signals = Vec::new();
    for (name, value) in headers {
        match name.as_str() {
            "x-robots-tag" => {
                // `otherbot: noindex` is not said to us; `max-snippet:-1, noarchive` names no bot.
                let said = match value.split_once(':') {
                    Some((bot, said)) if bot.trim().eq_ignore_ascii_case("copydesk") => said,
                    Some((bot, _)) if !bot.contains(',') && !is_directive(bot) => continue,
                    _ => value,
                };
                signals.push(Signal::new("x-robots-tag", said));
            }
            "tdm-reservation" => signals.push(Signal::new("tdm-reservation", value)),
            _ => {}
        }
    }
    signals
}

fn is_directive(name: &str) -> bool {
    WITH_A_VALUE.iter().any(|d| name.trim().eq_ignore_ascii_case(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signal_says_yes_or_no() {
        let refuses = |source, value| Signal::new(source, value).refuses();
        assert!(refuses("meta:robots", "max-snippet:-1, NoArchive"));
        assert!(!refuses("meta:robots", "index, follow, max-image-preview:large"));
        assert!(refuses("tdm-reservation", " 1 "));
        assert!(!refuses("tdm-reservation", "0"));
        assert!(refuses("robots.txt:content-signal", "search=yes, ai-train = no"));
        assert!(!refuses("robots.txt:content-signal", "search=yes, ai-input=yes"));
        assert!(refuses("robots.txt:GPTBot", "Disallow: /"));
    }

    #[test]
    fn a_header_for_another_robot_is_not_for_us() {
        let header = |value: &str| of_headers(&[("x-robots-tag".to_owned(), value.to_owned())]);
        assert_eq!(header("googlebot: noindex"), []);
        assert_eq!(header("copydesk: noarchive")[0].value, "noarchive");
        assert!(header("noai, noimageai")[0].refuses());
        assert!(header("max-snippet:-1, noarchive")[0].refuses());
        assert!(header("Max-Image-Preview: large, noai")[0].refuses());
        assert!(!header("unavailable_after: 25 Jun 2030 15:00:00 PST")[0].refuses());
    }
}
