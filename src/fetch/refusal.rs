//! Why a page was not fetched: one reason a variant, its sentence, the outcome it means for the
//! page and whether a later attempt makes sense. Who finds the reason is elsewhere in the room.

use jiff::Timestamp;
use url::Url;

use crate::outcome::Outcome;

/// Why there is no response. The text of a variant is the `reason` that is stored with the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A rule of the site's robots.txt.
    #[error("robots.txt of {origin} forbids {url} in line {line}: {text}")]
    RobotsDenied {
        /// Whose robots.txt.
        origin: String,
        /// What it forbids; a redirect's target perhaps.
        url: String,
        /// The line, counted from 1.
        line: u32,
        /// The line as written.
        text: String,
    },
    /// The robots.txt could not be had, so everything is forbidden until the next run
    /// (RFC 9309 §2.3.1.4).
    #[error("robots.txt of {origin} could not be had ({reason}); without it nothing is asked of this host")]
    RobotsUnreachable {
        /// Whose robots.txt.
        origin: String,
        /// Why not.
        reason: String,
    },
    /// An address on a private network, or another port than 80 and 443.
    #[error("{0} is not on the public internet; --allow-private lifts this")]
    Private(String),
    /// Neither http nor https.
    #[error("{0} is not fetched, only http and https addresses are")]
    Scheme(String),
    /// A redirect to a host that the request does not cover.
    #[error("it leads to {0}, which is not one of the site's hosts")]
    OutOfScope(Url),
    /// More than [`super::MAX_REDIRECTS`] redirects, or a circle of them.
    #[error("it redirects in a circle or more than {most} times, last to {0}", most = super::MAX_REDIRECTS)]
    TooManyRedirects(Url),
    /// A redirect without a usable target.
    #[error("it redirects to nowhere: {0}")]
    BadLocation(String),
    /// More decoded bytes than asked for; none are kept.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// Connecting, the head or the body took too long.
    #[error("timed out: {0}")]
    Timeout(String),
    /// No connection: the name is unknown, the port closed, the network down.
    #[error("no connection: {0}")]
    Network(String),
    /// The connection was made and broke before the head of the response had come, or what came
    /// was not HTTP.
    #[error("the connection broke: {0}")]
    ConnectionLost(String),
    /// The certificate or the handshake; there is no insecure fallback.
    #[error("TLS: {0}; --ca-cert adds an authority to trust")]
    Tls(String),
    /// The body ended early or its compression was damaged.
    #[error("the body arrived damaged or in part: {0}")]
    Incomplete(String),
    /// A content encoding that was not asked for.
    #[error("the body is encoded as {0}, which cannot be read")]
    Undecodable(String),
    /// The host asked for a pause, or is being given one.
    #[error("{host} asked to be left alone until {until}")]
    RetryLater {
        /// The host, all of whose pages wait.
        host: String,
        /// When it may be asked again.
        until: Timestamp,
    },
    /// The host failed too often in a row.
    #[error("{host} failed {failures} times in a row ({last}); it is left alone until the next run")]
    HostInTrouble {
        /// The host.
        host: String,
        /// Failures in a row.
        failures: u32,
        /// The last of them.
        last: String,
    },
    /// A status that carries no page.
    #[error("status {0}")]
    Status(u16),
}

impl Refusal {
    /// What became of the page.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::RobotsDenied { .. } => Outcome::RobotsDenied,
            Self::OutOfScope(_) => Outcome::Redirected,
            Self::TooLarge(_) => Outcome::TooLarge,
            Self::Status(404 | 410 | 451) => Outcome::Gone,
            _ => Outcome::Failed,
        }
    }

    /// Whether the same request may well succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::RobotsUnreachable { .. }
            | Self::Timeout(_)
            | Self::Network(_)
            | Self::ConnectionLost(_)
            | Self::Tls(_)
            | Self::Incomplete(_)
            | Self::RetryLater { .. }
            | Self::HostInTrouble { .. } => true,
            // A success without its page, or "as it was" to someone who has nothing, is a server's hiccup.
            Self::Status(status) => matches!(status, 200..=206 | 304 | 408 | 425 | 429 | 500..),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_gone_is_not_asked_for_again() {
        assert_eq!(Refusal::Status(410).outcome(), Outcome::Gone);
        assert!(!Refusal::Status(410).retryable());
        assert!(
            [204, 206, 304, 408, 429, 502, 999]
                .map(Refusal::Status)
                .iter()
                .all(Refusal::retryable)
        );
        assert!(!Refusal::Status(403).retryable());
    }

    #[test]
    fn reasons_name_the_thing_and_the_next_step() {
        let reason = Refusal::Private("10.0.0.1".into()).to_string();
        assert_eq!(
            reason,
            "10.0.0.1 is not on the public internet; --allow-private lifts this"
        );
        assert!(
            Refusal::TooManyRedirects("http://a.example/".parse().unwrap())
                .to_string()
                .contains("10 times")
        );
    }
}
