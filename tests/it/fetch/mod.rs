//! The fetch room against a server on the loopback. Owns the shorthand of its tests.

mod faults;
mod manners;
mod redirects;
mod robots;
mod tls;

use std::io::Write;
use std::time::Duration;

use copydesk::clock::Clock;
use copydesk::fetch::{FetchConfig, Fetcher, Limits, Refusal, Request, Visit};
use url::Url;

use crate::faults::FaultServer;

/// Clock seconds that pass in one real second, so that manners can be tested at full length.
const FACTOR: u32 = 1_000;
/// Largest body of the tests, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

fn config() -> FetchConfig {
    FetchConfig {
        user_agent: "copydesk/test (+desk@news.example)".to_owned(),
        proxy: None,
        ca_certificates_pem: Vec::new(),
        allow_private: true,
        limits: Limits::for_testing(),
        clock: Clock::scaled("2026-11-23T12:00:00Z".parse().unwrap(), FACTOR),
    }
}

fn fetcher() -> Fetcher {
    Fetcher::new(config()).unwrap()
}

/// A fetcher for which `server` is all of the web.
fn through(server: &FaultServer) -> Fetcher {
    Fetcher::new(FetchConfig {
        proxy: Some(server.proxy()),
        allow_private: false,
        ..config()
    })
    .unwrap()
}

fn request(url: &str) -> Request {
    Request {
        delay: Duration::ZERO,
        ..Request::new(Url::parse(url).unwrap(), "text/html", MAX_BYTES)
    }
}

async fn get(fetcher: &Fetcher, url: &Url) -> Visit {
    fetcher.get(request(url.as_str())).await
}

fn refusal(visit: &Visit) -> &Refusal {
    visit
        .result
        .as_ref()
        .expect_err("the page should have been refused")
}

fn body(visit: &Visit) -> &str {
    let response = visit.result.as_ref().expect("the page should have been fetched");
    std::str::from_utf8(&response.body).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
