//! `/.well-known/tdmrep.json`: a site's reservation of text and data mining (TDM Reservation
//! Protocol, W3C Community Group, 2024). Owns the file's form; asking for it is the pipeline's.

use serde::Deserialize;
use url::Url;

use super::pattern::{Pattern, path_of};
use crate::optout::Signal;

/// Where the file is, from the root of an origin.
pub const TDMREP_PATH: &str = "/.well-known/tdmrep.json";
/// How much of it is read, in bytes.
pub const MAX_TDMREP_BYTES: usize = 256 * 1024;
/// Rules that are read.
const MAX_RULES: usize = 1_000;

#[derive(Deserialize)]
struct Row {
    location: String,
    #[serde(rename = "tdm-reservation")]
    reservation: serde_json::Value,
}

/// The reservations of one origin.
#[derive(Debug, Clone, Default)]
pub struct Reservations(Vec<(Pattern, bool)>);

impl Reservations {
    /// Reads the file; what is no such file reserves nothing.
    pub fn parse(bytes: &[u8]) -> Self {
        let rows: Vec<serde_json::Value> = serde_json::from_slice(bytes).unwrap_or_default();
        let rules = rows.into_iter().take(MAX_RULES).filter_map(|row| {
            let row: Row = serde_json::from_value(row).ok()?;
            let reserved = row.reservation == 1 || row.reservation == "1";
            Some((Pattern::parse(&row.location)?, reserved))
        });
        Self(rules.collect())
    }

    /// What is reserved of a page: the most specific location decides, as in robots.txt.
    pub fn signal(&self, url: &Url) -> Option<Signal> {
        let path = path_of(url);
        self.0
            .iter()
            .filter(|(location, _)| location.matches(&path))
            .max_by_key(|(location, _)| location.specificity())
            .map(|(_, reserved)| Signal::new("tdmrep.json", if *reserved { "1" } else { "0" }))
    }
}

#[cfg(test)]
mod tests {
    use super::Reservations;

    #[test]
    fn the_most_specific_location_decides() {
        let file = br#"[{"location": "/", "tdm-reservation": 1},
                        {"location": "/press/*", "tdm-reservation": 0},
                        {"location": 7}]"#;
        let reservations = Reservations::parse(file);
        let at = |path: &str| {
            let url = format!("https://a.example{path}").parse().unwrap();
            reservations.signal(&url).map(|s| s.value)
        };
        assert_eq!(at("/news/1").as_deref(), Some("1"));
        assert_eq!(at("/press/2").as_deref(), Some("0"));
        assert!(
            Reservations::parse(b"<html>not found")
                .signal(&"https://a.example/".parse().unwrap())
                .is_none()
        );
    }
}
