//! Pages, listings and refusals: rows of `pages` and `fetches`, and the one transaction in which
//! a page is written with its article. The article's own rows are `article`'s.

use std::borrow::Cow;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params, params};
use serde_json::{Map, Value};

use super::rows::{
    ArticleChange, FetchRow, FurtherPage, ListingWrite, ListingWritten, PageKind, PageWrite, PageWritten,
};
use super::{Fault, Writer, article};
use crate::optout::Signal;
use crate::outcome::Outcome;
use crate::store::body;
use crate::store::error::StoreError;
use crate::store::packer::Packer;
use crate::store::value::{Text, int, json, opt, time, without_nul};

/// Headers that carry a visitor's identity and are never kept.
const NOT_KEPT: &[&str] = &["set-cookie", "set-cookie2"];

impl Writer {
    /// Records a listing and queues what it named and nobody knew. Known addresses stay as they
    /// are.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn record_listing(&self, listing: ListingWrite) -> Result<ListingWritten, StoreError> {
        self.transact("record a listing", move |tx| Ok(write_listing(tx, &listing)?))
            .await
    }

    /// Records a page, with its exchange, its bytes and its article, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the article is not as the caller read it,
    /// [`StoreError::NoBody`] when a version comes without its bytes, and when the file cannot be
    /// written. Nothing is written then.
    pub async fn record_page(&self, page: PageWrite) -> Result<PageWritten, StoreError> {
        self.transact_packing("record a page", move |tx, packer| write_page(tx, &page, packer))
            .await
    }
}

fn write_listing(tx: &Connection, listing: &ListingWrite) -> rusqlite::Result<ListingWritten> {
    if let Some(fetch) = &listing.fetch {
        insert_fetch(tx, listing.run_id, fetch, None)?;
    }
    visit(
        tx,
        &Visit {
            url: &listing.url,
            site: Some(&listing.site),
            kind: listing.kind,
            at: listing.at,
            outcome: Some(listing.outcome),
            reason: listing.reason.as_deref(),
            fetch: listing.fetch.as_ref(),
            etag: listing.etag.as_deref(),
            last_modified: listing.last_modified.as_deref(),
            rules_sha256: listing.rules_sha256.as_deref(),
            ..Visit::default()
        },
    )?;
    let at = time(listing.at);
    let mut new = 0;
    let mut insert = tx.prepare_cached(
        "insert into pages (url, site, kind, discovered_from, discovered_at, listed_published, listed_lastmod)
         values (?1, ?2, 'article', ?3, ?4, ?5, ?6) on conflict (url) do nothing",
    )?;
    for candidate in &listing.candidates {
        new += insert.execute(params![
            Text(&candidate.url),
            Text(&listing.site),
            Text(&candidate.discovered_from),
            at,
            opt(&candidate.published),
            opt(&candidate.lastmod),
        ])?;
    }
    Ok(ListingWritten { new })
}

pub(super) fn write_page(
    tx: &Connection,
    page: &PageWrite,
    packer: &mut Packer,
) -> Result<PageWritten, Fault> {
    let body_sha256 = match &page.body {
        Some(bytes) => Some(body::put(tx, bytes, page.site.as_deref(), page.at, packer)?),
        None => None,
    };
    let fetch_id = match &page.fetch {
        Some(fetch) => Some(insert_fetch(tx, page.run_id, fetch, body_sha256.as_deref())?),
        None => None,
    };
    let further = page
        .further
        .iter()
        .map(|one| further(tx, page, one, packer))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // The page whose bytes the version is made of.
    let whole = further.iter().find(|f| f.page.whole);
    let origin = article::Origin {
        url: &page.final_url,
        fetched_at: page.fetch.as_ref().map_or(page.at, |f| f.fetched_at),
        first_seen_at: page.first_seen_at.unwrap_or(page.at),
        fetch_id: whole.map_or(fetch_id, |f| f.fetch_id),
        run_id: page.run_id,
        html_sha256: whole.map_or(body_sha256.as_deref(), |f| f.body_sha256.as_deref()),
        further: &further,
    };
    let article_id = match &page.article {
        ArticleChange::None => None,
        ArticleChange::Known { article_id } => {
            if page.final_url != page.url {
                take_along(tx, *article_id, &page.url, &page.final_url)?;
            }
            Some(*article_id)
        }
        ArticleChange::New(article) => Some(article::insert(tx, &origin, article)?),
        ArticleChange::Revision {
            article_id,
            from_version,
            article,
        } => {
            article::revise(tx, &origin, *article_id, *from_version, article)?;
            Some(*article_id)
        }
    };
    let told = Visit {
        url: &page.final_url,
        site: page.site.as_deref(),
        kind: PageKind::Article,
        at: page.at,
        outcome: page.outcome,
        reason: page.reason.as_deref(),
        fetch: page.fetch.as_ref(),
        etag: page.etag.as_deref(),
        last_modified: page.last_modified.as_deref(),
        article_id,
        next_visit_at: page.next_visit_at,
        body_sha256: body_sha256
            .as_deref()
            .or(page.fetch.as_ref().and_then(|f| f.body_sha256.as_deref())),
        discovered_from: None,
        rules_sha256: None,
    };
    let article_id = if page.final_url == page.url {
        visit(tx, &told)?
    } else if page.outcome.is_none() {
        // To be tried again, and from the start: nothing is known of the other address yet.
        visit(
            tx,
            &Visit {
                url: &page.url,
                etag: None,
                last_modified: None,
                body_sha256: None,
                ..told
            },
        )?
    } else {
        let points_to = visit(
            tx,
            &Visit {
                discovered_from: Some(&page.url),
                ..told
            },
        )?;
        let reason = format!("to {}", page.final_url);
        visit(
            tx,
            &Visit {
                url: &page.url,
                outcome: Some(Outcome::Redirected),
                reason: Some(&reason),
                etag: None,
                last_modified: None,
                article_id: points_to,
                next_visit_at: None,
                body_sha256: None,
                ..told
            },
        )?;
        points_to
    };
    visit_further(tx, page, &further, article_id)?;
    signals(tx, &page.final_url, page.signals.as_deref(), page.at)?;
    let version = match article_id {
        Some(id) => tx
            .prepare_cached("select version from articles where id = ?1")?
            .query_row([id], |r| r.get(0))
            .optional()?,
        None => None,
    };
    Ok(PageWritten { article_id, version })
}

/// An article whose own address leads elsewhere now goes there, unless another one stands there: it is
/// looked at there from now on.
fn take_along(tx: &Connection, article_id: i64, from: &str, to: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "update articles set url = ?3 where id = ?1 and url = ?2
            and not exists (select 1 from articles where url = ?3)",
    )?
    .execute(params![article_id, Text(from), Text(to)])?;
    Ok(())
}

/// One look at one address.
#[derive(Default, Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) url: &'a str,
    pub(super) site: Option<&'a str>,
    pub(super) kind: PageKind,
    pub(super) at: Timestamp,
    pub(super) outcome: Option<Outcome>,
    pub(super) reason: Option<&'a str>,
    pub(super) fetch: Option<&'a FetchRow>,
    pub(super) etag: Option<&'a str>,
    pub(super) last_modified: Option<&'a str>,
    pub(super) article_id: Option<i64>,
    pub(super) next_visit_at: Option<Timestamp>,
    pub(super) body_sha256: Option<&'a str>,
    pub(super) discovered_from: Option<&'a str>,
    pub(super) rules_sha256: Option<&'a str>,
}

/// Brings the row of an address up to date, or makes it. A row that points to an article keeps
/// doing so whatever comes later, and one of a listing that a dead story led to stays the listing's.
/// Returns the article it points to.
pub(super) fn visit(tx: &Connection, visit: &Visit<'_>) -> rusqlite::Result<Option<i64>> {
    let status = visit.fetch.and_then(|f| f.status);
    if visit.kind == PageKind::Article
        && visit.article_id.is_none()
        && let Some(article_id) = listing_at(tx, visit.url)?
    {
        return Ok(article_id);
    }
    tx.prepare_cached(
        "insert into pages (url, site, kind, outcome, reason, article_id, discovered_from, discovered_at,
           last_fetched_at, next_visit_at, attempts, etag, last_modified, last_body_sha256, rules_sha256)
         values (:url, :site, :kind, :outcome, :reason, :article_id, :discovered_from, :at,
           :fetched_at, :next_visit_at, 1, :etag, :last_modified, :body_sha256, :rules_sha256)
         on conflict (url) do update set
           site = coalesce(site, excluded.site),
           -- A listing may have been queued as an article before it was known for what it is.
           kind = case when article_id is not null then kind else excluded.kind end,
           outcome = excluded.outcome,
           reason = excluded.reason,
           article_id = coalesce(excluded.article_id, article_id),
           last_fetched_at = coalesce(excluded.last_fetched_at, last_fetched_at),
           next_visit_at = excluded.next_visit_at,
           attempts = attempts + 1,
           etag = case when :keep then coalesce(excluded.etag, etag) else excluded.etag end,
           last_modified = case when :keep then coalesce(excluded.last_modified, last_modified)
                                else excluded.last_modified end,
           rules_sha256 = case when :keep then coalesce(excluded.rules_sha256, rules_sha256)
                               else excluded.rules_sha256 end,
           last_body_sha256 = coalesce(excluded.last_body_sha256, last_body_sha256)
         returning article_id",
    )?
    .query_row(
        named_params! {
            ":url": Text(visit.url),
            ":site": visit.site.map(Text),
            ":kind": visit.kind.as_str(),
            ":outcome": visit.outcome.map(Outcome::as_str),
            ":reason": visit.reason.map(Text),
            ":article_id": visit.article_id,
            ":discovered_from": visit.discovered_from.map(Text),
            ":at": time(visit.at),
            ":fetched_at": visit.fetch.map(|f| time(f.fetched_at)),
            ":next_visit_at": visit.next_visit_at.map(time),
            ":etag": visit.etag.map(Text),
            ":last_modified": visit.last_modified.map(Text),
            ":body_sha256": visit.body_sha256,
            ":rules_sha256": visit.rules_sha256,
            // Not modified: what was known of the page still holds (RFC 9110 §15.4.5). Without
            // an exchange nothing was learned either.
            ":keep": status == Some(304) || visit.fetch.is_none(),
        },
        |r| r.get(0),
    )
}

/// The article, if any, of an address that is a listing's: a dead story may have led there.
fn listing_at(tx: &Connection, url: &str) -> rusqlite::Result<Option<Option<i64>>> {
    tx.prepare_cached("select article_id from pages where url = ?1 and kind <> 'article'")?
        .query_row([Text(url)], |r| r.get(0))
        .optional()
}

/// Records what the page says of being kept, in place of what it said before.
fn signals(tx: &Connection, url: &str, signals: Option<&[Signal]>, at: Timestamp) -> rusqlite::Result<()> {
    let Some(signals) = signals else {
        return Ok(());
    };
    tx.prepare_cached("delete from opt_outs where url = ?1")?
        .execute([Text(url)])?;
    let mut insert = tx.prepare_cached(
        "insert into opt_outs (url, n, source, value, refuses, seen_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (n, signal) in signals.iter().enumerate() {
        insert.execute(params![
            Text(url),
            int(n),
            Text(&signal.source),
            Text(&signal.value),
            signal.refuses(),
            time(at)
        ])?;
    }
    Ok(())
}

/// A further page of a story, its exchange and bytes kept.
pub(super) struct Further<'a> {
    pub(super) page: &'a FurtherPage,
    pub(super) fetch_id: Option<i64>,
    pub(super) body_sha256: Option<String>,
}

fn further<'a>(
    tx: &Connection,
    first: &PageWrite,
    page: &'a FurtherPage,
    packer: &mut Packer,
) -> rusqlite::Result<Further<'a>> {
    let body_sha256 = match &page.body {
        Some(bytes) => Some(body::put(tx, bytes, first.site.as_deref(), first.at, packer)?),
        None => None,
    };
    let fetch_id = match &page.fetch {
        Some(_) if page.stored_fetch.is_some() => page.stored_fetch,
        Some(fetch) => Some(insert_fetch(tx, first.run_id, fetch, body_sha256.as_deref())?),
        None => None,
    };
    Ok(Further {
        page,
        fetch_id,
        body_sha256,
    })
}

/// Brings the rows of a story's further pages up to date: they are addresses of its article. The
/// story's own address, to which some lead back, has its row already.
fn visit_further(
    tx: &Connection,
    page: &PageWrite,
    further: &[Further<'_>],
    article_id: Option<i64>,
) -> rusqlite::Result<()> {
    for Further { page: one, .. } in further {
        if one.url == page.final_url || one.url == page.url || has_its_own(tx, &one.url, article_id)? {
            continue;
        }
        let reason = match &one.reason {
            Some(reason) => format!("part of {}: {reason}", page.final_url),
            None => format!("part of {}", page.final_url),
        };
        let is_address = matches!(one.outcome, Outcome::Duplicate | Outcome::Gone);
        visit(
            tx,
            &Visit {
                url: &one.url,
                site: page.site.as_deref(),
                kind: PageKind::Article,
                at: page.at,
                outcome: Some(one.outcome),
                reason: Some(&reason),
                fetch: one.fetch.as_ref(),
                article_id: article_id.filter(|_| is_address),
                discovered_from: Some(&page.final_url),
                ..Visit::default()
            },
        )?;
        signals(tx, &one.url, one.signals.as_deref(), page.at)?;
    }
    Ok(())
}

/// Whether another article stands at an address: its row goes on pointing there.
fn has_its_own(tx: &Connection, url: &str, article_id: Option<i64>) -> rusqlite::Result<bool> {
    tx.prepare_cached("select exists (select 1 from articles where url = ?1 and id is not ?2)")?
        .query_row(params![Text(url), article_id], |r| r.get(0))
}

/// Records an exchange, and the record it came out of, where it came out of one. Returns its id.
pub(super) fn insert_fetch(
    tx: &Connection,
    run_id: i64,
    fetch: &FetchRow,
    body_sha256: Option<&str>,
) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "insert into fetches (run_id, url, final_url, redirects, status, headers, charset, charset_source,
           fetched_at, duration_ms, bytes, body_sha256, error)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        run_id,
        Text(&fetch.url),
        Text(&fetch.final_url),
        json(&fetch.redirects),
        fetch.status,
        headers_json(&fetch.headers),
        opt(&fetch.charset),
        opt(&fetch.charset_source),
        time(fetch.fetched_at),
        int(fetch.duration.as_millis()),
        int(fetch.bytes),
        body_sha256.or(fetch.body_sha256.as_deref()),
        opt(&fetch.error),
    ])?;
    let id = tx.last_insert_rowid();
    if let Some(from) = &fetch.from {
        tx.prepare_cached("insert into ingested (fetch_id, file, record_id) values (?1, ?2, ?3)")?
            .execute(params![id, Text(&from.file), Text(&from.record_id)])?;
    }
    Ok(id)
}

/// One object, names in lower case, in the order of the answer: `headers ->> '$.etag'` works.
fn headers_json(headers: &[(String, String)]) -> String {
    let mut object = Map::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if NOT_KEPT.contains(&name.as_str()) {
            continue;
        }
        let value = without_nul(value);
        match object.get_mut(&name) {
            Some(Value::String(former)) => {
                former.push_str(", ");
                former.push_str(&value);
            }
            _ => {
                object.insert(name, Value::String(Cow::into_owned(value)));
            }
        }
    }
    json(&object)
}

#[cfg(test)]
mod tests {
    use super::headers_json;

    #[test]
    fn cookies_are_never_kept_and_repeated_headers_are_joined() {
        let headers = [
            ("ETag", "\"a\""),
            ("Set-Cookie", "id=1"),
            ("Vary", "a"),
            ("vary", "b\0"),
        ];
        let headers = headers.map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(headers_json(&headers), r#"{"etag":"\"a\"","vary":"a, b"}"#);
    }
}
