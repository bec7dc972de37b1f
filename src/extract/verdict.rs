//! What a page turned out to be, and how far its text is to be trusted. Owns the order of the
//! judgements; what walls say is `signs`' and what a story's text is was decided before.

use crate::article::{Access, Article, Category, Extractor, FieldValue};
use crate::dom::Dom;
use crate::outcome::Outcome;
use crate::text;

use super::page::Evidence;
use super::signs::{self, Signs};

/// A wall or an error page has fewer words than this outside its furniture.
const WALL_WORDS: usize = 180;
/// A page that calls itself an article is one from this many words on.
const ARTICLE_WORDS: usize = 12;
/// A page that does not say so must have this many.
const UNDECLARED_WORDS: usize = 45;
/// From this many words on a text's length says nothing against it.
const FULL_WORDS: f64 = 100.0;
/// Most quality of a text that is hardly one.
const DOUBTFUL: f64 = 0.3;
/// A text this short, on a page that must be paid for, is a teaser.
const TEASER_WORDS: usize = 250;
/// One that ends where a paywall begins may be longer.
const LONG_TEASER_WORDS: usize = 400;
/// A text with less than this share of the words that the page says the story has is a teaser.
const TEASER_SHARE: f64 = 0.7;
/// Main headings that are asked for signs.
const MAX_HEADINGS: usize = 5;

/// The outcome, with a reason where it is no article, and the article's quality.
pub(super) fn judge(dom: &Dom, article: &Article, evidence: &Evidence) -> (Outcome, Option<String>, f64) {
    let text = article.text();
    // No question here is about more words than a teaser has.
    let words = text::word_count_to(&text, TEASER_WORDS);
    let quality = quality(article, words, evidence);
    if words < WALL_WORDS
        && article.extractor == Extractor::Generic
        && let Some((outcome, sign)) = wall(dom, article, evidence, &text, words)
    {
        return (outcome, Some(format!("the page says “{sign}”")), quality.min(0.2));
    }
    let no_article = |reason: String| (Outcome::NotArticle, Some(reason), quality.min(DOUBTFUL));
    if article.extractor == Extractor::Generic
        && let Some(reason) = other_page(article, evidence, words)
    {
        return no_article(reason);
    }
    if words == 0 {
        let reason = if article.removed.is_empty() {
            "no text on the page; it may need JavaScript to show any"
        } else {
            "all text of the page was taken out"
        };
        return (Outcome::Empty, Some(reason.to_owned()), 0.0);
    }
    let enough = least_words(article.extractor, evidence.declared);
    if article.extractor == Extractor::Generic && words < enough {
        return no_article(format!("{words} words of text"));
    }
    if is_teaser(article, evidence, words) {
        return (Outcome::PaywallTeaser, None, quality);
    }
    (Outcome::Stored, None, quality)
}

/// Words from which on a page is an article. Where a rule names the body, it says so with few.
pub(super) fn least_words(extractor: Extractor, declared: bool) -> usize {
    if declared || extractor == Extractor::Rules {
        ARTICLE_WORDS
    } else {
        UNDECLARED_WORDS
    }
}

/// The wall, challenge or error that stands in place of a story, and the words that say so.
fn wall(
    dom: &Dom,
    article: &Article,
    evidence: &Evidence,
    text: &str,
    words: usize,
) -> Option<(Outcome, String)> {
    let mut titles: Vec<String> = article.meta.title.iter().cloned().collect();
    let mut headings = 0;
    for e in dom.root().descendants() {
        match e.name() {
            "title" if e.parent().is_some_and(|p| p.name() == "head") => titles.push(text::fold(&e.script())),
            "h1" if headings < MAX_HEADINGS => {
                headings += 1;
                titles.push(e.text());
            }
            // A frame or script that nothing but a challenge loads.
            "iframe" | "script" if words < UNDECLARED_WORDS => {
                let src = e.attr("src").unwrap_or_default().to_ascii_lowercase();
                if let Some(frame) = signs::CHALLENGE_FRAMES.iter().find(|f| src.contains(**f)) {
                    return Some((Outcome::BotChallenge, (*frame).to_owned()));
                }
            }
            _ => {}
        }
    }
    let kinds: [(&Signs, Outcome); 3] = [
        (&signs::CHALLENGE, Outcome::BotChallenge),
        (&signs::SOFT_404, Outcome::Soft404),
        (&signs::CONSENT, Outcome::ConsentWall),
    ];
    let found = |outcome, sign: &str| Some((outcome, sign.to_owned()));
    // A story in brief may be about a page not found; error pages do not call themselves articles.
    if !evidence.declared || words < UNDECLARED_WORDS {
        for (signs, outcome) in kinds {
            if let Some(sign) = titles.iter().find_map(|t| signs.in_title(t)) {
                return found(outcome, sign);
            }
        }
    }
    // No story speaks like a request for consent, whatever its page calls itself.
    if let Some(sign) = signs::CONSENT.in_text(text) {
        return found(Outcome::ConsentWall, sign);
    }
    if evidence.declared && words >= ARTICLE_WORDS {
        return None;
    }
    // Dialogs are taken out of the text: where they are all there is, they are the page.
    let whole = dom.body().text();
    let whole = if text::word_count(&whole) < WALL_WORDS {
        &whole
    } else {
        text
    };
    kinds.into_iter().find_map(|(signs, outcome)| {
        let may = outcome != Outcome::Soft404 || words < UNDECLARED_WORDS;
        found(outcome, may.then(|| signs.in_text(whole)).flatten()?)
    })
}

/// What a page is that tells no story: a front page, a list of teasers, a gallery, a video. One that
/// describes a story as such, or says when it was published, is believed.
fn other_page(article: &Article, evidence: &Evidence, words: usize) -> Option<String> {
    let stated =
        |f: &FieldValue| f.field == "published" && !f.source.starts_with("html") && f.source != "url";
    if evidence.described {
        let shown = article
            .removed
            .iter()
            .any(|r| matches!(r.category, Category::Caption | Category::Gallery));
        return (words == 0 && shown).then(|| "pictures without a story".to_owned());
    }
    if let Some(kind) = evidence.other_kind.as_ref().filter(|_| words < WALL_WORDS) {
        return Some(format!("the page calls itself {kind}"));
    }
    if article.meta.fields.iter().any(stated) {
        return None;
    }
    if evidence.front_page {
        return Some("the front page of a site".to_owned());
    }
    evidence
        .teasers
        .map(|n| format!("{n} teasers of other stories are all its text"))
}

/// Whether the page shows only the beginning of a story that must be paid for. Many paid stories are
/// sent in full: a long text is a teaser only where the page says so.
fn is_teaser(article: &Article, evidence: &Evidence, words: usize) -> bool {
    let walled = article.removed.iter().any(|r| {
        let named = r.category == Category::Paywall && !r.rule.starts_with("generic:");
        named && r.position == article.blocks.len()
    });
    let more = evidence
        .told_words
        .is_some_and(|told| (words as f64) < TEASER_SHARE * told as f64);
    match article.meta.access {
        Access::Paywalled => words < TEASER_WORDS || more || (walled && words < LONG_TEASER_WORDS),
        Access::Metered | Access::Unknown => walled && words < TEASER_WORDS && evidence.declared,
        Access::Free => false,
    }
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
                .filter(|b| {
                    super::generic::ends_as_sentence(&b.text) || text::word_count_to(&b.text, 21) > 20
                })
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
    let most = if evidence.repeats { DOUBTFUL } else { 1.0 };
    (quality.min(most) * 1000.0).round() / 1000.0
}
