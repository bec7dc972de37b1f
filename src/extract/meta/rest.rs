//! The smaller fields: section, keywords, language, addresses, access, advertising. Owns their
//! default chains; headline, dek, people and dates have files of their own.

use url::Url;

use super::collect::{Found, prop_value};
use super::json_ld::{JsonLd, truth_word};
use super::language;
use crate::article::Access;
use crate::dom::{Dom, Selector};
use crate::text::fold;

/// Most keywords that are kept.
const MAX_KEYWORDS: usize = 100;
/// Longest keyword or section, in characters: what is longer is a sentence.
const MAX_TERM_CHARS: usize = 100;

/// Sections and genres that say a story is advertising, as keys (letters only, lower case). From
/// the labels that press councils ask for.
const ADVERTISING: &[&str] = &[
    "advertorial",
    "sponsored",
    "sponsoredcontent",
    "sponsoredpost",
    "paidpost",
    "paidcontent",
    "partnercontent",
    "brandedcontent",
    "advertisement",
    "anzeige",
    "annoncørbetalt",
    "annonsørinnhold",
    "annons",
    "publicité",
    "publirreportaje",
    "contenidopatrocinado",
    "publiredazionale",
    "conteúdopatrocinado",
    "artykułsponsorowany",
];

/// A value as found, and its source.
pub(super) type Sourced<T> = (T, String, String);

/// Section of the paper.
pub(super) fn section(found: &Found<'_>, ld: &JsonLd) -> Option<Sourced<String>> {
    let keys = [
        "article:section",
        "og:article:section",
        "section",
        "cxenseparse:section",
        "sailthru.section",
    ];
    from_ld(ld, "articleSection")
        .chain(
            keys.iter()
                .flat_map(|k| found.meta(k).map(move |v| (v, source_of(k)))),
        )
        .chain(props(found, "articleSection"))
        .filter(|(v, _)| !v.starts_with("http"))
        .map(|(v, source)| (first_of_list(&v).to_owned(), v, source))
        .find(|(v, ..)| !v.is_empty() && v.chars().count() <= MAX_TERM_CHARS)
}

/// The first of several sections in one string, `News,Politics`; a comma inside a name has a space after it.
fn first_of_list(sections: &str) -> &str {
    let end = sections
        .match_indices(',')
        .find(|(at, _)| !sections[at + 1..].starts_with(char::is_whitespace))
        .map_or(sections.len(), |(at, _)| at);
    sections[..end].trim()
}

/// Keywords of the first source that has any: what editors give before what search engines get.
pub(super) fn keywords(found: &Found<'_>, ld: &JsonLd) -> Option<Sourced<Vec<String>>> {
    let ld_words = ld.get("keywords");
    if !ld_words.is_empty() {
        let raw = ld_words.join(", ");
        return Some((split_terms(&raw), raw, "json-ld:keywords".to_owned()));
    }
    for key in [
        "news_keywords",
        "article:tag",
        "og:article:tag",
        "keywords",
        "sailthru.tags",
        "parsely-tags",
    ] {
        let raw = found.meta(key).collect::<Vec<_>>().join(", ");
        let terms = split_terms(&raw);
        if !terms.is_empty() {
            return Some((terms, raw, source_of(key)));
        }
    }
    None
}

/// Terms of a list separated by commas or semicolons, folded, once each whatever the case.
pub(super) fn split_terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    for term in text.split([',', ';', '、', '،']) {
        let term = fold(term);
        if !term.is_empty() && term.chars().count() <= MAX_TERM_CHARS && terms.len() < MAX_KEYWORDS {
            super::authors::push_once(&mut terms, term);
        }
    }
    terms
}

/// Language of the page, as a BCP 47 tag.
pub(super) fn language(found: &Found<'_>, ld: &JsonLd) -> Option<Sourced<String>> {
    let html = ["lang", "xml:lang"].iter().filter_map(|a| {
        let value = found.root.attr(a)?;
        Some((value.to_owned(), format!("html:html@{a}")))
    });
    let metas = [
        "og:locale",
        "content-language",
        "language",
        "dc.language",
        "dcterms.language",
    ];
    html.chain(from_ld(ld, "inLanguage"))
        .chain(
            metas
                .iter()
                .flat_map(|k| found.meta(k).map(move |v| (v, source_of(k)))),
        )
        .find_map(|(raw, source)| Some((language::normalise(&raw)?, raw, source)))
}

/// `rel=canonical` (RFC 6596), absolute and in canonical form.
pub(super) fn canonical(found: &Found<'_>, base: Option<&Url>) -> Option<Sourced<String>> {
    found
        .links
        .iter()
        .filter(|(rel, _)| has_rel(rel, "canonical"))
        .find_map(|(_, href)| {
            let url = match base {
                Some(base) => crate::address::resolve(base, href),
                None => crate::address::parse(href),
            };
            Some((
                url.ok()?.into(),
                (*href).to_owned(),
                "html:link[rel=canonical]".to_owned(),
            ))
        })
}

/// The page's own main image, absolute.
pub(super) fn lead_image(found: &Found<'_>, ld: &JsonLd, base: Option<&Url>) -> Option<Sourced<String>> {
    let metas = [
        "og:image",
        "og:image:secure_url",
        "og:image:url",
        "twitter:image",
        "twitter:image:src",
    ];
    let ld_images = ld.values("image").into_iter().filter_map(|v| {
        let object = ld.resolve(v).as_object();
        let own = |k: &str| object?.get(k)?.as_str();
        let url = v
            .as_str()
            .or_else(|| own("url"))
            .or_else(|| own("contentUrl"))
            .or_else(|| own("@id"))?;
        Some((url.to_owned(), "json-ld:image".to_owned()))
    });
    let links = found.links.iter().filter(|(rel, _)| has_rel(rel, "image_src"));
    metas
        .iter()
        .flat_map(|k| found.meta(k).map(move |v| (v, source_of(k))))
        .chain(ld_images)
        .chain(links.map(|(_, href)| ((*href).to_owned(), "html:link[rel=image_src]".to_owned())))
        .chain(props(found, "image"))
        .find_map(|(raw, source)| Some((absolute(&raw, base)?, raw, source)))
}

/// An http or https address as it stands, made absolute: an image's query is often its signature,
/// so nothing is dropped from it.
fn absolute(href: &str, base: Option<&Url>) -> Option<String> {
    let url = match base {
        Some(base) => base.join(href.trim()),
        None => Url::parse(href.trim()),
    };
    let url = url
        .ok()
        .filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())?;
    (url.as_str().len() <= crate::address::MAX_URL_BYTES).then(|| url.into())
}

/// Whether it can be read without paying. The tier is asked first: schema.org has no word for
/// metered, so metered stories call themselves not free there.
pub(super) fn access(found: &Found<'_>, ld: &JsonLd) -> Option<Sourced<Access>> {
    for key in [
        "article:content_tier",
        "og:article:content_tier",
        "og:content_tier",
    ] {
        for raw in found.meta(key) {
            let access = match raw.to_ascii_lowercase().as_str() {
                "free" => Access::Free,
                "metered" => Access::Metered,
                "locked" | "paid" | "premium" => Access::Paywalled,
                _ => continue,
            };
            return Some((access, raw, source_of(key)));
        }
    }
    let of = |free: bool| if free { Access::Free } else { Access::Paywalled };
    if let Some(free) = ld.is_accessible_for_free() {
        return Some((
            of(free),
            free.to_string(),
            "json-ld:isAccessibleForFree".to_owned(),
        ));
    }
    props(found, "isAccessibleForFree").find_map(|(raw, source)| Some((of(truth_word(&raw)?), raw, source)))
}

/// Whether it is advertising in a story's dress, and what says so: the site's selector, the
/// story's own type, its section or genre. A link marked `rel=sponsored` says nothing: real
/// stories have such links.
pub(super) fn sponsored(
    dom: &Dom,
    found: &Found<'_>,
    ld: &JsonLd,
    rule: Option<&Selector>,
    section: Option<&str>,
) -> Option<(String, String)> {
    if let Some(selector) = rule
        && let Some(element) = dom.first(selector)
    {
        let value: String = element.text().chars().take(MAX_TERM_CHARS).collect();
        return Some((value, format!("rule:{}", selector.source())));
    }
    if let Some(kind) = ld.types().into_iter().find(|t| *t == "AdvertiserContentArticle") {
        return Some((kind.to_owned(), "json-ld:@type".to_owned()));
    }
    let is_advertising = |v: &str| {
        let key = super::title::key(v);
        ADVERTISING.contains(&key.as_str())
    };
    if let Some(section) = section.filter(|s| is_advertising(s)) {
        return Some((section.to_owned(), "section".to_owned()));
    }
    let flags = ["sponsored", "article:sponsored", "is_sponsored", "advertorial"];
    let flagged = flags
        .iter()
        .flat_map(|k| found.meta(k).map(move |v| (v, source_of(k))));
    let flagged = flagged.filter(|(v, _)| truth_word(v) == Some(true) || is_advertising(v));
    let genre = from_ld(ld, "genre").filter(|(v, _)| is_advertising(v));
    flagged.chain(genre).next()
}

/// How a meta's source is written: Open Graph's with their own word.
pub(super) fn source_of(key: &str) -> String {
    if key.starts_with("og:") {
        key.to_owned()
    } else {
        format!("meta:{key}")
    }
}

fn has_rel(rel: &str, word: &str) -> bool {
    rel.split_ascii_whitespace().any(|r| r.eq_ignore_ascii_case(word))
}

fn from_ld<'s>(ld: &'s JsonLd, path: &'s str) -> impl Iterator<Item = (String, String)> + 's {
    ld.get(path)
        .into_iter()
        .map(move |v| (v, format!("json-ld:{path}")))
}

fn props<'s>(found: &'s Found<'_>, name: &'s str) -> impl Iterator<Item = (String, String)> + 's {
    found
        .story_props(name)
        .filter_map(prop_value)
        .map(move |v| (v, format!("microdata:{name}")))
}
