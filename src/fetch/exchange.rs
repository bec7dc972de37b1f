//! What is kept of asking: the exchange with all its hops, the response, the copy of a
//! robots.txt. Owns the records and their building; making the exchange is `client` and
//! `transport`.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::client::Asked;
use super::refusal::Refusal;

/// One answered redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// What was asked.
    pub url: Url,
    /// The status of the answer.
    pub status: u16,
    /// Its `Location` as written (bytes that are no UTF-8 replaced).
    pub location: String,
}

/// An HTTP exchange as it is stored: what was asked, what came back, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The address at the beginning.
    pub requested_url: Url,
    /// The address asked last.
    pub final_url: Url,
    /// The redirects that were followed, in order.
    pub hops: Vec<Hop>,
    /// The last status; `None` when no answer came.
    pub status: Option<u16>,
    /// The last answer's headers, names in lower case, in order, without `Set-Cookie`.
    pub headers: Vec<(String, String)>,
    /// When the last request was sent.
    pub fetched_at: Timestamp,
    /// Time on the network over all hops, without waiting for a turn.
    pub duration: Duration,
    /// Decoded bytes read of the last body, of a damaged one too.
    pub bytes: usize,
    /// Why there is no response, in words.
    pub error: Option<String>,
}

/// A page as it came, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The address that answered.
    pub url: Url,
    /// 2xx, or 304 when the request was conditional.
    pub status: u16,
    /// The decoded body; empty when not modified.
    pub body: Vec<u8>,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// `ETag` as sent, for the next request.
    pub etag: Option<String>,
    /// `Last-Modified` as sent, for the next request.
    pub last_modified: Option<String>,
    /// Whether the server says that the page is as it was.
    pub not_modified: bool,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// The robots.txt files fetched on the way, to be stored; those known already are not here.
    pub robots: Vec<(RobotsCopy, Exchange)>,
    /// The page, or why there is none.
    pub result: Result<Response, Refusal>,
    /// The exchange; `None` when the page was not asked for at all.
    pub exchange: Option<Exchange>,
    /// The beginning of the body that came with a status of 400 or more, at most
    /// [`super::MAX_ERROR_PAGE_BYTES`]: enough to recognise a check for robots by.
    pub error_page: Option<Vec<u8>>,
}

/// A robots.txt as it was found, to be kept for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsCopy {
    /// Scheme, host and port that it is valid for.
    pub origin: String,
    /// When it was asked for.
    pub fetched_at: Timestamp,
    /// The last status; `None` when no answer came.
    pub status: Option<u16>,
    /// The rules, at most [`super::MAX_ROBOTS_BYTES`]; `None` when there is no such file.
    pub body: Option<Vec<u8>>,
    /// Whether it could not be had, which forbids everything until the next run.
    pub unreachable: bool,
}

/// An exchange in the making.
#[derive(Debug)]
pub(super) struct Trail {
    requested: Url,
    hops: Vec<Hop>,
    last: Option<(Url, Asked)>,
    duration: Duration,
}

impl Trail {
    pub(super) fn new(requested: Url) -> Self {
        Self {
            requested,
            hops: Vec::new(),
            last: None,
            duration: Duration::ZERO,
        }
    }

    /// Whether nothing has been followed yet.
    pub(super) fn at_start(&self) -> bool {
        self.hops.is_empty()
    }

    /// Keeps the latest answer and gives its body, or why there is none.
    pub(super) fn record(&mut self, url: &Url, mut asked: Asked) -> Result<Vec<u8>, Refusal> {
        self.duration = self.duration.saturating_add(asked.duration);
        let body = std::mem::replace(&mut asked.body, Ok(Vec::new()));
        self.last = Some((url.clone(), asked));
        body
    }

    /// Takes the latest answer as a redirect to be followed and says where to.
    ///
    /// # Errors
    /// When it has no usable target, closes a circle or is one too many.
    pub(super) fn follow(&mut self, most: usize) -> Result<Url, Refusal> {
        let Some((url, asked)) = &self.last else {
            return Err(Refusal::BadLocation("no answer to follow".to_owned()));
        };
        let location = asked.header("location").unwrap_or_default();
        let target = target(url, &location)?;
        if self.hops.len() >= most || target == *url || self.hops.iter().any(|hop| hop.url == target) {
            return Err(Refusal::TooManyRedirects(target));
        }
        self.hops.push(Hop {
            url: url.clone(),
            status: asked.status.unwrap_or_default(),
            location,
        });
        Ok(target)
    }

    /// The latest answer.
    pub(super) fn last(&self) -> Option<&Asked> {
        self.last.as_ref().map(|(_, asked)| asked)
    }

    /// The finished exchange and the error page; no exchange when nothing was asked.
    pub(super) fn finish(self, refusal: Option<&Refusal>) -> (Option<Exchange>, Option<Vec<u8>>) {
        let Some((final_url, asked)) = self.last else {
            return (None, None);
        };
        let exchange = Exchange {
            requested_url: self.requested,
            final_url,
            hops: self.hops,
            status: asked.status,
            headers: asked.headers,
            fetched_at: asked.at,
            duration: self.duration,
            bytes: asked.bytes,
            error: refusal.map(ToString::to_string),
        };
        (Some(exchange), asked.error_page)
    }
}

/// Resolves a `Location` (RFC 9110 §10.2.2). Fragment and userinfo go; tracking parameters stay,
/// since a server that adds them would redirect forever to who drops them.
fn target(base: &Url, location: &str) -> Result<Url, Refusal> {
    /// Longest piece of an unusable target that is shown, in bytes.
    const SHOWN_BYTES: usize = 100;
    let location = location.trim();
    let bad = |why: &str| {
        let shown = &location[..location.floor_char_boundary(SHOWN_BYTES)];
        Err(Refusal::BadLocation(format!("{shown:?} ({why})")))
    };
    if location.is_empty() {
        return bad("no Location");
    }
    if location.len() > crate::address::MAX_URL_BYTES {
        return bad("too long");
    }
    match base.join(location) {
        Ok(url) => Ok(bare(url)),
        Err(error) => bad(&error.to_string()),
    }
}

/// The address without fragment and userinfo: neither is ever sent.
pub(super) fn bare(mut url: Url) -> Url {
    url.set_fragment(None);
    // Both fail only for addresses that can have no userinfo.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(location: &str) -> Result<String, Refusal> {
        target(&Url::parse("http://news.example/a/b?c").unwrap(), location).map(String::from)
    }

    #[test]
    fn locations_are_resolved_and_stripped() {
        assert_eq!(resolve("../x").unwrap(), "http://news.example/x");
        assert_eq!(resolve("//other.example/y#z").unwrap(), "http://other.example/y");
        assert_eq!(
            resolve("https://u:p@news.example/?utm_source=a").unwrap(),
            "https://news.example/?utm_source=a"
        );
        assert_eq!(
            resolve("/caf\u{fffd}").unwrap(),
            "http://news.example/caf%EF%BF%BD"
        );
    }

    #[test]
    fn unusable_locations_are_named_but_not_repeated_at_length() {
        for location in ["", "  ", "http://", "http://a b/"] {
            assert!(
                matches!(resolve(location), Err(Refusal::BadLocation(_))),
                "{location:?}"
            );
        }
        let huge = resolve(&"é".repeat(1024 * 1024)).unwrap_err().to_string();
        assert!(huge.len() < 200);
    }
}
