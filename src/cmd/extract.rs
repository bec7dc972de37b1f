//! `copydesk extract`: one page to its article on stdout, or many as JSON lines.

use std::io::Write;

use crate::cli::{ExtractArgs, Format};
use crate::config::Config;
use crate::decode::Kind;

use super::article_json::ArticleJson;
use super::page::{self, Wanted};
use super::{Ending, bulk, print};

/// Runs the command.
pub(super) fn run(config: &Config, args: &ExtractArgs) -> anyhow::Result<Ending> {
    let rulebook = page::rulebook(config)?;
    if args.jsonl {
        let choice = page::choice(&rulebook, args.rules.site.as_deref(), args.rules.generic)?;
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        bulk::run(
            std::io::BufReader::new(std::io::stdin()),
            &mut out,
            &rulebook,
            &choice,
        )?;
        return Ok(Ending::Well);
    }
    let wanted = Wanted {
        source: args.source.as_deref().unwrap_or("-"),
        url: args.rules.url.as_deref(),
        site: args.rules.site.as_deref(),
        generic: args.rules.generic,
        pages: &[],
        stored: false,
        allow_private: args.rules.allow_private,
    };
    let reading = page::read(config, &rulebook, &wanted)?;
    if !reading.outcome.is_article() {
        let reason = reading.reason.as_deref().unwrap_or("no reason is known");
        eprintln!("copydesk: {}: {}: {reason}", wanted.source, reading.outcome);
        if reason.ends_with(Kind::Text.as_str()) {
            eprintln!("copydesk: `copydesk clean` takes the boilerplate out of text without markup");
        }
    }
    let article = reading.extraction.as_ref().map(|e| &e.article);
    let text = match (args.format, article) {
        (Format::Json, _) => serde_json::to_string(&ArticleJson::new(serde_json::Value::Null, reading))?,
        (Format::Text, Some(article)) => article.text(),
        (Format::Markdown, Some(article)) => print::markdown(article),
        (_, None) => return Ok(Ending::Attention),
    };
    let text = if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        crate::text::printable(&text)
    } else {
        text
    };
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(Ending::Well)
}
