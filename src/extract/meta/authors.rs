//! A byline as text, made into names: leads dropped, several names parted, roles and what is
//! nobody's name left out, each name once. Which byline of a page is read is `people`'s business.

use super::names::{AGO, AND, AND_ANYWHERE, LABELS, LEADS, NOBLE, NOBODY, ROLES, SUFFIXES};
use crate::text::{fold, unescape_twice};

/// Longest name, in characters: what is longer is a sentence.
const MAX_NAME_CHARS: usize = 80;
/// Longest lead that is looked for, in characters.
const MAX_LEAD_CHARS: usize = 40;
/// Most words of a name; agencies and institutes have long ones.
const MAX_NAME_WORDS: usize = 9;
/// Most authors of one story; beyond, a list of something else was read.
const MAX_AUTHORS: usize = 60;

/// Names in a byline, in its order, once each. `split` parts it at `,` `;` `/` `&` and the
/// language's words for "and"; without it the whole text, its lead dropped, is one name.
/// `languages` are BCP 47 tags.
pub fn split(byline: &str, languages: &[&str], split: bool) -> Vec<String> {
    let text = without_addresses(&fold(&unescape_twice(byline)));
    let text = without_lead(without_ago(&text)).trim();
    if !split {
        return [clean(text)].into_iter().flatten().collect();
    }
    let text = without_brackets(text);
    let mut names: Vec<String> = Vec::new();
    for part in text.split([',', ';', '/', '&', '|', '•', '·', '،', '、', '，', '\u{2022}']) {
        for piece in parted_by_and(part.trim(), languages) {
            let bare = piece.trim().trim_end_matches('.').to_lowercase();
            if SUFFIXES.contains(&bare.as_str()) && !names.is_empty() {
                if matches!(bare.as_str(), "jr" | "sr" | "ii" | "iii" | "iv")
                    && let Some(last) = names.last_mut()
                {
                    last.push_str(", ");
                    last.push_str(piece.trim());
                }
                continue;
            }
            // A role follows a name; alone it is a byline such as "Guardian staff reporter".
            if !names.is_empty() && is_role(piece) {
                continue;
            }
            if let Some(name) = clean(without_lead(piece.trim())) {
                push_once(&mut names, name);
            }
        }
    }
    names.truncate(MAX_AUTHORS);
    names
}

/// Adds a name unless it is there already, in whatever case.
pub(super) fn push_once(names: &mut Vec<String>, name: String) {
    let lower = name.to_lowercase();
    if !names.iter().any(|n| n.to_lowercase() == lower) {
        names.push(name);
    }
}

/// A byline without the separators that its page left at either end.
pub(super) fn whole(byline: String) -> String {
    let loose =
        |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | '|' | '•' | '·' | ',' | ';' | '/');
    byline.trim_matches(loose).to_owned()
}

/// Whether a text begins as bylines do: with `By`, `Von`, `Par` … and a name after it.
pub(super) fn has_lead(text: &str) -> bool {
    // Marks before a text are no lead: lists and brackets begin so.
    let text = without_marks(text.trim());
    let rest = without_lead(text);
    rest.len() < text.len()
        && rest
            .chars()
            .next()
            .is_some_and(|c| c.is_uppercase() || !c.is_lowercase())
}

fn parted_by_and<'a>(part: &'a str, languages: &[&str]) -> Vec<&'a str> {
    let mut words: Vec<&str> = AND_ANYWHERE.to_vec();
    for language in languages {
        let primary = super::language::primary(language);
        words.extend(
            AND.iter()
                .filter(|(l, _)| *l == primary)
                .flat_map(|(_, w)| w.iter().copied()),
        );
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, word) in word_positions(part) {
        // "JANE DOE AND JOHN ROE"; one-letter words only as they are written in running text.
        let joins =
            words.contains(&word) || (word.len() > 2 && words.contains(&word.to_lowercase().as_str()));
        if joins && at + word.len() < part.len() {
            pieces.push(&part[start..at]);
            start = at + word.len();
        }
    }
    pieces.push(&part[start..]);
    pieces
}

fn word_positions(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(' ').scan(0, |at, word| {
        let here = *at;
        *at += word.len() + 1;
        Some((here, word))
    })
}

/// Drops `By`, `Von:`, `Ein Kommentar von` … as often as they stand there.
fn without_lead(text: &str) -> &str {
    let mut text = without_marks(text);
    loop {
        let beginning: String = text
            .chars()
            .take(MAX_LEAD_CHARS)
            .flat_map(char::to_lowercase)
            .collect();
        let leads = LEADS.iter().filter(|lead| beginning.starts_with(**lead));
        match leads.into_iter().find_map(|lead| after_lead(text, lead)) {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

fn without_marks(text: &str) -> &str {
    text.trim_start_matches([' ', '-', '–', '—', '|', '•', '·', ':', '(', '['])
}

fn after_lead<'a>(text: &'a str, lead: &str) -> Option<&'a str> {
    let end = text
        .char_indices()
        .nth(lead.chars().count())
        .map_or(text.len(), |(at, _)| at);
    let rest = &text[end..];
    let trimmed = rest.trim_start_matches([' ', ':']);
    let colon = rest.trim_start().starts_with(':') || lead.ends_with(':');
    if trimmed.is_empty() || (!colon && (!rest.starts_with(' ') || LABELS.contains(&lead))) {
        return None;
    }
    let lower_case = text.starts_with(|c: char| c.is_lowercase());
    if !colon && lower_case && NOBLE.contains(&lead) && !trimmed.contains(' ') {
        return None;
    }
    Some(trimmed)
}

/// Drops what a page's clock put before the name.
fn without_ago(text: &str) -> &str {
    let lower = text.to_lowercase();
    // Lower case may change lengths in some scripts; then positions would not agree.
    if lower.len() != text.len() {
        return text;
    }
    AGO.iter()
        .filter_map(|ago| lower.find(ago).map(|at| at + ago.len()))
        .min()
        .filter(|&end| end <= 20 && text.is_char_boundary(end))
        .map_or(text, |end| text[end..].trim_start())
}

/// `Jane Doe (Reuters)` is Jane Doe.
fn without_brackets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    if out.trim().is_empty() {
        text.trim_matches(['(', ')', '[', ']']).to_owned()
    } else {
        out
    }
}

fn is_role(piece: &str) -> bool {
    let lower = piece.to_lowercase();
    lower
        .split(|c: char| !c.is_alphabetic())
        .any(|word| ROLES.iter().any(|r| word.starts_with(r)))
}

/// Drops e-mail addresses, handles and URLs, which hold the marks that part names.
fn without_addresses(text: &str) -> String {
    let is_address = |w: &&str| w.contains('@') || w.contains("://") || w.starts_with("www.");
    let words: Vec<&str> = text.split(' ').filter(|w| !is_address(w)).collect();
    words.join(" ")
}

/// A name without marks around it, or None for what is none.
fn clean(name: &str) -> Option<String> {
    let name = name.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | ';' | ':' | '|' | '-' | '–' | '—' | '*' | '"' | '“' | '”' | '_'
            )
    });
    // A sentence's end, not an initial's.
    let name = name
        .strip_suffix('.')
        .filter(|n| n.rsplit(' ').next().is_some_and(|w| w.chars().count() > 3))
        .unwrap_or(name);
    let lower = name.to_lowercase();
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let slug = name.contains('-')
        && !name.contains(' ')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit());
    let host = !name.contains(' ') && name.contains('/');
    let nobody = NOBODY.contains(&lower.as_str()) || LEADS.contains(&lower.as_str());
    let long = name.chars().count() > MAX_NAME_CHARS || name.split(' ').count() > MAX_NAME_WORDS;
    let counted = name.starts_with(|c: char| c.is_ascii_digit());
    let good = letters > 1 && !counted && digits * 2 <= letters && !slug && !host && !nobody && !long;
    let good = good && !name.contains(['{', '}', '<', '>', '=', '#']);
    good.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::split;

    fn names(byline: &str) -> Vec<String> {
        split(byline, &["en"], true)
    }

    #[test]
    fn leads_are_dropped_and_only_leads() {
        for (byline, name) in [
            ("By Jane Doe", "Jane Doe"),
            ("BY JANE DOE", "JANE DOE"),
            ("Von: Nadja Muster", "Nadja Muster"),
            ("Ein Kommentar von Corinna Muster", "Corinna Muster"),
            ("Par Jean Dupont", "Jean Dupont"),
            ("Text: Jane Doe", "Jane Doe"),
            ("Autorin/Autor Roman Muster", "Roman Muster"),
            ("Abby Byrne", "Abby Byrne"),
            ("Ursula von der Leyen", "Ursula von der Leyen"),
            ("von Hirschhausen", "von Hirschhausen"),
            ("Byron Vonn", "Byron Vonn"),
        ] {
            assert_eq!(names(byline), [name], "{byline}");
        }
    }

    #[test]
    fn several_names_are_parted() {
        assert_eq!(
            names("By Jane Doe, John Roe and Ann Poe"),
            ["Jane Doe", "John Roe", "Ann Poe"]
        );
        assert_eq!(names("JANE DOE AND JOHN ROE"), ["JANE DOE", "JOHN ROE"]);
        assert_eq!(
            names("Felix Muster und Jörg Muster, dpa"),
            ["Felix Muster", "Jörg Muster", "dpa"]
        );
        assert_eq!(names("Jane Doe; jane doe / AFP & AP"), ["Jane Doe", "AFP", "AP"]);
        assert_eq!(
            split("Trine J. og Tôrtia R.", &["da"], true),
            ["Trine J.", "Tôrtia R."]
        );
        assert_eq!(
            split("Ana Gómez y Luis Paz", &["es-ES"], true),
            ["Ana Gómez", "Luis Paz"]
        );
    }

    #[test]
    fn a_word_of_another_language_parts_nothing() {
        assert_eq!(
            split("José Ortega y Gasset", &["en"], true),
            ["José Ortega y Gasset"]
        );
        assert_eq!(split("Jan en Piet", &["de"], true), ["Jan en Piet"]);
    }

    #[test]
    fn without_split_the_byline_is_one_name() {
        assert_eq!(
            split("Par Le Figaro et AFP", &["fr"], false),
            ["Le Figaro et AFP"]
        );
        assert_eq!(split("AFP, MANILA", &["en"], false), ["AFP, MANILA"]);
    }

    #[test]
    fn roles_suffixes_and_brackets_are_no_authors() {
        assert_eq!(names("Jane Doe, Political Editor"), ["Jane Doe"]);
        assert_eq!(names("Jane Doe, Jr."), ["Jane Doe, Jr."]);
        assert_eq!(names("Jane Doe, PhD"), ["Jane Doe"]);
        assert_eq!(names("By Jane Doe (Reuters)"), ["Jane Doe"]);
        assert_eq!(names("Guardian staff reporter"), ["Guardian staff reporter"]);
    }

    #[test]
    fn what_is_nobodys_name_is_left_out() {
        for byline in [
            "",
            "Staff",
            "admin",
            "By",
            "Email The Author",
            "jane@paper.example",
            "https://www.facebook.com/paper",
            "@paper",
            "jane-doe",
            "undefined",
            "12345",
            "5 Comments",
            "Staff and news service reports",
            "-- Anzeige --",
            "Anónimo",
            "{{author}}",
        ] {
            assert_eq!(names(byline), [""; 0], "{byline}");
        }
        assert_eq!(names("5 Minutes Ago Jon Russell"), ["Jon Russell"]);
        assert_eq!(names("Minutes Ago Jon Russell"), ["Jon Russell"]);
        assert_eq!(names("Jane Doe jane@paper.example"), ["Jane Doe"]);
    }

    #[test]
    fn hostile_bylines_end_quickly() {
        let endless = "By ".repeat(100_000);
        assert_eq!(names(&endless), [""; 0]);
        assert!(names(&"Jane Doe, ".repeat(10_000)).len() <= 1);
    }
}
