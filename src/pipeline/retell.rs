//! The form of stored texts: which of their blocks are headings, list items, quotes. The database keeps the
//! text alone; its form stands in the stored page. Owns finding it again; what is made of it is the caller's.

use std::collections::HashMap;
use std::sync::Arc;

use crate::article::Block;
use crate::extract::{Memory, RuleSet};
use crate::store::{Reader, StoreError};

use super::memory;
use super::reading::{self, Choice, Rulebook, Source};
use super::reread::{Reread, reread};

/// Reads stored articles again, each by its site's rules and memory.
pub struct Retelling<'a> {
    reader: &'a Reader,
    rulebook: &'a Rulebook,
    sites: HashMap<String, (Arc<RuleSet>, Option<Memory>)>,
}

impl<'a> Retelling<'a> {
    /// Begins.
    pub fn new(reader: &'a Reader, rulebook: &'a Rulebook) -> Self {
        Self {
            reader,
            rulebook,
            sites: HashMap::new(),
        }
    }

    /// The blocks of an article's newest version. None: its page is not stored, or today's rules read
    /// another text out of it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blocks(&mut self, id: i64, site: &str, text: &str) -> Result<Option<Vec<Block>>, StoreError> {
        if !self.sites.contains_key(site) {
            let rules = self
                .rulebook
                .named(site)
                .unwrap_or_else(|_| self.rulebook.generic());
            let memory = memory::snapshot(self.reader, site)?;
            self.sites.insert(site.to_owned(), (rules, memory));
        }
        let (rules, memory) = &self.sites[site];
        let choice = Choice::Named(rules.clone());
        let read = |source: Source<'_>| reading::read(source, self.rulebook, &choice, memory.as_ref());
        let Reread::Told(reading) = reread(self.reader, id, read)? else {
            return Ok(None);
        };
        let article = reading.extraction.map(|extraction| extraction.article);
        Ok(article.filter(|a| a.text() == text).map(|a| a.blocks))
    }
}
