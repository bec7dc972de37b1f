//! `copydesk demo`: the sample newspaper, crawled twice through the very pipeline of real sites, and
//! what came of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::clock::Clock;
use crate::config::Config;
use crate::fetch::Limits;
use crate::pipeline::crawl::{self, CrawlSettings, Unwatched};
use crate::pipeline::errand::FetchSettings;
use crate::pipeline::reading::Rulebook;
use crate::pipeline::stop::Stop;
use crate::pipeline::summary::Summary;
use crate::sample;
use crate::sites::Sites;
use crate::sites::rule::Budget;
use crate::store::{self, Reader, Store};

use super::print::{Paint, brief};
use super::{Ending, job};

/// Where the sample's articles go, unless `--db` says otherwise.
const DEMO_DB: &str = "data/demo.db";
/// Where the rule files of the sample are in a checkout.
const SAMPLE_SITES: &str = "data/sample-sites";
/// Queries that show what the file can be asked.
const QUERIES: [&str; 3] = [
    "select site, title, word_count, published_at from articles order by published_at desc",
    "select r.category, count(*) as blocks, min(r.text) as example from removed r join articles a on a.id = r.article_id and a.version = r.version group by 1 order by 2 desc",
    "select a.title, c.version, c.words_before, c.words_after from article_changes c join articles a on a.id = c.article_id",
];

/// Runs the command.
pub(super) fn run(config: &Config) -> anyhow::Result<Ending> {
    let db = if config.db_named {
        config.db.clone()
    } else {
        PathBuf::from(DEMO_DB)
    };
    let sites = Sites::from_sources(
        sample::rule_files()
            .chain(crate::sites::builtin_sources().filter(|(path, _)| *path == "common.toml")),
    )
    .map_err(|faults| anyhow::anyhow!("the sample's rule files do not load: {faults:?}"))?;
    begin_anew(&db, &sites)?;
    let rulebook = Arc::new(Rulebook::new(sites));
    let (first, second) = job::run(async |stop| {
        let server = sample::Server::start()
            .await
            .context("cannot serve the sample on the loopback interface")?;
        let proxy = Url::parse(&format!("http://{}", server.address))?;
        let yesterday = Clock::scaled(Timestamp::now() - SignedDuration::from_hours(24), 1);
        let first = once(config, &db, &proxy, &rulebook, stop.clone(), yesterday, false).await?;
        server.next_day();
        let second = once(config, &db, &proxy, &rulebook, stop, Clock::system(), true).await?;
        Ok((first, second))
    })?;
    if config.json {
        let both = serde_json::json!({ "first": first, "second": second });
        writeln!(std::io::stdout().lock(), "{both}")?;
    } else {
        tell(&mut std::io::stdout().lock(), &db, &first, &second)?;
    }
    let failed = first.exit_code != 0 || second.exit_code != 0;
    Ok(if failed { Ending::Attention } else { Ending::Well })
}

/// Removes the last demo's database, and nothing that is not one.
fn begin_anew(db: &Path, sites: &Sites) -> anyhow::Result<()> {
    if !db.exists() {
        return Ok(());
    }
    let Some(_lock) = store::lock(db)? else {
        bail!(
            "another crawl is at work on {}: name another file with --db",
            db.display()
        );
    };
    Store::open(db)?;
    let strangers: Vec<String> = Reader::open(db)?
        .site_status()?
        .into_iter()
        .map(|s| s.site)
        .filter(|site| sites.get(site).is_none())
        .collect();
    if !strangers.is_empty() {
        bail!(
            "{} holds pages of {}: the demo begins anew each time and would delete them; name another file with --db",
            db.display(),
            strangers.join(", ")
        );
    }
    for ending in ["", "-wal", "-shm"] {
        let mut path = db.as_os_str().to_owned();
        path.push(ending);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(e).with_context(|| format!("cannot remove {}", Path::new(&path).display()));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn once(
    config: &Config,
    db: &Path,
    proxy: &Url,
    rulebook: &Arc<Rulebook>,
    stop: Stop,
    clock: Clock,
    refresh: bool,
) -> anyhow::Result<Summary> {
    let settings = CrawlSettings {
        db: db.to_owned(),
        command: "copydesk demo".to_owned(),
        fetch: FetchSettings {
            user_agent: config.user_agent.clone(),
            proxy: Some(proxy.clone()),
            ca_certificates_pem: Vec::new(),
            limits: Limits::default(),
        },
        allow_private: true,
        max_articles: None,
        since: None,
        refresh,
        delay: Some(Duration::ZERO),
        dry_run: false,
        opt_out: config.opt_out,
        budget: Budget::default(),
        disk_floor: 0,
        clock,
    };
    let sites = rulebook.sites().iter().cloned().collect();
    crawl::run(settings, rulebook.clone(), sites, Arc::new(Unwatched), stop)
        .await?
        .context("another crawl is at work on the demo's database")
}

fn tell(out: &mut impl Write, db: &Path, first: &Summary, second: &Summary) -> anyhow::Result<()> {
    let paint = Paint::for_stdout();
    let reader = Reader::open(db)?;
    writeln!(
        out,
        "{}",
        paint.bold("The sample newspaper: three invented sites, served on this machine")
    )?;
    writeln!(out, "\nFirst crawl: {} articles stored", first.new_articles)?;
    for article in reader.headlines(usize::MAX)? {
        let title = brief(article.title.as_deref().unwrap_or("(no title)"), 60);
        writeln!(
            out,
            "  {:<16} {title:<60} {:>4} words",
            article.site, article.words
        )?;
    }
    let others: Vec<String> = first
        .outcomes
        .iter()
        .filter(|(outcome, _)| !outcome.is_article())
        .map(|(outcome, n)| format!("{n} {outcome}"))
        .collect();
    writeln!(out, "  and pages that are no articles: {}", others.join(", "))?;
    let removed: u64 = first.removed.values().sum();
    writeln!(out, "\nTaken out of them: {removed} blocks")?;
    for (category, n) in &first.removed {
        writeln!(out, "  {} {n:>3}", paint.red(&format!("{category:<12}")))?;
    }
    writeln!(
        out,
        "\nSecond crawl, a day later: {} new, {} revised, {} unchanged (an appeal that was reworded is no revision)",
        second.new_articles,
        second.revised,
        second
            .outcomes
            .get(&crate::outcome::Outcome::Unchanged)
            .copied()
            .unwrap_or(0),
    )?;
    for change in reader.changes(0)? {
        let title = change.title_after.as_deref().unwrap_or("(no title)");
        writeln!(
            out,
            "  “{}” is now version {}: {} words, {} before",
            brief(title, 60),
            change.version,
            change.words_after,
            change.words_before
        )?;
    }
    for (text, pattern, holding) in reader.repeated()? {
        writeln!(
            out,
            "  taken out of it, though no rule knows it, for it stands {pattern}: “{}”",
            brief(&text, 60)
        )?;
        writeln!(
            out,
            "  {holding} texts that were stored before it was learned still hold it: `copydesk reextract` makes texts anew"
        )?;
    }
    let path = std::path::absolute(db)?;
    writeln!(out, "\nIt is all in {}. Try:\n", path.display())?;
    for query in QUERIES {
        writeln!(out, "  sqlite3 {} \"{query}\"", db.display())?;
    }
    if Path::new(SAMPLE_SITES).is_dir() {
        writeln!(
            out,
            "\nIts rule files are in {SAMPLE_SITES}; to practise on them:\n"
        )?;
        for words in ["sites check lowland-post", "reextract --dry-run"] {
            writeln!(
                out,
                "  copydesk {words} --db {} --sites {SAMPLE_SITES}",
                db.display()
            )?;
        }
    }
    Ok(())
}
