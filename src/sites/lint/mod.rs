//! What a rule file alone shows of rules that will not do what their author means: they load, and
//! are dead, doubled, without proof, or hold on to what will not last. Owns the round through a
//! file; what only pages show is found where there are pages, in `pipeline::trial`.

mod checks;
mod hashed;
mod overlap;
mod patterns;
mod selectors;

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::fault::{RuleFault, Source};
use super::registry::{COMMON, Sites, kind_of};
use super::rule::Site;
use super::schema::{FieldSpec, Located, RuleFile, Sources, StripTable, Text, Texts};
use super::shape;

/// `p:has(> em:only-child)`: true of a paragraph with one italic word, for CSS does not see text.
static ONLY_CHILD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r":has\(\s*>?\s*(em|i|strong|b|a|span|u|small|font)\b[^()]*:(?:only-child|only-of-type)\b")
        .expect("a pattern of the program's own")
});

/// `table > tr`: the parser puts a `tbody` between them, as browsers do.
static ROWS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\btable\s*>\s*tr\b").expect("a pattern of the program's own"));

impl Sites {
    /// What is odd in the files of these sites, and in the families they extend; where they are all
    /// there are, in the common rules too. In the order of files and lines.
    pub fn lint(&self, sites: &[Arc<Site>]) -> Vec<RuleFault> {
        let mut files: BTreeSet<String> = sites.iter().map(|s| s.file.clone()).collect();
        files.extend(
            sites
                .iter()
                .filter_map(|s| s.family.as_ref())
                .map(|family| format!("families/{family}.toml")),
        );
        if sites.len() == self.iter().count() {
            files.insert(COMMON.to_owned());
        }
        let common = self.read(COMMON);
        let mut found = Vec::new();
        for relative in &files {
            let Some((source, file)) = self.read(relative) else {
                continue;
            };
            let site = sites.iter().find(|s| s.file == *relative);
            let family = site
                .and_then(|s| s.family.as_ref())
                .and_then(|family| self.read(&format!("families/{family}.toml")));
            let below: Vec<(&str, &RuleFile)> = family
                .iter()
                .chain(common.iter().filter(|(source, _)| source.relative != *relative))
                .map(|(source, file)| (source.relative.as_str(), file))
                .collect();
            let mut look = Look {
                source,
                found: Vec::new(),
            };
            look.file(&file);
            overlap::look(&mut look, &file, &below);
            if let Some(site) = site {
                checks::look(&mut look, &file, site);
            }
            look.found.sort_by_key(|f| (f.line, f.column));
            found.extend(look.found);
        }
        found
    }

    fn read(&self, relative: &str) -> Option<(Arc<Source>, RuleFile)> {
        let source = self.files.get(relative)?;
        let file = shape::read(source, kind_of(relative).0).file?;
        Some((source.clone(), file))
    }
}

/// A round through one file.
struct Look {
    source: Arc<Source>,
    found: Vec<RuleFault>,
}

impl Look {
    fn says(&mut self, key: &str, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.found
            .push(RuleFault::finding(&self.source, key, span, message, help));
    }

    /// Each selector, pattern and list by itself.
    fn file(&mut self, file: &RuleFile) {
        for (key, text, span) in selectors_of(file) {
            self.selector(&key, text, span);
        }
        for layout in file.layout.iter().flatten().map(Located::get) {
            self.only_child("layout.paragraphs", layout.paragraphs.as_ref());
        }
        for strip in file.strip.iter().flatten().map(Located::get) {
            // With one of these beside it the text is looked at.
            if strip.whole.is_none() && strip.text.is_none() {
                self.only_child("strip.select", strip.select.as_ref());
            }
            for (key, text) in [
                ("strip.text", &strip.text),
                ("strip.from", &strip.from),
                ("strip.until", &strip.until),
            ] {
                if let Some(text) = text
                    && let Some(why) = patterns::dead(text.get())
                {
                    self.says(
                        key,
                        text.span(),
                        why,
                        "text has its white space folded: write one space",
                    );
                }
            }
        }
        let discover = file.discover.as_ref();
        let lists = [
            ("hosts", file.hosts.as_ref().map(Located::get)),
            ("keep", file.keep.as_ref()),
            ("discover.feeds", discover.and_then(|d| d.feeds.as_ref())),
            ("discover.sitemaps", discover.and_then(|d| d.sitemaps.as_ref())),
            ("discover.sections", discover.and_then(|d| d.sections.as_ref())),
            ("discover.include", discover.and_then(|d| d.include.as_ref())),
            ("discover.exclude", discover.and_then(|d| d.exclude.as_ref())),
        ];
        for (key, list) in lists {
            self.doubled(key, list);
        }
        for check in file.check.iter().flatten().map(Located::get) {
            self.doubled("check.contains", check.contains.as_ref());
            self.doubled("check.lacks", check.lacks.as_ref());
        }
    }

    fn selector(&mut self, key: &str, text: &str, span: Range<usize>) {
        if let Some((name, help)) = hashed::find(text) {
            let message = format!("`{name}` is made of a hash: it changes with the site's next release");
            self.says(key, span.clone(), message, help);
        }
        if ROWS.is_match(text) {
            let message = "`table > tr` matches nothing: the parser puts a `tbody` between them";
            self.says(key, span.clone(), message, "write `table tr`");
        }
        let mut seen = HashSet::new();
        for alternative in selectors::alternatives(text) {
            if !seen.insert(alternative) {
                let message = format!("`{alternative}` stands twice in this selector");
                self.says(key, span.clone(), message, "take one out");
            }
        }
    }

    /// A selector that means to say something of an element's text.
    fn only_child(&mut self, key: &str, text: Option<&Text>) {
        let Some(text) = text else { return };
        let Some(found) = ONLY_CHILD.captures(text.get()) else {
            return;
        };
        let inner = &found[1];
        let message = format!(
            "`{})` is true of a paragraph with one {inner} among its words: CSS does not see text",
            &found[0]
        );
        let help = match key {
            "strip.select" => format!("write `whole = \"{inner}\"`: all of the text lies in such elements"),
            _ => format!("take such blocks out with a strip that has `whole = \"{inner}\"`"),
        };
        self.says(key, text.span(), message, help);
    }

    fn doubled(&mut self, key: &str, list: Option<&Texts>) {
        let mut seen = HashSet::new();
        for text in list.into_iter().flatten() {
            if !seen.insert(text.get().as_str()) {
                let message = format!("\"{}\" stands twice in this list", text.get());
                self.says(key, text.span(), message, "take one out");
            }
        }
    }
}

/// A selector with its key and place.
type Placed<'a> = (String, &'a str, Range<usize>);

/// All selectors of a file.
fn selectors_of(file: &RuleFile) -> Vec<Placed<'_>> {
    let mut found = Vec::new();
    place(&mut found, "sponsored", file.sponsored.as_ref());
    place(&mut found, "next-page", file.next_page.as_ref());
    place(&mut found, "single-page", file.single_page.as_ref());
    for text in file.keep.iter().flatten() {
        place(&mut found, "keep", Some(text));
    }
    for strip in file.strip.iter().flatten().map(Located::get) {
        let StripTable {
            select,
            whole,
            closest,
            ..
        } = strip;
        place(&mut found, "strip.select", select.as_ref());
        place(&mut found, "strip.whole", whole.as_ref());
        place(&mut found, "strip.closest", closest.as_ref());
    }
    for layout in file.layout.iter().flatten().map(Located::get) {
        place(&mut found, "layout.body", layout.body.as_ref());
        place(&mut found, "layout.paragraphs", layout.paragraphs.as_ref());
        place(&mut found, "layout.headings", layout.headings.as_ref());
        let fields = [
            ("title", &layout.title),
            ("subtitle", &layout.subtitle),
            ("authors", &layout.authors),
            ("published", &layout.published),
            ("modified", &layout.modified),
            ("section", &layout.section),
            ("keywords", &layout.keywords),
        ];
        for (name, spec) in fields {
            if let Some(spec) = spec {
                sources_of(&mut found, &format!("layout.{name}"), spec);
            }
        }
    }
    found
}

fn place<'a>(found: &mut Vec<Placed<'a>>, key: &str, text: Option<&'a Text>) {
    if let Some(text) = text {
        found.push((key.to_owned(), text.get(), text.span()));
    }
}

fn sources_of<'a>(found: &mut Vec<Placed<'a>>, key: &str, spec: &'a Located<FieldSpec>) {
    let (one, many, span, key) = match spec.get() {
        FieldSpec::One(text) => (Some(text), None, spec.span(), key.to_owned()),
        FieldSpec::Many(texts) => (None, Some(texts), spec.span(), key.to_owned()),
        FieldSpec::Table(table) => {
            let Some(select) = &table.select else { return };
            let key = format!("{key}.select");
            match select.get() {
                Sources::One(text) => (Some(text), None, select.span(), key),
                Sources::Many(texts) => (None, Some(texts), select.span(), key),
            }
        }
    };
    let is_css = |text: &str| !text.starts_with("json-ld:");
    if let Some(text) = one.filter(|t| is_css(t)) {
        found.push((key.clone(), text, span));
    }
    for text in many.into_iter().flatten().filter(|t| is_css(t.get())) {
        place(found, &key, Some(text));
    }
}
