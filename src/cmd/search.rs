//! `copydesk search`: full-text search over the stored articles.

use std::io::Write;

use serde_json::json;

use crate::cli::SearchArgs;
use crate::config::Config;
use crate::store::Reader;
use crate::text;

use super::Ending;
use super::print::Paint;

/// Runs the command.
pub(super) fn run(config: &Config, args: &SearchArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&config.db)?;
    let hits = reader.search(&args.words.join(" "), args.limit)?;
    let mut out = std::io::stdout().lock();
    if config.json {
        let all: Vec<_> = hits
            .iter()
            .map(|hit| {
                let snippet: String = hit.snippet.iter().map(|part| part.text.as_str()).collect();
                json!({
                    "article_id": hit.article_id, "site": hit.site, "url": hit.url, "title": hit.title,
                    "published_at": hit.published_at, "snippet": snippet,
                })
            })
            .collect();
        writeln!(out, "{}", json!({ "database": reader.path(), "hits": all }))?;
        return Ok(Ending::Well);
    }
    let paint = Paint::for_stdout();
    for hit in &hits {
        let day = hit
            .published_at
            .as_deref()
            .map_or("no date", |d| d.get(..10).unwrap_or(d));
        let title = text::printable(hit.title.as_deref().unwrap_or("(no title)"));
        writeln!(
            out,
            "{}  {}",
            paint.bold(&title),
            paint.dim(&format!("{} · {day}", hit.site))
        )?;
        let snippet: String = hit
            .snippet
            .iter()
            .map(|part| {
                let text = text::printable(&part.text.replace(['\n', '\t'], " "));
                if part.hit { paint.bold(&text) } else { text }
            })
            .collect();
        writeln!(out, "  {snippet}")?;
        writeln!(out, "  {}\n", paint.dim(&text::printable(&hit.url)))?;
    }
    if hits.is_empty() {
        writeln!(out, "nothing found in {}", reader.path().display())?;
    }
    Ok(Ending::Well)
}
