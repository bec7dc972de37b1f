//! The news agency that a story names as its own source: in its byline, in its dateline ("PARIS (AFP) –") or
//! in a credit at its end. Owns the agencies' names and these places; an agency that a story quotes is none
//! of its sources.

use crate::article::{Article, Category, FieldValue};
use crate::text;

/// Characters at the beginning of a text within which a dateline ends.
const DATELINE_CHARS: usize = 90;
/// Characters before the agency's name from which on a dash must follow it: a sentence is no dateline.
const PLACE_CHARS: usize = 30;
/// Longest naming of agencies in brackets, in characters: "(AFP/Reuters, dpa)".
const BRACKET_CHARS: usize = 40;
/// Words of a line that credits and says nothing else.
const CREDIT_WORDS: usize = 12;

/// Words of a sentence that credits.
const CREDITING: &[&str] = &[
    "©",
    "(c)",
    "opyright",
    "ights reserved",
    "contributed",
    "Mit Material",
];

/// Agencies by their usual name, and how they are named. Names that are words or initials of other things
/// too stand with what makes them clear.
const AGENCIES: &[(&str, &[&str])] = &[
    ("AP", &["The Associated Press", "Associated Press", "AP"]),
    ("AFP", &["Agence France-Presse", "Agence France Presse", "AFP"]),
    (
        "Reuters",
        &[
            "Thomson Reuters",
            "Reuters",
            "REUTERS",
            "ロイター",
            "路透社",
            "路透",
        ],
    ),
    ("dpa-AFX", &["dpa-AFX", "DPA-AFX"]),
    ("dpa", &["Deutsche Presse-Agentur", "dpa", "DPA"]),
    ("EFE", &["Agencia EFE", "EFE"]),
    ("Europa Press", &["Europa Press", "EUROPA PRESS"]),
    ("ANSA", &["ANSA"]),
    ("Adnkronos", &["Adnkronos", "ADNKRONOS"]),
    ("Lusa", &["Agência Lusa", "LUSA", "Lusa"]),
    ("Agência Brasil", &["Agência Brasil"]),
    ("Estadão Conteúdo", &["Estadão Conteúdo"]),
    ("Notimex", &["Notimex", "NOTIMEX"]),
    ("Télam", &["Télam", "TELAM", "Telam"]),
    ("Prensa Latina", &["Prensa Latina"]),
    ("APA", &["Austria Presse Agentur", "APA"]),
    (
        "Keystone-SDA",
        &["Keystone-SDA", "KEYSTONE-SDA", "Keystone-ATS", "SDA", "sda"],
    ),
    ("AWP", &["AWP"]),
    ("KNA", &["KNA"]),
    ("epd", &["epd"]),
    ("SID", &["SID", "sid"]),
    ("Belga", &["Belga", "BELGA"]),
    ("ANP", &["ANP"]),
    ("NTB", &["NTB"]),
    ("TT", &["TT"]),
    ("Ritzau", &["Ritzau", "/ritzau/"]),
    ("STT", &["STT"]),
    ("PAP", &["PAP"]),
    ("ČTK", &["ČTK"]),
    ("TASR", &["TASR"]),
    ("SITA", &["SITA"]),
    ("MTI", &["MTI"]),
    ("Hina", &["Hina", "HINA"]),
    ("Tanjug", &["Tanjug", "TANJUG", "Танјуг"]),
    ("Agerpres", &["Agerpres", "AGERPRES"]),
    ("ANA-MPA", &["ANA-MPA", "ΑΠΕ-ΜΠΕ"]),
    ("Ukrinform", &["Ukrinform", "Укрінформ", "Укринформ"]),
    ("Interfax", &["Interfax", "Интерфакс"]),
    ("TASS", &["TASS", "ТАСС"]),
    ("RIA Novosti", &["RIA Novosti", "РИА Новости"]),
    ("Anadolu", &["Anadolu Ajansı", "Anadolu Agency", "Anadolu"]),
    ("DHA", &["DHA"]),
    ("WAFA", &["WAFA"]),
    ("IRNA", &["IRNA", "ایرنا"]),
    ("PTI", &["Press Trust of India", "PTI"]),
    ("ANI", &["ANI"]),
    ("IANS", &["IANS"]),
    ("Xinhua", &["Xinhua", "XINHUA", "新华社", "新華社"]),
    ("CNA", &["中央社"]),
    ("Kyodo", &["Kyodo News", "Kyodo", "KYODO", "共同通信", "共同社"]),
    ("Jiji", &["Jiji Press", "時事通信", "時事"]),
    ("Yonhap", &["Yonhap", "연합뉴스"]),
    ("Newsis", &["Newsis", "뉴시스"]),
    ("Antara", &["Antara", "ANTARA"]),
    ("Bernama", &["Bernama", "BERNAMA"]),
    ("PNA", &["Philippine News Agency"]),
    ("VNA", &["TTXVN", "Vietnam News Agency"]),
    ("AAP", &["Australian Associated Press", "AAP"]),
    (
        "The Canadian Press",
        &["The Canadian Press", "THE CANADIAN PRESS", "Canadian Press"],
    ),
    ("PA Media", &["PA Media", "Press Association", "PA news agency"]),
    ("UPI", &["United Press International", "UPI"]),
    ("Bloomberg", &["Bloomberg News", "Bloomberg"]),
    ("Tribune News Service", &["Tribune News Service", "TNS"]),
];

/// Finds the agencies of an article and sets them down in its metadata: the first by name, all of them as
/// they are named.
pub(super) fn read(article: &mut Article) {
    let mut named: Vec<(&str, FieldValue)> = Vec::new();
    let mut found = |text: &str, source: &str| {
        for (agency, value) in agencies(text) {
            if named.iter().all(|(known, _)| *known != agency) {
                let field = FieldValue {
                    field: "agency",
                    value: value.to_owned(),
                    source: source.to_owned(),
                };
                named.push((agency, field));
            }
        }
    };
    let meta = &article.meta;
    for line in meta.byline.iter().chain(&meta.authors) {
        found(line, "byline");
    }
    let blocks = &article.blocks;
    if let Some(naming) = blocks.first().and_then(|b| dateline(&b.text)) {
        found(naming, "dateline");
    }
    if let Some(naming) = blocks
        .last()
        .filter(|_| blocks.len() > 1)
        .and_then(|b| credit(&b.text))
    {
        found(naming, "credit");
    }
    for removal in &article.removed {
        if matches!(removal.category, Category::Byline | Category::Legal) && is_credit(&removal.text) {
            found(&removal.text, "credit");
        }
    }
    article.meta.agency = named.first().map(|(agency, _)| (*agency).to_owned());
    article
        .meta
        .fields
        .extend(named.into_iter().map(|(_, field)| field));
}

/// The agencies in a text and how each is named there, in its order.
fn agencies(text: &str) -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<(usize, usize, &'static str, &'static str)> = Vec::new();
    for (agency, names) in AGENCIES {
        for name in *names {
            let at = text.match_indices(name).map(|(at, _)| at);
            for at in at.filter(|at| stands_alone(text, *at, at + name.len())) {
                found.push((at, at + name.len(), agency, name));
            }
        }
    }
    // Of names that lie over each other the longest is meant.
    found.sort_by_key(|(at, end, ..)| (*at, std::cmp::Reverse(*end)));
    let mut reached = 0;
    found.retain(|(at, end, ..)| {
        let is_free = *at >= reached;
        reached = reached.max(*end);
        is_free
    });
    found
        .into_iter()
        .map(|(_, _, agency, name)| (agency, name))
        .collect()
}

/// Whether no letter goes on before or after. Names in scripts that write no spaces stand alone anywhere.
fn stands_alone(text: &str, at: usize, end: usize) -> bool {
    if !text[at..end].chars().all(|c| u32::from(c) < 0x2e80) {
        return true;
    }
    // Reuters's reporters, Bloomberg's days: a sentence.
    let owns = ["'s", "’s"].iter().any(|s| text[end..].starts_with(s));
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '@' | '&'));
    let rest = &text[end..];
    // An address is no name.
    let is_host = rest.starts_with('.') && !joins_nothing(rest);
    !joins(text[..at].chars().next_back()) && !joins(rest.chars().next()) && !is_host && !owns
}

/// Whether what follows a full stop is no letter.
fn joins_nothing(rest: &str) -> bool {
    !rest.chars().nth(1).is_some_and(char::is_alphanumeric)
}

/// The part of a text's first block that names who wrote it.
fn dateline(block: &str) -> Option<&str> {
    let end = block
        .char_indices()
        .nth(DATELINE_CHARS)
        .map_or(block.len(), |(at, _)| at);
    let head = &block[..end];
    // 新华社北京1月1日电: the agency begins the line, "telegram" ends it.
    if let Some((line, _)) = head.split_once('电').or_else(|| head.split_once('電'))
        && line.chars().count() <= BRACKET_CHARS
        && !agencies(line).is_empty()
    {
        return Some(line);
    }
    let mut from = 0;
    while let Some((open, close)) = bracket(&head[from..]) {
        let (open, close) = (from + open, from + close);
        let inside = &head[open..close];
        let after = head[close..].chars().skip(1).find(|c| !text::is_space(*c));
        let is_dash = matches!(after, Some('-' | '–' | '—' | '―' | ':' | '.' | '：' | '=' | '|'));
        if !agencies(inside).is_empty() && (is_dash || head[..open].chars().count() <= PLACE_CHARS) {
            return Some(inside);
        }
        from = close;
    }
    // AFP – In Paris …
    let (line, _) = head.split_once([' ', '\u{a0}']).map(|(_, rest)| (head, rest))?;
    let dash = [" – ", " — ", " - ", " -- ", ".- "]
        .iter()
        .filter_map(|d| line.find(d))
        .min()?;
    let naming = &line[..dash];
    (agencies(naming)
        .first()
        .is_some_and(|(_, name)| *name == naming.trim()))
    .then_some(naming)
}

/// What the first pair of brackets holds, by its place.
fn bracket(text: &str) -> Option<(usize, usize)> {
    let (at, c) = text
        .char_indices()
        .find(|(_, c)| matches!(c, '(' | '（' | '[' | '［' | '【'))?;
    let open = at + c.len_utf8();
    let close = text[open..].find([')', '）', ']', '］', '】'])?;
    Some((open, open + close))
}

/// The part of a text's last block that names who wrote it: brackets at its end, or all of a short line.
fn credit(block: &str) -> Option<&str> {
    let block = text::trim_end(block);
    if is_credit(block) {
        return Some(block);
    }
    let inner = block.strip_suffix([')', '）', ']', '］'])?;
    let open = inner.rfind(['(', '（', '[', '［'])?;
    let inside = inner[open..].trim_start_matches(['(', '（', '[', '［']);
    (inside.chars().count() <= BRACKET_CHARS).then_some(inside)
}

/// Whether a line does nothing but name who wrote: it is short, and no sentence about an agency.
fn is_credit(line: &str) -> bool {
    let line = text::trim_end(line);
    let is_sentence = line.ends_with(['.', '!', '?', '。']);
    text::word_count_to(line, CREDIT_WORDS + 1) <= CREDIT_WORDS
        && (!is_sentence || CREDITING.iter().any(|word| line.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        agencies(text).into_iter().map(|(agency, _)| agency).collect()
    }

    #[test]
    fn bylines_name_agencies_among_people_and_other_words() {
        assert_eq!(names("Von Felix Muster und Jörg Beispiel, dpa"), ["dpa"]);
        assert_eq!(names("Von: det/dpa-AFX"), ["dpa-AFX"]);
        assert_eq!(names("MEG DOE, The Associated Press"), ["AP"]);
        assert_eq!(names("Le Journal et AFP (avec Reuters)"), ["AFP", "Reuters"]);
        assert_eq!(names("Por Agencia EFE"), ["EFE"]);
        assert_eq!(names("SNAPPY APRIL, Sid Lusardi"), [""; 0]);
        assert_eq!(names("Desk, sid.org or mail@dpa.example"), [""; 0]);
    }

    #[test]
    fn datelines_are_told_from_sentences() {
        for (text, agency) in [
            (
                "AMMAN/BEIRUT, Feb 21 (Reuters) - Talks began on Sunday.",
                "Reuters",
            ),
            ("Bogotá (dpa) - Das Bulletin ist lang.", "dpa"),
            ("Hamburg (dpa/lno) – Trotz eines Gespräches", "dpa"),
            ("Madrid, 3 ene (EFE).- El Gobierno", "EFE"),
            ("(ANSA) - ROMA, 3 GEN - Il governo", "ANSA"),
            ("SANTA FE, N.M. (AP) — A cat", "AP"),
            ("PARIS (AFP) Le gouvernement", "AFP"),
            ("AFP - Le gouvernement a annoncé", "AFP"),
            ("［東京 ３日 ロイター］ - 政府は", "Reuters"),
            ("新华社北京1月1日电 国务院", "Xinhua"),
            ("【共同通信】政府は三日", "Kyodo"),
            ("(서울=연합뉴스) 정부는", "Yonhap"),
        ] {
            let found = dateline(text).map(names).unwrap_or_default();
            assert_eq!(found, [agency], "{text}");
        }
        for text in [
            "According to Reuters, the office asked many questions of the firm (Reuters) on Monday.",
            "Hong Kong (CNN Business) A muddled view of talks",
            "The APA – short for something else – met on Monday.",
            "AP-style reporting - so they say - is dead.",
        ] {
            assert_eq!(dateline(text).map(names).unwrap_or_default(), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_credit_ends_a_story() {
        assert_eq!(
            credit("Er kündigte sein Erscheinen an. (dpa/gem)").map(names),
            Some(vec!["dpa"])
        );
        assert_eq!(
            credit("Quelle: ntv.de, jgu/dpa/rts").map(names),
            Some(vec!["dpa"])
        );
        assert_eq!(
            credit("© 2026 The Associated Press. All rights reserved.").map(names),
            Some(vec!["AP"])
        );
        let quoted =
            "The office told the agency Reuters on Monday that it would not answer any further questions.";
        assert_eq!(credit(quoted), None);
        assert_eq!(credit("Nobody at Reuters answered."), None);
    }
}
