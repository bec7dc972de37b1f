//! What a page turned out to be, and how far its text is to be trusted. Owns the signs of walls,
//! challenges and soft errors; what a story's text is was decided before.

use std::sync::LazyLock;

use regex::Regex;

use crate::article::{Access, Article, Extractor, Removal};
use crate::dom::Dom;
use crate::outcome::Outcome;
use crate::text;

use super::page::Evidence;

/// A wall or an error page has fewer words than this outside its furniture.
const WALL_WORDS: usize = 180;
/// A page that calls itself an article is one from this many words on.
const ARTICLE_WORDS: usize = 12;
/// A page that does not say so must have this many.
const UNDECLARED_WORDS: usize = 45;
/// From this many words on a text's length says nothing against it.
const FULL_WORDS: f64 = 100.0;
/// A text this short, on a page that must be paid for, is a teaser.
const TEASER_WORDS: usize = 250;

/// Signs in a short page's title or text, each with the kind of page that shows it.
static CHALLENGE: LazyLock<Regex> = LazyLock::new(|| {
    // Interstitials of content delivery networks and bot managers.
    known(
        r"(?i)^just a moment\b|attention required|checking your browser|verify(ing)? (that )?you are (a )?human|are you a (robot|human)|enable javascript and cookies to continue|unusual (traffic|activity) from your|access to this page has been denied|pardon our interruption|request unsuccessful\. incapsula|bot verification|security check to access",
    )
});
static CONSENT: LazyLock<Regex> = LazyLock::new(|| {
    // Consent pages of portals and of pay-or-consent models.
    known(
        r"(?i)before you continue to|we (value|care about) your privacy|your privacy choices|bevor sie fortfahren|mit werbung weiterlesen|weiter mit werbung|zustimmung (erforderlich|erteilen)|accepter (et continuer|les cookies)|continuer sans accepter|votre vie privée|su privacidad|la tua privacy|gdpr consent|cookie consent",
    )
});
static SOFT_404: LazyLock<Regex> = LazyLock::new(|| {
    // Error pages sent with status 200.
    known(
        r"(?i)\b404\b|page (was )?not found|not found$|page (you (are|were) looking for|no longer exists|does not exist)|seite (wurde )?nicht gefunden|diese seite existiert nicht|page (introuvable|non trouvée)|página no encontrada|pagina non trovata|nie znaleziono|страница не найдена|ページが見つかりません",
    )
});

fn known(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of the program's own")
}

/// The outcome, with a reason where it is no article, and the article's quality.
pub(super) fn judge(dom: &Dom, article: &Article, evidence: &Evidence) -> (Outcome, Option<String>, f64) {
    let text = article.text();
    let words = text::word_count(&text);
    let quality = quality(article, words, evidence);
    let title = article.meta.title.as_deref().unwrap_or_default();
    let wall = |outcome, sign: &str| (outcome, Some(format!("the page says “{sign}”")), quality.min(0.2));
    if words < WALL_WORDS && article.extractor == Extractor::Generic {
        let page_title = dom
            .root()
            .descendants()
            .find(|e| e.name() == "title")
            .map(|e| text::fold(&e.script()))
            .unwrap_or_default();
        for (pattern, outcome) in [
            (&CHALLENGE, Outcome::BotChallenge),
            (&SOFT_404, Outcome::Soft404),
            (&CONSENT, Outcome::ConsentWall),
        ] {
            // A story in brief may be about a page not found; error pages do not call themselves articles.
            if (!evidence.declared || words < UNDECLARED_WORDS)
                && let Some(sign) = pattern.find(&page_title).or_else(|| pattern.find(title))
            {
                return wall(outcome, sign.as_str());
            }
            if !evidence.declared
                && outcome != Outcome::Soft404
                && let Some(sign) = pattern.find(&text)
            {
                return wall(outcome, sign.as_str());
            }
        }
    }
    if words == 0 {
        let reason = if article.removed.is_empty() {
            "no text on the page; it may need JavaScript to show any"
        } else {
            "all text of the page was taken out"
        };
        return (Outcome::Empty, Some(reason.to_owned()), 0.0);
    }
    let enough = if evidence.declared {
        ARTICLE_WORDS
    } else {
        UNDECLARED_WORDS
    };
    if article.extractor == Extractor::Generic && words < enough {
        return (
            Outcome::NotArticle,
            Some(format!("{words} words of text")),
            quality.min(0.3),
        );
    }
    if article.meta.access == Access::Paywalled && (words < TEASER_WORDS || paywalled(&article.removed)) {
        return (Outcome::PaywallTeaser, None, quality);
    }
    (Outcome::Stored, None, quality)
}

fn paywalled(removed: &[Removal]) -> bool {
    removed
        .iter()
        .any(|r| r.category == crate::article::Category::Paywall)
}

/// Confidence in the text, 0 to 1. A text the generic extractor found is as good as the model
/// expects it to be; one a rule found as its looks: long enough, whole sentences, a headline and a
/// date beside it.
fn quality(article: &Article, words: usize, evidence: &Evidence) -> f64 {
    if words == 0 {
        return 0.0;
    }
    let length = (words as f64 / FULL_WORDS).min(1.0);
    let quality = match evidence.confidence {
        Some(confidence) => f64::from(confidence) * (0.5 + 0.5 * length),
        None => {
            let ended = article
                .blocks
                .iter()
                .filter(|b| super::generic::ends_as_sentence(&b.text) || text::word_count(&b.text) > 20)
                .count() as f64;
            let known = [
                article.meta.title.is_some(),
                article.meta.published.is_some(),
                evidence.declared,
            ];
            let known = known.iter().filter(|k| **k).count() as f64 / known.len() as f64;
            0.25 + 0.35 * length + 0.25 * (ended / article.blocks.len().max(1) as f64) + 0.15 * known
        }
    };
    (quality * 1000.0).round() / 1000.0
}
