//! `copydesk forget`: what is known of addresses goes, so that they are asked again. Works beside a crawl
//! that is at work.

use std::io::Write;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde_json::json;
use url::Url;

use crate::address;
use crate::cli::ForgetArgs;
use crate::config::Config;
use crate::sites::SitesError;
use crate::store::{Forgotten, Reader, Store, Writer};

use super::{Ending, page};

/// Runs the command.
pub(super) fn run(config: &Config, args: &ForgetArgs) -> anyhow::Result<Ending> {
    // Asked first: without a database there is nothing to forget, and none is made.
    let reader = Reader::open(&config.db)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let forgotten = runtime.block_on(async {
        let writer = Store::open(&config.db)?.writer()?;
        let forgotten = match &args.site {
            Some(name) => site(config, &reader, &writer, name).await,
            None => pages(&writer, &args.urls).await,
        };
        drop(reader);
        writer.close().await?;
        forgotten
    })?;
    let mut out = std::io::stdout().lock();
    let database = std::path::absolute(&config.db)?;
    if config.json {
        let all = json!({ "database": database, "queued": forgotten.queued, "dropped": forgotten.dropped });
        writeln!(out, "{all}")?;
    } else {
        writeln!(
            out,
            "{} addresses are asked again at the next crawl, {} when a listing names them; stored articles stay",
            forgotten.queued, forgotten.dropped
        )?;
    }
    Ok(Ending::Well)
}

async fn pages(writer: &Writer, urls: &[String]) -> anyhow::Result<Forgotten> {
    let urls: Vec<Url> = urls
        .iter()
        .map(|url| address::parse(url).with_context(|| format!("{url}: not an address")))
        .collect::<Result<_, _>>()?;
    let mut all = Forgotten::default();
    let mut unknown = Vec::new();
    for url in urls {
        match writer.forget_url(url.to_string(), Timestamp::now()).await? {
            Some(forgotten) => all.queued += forgotten.queued,
            None => unknown.push(url.to_string()),
        }
    }
    if !unknown.is_empty() {
        bail!(
            "nothing is known of {}: see table `pages`{}",
            unknown.join(", "),
            if all.queued > 0 {
                "; the others are forgotten"
            } else {
                ""
            }
        );
    }
    Ok(all)
}

async fn site(config: &Config, reader: &Reader, writer: &Writer, name: &str) -> anyhow::Result<Forgotten> {
    let rulebook = page::rulebook(config)?;
    // A site whose rule file is gone may still be in the database.
    let site = rulebook.sites().resolve(name);
    let id = match &site {
        Ok(site) => site.id.clone(),
        Err(_) if reader.knows_site(name)? => name.to_owned(),
        Err(SitesError::Unknown { near: Some(near), .. }) => {
            bail!("nothing is known of {name}; did you mean {near}?")
        }
        Err(_) => bail!("nothing is known of {name}: `copydesk status -v` lists the sites there are"),
    };
    let robots = reader.robots_copies()?.into_iter().map(|copy| copy.origin);
    let is_its_own = |origin: &String| {
        let url = Url::parse(origin);
        url.is_ok_and(|url| site.as_ref().is_ok_and(|site| site.owns(&url)))
    };
    let origins = robots.filter(is_its_own).collect();
    Ok(writer.forget_site(id, origins, Timestamp::now()).await?)
}
