//! WARC: every exchange that a stored version was made of, as warcio and pywb read it.

use std::collections::HashSet;
use std::io::Write;

use crate::store::{Reader, StoredExchange};
use crate::warc::{Captured, Writer};

use crate::cmd::day;

/// Exchanges that left, and those that could not.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Written.
    pub(super) written: u64,
    /// Without a body: pruned.
    pruned: u64,
    /// When the last of these was.
    pruned_at: Option<String>,
}

impl Tally {
    /// Says what is missing.
    pub(super) fn tell(&self) {
        if let Some(at) = &self.pruned_at {
            tracing::warn!(
                "{} exchanges are left out: their bodies were pruned, the last on {}",
                self.pruned,
                day(at)
            );
        }
    }
}

/// Writes the exchanges of an article.
pub(super) fn write<W: Write>(
    out: &mut Writer<W>,
    reader: &Reader,
    article_id: i64,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut written = HashSet::new();
    for exchange in reader.exchanges(article_id)? {
        // A page that was captured once may be part of several versions.
        let which = (
            exchange.url.clone(),
            exchange.fetched_at.clone(),
            exchange.body_sha256.clone(),
        );
        if !written.insert(which) {
            continue;
        }
        // Gone by hand or by a policy: what is not there cannot leave.
        let Some(body) = reader.body(&exchange.body_sha256)? else {
            let pruned_at = reader.pruned_at(&exchange.body_sha256)?;
            tally.pruned += u64::from(pruned_at.is_some());
            tally.pruned_at = tally.pruned_at.take().max(pruned_at);
            continue;
        };
        out.write(&captured(exchange, article_id, body))?;
        tally.written += 1;
    }
    Ok(())
}

fn captured(exchange: StoredExchange, article_id: i64, body: Vec<u8>) -> Captured {
    let metadata = [
        ("copydesk-article", article_id.to_string()),
        ("copydesk-version", exchange.version.to_string()),
        ("copydesk-page", exchange.n.to_string()),
        ("copydesk-url", exchange.article_url),
        ("copydesk-first-seen", exchange.first_seen_at),
        ("fetchTimeMs", exchange.duration_ms.to_string()),
        ("redirects", exchange.redirects),
        ("charset", exchange.charset.unwrap_or_default()),
        ("body-sha256", exchange.body_sha256),
    ];
    Captured {
        url: exchange.url,
        date: exchange.fetched_at,
        // Only the id of a WARC record is one: a capture folder's are names of files.
        record_id: exchange.record_id.filter(|id| id.starts_with("<urn:")),
        status: exchange.status,
        headers: exchange.headers,
        body,
        metadata: metadata.map(|(name, value)| (name.to_owned(), value)).into(),
    }
}
