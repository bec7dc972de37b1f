//! The pages that `sites new` writes rules by: fetched, or chosen from capture folders; all of one site.

use std::collections::BTreeMap;

use anyhow::bail;
use url::Url;

use super::super::capture::{self, Failed};
use crate::address::{self, bare_host};
use crate::cli::NewArgs;
use crate::config::Config;
use crate::pipeline::authoring::Specimen;
use crate::pipeline::capture::{CapturedPage, Captures, save};
use crate::pipeline::errand::Errand;
use crate::sites::Sites;

/// Hosts named when there are too many.
const SHOWN_HOSTS: usize = 12;

/// What there is to work with.
pub(super) struct Pages {
    /// The pages, of one site.
    pub(super) specimens: Vec<Specimen>,
    /// Sitemaps that the site's robots.txt names.
    pub(super) sitemaps: Vec<Url>,
    /// Pages that could not be had.
    pub(super) failed: Vec<Failed>,
}

/// The host of the site, known before anything is fetched.
pub(super) fn host(args: &NewArgs) -> anyhow::Result<Option<String>> {
    if !args.pages.is_empty() {
        return Ok(None);
    }
    let mut hosts = BTreeMap::new();
    for target in &args.targets {
        let url = address::parse(target)
            .map_err(|e| anyhow::anyhow!("{e}; or take pages from a capture folder with --pages"))?;
        *hosts.entry(host_of(&url)).or_insert(0) += 1;
    }
    one_site(&hosts, "give pages of one site at a time").map(Some)
}

/// The pages of capture folders that the command line means.
pub(super) fn captured(args: &NewArgs, sites: &Sites) -> anyhow::Result<Pages> {
    let captures = Captures::open(&args.pages)?;
    let wanted: Vec<&CapturedPage> = captures
        .iter()
        .filter(|page| args.targets.is_empty() || args.targets.iter().any(|t| means(t, &page.url, sites)))
        .collect();
    if wanted.is_empty() {
        bail!(
            "no page of {} in the capture folder",
            if args.targets.is_empty() {
                "any site".to_owned()
            } else {
                args.targets.join(", ")
            }
        );
    }
    let mut hosts = BTreeMap::new();
    for page in &wanted {
        *hosts.entry(host_of(&page.url)).or_insert(0) += 1;
    }
    if args.targets.is_empty() {
        one_site(
            &hosts,
            "name the host behind the folder, as `copydesk sites new --pages DIR HOST`",
        )?;
    }
    let mut specimens = Vec::new();
    for page in wanted {
        specimens.push(Specimen {
            url: page.url.clone(),
            content_type: page.content_type.clone(),
            bytes: page.bytes()?,
        });
    }
    Ok(Pages {
        specimens,
        sitemaps: Vec::new(),
        failed: Vec::new(),
    })
}

/// Fetches the pages, with manners.
pub(super) fn fetched(config: &Config, args: &NewArgs, sites: &Sites) -> anyhow::Result<Pages> {
    let errand = Errand::new(&config.into(), args.allow_private, sites)?;
    let mut pages = Pages {
        specimens: Vec::new(),
        sitemaps: Vec::new(),
        failed: Vec::new(),
    };
    for target in &args.targets {
        match capture::fetch(&errand, target) {
            Ok(page) => {
                if let Some(dir) = &args.into {
                    save(dir, &page)?;
                }
                let url = address::canonical(page.url);
                if pages.specimens.iter().any(|s| s.url == url) {
                    continue;
                }
                if pages.specimens.is_empty() {
                    pages.sitemaps = errand.sitemaps(&url);
                }
                pages.specimens.push(Specimen {
                    url,
                    content_type: page.content_type,
                    bytes: page.body,
                });
            }
            Err(failed) => {
                failed.tell();
                pages.failed.push(failed);
            }
        }
    }
    Ok(pages)
}

/// Whether a word of the command line, a host or an address, means a page. A sub-domain is meant too,
/// unless it is a site of its own.
fn means(target: &str, page: &Url, sites: &Sites) -> bool {
    match address::parse(target) {
        Ok(url) if url.path() != "/" => url == *page,
        parsed => {
            let host = parsed.map_or_else(|_| target.to_ascii_lowercase(), |url| host_of(&url));
            let (host, of_page) = (bare_host(&host), host_of(page));
            let holder = |host: &str| sites.for_host(host).map(|site| site.id.clone());
            let below = || of_page.ends_with(&format!(".{host}"));
            of_page == host || below() && holder(&of_page).is_none_or(|id| Some(id) == holder(host))
        }
    }
}

pub(super) fn host_of(url: &Url) -> String {
    bare_host(url.host_str().unwrap_or_default()).to_owned()
}

/// The host that all others are sub-domains of.
fn one_site(hosts: &BTreeMap<String, usize>, advice: &str) -> anyhow::Result<String> {
    let shortest = hosts.keys().min_by_key(|h| h.len()).cloned().unwrap_or_default();
    let sub = format!(".{shortest}");
    if hosts.keys().all(|h| *h == shortest || h.ends_with(&sub)) {
        return Ok(shortest);
    }
    let shown: Vec<String> = hosts
        .iter()
        .take(SHOWN_HOSTS)
        .map(|(h, n)| format!("{h} ({n})"))
        .collect();
    let more = if hosts.len() > SHOWN_HOSTS { " …" } else { "" };
    bail!(
        "pages of {} sites: {}{more}; {advice}",
        hosts.len(),
        shown.join(", ")
    )
}
