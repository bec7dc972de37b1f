//! Text that someone already scraped, without its boilerplate: the text and region strips of the
//! same rule files, over lines in place of blocks. Kept lines are never changed.

use crate::article::Removal;
use crate::sites::rule::StripWhat;

use super::claim::Claim;
use super::note::Note;
use super::ruleset::RuleSet;
use super::strip::{self, Strippable};

/// A text without its boilerplate.
#[derive(Debug, Clone)]
pub struct Cleaned {
    /// The kept lines; runs of empty lines are one, none at either end, one line end at the end.
    pub text: String,
    /// The lines taken out.
    pub removed: Vec<Removal>,
    /// What rules meant to do and could not.
    pub notes: Vec<Note>,
}

struct Line<'a> {
    raw: &'a str,
    folded: String,
    claim: Option<Claim>,
}

impl Strippable for Line<'_> {
    fn text(&self) -> &str {
        &self.folded
    }
    fn is_heading(&self) -> bool {
        false
    }
    fn is_blank(&self) -> bool {
        self.folded.is_empty()
    }
    fn is_kept(&self) -> bool {
        self.claim.is_none()
    }
    fn take(&mut self, claim: Claim) {
        self.claim = Some(claim);
    }
}

/// Cleans a text, one block a line. There are no elements here: strips with `select` or `whole` are
/// passed over, and a `text` match takes its line without a `closest` around it.
pub fn clean(text: &str, rules: &RuleSet) -> Cleaned {
    let line = |raw| Line {
        raw,
        folded: crate::text::fold(raw),
        claim: None,
    };
    // Split at the line feed alone: a carriage return before it is part of the line, and stays.
    let mut lines: Vec<Line<'_>> = text.split('\n').map(line).collect();
    // The end of the text ends a `blank` region as an empty line does.
    lines.push(line(""));
    let mut notes = Vec::new();
    for rule in rules.strips() {
        match &rule.what {
            StripWhat::Block {
                text: Some(pattern),
                select: None,
                whole: None,
                at: None,
                ..
            } => {
                for line in lines.iter_mut().filter(|l| l.is_kept() && !l.is_blank()) {
                    if pattern.is_match(&line.folded) {
                        line.take(Claim::strip(rule));
                    }
                }
            }
            StripWhat::Region { from, until } => {
                strip::region(rule, from, until, &|_| false, &mut lines, &mut notes);
            }
            StripWhat::Block { .. } => {}
        }
    }
    // As on a page: what must be first or last is so among the lines that the others left.
    for rule in rules.strips() {
        if let StripWhat::Block {
            text: Some(pattern),
            select: None,
            whole: None,
            at: Some(at),
            ..
        } = &rule.what
            && let Some(at) = strip::standing(at, &lines)
            && pattern.is_match(&lines[at].folded)
        {
            lines[at].take(Claim::strip(rule));
        }
    }
    settle(lines, notes)
}

fn settle(lines: Vec<Line<'_>>, notes: Vec<Note>) -> Cleaned {
    let mut text = String::new();
    let mut removed = Vec::new();
    let mut position = 0;
    let mut gap: Option<&str> = None;
    for line in lines {
        match line.claim {
            Some(_) if line.folded.is_empty() => {}
            Some(claim) => removed.push(Removal {
                category: claim.category,
                rule: claim.rule.as_ref().to_owned(),
                pattern: claim.pattern.as_ref().to_owned(),
                text: line.folded,
                position,
                path: String::new(),
            }),
            None if line.folded.is_empty() => {
                gap = Some(if line.raw.ends_with('\r') { "\r\n" } else { "\n" });
            }
            None => {
                if let Some(empty) = gap.take().filter(|_| position > 0) {
                    text.push_str(empty);
                }
                position += 1;
                text.push_str(line.raw);
                text.push('\n');
            }
        }
    }
    Cleaned { text, removed, notes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::Sites;

    #[test]
    fn line_ends_of_kept_lines_are_part_of_them() {
        let rules = RuleSet::new(None, Sites::builtin().common());
        let text = "First line of it.\r\n\r\n\r\nAdvertisement\r\nSecond line.\r\n";
        assert_eq!(
            clean(text, &rules).text,
            "First line of it.\r\n\r\nSecond line.\r\n"
        );
    }
}
