//! Which addresses may be asked at all: http and https, the standard ports, public networks
//! (against server-side request forgery). Owns the table of networks, the check of a URL and the
//! resolver that drops private answers; when they are asked is `fetcher`'s and `client`'s doing.
//!
//! Three checks, because each alone can be passed: a URL with a literal address never reaches
//! the resolver, a name can point anywhere, and the connection made is what counts in the end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::refusal::Refusal;

/// Ports that are asked unless private addresses are allowed.
const PORTS: [u16; 2] = [80, 443];
/// Endings of names that never leave the local network (RFC 6761, RFC 6762, ICANN's `internal`).
const LOCAL_NAMES: [&str; 3] = ["localhost", "local", "internal"];

/// Networks that are not the public internet (IANA special-purpose registries), as network and
/// prefix length.
const PRIVATE_V4: [(Ipv4Addr, u32); 14] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// As [`PRIVATE_V4`]; `::/96` holds the unspecified, the loopback and the old IPv4-compatible
/// addresses.
const PRIVATE_V6: [(Ipv6Addr, u32); 9] = [
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 96),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// Whether an address lies on the public internet. IPv4 addresses inside IPv6 ones (mapped,
/// NAT64, 6to4) are taken out and judged by themselves.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let bits = v4.to_bits();
            !PRIVATE_V4
                .iter()
                .any(|(network, length)| (bits ^ network.to_bits()) >> (32 - length) == 0)
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = embedded_v4(v6) {
                return is_public(IpAddr::V4(v4));
            }
            let bits = v6.to_bits();
            !PRIVATE_V6
                .iter()
                .any(|(network, length)| (bits ^ network.to_bits()) >> (128 - length) == 0)
        }
    }
}

fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// The rules in force for one fetcher.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    /// Lifts everything but the scheme: for tests, and for who runs a crawl on an own network.
    pub(super) allow_private: bool,
}

impl Guard {
    /// Checks what can be seen in the URL itself; asked of every hop before anything else.
    pub(super) fn check(self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.to_string()));
        }
        if self.allow_private {
            return Ok(());
        }
        let private = |what: String| Err(Refusal::Private(what));
        match url.host() {
            Some(Host::Ipv4(v4)) if !is_public(IpAddr::V4(v4)) => return private(v4.to_string()),
            Some(Host::Ipv6(v6)) if !is_public(IpAddr::V6(v6)) => return private(v6.to_string()),
            Some(Host::Domain(name)) if is_local_name(name) => return private(name.to_owned()),
            Some(_) => {}
            None => return private(url.to_string()),
        }
        match url.port_or_known_default() {
            Some(port) if PORTS.contains(&port) => Ok(()),
            _ => private(format!("port of {}", url.origin().ascii_serialization())),
        }
    }

    /// Checks the address that was really reached. Not for proxied requests, where it is the
    /// proxy's.
    pub(super) fn check_reached(self, reached: Option<SocketAddr>) -> Result<(), Refusal> {
        match reached {
            Some(address) if !self.allow_private && !is_public(address.ip()) => {
                Err(Refusal::Private(address.ip().to_string()))
            }
            _ => Ok(()),
        }
    }
}

/// The URL parser has made the name lower-case already.
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    LOCAL_NAMES.iter().any(|local| {
        name.strip_suffix(local)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Why a name has no address to connect to. Found again in the client's chain of errors.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// Every answer was a private address.
    #[error("{0} has no public address")]
    Private(String),
    /// No answer in time.
    #[error("no answer from DNS for {0} within {1:?}")]
    Timeout(String, Duration),
}

/// The system's resolver without its private answers. The client connects to exactly the
/// addresses returned, so a name cannot change between check and connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicResolver {
    /// How long to wait for an answer.
    pub(super) timeout: Duration,
}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let timeout = self.timeout;
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found = tokio::time::timeout(timeout, tokio::net::lookup_host((name.as_str(), 0)))
                .await
                .map_err(|_| ResolveError::Timeout(name.clone(), timeout))??;
            let public: Vec<SocketAddr> = found.filter(|a| is_public(a.ip())).collect();
            if public.is_empty() {
                return Err(ResolveError::Private(name).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUARD: Guard = Guard { allow_private: false };

    fn check(url: &str) -> Result<(), Refusal> {
        GUARD.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::10.0.0.1]",
            "[2002:7f00:1::]",
            "[64:ff9b:1::1]",
            "[100::1]",
            "[2001::1]",
            "[2001:db8::1]",
            "[fd00::1]",
            "[fe80::1]",
            "[ff02::1]",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
        ] {
            let verdict = check(&format!("http://{host}/"));
            assert!(matches!(verdict, Err(Refusal::Private(_))), "{host}: {verdict:?}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for host in [
            "news.example",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "[2606:4700::1111]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::8.8.8.8]",
            "notlocalhost",
            "local.example",
            "223.255.255.255",
        ] {
            assert!(check(&format!("https://{host}/")).is_ok(), "{host}");
        }
    }

    #[test]
    fn only_the_standard_ports_and_schemes_are_asked() {
        assert!(check("http://news.example:443/").is_ok());
        assert!(matches!(
            check("http://news.example:8080/"),
            Err(Refusal::Private(_))
        ));
        assert!(matches!(check("ftp://news.example/"), Err(Refusal::Scheme(_))));
    }

    #[test]
    fn allowing_private_addresses_lifts_the_ports_too_but_not_the_scheme() {
        let guard = Guard { allow_private: true };
        assert!(
            guard
                .check(&Url::parse("http://127.0.0.1:8080/").unwrap())
                .is_ok()
        );
        assert!(guard.check(&Url::parse("file:///etc/passwd").unwrap()).is_err());
    }

    #[test]
    fn a_connection_to_a_private_address_is_noticed_afterwards() {
        assert!(GUARD.check_reached("10.0.0.1:80".parse().ok()).is_err());
        assert!(GUARD.check_reached("8.8.8.8:80".parse().ok()).is_ok());
    }

    #[tokio::test]
    async fn a_name_with_private_addresses_alone_does_not_resolve() {
        let resolver = PublicResolver {
            timeout: Duration::from_secs(5),
        };
        let error = resolver
            .resolve("localhost".parse().unwrap())
            .await
            .err()
            .unwrap();
        assert!(matches!(error.downcast_ref(), Some(ResolveError::Private(_))));
    }
}
