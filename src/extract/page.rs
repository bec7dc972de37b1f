//! From one page to its extraction: the order of the steps (DESIGN §3 and §4), and nothing else.

use url::Url;

use crate::article::{Access, Article, Block, Extractor, FieldValue, Removal};
use crate::dom::{Dom, DomError, Element};
use crate::optout::Signal;
use crate::outcome::Outcome;
use crate::sites::rule::{Field, Layout};

use super::blocks::{self, Found};
use super::join::StoryLinks;
use super::marks::Marks;
use super::meta::{self, JsonLd};
use super::note::Note;
use super::ruleset::RuleSet;
use super::{agency, declared, finish, generic, images, listing, memory::Memory, signed, strip, verdict};

/// A page as it was fetched and decoded.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Its HTML.
    pub html: &'a str,
    /// Its address, where known: relative links are resolved against it.
    pub url: Option<&'a Url>,
}

/// What a page gave.
#[derive(Debug, Clone)]
pub struct Extraction {
    /// What the page turned out to be.
    pub outcome: Outcome,
    /// Why it is no article, where it is none.
    pub reason: Option<String>,
    /// The article; its text is given whatever the outcome.
    pub article: Article,
    /// What rules meant to do and could not.
    pub notes: Vec<Note>,
    /// Where the rest of the story is, where the rules say so.
    pub links: StoryLinks,
    /// What the page says of being kept (robots meta, TDM reservation).
    pub signals: Vec<Signal>,
}

/// What speaks for a page being an article, beside its text.
pub(super) struct Evidence {
    /// The page calls itself an article (JSON-LD, Open Graph, microdata).
    pub(super) declared: bool,
    /// It describes the story in JSON-LD.
    pub(super) described: bool,
    /// What it calls itself, where that is no story: a collection, a gallery, a video.
    pub(super) other_kind: Option<String>,
    /// Its address is the root of a host.
    pub(super) front_page: bool,
    /// Words that the story has by the page's own account.
    pub(super) told_words: Option<usize>,
    /// Teasers of other stories, where the text is hardly anything else.
    pub(super) teasers: Option<usize>,
    /// How sure the generic extractor is of the text, 0 to 1; none where a rule found the body.
    pub(super) confidence: Option<f32>,
    /// The text is hardly more than what the site says on every page.
    pub(super) repeats: bool,
}

/// Extracts the article of a page by these rules and this memory.
///
/// # Errors
/// When the page exceeds the limits on nesting or nodes.
pub fn extract(page: Page<'_>, rules: &RuleSet, memory: Option<&Memory>) -> Result<Extraction, DomError> {
    let replaced = replaced(page.html, rules);
    let dom = rules.parse(replaced.as_deref().unwrap_or(page.html))?;
    Ok(read(&dom, page.url, rules, rules.layout(&dom), memory))
}

/// The page's source with the site's replacements made; none where it has none.
pub(super) fn replaced(html: &str, rules: &RuleSet) -> Option<String> {
    let site = rules.site().filter(|s| !s.replace.is_empty())?;
    Some(
        site.replace
            .iter()
            .fold(html.to_owned(), |html, r| html.replace(&r.find, &r.with)),
    )
}

/// The same for a page that is parsed, by this layout of the rules or none.
pub(super) fn read<'a>(
    dom: &'a Dom,
    url: Option<&Url>,
    rules: &'a RuleSet,
    layout: Option<(&'a Layout, Vec<Element<'a>>)>,
    memory: Option<&Memory>,
) -> Extraction {
    let ld = JsonLd::parse(dom);
    let site = rules.site();
    let facts = meta::PageFacts {
        url,
        language: site.and_then(|s| s.language.as_deref()),
        timezone: site.and_then(|s| s.timezone.as_ref()),
        sponsored: site.and_then(|s| s.sponsored.as_ref()),
    };
    let fields = layout.as_ref().map_or(&[][..], |(l, _)| &l.fields);
    let mut metadata = meta::read(dom, &ld, facts, fields);

    let mut notes = Vec::new();
    let mut marks = Marks::default();
    let extractor = if layout.is_some() {
        Extractor::Rules
    } else {
        Extractor::Generic
    };
    let mut judged = None;
    let (bodies, mut found) = match &layout {
        Some((layout, bodies)) => {
            rules.strip_elements(bodies, &mut marks, &mut notes);
            let heads: Vec<Element<'_>> = within(bodies, layout.headings.as_ref(), &marks);
            if let Some(paragraphs) = &layout.paragraphs {
                marks.keep_only(within(bodies, Some(paragraphs), &marks).into_iter());
                marks.keep_only(heads.iter().copied());
            }
            marks.headings(heads.into_iter());
            (bodies.clone(), blocks::read(bodies, &marks))
        }
        None => {
            if let Some(site) = site.filter(|s| !s.layouts.is_empty()) {
                notes.push(Note::NoLayout {
                    rule: site.file.clone(),
                });
            }
            rules.strip_elements(&[dom.body()], &mut marks, &mut notes);
            match generic::locate(dom, &marks, ld.article_body().as_deref()) {
                Some(located) => {
                    judged = Some(located.judged);
                    (located.bodies, located.found)
                }
                None => (Vec::new(), Vec::new()),
            }
        }
    };

    strip::run(rules, &bodies, &mut found, &mut notes);
    if let Some(judged) = &judged {
        generic::prune(judged, &mut found);
        if let Some(name) = signed::find(&found)
            && meta::names_nobody(dom, &ld, facts, &metadata.authors)
        {
            signed::sign(&mut metadata, name);
        }
    }
    let dek = match &layout {
        Some((layout, _)) if layout.fields.iter().any(|r| r.field == Field::Subtitle) => finish::Dek::Goes,
        Some((layout, _)) if layout.paragraphs.is_some() => finish::Dek::Stands,
        _ => finish::Dek::ParagraphStands,
    };
    finish::run(&metadata, dek, &mut found);
    let declared = declared::is_article(dom, &ld);
    let least = verdict::least_words(extractor, declared);
    let spared = memory.and_then(|memory| memory.strip(&mut found, least));
    let repeats = spared.is_some();
    notes.extend(spared);

    let images = images::read(&bodies, &marks, dom.base(url).as_ref());
    let confidence = match extractor {
        Extractor::Rules => None,
        Extractor::Generic => Some(judged.map_or(0.0, |j| j.confidence(&found))),
    };
    let teasers = listing::teasers(&found);
    let (blocks, removed) = settle(found);
    let mut article = Article {
        meta: Default::default(),
        blocks,
        removed,
        images,
        extractor,
        layout: layout.as_ref().map(|(l, _)| l.name.clone()),
        quality: 0.0,
    };
    declared::guess_language(&mut metadata, &article.text());
    article.meta = metadata;
    agency::read(&mut article);
    let evidence = Evidence {
        declared,
        described: ld.has_article(),
        other_kind: declared::other_kind(dom, &ld),
        front_page: url.is_some_and(|u| u.path() == "/" && u.query().is_none()),
        told_words: declared::told_words(&ld),
        teasers,
        confidence,
        repeats,
    };
    let (outcome, reason, quality) = verdict::judge(dom, &article, &evidence);
    article.quality = quality;
    if outcome == Outcome::PaywallTeaser && article.meta.access == Access::Unknown {
        // The page does not say so, but its text stops at a wall.
        article.meta.access = Access::Paywalled;
        article.meta.fields.push(FieldValue {
            field: "access",
            value: outcome.to_string(),
            source: "text".to_owned(),
        });
    }
    Extraction {
        outcome,
        reason,
        article,
        notes,
        links: StoryLinks::find(dom, site, url),
        signals: declared::signals(dom),
    }
}

/// Elements inside the bodies that match, `:scope` being the body, without those taken out.
fn within<'a>(
    bodies: &[Element<'a>],
    selector: Option<&'a crate::dom::Selector>,
    marks: &Marks,
) -> Vec<Element<'a>> {
    let Some(selector) = selector else {
        return Vec::new();
    };
    bodies
        .iter()
        .flat_map(|b| b.select(selector))
        .filter(|e| !marks.covers(*e))
        .collect()
}

/// Parts what is kept from what is taken out.
fn settle(found: Vec<Found<'_>>) -> (Vec<Block>, Vec<Removal>) {
    let mut blocks = Vec::new();
    let mut removed = Vec::new();
    for f in found {
        match f.claim {
            None => blocks.push(f.block),
            Some(claim) => removed.push(Removal {
                category: claim.category,
                rule: claim.rule.as_ref().to_owned(),
                pattern: claim.pattern.as_ref().to_owned(),
                text: crate::text::fold(&f.block.text),
                position: blocks.len(),
                path: f.element.path(),
            }),
        }
    }
    (blocks, removed)
}
