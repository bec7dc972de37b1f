//! robots.txt as a policy: when it is asked for, and what comes of every answer to that.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use copydesk::fetch::{Refusal, RobotsCopy};
use jiff::Timestamp;

use super::{body, config, fetcher, get, refusal, request, through};
use crate::faults::{FaultServer, Reply, Step};

fn site(robots: Vec<Reply>) -> FaultServer {
    FaultServer::start([("/robots.txt", robots), ("/a", vec![Reply::page("news")])])
}

#[tokio::test]
async fn it_is_asked_for_once_a_day_and_before_any_page() {
    let server = site(vec![Reply::robots(
        "User-agent: *\nDisallow: /b\nSitemap: /s.xml",
    )]);
    let desk = fetcher();
    let first = get(&desk, &server.url("/a")).await;
    assert_eq!(first.robots.len(), 1);
    let (copy, exchange) = &first.robots[0];
    assert_eq!(copy.origin, server.url("/").origin().ascii_serialization());
    assert_eq!((copy.status, copy.unreachable), (Some(200), false));
    assert_eq!(exchange.requested_url, server.url("/robots.txt"));
    assert!(get(&desk, &server.url("/a")).await.robots.is_empty());
    assert!(matches!(
        refusal(&get(&desk, &server.url("/b")).await),
        Refusal::RobotsDenied { line: 2, .. }
    ));
    let (view, fetched) = desk.robots(&server.url("/"), Duration::ZERO).await;
    assert_eq!(view.sitemaps(), ["/s.xml"]);
    assert!(fetched.is_empty());
    assert_eq!(server.paths(), ["/robots.txt", "/a", "/a"]);
}

#[tokio::test]
async fn a_copy_of_an_earlier_run_serves_for_a_day_and_no_longer() {
    let server = site(vec![Reply::robots("User-agent: *\nDisallow:")]);
    let copy = |fetched_at: &str| RobotsCopy {
        origin: server.url("/").origin().ascii_serialization(),
        fetched_at: fetched_at.parse::<Timestamp>().unwrap(),
        status: Some(200),
        body: Some(b"User-agent: *\nDisallow: /".to_vec()),
        unreachable: false,
    };
    let desk = fetcher();
    desk.remember_robots(vec![copy("2026-11-23T11:00:00Z")]);
    let visit = get(&desk, &server.url("/a")).await;
    assert!(matches!(refusal(&visit), Refusal::RobotsDenied { .. }));
    assert!(server.requests().is_empty());

    for stale in ["2026-11-22T11:00:00Z", "2027-11-23T11:00:00Z"] {
        let desk = fetcher();
        desk.remember_robots(vec![copy(stale)]);
        assert_eq!(body(&get(&desk, &server.url("/a")).await), "news", "{stale}");
    }
}

#[tokio::test]
async fn a_copy_is_replaced_when_its_day_is_over() {
    let server = site(vec![
        Reply::robots(""),
        Reply::robots("User-agent: *\nDisallow: /"),
    ]);
    let desk_config = config();
    let clock = desk_config.clock.clone();
    let desk = copydesk::fetch::Fetcher::new(desk_config).unwrap();
    desk.remember_robots(vec![RobotsCopy {
        origin: server.url("/").origin().ascii_serialization(),
        // Runs out in twenty minutes of the scaled clock.
        fetched_at: "2026-11-22T12:20:00Z".parse().unwrap(),
        status: Some(404),
        body: None,
        unreachable: false,
    }]);
    assert_eq!(body(&get(&desk, &server.url("/a")).await), "news");
    clock.sleep_until("2026-11-23T12:20:01Z".parse().unwrap()).await;
    assert_eq!(get(&desk, &server.url("/a")).await.robots.len(), 1);
    assert_eq!(server.paths(), ["/a", "/robots.txt", "/a"]);
}

#[tokio::test]
async fn a_missing_file_allows_everything() {
    for status in [204, 300, 400, 401, 403, 404, 410, 451] {
        let server = site(vec![Reply::status(status, &[], "")]);
        let visit = get(&fetcher(), &server.url("/a")).await;
        assert_eq!(body(&visit), "news", "{status}");
        assert_eq!(visit.robots[0].0.body, None);
    }
}

#[tokio::test]
async fn an_unreachable_file_forbids_everything_until_the_next_run() {
    for first in [
        Reply::status(500, &[], ""),
        Reply::status(503, &[], ""),
        Reply::status(206, &[], "User-agent: *"),
        Reply::status(429, &["Retry-After: 1"], ""),
        Reply(vec![Step::Reset]),
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser-agent: *"),
        Reply::status(200, &["Content-Encoding: odd"], "User-agent: *"),
        Reply::redirect(302, "ftp://news.example/robots.txt"),
    ] {
        let shown = format!("{first:?}");
        let server = site(vec![first.clone(), first, Reply::robots("")]);
        let desk = fetcher();
        for _ in 0..2 {
            let visit = get(&desk, &server.url("/a")).await;
            assert!(
                matches!(refusal(&visit), Refusal::RobotsUnreachable { .. }),
                "{shown}: {:?}",
                visit.result
            );
            assert!(refusal(&visit).retryable());
            assert_eq!(visit.exchange, None);
        }
        let asked = server.requests().len();
        assert!(asked <= 2, "{shown}: once, and a second time where data was lost");
        assert!(server.paths().iter().all(|path| path == "/robots.txt"));
        desk.begin_run();
        config().clock.sleep(Duration::from_secs(2)).await;
        get(&desk, &server.url("/a")).await;
        assert!(
            server.requests().len() > asked,
            "{shown}: asked again in the next run"
        );
    }
}

#[tokio::test]
async fn redirects_are_followed_across_hosts_and_the_rules_are_the_first_hosts() {
    let server = FaultServer::start([
        (
            "news.example/robots.txt",
            vec![Reply::redirect(301, "http://www.news.example/robots.txt")],
        ),
        (
            "www.news.example/robots.txt",
            vec![Reply::redirect(302, "/r2.txt")],
        ),
        (
            "www.news.example/r2.txt",
            vec![Reply::robots("User-agent: copydesk\nDisallow: /x")],
        ),
        ("/y", vec![Reply::page("news")]),
    ]);
    let desk = through(&server);
    let visit = desk.get(request("http://news.example/x")).await;
    assert!(
        matches!(refusal(&visit), Refusal::RobotsDenied { origin, .. } if origin == "http://news.example")
    );
    assert_eq!(visit.robots[0].1.hops.len(), 2);
    assert_eq!(visit.robots[0].0.origin, "http://news.example");
    assert_eq!(body(&desk.get(request("http://news.example/y")).await), "news");
}

#[tokio::test]
async fn redirects_without_end_mean_that_there_is_no_file() {
    let server = FaultServer::start([
        ("/robots.txt", vec![Reply::redirect(302, "/1")]),
        ("/1", vec![Reply::redirect(302, "/2")]),
        ("/2", vec![Reply::redirect(302, "/3")]),
        ("/3", vec![Reply::redirect(302, "/4")]),
        ("/4", vec![Reply::redirect(302, "/5")]),
        ("/5", vec![Reply::redirect(302, "/6")]),
        ("/6", vec![Reply::robots("User-agent: *\nDisallow: /")]),
        ("/a", vec![Reply::page("news")]),
    ]);
    assert_eq!(body(&get(&fetcher(), &server.url("/a")).await), "news");
    assert_eq!(
        server.paths(),
        ["/robots.txt", "/1", "/2", "/3", "/4", "/5", "/a"]
    );
}

#[tokio::test]
async fn a_redirect_of_robots_to_a_private_address_is_blocked() {
    let server = FaultServer::start([(
        "news.example/robots.txt",
        vec![Reply::redirect(302, "http://169.254.169.254/robots.txt")],
    )]);
    let visit = through(&server).get(request("http://news.example/a")).await;
    assert!(matches!(refusal(&visit), Refusal::RobotsUnreachable { .. }));
    assert_eq!(server.addresses(), ["news.example/robots.txt"]);
}

#[tokio::test]
async fn only_the_beginning_of_an_endless_file_is_read_and_it_counts() {
    let rules = b"User-agent: *\nDisallow: /a\n".to_vec();
    let server = FaultServer::start([(
        "/robots.txt",
        vec![Reply::body([
            Step::Send(rules),
            Step::Endless(b"# more\n".repeat(1_000)),
        ])],
    )]);
    let visit = get(&fetcher(), &server.url("/a")).await;
    assert!(matches!(refusal(&visit), Refusal::RobotsDenied { .. }));
    let copy = &visit.robots[0].0;
    assert_eq!(
        copy.body.as_ref().unwrap().len(),
        copydesk::fetch::MAX_ROBOTS_BYTES
    );
}

#[tokio::test]
async fn many_askers_at_once_make_one_request() {
    let server = site(vec![Reply::robots("")]);
    let desk = fetcher();
    let (url, delay) = (server.url("/a"), Duration::ZERO);
    let (a, b, c) = tokio::join!(
        desk.robots(&url, delay),
        desk.robots(&url, delay),
        desk.robots(&url, delay)
    );
    assert_eq!(a.1.len() + b.1.len() + c.1.len(), 1);
    assert_eq!(server.paths(), ["/robots.txt"]);
}

/// However pages redirect within and between hosts, the server never sees a request that its
/// robots.txt forbids, nor one for a page before the one for the robots.txt of its host.
#[tokio::test]
async fn no_forbidden_address_is_ever_asked_for() {
    const HOSTS: [&str; 3] = ["one.example", "two.example", "three.example"];
    const PAGES: usize = 12;
    let chance = |seed: u64, what: &str, most: usize| {
        let mut hasher = DefaultHasher::new();
        (seed, what).hash(&mut hasher);
        usize::try_from(hasher.finish() % u64::try_from(most).unwrap()).unwrap()
    };
    let mut forbidden = 0;
    for seed in 0..20 {
        let mut routes: Vec<(&'static str, Vec<Reply>)> = Vec::new();
        for host in HOSTS {
            let rules = format!(
                "User-agent: *\nDisallow: /p{}$\nDisallow: /*/x",
                chance(seed, host, PAGES)
            );
            routes.push((format!("{host}/robots.txt").leak(), vec![Reply::robots(&rules)]));
            for page in 0..PAGES {
                let key = format!("{host}/p{page}");
                let tail = ["", "/x"][chance(seed, &format!("{key} tail"), 2)];
                let to = (
                    HOSTS[chance(seed, &format!("{key} host"), 3)],
                    chance(seed, &key, PAGES),
                );
                let target = format!("http://{}/p{}{tail}", to.0, to.1);
                routes.push((key.leak(), vec![Reply::redirect(302, &target)]));
            }
        }
        let server = FaultServer::start(routes);
        let desk = through(&server);
        for page in 0..PAGES {
            let visit = desk.get(request(&format!("http://one.example/p{page}"))).await;
            forbidden += usize::from(matches!(visit.result, Err(Refusal::RobotsDenied { .. })));
        }
        for host in HOSTS {
            let banned = format!("/p{}", chance(seed, host, PAGES));
            let seen: Vec<String> = server
                .requests()
                .into_iter()
                .filter(|s| s.host == host)
                .map(|s| s.path)
                .collect();
            assert!(seen.first().is_none_or(|path| path == "/robots.txt"), "{seen:?}");
            assert!(
                !seen.contains(&banned) && !seen.iter().any(|path| path.ends_with("/x")),
                "{seen:?}"
            );
        }
    }
    assert!(
        forbidden > 20,
        "the test must meet forbidden addresses, met {forbidden}"
    );
}
