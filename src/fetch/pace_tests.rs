//! The tests of `pace`, on a clock a thousand times as fast as the wall's.

use super::*;

const HOST: &str = "news.example";

fn pace() -> Pace {
    let start = "2026-11-23T12:00:00Z".parse().unwrap();
    Pace::new(Clock::scaled(start, 1_000), Limits::default())
}

#[tokio::test]
async fn the_gap_runs_from_the_end_of_a_response_to_the_next_start() {
    let pace = pace();
    let delay = Duration::from_secs(3);
    let turn = pace.turn(HOST, delay).await.unwrap();
    pace.clock.sleep(Duration::from_secs(5)).await;
    let end = pace.clock.monotonic();
    turn.succeeded();
    let _turn = pace.turn(HOST, delay).await.unwrap();
    assert!(pace.clock.monotonic() - end >= delay);
}

#[tokio::test]
async fn the_first_request_does_not_wait_for_a_gap() {
    let pace = pace();
    let before = pace.clock.monotonic();
    pace.turn(HOST, Duration::from_secs(24 * 60 * 60))
        .await
        .unwrap()
        .succeeded();
    assert!(pace.clock.monotonic() - before < Duration::from_secs(24 * 60 * 60));
}

#[tokio::test]
async fn a_crawl_delay_of_any_origin_of_the_host_counts_when_it_is_longer() {
    let pace = pace();
    pace.set_crawl_delay(HOST, "https://news.example", Some(Duration::from_secs(10)));
    pace.set_crawl_delay(HOST, "http://news.example", Some(Duration::from_secs(2)));
    pace.turn(HOST, Duration::ZERO).await.unwrap().succeeded();
    let end = pace.clock.monotonic();
    pace.turn(HOST, Duration::from_secs(1)).await.unwrap().succeeded();
    assert!(pace.clock.monotonic() - end >= Duration::from_secs(10) - Duration::from_secs(1));
    pace.set_crawl_delay(HOST, "https://news.example", None);
    assert!(
        pace.earliest_start(&pace.host(HOST), Duration::ZERO)
            < pace.clock.monotonic() + Duration::from_secs(3)
    );
}

#[tokio::test]
async fn two_callers_are_never_let_in_at_once() {
    let pace = pace();
    let first = pace.turn(HOST, Duration::ZERO).await.unwrap();
    let second = pace.turn(HOST, Duration::ZERO);
    tokio::pin!(second);
    let early = tokio::time::timeout(Duration::ZERO, &mut second).await;
    assert!(early.is_err());
    drop(first);
    second.await.unwrap().succeeded();
}

#[tokio::test]
async fn other_hosts_do_not_wait() {
    let pace = pace();
    let _held = pace.turn(HOST, Duration::ZERO).await.unwrap();
    pace.turn("other.example", Duration::ZERO)
        .await
        .unwrap()
        .succeeded();
}

#[tokio::test]
async fn a_pause_holds_for_everybody_and_ends() {
    let pace = pace();
    let turn = pace.turn(HOST, Duration::ZERO).await.unwrap();
    let until = turn.pause(Some(Duration::from_secs(3_600)), "status 429");
    let refused = pace.turn(HOST, Duration::ZERO).await.unwrap_err();
    assert_eq!(
        refused,
        Refusal::RetryLater {
            host: HOST.into(),
            until
        }
    );
    pace.clock.sleep_until(until).await;
    pace.turn(HOST, Duration::ZERO).await.unwrap().succeeded();
}

#[tokio::test]
async fn a_pause_known_from_an_earlier_run_holds_and_is_never_shortened() {
    let pace = pace();
    let long = later(pace.clock.now(), Duration::from_secs(24 * 60 * 60));
    pace.pause(HOST, long);
    pace.pause(HOST, pace.clock.now());
    pace.begin_run();
    assert!(
        matches!(pace.turn(HOST, Duration::ZERO).await, Err(Refusal::RetryLater { until, .. }) if until == long)
    );
}

#[tokio::test]
async fn a_host_that_keeps_failing_is_given_up_until_the_next_run() {
    let pace = pace();
    for _ in 0..Limits::default().trouble_after {
        pace.turn(HOST, Duration::ZERO)
            .await
            .unwrap()
            .failed("connection refused");
    }
    let refused = pace.turn(HOST, Duration::ZERO).await.unwrap_err();
    assert!(matches!(&refused, Refusal::HostInTrouble { last, .. } if last == "connection refused"));
    pace.begin_run();
    pace.turn(HOST, Duration::ZERO).await.unwrap().succeeded();
}

#[tokio::test]
async fn one_success_forgives_all_failures() {
    let pace = pace();
    for _ in 0..3 {
        pace.turn(HOST, Duration::ZERO).await.unwrap().failed("reset");
        pace.turn(HOST, Duration::ZERO).await.unwrap().failed("reset");
        pace.turn(HOST, Duration::ZERO).await.unwrap().succeeded();
    }
}

#[test]
fn backoff_doubles_up_to_its_limit() {
    let wait = |failures| backoff(Duration::from_secs(2), Duration::from_secs(60), failures).as_secs();
    assert_eq!([0, 1, 2, 3, 6, 40].map(wait), [0, 2, 4, 8, 60, 60]);
}

#[test]
fn jitter_only_adds_a_little_and_is_the_same_every_time() {
    let gap = Duration::from_secs(10);
    for turn in 0..100 {
        assert!(jitter(gap, HOST, turn) <= gap / JITTER_DIVISOR);
        assert_eq!(jitter(gap, HOST, turn), jitter(gap, HOST, turn));
    }
    assert_eq!(jitter(Duration::ZERO, HOST, 7), Duration::ZERO);
}

#[tokio::test]
async fn a_host_with_one_more_chance_is_closed_by_one_failure_and_opened_by_one_success() {
    let pace = pace();
    for _ in 0..Limits::default().trouble_after {
        pace.turn(HOST, Duration::ZERO).await.unwrap().failed("refused");
    }
    pace.try_again(HOST);
    pace.turn(HOST, Duration::ZERO).await.unwrap().failed("refused");
    assert!(pace.turn(HOST, Duration::ZERO).await.is_err());
    pace.try_again(HOST);
    pace.turn(HOST, Duration::ZERO).await.unwrap().succeeded();
    pace.turn(HOST, Duration::ZERO).await.unwrap().failed("refused");
    pace.turn(HOST, Duration::ZERO).await.unwrap().succeeded();
}

#[tokio::test]
async fn a_pause_from_a_clock_that_was_set_back_does_not_hold() {
    let pace = pace();
    pace.pause(
        HOST,
        later(pace.clock.now(), Duration::from_secs(400 * 24 * 60 * 60)),
    );
    pace.turn(HOST, Duration::ZERO).await.unwrap().succeeded();
}

#[tokio::test]
async fn hosts_that_nobody_asks_any_more_are_forgotten_and_those_in_trouble_are_not() {
    let pace = pace();
    pace.turn("calm.example", Duration::ZERO)
        .await
        .unwrap()
        .succeeded();
    pace.turn("ill.example", Duration::ZERO)
        .await
        .unwrap()
        .failed("refused");
    let held = pace.turn("busy.example", Duration::ZERO).await.unwrap();
    let names = || {
        let mut names: Vec<String> = unpoisoned(&pace.hosts).keys().cloned().collect();
        names.sort();
        names
    };
    pace.tidy(Duration::from_secs(24 * 60 * 60));
    assert_eq!(names().len(), 3);
    pace.clock.sleep(Duration::from_secs(60)).await;
    pace.tidy(Duration::from_secs(60));
    assert_eq!(names(), ["busy.example", "ill.example"]);
    held.succeeded();
}
