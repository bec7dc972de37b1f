//! Field rules of a layout, applied: sources in their order, `match`, `remove`, `first`. Owns the
//! reading of a rule's raw values; what a value becomes is each field's business.

use regex::Regex;

use super::json_ld::JsonLd;
use super::near::text_within;
use crate::dom::{Dom, Element};
use crate::sites::rule::{FieldRule, Source};
use crate::text::{fold, unescape_twice};

/// What a rule found: values in document order, and the source that yielded them.
pub(super) struct Ruled {
    /// Each as found and as `match` and `remove` leave it.
    pub(super) values: Vec<RuledValue>,
    /// `rule:<selector>`.
    pub(super) source: String,
}

/// One value of a rule.
pub(super) struct RuledValue {
    /// As found on the page, white space folded.
    pub(super) found: String,
    /// After `match` and `remove`; never empty.
    pub(super) text: String,
}

/// The values of the first source that yields any which `accept` takes.
pub(super) fn read(
    dom: &Dom,
    ld: &JsonLd,
    rule: &FieldRule,
    accept: impl Fn(&RuledValue) -> bool,
) -> Option<Ruled> {
    rule.sources.iter().find_map(|source| {
        let (found, written): (Vec<String>, &str) = match source {
            Source::Css {
                selector,
                attribute,
                written,
            } => {
                let values = dom
                    .select(selector)
                    .filter_map(|e| value_of(e, attribute.as_deref()));
                (values.collect(), written)
            }
            Source::JsonLd(path) => (ld.get(path), path),
        };
        let mut values = found.into_iter().filter_map(|found| {
            let text = trimmed(&found, rule.matching.as_ref(), rule.remove.as_ref())?;
            Some(RuledValue { found, text }).filter(&accept)
        });
        let values: Vec<RuledValue> = if rule.first {
            values.next().into_iter().collect()
        } else {
            values.collect()
        };
        let prefix = if matches!(source, Source::JsonLd(_)) && !written.starts_with("json-ld:") {
            "json-ld:"
        } else {
            ""
        };
        (!values.is_empty()).then(|| Ruled {
            values,
            source: format!("rule:{prefix}{written}"),
        })
    })
}

fn value_of(element: Element<'_>, attribute: Option<&str>) -> Option<String> {
    let value = match attribute {
        Some(name) => fold(&unescape_twice(element.attr(name)?)),
        None if matches!(element.name(), "title" | "script") => fold(&unescape_twice(&element.script())),
        None => text_within(element, usize::MAX)?,
    };
    (!value.is_empty()).then_some(value)
}

/// `match`'s first group, else its whole match, with every match of `remove` cut out. A value
/// without a match yields nothing.
fn trimmed(found: &str, matching: Option<&Regex>, remove: Option<&Regex>) -> Option<String> {
    let text = match matching {
        Some(pattern) => {
            let captures = pattern.captures(found)?;
            captures.get(1).or_else(|| captures.get(0))?.as_str()
        }
        None => found,
    };
    let text = match remove {
        Some(pattern) => fold(&pattern.replace_all(text, "")),
        None => fold(text),
    };
    (!text.is_empty()).then_some(text)
}
