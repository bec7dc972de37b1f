//! The vocabulary of fates: what became of a page. Owns the words and their spelling in the
//! database and in JSON; which word fits a page is decided in `extract::verdict` and `pipeline`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of a page at the last attempt. Every page the program ever looked at has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// An article, kept whole. For a listing: read.
    Stored,
    /// Seen again, and title, subtitle and text are what they were.
    Unchanged,
    /// An article of which the page shows only the beginning.
    PaywallTeaser,
    /// The address leads to another one, which has its own row.
    Redirected,
    /// Another address of an article that is already stored.
    Duplicate,
    /// A page that tells no story: a section, a gallery, a video, a form.
    NotArticle,
    /// A request for consent stands in place of the story.
    ConsentWall,
    /// A check for robots stands in place of the story.
    BotChallenge,
    /// "Not found", told with status 200.
    #[serde(rename = "soft-404")]
    Soft404,
    /// A page without text.
    Empty,
    /// The page asks not to be used, and the policy says to obey.
    OptedOut,
    /// robots.txt forbids the address.
    RobotsDenied,
    /// Status 404, 410 or 451.
    Gone,
    /// More bytes, nodes or nesting than the limits allow.
    TooLarge,
    /// Not HTML.
    NotHtml,
    /// Could not be fetched or read; the reason stands beside it.
    Failed,
}

impl Outcome {
    /// Every outcome, in the order in which summaries list them.
    pub const ALL: [Self; 16] = [
        Self::Stored,
        Self::Unchanged,
        Self::PaywallTeaser,
        Self::Redirected,
        Self::Duplicate,
        Self::NotArticle,
        Self::ConsentWall,
        Self::BotChallenge,
        Self::Soft404,
        Self::Empty,
        Self::OptedOut,
        Self::RobotsDenied,
        Self::Gone,
        Self::TooLarge,
        Self::NotHtml,
        Self::Failed,
    ];

    /// The word used in SQL, JSON and on the terminal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Unchanged => "unchanged",
            Self::PaywallTeaser => "paywall-teaser",
            Self::Redirected => "redirected",
            Self::Duplicate => "duplicate",
            Self::NotArticle => "not-article",
            Self::ConsentWall => "consent-wall",
            Self::BotChallenge => "bot-challenge",
            Self::Soft404 => "soft-404",
            Self::Empty => "empty",
            Self::OptedOut => "opted-out",
            Self::RobotsDenied => "robots-denied",
            Self::Gone => "gone",
            Self::TooLarge => "too-large",
            Self::NotHtml => "not-html",
            Self::Failed => "failed",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == word)
    }

    /// Whether a page with this outcome has an article in the database.
    pub const fn is_article(self) -> bool {
        matches!(self, Self::Stored | Self::Unchanged | Self::PaywallTeaser)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn the_word_in_json_is_the_word_in_sql() {
        for outcome in Outcome::ALL {
            let json = serde_json::to_value(outcome).unwrap();
            assert_eq!(json, outcome.as_str());
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
    }
}
