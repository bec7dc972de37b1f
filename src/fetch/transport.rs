//! One paced exchange with one host, repeated once when data was lost. Owns what an answer means
//! for the host: fine, failed, or a pause; what it means for the page is decided above.

use std::time::Duration;

use jiff::Timestamp;

use super::client::{Ask, Asked, Client};
use super::pace::{Pace, host_of};
use super::refusal::Refusal;
use super::retry_after;
use super::{FetchConfig, FetchError};
use crate::clock::Clock;

/// The client behind the pace.
#[derive(Debug)]
pub(super) struct Transport {
    client: Client,
    pace: Pace,
    clock: Clock,
}

impl Transport {
    pub(super) fn new(config: &FetchConfig) -> Result<Self, FetchError> {
        Ok(Self {
            client: Client::new(config)?,
            pace: Pace::new(config.clock.clone(), config.limits.clone()),
            clock: config.clock.clone(),
        })
    }

    pub(super) fn pace(&self) -> &Pace {
        &self.pace
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits for a turn and makes the request. When the body arrives damaged, or the connection
    /// breaks after it was made, the request is made a second time, in a turn of its own; nothing
    /// else is repeated: a timeout would only be waited for again, and a 5xx is the host's word.
    ///
    /// # Errors
    /// When the host may not be asked now. What goes wrong with the request is in the answer.
    pub(super) async fn exchange(&self, ask: &Ask<'_>, delay: Duration) -> Result<Asked, Refusal> {
        let first = self.attempt(ask, delay, false).await?;
        if !lost_data(&first) {
            return Ok(first);
        }
        match self.attempt(ask, delay, true).await {
            Ok(second) => Ok(second),
            // Learned in the meantime that the host may not be asked: the first answer stands.
            Err(_) => Ok(first),
        }
    }

    async fn attempt(&self, ask: &Ask<'_>, delay: Duration, last: bool) -> Result<Asked, Refusal> {
        let host = host_of(ask.url);
        let turn = self.pace.turn(&host, delay).await?;
        let mut asked = self.client.ask(ask, self.clock.now()).await;
        let pause = self.asked_pause(&asked);
        match &asked.body {
            Err(why @ Refusal::Status(429 | 503)) if pause.is_some() || asked.status == Some(429) => {
                let until = turn.pause(pause, &why.to_string());
                asked.body = Err(Refusal::RetryLater { host, until });
            }
            // The verdict on the host waits for the second attempt; dropping the turn ends it.
            _ if !last && lost_data(&asked) => drop(turn),
            Err(why) if is_hosts_failure(why) => turn.failed(&why.to_string()),
            _ => turn.succeeded(),
        }
        Ok(asked)
    }

    fn asked_pause(&self, asked: &Asked) -> Option<Duration> {
        retry_after::parse(&asked.header("retry-after")?, self.clock.now())
    }
}

/// Whether the request may have been unlucky rather than refused. A connection that could not
/// be made, or a name that is not found, is no bad luck.
fn lost_data(asked: &Asked) -> bool {
    matches!(
        asked.body,
        Err(Refusal::Incomplete(_) | Refusal::ConnectionLost(_))
    )
}

/// Whether it speaks against the host and not only against one page.
fn is_hosts_failure(why: &Refusal) -> bool {
    match why {
        Refusal::Timeout(_)
        | Refusal::Network(_)
        | Refusal::ConnectionLost(_)
        | Refusal::Tls(_)
        | Refusal::Incomplete(_) => true,
        Refusal::Status(status) => *status >= 500,
        _ => false,
    }
}
