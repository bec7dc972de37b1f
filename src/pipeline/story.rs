//! A story over several pages, as it is gathered: which link is followed next, and when the story is
//! whole. Owns these decisions and does no asking, so crawl, `extract` and `explain` gather alike.

use std::collections::HashSet;

use url::Url;

use crate::address;
use crate::extract::{self, Extraction};
use crate::outcome::Outcome;
use crate::text;

use super::reading::Reading;

/// Pages of one story that are read, the first one counted.
pub const MAX_STORY_PAGES: usize = 30;

/// A page of the story, with whatever its bringer keeps of it.
pub struct StoryPage<T> {
    /// What was brought.
    pub page: T,
    /// Its address, canonical.
    pub url: Option<Url>,
    /// Whether it tells the whole story, in place of the first page.
    pub whole: bool,
}

/// A story in the making.
pub struct Story<T> {
    first: Reading,
    further: Vec<Extraction>,
    pages: Vec<StoryPage<T>>,
    /// Addresses asked for, so that pages in a circle end.
    asked: Vec<Url>,
    wanted: Option<(Link, Url)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Single,
    Next,
}

impl<T> Story<T> {
    /// Begins with the page that was asked for.
    pub fn begin(page: T, reading: Reading) -> Self {
        let url = reading.url.clone().map(address::canonical);
        let mut story = Self {
            asked: url.iter().cloned().collect(),
            pages: vec![StoryPage {
                page,
                url,
                whole: false,
            }],
            further: Vec::new(),
            wanted: None,
            first: reading,
        };
        story.wanted = story.link(Link::Single).or_else(|| story.link(Link::Next));
        story
    }

    /// The page to bring next; none: the story is whole.
    pub fn wants(&self) -> Option<&Url> {
        self.wanted.as_ref().map(|(_, url)| url)
    }

    /// The pages that this one leads to, the whole story's and the next.
    pub fn leads_to(&self) -> impl Iterator<Item = Url> {
        [Link::Single, Link::Next]
            .into_iter()
            .filter_map(|link| self.link(link))
            .map(|(_, url)| url)
    }

    /// The wanted page came.
    pub fn add(&mut self, page: T, reading: Reading) {
        let Some((link, url)) = self.wanted.take() else {
            return;
        };
        let answered = reading
            .url
            .clone()
            .map_or_else(|| url.clone(), address::canonical);
        let leads_back = self.pages.iter().any(|page| page.url.as_ref() == Some(&answered));
        self.asked.extend([url, answered.clone()]);
        let Some(extraction) = reading.extraction.as_ref().filter(|e| is_story(e) && !leads_back) else {
            self.wanted = self.instead_of(link);
            return;
        };
        match link {
            // What comes after the last page is, on many sites, the last page or the first again.
            Link::Next if self.has_told(extraction) => {}
            Link::Single if words(extraction) < self.first.extraction.as_ref().map_or(0, words) => {
                self.wanted = self.instead_of(link);
            }
            Link::Single => {
                self.first = Reading {
                    url: self.first.url.take(),
                    ..reading
                };
                self.pages.push(StoryPage {
                    page,
                    url: Some(answered),
                    whole: true,
                });
            }
            Link::Next => {
                self.further.extend(reading.extraction);
                self.pages.push(StoryPage {
                    page,
                    url: Some(answered),
                    whole: false,
                });
                self.wanted = self.link(Link::Next);
            }
        }
    }

    /// Whether each block of a page stands on the story's pages already.
    fn has_told(&self, page: &Extraction) -> bool {
        let pages = self.first.extraction.iter().chain(&self.further);
        let told: HashSet<&str> = pages
            .flat_map(|page| &page.article.blocks)
            .map(|block| block.text.as_str())
            .collect();
        page.article.blocks.iter().all(|b| told.contains(b.text.as_str()))
    }

    /// A page that is known to be the story's next, whatever today's links say: of a stored story.
    pub fn append(&mut self, reading: Reading) {
        self.further.extend(reading.extraction);
    }

    /// The wanted page is not to be had: the story ends where it is, or goes on page by page. Tells whether
    /// it lacks that page: a view of the whole story on one page may hold no more than the first does.
    pub fn skip(&mut self) -> bool {
        let Some((link, url)) = self.wanted.take() else {
            return false;
        };
        self.asked.push(url);
        self.wanted = self.instead_of(link);
        link == Link::Next
    }

    /// The story as far as it came, and its pages in order, the one that was asked for first.
    pub fn finish(self) -> (Reading, Vec<StoryPage<T>>) {
        let mut first = self.first;
        first.extraction = first.extraction.map(|e| extract::join(e, self.further));
        if let Some(extraction) = &first.extraction {
            first.outcome = extraction.outcome;
            first.reason.clone_from(&extraction.reason);
        }
        (first, self.pages)
    }

    fn instead_of(&self, link: Link) -> Option<(Link, Url)> {
        (link == Link::Single).then(|| self.link(Link::Next)).flatten()
    }

    /// A link of the page that came last, unless it leaves the site or was followed.
    fn link(&self, link: Link) -> Option<(Link, Url)> {
        let last = self.further.last().or(self.first.extraction.as_ref())?;
        let url = match link {
            Link::Single => last.links.single.as_ref(),
            Link::Next => last.links.next.as_ref(),
        }?;
        let site = self.first.rules.site()?;
        // Under a beginning too short for a story there may be one: on the page with the whole of it.
        let leads_on = match link {
            Link::Single => is_story(last) || matches!(last.outcome, Outcome::NotArticle | Outcome::Empty),
            Link::Next => is_story(last),
        };
        let follow =
            leads_on && site.owns(url) && !self.asked.contains(url) && self.pages.len() < MAX_STORY_PAGES;
        follow.then(|| (link, url.clone()))
    }
}

fn is_story(extraction: &Extraction) -> bool {
    matches!(extraction.outcome, Outcome::Stored | Outcome::PaywallTeaser)
}

fn words(extraction: &Extraction) -> usize {
    text::word_count(&extraction.article.text())
}
