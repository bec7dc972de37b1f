//! `[[layout]]`: from a layout as typed to the one that is used, with its fields' sources. Applying
//! one to a page is `extract`'s business.

use std::ops::Range;

use super::rule::{Field, FieldRule, Layout, Source};
use super::schema::{FieldSpec, FieldTable, LayoutTable, Located, Sources};
use super::values::{DAY, Reader};

/// Compiles the layouts of a file, in its order.
pub(super) fn compile(reader: &mut Reader<'_>, tables: &[Located<LayoutTable>]) -> Vec<Layout> {
    let mut layouts = Vec::new();
    for (index, located) in tables.iter().enumerate() {
        let table = located.get();
        let body = table
            .body
            .as_ref()
            .and_then(|t| reader.selector(t, "layout.body"));
        let paragraphs = table
            .paragraphs
            .as_ref()
            .and_then(|t| reader.selector(t, "layout.paragraphs"));
        let headings = table
            .headings
            .as_ref()
            .and_then(|t| reader.selector(t, "layout.headings"));
        let fields = fields(reader, table);
        let last_seen = reader.formed(table.last_seen.as_ref(), "layout.last-seen", DAY);
        // Without a body the file has a fault already and its layouts are not used.
        let Some(body) = body else {
            continue;
        };
        layouts.push(Layout {
            name: match &table.name {
                Some(name) => name.get().clone(),
                None => format!("layout {}", index + 1),
            },
            body,
            paragraphs,
            headings,
            fields,
            last_seen,
            place: reader.source.place(located.span().start),
        });
    }
    layouts
}

fn fields(reader: &mut Reader<'_>, table: &LayoutTable) -> Vec<FieldRule> {
    [
        (Field::Title, &table.title),
        (Field::Subtitle, &table.subtitle),
        (Field::Authors, &table.authors),
        (Field::Published, &table.published),
        (Field::Modified, &table.modified),
        (Field::Section, &table.section),
        (Field::Keywords, &table.keywords),
    ]
    .into_iter()
    .filter_map(|(field, spec)| Some(compile_field(reader, field, spec.as_ref()?)))
    .collect()
}

fn compile_field(reader: &mut Reader<'_>, field: Field, spec: &Located<FieldSpec>) -> FieldRule {
    let key = format!("layout.{}", field.as_str());
    let plain = |sources| FieldRule {
        field,
        sources,
        matching: None,
        remove: None,
        format: None,
        split: true,
        first: false,
    };
    match spec.get() {
        FieldSpec::One(text) => plain(source(reader, text, spec.span(), &key).into_iter().collect()),
        FieldSpec::Many(texts) => plain(
            texts
                .iter()
                .filter_map(|text| source(reader, text.get(), text.span(), &key))
                .collect(),
        ),
        FieldSpec::Table(table) => {
            let sources = table.select.as_ref().map_or_else(Vec::new, |select| {
                let key = format!("{key}.select");
                match select.get() {
                    Sources::One(text) => source(reader, text, select.span(), &key).into_iter().collect(),
                    Sources::Many(texts) => texts
                        .iter()
                        .filter_map(|text| source(reader, text.get(), text.span(), &key))
                        .collect(),
                }
            });
            reading(reader, field, &key, table, plain(sources))
        }
    }
}

/// How a value is read: the rest of a field's table.
fn reading(
    reader: &mut Reader<'_>,
    field: Field,
    key: &str,
    table: &FieldTable,
    plain: FieldRule,
) -> FieldRule {
    let dated = matches!(field, Field::Published | Field::Modified);
    let listed = matches!(field, Field::Authors | Field::Keywords);
    if let Some(format) = table.format.as_ref().filter(|_| !dated) {
        reader.fault(
            &format!("{key}.format"),
            format.span(),
            "only `published` and `modified` have a format",
            "leave it out",
        );
    }
    if let Some(split) = table.split.as_ref().filter(|_| !listed) {
        reader.fault(
            &format!("{key}.split"),
            split.span(),
            "only `authors` and `keywords` are split",
            "leave it out",
        );
    }
    FieldRule {
        matching: table
            .matching
            .as_ref()
            .and_then(|t| reader.pattern(t, &format!("{key}.match"))),
        remove: table
            .remove
            .as_ref()
            .and_then(|t| reader.pattern(t, &format!("{key}.remove"))),
        format: table
            .format
            .as_ref()
            .filter(|_| dated)
            .and_then(|t| reader.date_format(t, &format!("{key}.format"))),
        split: table.split.as_ref().is_none_or(|split| *split.get()),
        first: table.first.unwrap_or(false),
        ..plain
    }
}

/// Reads one source: `json-ld:path`, or a selector, a final `@name` of which is an attribute.
fn source(reader: &mut Reader<'_>, text: &str, span: Range<usize>, key: &str) -> Option<Source> {
    if let Some(path) = text.strip_prefix("json-ld:") {
        let named = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | ':'))
        };
        if path.split('.').all(named) {
            return Some(Source::JsonLd(path.to_owned()));
        }
        reader.fault(
            key,
            span,
            format!("not a path into JSON-LD: \"{text}\""),
            "write names with dots between, as \"json-ld:author.name\"",
        );
        return None;
    }
    let (selector, attribute) = split_attribute(text);
    if text.starts_with("json-ld.") || selector.trim().is_empty() {
        let help = match text.strip_prefix("json-ld.") {
            Some(path) => format!("write \"json-ld:{path}\""),
            None => "say which elements: \"time@datetime\"".to_owned(),
        };
        reader.fault(key, span, format!("not a source: \"{text}\""), &help);
        return None;
    }
    Some(Source::Css {
        selector: reader.selector_at(selector, span, key)?,
        attribute: attribute.map(str::to_owned),
        written: text.to_owned(),
    })
}

/// Splits a final `@name`: the last `@`, where only a name follows it to the end.
fn split_attribute(text: &str) -> (&str, Option<&str>) {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
    };
    match text.rsplit_once('@') {
        Some((selector, name)) if is_name(name) => (selector, Some(name)),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::split_attribute;

    #[test]
    fn only_a_final_name_is_an_attribute() {
        assert_eq!(split_attribute("time@datetime"), ("time", Some("datetime")));
        assert_eq!(
            split_attribute("meta[name='a@b']@content"),
            ("meta[name='a@b']", Some("content"))
        );
        assert_eq!(split_attribute("meta[name='a@b']"), ("meta[name='a@b']", None));
        assert_eq!(split_attribute("h1"), ("h1", None));
        assert_eq!(split_attribute("time@"), ("time@", None));
    }
}
