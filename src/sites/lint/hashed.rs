//! Names that a build step makes of a hash: they change with the site's next release, and a rule
//! that names one goes with them. Owns how such a name looks.

use std::sync::LazyLock;

use regex::Regex;

use super::selectors::{Name, names};

/// Names made by a tool whose prefix is known, whatever letters follow.
static KNOWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        // Svelte, Astro, Vue, Angular, styled-jsx, JSS and Material UI.
        r"^(svelte-[a-z0-9]{5,8}|astro-[a-z0-9]{8}|data-v-[0-9a-f]{7,8}|_ng(content|host)-[\w-]+",
        r"|jsx-\d{6,}|jss\d+|makeStyles-\w+-\d+)$"
    ))
    .expect("a pattern of the program's own")
});

/// Prefixes after which a hash stands: Emotion and styled-components, and their kin.
static PREFIXED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[a-z]{0,4}css|sc|css|emotion)-([A-Za-z0-9]{5,9})(?:-|$)")
        .expect("a pattern of the program's own")
});

/// CSS modules: `Article_body__3kd9F`, also `Article-module--body--3kd9F`.
static MODULE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\w[\w-]*(?:__|--|_)([A-Za-z0-9+-]{5,8})$").expect("a pattern of the program's own")
});

/// A name of a selector that will not last, with what to write instead.
pub(super) fn find(selector: &str) -> Option<(String, String)> {
    names(selector).into_iter().find_map(|name| {
        let (Name::Class(text) | Name::Attribute(text) | Name::Value(text)) = name;
        let instead = hash_of(text)?;
        let help = match (name, instead) {
            (Name::Attribute(_), _) | (_, "") => {
                "select by an id, a `data-` attribute, or the elements around it".to_owned()
            }
            (_, stem) => format!("select by what lasts: [class^='{stem}'], or [class*='{stem}']"),
        };
        Some((text.to_owned(), help))
    })
}

/// What stands before the hash of a name that has one; empty where that says nothing.
fn hash_of(name: &str) -> Option<&str> {
    if KNOWN.is_match(name) {
        return Some("");
    }
    if let Some(found) = PREFIXED.captures(name)
        && looks_random(&found[1])
    {
        return Some("");
    }
    let hash = MODULE.captures(name)?.get(1)?;
    looks_random(hash.as_str()).then(|| &name[..hash.start()])
}

/// Whether letters, digits and capitals follow each other as in no word: three changes between digits
/// and letters, or capitals in the midst of a short name. `col12`, `h2o`, `300x250` and `bodyText` are
/// words.
fn looks_random(text: &str) -> bool {
    /// Changes that a word does not have: `news24x7` has three kinds of characters and two changes.
    const CHANGES: usize = 3;
    /// Longest part of a name taken to be one hash.
    const LONGEST: usize = 7;
    let kinds: Vec<u8> = text
        .bytes()
        .map(|b| match b {
            b'0'..=b'9' => 0,
            b'A'..=b'Z' => 1,
            b'a'..=b'z' => 2,
            _ => 3,
        })
        .collect();
    // A capital that begins a word is one change, not two.
    let changes = kinds
        .windows(2)
        .filter(|pair| pair[0] != pair[1] && *pair != [1, 2])
        .count();
    let digits = kinds.contains(&0);
    let letters = kinds.iter().any(|k| matches!(k, 1 | 2));
    let begins_with_digit_or_goes_on_after_one = kinds.windows(2).any(|p| p[0] == 0 && matches!(p[1], 1 | 2));
    let measure = text.split_once('x').is_some_and(|(a, b)| {
        let number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        number(a) && number(b)
    });
    if digits {
        letters && begins_with_digit_or_goes_on_after_one && !measure && (changes >= CHANGES || kinds[0] == 0)
    } else {
        let capitals = kinds.windows(2).filter(|p| *p == [2, 1]).count();
        text.len() <= LONGEST && capitals >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_hash_are_told_from_words() {
        for hashed in [
            "css-1x2y3z",
            "sc-bdVaJa",
            "sc-1a2b3c4-0",
            "ssrcss-1q0x1qg-RichTextComponentWrapper",
            "Article_body__3kd9F",
            "Article_body__x3Kd9",
            "ArticleBody-module--text--2a8Bc",
            "svelte-1tky8bj",
            "jss42",
            "data-v-7ba5bd90",
        ] {
            assert!(hash_of(hashed).is_some(), "{hashed}");
        }
        for word in [
            "entry__byline__author",
            "story-body__inner",
            "Article_body__",
            "c-article__image",
            "col-md-6",
            "ad__300x250",
            "grid__col12",
            "css-grid",
            "css-wrapper",
            "block__h2o",
            "c-entry-content",
            "style_news24",
            "ArticleBody__Text",
            "text_bodyText",
            "sc-article",
            "wp-block-columns",
            "u-text-2xl",
        ] {
            assert_eq!(hash_of(word), None, "{word}");
        }
    }

    #[test]
    fn what_to_write_instead_is_said() {
        let (name, help) = find("div.Article_body__3kd9F > p").unwrap();
        assert_eq!(name, "Article_body__3kd9F");
        assert!(help.contains("[class^='Article_body__']"), "{help}");
        assert_eq!(find("[class^='Article_body__'] > p"), None);
        assert!(find("[class*='Article_body__3kd9F']").is_some());
    }
}
