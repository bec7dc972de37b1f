//! Settings, checked: flag, environment, settings file, default, in this order. Rooms get their own
//! small structs filled from here and never see this one.

use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use jiff::SignedDuration;
use serde::Deserialize;
use url::Url;

use crate::cli::{Global, LogFormat};
use crate::fetch::Limits;
use crate::optout::OptOutPolicy;
use crate::pipeline::crawl::DISK_FLOOR;
use crate::pipeline::errand::FetchSettings;
use crate::sites::near_miss;
use crate::sites::rule::Budget;

/// Name and version, as the User-Agent begins.
pub const PRODUCT: &str = concat!("copydesk/", env!("CARGO_PKG_VERSION"));
/// Default place of the database.
pub const DEFAULT_DB: &str = "data/copydesk.db";

/// Default directory of rule files, which need not be there.
pub const DEFAULT_SITES: &str = "sites";

/// Why the settings do not hold.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file named on the command line is not there or cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The settings file has a fault; the message names line, column and key.
    #[error("{path}:{line}:{column}: {message}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A value makes no sense.
    #[error("{0}")]
    Invalid(String),
}

/// Settings every command shares.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database.
    pub db: PathBuf,
    /// Whether the database was named, by flag, environment or settings file.
    pub db_named: bool,
    /// Rule files laid over the built-in set.
    pub sites_dir: Option<PathBuf>,
    /// Sites to crawl where none are named.
    pub sites: Vec<String>,
    /// HTTP proxy.
    pub proxy: Option<Url>,
    /// Certificate authorities in PEM.
    pub ca_certificates_pem: Vec<u8>,
    /// The User-Agent header.
    pub user_agent: String,
    /// Whether it says whose crawl it is.
    pub says_who: bool,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// -1 quiet, 0 normal, 1 and more verbose.
    pub verbosity: i8,
    /// Summary as JSON on stdout.
    pub json: bool,
    /// What is done about pages that opt out of being kept by machines.
    pub opt_out: OptOutPolicy,
    /// What one run may take of all sites together.
    pub budget: Budget,
    /// Room on the disk, in bytes, below which nothing more is fetched.
    pub disk_floor: u64,
}

/// The settings file, `copydesk.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    db: Option<PathBuf>,
    sites_dir: Option<PathBuf>,
    #[serde(default)]
    sites: Vec<String>,
    proxy: Option<String>,
    ca_cert: Option<PathBuf>,
    user_agent: Option<String>,
    contact: Option<String>,
    log_format: Option<LogFormat>,
    max_requests: Option<u64>,
    max_bytes: Option<ByteSize>,
    max_time: Option<SignedDuration>,
    disk_floor: Option<ByteSize>,
    #[serde(default)]
    policy: Policy,
}

/// `[policy]` of the settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Policy {
    #[serde(default)]
    opt_out: OptOutPolicy,
}

impl Config {
    /// Checks the words of the command line against files and defaults.
    ///
    /// # Errors
    /// When a named file is missing, the settings file is faulty or a value makes no sense.
    pub fn read(words: &Global) -> Result<Self, ConfigError> {
        let file = File::read(words.config.as_deref())?;
        let named_db = words.db.clone().or(file.db);
        let sites_dir = match words.sites_dir.clone().or(file.sites_dir) {
            Some(dir) if dir.is_dir() => Some(dir),
            Some(dir) => {
                return Err(ConfigError::Invalid(format!(
                    "no directory of rule files at {}: create it, or leave out --sites",
                    dir.display()
                )));
            }
            None => Some(PathBuf::from(DEFAULT_SITES)).filter(|d| d.is_dir()),
        };
        // An environment file often names a variable and leaves it empty: that is no value.
        let given = |word: &Option<String>| word.clone().filter(|w| !w.is_empty());
        let proxy = given(&words.proxy).or(file.proxy);
        let proxy = proxy
            .map(|p| {
                Url::parse(&p).map_err(|e| {
                    ConfigError::Invalid(format!("--proxy {p}: {e}; write it as http://host:port"))
                })
            })
            .transpose()?;
        let ca_certificates_pem = match words.ca_cert.clone().or(file.ca_cert) {
            Some(path) => std::fs::read(&path).map_err(|source| ConfigError::Unreadable { path, source })?,
            None => Vec::new(),
        };
        let contact = given(&words.contact).or(file.contact);
        let user_agent = given(&words.user_agent).or(file.user_agent);
        let says_who = user_agent.is_some() || contact.is_some();
        let user_agent = user_agent.unwrap_or_else(|| PRODUCT.to_owned());
        let user_agent = match contact.filter(|contact| !user_agent.contains(contact.as_str())) {
            Some(contact) => format!("{user_agent} (+{contact})"),
            None => user_agent,
        };
        if user_agent.chars().any(char::is_control) || user_agent.trim().is_empty() {
            return Err(ConfigError::Invalid(
                "--user-agent and --contact must be one line of text".to_owned(),
            ));
        }
        Ok(Self {
            db_named: named_db.is_some(),
            db: named_db.unwrap_or_else(|| DEFAULT_DB.into()),
            sites_dir,
            sites: file.sites,
            proxy,
            ca_certificates_pem,
            user_agent,
            says_who,
            log_format: words.log_format.or(file.log_format).unwrap_or(LogFormat::Text),
            verbosity: if words.quiet {
                -1
            } else {
                i8::try_from(words.verbose).unwrap_or(i8::MAX)
            },
            json: words.json,
            opt_out: file.policy.opt_out,
            budget: Budget {
                requests: file.max_requests,
                bytes: file.max_bytes.map(|size| size.as_u64()),
                time: file.max_time.map(|time| time.unsigned_abs()),
            },
            disk_floor: file.disk_floor.map_or(DISK_FLOOR, |size| size.as_u64()),
        })
    }
}

impl From<&Config> for FetchSettings {
    fn from(config: &Config) -> Self {
        Self {
            user_agent: config.user_agent.clone(),
            proxy: config.proxy.clone(),
            ca_certificates_pem: config.ca_certificates_pem.clone(),
            limits: Limits::default(),
        }
    }
}

impl File {
    fn read(named: Option<&Path>) -> Result<Self, ConfigError> {
        let path = named.unwrap_or(Path::new("copydesk.toml"));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if named.is_none() && e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => {
                return Err(ConfigError::Unreadable {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        toml::from_str(&text).map_err(|e| {
            let before = &text[..e.span().map_or(0, |s| s.start)];
            ConfigError::Malformed {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
                message: with_near_miss(e.message()),
            }
        })
    }
}

/// The message of an unknown key or word, with the known one that may be meant.
fn with_near_miss(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let near = words
        .next()
        .filter(|_| message.starts_with("unknown "))
        .and_then(|word| near_miss(word, words));
    match near {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str, words: Global) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        std::fs::write(&path, text).unwrap();
        Config::read(&Global {
            config: Some(path),
            ..words
        })
    }

    #[test]
    fn a_flag_goes_before_the_settings_file() {
        let words = Global {
            contact: Some("a@flag.example".into()),
            ..Global::default()
        };
        let config = with_file("contact = 'b@file.example'\ndb = 'x.db'", words).unwrap();
        assert_eq!(config.user_agent, format!("{PRODUCT} (+a@flag.example)"));
        assert_eq!(config.db, PathBuf::from("x.db"));
    }

    #[test]
    fn a_contact_goes_into_every_user_agent() {
        let agent = |file: &str| with_file(file, Global::default()).unwrap().user_agent;
        assert_eq!(
            agent("user-agent = 'Archive/2'\ncontact = 'a@b.example'"),
            "Archive/2 (+a@b.example)"
        );
        assert_eq!(
            agent("user-agent = 'Archive/2 a@b.example'\ncontact = 'a@b.example'"),
            "Archive/2 a@b.example"
        );
        assert_eq!(agent("user-agent = 'Archive/2'"), "Archive/2");
    }

    #[test]
    fn an_empty_variable_is_no_value() {
        let words = Global {
            proxy: Some(String::new()),
            contact: Some(String::new()),
            ..Global::default()
        };
        let config = with_file("contact = 'b@file.example'", words).unwrap();
        assert_eq!(config.proxy, None);
        assert_eq!(config.user_agent, format!("{PRODUCT} (+b@file.example)"));
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_place() {
        let error = with_file("\n  contct = 'x'", Global::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("settings.toml:2:3"), "{error}");
        assert!(error.contains("contct"), "{error}");
        assert!(error.ends_with("did you mean `contact`?"), "{error}");
        let error = with_file("[policy]\nopt-out = 'skipp'", Global::default()).unwrap_err();
        assert!(error.to_string().ends_with("did you mean `skip`?"), "{error}");
    }

    #[test]
    fn budgets_are_written_as_people_write_them() {
        let file = "max-requests = 5\nmax-bytes = '2 MiB'\nmax-time = '1h 30m'\ndisk-floor = '1 GiB'";
        let config = with_file(file, Global::default()).unwrap();
        assert_eq!(config.budget.requests, Some(5));
        assert_eq!(config.budget.bytes, Some(2 * 1024 * 1024));
        assert_eq!(config.budget.time, Some(std::time::Duration::from_secs(5_400)));
        assert_eq!(config.disk_floor, 1024 * 1024 * 1024);
        assert_eq!(with_file("", Global::default()).unwrap().disk_floor, DISK_FLOOR);
        let error = with_file("max-bytes = 'much'", Global::default()).unwrap_err();
        assert!(error.to_string().contains("settings.toml:1:13"), "{error}");
    }

    #[test]
    fn a_named_directory_must_be_there() {
        let words = Global {
            sites_dir: Some("/nowhere/at/all".into()),
            ..Global::default()
        };
        assert!(
            Config::read(&words)
                .unwrap_err()
                .to_string()
                .contains("/nowhere/at/all")
        );
    }
}
