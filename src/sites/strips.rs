//! `[[strip]]`: from a strip as typed to the one that is used. Owns which conditions go together;
//! taking blocks out of a page is `extract`'s business.

use std::fmt::Write as _;

use super::rule::{At, Strip, StripWhat, Until};
use super::schema::{AtWord, Located, StripTable, Text};
use super::values::Reader;

/// Longest pattern shown beside a removed block, in characters.
const SHOWN_CHARS: usize = 200;

/// Compiles the strips of a file, in its order.
pub(super) fn compile(reader: &mut Reader<'_>, tables: &[Located<StripTable>]) -> Vec<Strip> {
    tables
        .iter()
        .filter_map(|located| compile_one(reader, located))
        .collect()
}

fn compile_one(reader: &mut Reader<'_>, located: &Located<StripTable>) -> Option<Strip> {
    let table = located.get();
    let what = if table.from.is_some() || table.until.is_some() {
        region(reader, located)
    } else {
        block(reader, located)
    };
    Some(Strip {
        category: table.category?,
        what: what?,
        place: reader.source.place(located.span().start),
        pattern: shown(table),
    })
}

fn region(reader: &mut Reader<'_>, located: &Located<StripTable>) -> Option<StripWhat> {
    let table = located.get();
    let others = [
        ("select", table.select.is_some()),
        ("text", table.text.is_some()),
        ("whole", table.whole.is_some()),
        ("at", table.at.is_some()),
        ("closest", table.closest.is_some()),
    ];
    for (name, _) in others.iter().filter(|(_, given)| *given) {
        reader.fault(
            &format!("strip.{name}"),
            located.span(),
            format!("`{name}` in a strip of a region"),
            "`from` stands alone with `until`: put the other conditions into a strip of their own",
        );
    }
    let from = match &table.from {
        Some(from) => reader.strip_pattern(from, "strip.from"),
        None => {
            if !reader.is_maimed(&located.span()) {
                let span = table.until.as_ref().map_or(located.span(), Text::span);
                reader.fault(
                    "strip.until",
                    span,
                    "`until` without `from`",
                    "say where the region begins",
                );
            }
            None
        }
    };
    let until = match &table.until {
        None => Some(Until::End),
        Some(until) => match until.get().as_str() {
            "end" => Some(Until::End),
            "heading" => Some(Until::Heading),
            "blank" => Some(Until::Blank),
            _ => reader.pattern(until, "strip.until").map(Until::Pattern),
        },
    };
    Some(StripWhat::Region {
        from: from?,
        until: until?,
    })
}

fn block(reader: &mut Reader<'_>, located: &Located<StripTable>) -> Option<StripWhat> {
    let table = located.get();
    if !reader.is_maimed(&located.span()) {
        if let Some(closest) = table.closest.as_ref().filter(|_| table.text.is_none()) {
            reader.fault(
                "strip.closest",
                closest.span(),
                "`closest` without `text`",
                "say which block's ancestor is meant, or select the element itself",
            );
        }
        let found = table.select.is_some() || table.text.is_some() || table.whole.is_some();
        if !found && table.at.is_some() {
            reader.fault(
                "strip.at",
                located.span(),
                "`at` alone would take a block of every story",
                "add `select`, `text` or `whole`",
            );
        } else if !found && table.closest.is_none() {
            reader.fault(
                "strip",
                located.span(),
                "a strip without a condition",
                "add `select`, `text`, `whole` or `from`",
            );
        }
    }
    let select = table
        .select
        .as_ref()
        .map(|t| reader.strip_selector(t, "strip.select"));
    // With other conditions beside it a loose pattern takes only what they allow.
    let alone = table.select.is_none() && table.whole.is_none() && table.at.is_none();
    let text = table.text.as_ref().map(|t| {
        if alone {
            reader.strip_pattern(t, "strip.text")
        } else {
            reader.pattern(t, "strip.text")
        }
    });
    let whole = table.whole.as_ref().map(|t| reader.selector(t, "strip.whole"));
    let closest = table
        .closest
        .as_ref()
        .map(|t| reader.selector(t, "strip.closest"));
    // A condition that was given and is wrong must not widen the strip: then there is none.
    Some(StripWhat::Block {
        select: sound(select)?,
        text: sound(text)?,
        whole: sound(whole)?,
        at: table.at.map(|word| match word {
            AtWord::First => At::First,
            AtWord::Last => At::Last,
        }),
        closest: sound(closest)?,
    })
}

fn sound<T>(given: Option<Option<T>>) -> Option<Option<T>> {
    match given {
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
        None => Some(None),
    }
}

/// The conditions as written: a lone selector or pattern as it is, several with their keys.
fn shown(table: &StripTable) -> String {
    let at = table.at.map(|word| match word {
        AtWord::First => "first",
        AtWord::Last => "last",
    });
    let conditions: Vec<(&str, &str)> = [
        ("select", table.select.as_ref().map(|t| t.get().as_str())),
        ("text", table.text.as_ref().map(|t| t.get().as_str())),
        ("whole", table.whole.as_ref().map(|t| t.get().as_str())),
        ("at", at),
        ("closest", table.closest.as_ref().map(|t| t.get().as_str())),
        ("from", table.from.as_ref().map(|t| t.get().as_str())),
        ("until", table.until.as_ref().map(|t| t.get().as_str())),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
    .collect();
    let mut out = String::new();
    match conditions.as_slice() {
        [("select" | "text", only)] => out.push_str(only),
        several => {
            for (key, value) in several {
                let gap = if out.is_empty() { "" } else { " " };
                // Writing to a String cannot fail.
                let _ = write!(out, "{gap}{key} {value}");
            }
        }
    }
    let out = crate::text::fold(&out);
    match out.char_indices().nth(SHOWN_CHARS) {
        Some((cut, _)) => format!("{}…", &out[..cut]),
        None => out,
    }
}
