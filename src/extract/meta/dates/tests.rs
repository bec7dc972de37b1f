//! What each way of writing a date must give.

use jiff::tz::TimeZone;

use super::{Zone, find_date, read_format};

fn utc(text: &str) -> Option<String> {
    find_date(text, None, None).map(|d| d.iso)
}

#[test]
fn iso_dates_are_brought_to_utc() {
    for (text, iso) in [
        ("2016-02-21T13:27:00Z", "2016-02-21T13:27:00Z"),
        ("2024-05-03T17:47:42.389+02:00", "2024-05-03T15:47:42Z"),
        ("2024-04-30 16:17:29 +02:00", "2024-04-30T14:17:29Z"),
        ("2023-04-28T18:16:04+0200", "2023-04-28T16:16:04Z"),
        ("2025-02-04T13:41:03.0000000Z", "2025-02-04T13:41:03Z"),
        ("20240430T161729Z", "2024-04-30T16:17:29Z"),
        ("2024-05-09T20:31Z", "2024-05-09T20:31:00Z"),
        ("1762590240000", "2025-11-08T08:24:00Z"),
        ("1761135952", "2025-10-22T12:25:52Z"),
    ] {
        assert_eq!(utc(text).as_deref(), Some(iso), "{text}");
    }
}

#[test]
fn a_day_alone_is_never_shifted() {
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    let found = find_date("2025-10-20", Some(&tokyo), None).unwrap();
    assert_eq!((found.iso.as_str(), found.zone), ("2025-10-20", Zone::Day));
    assert_eq!(utc("28. April 2023").as_deref(), Some("2023-04-28"));
}

#[test]
fn dates_in_words_are_read_in_many_languages() {
    for (text, iso) in [
        ("Feb. 21, 2016 04:05 PM ET", "2016-02-21T21:05:00Z"),
        (
            "Posted: Aug 08, 2024 4:00 AM EDT | Last Updated: August 8",
            "2024-08-08T08:00:00Z",
        ),
        ("May 15th, 2023", "2023-05-15"),
        ("12:20pm Jan 7, 2024", "2024-01-07T12:20:00Z"),
        ("Published 4 p.m. GMT on 3 March 2024", "2024-03-03T16:00:00Z"),
        ("Mon, 05 Aug 2024 12:47:21 GMT", "2024-08-05T12:47:21Z"),
        ("Sat Oct 25 15:26:09 CEST 2025", "2025-10-25T13:26:09Z"),
        (
            "Fri Apr 28 2023 17:52:31 GMT+0000 (Coordinated Universal Time)",
            "2023-04-28T17:52:31Z",
        ),
        ("torsdag 09. mai 2024 - 13:26", "2024-05-09T13:26:00Z"),
        ("Stand: 28. April 2023, 05:00 Uhr", "2023-04-28T05:00:00Z"),
        ("15 de octubre de 2024 a las 08:22", "2024-10-15T08:22:00Z"),
        ("Publié le 1er août 2023 à 14h30", "2023-08-01T14:30:00Z"),
        ("8 января 2026, 17:46", "2026-01-08T17:46:00Z"),
        ("30 Nisan 2024", "2024-04-30"),
        ("2025年1月13日 21時37分", "2025-01-13T21:37:00Z"),
        ("22/10/2025, 19:25 (GMT+7)", "2025-10-22T12:25:00Z"),
    ] {
        assert_eq!(utc(text).as_deref(), Some(iso), "{text}");
    }
}

#[test]
fn a_time_without_a_zone_uses_the_sites_and_says_so() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let found = find_date("25.04.24 | 14:07 Uhr", Some(&berlin), Some("de")).unwrap();
    assert_eq!(found.iso, "2024-04-25T12:07:00Z");
    assert_eq!(found.remark(), "; zone of the site");
    let found = find_date("25.04.2024 14:07", None, Some("de")).unwrap();
    assert_eq!(
        (found.iso.as_str(), found.zone),
        ("2024-04-25T14:07:00Z", Zone::Assumed)
    );
}

#[test]
fn an_ambiguous_numeric_date_is_settled_by_language_or_left() {
    let day = |language| find_date("3/4/2024", None, language).map(|d| d.iso);
    assert_eq!(day(Some("en-US")).as_deref(), Some("2024-03-04"));
    assert_eq!(day(Some("en-GB")).as_deref(), Some("2024-04-03"));
    assert_eq!(day(Some("es")).as_deref(), Some("2024-04-03"));
    assert_eq!(day(Some("en")), None);
    assert_eq!(day(None), None);
    assert_eq!(utc("4/28/2024").as_deref(), Some("2024-04-28"));
}

#[test]
fn what_is_no_date_gives_none() {
    for text in [
        "",
        "vor 3 Stunden",
        "Today 5:00 am",
        "PT2M53S",
        "14:36",
        "2024-02-30",
        "0001-01-01T00:00:00Z",
        "31.12.1969",
        "9999-12-31",
        "May 2024",
        "article245055596",
        "1482088",
        "Version 1.2.3",
    ] {
        assert_eq!(utc(text), None, "{text}");
    }
}

#[test]
fn a_rules_format_reads_month_names_of_the_language() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let read = |text, format| read_format(text, format, Some(&berlin), Some("de")).map(|d| d.iso);
    assert_eq!(
        read("28. März 2023, 05:00", "%d. %B %Y, %H:%M").as_deref(),
        Some("2023-03-28T03:00:00Z")
    );
    assert_eq!(
        read("25.04.24 | 14:07", "%d.%m.%y | %H:%M").as_deref(),
        Some("2024-04-25T12:07:00Z")
    );
    assert_eq!(read("3 Okt. 2024", "%d %b %Y").as_deref(), Some("2024-10-03"));
    assert_eq!(
        read("Fri Apr 28 19:20:36 +0200 2023", "%a %b %d %H:%M:%S %z %Y").as_deref(),
        Some("2023-04-28T17:20:36Z")
    );
    assert_eq!(read("gestern", "%d.%m.%Y"), None);
}

#[test]
fn an_hour_that_summer_time_skips_or_doubles_is_still_a_moment() {
    let new_york = TimeZone::get("America/New_York").unwrap();
    for text in ["2024-03-10 02:30", "2024-11-03 01:30"] {
        assert!(find_date(text, Some(&new_york), None).is_some(), "{text}");
    }
}
