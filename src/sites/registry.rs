//! All rules of a run: owns loading them (the built-in set, a directory over it), laying families
//! under sites, and finding the site of a name, a host or an address.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use url::Url;

use super::builtin::builtin_sources;
use super::compile::{Parts, compile};
use super::fault::{RuleFault, Source};
use super::files;
use super::json_schema::FileKind;
use super::rule::{CommonRules, CrawlRules, Discover, Site};
use crate::address::bare_host;

/// Name of the file with the strips for all sites.
pub(super) const COMMON: &str = "common.toml";
/// Directory of the families.
const FAMILIES: &str = "families/";

/// Why a site is not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SitesError {
    /// No rule file has this id or host.
    #[error("no rules for {name}: {}create sites/{name}.toml, or have it written: copydesk sites new URL", did_you_mean(.near.as_deref()))]
    Unknown {
        /// As it was typed.
        name: String,
        /// The id that may be meant.
        near: Option<String>,
    },
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("did you mean {near}? Else "))
}

/// The rules of every site, ready for use.
#[derive(Debug, Clone)]
pub struct Sites {
    by_id: BTreeMap<String, Arc<Site>>,
    /// Host without `www.` to id.
    exact: HashMap<String, String>,
    /// Parent of a wildcard to id.
    wildcard: HashMap<String, String>,
    common: Arc<CommonRules>,
    /// The files as written, by relative path: what is found in them later is shown with its line.
    pub(super) files: BTreeMap<String, Arc<Source>>,
}

impl Sites {
    /// The rules that come with the program.
    ///
    /// # Panics
    /// When a built-in file is broken, which a test of every build would show.
    pub fn builtin() -> Self {
        Self::from_sources(builtin_sources())
            .unwrap_or_else(|faults| panic!("built-in rules do not load: {faults:?}"))
    }

    /// The built-in rules with a directory laid over them, file by file, by relative path:
    /// `common.toml` and `families/` too.
    ///
    /// # Errors
    /// Every fault of every file, in the order of the files. A named directory that is missing is
    /// one, too: pass `None` for a default one that need not exist.
    pub fn load(overlay: Option<&Path>) -> Result<Self, Vec<RuleFault>> {
        let mut sources: BTreeMap<String, Source> = builtin_sources().map(built_in).collect();
        let mut faults = Vec::new();
        if let Some(directory) = overlay {
            let (files, unread) = files::read_directory(directory);
            faults = unread;
            sources.extend(files.into_iter().map(|source| (source.relative.clone(), source)));
        }
        match build(sources) {
            Ok(sites) if faults.is_empty() => Ok(sites),
            Ok(_) => Err(faults),
            Err(more) => {
                faults.extend(more);
                Err(faults)
            }
        }
    }

    /// A set of its own, from paths as `x.toml`, `families/y.toml`, `common.toml` and their texts.
    /// Without a `common.toml` there are no common strips.
    ///
    /// # Errors
    /// Every fault of every file, in the order of their paths.
    pub fn from_sources<P, T>(files: impl IntoIterator<Item = (P, T)>) -> Result<Self, Vec<RuleFault>>
    where
        P: Into<String>,
        T: Into<String>,
    {
        build(files.into_iter().map(built_in).collect())
    }

    /// The site with this id.
    pub fn get(&self, id: &str) -> Option<Arc<Site>> {
        self.by_id.get(id).cloned()
    }

    /// Every site, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.by_id.values()
    }

    /// The site of an address's host.
    pub fn for_url(&self, url: &Url) -> Option<Arc<Site>> {
        self.for_host(url.host_str()?)
    }

    /// The site of a host: one that names it before one whose wildcard does, of those the one with
    /// the longest name. A leading `www.` does not count.
    pub fn for_host(&self, host: &str) -> Option<Arc<Site>> {
        let host = host.to_ascii_lowercase();
        let host = bare_host(host.strip_suffix('.').unwrap_or(&host));
        if let Some(id) = self.exact.get(host) {
            return self.get(id);
        }
        let mut rest = host;
        while let Some((_, parent)) = rest.split_once('.') {
            if let Some(id) = self.wildcard.get(parent) {
                return self.get(id);
            }
            rest = parent;
        }
        None
    }

    /// The site a person means by an id, a host or an address.
    ///
    /// # Errors
    /// When there is none, with the file to create.
    pub fn resolve(&self, name_or_host: &str) -> Result<Arc<Site>, SitesError> {
        let typed = name_or_host.trim();
        let host = match Url::parse(typed).ok().filter(|u| u.has_host()) {
            Some(url) => url.host_str().unwrap_or_default().to_owned(),
            None => typed.to_owned(),
        };
        self.get(typed).or_else(|| self.for_host(&host)).ok_or_else(|| {
            let known = self.by_id.keys().chain(self.exact.keys());
            let near = super::fault::near_miss(&host, known.map(String::as_str));
            SitesError::Unknown {
                near: near.map(str::to_owned),
                name: host,
            }
        })
    }

    /// What is true of every site.
    pub fn common(&self) -> Arc<CommonRules> {
        Arc::clone(&self.common)
    }
}

fn built_in<P: Into<String>, T: Into<String>>((path, text): (P, T)) -> (String, Source) {
    let relative = path.into();
    let source = Source {
        shown: format!("sites/{relative}"),
        text: text.into(),
        relative: relative.clone(),
    };
    (relative, source)
}

/// One compiled file.
struct Compiled {
    source: Arc<Source>,
    parts: Parts,
}

fn build(sources: BTreeMap<String, Source>) -> Result<Sites, Vec<RuleFault>> {
    let mut faults = Vec::new();
    let mut common = None;
    let mut families: BTreeMap<String, Compiled> = BTreeMap::new();
    let mut sites: BTreeMap<String, Compiled> = BTreeMap::new();
    for (relative, source) in sources {
        let (kind, stem) = kind_of(&relative);
        let source = Arc::new(source);
        if let Err((message, help)) = files::within_limit(source.text.len()).and(stem_is_sound(&stem)) {
            faults.push(RuleFault::new(&source, "", 0..0, message, Some(help.to_owned())));
            continue;
        }
        let (parts, found) = compile(&source, kind);
        faults.extend(found);
        let compiled = Compiled { source, parts };
        match kind {
            FileKind::Common => common = Some(compiled),
            FileKind::Family => drop(families.insert(stem, compiled)),
            FileKind::Site => drop(sites.insert(stem, compiled)),
        }
    }
    let (exact, wildcard) = claims(&sites, &mut faults);
    let common_text = common.as_ref().map_or("", |c| c.source.text.as_str());
    let mut by_id = BTreeMap::new();
    for (id, compiled) in &sites {
        let family = match &compiled.parts.extends {
            None => None,
            Some((name, span)) => {
                let family = families.get(name);
                if family.is_none() {
                    faults.push(unknown_family(compiled, name, span.clone(), &families));
                }
                family.map(|family| (name.as_str(), family))
            }
        };
        let site = assemble(id, compiled, family, common_text);
        by_id.insert(id.clone(), Arc::new(site));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let sha256 = sha256_of(&[common_text]);
    let files = sites
        .into_values()
        .chain(families.into_values())
        .map(|compiled| compiled.source)
        .chain(common.as_ref().map(|c| c.source.clone()))
        .map(|source| (source.relative.clone(), source))
        .collect();
    let strips = common.map_or_else(Vec::new, |c| c.parts.strips);
    Ok(Sites {
        by_id,
        exact,
        wildcard,
        common: Arc::new(CommonRules { strips, sha256 }),
        files,
    })
}

pub(super) fn kind_of(relative: &str) -> (FileKind, String) {
    let stem = |path: &str| path.strip_suffix(".toml").unwrap_or(path).to_owned();
    match relative.strip_prefix(FAMILIES) {
        Some(name) => (FileKind::Family, stem(name)),
        None if relative == COMMON => (FileKind::Common, stem(relative)),
        None => (FileKind::Site, stem(relative)),
    }
}

/// A file's stem is an id: it is typed on the command line and stands in the database.
fn stem_is_sound(stem: &str) -> Result<(), (String, &'static str)> {
    let sound = stem.starts_with(|c: char| c.is_ascii_alphanumeric())
        && stem
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if sound {
        Ok(())
    } else {
        Err((
            format!("not a name for a rule file: \"{stem}\""),
            "use letters, digits, dots and hyphens only, as in the-post.toml",
        ))
    }
}

/// Who has which host; two files with the same one are a fault of the second.
fn claims(
    sites: &BTreeMap<String, Compiled>,
    faults: &mut Vec<RuleFault>,
) -> (HashMap<String, String>, HashMap<String, String>) {
    let (mut exact, mut wildcard) = (HashMap::new(), HashMap::new());
    for (id, compiled) in sites {
        for (host, span) in &compiled.parts.hosts {
            let (index, name) = match host.wildcard() {
                Some(parent) => (&mut wildcard, parent),
                None => (&mut exact, bare_host(&host.written)),
            };
            let first = index.entry(name.to_owned()).or_insert_with(|| id.clone());
            if first != id {
                let other = &sites[first.as_str()].source.shown;
                faults.push(RuleFault::new(
                    &compiled.source,
                    "hosts",
                    span.clone(),
                    format!("{host} is claimed by {other} too"),
                    Some(format!(
                        "take it out of one of the two, or name this file {first}.toml to replace the other"
                    )),
                ));
            }
        }
    }
    (exact, wildcard)
}

fn unknown_family(
    compiled: &Compiled,
    name: &str,
    span: Range<usize>,
    families: &BTreeMap<String, Compiled>,
) -> RuleFault {
    let near = super::fault::near_miss(name, families.keys().map(String::as_str));
    let help = match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("create sites/{FAMILIES}{name}.toml"),
    };
    let message = format!("no family \"{name}\"");
    RuleFault::new(&compiled.source, "extends", span, message, Some(help))
}

/// Lays the family under the site: single values from the site where it has them, lists joined,
/// the site's first.
fn assemble(id: &str, compiled: &Compiled, family: Option<(&str, &Compiled)>, common_text: &str) -> Site {
    let nothing = Parts::default();
    let own = &compiled.parts;
    let base = family.map_or(&nothing, |(_, family)| &family.parts);
    let family_text = family.map_or("", |(_, family)| family.source.text.as_str());
    let (listings, under) = (&own.discover, &base.discover);
    Site {
        id: id.to_owned(),
        name: own.name.clone().unwrap_or_default(),
        hosts: own.hosts.iter().map(|(host, _)| host.clone()).collect(),
        country: own.country.clone().or_else(|| base.country.clone()),
        language: own.language.clone().or_else(|| base.language.clone()),
        timezone: own.timezone.clone().or_else(|| base.timezone.clone()),
        enabled: own.enabled.unwrap_or(true),
        discover: Discover {
            feeds: joined(&listings.feeds, &under.feeds),
            sitemaps: joined(&listings.sitemaps, &under.sitemaps),
            sections: joined(&listings.sections, &under.sections),
            include: joined(&listings.include, &under.include),
            exclude: joined(&listings.exclude, &under.exclude),
            max_age: listings.max_age.or(under.max_age),
            listed: listings.listed || under.listed,
        },
        crawl: CrawlRules {
            every: own.crawl.every.or(base.crawl.every),
            delay: own.crawl.delay.or(base.crawl.delay),
            revisit: joined(&own.crawl.revisit, &base.crawl.revisit),
            headers: headers(&own.crawl.headers, &base.crawl.headers),
            budget: own.crawl.budget.over(base.crawl.budget),
        },
        layouts: joined(&own.layouts, &base.layouts),
        strips: joined(&own.strips, &base.strips),
        keep: joined(&own.keep, &base.keep),
        replace: joined(&own.replace, &base.replace),
        sponsored: own.sponsored.clone().or_else(|| base.sponsored.clone()),
        next_page: own.next_page.clone().or_else(|| base.next_page.clone()),
        single_page: own.single_page.clone().or_else(|| base.single_page.clone()),
        checks: own.checks.clone(),
        family: family.map(|(name, _)| name.to_owned()),
        file: compiled.source.relative.clone(),
        sha256: sha256_of(&[&compiled.source.text, family_text, common_text]),
    }
}

fn joined<T: Clone>(own: &[T], base: &[T]) -> Vec<T> {
    own.iter().chain(base).cloned().collect()
}

/// A header is one value by its name: the site's own takes the place of its family's.
fn headers(own: &[(String, String)], base: &[(String, String)]) -> Vec<(String, String)> {
    let inherited = base
        .iter()
        .filter(|(name, _)| !own.iter().any(|(mine, _)| mine.eq_ignore_ascii_case(name)));
    own.iter().chain(inherited).cloned().collect()
}

/// SHA-256, hex, over texts, each followed by a byte that no TOML file holds.
fn sha256_of(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
