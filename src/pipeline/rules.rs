//! The rules of a program that stays up: which sites are meant, when their files have changed, and the
//! last good set while they are broken. Owns looking and choosing; reading files is `sites`'.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::sites::rule::Site;
use crate::sites::{Fingerprint, Sites, SitesError, fingerprint};
use crate::text::counted;

use super::reading::Rulebook;

/// Time between two looks at the rule directory. Looking costs a few microseconds a file and works on
/// every file system, network and container mounts too, where nobody tells of changes.
pub const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Why sites cannot be chosen.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// A name that nobody has.
    #[error(transparent)]
    Unknown(#[from] SitesError),
    /// No name was given and every site is switched off.
    #[error("no site is enabled: name one, or add a rule file to the sites directory")]
    None,
}

/// The sites of these names, else all that are enabled; by id, each once.
///
/// # Errors
/// When a name is nobody's, or nothing is left.
pub fn choose(sites: &Sites, names: &[String]) -> Result<Vec<Arc<Site>>, ChoiceError> {
    let mut chosen: Vec<Arc<Site>> = if names.is_empty() {
        sites.iter().filter(|s| s.enabled).cloned().collect()
    } else {
        names.iter().map(|n| sites.resolve(n)).collect::<Result<_, _>>()?
    };
    chosen.sort_by(|a, b| a.id.cmp(&b.id));
    chosen.dedup_by(|a, b| a.id == b.id);
    if chosen.is_empty() {
        return Err(ChoiceError::None);
    }
    Ok(chosen)
}

/// The rules in force, and where newer ones would be.
pub struct Rules {
    directory: Option<PathBuf>,
    names: Vec<String>,
    book: Arc<Rulebook>,
    sites: Vec<Arc<Site>>,
    /// The files that the set in force, or the fault that was told, was read from.
    read: Fingerprint,
    /// The files at the last look, where they differ.
    changed: Option<Fingerprint>,
    /// The directory has been there: that it is missing is a fault from then on.
    was_there: bool,
    broken: bool,
}

impl Rules {
    /// Takes the rules that were loaded from a directory over the built-in set. One that is not there
    /// yet is taken in as soon as it is.
    ///
    /// # Errors
    /// When a name is nobody's.
    pub fn new(directory: Option<PathBuf>, names: Vec<String>, book: Rulebook) -> Result<Self, ChoiceError> {
        Ok(Self {
            sites: choose(book.sites(), &names)?,
            read: directory.as_deref().map(fingerprint).unwrap_or_default(),
            was_there: directory.as_deref().is_some_and(Path::is_dir),
            directory,
            names,
            book: Arc::new(book),
            changed: None,
            broken: false,
        })
    }

    /// The set in force.
    pub(super) fn book(&self) -> &Arc<Rulebook> {
        &self.book
    }

    /// The sites that are meant.
    pub(super) fn sites(&self) -> &[Arc<Site>] {
        &self.sites
    }

    /// Looks whether the files have changed, and have lain still from one look to the next, so that
    /// none is read while it is being written.
    pub(super) fn have_changed(&mut self) -> bool {
        let Some(directory) = &self.directory else {
            return false;
        };
        let now = fingerprint(directory);
        if now == self.read {
            self.changed = None;
            return false;
        }
        let settled = self.changed.as_ref() == Some(&now);
        self.changed = Some(now);
        settled
    }

    /// Reads the files again. What is broken leaves the set in force, and is said. True: there is a
    /// new set.
    pub(super) async fn load(&mut self) -> bool {
        // Taken before reading: what changes meanwhile is a change at the next look.
        let now = self.directory.as_deref().map(fingerprint).unwrap_or_default();
        let (own, as_before) = (now.files(), now == self.read);
        self.read = now;
        self.changed = None;
        self.was_there |= self.directory.as_deref().is_some_and(Path::is_dir);
        let directory = self.directory.clone().filter(|_| self.was_there);
        let names = self.names.clone();
        let loaded = tokio::task::spawn_blocking(move || read(directory, &names)).await;
        match loaded.unwrap_or_else(|_| Err("reading the rule files failed".to_owned())) {
            Ok((book, sites)) => {
                let words = match (self.broken, as_before) {
                    (true, _) => "the rule files are mended and in force again",
                    (false, true) => "the rule files are as they were",
                    (false, false) => "changed rule files are in force",
                };
                let place = self.directory.as_deref().unwrap_or(Path::new("sites"));
                tracing::warn!(
                    "{words}: {} over the built-in ones from {}; {}",
                    counted(own, "file"),
                    place.display(),
                    counted(sites.len(), "site")
                );
                self.broken = false;
                (self.book, self.sites) = (Arc::new(book), sites);
                true
            }
            Err(faults) => {
                self.broken = true;
                tracing::error!(
                    "the rule files have changed and do not load; the last good set stays in force until they are mended\n{faults}"
                );
                false
            }
        }
    }
}

/// Loads and chooses; what is wrong as people are shown it.
fn read(directory: Option<PathBuf>, names: &[String]) -> Result<(Rulebook, Vec<Arc<Site>>), String> {
    let sites = Sites::load(directory.as_deref()).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| fault.render(false)).collect();
        faults.join("\n")
    })?;
    let chosen = choose(&sites, names).map_err(|e| e.to_string())?;
    Ok((Rulebook::new(sites), chosen))
}
