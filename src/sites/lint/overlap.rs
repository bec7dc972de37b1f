//! Rules that never come to their turn: an earlier one takes what they would.

use super::Look;
use super::selectors::{alternatives, covers};
use crate::sites::matching::UrlPattern;
use crate::sites::schema::{AtWord, LayoutTable, Located, RuleFile, StripTable, Text, Texts};

/// Looks for them in a file; `below` are the files whose strips come after its own.
pub(super) fn look(look: &mut Look, file: &RuleFile, below: &[(&str, &RuleFile)]) {
    strips(look, file, below);
    layouts(look, file);
    addresses(look, file);
}

fn strips(look: &mut Look, file: &RuleFile, below: &[(&str, &RuleFile)]) {
    let own: Vec<&Located<StripTable>> = file.strip.iter().flatten().collect();
    for (index, later) in own.iter().enumerate() {
        if let Some(earlier) = own[..index].iter().find(|e| takes_all(e.get(), later.get())) {
            let line = look.source.line(earlier.span().start);
            look.says(
                "strip",
                later.span(),
                format!("the strip at line {line} takes all that this one would"),
                "take this one out, or narrow the other",
            );
            continue;
        }
        // One of these strips takes more than this one, and yet a rule of one's own names the block: only
        // the very same strip is one too many.
        for (name, other) in below {
            let mut theirs = other.strip.iter().flatten().map(Located::get);
            let same = |e: &StripTable| {
                e.category == later.get().category && takes_all(e, later.get()) && takes_all(later.get(), e)
            };
            if theirs.any(same) {
                look.says(
                    "strip",
                    later.span(),
                    format!("{name} has the same strip"),
                    "take it out",
                );
                break;
            }
        }
    }
}

/// Whether a strip takes everything that another would.
fn takes_all(this: &StripTable, other: &StripTable) -> bool {
    let word = |text: &Option<Text>| text.as_ref().map(|t| t.get().clone());
    if this.from.is_some() || other.from.is_some() {
        let ends = |s: &StripTable| word(&s.until).unwrap_or_else(|| "end".to_owned());
        return word(&this.from) == word(&other.from) && (ends(this) == ends(other) || ends(this) == "end");
    }
    let same_or_free = |a: &Option<Text>, b: &Option<Text>| a.is_none() || word(a) == word(b);
    let at = |s: &StripTable| s.at.map(|at| matches!(at, AtWord::First));
    same_or_free(&this.text, &other.text)
        && same_or_free(&this.whole, &other.whole)
        && (this.at.is_none() || at(this) == at(other))
        && word(&this.closest) == word(&other.closest)
        && match (&this.select, &other.select) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wide), Some(narrow)) => selects_all(wide.get(), narrow.get()),
        }
        && acts_alike(this, other)
}

/// A strip of elements acts before one of blocks, whatever the file's order; a text strip takes the
/// block, an element strip with that text the element around it.
fn acts_alike(this: &StripTable, other: &StripTable) -> bool {
    let on_elements = |s: &StripTable| s.select.is_some() && s.whole.is_none() && s.at.is_none();
    on_elements(this) == on_elements(other) || on_elements(this)
}

fn selects_all(wide: &str, narrow: &str) -> bool {
    let wide = alternatives(wide);
    alternatives(narrow)
        .iter()
        .all(|n| wide.iter().any(|w| covers(w, n)))
}

fn layouts(look: &mut Look, file: &RuleFile) {
    let all: Vec<&Located<LayoutTable>> = file.layout.iter().flatten().collect();
    for (index, later) in all.iter().enumerate() {
        let Some(body) = &later.get().body else { continue };
        let first = all[..index].iter().find(|earlier| {
            let earlier = earlier.get();
            let paragraphs = match (&earlier.paragraphs, &later.get().paragraphs) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wide), Some(narrow)) => selects_all(wide.get(), narrow.get()),
            };
            let bodies = earlier
                .body
                .as_ref()
                .is_some_and(|wide| selects_all(wide.get(), body.get()));
            // A wider body with a keep-list from its own top is another question for each page.
            let scoped = earlier
                .paragraphs
                .as_ref()
                .is_some_and(|p| p.get().contains(":scope"));
            let same = earlier.body.as_ref().is_some_and(|wide| wide.get() == body.get());
            bodies && paragraphs && (!scoped || same)
        });
        if let Some(first) = first {
            let line = look.source.line(first.span().start);
            look.says(
                "layout.body",
                body.span(),
                format!("never used: wherever this layout would match, the one at line {line} does, and comes first"),
                "put the narrower layout above the wider one, or take it out",
            );
        }
    }
}

fn addresses(look: &mut Look, file: &RuleFile) {
    let Some(discover) = &file.discover else { return };
    let read = |texts: &Option<Texts>| -> Vec<(UrlPattern, std::ops::Range<usize>)> {
        let texts = texts.iter().flatten();
        texts
            .filter_map(|t| Some((UrlPattern::parse(t.get()).ok()?, t.span())))
            .collect()
    };
    let (include, exclude) = (read(&discover.include), read(&discover.exclude));
    for (index, (pattern, span)) in include.iter().enumerate() {
        if let Some((by, _)) = exclude.iter().find(|(e, _)| e.covers(pattern)) {
            look.says(
                "discover.include",
                span.clone(),
                format!("includes nothing: `exclude` has \"{}\"", by.written),
                "take one of the two out, or narrow the exclusion",
            );
        } else if let Some(by) = wider(&include, index) {
            look.says(
                "discover.include",
                span.clone(),
                format!("\"{by}\" includes all that this pattern would"),
                "take this one out, or the wider one",
            );
        }
    }
    for (index, (_, span)) in exclude.iter().enumerate() {
        if let Some(by) = wider(&exclude, index) {
            look.says(
                "discover.exclude",
                span.clone(),
                format!("\"{by}\" excludes all that this pattern would"),
                "take this one out",
            );
        }
    }
}

/// Another pattern of the list that covers this one. Equal ones are told of as such elsewhere.
fn wider(list: &[(UrlPattern, std::ops::Range<usize>)], index: usize) -> Option<&str> {
    let this = &list[index].0;
    list.iter()
        .map(|(pattern, _)| pattern)
        .find(|p| *p != this && p.covers(this) && !(this.covers(p)))
        .map(|p| p.written.as_str())
}
