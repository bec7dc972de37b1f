//! An exchange as the database keeps it: from `fetch`'s words to `store`'s.

use crate::fetch::{Exchange, RobotsCopy};
use crate::outcome::Outcome;
use crate::store::{FetchRow, RobotsWrite};

/// The row of an exchange; charset and hash are those of a body that was read.
pub(super) fn fetch_row(
    exchange: &Exchange,
    charset: Option<(&'static str, &'static str)>,
    body_sha256: Option<String>,
) -> FetchRow {
    FetchRow {
        url: exchange.requested_url.to_string(),
        final_url: exchange.final_url.to_string(),
        redirects: exchange
            .hops
            .iter()
            .map(|h| crate::store::Hop {
                url: h.url.to_string(),
                status: h.status,
                location: h.location.clone(),
            })
            .collect(),
        status: exchange.status,
        headers: exchange.headers.clone(),
        charset: charset.map(|(charset, _)| charset.to_owned()),
        charset_source: charset.map(|(_, source)| source.to_owned()),
        fetched_at: exchange.fetched_at,
        duration: exchange.duration,
        bytes: exchange.bytes as u64,
        body_sha256,
        error: exchange.error.clone(),
        from: None,
    }
}

/// A robots.txt and its exchange.
pub(super) fn robots(run_id: i64, copy: RobotsCopy, exchange: &Exchange) -> RobotsWrite {
    let outcome = match (copy.unreachable, &copy.body) {
        (true, _) => Outcome::Failed,
        (false, Some(_)) => Outcome::Stored,
        (false, None) => Outcome::Gone,
    };
    RobotsWrite {
        run_id,
        site: None,
        origin: copy.origin,
        fetched_at: copy.fetched_at,
        status: copy.status,
        body: copy.body.unwrap_or_default(),
        outcome,
        reason: exchange.error.clone(),
        fetch: Some(fetch_row(exchange, None, None)),
    }
}
