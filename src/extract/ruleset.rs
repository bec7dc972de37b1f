//! The rules that hold for one page, made ready: a site's (or none) over the common ones. Owns
//! their order of precedence and their element strips; block strips are `strip`'s.

use std::ops::Range;
use std::sync::Arc;

use crate::dom::{Dom, DomError, Element, Matcher, Selector, SelectorSet};
use crate::sites::rule::{CommonRules, Layout, Site, Source, Strip, StripWhat};

use super::blocks;
use super::claim::Claim;
use super::marks::Marks;
use super::note::Note;
use super::opening::Opening;
use super::strip;

/// Rules of one site over the common ones, prepared once and used for all its pages.
pub struct RuleSet {
    site: Option<Arc<Site>>,
    common: Arc<CommonRules>,
    /// Selectors of the strips that act on elements, and which strip each belongs to.
    elements: SelectorSet,
    owners: Vec<usize>,
    /// What a block must be like to be met by each strip, as far as its text says.
    openings: Vec<Opening>,
    /// Whether a field may be read from a script.
    reads_code: bool,
}

impl RuleSet {
    /// Rules of `site` over `common`; without a site only the common ones.
    pub fn new(site: Option<Arc<Site>>, common: Arc<CommonRules>) -> Self {
        let mut selectors = Vec::new();
        let mut owners = Vec::new();
        let mut openings = Vec::new();
        let own = site.iter().flat_map(|s| &s.strips);
        for (index, strip) in own.chain(&common.strips).enumerate() {
            openings.push(match &strip.what {
                StripWhat::Block { text: Some(text), .. } => Opening::of(text),
                StripWhat::Region { from, .. } => Opening::of(from),
                _ => Opening::default(),
            });
            if let StripWhat::Block {
                select: Some(select),
                whole: None,
                at: None,
                ..
            } = &strip.what
            {
                selectors.push(select.clone());
                owners.push(index);
            }
        }
        let layouts = site.iter().flat_map(|s| &s.layouts);
        let mut sources = layouts.flat_map(|l| &l.fields).flat_map(|f| &f.sources);
        let reads_code = sources
            .any(|s| matches!(s, Source::Css { selector, attribute: None, .. } if selector.may_find_code()));
        Self {
            site,
            common,
            elements: SelectorSet::new(selectors),
            owners,
            openings,
            reads_code,
        }
    }

    /// Parses a page as far as these rules look at it.
    ///
    /// # Errors
    /// When nesting, attributes or node count exceed the limits.
    pub(super) fn parse(&self, html: &str) -> Result<Dom, DomError> {
        match self.reads_code {
            true => Dom::parse(html),
            false => Dom::parse_without_code(html),
        }
    }

    /// The site, where there is one.
    pub fn site(&self) -> Option<&Site> {
        self.site.as_deref()
    }

    /// SHA-256, hex, of all the rules: `rule_sha256`.
    pub fn sha256(&self) -> &str {
        self.site.as_ref().map_or(&self.common.sha256, |s| &s.sha256)
    }

    /// All strips in order of precedence: the site's, its family's, the common ones.
    pub(super) fn strips(&self) -> impl Iterator<Item = &Strip> {
        self.site
            .iter()
            .flat_map(|s| &s.strips)
            .chain(&self.common.strips)
    }

    /// What a block must be like to be met by the strip at this place of [`Self::strips`], or, where that
    /// strip takes regions, to open one.
    pub(super) fn opening(&self, index: usize) -> &Opening {
        &self.openings[index]
    }

    /// Whether the strip at this place of [`Self::strips`] is a common one.
    pub(super) fn is_common(&self, index: usize) -> bool {
        index >= self.site.as_ref().map_or(0, |s| s.strips.len())
    }

    /// Whether a site exempts the element from the common strips: it, or an element around it, is
    /// on the site's `keep` list.
    pub(super) fn exempts(&self, element: Element<'_>) -> bool {
        let keep = self.site.as_ref().map_or(&[][..], |s| &s.keep);
        !keep.is_empty()
            && std::iter::once(element)
                .chain(element.ancestors())
                .any(|e| keep.iter().any(|k| e.matches(k)))
    }

    /// Takes an element out by the strip at this place. What a site keeps inside stays, where the strip
    /// is a common one; false tells that something did.
    fn claim<'a>(&self, index: usize, element: Element<'a>, claim: Claim, marks: &mut Marks) -> bool {
        let keep = self.site.as_ref().map_or(&[][..], |s| &s.keep);
        let spared: Vec<Element<'a>> = if self.is_common(index) && !keep.is_empty() {
            let kept = |e: &Element<'a>| keep.iter().any(|k| e.matches(k));
            element.descendants().filter(kept).collect()
        } else {
            Vec::new()
        };
        if spared.is_empty() {
            marks.claim(element, claim);
            return true;
        }
        marks.claim_around(element, &spared, &claim);
        false
    }

    /// The first layout whose body is on the page, and its body: the outermost matches in order. A
    /// keep-list that finds nothing in the body says that this is another look: the page must not
    /// end without text.
    pub(super) fn layout<'a>(&'a self, dom: &'a Dom) -> Option<(&'a Layout, Vec<Element<'a>>)> {
        let layouts = self.site.as_ref().map_or(&[][..], |s| &s.layouts);
        layouts
            .iter()
            .find_map(|layout| Some((layout, fitting(layout, dom)?)))
    }

    /// Marks what element strips take out inside `bodies`: by `select`, then blocks whose `text`
    /// takes a `closest` ancestor with it.
    pub(super) fn strip_elements<'a>(
        &self,
        bodies: &[Element<'a>],
        marks: &mut Marks,
        notes: &mut Vec<Note>,
    ) {
        let strips: Vec<&Strip> = self.strips().collect();
        let own = self.site.as_ref().map_or(0, |s| s.strips.len());
        // A site's `closest` comes before the common selectors: whoever claims first names the block.
        let first = if strips[..own].iter().any(|s| by_text_and_closest(s)) {
            own
        } else {
            strips.len()
        };
        for tier in [0..first, first..strips.len()] {
            if tier.is_empty() {
                continue;
            }
            self.strip_selected(&strips, &tier, bodies, marks, notes);
            self.strip_closest(&strips, &tier, bodies, marks, notes);
        }
    }

    fn strip_selected<'a>(
        &self,
        strips: &[&Strip],
        tier: &Range<usize>,
        bodies: &[Element<'a>],
        marks: &mut Marks,
        notes: &mut Vec<Note>,
    ) {
        let place = |strip: usize| self.owners.partition_point(|owner| *owner < strip);
        let among = place(tier.start)..place(tier.end);
        let mut matcher = self.elements.matcher();
        for body in bodies {
            let mut done: Option<Element<'a>> = None;
            for step in body.walk() {
                match step {
                    crate::dom::Step::Open(e) if done.is_none() && e != *body => {
                        if marks.is_claimed(e) {
                            done = Some(e);
                        } else if let Some((index, claimed)) =
                            self.claimant(strips, &mut matcher, &among, e, *body, notes)
                            && self.claim(index, claimed, Claim::strip(strips[index]), marks)
                        {
                            done = Some(claimed);
                        }
                    }
                    crate::dom::Step::Close(e) if done == Some(e) => done = None,
                    _ => {}
                }
            }
        }
    }

    /// The first strip that takes this element, or one around it, and that element.
    fn claimant<'a>(
        &self,
        strips: &[&Strip],
        matcher: &mut Matcher<'_, 'a>,
        among: &Range<usize>,
        e: Element<'a>,
        body: Element<'a>,
        notes: &mut Vec<Note>,
    ) -> Option<(usize, Element<'a>)> {
        let mut told: Option<String> = None;
        let matching = matcher.matching(e, body).filter(|i| among.contains(i));
        for index in matching.map(|i| self.owners[i]) {
            let strip = strips[index];
            let StripWhat::Block { text, closest, .. } = &strip.what else {
                continue;
            };
            if let Some(pattern) = text
                && !pattern.is_match(told.get_or_insert_with(|| e.text()))
            {
                continue;
            }
            if self.is_common(index) && self.exempts(e) {
                continue;
            }
            let claimed = match closest {
                Some(closest) => nearest(e, closest, &[body]).unwrap_or_else(|| {
                    notes.push(Note::NoClosest {
                        rule: strip.place.clone(),
                    });
                    e
                }),
                None => e,
            };
            return Some((index, claimed));
        }
        None
    }

    fn strip_closest(
        &self,
        strips: &[&Strip],
        tier: &Range<usize>,
        bodies: &[Element<'_>],
        marks: &mut Marks,
        notes: &mut Vec<Note>,
    ) {
        let wanted: Vec<(usize, &Strip)> = strips
            .iter()
            .enumerate()
            .filter(|(i, s)| tier.contains(i) && by_text_and_closest(s))
            .map(|(i, s)| (i, *s))
            .collect();
        if wanted.is_empty() {
            return;
        }
        for found in blocks::read(bodies, marks) {
            if found.claim.is_some() {
                continue;
            }
            for (index, strip) in &wanted {
                let StripWhat::Block {
                    text: Some(text),
                    closest: Some(closest),
                    ..
                } = &strip.what
                else {
                    continue;
                };
                if !text.is_match(&strip::folded(&found.block.text))
                    || (self.is_common(*index) && self.exempts(found.element))
                {
                    continue;
                }
                match nearest(found.element, closest, bodies) {
                    Some(element) => {
                        self.claim(*index, element, Claim::strip(strip), marks);
                    }
                    None => notes.push(Note::NoClosest {
                        rule: strip.place.clone(),
                    }),
                }
                break;
            }
        }
    }
}

/// The body of a page that fits the layout.
pub(super) fn fitting<'a>(layout: &'a Layout, dom: &'a Dom) -> Option<Vec<Element<'a>>> {
    let bodies = outermost(dom.select(&layout.body));
    let keeps = |p| bodies.iter().any(|body| body.select(p).next().is_some());
    let fits = !bodies.is_empty() && layout.paragraphs.as_ref().is_none_or(keeps);
    fits.then_some(bodies)
}

/// Whether a strip takes the ancestor of a block found by its text alone.
fn by_text_and_closest(strip: &Strip) -> bool {
    matches!(
        strip.what,
        StripWhat::Block {
            select: None,
            text: Some(_),
            whole: None,
            at: None,
            closest: Some(_)
        }
    )
}

/// The nearest ancestor-or-self that matches, inside a body and never a body itself.
pub(super) fn nearest<'a>(
    element: Element<'a>,
    selector: &Selector,
    bodies: &[Element<'a>],
) -> Option<Element<'a>> {
    std::iter::once(element)
        .chain(element.ancestors())
        .take_while(|e| !bodies.contains(e))
        .find(|e| e.matches(selector))
}

/// Of elements in document order, those that lie in no other of them.
pub(super) fn outermost<'a>(elements: impl Iterator<Item = Element<'a>>) -> Vec<Element<'a>> {
    let mut seen = std::collections::HashSet::new();
    let mut out: Vec<Element<'a>> = Vec::new();
    for element in elements {
        if !element.ancestors().any(|a| seen.contains(&a.id())) {
            seen.insert(element.id());
            out.push(element);
        }
    }
    out
}
