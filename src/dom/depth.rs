//! The depth gate: how deeply a page nests its elements, by one linear scan of its text, before the
//! parser (whose time grows with the square of nesting) sees it.

/// Deepest nesting of open tags by a linear scan, before the parser (quadratic in nesting) sees
/// the page. Counts what could nest: void elements, comments and raw text are skipped, and a
/// closing tag closes one level, so it never says less than half of the truth for sane pages and
/// grows without bound for hostile ones.
pub(super) fn deepest_nesting(text: &str) -> usize {
    const VOID: &[&str] = &[
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
        "track", "wbr",
    ];
    // Their end tags may be left out, so unclosed ones do not nest.
    const OPTIONAL_END: &[&str] = &[
        "p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup",
        "rp", "rt", "html", "head", "body",
    ];
    const RAW: &[&str] = &[
        "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript",
    ];
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut deepest) = (0, 0usize, 0usize);
    while let Some(offset) = memchr(b'<', &bytes[at..]) {
        at += offset + 1;
        let rest = &bytes[at..];
        if rest.starts_with(b"!--") {
            at = find(text, at, "-->").unwrap_or(bytes.len());
            continue;
        }
        let closing = rest.first() == Some(&b'/');
        let name_start = at + usize::from(closing);
        let name_end = bytes[name_start..]
            .iter()
            .position(|b| !b.is_ascii_alphanumeric() && *b != b'-')
            .map_or(bytes.len(), |n| name_start + n);
        if name_end == name_start || !bytes[name_start].is_ascii_alphabetic() {
            continue;
        }
        let name = text[name_start..name_end].to_ascii_lowercase();
        let end = tag_end(bytes, name_end);
        let self_closed = end >= 2 && bytes.get(end - 2) == Some(&b'/');
        at = end;
        if OPTIONAL_END.contains(&name.as_str()) || VOID.contains(&name.as_str()) {
            continue;
        }
        if closing {
            depth = depth.saturating_sub(1);
        } else if RAW.contains(&name.as_str()) {
            at = find_close(bytes, at, &name);
        } else if !self_closed || !matches!(name.as_str(), "path" | "use" | "circle" | "rect" | "g" | "line")
        {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

fn memchr(needle: u8, haystack: &[u8]) -> Option<usize> {
    haystack.iter().position(|&b| b == needle)
}

fn find(text: &str, from: usize, what: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    bytes[from..]
        .windows(what.len())
        .position(|w| w == what.as_bytes())
        .map(|n| from + n + what.len())
}

/// Position just after the `>` that ends a tag, attribute values in quotes skipped.
fn tag_end(bytes: &[u8], mut at: usize) -> usize {
    let mut quote = None;
    while at < bytes.len() {
        let b = bytes[at];
        match quote {
            Some(q) if b == q => quote = None,
            Some(_) => {}
            None if matches!(b, b'"' | b'\'') && bytes[at - 1] == b'=' => quote = Some(b),
            None if b == b'>' => return at + 1,
            None => {}
        }
        at += 1;
    }
    at
}

fn find_close(bytes: &[u8], mut at: usize, name: &str) -> usize {
    while let Some(offset) = memchr(b'<', &bytes[at..]) {
        at += offset;
        let rest = &bytes[at + 1..];
        if rest.first() == Some(&b'/')
            && rest.len() > name.len()
            && rest[1..=name.len()].eq_ignore_ascii_case(name.as_bytes())
        {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::super::{Dom, DomError};

    #[test]
    fn hostile_nesting_is_refused_before_it_is_parsed() {
        let deep = "<div>".repeat(200_000);
        assert_eq!(Dom::parse(&deep).err(), Some(DomError::TooDeep));
        let spans = "<b><i>".repeat(2_000);
        assert_eq!(Dom::parse(&spans).err(), Some(DomError::TooDeep));
    }

    #[test]
    fn many_paragraphs_and_breaks_are_not_nesting() {
        let flat = "<p>a<br><li>b<img src='x'>".repeat(20_000);
        assert!(Dom::parse(&flat).is_ok());
        let scripts = "<script>if (a<b) document.write('<div><div>')</script>".repeat(2_000);
        assert!(Dom::parse(&scripts).is_ok());
    }
}
