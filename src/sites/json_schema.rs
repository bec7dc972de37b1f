//! The JSON Schema of rule files, made of the structs in `schema`: for editors, for `sites schema`,
//! and for `shape`, so that no key is known in one place and not in another.

use serde_json::Value;

use super::schema::RuleFile;

/// What a rule file is for; each kind has its own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `sites/<id>.toml`: one paper.
    Site,
    /// `sites/families/<id>.toml`: what papers with one CMS share.
    Family,
    /// `sites/common.toml`: what is true everywhere.
    Common,
}

impl FileKind {
    /// Keys of a site file that this kind does not have.
    const fn foreign(self) -> &'static [&'static str] {
        match self {
            Self::Site => &[],
            Self::Family => &["hosts", "extends", "enabled", "check"],
            Self::Common => &[
                "name",
                "hosts",
                "extends",
                "country",
                "language",
                "timezone",
                "enabled",
                "keep",
                "sponsored",
                "next-page",
                "single-page",
                "headers",
                "discover",
                "crawl",
                "layout",
                "replace",
                "check",
            ],
        }
    }
}

/// The JSON Schema (draft 2020-12) of a kind of rule file: what `copydesk sites schema` prints,
/// what editors complete from (`#:schema` for taplo), and what files are checked against.
pub fn json_schema(kind: FileKind) -> Value {
    let mut schema = schemars::schema_for!(RuleFile).to_value();
    without_null(&mut schema);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for key in kind.foreign() {
            properties.shift_remove(*key);
        }
    }
    if kind != FileKind::Site
        && let Some(object) = schema.as_object_mut()
    {
        object.shift_remove("required");
    }
    schema["title"] = match kind {
        FileKind::Site => "copydesk site rules",
        FileKind::Family => "copydesk family rules",
        FileKind::Common => "copydesk common rules",
    }
    .into();
    schema
}

/// TOML has no null: what Rust's optional values allow goes out of the schema again.
fn without_null(schema: &mut Value) {
    let null = serde_json::json!({ "type": "null" });
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|t| t != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(branches)) = object.get_mut("anyOf") {
                branches.retain(|b| *b != null);
                if let [Value::Object(only)] = branches.as_slice() {
                    let only = only.clone();
                    object.shift_remove("anyOf");
                    object.extend(only);
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_strict_everywhere_and_explains_every_key() {
        let schema = json_schema(FileKind::Site);
        assert_eq!(schema["required"], serde_json::json!(["name", "hosts"]));
        assert!(!schema.to_string().contains("\"null\""));
        let definitions = schema["$defs"].as_object().unwrap();
        let tables = definitions
            .values()
            .chain([&schema])
            .filter(|s| s["properties"].is_object());
        let mut seen = 0;
        for table in tables {
            assert_eq!(table["additionalProperties"], false, "{table}");
            for (key, property) in table["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{key} has no description");
                seen += 1;
            }
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn a_family_has_no_hosts_and_common_has_only_strips() {
        let family = json_schema(FileKind::Family);
        assert!(family["properties"]["hosts"].is_null());
        assert!(family["properties"]["layout"].is_object());
        let common = json_schema(FileKind::Common);
        let keys: Vec<_> = common["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["strip"]);
    }
}
