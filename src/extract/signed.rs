//! A story that is signed in its text: many small papers set the writer's name in bold above the
//! first paragraph or below the last, and put their own into the metadata. Owns where such a name
//! stands and what it looks like; whether the metadata names anybody is `meta`'s to say.

use crate::article::{BlockKind, FieldValue, Metadata};

use super::blocks::Found;

/// Longest name, in characters.
const NAME_CHARS: usize = 40;
/// Words of a name: one alone may be a place or a label.
const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=4;

/// The name: the first or the last block of the text, or the block after it that was not taken for
/// story.
pub(super) fn find(found: &[Found<'_>]) -> Option<FieldValue> {
    let is_kept = |f: &Found<'_>| f.claim.is_none();
    let first = found.iter().position(is_kept)?;
    let last = found.iter().rposition(is_kept)?;
    let after = last + 1;
    let signature = [first, last, after]
        .into_iter()
        .filter_map(|at| found.get(at))
        .find(|f| is_signature(f))?;
    Some(FieldValue {
        field: "authors",
        value: signature.block.text.clone(),
        source: format!("html:{}", signature.element.path()),
    })
}

/// Puts the name into the metadata.
pub(super) fn sign(metadata: &mut Metadata, name: FieldValue) {
    metadata.authors = vec![name.value.clone()];
    metadata.byline = Some(name.value.clone());
    metadata.fields.push(name);
}

/// A paragraph of two to four capitalised words, all of it bold, none of it a link.
fn is_signature(f: &Found<'_>) -> bool {
    let text = &f.block.text;
    f.block.kind == BlockKind::Paragraph
        && f.dress.chars > 0
        && f.dress.strong == f.dress.chars
        && f.dress.linked == 0
        && text.chars().count() <= NAME_CHARS
        && NAME_WORDS.contains(&text.split(' ').count())
        && text.split(' ').all(is_name_part)
}

fn is_name_part(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
        && word
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’'))
}
