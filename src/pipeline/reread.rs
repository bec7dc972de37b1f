//! A stored article read again from the pages it was made of. Owns the way from the stored bytes to one
//! reading; by which rules, and what follows from it, is the caller's.

use url::Url;

use crate::address;
use crate::store::{Reader, StoreError};

use super::reading::{Reading, Source};
use super::story::Story;

/// What came of it.
pub(super) enum Reread {
    /// The article as it is read now.
    Told(Box<Reading>),
    /// A page of it is damaged.
    Damaged(String),
    /// A page of it is not stored; when it was pruned, where it was.
    Gone(Option<String>),
}

/// Reads the newest version of an article again.
///
/// # Errors
/// When the database cannot be read.
pub(super) fn reread(
    reader: &Reader,
    article_id: i64,
    read: impl Fn(Source<'_>) -> Reading,
) -> Result<Reread, StoreError> {
    let mut story: Option<Story<()>> = None;
    for page in reader.source_pages(article_id)? {
        let bytes = match reader.body(&page.html_sha256) {
            Err(StoreError::Damaged { detail, .. }) => return Ok(Reread::Damaged(detail)),
            body => body?,
        };
        let (Some(bytes), Ok(url)) = (bytes, Url::parse(&page.url).map(address::canonical)) else {
            return Ok(Reread::Gone(reader.pruned_at(&page.html_sha256)?));
        };
        let reading = read(Source {
            bytes: &bytes,
            // Its own header, which may be all that tells its charset.
            content_type: page.content_type.as_deref(),
            url: Some(&url),
        });
        match &mut story {
            None => story = Some(Story::begin((), reading)),
            Some(story) => story.append(reading),
        }
    }
    Ok(story.map_or(Reread::Gone(None), |story| {
        Reread::Told(Box::new(story.finish().0))
    }))
}
