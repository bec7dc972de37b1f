//! White space and words: the only white-space rules of the program, and how words are counted.
//! What a block is, and where a paragraph ends, is `extract::blocks`' business.

use unicode_segmentation::UnicodeSegmentation;

/// Folds every run of Unicode white space (NBSP too) into one space, drops U+FEFF and NUL, trims.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_folded(&mut out, text);
    out.truncate(trim_end(&out).len());
    out
}

/// The text without white space, and marks without width, at its end.
pub fn trim_end(text: &str) -> &str {
    text.trim_end_matches(|c| is_space(c) || is_zero_width(c))
}

/// Appends `text` to `out` with white space folded, as if both were one text. A trailing space
/// may remain: it belongs to what comes next.
pub fn push_folded(out: &mut String, text: &str) {
    let mut gap = out.is_empty() || out.ends_with([' ', '\n']);
    let mut rest = text;
    loop {
        let (plain, spaced) = plain_run(rest.as_bytes(), gap);
        out.push_str(&rest[..plain]);
        gap = spaced;
        let mut chars = rest[plain..].chars();
        let Some(c) = chars.next() else { break };
        rest = chars.as_str();
        if c == '\u{feff}' || c == '\0' {
            continue;
        }
        // Khmer and Thai part words by a zero-width space, numbers break at one: there it stays. Beside
        // white space it says nothing.
        if gap && is_zero_width(c) {
            continue;
        }
        if is_space(c) {
            if !gap {
                out.push(' ');
                gap = true;
            }
        } else {
            out.push(c);
            gap = false;
        }
    }
}

/// Length of the ASCII text with single spaces at the start, which folding leaves as it is, and whether
/// it ends in a gap. Most texts are no more than that.
fn plain_run(bytes: &[u8], mut gap: bool) -> (usize, bool) {
    const MANY: usize = 16;
    let mut at = 0;
    loop {
        for _ in 0..MANY {
            match bytes.get(at) {
                Some(b'!'..=b'~') => gap = false,
                Some(b' ') if !gap => gap = true,
                _ => return (at, gap),
            }
            at += 1;
        }
        // The byte before shows whether the first of these is a second space.
        while bytes[at - 1..].first_chunk().is_some_and(is_plain) {
            at += MANY;
            gap = bytes[at - 1] == b' ';
        }
    }
}

/// Whether bytes are ASCII with single spaces: all are looked at, which is quicker than to stop early.
fn is_plain(bytes: &[u8; 17]) -> bool {
    let shown = bytes.iter().fold(true, |all, b| all & (b' '..=b'~').contains(b));
    let pairs = bytes[..16].iter().zip(&bytes[1..]);
    let single = pairs.fold(true, |all, (a, b)| all & ((*a != b' ') | (*b != b' ')));
    shown & single
}

/// White space as Unicode defines it.
pub fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// A mark without width that parts or joins words: alone it is no text.
fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{2060}')
}

/// Whether nothing but white space (and dropped characters) is in `text`.
pub fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| is_space(c) || is_zero_width(c) || c == '\u{feff}' || c == '\0')
}

/// Letters and digits only, as they are: how two tellings of one text are compared.
pub fn letters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    out.extend(text.chars().filter(|c| is_letter(*c)));
    out
}

/// As [`letters`], in lower case.
pub fn lower_letters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| is_letter(*c)) {
        push_lower(&mut out, c);
    }
    out
}

/// Whether it is a letter or a digit; the tables of Unicode are asked of what is not ASCII only.
pub fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        c.is_alphanumeric()
    }
}

/// Appends a character in lower case.
pub fn push_lower(out: &mut String, c: char) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
    } else {
        out.extend(c.to_lowercase());
    }
}

/// A number with what is counted, for people: `1 site`, `2 sites`.
pub fn counted(n: usize, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{s}")
}

/// Number of words by UAX #29: segments that hold a letter or a digit, so languages written
/// without spaces count too.
pub fn word_count(text: &str) -> usize {
    text.unicode_words().count()
}

/// As [`word_count`], but counts no further than `most`.
pub fn word_count_to(text: &str, most: usize) -> usize {
    text.unicode_words().take(most).count()
}

/// The words that [`word_count`] counts, in order.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.unicode_words()
}

/// Keeps line ends and indentation, as in `<pre>`: only U+FEFF, NUL and carriage returns go, and
/// blank lines at either end.
pub fn preserve(text: &str) -> String {
    let kept: String = text
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| !matches!(c, '\u{feff}' | '\0' | '\r'))
        .collect();
    kept.trim_matches('\n').trim_end().to_owned()
}

/// Decodes HTML entities twice: metadata arrives escaped once too often on many sites.
pub fn unescape_twice(text: &str) -> String {
    let once = html_escape::decode_html_entities(text);
    html_escape::decode_html_entities(once.as_ref()).into_owned()
}

/// Makes page text safe to show on a terminal: control characters (escape sequences among them)
/// and bidirectional overrides are dropped, line ends and tabs stay. Unicode TR36 §2.10.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter(|&c| {
            matches!(c, '\n' | '\t')
                || !(c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_space_becomes_one() {
        assert_eq!(fold("\u{feff} a\u{a0}\u{a0}b\t\n c\0 "), "a b c");
        assert_eq!(fold("\u{3000}東京\u{3000}"), "東京");
    }

    #[test]
    fn folding_is_the_same_wherever_a_space_stands() {
        let words = "The council met on Monday and said no more than that.";
        for at in 0..words.len() {
            for (gap, folded) in [
                ("  ", " "),
                (" ", " "),
                ("\n", " "),
                ("\0", ""),
                (" \u{a0} ", " "),
                ("\u{7f}", "\u{7f}"),
            ] {
                let (before, after) = words.split_at(at);
                let expected = format!("{before}{folded}{after}").replace("  ", " ");
                assert_eq!(fold(&format!("{before}{gap}{after}")), expected.trim());
            }
        }
    }

    #[test]
    fn a_zero_width_space_stays_inside_a_word_and_is_no_text_alone() {
        assert_eq!(fold("24\u{200b}/7"), "24\u{200b}/7");
        assert_eq!(fold("\u{200b}a \u{200b}b.\u{200b}\u{200b} "), "a b.");
        assert!(is_blank("\u{200b}\n"));
    }

    #[test]
    fn soft_hyphens_stay() {
        assert_eq!(fold("Fuß\u{ad}ball"), "Fuß\u{ad}ball");
    }

    #[test]
    fn words_are_counted_without_spaces_too() {
        assert_eq!(word_count("It's 3.5 % of all"), 4);
        assert!(word_count("東京で会議が開かれた") > 3);
    }

    #[test]
    fn terminal_escapes_do_not_survive() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\nd"), "a[31mbc\nd");
    }

    #[test]
    fn entities_escaped_twice_are_read() {
        assert_eq!(unescape_twice("A &amp;amp; B&#39;s"), "A & B's");
    }
}
