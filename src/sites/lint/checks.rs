//! Proofs that prove nothing: a check that cannot fail, or speaks of no story of the site.

use super::Look;
use crate::sites::rule::Site;
use crate::sites::schema::{CheckTable, Located, RuleFile, Text};
use crate::text;

/// Words from which a text is the beginning, or the end, of one story and not of many.
const TELLING_WORDS: usize = 3;
/// The same in characters, for scripts whose words are short.
const TELLING_CHARS: usize = 12;

/// Looks at a site's proofs.
pub(super) fn look(look: &mut Look, file: &RuleFile, site: &Site) {
    let checks: Vec<&Located<CheckTable>> = file.check.iter().flatten().collect();
    if checks.is_empty() {
        let span = file.name.as_ref().map_or(0..0, Text::span);
        look.says(
            "check",
            span,
            "no [[check]]: nothing proves that these rules find a story",
            "add one: `url` of a story, and how its text begins and ends",
        );
    }
    for (index, located) in checks.iter().enumerate() {
        let check = located.get();
        let Some(url) = &check.url else { continue };
        if let Ok(address) = crate::address::parse(url.get())
            && site.owns(&address)
            && !site.is_article_url(&address)
        {
            look.says(
                "check.url",
                url.span(),
                "no story by `include` and `exclude`: a crawl would never fetch it",
                "widen `include`, or prove with another page",
            );
        }
        let twice = |c: &&&Located<CheckTable>| c.get().url.as_ref().is_some_and(|u| u.get() == url.get());
        if checks[..index].iter().any(|c| twice(&c)) {
            look.says(
                "check.url",
                url.span(),
                "another check is about this page",
                "join the two",
            );
        }
        expectations(look, check, located);
    }
}

fn expectations(look: &mut Look, check: &CheckTable, located: &Located<CheckTable>) {
    let singles = [
        ("check.title", &check.title),
        ("check.subtitle", &check.subtitle),
        ("check.first", &check.first),
        ("check.last", &check.last),
    ];
    let lists = [("check.contains", &check.contains), ("check.lacks", &check.lacks)];
    let listed = lists
        .iter()
        .flat_map(|(key, list)| list.iter().flatten().map(move |t| (*key, t)));
    let texts: Vec<(&str, &Text)> = singles
        .iter()
        .filter_map(|(key, text)| Some((*key, text.as_ref()?)))
        .chain(listed)
        .collect();
    for (key, value) in texts {
        if text::is_blank(value.get()) {
            let help = "write some words of the page, or leave it out";
            look.says(key, value.span(), "empty: it says nothing of the page", help);
        } else if matches!(key, "check.first" | "check.last") && !tells(value.get()) {
            look.says(
                key,
                value.span(),
                format!("fewer than {TELLING_WORDS} words: many a text would pass"),
                "write out half a sentence",
            );
        }
    }
    if check.blocks == Some(0) {
        look.says(
            "check.blocks",
            located.span(),
            "no blocks: a page without text proves nothing",
            "prove with a page that tells a story",
        );
    }
    let expects_text = check.first.is_some()
        || check.last.is_some()
        || check.contains.as_ref().is_some_and(|c| !c.is_empty())
        || check.blocks.is_some();
    if !expects_text {
        look.says(
            "check",
            located.span(),
            "says nothing of the text that must be there: almost any text would pass",
            "add `first`, `last`, `contains` or `blocks`",
        );
    }
}

fn tells(text: &str) -> bool {
    text::word_count(text) >= TELLING_WORDS || text::fold(text).chars().count() >= TELLING_CHARS
}
