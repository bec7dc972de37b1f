//! One HTTP exchange: the only file that names `reqwest`'s client. Owns how the client is built,
//! what is sent, how much of a body is read and what an error of the client means; redirects,
//! robots.txt, pace and repeating are the business of the files above it.

use std::io;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};
use url::Url;

use super::guard::{Guard, PublicResolver, ResolveError};
use super::refusal::Refusal;
use super::{FetchConfig, FetchError, MAX_ERROR_PAGE_BYTES};

/// Most header lines of a response.
const MAX_HEADERS: usize = 256;
/// Largest decoded header list of an HTTP/2 response, in bytes.
const MAX_HEADER_LIST_BYTES: u32 = 64 * 1024;
/// Connections kept open to one host: one request at a time needs no more.
const IDLE_CONNECTIONS_PER_HOST: usize = 1;

/// Headers that a caller may not set: who we are, what we are let into by, whose page we come
/// from, and those that would change how the response is framed or decoded.
const RESERVED_HEADERS: [&str; 19] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "if-modified-since",
    "if-none-match",
    "proxy-authorization",
    "range",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-forwarded-for",
];

/// What to do with a body that is longer than asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overlong {
    /// Keep nothing: a page is whole or is none.
    Refuse,
    /// Keep the beginning: what RFC 9309 §2.5 does to a robots.txt.
    Cut,
}

/// A request to be made.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    pub(super) url: &'a Url,
    pub(super) accept: &'static str,
    pub(super) headers: &'a [(String, String)],
    pub(super) etag: Option<&'a str>,
    pub(super) last_modified: Option<&'a str>,
    /// Most decoded bytes of a body that is read.
    pub(super) max_bytes: usize,
    pub(super) overlong: Overlong,
}

/// What came of a request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) at: Timestamp,
    pub(super) duration: Duration,
    pub(super) status: Option<u16>,
    /// Names in lower case; `Set-Cookie` is dropped.
    pub(super) headers: Vec<(String, String)>,
    /// Decoded bytes that arrived.
    pub(super) bytes: usize,
    /// The body of a 2xx or of a 304 that was asked for; else why there is none.
    pub(super) body: Result<Vec<u8>, Refusal>,
    pub(super) error_page: Option<Vec<u8>>,
}

impl Asked {
    /// The first header of that (lower-case) name.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.clone())
    }

    /// Whether the status is a redirect that is followed (RFC 9110 §15.4).
    pub(super) fn is_redirect(&self) -> bool {
        matches!(self.status, Some(301 | 302 | 303 | 307 | 308))
    }
}

/// The HTTP client with everything switched off that would act behind our back: redirects,
/// retries, cookies, referrers, proxies from the environment.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    guard: Guard,
    proxied: bool,
}

impl Client {
    pub(super) fn new(config: &FetchConfig) -> Result<Self, FetchError> {
        // Fails only when a provider is installed already, which then serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let agent = HeaderValue::from_str(&config.user_agent)
            .map_err(|_| FetchError::UserAgent(config.user_agent.clone()))?;
        let limits = &config.limits;
        let mut builder = reqwest::Client::builder()
            .user_agent(agent)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(limits.connect)
            .read_timeout(limits.read)
            .timeout(limits.exchange)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
            .http1_max_headers(MAX_HEADERS)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http2_max_header_list_size(MAX_HEADER_LIST_BYTES);
        if !config.ca_certificates_pem.is_empty() {
            let certificates = reqwest::Certificate::from_pem_bundle(&config.ca_certificates_pem)
                .map_err(|error| FetchError::CaCertificate(chain(&error)))?;
            if certificates.is_empty() {
                return Err(FetchError::CaCertificate("it holds no certificate".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        builder = match &config.proxy {
            Some(proxy) => builder
                .proxy(reqwest::Proxy::all(proxy.clone()).map_err(|error| FetchError::Proxy(chain(&error)))?),
            None => builder.no_proxy(),
        };
        // A proxy may well stand on the own network, and it resolves the names itself.
        if config.proxy.is_none() && !config.allow_private {
            builder = builder.dns_resolver(PublicResolver {
                timeout: limits.connect,
            });
        }
        Ok(Self {
            http: builder
                .build()
                .map_err(|error| FetchError::Client(chain(&error)))?,
            guard: Guard {
                allow_private: config.allow_private,
            },
            proxied: config.proxy.is_some(),
        })
    }

    /// Makes the request. `at` is the time it is recorded under.
    pub(super) async fn ask(&self, ask: &Ask<'_>, at: Timestamp) -> Asked {
        let started = Instant::now();
        let mut asked = Asked {
            at,
            duration: Duration::ZERO,
            status: None,
            headers: Vec::new(),
            bytes: 0,
            body: Ok(Vec::new()),
            error_page: None,
        };
        asked.body = match self.http.get(ask.url.clone()).headers(headers(ask)).send().await {
            Ok(response) => self.read(ask, response, &mut asked).await,
            Err(error) => Err(classify(&error)),
        };
        asked.duration = started.elapsed();
        asked
    }

    async fn read(
        &self,
        ask: &Ask<'_>,
        mut response: reqwest::Response,
        asked: &mut Asked,
    ) -> Result<Vec<u8>, Refusal> {
        if !self.proxied {
            self.guard.check_reached(response.remote_addr())?;
        }
        let status = response.status().as_u16();
        asked.status = Some(status);
        asked.headers = kept_headers(response.headers());
        match status {
            // 206 was not asked for, and 204 and 205 have no body.
            200..=203 | 207..=299 => {}
            304 if ask.etag.is_some() || ask.last_modified.is_some() => return Ok(Vec::new()),
            400.. => {
                asked.error_page = error_page(response).await;
                return Err(Refusal::Status(status));
            }
            // A redirect's body is not read: it says what Location says.
            _ => return Err(Refusal::Status(status)),
        }
        // The client takes this header away when it decodes; what it leaves it cannot decode.
        if let Some(encoding) = response.headers().get(CONTENT_ENCODING) {
            let encoding = String::from_utf8_lossy(encoding.as_bytes());
            if !encoding.trim().eq_ignore_ascii_case("identity") {
                return Err(Refusal::Undecodable(encoding.into_owned()));
            }
        }
        let too_large = Err(Refusal::TooLarge(ask.max_bytes));
        let announced = response.content_length().unwrap_or_default();
        if ask.overlong == Overlong::Refuse && usize::try_from(announced).map_or(true, |n| n > ask.max_bytes)
        {
            return too_large;
        }
        let mut body = Vec::new();
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(body),
                Err(error) => return Err(classify(&error)),
            };
            // Pieces are decoded a few KiB at a time, so a compression bomb is met here and not
            // in memory. Leaving drops the response, which closes the connection.
            let room = ask.max_bytes - body.len();
            asked.bytes = asked.bytes.saturating_add(chunk.len());
            if chunk.len() > room {
                if ask.overlong == Overlong::Refuse {
                    return too_large;
                }
                body.extend_from_slice(&chunk[..room]);
                asked.bytes = body.len();
                return Ok(body);
            }
            body.extend_from_slice(&chunk);
        }
    }
}

/// The beginning of an error's body. It is only looked at, never kept as a page, so a damaged one
/// serves as far as it goes.
async fn error_page(mut response: reqwest::Response) -> Option<Vec<u8>> {
    let mut page = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_ERROR_PAGE_BYTES - page.len();
        page.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    (!page.is_empty()).then_some(page)
}

fn headers(ask: &Ask<'_>) -> HeaderMap {
    let mut map = HeaderMap::new();
    map.insert(ACCEPT, HeaderValue::from_static(ask.accept));
    for (name, value) in ask.headers {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            continue;
        };
        if RESERVED_HEADERS.contains(&name.as_str()) {
            continue;
        }
        if let Ok(value) = HeaderValue::from_str(value) {
            map.insert(name, value);
        }
    }
    // Validators come from an earlier response; one that cannot be sent makes a plain request.
    for (name, value) in [(IF_NONE_MATCH, ask.etag), (IF_MODIFIED_SINCE, ask.last_modified)] {
        if let Some(value) = value.and_then(|v| HeaderValue::from_bytes(v.as_bytes()).ok()) {
            map.insert(name, value);
        }
    }
    map
}

fn kept_headers(map: &HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .filter(|(name, _)| !matches!(name.as_str(), "set-cookie" | "set-cookie2"))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}

/// What an error of the client means. Timeouts come first, because a body that timed out also
/// counts as damaged.
fn classify(error: &reqwest::Error) -> Refusal {
    let why = chain(error);
    if error.is_timeout() {
        return Refusal::Timeout(why);
    }
    match cause::<ResolveError>(error) {
        Some(ResolveError::Private(name)) => return Refusal::Private(name.clone()),
        Some(ResolveError::Timeout(..)) => return Refusal::Timeout(why),
        None => {}
    }
    if cause::<rustls::Error>(error).is_some() {
        return Refusal::Tls(why);
    }
    if error.is_decode() || error.is_body() {
        return Refusal::Incomplete(why);
    }
    if error.is_connect() {
        return Refusal::Network(why);
    }
    Refusal::ConnectionLost(why)
}

/// The first error of type `T` behind this one. An `io::Error` hides what it wraps from
/// `source()`, so it is opened.
fn cause<T: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// The causes of an error in one line, the client's own words with the address left out: it
/// stands beside them everywhere.
fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        if parts.last() != Some(&text) {
            parts.push(text);
        }
        next = cause.source();
    }
    if parts.is_empty() {
        return error.to_string();
    }
    plain(parts)
}

/// The causes without what only names the client's own layers, and in a person's words where those of
/// the libraries say nothing to one.
fn plain(mut parts: Vec<String>) -> String {
    const LAYERS: [&str; 4] = [
        "client error (Connect)",
        "client error (SendRequest)",
        "tcp connect error",
        "error sending request",
    ];
    let says = |words: &str| parts.iter().any(|part| part.contains(words));
    if says("tunnel error: unsuccessful") || says("tunnel error: failed") {
        return "the proxy refused the connection".to_owned();
    }
    if says("dns error") || says("failed to lookup address") {
        return "no such host".to_owned();
    }
    let last = parts.pop().unwrap_or_default();
    parts.retain(|part| !LAYERS.contains(&part.as_str()));
    parts.push(last);
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_failed_connection_is_told_in_a_persons_words() {
        let told = |parts: &[&str]| plain(parts.iter().map(|p| (*p).to_owned()).collect());
        assert_eq!(
            told(&["client error (Connect)", "tunnel error: unsuccessful"]),
            "the proxy refused the connection"
        );
        assert_eq!(
            told(&[
                "client error (Connect)",
                "dns error",
                "failed to lookup address information"
            ]),
            "no such host"
        );
        assert_eq!(
            told(&[
                "client error (Connect)",
                "tcp connect error",
                "Connection refused (os error 111)"
            ]),
            "Connection refused (os error 111)"
        );
        assert_eq!(told(&["client error (Connect)"]), "client error (Connect)");
    }
}
