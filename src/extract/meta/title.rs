//! The headline: which of a page's several is it, without the site's name. Owns the choice and
//! the cutting; the order is stated in `docs/metadata.md`.

use super::collect::Found;
use super::json_ld::JsonLd;
use crate::text::{fold, lower_letters, unescape_twice};

/// What separates a headline from the name of the site or section behind it.
const SEPARATORS: &[&str] = &[
    " | ", " - ", " – ", " — ", " :: ", " · ", " • ", " » ", " › ", " / ", " : ", " ~ ", "｜", "：", "|",
];
/// Shortest key of a headline that another text may be cut to, in characters.
const MIN_KEY_CHARS: usize = 8;

/// Most lower headings that are asked.
const MAX_HEADINGS: usize = 40;

/// A headline and its source.
pub(super) struct Headline {
    pub(super) text: String,
    pub(super) found: String,
    pub(super) source: &'static str,
}

/// A text as compared: letters and digits of any script, lower case; everything else may differ
/// between two copies of one headline.
pub(super) fn key(text: &str) -> String {
    lower_letters(text)
}

/// The names a site calls itself, as keys.
pub(super) struct SiteNames(Vec<String>);

impl SiteNames {
    /// Gathers them from metas, JSON-LD's publisher and the host.
    pub(super) fn of(found: &Found<'_>, ld: &JsonLd, host: Option<&str>) -> Self {
        let metas = [
            "og:site_name",
            "application-name",
            "apple-mobile-web-app-title",
            "publisher",
            "dc.publisher",
            "copyright",
        ];
        let mut names: Vec<String> = metas.iter().flat_map(|k| found.meta(k)).collect();
        names.extend(ld.get("publisher.name"));
        names.extend(ld.get("publisher.legalName"));
        if let Some(host) = host {
            let bare = crate::address::bare_host(host);
            names.push(bare.to_owned());
            // `news.orf.at`: also `orf.at` and `orf`.
            let labels: Vec<&str> = bare.split('.').collect();
            for n in 0..labels.len().saturating_sub(1) {
                names.push(labels[n..].join("."));
                names.push(labels[n].to_owned());
            }
        }
        // `Deutsche Welle (www.dw.com)`.
        let unbracketed: Vec<String> = names
            .iter()
            .filter_map(|n| n.split_once(" ("))
            .map(|(n, _)| n.to_owned())
            .collect();
        names.extend(unbracketed);
        let mut keys: Vec<String> = names
            .iter()
            .map(|n| key(n))
            .filter(|k| k.chars().count() > 1)
            .collect();
        let bare: Vec<String> = keys.iter().filter_map(|k| without_article(k)).collect();
        keys.extend(bare);
        Self(keys)
    }

    /// Whether a text is a name of the site, give or take an article or a top-level domain.
    pub(super) fn is_one(&self, text: &str) -> bool {
        let key = key(text);
        let bare = without_article(&key);
        self.0.iter().any(|n| *n == key || Some(n) == bare.as_ref())
    }

    /// Whether a text is a name of the site with little more: `FAZ.NET online`, `News - The Paper`.
    pub(super) fn is_tail(&self, text: &str) -> bool {
        let key = key(text);
        self.is_one(text)
            || self.0.iter().any(|n| {
                let (long, short) = (n.chars().count(), key.chars().count());
                (long >= 4 && key.contains(n.as_str()) && short <= long + 16)
                    // A title cut off in the middle of the site's name.
                    || (short >= 4 && n.starts_with(key.as_str()))
            })
    }
}

fn without_article(key: &str) -> Option<String> {
    ["the", "der", "die", "das", "le", "la", "el"]
        .iter()
        .find_map(|a| key.strip_prefix(a))
        .filter(|rest| rest.chars().count() > 2)
        .map(str::to_owned)
}

/// The headline by the default chain.
pub(super) fn choose(found: &Found<'_>, ld: &JsonLd, site: &SiteNames) -> Option<Headline> {
    // A site's name is no headline, wherever it stands in place of one.
    let other = |t: &String| !site.is_one(t);
    let og = found
        .meta("og:title")
        .next()
        .map(|t| without_tags(&t))
        .filter(other);
    let ld_raw = ld
        .get("headline")
        .into_iter()
        .next()
        .map(|t| without_tags(&t))
        .filter(other);
    let ld_cut = ld_raw.as_deref().map(|t| cut_tail(t, site));
    let shown = shown(found, og.as_deref(), ld_cut.as_deref(), site);
    let headline = |text: String, found: &str, source| Headline {
        text,
        found: found.to_owned(),
        source,
    };

    if let Some(og) = &og {
        let text = cut(og, ld_cut.as_deref(), shown.as_deref(), site);
        let (own, ld_key, shown_key) = (key(&text), ld_cut.as_deref().map(key), shown.as_deref().map(key));
        let shortens = [&ld_cut, &shown]
            .into_iter()
            .flatten()
            .any(|whole| is_shortened(&text, whole));
        let agrees = shortens
            || [&ld_key, &shown_key]
                .into_iter()
                .flatten()
                .any(|k| k.contains(&own) || own.contains(k.as_str()));
        let cut_off = [&ld_cut, &shown]
            .into_iter()
            .flatten()
            .any(|whole| is_cut_off(&text, whole));
        if !cut_off && (agrees || ld_key.is_none()) {
            return Some(headline(text, og, "og:title"));
        }
        if let (Some(ld), Some(raw)) = (ld_cut, &ld_raw) {
            // Open Graph's is written for sharing; the story's own object names the story.
            return Some(headline(ld, raw, "json-ld:headline"));
        }
        if let (true, Some(shown)) = (cut_off, &shown) {
            return Some(headline(shown.clone(), shown, "html:h1"));
        }
        return Some(headline(text, og, "og:title"));
    }
    if let (Some(ld), Some(raw)) = (ld_cut, &ld_raw) {
        return Some(headline(ld, raw, "json-ld:headline"));
    }
    if let Some(h1) = shown {
        return Some(headline(h1.clone(), &h1, "html:h1"));
    }
    if let Some(twitter) = found.meta("twitter:title").next().filter(other) {
        return Some(headline(cut_tail(&twitter, site), &twitter, "meta:twitter:title"));
    }
    let title = found.title.clone()?;
    Some(headline(cut_tail(&title, site), &title, "html:title"))
}

/// The headline as readers see it: of the `h1`s the one that the metadata or the window title
/// repeats, else microdata's, else the first that is not the site's name.
fn shown(found: &Found<'_>, og: Option<&str>, ld: Option<&str>, site: &SiteNames) -> Option<String> {
    let texts: Vec<String> = found
        .headlines
        .iter()
        .take(20)
        .map(|h| h.text())
        .filter(|t| !t.is_empty())
        .collect();
    let known: Vec<String> = [ld, og, found.title.as_deref()]
        .into_iter()
        .flatten()
        .map(key)
        .collect();
    let is_repeated = |t: &String| {
        let k = key(t);
        let long = k.chars().count() >= MIN_KEY_CHARS && !site.is_one(t);
        long && known
            .iter()
            .any(|n| n.contains(&k) || (!n.is_empty() && k.contains(n.as_str())))
    };
    // Where the `h1` is the site's name or motto, the headline is a lower heading.
    let lower = || {
        let headings = found
            .root
            .descendants()
            .filter(|e| matches!(e.name(), "h2" | "h3"));
        headings.take(MAX_HEADINGS).map(|e| e.text()).find(is_repeated)
    };
    let repeated = texts.iter().find(|t| is_repeated(t));
    repeated
        .cloned()
        .or_else(|| {
            found
                .story_props("headline")
                .find_map(|e| super::collect::prop_value(e))
        })
        .or_else(lower)
        .or_else(|| texts.iter().find(|t| !site.is_tail(t)).cloned())
}

/// Cuts `og` to the headline that it begins with, where one of two witnesses is such; else cuts
/// the site's name off.
fn cut(og: &str, ld: Option<&str>, shown: Option<&str>, site: &SiteNames) -> String {
    for witness in [ld, shown].into_iter().flatten() {
        if let Some(end) = prefix_end(og, witness)
            && let Some(rest) = og.get(end..)
            && is_tail_start(rest)
        {
            return og[..end].trim_end().to_owned();
        }
    }
    // A witness equal to the whole needs no cutting, even if its tail is called like the site.
    cut_tail(og, site)
}

/// Where `text` has said all letters of `witness`, in order, from its beginning.
fn prefix_end(text: &str, witness: &str) -> Option<usize> {
    let witness = key(witness);
    if witness.chars().count() < MIN_KEY_CHARS {
        return None;
    }
    let mut want = witness.chars().peekable();
    for (at, c) in text.char_indices() {
        for lower in c.to_lowercase().filter(|l| l.is_alphanumeric()) {
            if want.next()? != lower {
                return None;
            }
        }
        if want.peek().is_none() {
            // Closing marks belong to the headline.
            let rest = &text[at + c.len_utf8()..];
            let marks =
                rest.find(|c: char| c.is_alphanumeric() || c.is_whitespace() || "|-–—·•»›/:｜：".contains(c));
            return Some(at + c.len_utf8() + marks.unwrap_or(rest.len()));
        }
    }
    None
}

fn is_tail_start(rest: &str) -> bool {
    let padded = format!(" {}", rest.trim_start());
    !rest.trim().is_empty()
        && SEPARATORS
            .iter()
            .any(|s| rest.starts_with(s) || padded.starts_with(s))
}

/// Cuts segments off the end, and one off the beginning, while they are the site's name.
pub(super) fn cut_tail(text: &str, site: &SiteNames) -> String {
    let mut text = text.trim();
    while let Some((head, tail)) = last_segment(text) {
        if head.trim().is_empty() || !site.is_tail(tail) {
            break;
        }
        text = head.trim();
    }
    let first = SEPARATORS
        .iter()
        .filter_map(|s| text.find(s).map(|at| (at, s.len())))
        .min();
    if let Some((at, len)) = first
        && site.is_one(&text[..at])
        && !text[at + len..].trim().is_empty()
    {
        text = text[at + len..].trim();
    }
    text.to_owned()
}

fn last_segment(text: &str) -> Option<(&str, &str)> {
    SEPARATORS
        .iter()
        .filter_map(|s| text.rfind(s).map(|at| (at, s.len())))
        .max_by_key(|(at, len)| at + len)
        .map(|(at, len)| (&text[..at], &text[at + len..]))
}

/// Whether `text` is `whole` with words left out: the same headline, made to fit.
fn is_shortened(text: &str, whole: &str) -> bool {
    let words = |t: &str| {
        t.split_whitespace()
            .map(key)
            .filter(|k| !k.is_empty())
            .collect::<Vec<_>>()
    };
    let (short, long) = (words(text), words(whole));
    let mut rest = long.iter();
    short.len() * 2 > long.len() && short.iter().all(|w| rest.any(|l| l == w))
}

/// Whether `text` is `whole` up to a quotation mark: an attribute whose quotes were not escaped.
fn is_cut_off(text: &str, whole: &str) -> bool {
    whole
        .strip_prefix(text)
        .is_some_and(|rest| rest.trim_start().starts_with('"') && rest.len() > 1)
}

/// Drops markup that some sites put into headlines: `A <em>good</em> day`.
fn without_tags(text: &str) -> String {
    if !text.contains('<') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let tag = rest[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match rest[at..].find('>').filter(|_| tag) {
            Some(end) => rest = &rest[at + end + 1..],
            None => {
                out.push('<');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    fold(&unescape_twice(&out))
}
