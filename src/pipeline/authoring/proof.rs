//! The check beside a new rule: what must be true of a page, taken from what the rule makes of it.

use crate::article::BlockKind;
use crate::extract::Extraction;
use crate::sites::Draft;
use crate::text;

use super::Leaf;

/// Most words quoted from either end of the text.
const END_WORDS: usize = 10;
/// Most characters so quoted: languages without spaces have long words.
const END_CHARS: usize = 70;
/// Most texts that the check says are gone.
const MAX_LACKS: usize = 3;
/// Least words of such a text: a shorter one may stand in any story.
const LACK_WORDS: usize = 3;

/// Writes the check of a page.
pub(super) fn write(draft: &mut Draft, leaf: &Leaf<'_>, extraction: &Extraction) {
    let article = &extraction.article;
    let meta = &article.meta;
    draft.table("[[check]]");
    draft.key("url", leaf.url.as_str());
    if let Some(title) = &meta.title {
        draft.key("title", &text::fold(title));
    }
    draft.list("authors", &meta.authors);
    if let Some(published) = &meta.published {
        draft.key("published", published);
    }
    let told = text::fold(&article.text());
    draft.key("first", beginning(&told));
    draft.key("last", ending(&told));
    let middle = article
        .blocks
        .iter()
        .skip(article.blocks.len() / 2)
        .find(|b| b.kind == BlockKind::Paragraph && b.text.len() > END_CHARS);
    if let Some(block) = middle {
        draft.list("contains", &[beginning(&text::fold(&block.text))]);
    }
    draft.list("lacks", &lacks(extraction, &told));
    draft.number("blocks", article.blocks.len());
}

/// Beginnings of what was taken out, by a rule of the file first, as far as the text lacks them.
fn lacks(extraction: &Extraction, told: &str) -> Vec<String> {
    let mut removed: Vec<_> = extraction.article.removed.iter().collect();
    removed.sort_by_key(|r| r.rule.starts_with("common.toml") || r.rule.starts_with("generic:"));
    let mut lacks: Vec<String> = Vec::new();
    for removal in removed {
        let start = beginning(&removal.text).to_owned();
        if text::word_count(&start) >= LACK_WORDS && !told.contains(&start) && !lacks.contains(&start) {
            lacks.push(start);
        }
        if lacks.len() == MAX_LACKS {
            break;
        }
    }
    lacks
}

/// The first words of a folded text.
fn beginning(text: &str) -> &str {
    let mut end = 0;
    for (words, (at, c)) in text.char_indices().filter(|(_, c)| *c == ' ').enumerate() {
        if words >= END_WORDS || at > END_CHARS {
            break;
        }
        end = at;
        let _ = c;
    }
    if text.len() <= END_CHARS {
        return text;
    }
    if end == 0 {
        end = floor(text, END_CHARS);
    }
    &text[..end]
}

/// The last words of a folded text.
fn ending(text: &str) -> &str {
    if text.len() <= END_CHARS {
        return text;
    }
    let from = floor(text, text.len() - END_CHARS);
    let rest = &text[from..];
    match rest.find(' ') {
        Some(space) if space + 1 < rest.len() => &rest[space + 1..],
        _ => rest,
    }
}

/// The last place not after `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_quoted_by_whole_words() {
        let text =
            "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.";
        assert_eq!(
            beginning(text),
            "One two three four five six seven eight nine ten"
        );
        assert!(
            text.ends_with(ending(text)) && ending(text).starts_with("six "),
            "{}",
            ending(text)
        );
        let long = "東京".repeat(60);
        assert!(long.starts_with(beginning(&long)) && beginning(&long).len() <= END_CHARS);
        assert!(long.ends_with(ending(&long)) && !ending(&long).is_empty());
        assert_eq!((beginning("Short."), ending("Short.")), ("Short.", "Short."));
    }
}
