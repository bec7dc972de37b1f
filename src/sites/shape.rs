//! Whether a rule file has the shape of its schema: unknown keys, missing keys, wrong types,
//! unknown words. Owns finding all of them in one pass (serde would stop at the first) and
//! leaving a tree that serde reads; what the values mean is `values`' and `compile`'s business.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::fault::{RuleFault, Source, near_miss};
use super::json_schema::{FileKind, json_schema};
use super::schema::RuleFile;

/// A file read as far as its shape allows.
pub(super) struct Shaped {
    /// Everything whose shape is right; `None` where the TOML itself is broken.
    pub(super) file: Option<RuleFile>,
    /// What is not.
    pub(super) faults: Vec<RuleFault>,
    /// Where the tables begin that lost a value to a fault: what they lack was reported already.
    pub(super) maimed: HashSet<usize>,
}

/// Reads the TOML and checks it against the schema of its kind.
pub(super) fn read(source: &Arc<Source>, kind: FileKind) -> Shaped {
    let (mut tree, errors) = DeTable::parse_recoverable(&source.text);
    let mut walk = Walk {
        source,
        kind,
        schema: schema_of(kind),
        faults: Vec::new(),
        maimed: HashSet::new(),
    };
    if !errors.is_empty() {
        walk.faults = errors.iter().map(|e| toml_fault(source, e)).collect();
        return walk.done(None);
    }
    let span = tree.span();
    walk.table(tree.get_mut(), span, walk.schema, "");
    let file = match RuleFile::deserialize(toml::de::Deserializer::from(tree)) {
        Ok(file) => Some(file),
        Err(error) => {
            walk.faults.push(toml_fault(source, &error));
            None
        }
    };
    walk.done(file)
}

fn toml_fault(source: &Arc<Source>, error: &toml::de::Error) -> RuleFault {
    RuleFault::new(
        source,
        "",
        error.span().unwrap_or(0..0),
        format!("not TOML: {}", error.message()),
        error.message().contains("duplicate key").then(|| {
            "a key stands once in a table: remove one of the two, or put both values into one list".to_owned()
        }),
    )
}

struct Walk<'a> {
    source: &'a Arc<Source>,
    kind: FileKind,
    schema: &'static Value,
    faults: Vec<RuleFault>,
    maimed: HashSet<usize>,
}

impl Walk<'_> {
    fn done(self, file: Option<RuleFile>) -> Shaped {
        Shaped {
            file,
            faults: self.faults,
            maimed: self.maimed,
        }
    }

    fn fault(&mut self, key: &str, span: Range<usize>, message: String, help: Option<String>) {
        self.faults
            .push(RuleFault::new(self.source, key, span, message, help));
    }

    /// Checks a table and takes out of it what is wrong.
    fn table(&mut self, table: &mut DeTable<'_>, span: Range<usize>, schema: &'static Value, path: &str) {
        let properties = schema["properties"].as_object();
        let any = &schema["additionalProperties"];
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !table.contains_key(name) {
                let what = if path.is_empty() { "the file" } else { path };
                let message = format!("{what} needs `{name}`");
                // The whole file is no place to mark; its beginning is.
                let span = if path.is_empty() { 0..0 } else { span.clone() };
                let help = match name {
                    "name" => Some("write it at the top, as name = \"The Daily Example\""),
                    "hosts" => Some("write it at the top, as hosts = [\"daily.example\"]"),
                    _ => None,
                };
                self.fault(&join(path, name), span, message, help.map(str::to_owned));
            }
        }
        let before = self.faults.len();
        let mut entries: Vec<_> = std::mem::take(table).into_iter().collect();
        // In the order of the file, so faults are too.
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, mut value) in entries {
            let name = key.get_ref().to_string();
            let full = join(path, &name);
            let keep = match properties.and_then(|p| p.get(&name)) {
                Some(property) => self.value(&mut value, property, &full),
                None if any.is_object() => self.value(&mut value, any, &full),
                None => {
                    let (message, help) = self.unknown(
                        &name,
                        path,
                        properties.into_iter().flat_map(|p| p.keys().map(String::as_str)),
                    );
                    self.fault(&full, key.span(), message, Some(help));
                    false
                }
            };
            if keep {
                table.insert(key, value);
            }
        }
        if self.faults.len() > before {
            self.maimed.insert(span.start);
        }
    }

    fn unknown<'k>(
        &self,
        name: &str,
        path: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) -> (String, String) {
        let of_sites = path.is_empty()
            && self.kind != FileKind::Site
            && schema_of(FileKind::Site)["properties"].get(name).is_some();
        if of_sites {
            let help = match self.kind {
                FileKind::Family => "put it in the files of the sites that extend this family",
                FileKind::Site | FileKind::Common => {
                    "common.toml has [[strip]] only: put it in a site's file"
                }
            };
            return (format!("`{name}` belongs to a site"), help.to_owned());
        }
        let belongs_above = !path.is_empty() && self.schema["properties"].get(name).is_some();
        let help = match near_miss(name, known.clone()) {
            _ if belongs_above => format!(
                "in TOML a key belongs to the table above it: move `{name}` above the first line that begins with `[`"
            ),
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.collect::<Vec<_>>().join(", ")),
        };
        (format!("unknown key `{name}`"), help)
    }

    /// Checks a value; false: it is to be left out.
    fn value(&mut self, value: &mut Spanned<DeValue<'_>>, schema: &'static Value, key: &str) -> bool {
        let schema = self.resolve(schema);
        let span = value.span();
        let branches = schema["anyOf"].as_array();
        let branch = match branches {
            Some(branches) => branches
                .iter()
                .map(|b| self.resolve(b))
                .find(|b| b["type"] == kind_of(value.get_ref())),
            None => Some(schema).filter(|s| type_of(s) == kind_of(value.get_ref())),
        };
        let Some(branch) = branch else {
            let wanted = match branches {
                Some(branches) => {
                    let words: Vec<&str> = branches
                        .iter()
                        .map(|b| in_words(type_of(self.resolve(b))))
                        .collect();
                    words.join(" or ")
                }
                None => in_words(type_of(schema)).to_owned(),
            };
            let is = kind_of(value.get_ref());
            let help = match (is, value.get_ref()) {
                ("date", _) => Some("put the date in quotes".to_owned()),
                ("string", _) if wanted == in_words("array") => {
                    Some("put it in brackets: [\"…\"]".to_owned())
                }
                ("object", _) if wanted == in_words("array") => {
                    Some(format!("write [[{key}]], with two brackets"))
                }
                _ => None,
            };
            self.fault(
                key,
                span,
                format!("{} where {wanted} belongs", in_words(is)),
                help,
            );
            return false;
        };
        match value.get_mut() {
            DeValue::Table(table) => self.table(table, span, branch, key),
            DeValue::Array(items) => {
                if items.is_empty() && branch["minItems"].as_u64() > Some(0) {
                    self.fault(
                        key,
                        span,
                        "an empty list".to_owned(),
                        Some("name at least one".to_owned()),
                    );
                    return false;
                }
                let all = std::mem::replace(items, DeArray::new()).into_iter();
                *items = all
                    .filter_map(|mut item| self.value(&mut item, &branch["items"], key).then_some(item))
                    .collect();
            }
            DeValue::String(word) => return self.word(word, span, branch, key),
            DeValue::Integer(number) => {
                if number.as_str().parse::<u32>().is_err() {
                    self.fault(key, span, format!("{number} is not a count"), None);
                    return false;
                }
            }
            DeValue::Boolean(_) | DeValue::Float(_) | DeValue::Datetime(_) => {}
        }
        true
    }

    /// Checks a string that may only be one of some words.
    fn word(&mut self, word: &str, span: Range<usize>, schema: &'static Value, key: &str) -> bool {
        if word.is_empty() && schema["minLength"].as_u64() > Some(0) {
            self.fault(key, span, "an empty string".to_owned(), None);
            return false;
        }
        let words = words_of(schema);
        if words.is_empty() || words.contains(&word) {
            return true;
        }
        let help = match near_miss(word, words.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of: {}", words.join(", ")),
        };
        let last = key.rsplit('.').next().unwrap_or(key);
        self.fault(key, span, format!("unknown {last} \"{word}\""), Some(help));
        false
    }

    fn resolve(&self, schema: &'static Value) -> &'static Value {
        let target = schema["$ref"]
            .as_str()
            .and_then(|reference| self.schema.pointer(reference.strip_prefix('#')?));
        target.map_or(schema, |target| self.resolve(target))
    }
}

/// The schema of a kind of file, made once.
fn schema_of(kind: FileKind) -> &'static Value {
    static SITE: LazyLock<Value> = LazyLock::new(|| json_schema(FileKind::Site));
    static FAMILY: LazyLock<Value> = LazyLock::new(|| json_schema(FileKind::Family));
    static COMMON: LazyLock<Value> = LazyLock::new(|| json_schema(FileKind::Common));
    match kind {
        FileKind::Site => &SITE,
        FileKind::Family => &FAMILY,
        FileKind::Common => &COMMON,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The words a string may be: the `const`s or the `enum` of its schema.
fn words_of(schema: &Value) -> Vec<&str> {
    let constants = schema["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|b| &b["const"]);
    let listed = schema["enum"].as_array().into_iter().flatten();
    constants.chain(listed).filter_map(Value::as_str).collect()
}

fn type_of(schema: &Value) -> &str {
    match schema["type"].as_str() {
        Some(name) => name,
        None => "string",
    }
}

/// A TOML value's type in the words of JSON Schema; dates and fractions are in no schema of ours.
fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        DeValue::Datetime(_) => "date",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
    }
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "string" => "a string",
        "integer" => "a whole number",
        "number" => "a fraction",
        "boolean" => "true or false",
        "date" => "a date",
        "array" => "a list",
        "object" => "a table",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(kind: FileKind, text: &str) -> Vec<String> {
        let source = Arc::new(Source {
            relative: "x.toml".into(),
            shown: "x.toml".into(),
            text: text.into(),
        });
        read(&source, kind)
            .faults
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn every_wrong_shape_of_a_file_is_found_in_one_pass() {
        let text = r#"
nmae = "X"
hosts = "x.example"
enabled = "yes"
keep = ["figure", 3]

[[strip]]
selct = ".a"
category = "gallry"

[crawl]
every = 30

[strip-all]
x = 1

[[layout]]
title = 5
last-seen = 2026-01-31
"#;
        assert_eq!(
            faults(FileKind::Site, text),
            [
                "x.toml:1:1: name: the file needs `name`; write it at the top, as name = \"The Daily Example\"",
                "x.toml:2:1: nmae: unknown key `nmae`; did you mean `name`?",
                "x.toml:3:9: hosts: a string where a list belongs; put it in brackets: [\"…\"]",
                "x.toml:4:11: enabled: a string where true or false belongs",
                "x.toml:5:19: keep: a whole number where a string belongs",
                "x.toml:8:1: strip.selct: unknown key `selct`; did you mean `select`?",
                "x.toml:9:12: strip.category: unknown category \"gallry\"; did you mean \"gallery\"?",
                "x.toml:12:9: crawl.every: a whole number where a string belongs",
                "x.toml:14:2: strip-all: unknown key `strip-all`; known here: name, hosts, extends, country, \
                 language, timezone, enabled, keep, sponsored, next-page, single-page, headers, discover, \
                 crawl, layout, strip, replace, check",
                "x.toml:17:1: layout.body: layout needs `body`",
                "x.toml:18:9: layout.title: a whole number where a string or a list or a table belongs",
                "x.toml:19:13: layout.last-seen: a date where a string belongs; put the date in quotes",
            ]
        );
    }

    #[test]
    fn broken_toml_names_its_line() {
        let found = faults(
            FileKind::Site,
            "name = \"X\"\nhosts = [\"a.example\"\n[discover]\n",
        );
        assert!(found[0].starts_with("x.toml:"), "{found:?}");
        assert!(found.iter().all(|f| f.contains("not TOML")), "{found:?}");
        let found = faults(FileKind::Site, "name = \"X\"\nname = \"Y\"\n");
        assert!(
            found[0].starts_with("x.toml:2:1: not TOML: duplicate key"),
            "{found:?}"
        );
    }

    #[test]
    fn a_key_of_the_file_below_a_table_is_sent_above_it() {
        let found = faults(
            FileKind::Site,
            "name = \"X\"\nhosts = [\"x.example\"]\n[[check]]\nurl = \"http://x.example/a\"\nextends = \"cms\"\n",
        );
        assert_eq!(
            found,
            [
                "x.toml:5:1: check.extends: unknown key `extends`; in TOML a key belongs to the table above it: move \
                 `extends` above the first line that begins with `[`"
            ]
        );
    }

    #[test]
    fn keys_of_a_site_in_a_family_are_sent_home() {
        assert_eq!(
            faults(FileKind::Family, "hosts = [\"x.example\"]"),
            [
                "x.toml:1:1: hosts: `hosts` belongs to a site; put it in the files of the sites that extend this family"
            ]
        );
    }

    #[test]
    fn a_single_table_where_a_list_of_tables_belongs_says_how_to_write_it() {
        let found = faults(FileKind::Common, "[strip]\ncategory = \"modal\"\n");
        assert!(
            found[0].ends_with("write [[strip]], with two brackets"),
            "{found:?}"
        );
    }
}
