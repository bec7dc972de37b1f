//! A rule file written from pages of one site: decode, propose, try the proposal by the real extractor,
//! write down what came of it. What is proposed is `extract::induce`'s, how a file is spelled
//! `sites::draft`'s; `facts` finds what a page says of its site, `proof` writes the checks.

mod facts;
mod proof;

use std::sync::Arc;

use url::Url;

use crate::article::Category;
use crate::decode;
use crate::extract::induce::{self, Induced, InducedLayout, InducedStrip, StripBy};
use crate::extract::{self, Extraction, Note, Page, RuleSet};
use crate::outcome::Outcome;
use crate::sites::rule::{CommonRules, Site};
use crate::sites::{Draft, RuleFault, Sites};
use facts::Facts;

/// Share of the generic extractor's words that a layout's text must have on each page: less is a
/// layout that lost the story.
const LEAST_OF_GENERIC: f64 = 0.6;
/// Expected scores, summed over the pages, that differ by less are equal.
const SAME_WORTH: f32 = 0.0005;
/// What rules that give another text than the generic extractor must add to a page's expected score.
const LEAST_GAIN: f32 = 0.001;
/// Agreement with the generic extractor below which a layout is told to be unsure.
const SURE_AGREEMENT: f32 = 0.93;

/// A page to write rules by.
#[derive(Debug, Clone)]
pub struct Specimen {
    /// Its address.
    pub url: Url,
    /// The Content-Type it came with.
    pub content_type: Option<String>,
    /// Its bytes as fetched.
    pub bytes: Vec<u8>,
}

/// Why there is no rule file.
#[derive(Debug, thiserror::Error)]
pub enum AuthoringError {
    /// No page tells a story.
    #[error("none of the pages tells a story ({0}); choose pages of single stories")]
    NoStory(String),
    /// A rule file by ourselves that does not load: a fault of the program.
    #[error("the rules that were written do not load: {0}")]
    Unsound(String),
}

/// A rule file, and what is to be said of it.
#[derive(Debug)]
pub struct Written {
    /// The file.
    pub text: String,
    /// What is unsure, with its line.
    pub unsure: Vec<(usize, String)>,
    /// Pages it is proved by.
    pub pages: usize,
    /// Pages that tell no story, and why.
    pub skipped: Vec<(Url, String)>,
    /// Number of looks; 0 where the generic extractor is not beaten.
    pub layouts: usize,
    /// Number of strips.
    pub strips: usize,
}

/// A page decoded, with what the common rules make of it.
struct Leaf<'a> {
    url: &'a Url,
    html: String,
    generic: Extraction,
}

impl Leaf<'_> {
    fn page(&self) -> Page<'_> {
        Page {
            html: &self.html,
            url: Some(self.url),
        }
    }
}

/// Writes the rule file `<id>.toml` for these pages of one site. `sitemaps` are those that its robots.txt
/// names, where it was asked.
///
/// # Errors
/// When no page tells a story.
pub fn write(
    id: &str,
    specimens: &[Specimen],
    sitemaps: &[Url],
    common: &Arc<CommonRules>,
) -> Result<Written, AuthoringError> {
    let generic = RuleSet::new(None, common.clone());
    let mut leaves = Vec::new();
    let mut skipped = Vec::new();
    for specimen in specimens {
        match leaf(specimen, &generic) {
            Ok(leaf) => leaves.push(leaf),
            Err(why) => skipped.push((specimen.url.clone(), why)),
        }
    }
    if leaves.is_empty() {
        let whys: Vec<String> = skipped.iter().map(|(url, why)| format!("{url}: {why}")).collect();
        return Err(AuthoringError::NoStory(whys.join("; ")));
    }
    let facts = facts::gather(&leaves, sitemaps);
    let pages: Vec<Page<'_>> = leaves.iter().map(Leaf::page).collect();
    let (induced, mut tried) = proposal(id, &facts, induce::induce(&pages, &generic), &leaves, common)?;
    let mut fields = vec![Vec::new(); induced.layouts.len()];
    for at in 0..induced.layouts.len() {
        let mine = |i: &usize| induced.layouts[at].pages.contains(i);
        let wanting = facts::wanting(tried.iter().enumerate().filter(|(i, _)| mine(i)).map(|(_, e)| e));
        for field in wanting {
            for source in facts::sources(field) {
                let mut more = fields.clone();
                more[at].push((field, *source));
                let again = attempt(id, &facts, &induced, &more, &leaves, common)?;
                if again
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| mine(i))
                    .all(|(_, e)| facts::has(e, field))
                {
                    (fields, tried) = (more, again);
                    break;
                }
            }
        }
    }
    let mut draft = Draft::default();
    head(&mut draft, &facts, &induced, leaves.len());
    body(&mut draft, &facts, &induced, &fields);
    let mut proved = 0;
    for (leaf, extraction) in leaves.iter().zip(&tried) {
        if extraction.outcome.is_article() {
            proof::write(&mut draft, leaf, extraction);
            proved += 1;
        } else {
            let why = extraction.reason.clone().unwrap_or_default();
            skipped.push((leaf.url.clone(), format!("{}: {why}", extraction.outcome)));
        }
    }
    compiled(id, draft.text())?;
    Ok(Written {
        text: draft.text().to_owned(),
        unsure: draft.unsure().to_vec(),
        pages: proved,
        skipped,
        layouts: induced.layouts.len(),
        strips: induced.strips.len(),
    })
}

/// Reads a specimen; says why where it is no story's page at all.
fn leaf<'a>(specimen: &'a Specimen, generic: &RuleSet) -> Result<Leaf<'a>, String> {
    let kind = decode::kind(&specimen.bytes, specimen.content_type.as_deref());
    if kind != decode::Kind::Html {
        return Err(format!("the body is {}", kind.as_str()));
    }
    let content_type = specimen.content_type.as_deref();
    let html = decode::decode(&specimen.bytes, content_type, specimen.url.host_str()).text;
    let page = Page {
        html: &html,
        url: Some(&specimen.url),
    };
    let extraction = extract::extract(page, generic, None).map_err(|e| e.to_string())?;
    // That the generic extractor sees no article may be what the rules are wanted for.
    if !extraction.outcome.is_article() && extraction.outcome != Outcome::NotArticle {
        let why = extraction.reason.clone().unwrap_or_default();
        return Err(format!("{}: {why}", extraction.outcome));
    }
    Ok(Leaf {
        url: &specimen.url,
        html: html.clone(),
        generic: extraction,
    })
}

/// What of the proposal is worth most, tried on the pages: a layout with its strips, a layout, strips, or
/// nothing. What gives another text or verdict than the generic extractor must promise a better text, for
/// it may err, and a front page is no story because a rule names its list. Of what is worth the same, the
/// first is taken, for a rule holds against what the site invents next.
fn proposal(
    id: &str,
    facts: &Facts,
    induced: Induced,
    leaves: &[Leaf<'_>],
    common: &Arc<CommonRules>,
) -> Result<(Induced, Vec<Extraction>), AuthoringError> {
    let of = |layouts: &[InducedLayout], strips: &[InducedStrip]| Induced {
        layouts: layouts.to_vec(),
        strips: strips.to_vec(),
        ..induced.clone()
    };
    let attempt = |choice: Induced| {
        let fields = vec![Vec::new(); choice.layouts.len()];
        let tried = attempt(id, facts, &choice, &fields, leaves, common)?;
        Ok((worth(&choice, &tried), choice, tried))
    };
    let none = attempt(of(&[], &[]))?;
    let mut best: Option<(f32, Induced, Vec<Extraction>)> = None;
    for choice in [
        of(&induced.layouts, &induced.strips),
        of(&induced.layouts, &[]),
        of(&[], &induced.bare_strips),
    ] {
        let (worth, choice, tried) = attempt(choice)?;
        let same = tried
            .iter()
            .zip(&none.2)
            .all(|(a, b)| a.outcome == b.outcome && a.article.text() == b.article.text());
        let better = worth >= none.0 + LEAST_GAIN * leaves.len() as f32;
        let holds = tried.iter().zip(leaves).all(|(e, l)| holds(e, l));
        let most = best.as_ref().map_or(f32::MIN, |(most, ..)| most + SAME_WORTH);
        if holds && (same || better) && worth > most {
            best = Some((worth, choice, tried));
        }
    }
    let (_, choice, tried) = best.unwrap_or(none);
    Ok((choice, tried))
}

/// Expected scores of these articles, summed.
fn worth(induced: &Induced, tried: &[Extraction]) -> f32 {
    let scores = tried
        .iter()
        .zip(&induced.beliefs)
        .map(|(e, b)| b.score(&e.article));
    scores.sum()
}

/// Whether a layout did its work on a page.
fn holds(extraction: &Extraction, leaf: &Leaf<'_>) -> bool {
    let words = |e: &Extraction| crate::text::word_count(&e.article.text()) as f64;
    let found = !extraction
        .notes
        .iter()
        .any(|n| matches!(n, Note::NoLayout { .. }));
    let lost = leaf.generic.outcome.is_article() && !extraction.outcome.is_article();
    found && !lost && words(extraction) >= LEAST_OF_GENERIC * words(&leaf.generic)
}

type Fields = Vec<(&'static str, &'static str)>;

/// What the rules make of the pages.
fn attempt(
    id: &str,
    facts: &Facts,
    induced: &Induced,
    fields: &[Fields],
    leaves: &[Leaf<'_>],
    common: &Arc<CommonRules>,
) -> Result<Vec<Extraction>, AuthoringError> {
    let mut draft = Draft::default();
    body(&mut draft, facts, induced, fields);
    let rules = RuleSet::new(Some(compiled(id, draft.text())?), common.clone());
    leaves
        .iter()
        .map(|leaf| {
            extract::extract(leaf.page(), &rules, None).map_err(|e| AuthoringError::Unsound(e.to_string()))
        })
        .collect()
}

/// Loads the file, strictly.
fn compiled(id: &str, text: &str) -> Result<Arc<Site>, AuthoringError> {
    let told = |faults: Vec<RuleFault>| {
        let all: Vec<String> = faults.iter().map(|f| f.render(false)).collect();
        AuthoringError::Unsound(all.join("\n"))
    };
    let sites = Sites::from_sources([(format!("{id}.toml"), text)]).map_err(told)?;
    sites
        .get(id)
        .ok_or_else(|| AuthoringError::Unsound(format!("no site {id} in its own file")))
}

fn head(draft: &mut Draft, facts: &Facts, induced: &Induced, pages: usize) {
    let s = if pages == 1 { "" } else { "s" };
    draft.comment(&format!(
        "{}. Written by `copydesk sites new` from {pages} page{s}; change what you know better.",
        facts.name
    ));
    if induced.layouts.is_empty() {
        draft.comment("No layout: on these pages the generic extractor reads the story as well as any rule.");
    }
}

/// Everything of the file but its comments at the top and its proofs.
fn body(draft: &mut Draft, facts: &Facts, induced: &Induced, fields: &[Fields]) {
    facts.write(draft);
    for (at, layout) in induced.layouts.iter().enumerate() {
        write_layout(
            draft,
            layout,
            fields.get(at).map_or(&[], Vec::as_slice),
            induced.layouts.len(),
        );
    }
    for strip in &induced.strips {
        draft.table("[[strip]]");
        let s = if strip.pages == 1 { "" } else { "s" };
        draft.comment(&format!("On {} page{s}: “{}”", strip.pages, strip.sample));
        if matches!(strip.category, Category::Repeated | Category::Other) {
            draft.unsure_of("the category; name it gallery, donation, related … if it is one");
        } else if strip.pages == 1 {
            draft.unsure_of("one page shows it");
        }
        draft.key("category", strip.category.as_str());
        match &strip.by {
            StripBy::Select(select) => draft.key("select", select),
            StripBy::Text(text) => draft.key("text", text),
            StripBy::Whole(whole) => draft.key("whole", whole),
        }
    }
}

fn write_layout(draft: &mut Draft, layout: &InducedLayout, fields: &[(&str, &str)], looks: usize) {
    draft.table("[[layout]]");
    let pages = layout.pages.len();
    if looks > 1 {
        draft.comment(&format!("The look of {pages} of the pages."));
    }
    if layout.agreement < SURE_AGREEMENT {
        draft.unsure_of(&format!(
            "this text and that of the generic extractor have {:.0} % in common; see `copydesk explain`",
            layout.agreement * 100.0
        ));
    } else if pages == 1 {
        draft.unsure_of("one page shows this look; try the rules on a second one");
    }
    draft.key("body", &layout.body);
    if !layout.paragraphs.is_empty() {
        draft.key("paragraphs", &layout.paragraphs.join(", "));
    }
    for (field, source) in fields {
        draft.unsure_of("the page's metadata gives none; this is where one seems to stand");
        draft.key(field, source);
    }
}
