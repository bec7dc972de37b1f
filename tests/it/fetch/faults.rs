//! Servers that send what they should not: nothing of it is taken for a page.

use std::time::Duration;

use copydesk::fetch::{FetchConfig, Fetcher, Limits, Refusal, RobotsCopy, Visit};
use copydesk::outcome::Outcome;

use super::{MAX_BYTES, body, config, fetcher, get, gzip, refusal, request};
use crate::faults::{FaultServer, Reply, Step};

async fn one(reply: Reply) -> (Visit, FaultServer) {
    let server = FaultServer::start([("/page", vec![reply])]);
    let visit = get(&fetcher(), &server.url("/page")).await;
    (visit, server)
}

/// A fetcher that gives up soon and knows already that the server has no robots.txt: only the
/// request that the test is about can run out of time.
fn impatient(server: &FaultServer) -> Fetcher {
    let limits = Limits {
        read: Duration::from_millis(300),
        exchange: Duration::from_millis(900),
        ..Limits::for_testing()
    };
    let desk = Fetcher::new(FetchConfig { limits, ..config() }).unwrap();
    desk.remember_robots(vec![RobotsCopy {
        origin: server.url("/").origin().ascii_serialization(),
        fetched_at: "2026-11-23T12:00:00Z".parse().unwrap(),
        status: Some(404),
        body: None,
        unreachable: false,
    }]);
    desk
}

fn pages_asked(server: &FaultServer) -> usize {
    server.paths().iter().filter(|path| *path == "/page").count()
}

#[tokio::test]
async fn a_page_comes_with_its_exchange() {
    let headers = [
        "Content-Type: text/html; charset=utf-8",
        "ETag: \"1\"",
        "X-A: b",
        "Set-Cookie: id=1",
    ];
    let (visit, server) = one(Reply::status(200, &headers, "whole")).await;
    assert_eq!(body(&visit), "whole");
    let response = visit.result.as_ref().unwrap();
    assert_eq!(response.content_type.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(response.etag.as_deref(), Some("\"1\""));
    let exchange = visit.exchange.unwrap();
    assert_eq!(exchange.requested_url, server.url("/page"));
    assert_eq!(exchange.final_url, server.url("/page"));
    assert_eq!((exchange.status, exchange.bytes), (Some(200), 5));
    assert!(exchange.headers.contains(&("x-a".into(), "b".into())));
    assert!(exchange.headers.iter().all(|(name, _)| name != "set-cookie"));
    assert!(exchange.fetched_at >= "2026-11-23T12:00:00Z".parse().unwrap());
    assert_eq!(exchange.error, None);
}

#[tokio::test]
async fn silence_and_slow_heads_end_at_the_read_timeout_and_are_not_repeated() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
    for step in [Step::Hold, Step::Drip(head, Duration::from_millis(100))] {
        let server = FaultServer::start([("/page", vec![Reply(vec![step])])]);
        let visit = get(&impatient(&server), &server.url("/page")).await;
        assert!(
            matches!(refusal(&visit), Refusal::Timeout(_)),
            "{:?}",
            visit.result
        );
        assert!(refusal(&visit).retryable());
        assert_eq!(pages_asked(&server), 1);
    }
}

#[tokio::test]
async fn a_body_that_drips_ends_at_the_total_timeout() {
    let drip = Step::Drip(vec![b'x'; 1_000], Duration::from_millis(50));
    let server = FaultServer::start([("/page", vec![Reply::body([drip])])]);
    let visit = get(&impatient(&server), &server.url("/page")).await;
    assert!(matches!(refusal(&visit), Refusal::Timeout(_)));
    assert!(visit.exchange.unwrap().error.unwrap().starts_with("timed out"));
}

#[tokio::test]
async fn an_endless_body_stops_at_the_limit() {
    let (visit, _) = one(Reply::body([Step::Endless(vec![b'x'; 16 * 1024])])).await;
    assert_eq!(refusal(&visit), &Refusal::TooLarge(MAX_BYTES));
    assert_eq!(refusal(&visit).outcome(), Outcome::TooLarge);
    assert!(visit.exchange.unwrap().bytes < 2 * MAX_BYTES);
}

#[tokio::test]
async fn an_announced_length_over_the_limit_is_not_read_at_all() {
    let (visit, _) = one(Reply::raw(
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    ))
    .await;
    assert_eq!(refusal(&visit), &Refusal::TooLarge(MAX_BYTES));
    assert_eq!(visit.exchange.unwrap().bytes, 0);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_kept() {
    let (visit, _) = one(Reply::page(vec![b'x'; MAX_BYTES])).await;
    assert_eq!(body(&visit).len(), MAX_BYTES);
}

#[tokio::test]
async fn compression_bombs_stop_at_the_limit_on_decoded_bytes() {
    let zeros = vec![0; 64 * MAX_BYTES];
    let zstd = zstd::bulk::compress(&zeros, 1).unwrap();
    for (encoding, bomb) in [("gzip", gzip(&zeros)), ("zstd", zstd)] {
        assert!(bomb.len() < MAX_BYTES);
        let (visit, _) = one(Reply::status(
            200,
            &[&format!("Content-Encoding: {encoding}")],
            bomb,
        ))
        .await;
        assert_eq!(refusal(&visit), &Refusal::TooLarge(MAX_BYTES), "{encoding}");
        assert!(visit.exchange.unwrap().bytes < 2 * MAX_BYTES);
    }
}

#[tokio::test]
async fn compressed_pages_are_decoded() {
    let (visit, server) = one(Reply::status(200, &["Content-Encoding: gzip"], gzip(b"news"))).await;
    assert_eq!(body(&visit), "news");
    let asked = server.requests().pop().unwrap();
    assert!(asked.header("accept-encoding").unwrap().contains("br"));
}

#[tokio::test]
async fn encodings_that_cannot_be_read_are_refused_and_not_taken_for_text() {
    for encoding in ["gzip, gzip", "x-gzip", "aes128gcm"] {
        let (visit, server) = one(Reply::status(
            200,
            &[&format!("Content-Encoding: {encoding}")],
            "text",
        ))
        .await;
        assert!(
            matches!(refusal(&visit), Refusal::Undecodable(e) if e == encoding),
            "{encoding}"
        );
        assert_eq!(pages_asked(&server), 1);
    }
    let (visit, _) = one(Reply::status(200, &["Content-Encoding: identity"], "text")).await;
    assert_eq!(body(&visit), "text");
}

#[tokio::test]
async fn bodies_that_lost_a_part_are_asked_for_once_more_and_never_kept() {
    let whole = gzip(&[7; 4_096]);
    let mut bad_sum = whole.clone();
    let at = bad_sum.len() - 6;
    bad_sum[at] ^= 0xff;
    let cut = &whole[..whole.len() / 2];
    let replies = [
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"),
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nparts\r\n"),
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nparts\r\n0\r\n\r\n"),
        Reply::status(200, &["Content-Encoding: gzip"], cut),
        Reply::status(200, &["Content-Encoding: gzip"], bad_sum),
        Reply::status(200, &["Content-Encoding: gzip"], "not gzip at all"),
        Reply::body([Step::Send(vec![b'x'; 100]), Step::Reset]),
    ];
    for reply in replies {
        let shown = format!("{reply:?}").chars().take(120).collect::<String>();
        let (visit, server) = one(reply).await;
        assert!(
            matches!(refusal(&visit), Refusal::Incomplete(_)),
            "{shown}: {:?}",
            visit.result
        );
        assert_eq!(pages_asked(&server), 2, "{shown}");
        assert!(visit.exchange.unwrap().error.is_some());
    }
}

#[tokio::test]
async fn the_second_attempt_may_succeed() {
    let server = FaultServer::start([("/page", vec![Reply(vec![Step::Reset]), Reply::page("news")])]);
    let visit = get(&fetcher(), &server.url("/page")).await;
    assert_eq!(body(&visit), "news");
    assert_eq!(pages_asked(&server), 2);
}

#[tokio::test]
async fn connections_that_break_before_the_head_are_tried_twice() {
    for reply in [
        Reply(vec![Step::Reset]),
        Reply(Vec::new()),
        Reply::raw("gibberish\r\n\r\n"),
    ] {
        let (visit, server) = one(reply).await;
        assert!(
            matches!(refusal(&visit), Refusal::ConnectionLost(_)),
            "{:?}",
            visit.result
        );
        assert_eq!(pages_asked(&server), 2);
        let exchange = visit.exchange.unwrap();
        assert_eq!(exchange.status, None);
    }
}

#[tokio::test]
async fn heads_that_are_too_much_are_errors() {
    let many = "X: y\r\n".repeat(10_000);
    let wide = format!("X: {}\r\n", "y".repeat(1024 * 1024));
    for headers in [
        many,
        wide,
        "X: \0\r\n".to_owned(),
        "Content-Length: 4\r\nContent-Length: 5\r\n".to_owned(),
    ] {
        let (visit, _) = one(Reply::raw(format!("HTTP/1.1 200 OK\r\n{headers}\r\nnews"))).await;
        assert!(visit.result.is_err(), "{:.40}", headers);
    }
}

#[tokio::test]
async fn small_breaches_of_the_protocol_are_forgiven() {
    for head in [
        "HTTP/1.1 200\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 4\n\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Odd : y\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n",
    ] {
        let (visit, _) = one(Reply::raw(format!("{head}news"))).await;
        assert_eq!(body(&visit), "news", "{head:?}");
    }
}

#[tokio::test]
async fn statuses_without_a_page_are_told_as_such() {
    for status in [
        204, 205, 206, 300, 304, 401, 403, 404, 407, 410, 451, 500, 502, 999,
    ] {
        let (visit, server) = one(Reply::status(status, &["WWW-Authenticate: Basic"], "")).await;
        assert_eq!(refusal(&visit), &Refusal::Status(status));
        assert_eq!(visit.exchange.unwrap().status, Some(status));
        assert_eq!(pages_asked(&server), 1, "{status} is not asked again");
    }
}

#[tokio::test]
async fn the_beginning_of_an_error_page_can_be_looked_at() {
    let (visit, _) = one(Reply::status(403, &[], "x".repeat(100_000))).await;
    assert_eq!(refusal(&visit), &Refusal::Status(403));
    assert_eq!(
        visit.error_page.unwrap().len(),
        copydesk::fetch::MAX_ERROR_PAGE_BYTES
    );
}

#[tokio::test]
async fn a_closed_port_is_no_connection() {
    let url = FaultServer::start([]).url("/page");
    let visit = get(&fetcher(), &url).await;
    // The robots.txt could not be had either, and that is what is told.
    assert!(
        matches!(refusal(&visit), Refusal::RobotsUnreachable { reason, .. } if reason.starts_with("no connection"))
    );
    assert_eq!(visit.exchange, None);
    assert_eq!(visit.robots.len(), 1);
}

#[tokio::test]
async fn a_handshake_that_stalls_ends_at_the_connect_timeout_without_a_fallback() {
    let server = FaultServer::start([("/page", vec![Reply::page("news")])]);
    let limits = Limits {
        connect: Duration::from_millis(300),
        ..Limits::for_testing()
    };
    let desk = Fetcher::new(FetchConfig { limits, ..config() }).unwrap();
    let url = server.url("/page").as_str().replace("http://", "https://");
    let visit = desk.get(request(&url)).await;
    assert!(
        matches!(refusal(&visit), Refusal::RobotsUnreachable { reason, .. } if reason.starts_with("timed out"))
    );
    assert_eq!(server.paths(), Vec::<String>::new());
}
