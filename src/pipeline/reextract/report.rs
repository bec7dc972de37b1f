//! What a re-extraction did, in numbers: what is shown, what `--json` prints.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::Serialize;

use crate::outcome::Outcome;
use crate::store::MadeArticle;

use super::diff::{Difference, Words};

/// Changes that are listed one by one.
const LARGEST: usize = 20;
/// Texts left as they are that are listed one by one.
const LISTED: usize = 200;

/// What a re-extraction did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The database, absolute.
    pub database: PathBuf,
    /// Id of the run in table `runs`; none where nothing was written.
    pub run: Option<i64>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// Whether it was asked to end before it was done.
    pub interrupted: bool,
    /// The sum of the sites.
    #[serde(flatten)]
    pub total: Counts,
    /// Site by site, by name.
    pub sites: Vec<SiteReport>,
    /// By rule, most words first.
    pub rules: Vec<RuleReport>,
    /// The largest changes, largest first.
    pub largest: Vec<ChangeReport>,
    /// Texts that stay because today's rules would leave nothing, at most 200 of them.
    pub left: Vec<LeftReport>,
    /// Exit code: 0 all well, 1 a text was left as it was.
    pub exit_code: i32,
}

/// Articles and words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Articles stored.
    pub articles: u64,
    /// Made by today's rules, memory and program already: not looked at.
    pub up_to_date: u64,
    /// Read again.
    pub looked_at: u64,
    /// Title, subtitle or text are others now.
    pub changed: u64,
    /// Only other fields are.
    pub fields_changed: u64,
    /// Nothing a reader sees is another now.
    pub same: u64,
    /// Left as they are: today's rules would leave nothing, or the stored page is damaged.
    pub left: u64,
    /// Left as they are: their page is no longer stored.
    pub without_page: u64,
    /// Of these, those whose page was pruned.
    pub pruned: u64,
    /// When the last of them was.
    pub pruned_at: Option<String>,
    /// Words that the new texts have and the old ones had not.
    pub words_won: u64,
    /// Words that the old texts had and the new ones have not.
    pub words_lost: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.articles += other.articles;
        self.up_to_date += other.up_to_date;
        self.looked_at += other.looked_at;
        self.changed += other.changed;
        self.fields_changed += other.fields_changed;
        self.same += other.same;
        self.left += other.left;
        self.without_page += other.without_page;
        self.pruned += other.pruned;
        self.pruned_at = self.pruned_at.take().max(other.pruned_at.clone());
        self.words_won += other.words_won;
        self.words_lost += other.words_lost;
    }
}

/// A site's share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SiteReport {
    /// The site.
    pub site: String,
    /// Its numbers.
    #[serde(flatten)]
    pub counts: Counts,
    /// Why nothing was looked at, where that is so.
    pub passed_over: Option<String>,
}

/// A rule's share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    /// The site.
    pub site: String,
    /// The rule that takes or took the words; none: another body was found.
    pub rule: Option<String>,
    /// Articles.
    pub articles: u64,
    /// Words that came back.
    pub words_won: u64,
    /// Words that went.
    pub words_lost: u64,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeReport {
    /// The article.
    pub article_id: i64,
    /// Its site.
    pub site: String,
    /// Its address.
    pub url: String,
    /// Words that came.
    pub words_won: u64,
    /// Words that went.
    pub words_lost: u64,
}

/// A text that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftReport {
    /// The article.
    pub article_id: i64,
    /// Its site.
    pub site: String,
    /// Its address.
    pub url: String,
    /// What the page would be now.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
}

/// What became of one article.
pub(super) enum Fate {
    /// Title, subtitle or text changed.
    Changed(Difference),
    /// Only other fields did.
    Fields,
    /// Nothing a reader sees did.
    Same,
    /// The old text stays.
    Left(Outcome, String),
    /// No page is stored; when it was pruned, where it was.
    WithoutPage(Option<String>),
}

/// The report while it grows.
#[derive(Default)]
pub(super) struct Growing {
    sites: BTreeMap<String, SiteReport>,
    rules: HashMap<(String, Option<String>), (u64, Words)>,
    largest: Vec<ChangeReport>,
    left: Vec<LeftReport>,
}

impl Growing {
    /// A site's numbers.
    pub(super) fn site(&mut self, site: &str) -> &mut SiteReport {
        self.sites.entry(site.to_owned()).or_insert_with(|| SiteReport {
            site: site.to_owned(),
            ..SiteReport::default()
        })
    }

    /// Counts an article that was looked at.
    pub(super) fn count(&mut self, article: &MadeArticle, fate: Fate) {
        let counts = &mut self.site(&article.site).counts;
        counts.looked_at += 1;
        match fate {
            Fate::Fields => counts.fields_changed += 1,
            Fate::Same => counts.same += 1,
            Fate::WithoutPage(pruned_at) => {
                counts.without_page += 1;
                counts.pruned += u64::from(pruned_at.is_some());
                counts.pruned_at = counts.pruned_at.take().max(pruned_at);
            }
            Fate::Left(outcome, reason) => {
                counts.left += 1;
                self.left.push(LeftReport {
                    article_id: article.id,
                    site: article.site.clone(),
                    url: article.url.clone(),
                    outcome,
                    reason,
                });
            }
            Fate::Changed(difference) => {
                counts.changed += 1;
                counts.words_won += difference.words.won;
                counts.words_lost += difference.words.lost;
                for (rule, words) in difference.by_rule {
                    let (articles, sum) = self.rules.entry((article.site.clone(), rule)).or_default();
                    *articles += 1;
                    sum.add(words);
                }
                self.largest.push(ChangeReport {
                    article_id: article.id,
                    site: article.site.clone(),
                    url: article.url.clone(),
                    words_won: difference.words.won,
                    words_lost: difference.words.lost,
                });
                if self.largest.len() >= 2 * LARGEST {
                    self.cut();
                }
            }
        }
    }

    fn cut(&mut self) {
        self.largest
            .sort_by_key(|c| (std::cmp::Reverse(c.words_won + c.words_lost), c.article_id));
        self.largest.truncate(LARGEST);
    }

    /// The report, in an order that does not depend on who was done first.
    pub(super) fn finish(mut self) -> Report {
        self.cut();
        let mut report = Report {
            largest: self.largest,
            sites: self.sites.into_values().collect(),
            ..Report::default()
        };
        for site in &report.sites {
            report.total.add(&site.counts);
        }
        let mut rules: Vec<_> = self.rules.into_iter().collect();
        rules.sort_by(|((site, rule), (_, words)), ((other, second), (_, fewer))| {
            (fewer.sum(), site, rule).cmp(&(words.sum(), other, second))
        });
        report.rules = rules
            .into_iter()
            .map(|((site, rule), (articles, words))| RuleReport {
                site,
                rule,
                articles,
                words_won: words.won,
                words_lost: words.lost,
            })
            .collect();
        self.left.sort_by_key(|l| l.article_id);
        self.left.truncate(LISTED);
        report.left = self.left;
        report.exit_code = i32::from(report.total.left > 0);
        report
    }
}
