//! `copydesk sites check`: every rule file loads, and its proofs hold on real pages.

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;
use url::Url;

use super::super::Ending;
use super::super::print::{Paint, brief};
use crate::address;
use crate::article::Article;
use crate::cli::CheckArgs;
use crate::config::Config;
use crate::extract::Note;
use crate::pipeline::capture::Captures;
use crate::pipeline::errand::Errand;
use crate::pipeline::reading::{self, Choice, Rulebook, Source};
use crate::sites::rule::{Check, Site};
use crate::store::Reader;
use crate::text;

/// Characters of a text shown in a fault.
const SHOWN_CHARS: usize = 110;

#[derive(Serialize)]
struct Summary {
    passed: usize,
    failed: usize,
    without_a_page: usize,
    faults: Vec<Fault>,
}

#[derive(Serialize)]
struct Fault {
    site: String,
    place: String,
    url: String,
    faults: Vec<String>,
}

/// Where pages come from.
enum Pages {
    Folders(Captures),
    Stored(Reader),
    None,
}

struct Page {
    url: Url,
    content_type: Option<String>,
    bytes: Vec<u8>,
}

/// What looking for a page led to.
enum Found {
    Page(Page),
    /// It is in a folder, and cannot be read.
    Damaged(String),
    /// It was asked for, and did not come.
    Refused(String),
    Nowhere,
}

/// Runs the command.
pub(in crate::cmd) fn run(config: &Config, args: &CheckArgs) -> anyhow::Result<Ending> {
    let rulebook = Rulebook::new(super::load(config)?);
    let sites: Vec<Arc<Site>> = if args.names.is_empty() {
        rulebook.sites().iter().cloned().collect()
    } else {
        args.names
            .iter()
            .map(|s| rulebook.sites().resolve(s))
            .collect::<Result<_, _>>()?
    };
    let pages = if !args.pages.is_empty() {
        Pages::Folders(Captures::open(&args.pages)?)
    } else if config.db.exists() {
        Pages::Stored(Reader::open(&config.db)?)
    } else {
        Pages::None
    };
    let web = match args.fetch {
        true => Some(Errand::new(&config.into(), false)?),
        false => None,
    };
    let mut summary = Summary {
        passed: 0,
        failed: 0,
        without_a_page: 0,
        faults: Vec::new(),
    };
    for site in &sites {
        for check in &site.checks {
            let url = address::parse(&check.url)?;
            let faults = match find(&pages, web.as_ref(), &url)? {
                Found::Page(page) => prove(&rulebook, site, check, &page),
                Found::Damaged(why) => vec![why],
                Found::Refused(why) => {
                    summary.without_a_page += 1;
                    tracing::warn!("{}: {why}", check.place);
                    continue;
                }
                Found::Nowhere => {
                    summary.without_a_page += 1;
                    tracing::info!("{}: no page for {url}", check.place);
                    continue;
                }
            };
            if faults.is_empty() {
                summary.passed += 1;
            } else {
                summary.failed += 1;
                let place = check.place.clone();
                summary.faults.push(Fault {
                    site: site.id.clone(),
                    place,
                    url: check.url.clone(),
                    faults,
                });
            }
        }
    }
    tell(config, &summary)?;
    let wanting = summary.failed > 0 || (!args.pages.is_empty() && summary.without_a_page > 0);
    Ok(if wanting { Ending::Attention } else { Ending::Well })
}

fn find(pages: &Pages, web: Option<&Errand>, url: &Url) -> anyhow::Result<Found> {
    let known = match pages {
        Pages::Folders(captures) => match captures.find(url).map(|page| (page, page.bytes())) {
            Some((page, Ok(bytes))) => Some(Page {
                url: page.url.clone(),
                content_type: page.content_type.clone(),
                bytes,
            }),
            Some((_, Err(error))) => return Ok(Found::Damaged(format!("{:#}", anyhow::Error::from(error)))),
            None => None,
        },
        Pages::Stored(reader) => match reader.body_by_url(url.as_str())? {
            Some(bytes) => Some(Page {
                url: url.clone(),
                content_type: match reader.article_by_url(url.as_str())? {
                    Some(article) => reader.content_type(article.id)?,
                    None => None,
                },
                bytes,
            }),
            None => None,
        },
        Pages::None => None,
    };
    Ok(match (known, web) {
        (Some(page), _) => Found::Page(page),
        (None, None) => Found::Nowhere,
        (None, Some(web)) => match web.fetch(url) {
            Ok(page) => Found::Page(Page {
                url: page.url,
                content_type: page.content_type,
                bytes: page.body,
            }),
            Err(error) => Found::Refused(format!("{:#}", anyhow::Error::from(error))),
        },
    })
}

/// What of a proof does not hold.
fn prove(rulebook: &Rulebook, site: &Site, check: &Check, found: &Page) -> Vec<String> {
    let source = Source {
        bytes: &found.bytes,
        content_type: found.content_type.as_deref(),
        url: Some(&found.url),
    };
    let rules = match rulebook.named(&site.id) {
        Ok(rules) => rules,
        Err(error) => return vec![error.to_string()],
    };
    let reading = reading::read(source, rulebook, &Choice::Named(rules), None);
    let Some(extraction) = reading.extraction else {
        return vec![format!(
            "{}: {}",
            reading.outcome,
            reading.reason.unwrap_or_default()
        )];
    };
    let mut faults = Vec::new();
    if !extraction.outcome.is_article() {
        faults.push(format!(
            "{}: {}",
            extraction.outcome,
            extraction.reason.as_deref().unwrap_or_default()
        ));
    }
    if extraction
        .notes
        .iter()
        .any(|n| matches!(n, Note::NoLayout { .. }))
    {
        faults.push("no layout's `body` is on this page".to_owned());
    }
    compare(check, &extraction.article, &mut faults);
    faults
}

fn compare(check: &Check, article: &Article, faults: &mut Vec<String>) {
    let meta = &article.meta;
    let told = article.text();
    let folded = text::fold(&told);
    let mut same = |what: &str, want: &Option<String>, got: &Option<String>| {
        if let Some(want) = want
            && got.as_deref().map(text::fold).as_deref() != Some(text::fold(want).as_str())
        {
            faults.push(format!(
                "{what} is {}, not {}",
                shown(got.as_deref()),
                shown(Some(want))
            ));
        }
    };
    same("title", &check.title, &meta.title);
    same("subtitle", &check.subtitle, &meta.subtitle);
    same("published", &check.published, &meta.published);
    if let Some(authors) = &check.authors
        && *authors != meta.authors
    {
        faults.push(format!("authors are {:?}, not {authors:?}", meta.authors));
    }
    if let Some(first) = &check.first
        && !folded.starts_with(&text::fold(first))
    {
        faults.push(format!(
            "the text begins {}, not {}",
            shown(Some(&folded)),
            shown(Some(first))
        ));
    }
    if let Some(last) = &check.last
        && !folded.ends_with(&text::fold(last))
    {
        let from = folded.char_indices().rev().nth(SHOWN_CHARS).map_or(0, |(i, _)| i);
        faults.push(format!(
            "the text ends {}, not {}",
            shown(Some(&folded[from..])),
            shown(Some(last))
        ));
    }
    for part in check.contains.iter().filter(|p| !folded.contains(&text::fold(p))) {
        faults.push(format!("the text lacks {}", shown(Some(part))));
    }
    for part in check.lacks.iter().filter(|p| folded.contains(&text::fold(p))) {
        faults.push(format!("the text contains {}", shown(Some(part))));
    }
    if let Some(blocks) = check.blocks
        && blocks != article.blocks.len()
    {
        faults.push(format!(
            "the text has {} blocks, not {blocks}",
            article.blocks.len()
        ));
    }
}

fn shown(text: Option<&str>) -> String {
    text.map_or("missing".to_owned(), |t| format!("“{}”", brief(t, SHOWN_CHARS)))
}

fn tell(config: &Config, summary: &Summary) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if config.json {
        writeln!(out, "{}", serde_json::to_string(summary)?)?;
        return Ok(());
    }
    let paint = Paint::for_stdout();
    for fault in &summary.faults {
        writeln!(out, "{}: {}", paint.bold(&fault.place), fault.url)?;
        for line in &fault.faults {
            writeln!(out, "  {}", paint.red(line))?;
        }
    }
    writeln!(
        out,
        "{} passed, {} failed, {} without a page",
        summary.passed, summary.failed, summary.without_a_page
    )?;
    Ok(())
}
