//! JSON-LD as pages really write it: comments, CDATA marks, raw line ends in strings, trailing
//! commas, entities. Owns making it readable; what it says is `json_ld`'s business.

use serde_json::Value;

/// Largest block that is read, in bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Reads every JSON value of a script; what cannot be read even after mending is left out.
pub(super) fn read(source: &str) -> Vec<Value> {
    if source.len() > MAX_BYTES {
        return Vec::new();
    }
    let source = source.trim_start_matches('\u{feff}').trim();
    if let Ok(value) = serde_json::from_str(source) {
        return vec![value];
    }
    let mended = mend(source);
    let values = stream(&mended);
    if values.is_empty() && source.contains("&quot;") {
        return stream(&mend(&html_escape::decode_html_entities(source)));
    }
    values
}

/// Values one after the other, up to the first that is broken.
fn stream(source: &str) -> Vec<Value> {
    serde_json::Deserializer::from_str(source)
        .into_iter()
        .map_while(Result::ok)
        .filter(|v: &Value| v.is_object() || v.is_array())
        .collect()
}

/// One pass: outside strings comments, CDATA marks, stray semicolons and trailing commas go;
/// inside them control characters and bad escapes become good ones.
fn mend(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let skip = match c {
            '"' => string(rest, &mut out),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |n| n + 2),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '<' if rest.starts_with("<![CDATA[") => "<![CDATA[".len(),
            '<' if rest.starts_with("<!--") => "<!--".len(),
            '-' if rest.starts_with("-->") => "-->".len(),
            ']' if rest.starts_with("]]>") => "]]>".len(),
            ';' => 1,
            '}' | ']' => {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
                out.push(c);
                1
            }
            _ => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[skip..];
    }
    out
}

/// Copies the string that `rest` begins with; returns its length in `rest`.
fn string(rest: &str, out: &mut String) -> usize {
    out.push('"');
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                out.push('"');
                return at + 1;
            }
            '\\' => match chars.next() {
                Some((_, e)) if matches!(e, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') => {
                    out.push('\\');
                    out.push(e);
                }
                // `\'` and the like: JavaScript, not JSON.
                Some((_, e)) if !e.is_control() => out.push(e),
                _ => {}
            },
            '\n' | '\r' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_pages_get_wrong_is_mended() {
        let story = vec![json!({"headline": "A \"B\" // C", "tags": [1, 2]})];
        for source in [
            r#"{"headline": "A \"B\" // C", "tags": [1, 2,],}"#,
            "/* generated */ {\"headline\": \"A \\\"B\\\" // C\", // comment\n \"tags\": [1, 2]};",
            "<!-- {\"headline\": \"A \\\"B\\\" // C\", \"tags\": [1, 2]} -->",
            "//<![CDATA[\n{\"headline\": \"A \\\"B\\\" // C\", \"tags\": [1, 2]}\n//]]>",
        ] {
            assert_eq!(read(source), story, "{source}");
        }
    }

    #[test]
    fn raw_line_ends_and_bad_escapes_in_strings_are_read() {
        assert_eq!(
            read("{\"a\": \"one\ntwo\t\\'x\\'\"}"),
            [json!({"a": "one\ntwo 'x'"})]
        );
    }

    #[test]
    fn values_one_after_the_other_are_all_read() {
        assert_eq!(read("{\"a\": 1}\n{\"b\": 2}"), [json!({"a": 1}), json!({"b": 2})]);
    }

    #[test]
    fn a_block_escaped_as_html_is_read() {
        assert_eq!(read("{&quot;a&quot;: &quot;b&quot;}"), [json!({"a": "b"})]);
    }

    #[test]
    fn junk_and_endless_nesting_give_nothing() {
        assert!(read("window.x = 1").is_empty());
        assert!(read(&"[".repeat(100_000)).is_empty());
        assert!(read("\"unclosed").is_empty());
    }
}
