//! Names of elements that a rule may lean on: ids, classes and attributes that people wrote, not
//! those that a build machine made up.

use crate::dom::Element;

/// Attributes whose values name an element's purpose.
const ATTRIBUTES: [&str; 9] = [
    "itemprop",
    "data-testid",
    "data-test",
    "data-test-id",
    "data-component",
    "data-name",
    "data-type",
    "data-qa",
    "role",
];
/// Longest name that is used.
const MAX_NAME_CHARS: usize = 48;
/// Longest part of a name that is used.
const LONG_WORD_CHARS: usize = 28;
/// Shortest word in a name that is written in mixed case.
const LEAST_WORD_CHARS: usize = 3;

/// Whether a class or id was made by a person, and will be there tomorrow.
pub(super) fn is_stable(name: &str) -> bool {
    let sound = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() > 1
        && name.len() <= MAX_NAME_CHARS
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    // "c_io", "g_f1": counted, not named.
    let counted = name.contains('_') && name.split('_').all(|part| part.len() < LEAST_WORD_CHARS);
    sound && !counted && name.split(['-', '_']).all(is_word) && !names_a_page(name)
}

/// A part of a name: a word, a short number, an abbreviation.
fn is_word(part: &str) -> bool {
    let digits = part.chars().filter(char::is_ascii_digit).count();
    let letters = part.len() - digits;
    if part.is_empty() {
        return true;
    }
    if letters == 0 {
        return digits <= 2;
    }
    // "h2", "col12", "v2" are written by people, "a1b2c3" and "css4x9" are not.
    let tail = part.trim_end_matches(|c: char| c.is_ascii_digit());
    if digits > 0 && (tail.len() != letters || digits > 2) {
        return false;
    }
    let vowels = part.chars().filter(|c| "aeiouyAEIOUY".contains(*c)).count();
    if letters > 4 && vowels == 0 {
        return false;
    }
    // "articleBodyText" is made of words; "dyGKzS" of single letters.
    let mixed =
        tail.chars().skip(1).any(|c| c.is_ascii_uppercase()) && tail.chars().any(|c| c.is_ascii_lowercase());
    let short = |word: &str| word.len() < LEAST_WORD_CHARS;
    let humps: Vec<usize> = std::iter::once(0)
        .chain(
            tail.char_indices()
                .skip(1)
                .filter(|(_, c)| c.is_ascii_uppercase())
                .map(|(at, _)| at),
        )
        .chain([tail.len()])
        .collect();
    (!mixed || !humps.windows(2).any(|h| short(&tail[h[0]..h[1]]))) && letters <= LONG_WORD_CHARS
}

/// "post-1234", "css-…", "jsx-…", "sc-…": names of one page, or of one build; "category-news",
/// "tag-storm": what WordPress calls the stories of one section.
fn names_a_page(name: &str) -> bool {
    const MADE: [&str; 10] = [
        "category-",
        "tag-",
        "css-",
        "jsx-",
        "sc-",
        "svelte-",
        "emotion-",
        "dcr-",
        "wp-image-",
        "jss",
    ];
    let number = name
        .rsplit(['-', '_'])
        .next()
        .is_some_and(|last| last.len() > 2 && last.bytes().all(|b| b.is_ascii_digit()));
    number || MADE.iter().any(|m| name.starts_with(m))
}

/// The classes of an element that a rule may lean on.
pub(super) fn classes<'a>(element: Element<'a>) -> impl Iterator<Item = &'a str> {
    element.classes().filter(|c| is_stable(c))
}

/// Selectors of this element by itself, the most telling first.
pub(super) fn own(element: Element<'_>) -> Vec<String> {
    let tag = element.name();
    let mut out = Vec::new();
    for name in ATTRIBUTES {
        if let Some(value) = element.attr(name)
            && !value.is_empty()
            && value.len() <= MAX_NAME_CHARS
            && value.split(' ').all(is_stable)
        {
            out.push(format!("[{name}='{value}']"));
        }
    }
    if let Some(id) = element.html_id().filter(|id| is_stable(id)) {
        out.push(format!("#{id}"));
    }
    let classes: Vec<&str> = classes(element).take(6).collect();
    out.extend(classes.iter().map(|c| format!(".{c}")));
    out.extend(classes.iter().map(|c| format!("{tag}.{c}")));
    for (n, a) in classes.iter().enumerate() {
        out.extend(classes[n + 1..].iter().map(|b| format!(".{a}.{b}")));
    }
    // "Article-module__body__x7Yz9": what stands before the made-up end is the component's name.
    for class in element.classes().filter(|c| !is_stable(c)) {
        if let Some(stem) = component(class) {
            out.push(format!("[class*='{stem}']"));
        }
    }
    if matches!(tag, "article" | "main") {
        out.push(tag.to_owned());
    }
    out
}

/// The lasting part of a class that CSS modules made: `Name_part__`.
fn component(class: &str) -> Option<&str> {
    let (stem, _) = class.rsplit_once("__")?;
    (stem.len() >= 6 && is_stable(stem)).then(|| &class[..stem.len() + 2])
}

/// An element as one step of a keep-list: its tag, and its classes where these part it from others.
pub(super) fn look(element: Element<'_>) -> String {
    let mut look = element.name().to_owned();
    for class in classes(element).take(3) {
        look.push('.');
        look.push_str(class);
    }
    look
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_told_from_those_of_machines() {
        for name in [
            "entry-content",
            "articleBody",
            "story",
            "td-post-content",
            "col-8",
            "zn-body__paragraph",
            "h2",
            "RichText",
        ] {
            assert!(is_stable(name), "{name}");
        }
        for name in [
            "css-1x2y3z",
            "dcr-abc",
            "sc-fzXfMw",
            "post-84123",
            "a8f3e9",
            "_3kXq",
            "jsx-2938471",
            "kQzRtW",
            "x",
            "w-[400px]",
            "md:flex",
            "bcdfghk",
            "category-news",
            "tag-storm",
        ] {
            assert!(!is_stable(name), "{name}");
        }
    }
}
