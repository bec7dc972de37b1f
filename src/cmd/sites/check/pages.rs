//! Where the pages come from on which rules are proved: capture folders, the database, the web.

use std::path::Path;
use std::sync::Mutex;

use url::Url;

use crate::pipeline::capture::Captures;
use crate::pipeline::errand::Errand;
use crate::pipeline::trial::Origin;
use crate::sites::Sites;
use crate::sites::rule::Site;
use crate::store::Reader;

/// Most stored pages of a site that are looked at, newest first.
const STORED_PAGES: usize = 20;

/// What a worker reads pages from.
pub(super) enum Pages<'a> {
    Folders(&'a Captures),
    Stored(Reader),
    None,
}

/// A page with its bytes.
pub(super) struct Page {
    pub(super) url: Url,
    pub(super) content_type: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// What looking for a page led to.
pub(super) enum Found {
    Page(Page),
    /// It is in a folder, and cannot be read.
    Damaged(String),
    /// It was asked for, and did not come.
    Refused(String),
    Nowhere,
}

impl<'a> Pages<'a> {
    /// The folders where some were named, else the database where there is one.
    pub(super) fn open(captures: Option<&'a Captures>, db: &Path) -> anyhow::Result<Self> {
        Ok(match captures {
            Some(captures) => Self::Folders(captures),
            None if db.exists() => Self::Stored(Reader::open(db)?),
            None => Self::None,
        })
    }

    /// Whether a person chose the pages, or a crawl.
    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::Stored(_) => Origin::Crawled,
            Self::Folders(_) | Self::None => Origin::Chosen,
        }
    }

    /// The page at an address.
    pub(super) fn find(&self, web: Option<&Mutex<Errand>>, url: &Url) -> anyhow::Result<Found> {
        let known = match self {
            Self::Folders(captures) => match captures.find(url).map(|page| (page, page.bytes())) {
                Some((page, Ok(bytes))) => Some(Page {
                    url: page.url.clone(),
                    content_type: page.content_type.clone(),
                    bytes,
                }),
                Some((_, Err(error))) => {
                    return Ok(Found::Damaged(format!("{:#}", anyhow::Error::from(error))));
                }
                None => None,
            },
            Self::Stored(reader) => match reader.body_by_url(url.as_str())? {
                Some(bytes) => Some(Page {
                    url: url.clone(),
                    content_type: match reader.article_by_url(url.as_str())? {
                        Some(article) => reader.content_type(article.id)?,
                        None => None,
                    },
                    bytes,
                }),
                None => None,
            },
            Self::None => None,
        };
        Ok(match (known, web) {
            (Some(page), _) => Found::Page(page),
            (None, None) => Found::Nowhere,
            (None, Some(web)) => {
                // One at a time: manners hold for all workers together.
                let web = web.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                match web.fetch(url) {
                    Ok(page) => Found::Page(Page {
                        url: page.url,
                        content_type: page.content_type,
                        bytes: page.body,
                    }),
                    Err(error) => Found::Refused(format!("{:#}", anyhow::Error::from(error))),
                }
            }
        })
    }

    /// The site's pages at hand beside those of its checks. One that cannot be read is passed over:
    /// no proof speaks of it.
    pub(super) fn others(&self, sites: &Sites, site: &Site) -> anyhow::Result<Vec<Page>> {
        let is_proof = |url: &Url| {
            let proofs = site.checks.iter();
            proofs
                .filter_map(|c| crate::address::parse(&c.url).ok())
                .any(|proof| proof == *url)
        };
        let mut pages = Vec::new();
        match self {
            Self::Folders(captures) => {
                let own = captures.iter().filter(|page| {
                    sites.for_url(&page.url).is_some_and(|s| s.id == site.id) && !is_proof(&page.url)
                });
                for page in own {
                    if let Ok(bytes) = page.bytes() {
                        pages.push(Page {
                            url: page.url.clone(),
                            content_type: page.content_type.clone(),
                            bytes,
                        });
                    }
                }
            }
            Self::Stored(reader) => {
                for article in reader.stored_articles(&site.id)?.into_iter().take(STORED_PAGES) {
                    let Ok(url) = Url::parse(&article.url) else {
                        continue;
                    };
                    if is_proof(&url) {
                        continue;
                    }
                    if let Some(bytes) = reader.body(&article.html_sha256)? {
                        pages.push(Page {
                            url,
                            content_type: reader.content_type(article.article_id)?,
                            bytes,
                        });
                    }
                }
            }
            Self::None => {}
        }
        Ok(pages)
    }
}
