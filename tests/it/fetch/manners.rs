//! Manners as the server sees them: one request at a time, time between them, pauses kept, and
//! nothing sent that gives anything away.

use std::sync::Arc;
use std::time::Duration;

use copydesk::fetch::{Refusal, Request};
use jiff::Timestamp;

use super::{FACTOR, body, fetcher, get, refusal, request, through};
use crate::faults::{FaultServer, Reply, Step};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_at_a_time_and_the_delay_between_them() {
    let pause = Duration::from_millis(5);
    let slow = Reply(vec![
        Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n".to_vec()),
        Step::Drip(b"news".to_vec(), pause),
    ]);
    let server = FaultServer::start([("/a", vec![slow])]);
    let desk = Arc::new(through(&server));
    let delay = Duration::from_secs(20);
    let tasks: Vec<_> = (0..8)
        .map(|i| {
            let desk = Arc::clone(&desk);
            let host = if i % 2 == 0 { "one.example" } else { "two.example" };
            tokio::spawn(async move {
                let asked = Request {
                    delay,
                    ..request(&format!("http://{host}/a?{i}"))
                };
                assert_eq!(body(&desk.get(asked).await), "news");
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for host in ["one.example", "two.example"] {
        assert_eq!(server.most_in_flight(host), 1);
        let seen: Vec<_> = server
            .requests()
            .into_iter()
            .filter(|seen| seen.host == host)
            .collect();
        assert_eq!(seen.len(), 5, "robots.txt and four pages");
        for pair in seen.windows(2) {
            // From start to start, because the server cannot know when the client has read the
            // end; a reply takes at least its four pauses, and the delay comes on top of them.
            let taken = if pair[0].path == "/robots.txt" {
                Duration::ZERO
            } else {
                4 * pause
            };
            let gap = pair[1].started - pair[0].started;
            assert!(gap >= delay / FACTOR + taken, "{host}: {gap:?}");
        }
    }
}

#[tokio::test]
async fn a_crawl_delay_longer_than_ours_is_kept() {
    let server = FaultServer::start([
        (
            "/robots.txt",
            vec![Reply::robots("User-agent: *\nCrawl-delay: 30")],
        ),
        ("/a", vec![Reply::page("news")]),
    ]);
    let desk = fetcher();
    get(&desk, &server.url("/a")).await;
    get(&desk, &server.url("/a")).await;
    for pair in server.requests().windows(2) {
        assert!((pair[1].started - pair[0].started) * FACTOR >= Duration::from_secs(30));
    }
}

#[tokio::test]
async fn a_host_that_asks_for_a_pause_gets_it_for_all_its_pages() {
    let pauses = ["Retry-After: 3600", "Retry-After: Mon, 23 Nov 2099 12:00:00 GMT"];
    for (status, pause) in [(429, pauses[0]), (503, pauses[1])] {
        let server = FaultServer::start([
            ("news.example/a", vec![Reply::status(status, &[pause], "wait")]),
            ("/b", vec![Reply::page("news")]),
        ]);
        let desk = through(&server);
        let visit = desk.get(request("http://news.example/a")).await;
        let Refusal::RetryLater { until, .. } = refusal(&visit).clone() else {
            panic!("{:?}", visit.result);
        };
        let noon: Timestamp = "2026-11-23T13:00:00Z".parse().unwrap();
        assert!(until >= noon && until <= "2026-11-24T13:00:00Z".parse().unwrap());
        assert_eq!(visit.exchange.unwrap().status, Some(status));
        let other = desk.get(request("http://news.example/b")).await;
        assert_eq!(
            refusal(&other),
            &Refusal::RetryLater {
                host: "news.example".into(),
                until
            }
        );
        assert_eq!(other.exchange, None);
        assert_eq!(server.requests().len(), 2);
        assert_eq!(body(&desk.get(request("http://other.example/b")).await), "news");
    }
}

#[tokio::test]
async fn a_429_without_a_usable_time_pauses_too_and_a_503_only_fails() {
    let server = FaultServer::start([
        (
            "news.example/a",
            vec![Reply::status(429, &["Retry-After: soon"], "")],
        ),
        ("other.example/a", vec![Reply::status(503, &[], "")]),
    ]);
    let desk = through(&server);
    let visit = desk.get(request("http://news.example/a")).await;
    assert!(matches!(refusal(&visit), Refusal::RetryLater { .. }));
    let visit = desk.get(request("http://other.example/a")).await;
    assert_eq!(refusal(&visit), &Refusal::Status(503));
}

#[tokio::test]
async fn a_pause_of_an_earlier_run_is_kept_without_a_request() {
    let server = FaultServer::start([("/a", vec![Reply::page("news")])]);
    let desk = through(&server);
    let asked_at = "2026-11-23T12:00:00Z".parse().unwrap();
    desk.remember_pause(&"http://news.example/b".parse().unwrap(), asked_at, "86400");
    let visit = desk.get(request("http://news.example/a")).await;
    assert!(matches!(refusal(&visit), Refusal::RetryLater { .. }));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_host_in_trouble_is_left_alone_until_the_next_run() {
    let server = FaultServer::start([
        ("news.example/a", vec![Reply::status(500, &[], "")]),
        ("/b", vec![Reply::page("news")]),
    ]);
    let desk = through(&server);
    for _ in 0..5 {
        let visit = desk.get(request("http://news.example/a")).await;
        assert_eq!(refusal(&visit), &Refusal::Status(500));
    }
    let asked = server.requests().len();
    let visit = desk.get(request("http://news.example/b")).await;
    assert!(matches!(
        refusal(&visit),
        Refusal::HostInTrouble { failures: 5, .. }
    ));
    assert_eq!(server.requests().len(), asked);
    assert_eq!(body(&desk.get(request("http://other.example/b")).await), "news");
    desk.begin_run();
    assert_eq!(body(&desk.get(request("http://news.example/b")).await), "news");
}

#[tokio::test]
async fn conditional_requests_go_to_the_first_address_only() {
    let server = FaultServer::start([
        (
            "/same",
            vec![Reply::raw("HTTP/1.1 304 Not Modified\r\nETag: \"2\"\r\n\r\n")],
        ),
        ("/moved", vec![Reply::redirect(302, "/there")]),
        ("/there", vec![Reply::page("news")]),
    ]);
    let desk = fetcher();
    let conditional = |path| Request {
        etag: Some("\"1\"".to_owned()),
        last_modified: Some("Mon, 23 Nov 2026 00:00:00 GMT".to_owned()),
        ..request(server.url(path).as_str())
    };
    let visit = desk.get(conditional("/same")).await;
    let response = visit.result.unwrap();
    assert!(response.not_modified && response.body.is_empty());
    assert_eq!(response.etag.as_deref(), Some("\"2\""));
    assert_eq!(body(&desk.get(conditional("/moved")).await), "news");
    let seen = server.requests();
    let validators: Vec<_> = seen
        .iter()
        .map(|s| (s.path.as_str(), s.header("if-none-match").is_some()))
        .collect();
    assert_eq!(
        validators,
        [
            ("/robots.txt", false),
            ("/same", true),
            ("/moved", true),
            ("/there", false)
        ]
    );
}

#[tokio::test]
async fn nothing_is_sent_that_gives_anything_away() {
    let server = FaultServer::start([
        (
            "news.example/a",
            vec![Reply::status(
                302,
                &["Set-Cookie: id=1; Path=/", "Location: /b"],
                "",
            )],
        ),
        (
            "news.example/b",
            vec![Reply::redirect(302, "http://u:p@other.example/c")],
        ),
        ("other.example/c", vec![Reply::page("news")]),
    ]);
    let headers = [
        "User-Agent",
        "Cookie",
        "Authorization",
        "Referer",
        "Host",
        "Accept-Encoding",
        "X-Site",
    ];
    let visit = through(&server)
        .get(Request {
            headers: headers.map(|name| (name.to_owned(), "mine".to_owned())).to_vec(),
            ..request("http://me:secret@news.example/a#part")
        })
        .await;
    assert_eq!(body(&visit), "news");
    for seen in server.requests() {
        assert_eq!(
            seen.header("user-agent"),
            Some("copydesk/test (+desk@news.example)")
        );
        for name in ["cookie", "authorization", "referer"] {
            assert_eq!(seen.header(name), None, "{name} to {}{}", seen.host, seen.path);
        }
        assert_ne!(seen.header("host"), Some("mine"));
        assert_ne!(seen.header("accept-encoding"), Some("mine"));
        let own_page = seen.host == "news.example" && seen.path != "/robots.txt";
        assert_eq!(
            seen.header("x-site").is_some(),
            own_page,
            "{}{}",
            seen.host,
            seen.path
        );
    }
}
