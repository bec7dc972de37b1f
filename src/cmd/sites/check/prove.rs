//! A proof against the page it is about: what of it does not hold.

use super::super::super::print::brief;
use crate::article::Article;
use crate::extract::{Note, Trial};
use crate::sites::rule::Check;
use crate::text;

/// Characters of a text shown in a fault.
const SHOWN_CHARS: usize = 110;

/// What of a proof does not hold.
pub(super) fn faults(check: &Check, trial: &Trial) -> Vec<String> {
    let extraction = &trial.extraction;
    let mut faults = Vec::new();
    if !extraction.outcome.is_article() {
        faults.push(format!(
            "{}: {}",
            extraction.outcome,
            extraction.reason.as_deref().unwrap_or_default()
        ));
    }
    if extraction
        .notes
        .iter()
        .any(|n| matches!(n, Note::NoLayout { .. }))
    {
        faults.push("no layout's `body` is on this page".to_owned());
    }
    compare(check, &extraction.article, &mut faults);
    faults
}

fn compare(check: &Check, article: &Article, faults: &mut Vec<String>) {
    let meta = &article.meta;
    let told = article.text();
    let folded = text::fold(&told);
    let mut same = |what: &str, want: &Option<String>, got: &Option<String>| {
        if let Some(want) = want
            && got.as_deref().map(text::fold).as_deref() != Some(text::fold(want).as_str())
        {
            faults.push(format!(
                "{what} is {}, not {}",
                shown(got.as_deref()),
                shown(Some(want))
            ));
        }
    };
    same("title", &check.title, &meta.title);
    same("subtitle", &check.subtitle, &meta.subtitle);
    same("published", &check.published, &meta.published);
    if let Some(authors) = &check.authors
        && *authors != meta.authors
    {
        faults.push(format!("authors are {:?}, not {authors:?}", meta.authors));
    }
    if let Some(first) = &check.first
        && !folded.starts_with(&text::fold(first))
    {
        faults.push(format!(
            "the text begins {}, not {}",
            shown(Some(&folded)),
            shown(Some(first))
        ));
    }
    if let Some(last) = &check.last
        && !folded.ends_with(&text::fold(last))
    {
        let from = folded.char_indices().rev().nth(SHOWN_CHARS).map_or(0, |(i, _)| i);
        faults.push(format!(
            "the text ends {}, not {}",
            shown(Some(&folded[from..])),
            shown(Some(last))
        ));
    }
    for part in check.contains.iter().filter(|p| !folded.contains(&text::fold(p))) {
        faults.push(format!("the text lacks {}", shown(Some(part))));
    }
    for part in check.lacks.iter().filter(|p| folded.contains(&text::fold(p))) {
        faults.push(format!("the text contains {}", shown(Some(part))));
    }
    if let Some(blocks) = check.blocks
        && blocks != article.blocks.len()
    {
        faults.push(format!(
            "the text has {} blocks, not {blocks}",
            article.blocks.len()
        ));
    }
}

fn shown(text: Option<&str>) -> String {
    text.map_or("missing".to_owned(), |t| format!("“{}”", brief(t, SHOWN_CHARS)))
}
