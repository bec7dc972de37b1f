//! Redirects: every hop is checked, recorded and counted before it is asked.

use std::sync::Arc;

use copydesk::fetch::{MAX_REDIRECTS, Refusal, Request};
use copydesk::outcome::Outcome;

use super::{body, fetcher, get, refusal, request, through};
use crate::faults::{FaultServer, Reply};

#[tokio::test]
async fn hops_are_recorded_in_order() {
    let server = FaultServer::start([
        (
            "news.example/old",
            vec![Reply::redirect(301, "/newer?utm_source=x")],
        ),
        (
            "news.example/newer",
            vec![Reply::redirect(307, "http://www.news.example/newest#top")],
        ),
        ("www.news.example/newest", vec![Reply::page("news")]),
    ]);
    let visit = through(&server).get(request("http://news.example/old")).await;
    assert_eq!(body(&visit), "news");
    assert_eq!(
        visit.result.as_ref().unwrap().url.as_str(),
        "http://www.news.example/newest"
    );
    let exchange = visit.exchange.unwrap();
    assert_eq!(exchange.requested_url.as_str(), "http://news.example/old");
    assert_eq!(exchange.final_url.as_str(), "http://www.news.example/newest");
    let hops: Vec<(&str, u16, &str)> = exchange
        .hops
        .iter()
        .map(|h| (h.url.as_str(), h.status, h.location.as_str()))
        .collect();
    assert_eq!(
        hops,
        [
            ("http://news.example/old", 301, "/newer?utm_source=x"),
            (
                "http://news.example/newer?utm_source=x",
                307,
                "http://www.news.example/newest#top"
            ),
        ]
    );
    assert_eq!(visit.robots.len(), 2, "each origin's robots.txt");
}

#[tokio::test]
async fn the_robots_of_every_hop_are_asked_before_it() {
    let server = FaultServer::start([
        (
            "news.example/a",
            vec![Reply::redirect(302, "http://other.example/private/b")],
        ),
        (
            "other.example/robots.txt",
            vec![Reply::robots("User-agent: *\nDisallow: /private")],
        ),
        ("other.example/private/b", vec![Reply::page("secret")]),
    ]);
    let visit = through(&server).get(request("http://news.example/a")).await;
    let Refusal::RobotsDenied {
        origin,
        url,
        line,
        text,
    } = refusal(&visit)
    else {
        panic!("{:?}", visit.result);
    };
    assert_eq!(
        (origin.as_str(), url.as_str()),
        ("http://other.example", "http://other.example/private/b")
    );
    assert_eq!((*line, text.as_str()), (2, "Disallow: /private"));
    assert_eq!(
        server.addresses(),
        [
            "news.example/robots.txt",
            "news.example/a",
            "other.example/robots.txt"
        ]
    );
    let exchange = visit.exchange.unwrap();
    assert_eq!((exchange.status, exchange.hops.len()), (Some(302), 1));
}

#[tokio::test]
async fn a_host_out_of_scope_is_recorded_and_not_asked_for_anything() {
    let server = FaultServer::start([(
        "news.example/a",
        vec![Reply::redirect(302, "http://other.example/b")],
    )]);
    let visit = through(&server)
        .get(Request {
            scope: Arc::new(|url| url.host_str() == Some("news.example")),
            ..request("http://news.example/a")
        })
        .await;
    assert!(matches!(refusal(&visit), Refusal::OutOfScope(url) if url.as_str() == "http://other.example/b"));
    assert_eq!(refusal(&visit).outcome(), Outcome::Redirected);
    assert_eq!(server.addresses(), ["news.example/robots.txt", "news.example/a"]);
}

#[tokio::test]
async fn private_targets_are_blocked_before_they_are_asked() {
    for target in [
        "http://127.0.0.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://printer.local/",
        "//10.0.0.1/",
        "http://other.example:8080/",
    ] {
        let page = Reply::redirect(302, target);
        let server = FaultServer::start([("news.example/a", vec![page])]);
        let visit = through(&server).get(request("http://news.example/a")).await;
        assert!(
            matches!(refusal(&visit), Refusal::Private(_)),
            "{target}: {:?}",
            visit.result
        );
        assert_eq!(server.requests().len(), 2, "{target}");
        assert_eq!(visit.exchange.unwrap().hops[0].location, target);
    }
}

#[tokio::test]
async fn without_a_proxy_a_private_first_address_is_not_even_asked_for_robots() {
    let server = FaultServer::start([("/a", vec![Reply::page("inside")])]);
    let guarded = copydesk::fetch::Fetcher::new(copydesk::fetch::FetchConfig {
        allow_private: false,
        ..super::config()
    })
    .unwrap();
    let visit = get(&guarded, &server.url("/a")).await;
    assert!(matches!(refusal(&visit), Refusal::Private(_)));
    let (view, fetched) = guarded.robots(&server.url("/"), std::time::Duration::ZERO).await;
    assert!(view.unreachable().is_some());
    assert!(fetched.is_empty());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn other_schemes_are_refused() {
    for target in [
        "file:///etc/passwd",
        "ftp://news.example/",
        "data:text/html,x",
        "javascript:alert(1)",
        "gopher://a/",
    ] {
        let server = FaultServer::start([("/a", vec![Reply::redirect(302, target)])]);
        let visit = get(&fetcher(), &server.url("/a")).await;
        assert!(
            matches!(refusal(&visit), Refusal::Scheme(_)),
            "{target}: {:?}",
            visit.result
        );
    }
}

#[tokio::test]
async fn circles_are_noticed_and_chains_end() {
    let server = FaultServer::start([
        ("/self", vec![Reply::redirect(302, "/self")]),
        ("/ping", vec![Reply::redirect(302, "/pong")]),
        ("/pong", vec![Reply::redirect(302, "/ping")]),
    ]);
    let desk = fetcher();
    for path in ["/self", "/ping"] {
        let visit = get(&desk, &server.url(path)).await;
        assert!(matches!(refusal(&visit), Refusal::TooManyRedirects(_)), "{path}");
    }
    assert_eq!(server.paths(), ["/robots.txt", "/self", "/ping", "/pong"]);

    let chain = [
        "/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9", "/10", "/11", "/12",
    ];
    let server = FaultServer::start(
        chain
            .windows(2)
            .map(|pair| (pair[0], vec![Reply::redirect(302, pair[1])])),
    );
    let visit = get(&fetcher(), &server.url("/0")).await;
    assert!(matches!(refusal(&visit), Refusal::TooManyRedirects(_)));
    assert_eq!(visit.exchange.unwrap().hops.len(), MAX_REDIRECTS);
    assert_eq!(server.requests().len(), 1 + 1 + MAX_REDIRECTS);
}

#[tokio::test]
async fn targets_are_read_as_they_come_or_named_as_bad() {
    let server = FaultServer::start([
        (
            "/latin",
            vec![Reply::raw(
                b"HTTP/1.1 302 x\r\nLocation: /caf\xe9\r\nContent-Length: 0\r\n\r\n".to_vec(),
            )],
        ),
        ("/caf%EF%BF%BD", vec![Reply::page("news")]),
        ("/missing", vec![Reply::status(302, &[], "")]),
        ("/empty", vec![Reply::redirect(302, "")]),
        (
            "/long",
            vec![Reply::redirect(
                302,
                Box::leak("x".repeat(5_000).into_boxed_str()),
            )],
        ),
        ("/space", vec![Reply::redirect(302, "http://a b/")]),
    ]);
    let desk = fetcher();
    assert_eq!(body(&get(&desk, &server.url("/latin")).await), "news");
    for path in ["/missing", "/empty", "/long", "/space"] {
        let visit = get(&desk, &server.url(path)).await;
        assert!(
            matches!(refusal(&visit), Refusal::BadLocation(_)),
            "{path}: {:?}",
            visit.result
        );
    }
}

#[tokio::test]
async fn a_refresh_is_not_followed() {
    let page = "<meta http-equiv=refresh content='0;url=/b'>";
    let server = FaultServer::start([("/a", vec![Reply::status(200, &["Refresh: 0;url=/b"], page)])]);
    assert_eq!(body(&get(&fetcher(), &server.url("/a")).await), page);
    assert_eq!(server.paths(), ["/robots.txt", "/a"]);
}
