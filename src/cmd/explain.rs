//! `copydesk explain`: what of a page was kept and removed, in order, with the rule behind each.

use std::io::Write;

use serde::Serialize;

use crate::article::{Article, FieldValue};
use crate::cli::ExplainArgs;
use crate::config::Config;
use crate::extract::{Extraction, Note, Trial};
use crate::outcome::Outcome;
use crate::sites::rule::Site;
use crate::text;

use super::Ending;
use super::page::{self, Wanted};
use super::print::{Paint, brief};

/// Characters of a block that are shown to people; JSON has all of it.
const SHOWN_CHARS: usize = 100;

#[derive(Serialize)]
struct ExplainJson<'a> {
    url: Option<&'a str>,
    outcome: Outcome,
    reason: Option<&'a str>,
    site: Option<&'a str>,
    layout: Option<&'a str>,
    extractor: Option<&'static str>,
    quality: Option<f64>,
    fields: &'a [FieldValue],
    blocks: Vec<BlockJson<'a>>,
    notes: Vec<&'a Note>,
    unmatched: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum BlockJson<'a> {
    Kept {
        kept: bool,
        kind: &'static str,
        text: &'a str,
    },
    Removed {
        kept: bool,
        category: &'static str,
        rule: &'a str,
        pattern: &'a str,
        text: &'a str,
        path: &'a str,
    },
}

/// Runs the command.
pub(super) fn run(config: &Config, args: &ExplainArgs) -> anyhow::Result<Ending> {
    let rulebook = page::rulebook(config)?;
    let wanted = Wanted {
        source: &args.source,
        url: args.url.as_deref(),
        site: args.site.as_deref(),
        generic: args.generic,
        pages: &args.pages,
        stored: config.db_named,
        allow_private: args.allow_private,
    };
    let (reading, trial) = page::read_and_try(config, &rulebook, &wanted)?;
    let article = reading.extraction.as_ref().map(|e| &e.article);
    let json = ExplainJson {
        url: reading.url.as_ref().map(url::Url::as_str),
        outcome: reading.outcome,
        reason: reading.reason.as_deref(),
        site: reading.rules.site().map(|s| s.id.as_str()),
        layout: article.and_then(|a| a.layout.as_deref()),
        extractor: article.map(|a| a.extractor.as_str()),
        quality: article.map(|a| a.quality),
        fields: article.map_or(&[], |a| &a.meta.fields),
        blocks: article.map(in_order).unwrap_or_default(),
        notes: notes(reading.extraction.as_ref(), trial.as_ref()),
        unmatched: match (&trial, reading.rules.site()) {
            (Some(trial), Some(site)) => unmatched(site, trial),
            _ => Vec::new(),
        },
    };
    let mut out = std::io::stdout().lock();
    if config.json {
        writeln!(out, "{}", serde_json::to_string(&json)?)?;
    } else {
        tell(&mut out, &json, Paint::for_stdout())?;
    }
    Ok(Ending::Well)
}

/// What the reading noted; only the trial compares with the common rules, and knows what takes too much.
fn notes<'a>(extraction: Option<&'a Extraction>, trial: Option<&'a Trial>) -> Vec<&'a Note> {
    let tried = trial.into_iter().flat_map(|t| &t.extraction.notes);
    let greedy = tried.filter(|n| matches!(n, Note::TakesMost { .. }));
    extraction
        .into_iter()
        .flat_map(|e| &e.notes)
        .chain(greedy)
        .collect()
}

/// The places of the site's strips that met nothing on the page.
fn unmatched<'a>(site: &'a Site, trial: &Trial) -> Vec<&'a str> {
    let strips = site.strips.iter().zip(&trial.strips);
    strips
        .filter(|(_, met)| !met.met)
        .map(|(strip, _)| strip.place.as_str())
        .collect()
}

/// Kept and removed blocks in document order: a removal stands after as many kept blocks as its
/// position says.
fn in_order(article: &Article) -> Vec<BlockJson<'_>> {
    let mut removed = article.removed.iter().peekable();
    let mut blocks = Vec::new();
    for at in 0..=article.blocks.len() {
        while let Some(r) = removed.next_if(|r| r.position <= at) {
            blocks.push(BlockJson::Removed {
                kept: false,
                category: r.category.as_str(),
                rule: &r.rule,
                pattern: &r.pattern,
                text: &r.text,
                path: &r.path,
            });
        }
        if let Some(b) = article.blocks.get(at) {
            blocks.push(BlockJson::Kept {
                kept: true,
                kind: b.kind.as_str(),
                text: &b.text,
            });
        }
    }
    blocks
}

fn tell(out: &mut impl Write, e: &ExplainJson<'_>, paint: Paint) -> std::io::Result<()> {
    writeln!(
        out,
        "{}",
        paint.bold(e.url.unwrap_or("(no address: only the common rules apply)"))
    )?;
    let found_by = match (e.site, e.layout) {
        (Some(site), Some(layout)) => format!("site {site}, layout {layout}"),
        (Some(site), None) => format!("site {site}, generic extractor"),
        (None, _) => "generic extractor".to_owned(),
    };
    let quality = e.quality.map(|q| format!(", quality {q:.2}")).unwrap_or_default();
    writeln!(out, "{} · {found_by}{quality}", e.outcome)?;
    if let Some(reason) = e.reason {
        writeln!(out, "{}", paint.yellow(&text::printable(reason)))?;
    }
    writeln!(out)?;
    for f in e.fields {
        writeln!(
            out,
            "  {:<13} {}  {}",
            f.field,
            brief(&f.value, SHOWN_CHARS),
            paint.dim(&brief(&f.source, 60))
        )?;
    }
    writeln!(out)?;
    let (mut kept, mut gone) = (0, 0);
    for block in &e.blocks {
        match block {
            BlockJson::Kept { kind, text: t, .. } => {
                kept += 1;
                writeln!(
                    out,
                    "{} {}",
                    paint.green(&format!("+ {kind:<10}")),
                    brief(t, SHOWN_CHARS)
                )?;
            }
            BlockJson::Removed {
                category,
                rule,
                pattern,
                text: t,
                ..
            } => {
                gone += 1;
                writeln!(
                    out,
                    "{} {}",
                    paint.red(&format!("- {category:<10}")),
                    brief(t, SHOWN_CHARS)
                )?;
                writeln!(
                    out,
                    "{:12} {}",
                    "",
                    paint.dim(&brief(&format!("{rule}  {pattern}"), SHOWN_CHARS))
                )?;
            }
        }
    }
    writeln!(out, "\n{kept} blocks kept, {gone} removed")?;
    if !e.unmatched.is_empty() {
        let all = format!("nothing here for {}", e.unmatched.join(", "));
        writeln!(out, "{}", paint.dim(&text::printable(&all)))?;
    }
    for note in &e.notes {
        writeln!(out, "{}", paint.yellow(&text::printable(&note.to_string())))?;
    }
    Ok(())
}
