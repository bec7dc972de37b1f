//! For training only: writes the features of the blocks of many pages, one JSON object a page.
//! Run by `data/model/train.py`; the model's file must name the features as they are here. Beside them
//! stands what the site's own rule file takes for the story, a label where people marked little. With
//! final beliefs it says instead what text the program makes of them, and the quality expected of it.

use std::io::{BufRead, Write};
use std::sync::Arc;

use serde_json::{Value, json};
use url::Url;

use super::super::blocks;
use super::super::marks::Marks;
use super::super::meta::JsonLd;
use super::super::{Page, RuleSet, extract, finish, meta, strip};
use super::context::Context;
use super::features::{self, Sight, Table};
use super::second::{self, Beliefs};
use crate::dom::Dom;
use crate::sites::Sites;

/// Features of one page's blocks; with first beliefs, those of the second look too.
fn describe(html: &str, rules: &RuleSet, first: Option<Vec<f32>>) -> Value {
    let Ok(dom) = Dom::parse_without_code(html) else {
        return json!({});
    };
    let mut marks = Marks::default();
    rules.strip_elements(&[dom.body()], &mut marks, &mut Vec::new());
    let found = blocks::read(&[dom.body()], &marks);
    let open: Vec<_> = found.into_iter().filter(|f| f.claim.is_none()).collect();
    if open.is_empty() {
        return json!({});
    }
    let mut stripped = open.clone();
    strip::run(rules, &[dom.body()], &mut stripped, &mut Vec::new());
    let sight = Sight::of(open.iter().collect());
    let context = Context::of(&dom, &sight, JsonLd::parse(&dom).article_body().as_deref());
    let first = first.map(|f| Beliefs::new(&sight, f));
    let mut names = None;
    let mut rows = Vec::new();
    for block in 0..open.len() {
        let mut table = Table {
            names: Some(Vec::new()),
            ..Table::default()
        };
        features::describe(&mut table, &sight, &context, block);
        if let Some(first) = &first {
            second::reconsider(&mut table, &sight, first, block);
        }
        rows.push(table.values);
        names = table.names;
    }
    json!({
        "names": names,
        "rows": rows,
        "texts": open.iter().map(|f| &f.block.text).collect::<Vec<_>>(),
        "stripped": stripped.iter().map(|f| f.claim.is_some()).collect::<Vec<_>>(),
    })
}

/// The text that follows from final beliefs about the open blocks, and the quality expected of it.
fn conclude(html: &str, rules: &RuleSet, last: Vec<f32>) -> Value {
    let Ok(dom) = Dom::parse_without_code(html) else {
        return json!({});
    };
    let mut marks = Marks::default();
    rules.strip_elements(&[dom.body()], &mut marks, &mut Vec::new());
    let Some(located) = super::locate_by(&dom, &marks, |_| last) else {
        return json!({});
    };
    let mut found = located.found;
    strip::run(rules, &located.bodies, &mut found, &mut Vec::new());
    super::prune(&located.judged, &mut found);
    let facts = meta::PageFacts {
        url: None,
        language: None,
        timezone: None,
        sponsored: None,
    };
    let metadata = meta::read(&dom, &JsonLd::parse(&dom), facts, &[]);
    finish::run(&metadata, finish::Dek::ParagraphStands, &mut found);
    let kept = || found.iter().filter(|f| f.claim.is_none());
    json!({
        "kept": kept().map(|f| &f.block.text).collect::<Vec<_>>(),
        "kinds": kept().map(|f| f.block.kind as u8).collect::<Vec<_>>(),
        "quality": located.judged.confidence(&found),
    })
}

/// What the site's own rules take for the story; null where none of its layouts fits the page.
fn by_rules(html: &str, url: &str, sites: &Sites) -> Value {
    let Ok(url) = Url::parse(url) else {
        return Value::Null;
    };
    let Some(site) = sites.for_url(&url) else {
        return Value::Null;
    };
    let page = Page {
        html,
        url: Some(&url),
    };
    match extract(page, &RuleSet::new(Some(site), sites.common()), None) {
        Ok(read) if read.article.layout.is_some() => json!({
            "text": read.article.text(),
            "summary": read.article.meta.subtitle,
        }),
        _ => Value::Null,
    }
}

#[test]
fn the_model_names_the_features_as_the_program_does() {
    let rules = RuleSet::new(
        None,
        Arc::new(crate::sites::rule::CommonRules {
            strips: Vec::new(),
            sha256: String::new(),
        }),
    );
    let names = |first| describe("<body><p>One two three.</p>", &rules, first)["names"].clone();
    assert_eq!(names(None), json!(super::model::FORESTS[0].features));
    assert_eq!(names(Some(vec![0.5])), json!(super::model::FORESTS[1].features));
}

/// Reads `{"id", "url", "html"}`, with `"first"` or `"last"`, a line from the file `COPYDESK_TRAIN_IN`, writes to `COPYDESK_TRAIN_OUT`.
#[test]
#[ignore = "a tool of data/model/train.py, not a test"]
fn describe_pages() {
    let sites = Sites::builtin();
    let rules = RuleSet::new(None, sites.common());
    let input = std::fs::File::open(std::env::var("COPYDESK_TRAIN_IN").unwrap()).unwrap();
    let output = std::fs::File::create(std::env::var("COPYDESK_TRAIN_OUT").unwrap()).unwrap();
    let mut output = std::io::BufWriter::new(output);
    for line in std::io::BufReader::new(input).lines() {
        let page: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let html = page["html"].as_str().unwrap();
        let beliefs = |key: &str| {
            let told = page[key].as_array()?.iter();
            Some(told.map(|b| b.as_f64().unwrap() as f32).collect::<Vec<f32>>())
        };
        let mut described = match beliefs("last") {
            Some(last) => conclude(html, &rules, last),
            None => describe(html, &rules, beliefs("first")),
        };
        if page["first"].is_null() && page["last"].is_null() {
            described["ruled"] = by_rules(html, page["url"].as_str().unwrap(), &sites);
        }
        described["id"] = page["id"].clone();
        writeln!(output, "{described}").unwrap();
    }
}
