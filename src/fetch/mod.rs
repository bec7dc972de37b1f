//! Getting pages, politely and safely: robots.txt, pace, redirects, limits, and a guard against
//! private networks. Bytes come out; what they mean is for the rooms after this one.
//!
//! From the outside in: [`Fetcher`] orders the steps, `policy` keeps the robots.txt files that
//! `robots` and `pattern` read, `transport` makes one exchange in the turn that `pace` gives,
//! `client` speaks HTTP, `guard` knows which addresses are public.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::clock::Clock;

mod agents;
mod client;
mod exchange;
mod fetcher;
mod guard;
mod pace;
mod pattern;
mod policy;
mod refusal;
mod retry_after;
mod robots;
mod tdmrep;
mod transport;

pub use exchange::{Exchange, Hop, Response, RobotsCopy, Visit};
pub use fetcher::{Fetcher, MAX_REDIRECTS, Request, Scope};
pub use policy::{ROBOTS_LIFETIME, RobotsView};
pub use refusal::Refusal;
pub use robots::{MAX_CRAWL_DELAY, MAX_ROBOTS_BYTES, Robots, RobotsLine, TOKEN};
pub use tdmrep::{MAX_TDMREP_BYTES, Reservations, TDMREP_PATH};

/// Least time from the end of a response to the next request to its host.
pub const DEFAULT_DELAY: Duration = Duration::from_secs(1);
/// Largest decoded body of a page, in bytes.
pub const MAX_PAGE_BYTES: usize = 10 * 1024 * 1024;
/// Largest decoded sitemap, in bytes (the protocol's own limit).
pub const MAX_SITEMAP_BYTES: usize = 50 * 1024 * 1024;
/// How much of a body that comes with an error status is kept to be looked at, in bytes.
pub const MAX_ERROR_PAGE_BYTES: usize = 64 * 1024;

/// What a fetcher is made of.
#[derive(Clone)]
pub struct FetchConfig {
    /// The `User-Agent` header; robots.txt is searched for [`TOKEN`] whatever stands here.
    pub user_agent: String,
    /// An HTTP proxy for all requests; it then resolves the names.
    pub proxy: Option<Url>,
    /// Authorities trusted beside the system's, one or more PEM certificates; may be empty.
    pub ca_certificates_pem: Vec<u8>,
    /// Lifts the guard against private addresses and other ports than 80 and 443.
    pub allow_private: bool,
    /// Bounds on time.
    pub limits: Limits,
    /// The clock for pace, pauses and the age of robots.txt copies.
    pub clock: Clock,
}

impl fmt::Debug for FetchConfig {
    /// Without the proxy, whose address may hold a password, and without the certificates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchConfig")
            .field("user_agent", &self.user_agent)
            .field("proxied", &self.proxy.is_some())
            .field("allow_private", &self.allow_private)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Bounds on time. Those on the network are real time, the others are the clock's.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For a connection, TLS included, and for an answer from DNS. Real time.
    pub connect: Duration,
    /// For the head of a response, and then for each piece of its body. Real time.
    pub read: Duration,
    /// For a whole exchange, one hop, from connecting to the last byte. Real time.
    pub exchange: Duration,
    /// Gap after a host's first failure; doubled with each further one in a row.
    pub backoff_first: Duration,
    /// Longest such gap.
    pub backoff_max: Duration,
    /// Pause after a 429 that does not say how long; doubled with each further one in a row.
    pub pause_first: Duration,
    /// Longest such pause.
    pub pause_max: Duration,
    /// Failures in a row after which a host is left alone until the next run.
    pub trouble_after: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(20),
            exchange: Duration::from_secs(60),
            backoff_first: Duration::from_secs(2),
            backoff_max: Duration::from_secs(60),
            pause_first: Duration::from_secs(30),
            pause_max: Duration::from_secs(60 * 60),
            trouble_after: 5,
        }
    }
}

impl Limits {
    /// Short bounds for tests against a server on the same machine.
    pub fn for_testing() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(5),
            exchange: Duration::from_secs(10),
            backoff_first: Duration::from_millis(1),
            backoff_max: Duration::from_millis(2),
            ..Self::default()
        }
    }
}

/// Why a fetcher cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A line end, say, in the user agent.
    #[error("user agent {0:?} cannot be sent as a header: use visible ASCII characters")]
    UserAgent(String),
    /// Not PEM, or not a certificate.
    #[error("the CA certificate cannot be read ({0}): give a PEM file with one or more certificates")]
    CaCertificate(String),
    /// Not the address of a proxy.
    #[error("the proxy cannot be used ({0}): give an address such as http://127.0.0.1:3128")]
    Proxy(String),
    /// The TLS library found no trusted authorities, most likely.
    #[error(
        "the HTTP client cannot be built ({0}): install the system's ca-certificates or name a file with --ca-cert"
    )]
    Client(String),
}
