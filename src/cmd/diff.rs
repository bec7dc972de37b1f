//! `copydesk diff`: what changed between two versions of an article.

use std::collections::HashSet;
use std::io::Write;

use anyhow::{Context, bail};
use serde_json::json;

use crate::address;
use crate::cli::DiffArgs;
use crate::config::Config;
use crate::diff::{self, Change, Piece};
use crate::store::{Reader, Version};
use crate::text;

use super::Ending;
use super::print::Paint;

/// Runs the command.
pub(super) fn run(config: &Config, args: &DiffArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&config.db)?;
    let url = address::parse(&args.url)?;
    let versions = reader.versions(url.as_str())?;
    let newest = versions
        .last()
        .with_context(|| format!("no article of {url} in {}", config.db.display()))?;
    let to = args.to.unwrap_or(newest.version);
    let from = args.from.unwrap_or(to - 1);
    if versions.len() == 1 && args.from.is_none() && args.to.is_none() {
        let mut out = std::io::stdout().lock();
        if config.json {
            let none = json!({ "url": newest.url, "article_id": newest.article_id, "from": null, "to": 1,
                "changed_at": null, "words_removed": 0, "words_added": 0, "fields": [] });
            writeln!(out, "{none}")?;
        } else {
            writeln!(out, "{} has one version: nothing has changed", newest.url)?;
        }
        return Ok(Ending::Well);
    }
    let version = |n: i64| match versions.iter().find(|v| v.version == n) {
        Some(version) => Ok(version),
        None => bail!("{url} has the versions 1 to {}, not {n}", newest.version),
    };
    let (before, after) = (version(from)?, version(to)?);
    let texts = (without(before, after), without(after, before));
    let fields = [
        ("title", told(&before.title), told(&after.title)),
        ("subtitle", told(&before.subtitle), told(&after.subtitle)),
        ("text", texts.0.as_str(), texts.1.as_str()),
    ];
    let fields: Vec<Field<'_>> = fields
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| Field {
            name,
            pieces: diff::words(before, after),
        })
        .collect();
    let mut out = std::io::stdout().lock();
    if config.json {
        writeln!(out, "{}", as_json(before, after, &fields))?;
    } else {
        show(&mut out, before, after, &fields)?;
    }
    Ok(Ending::Well)
}

/// A field that differs.
struct Field<'a> {
    name: &'a str,
    pieces: Vec<Piece>,
}

fn told(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or_default()
}

/// A version's text without the blocks that rules or memory took out of the other one: what they learned
/// between the two is no correction of the paper's.
fn without(version: &Version, other: &Version) -> String {
    let mut removed: HashSet<&str> = other.removed.iter().map(String::as_str).collect();
    for block in other.text.split("\n\n") {
        removed.remove(text::fold(block).as_str());
    }
    let kept = version.text.split("\n\n");
    let kept = kept.filter(|block| !removed.contains(text::fold(block).as_str()));
    kept.collect::<Vec<_>>().join("\n\n")
}

fn counts(fields: &[Field<'_>]) -> (usize, usize) {
    let each = fields.iter().map(|field| diff::count(&field.pieces));
    each.fold((0, 0), |(r, a), (removed, added)| (r + removed, a + added))
}

fn as_json(before: &Version, after: &Version, fields: &[Field<'_>]) -> serde_json::Value {
    let (removed, added) = counts(fields);
    let fields: Vec<_> = fields
        .iter()
        .map(|field| json!({ "field": field.name, "changes": field.pieces }))
        .collect();
    json!({
        "url": after.url, "article_id": after.article_id, "from": before.version, "to": after.version,
        "changed_at": after.fetched_at, "words_removed": removed, "words_added": added, "fields": fields,
    })
}

fn show(
    out: &mut impl Write,
    before: &Version,
    after: &Version,
    fields: &[Field<'_>],
) -> std::io::Result<()> {
    let paint = Paint::for_stdout();
    let (removed, added) = counts(fields);
    writeln!(out, "{}", paint.bold(&text::printable(&after.url)))?;
    writeln!(
        out,
        "version {} of {}, then {} of {}: {removed} words out, {added} in",
        before.version, before.fetched_at, after.version, after.fetched_at
    )?;
    for field in fields {
        writeln!(out, "\n{}", paint.bold(field.name))?;
        for paragraph in paragraphs(&field.pieces) {
            match paragraph {
                Some(pieces) => {
                    let line: String = pieces.iter().map(|piece| marked(paint, piece)).collect();
                    writeln!(out, "  {}", line.replace('\n', "\n  "))?;
                }
                None => writeln!(out, "  {}", paint.dim("…"))?,
            }
        }
    }
    Ok(())
}

/// The paragraphs in which something changed; `None` stands for those between.
fn paragraphs(pieces: &[Piece]) -> Vec<Option<Vec<Piece>>> {
    let mut all = vec![Vec::new()];
    for piece in pieces {
        for (n, part) in piece.text.split("\n\n").enumerate() {
            if n > 0 {
                all.push(Vec::new());
            }
            if let (Some(last), false) = (all.last_mut(), part.is_empty()) {
                last.push(Piece {
                    change: piece.change,
                    text: part.to_owned(),
                });
            }
        }
    }
    let mut shown: Vec<Option<Vec<Piece>>> = Vec::new();
    for paragraph in all.into_iter().filter(|p| !p.is_empty()) {
        if paragraph.iter().any(|piece| piece.change != Change::Same) {
            shown.push(Some(paragraph));
        } else if shown.last() != Some(&None) {
            shown.push(None);
        }
    }
    shown
}

/// With marks that stay when colours do not, as in a pipe.
fn marked(paint: Paint, piece: &Piece) -> String {
    let words = text::printable(&piece.text);
    match piece.change {
        Change::Same => words,
        Change::Removed => paint.red(&format!("[-{words}-]")),
        Change::Added => paint.green(&format!("{{+{words}+}}")),
    }
}
