//! JSON Feed 1.0 and 1.1 (jsonfeed.org). Owns its shape; broken JSON cannot be repaired and is an
//! error.

use serde::Deserialize;
use serde_json::Value;

use super::{DiscoverError, Entry, Gather, When, feed};

#[derive(Deserialize)]
struct Feed {
    items: Vec<Value>,
}

/// Reads all items. One that is not as the format says is counted as dropped.
pub(super) fn read(text: &str, gather: &mut Gather<'_>) -> Result<(), DiscoverError> {
    let feed: Feed = serde_json::from_str(text).map_err(|source| DiscoverError::Json {
        url: gather.url.clone(),
        source,
    })?;
    let base = gather.url.clone();
    for item in feed.items {
        let word = |key: &str| item.get(key).and_then(Value::as_str);
        let address = word("url")
            .or_else(|| word("id").filter(|id| feed::is_address(id)))
            .or_else(|| word("external_url"));
        gather.entry(
            &base,
            Entry {
                address: address.unwrap_or_default().to_owned(),
                title: word("title").unwrap_or_default().to_owned(),
                published: word("date_published").and_then(When::parse),
                lastmod: word("date_modified").and_then(When::parse),
            },
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::{DiscoverError, ListingKind, read};

    #[test]
    fn items_are_read_and_odd_ones_counted() {
        let url = Url::parse("https://news.example/feed.json").unwrap();
        let text = r#"{"version": "https://jsonfeed.org/version/1.1", "items": [
            {"id": "1", "url": "/a", "title": "A", "date_published": "2026-11-23T08:00:00+01:00"},
            {"id": "https://news.example/b", "external_url": "https://other.example/", "date_modified": "2026-11-23"},
            {"id": 3}, "four"]}"#;
        let listing = read(ListingKind::Feed, text, &url).unwrap();
        assert_eq!(listing.candidates[0].url.as_str(), "https://news.example/a");
        assert_eq!(
            listing.candidates[0].published.unwrap().to_text(),
            "2026-11-23T07:00:00Z"
        );
        assert_eq!(listing.candidates[1].url.as_str(), "https://news.example/b");
        assert_eq!((listing.candidates.len(), listing.dropped), (2, 2));
    }

    #[test]
    fn json_that_is_no_feed_is_an_error_that_names_it() {
        let url = Url::parse("https://news.example/feed.json").unwrap();
        for text in ["{\"items\": [", "{\"error\": 404}"] {
            let error = read(ListingKind::Feed, text, &url).unwrap_err();
            assert!(matches!(error, DiscoverError::Json { .. }));
            assert!(
                error
                    .to_string()
                    .starts_with("https://news.example/feed.json is not")
            );
        }
    }
}
