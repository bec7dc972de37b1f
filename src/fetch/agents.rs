//! What a robots.txt says to the agents that gather text for machines, and its Content-Signal lines.
//! None of this forbids copydesk anything by itself: it is recorded, and obeyed by policy.

use robotstxt::RobotsParseHandler;

use super::pattern::Pattern;
use super::robots::{Rule, TOKEN, decisive};
use crate::optout::Signal;

/// Product tokens, as their makers publish them, of agents that gather text for language models.
const AGENTS: &[&str] = &[
    "ai2bot",
    "amazonbot",
    "anthropic-ai",
    "applebot-extended",
    "bytespider",
    "ccbot",
    "claudebot",
    "claude-web",
    "cohere-ai",
    "cohere-training-data-crawler",
    "diffbot",
    "facebookbot",
    "google-extended",
    "gptbot",
    "meta-externalagent",
    "omgili",
    "perplexitybot",
    "webzio-extended",
];

/// The groups of such agents, and what is signalled to everyone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Agents {
    groups: Vec<(String, Vec<Rule>)>,
    content_signals: Vec<String>,
}

impl Agents {
    /// Reads cleaned lines.
    pub(super) fn parse(text: &str) -> Self {
        let mut reader = Reader::default();
        robotstxt::parse_robotstxt(text, &mut reader);
        reader.agents
    }

    /// What is signalled for a path.
    pub(super) fn signals(&self, path: &str) -> Vec<Signal> {
        let forbidden = self.groups.iter().filter_map(|(agent, rules)| {
            let rule = decisive(rules, path).filter(|rule| !rule.allow)?;
            Some(Signal::new(&format!("robots.txt:{agent}"), &rule.text))
        });
        let signalled = self
            .content_signals
            .iter()
            .map(|value| Signal::new("robots.txt:content-signal", value));
        forbidden.chain(signalled).collect()
    }
}

#[derive(Default)]
struct Reader {
    agents: Agents,
    /// Whom the group being read names.
    named: Vec<String>,
    in_rules: bool,
}

impl Reader {
    fn rule(&mut self, line: u32, value: &str, allow: bool) {
        self.in_rules = true;
        let Some(pattern) = Pattern::parse(value) else {
            return;
        };
        let rule = Rule {
            allow,
            pattern,
            line,
            text: format!("{}: {value}", if allow { "Allow" } else { "Disallow" }),
        };
        for agent in self.named.iter().filter(|a| is_known(a)) {
            let groups = &mut self.agents.groups;
            match groups
                .iter_mut()
                .find(|(name, _)| name.eq_ignore_ascii_case(agent))
            {
                Some((_, rules)) => rules.push(rule.clone()),
                None => groups.push((agent.clone(), vec![rule.clone()])),
            }
        }
    }
}

fn is_known(agent: &str) -> bool {
    AGENTS.iter().any(|known| known.eq_ignore_ascii_case(agent))
}

impl RobotsParseHandler for Reader {
    fn handle_robots_start(&mut self) {}

    fn handle_robots_end(&mut self) {}

    fn handle_user_agent(&mut self, _line: u32, value: &str) {
        if std::mem::take(&mut self.in_rules) {
            self.named.clear();
        }
        self.named.push(value.trim().to_owned());
    }

    fn handle_allow(&mut self, line: u32, value: &str) {
        self.rule(line, value, true);
    }

    fn handle_disallow(&mut self, line: u32, value: &str) {
        self.rule(line, value, false);
    }

    fn handle_sitemap(&mut self, _line: u32, _value: &str) {}

    fn handle_unknown_action(&mut self, _line: u32, key: &str, value: &str) {
        let to_us = |agent: &String| agent == "*" || agent.eq_ignore_ascii_case(TOKEN);
        if key.eq_ignore_ascii_case("content-signal") && self.named.iter().any(to_us) {
            self.agents.content_signals.push(value.to_owned());
        }
    }
}
