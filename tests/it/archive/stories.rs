//! One story in many papers: invented wire stories as twenty papers print them, and the real pages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::rules;
use super::warc::{OK, record};
use crate::desk::{Desk, story};

const PAPERS: usize = 20;
const WIRES: usize = 12;
/// Stories of its own that each paper prints.
const OWN: usize = 4;

const NOUNS: &[&str] = &[
    "harbour",
    "council",
    "bridge",
    "minister",
    "court",
    "river",
    "school",
    "hospital",
    "tariff",
    "vote",
    "union",
    "storm",
    "tunnel",
    "market",
    "factory",
    "border",
    "budget",
    "witness",
    "airline",
    "forest",
    "museum",
    "pipeline",
    "satellite",
    "vaccine",
    "strike",
    "treaty",
    "editor",
    "farmer",
    "surgeon",
    "lake",
];
const VERBS: &[&str] = &[
    "rejected",
    "opened",
    "delayed",
    "praised",
    "inspected",
    "closed",
    "financed",
    "rebuilt",
    "questioned",
    "doubled",
    "sold",
    "defended",
    "surveyed",
    "moved",
    "blamed",
    "cleared",
    "flooded",
    "saved",
];
const WAYS: &[&str] = &[
    "quietly",
    "again",
    "in haste",
    "without a vote",
    "on Monday",
    "for a year",
    "by decree",
    "last winter",
    "after midnight",
    "in public",
    "at a loss",
    "under guard",
    "with regret",
    "on appeal",
];
const KINDS: &[&str] = &[
    "northern", "old", "public", "empty", "foreign", "costly", "small", "disputed", "frozen", "rural",
    "second", "private", "broken", "narrow", "famous", "damp",
];
const HAN: &str = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严";
const THAI: &[&str] = &[
    "นายก",
    "เมือง",
    "ประชุม",
    "น้ำ",
    "ตลาด",
    "โรงเรียน",
    "สะพาน",
    "ศาล",
    "ประกาศ",
    "เมื่อ",
    "วัน",
    "ใหม่",
    "รัฐ",
    "งาน",
    "เพื่อ",
    "ชาว",
    "ทุน",
    "ปี",
    "เรือ",
    "ข้าว",
    "ภูเขา",
    "ทะเล",
    "ครู",
    "หมอ",
    "ป่า",
    "ถนน",
    "บ้าน",
    "เงิน",
    "กฎหมาย",
    "สภา",
];

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.throw(words.len())]
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Tongue {
    English,
    Chinese,
    Thai,
}

fn sentence(dice: &mut Dice, tongue: Tongue) -> String {
    match tongue {
        Tongue::English => {
            let mut clause = || {
                let (kind, noun, verb) = (dice.of(KINDS), dice.of(NOUNS), dice.of(VERBS));
                let (other, way) = (dice.of(NOUNS), dice.of(WAYS));
                format!("the {kind} {noun} {verb} the {other} {way}")
            };
            format!("It was said that {}, while {}.", clause(), clause())
        }
        Tongue::Chinese => {
            let han: Vec<char> = HAN.chars().collect();
            let mut part = || -> String { (0..11).map(|_| han[dice.throw(han.len())]).collect() };
            format!("{}，{}。", part(), part())
        }
        Tongue::Thai => {
            let mut part = || -> String { (0..7).map(|_| dice.of(THAI)).collect() };
            format!("{} {}", part(), part())
        }
    }
}

fn paragraphs(dice: &mut Dice, tongue: Tongue, n: usize) -> Vec<String> {
    let mut one = || {
        let sentences: Vec<String> = (0..2 + dice.throw(2)).map(|_| sentence(dice, tongue)).collect();
        sentences.join(" ")
    };
    (0..n).map(|_| one()).collect()
}

/// A wire story as a paper prints it: a top and an end of its own, a headline of its own; some papers
/// stop half way, some leave out a paragraph, set two as one, or mend a word here and there.
fn print(wire: &[String], paper: usize, dice: &mut Dice, tongue: Tongue) -> Vec<String> {
    let mut text = wire.to_vec();
    if paper > 0 {
        text[0] = paragraphs(dice, tongue, 1).remove(0);
        if paper % 4 == 1 {
            text.truncate(wire.len() / 2 + 1);
        }
        if paper.is_multiple_of(3) {
            text.remove(text.len() / 2);
        }
        if paper % 5 == 2 && text.len() > 3 {
            let second = text.remove(2);
            write!(text[1], " {second}").unwrap();
        }
        if paper.is_multiple_of(2) && tongue == Tongue::English {
            for paragraph in &mut text {
                *paragraph = paragraph.replacen("It was said", "Officials told us", 1);
            }
        }
        if paper % 3 != 2 {
            *text.last_mut().unwrap() = paragraphs(dice, tongue, 1).remove(0);
        }
        text.push(format!(
            "Readers of paper {paper} may write to the desk about this at any hour of the day."
        ));
    }
    text
}

/// Address, what it tells, and the page. A wire is told by its number, a paper's own story by a name.
fn printed() -> Vec<(String, String, String)> {
    let mut dice = Dice(7);
    let mut pages = Vec::new();
    let tongue = |n: usize| match n % 4 {
        2 => Tongue::Chinese,
        3 => Tongue::Thai,
        _ => Tongue::English,
    };
    for wire in 0..WIRES {
        let tongue = tongue(wire);
        let length = 5 + dice.throw(8);
        let text = paragraphs(&mut dice, tongue, length);
        for paper in 0..PAPERS {
            let text = print(&text, paper, &mut dice, tongue);
            let text: Vec<&str> = text.iter().map(String::as_str).collect();
            let page = story(&sentence(&mut dice, tongue), &text);
            pages.push((
                format!("http://paper{paper}.example/news/{wire}"),
                format!("wire {wire}"),
                page,
            ));
        }
    }
    // What papers write themselves, about the same events and with the same statement in it; and a
    // column that is half the same every day.
    let statement = paragraphs(&mut dice, Tongue::English, 1).remove(0);
    let column = paragraphs(&mut dice, Tongue::English, 3);
    for paper in 0..PAPERS {
        for own in 0..OWN {
            let mut text = paragraphs(&mut dice, tongue(own), 6);
            match own {
                0 => text[2] = statement.clone(),
                1 if paper == 3 => text[..3].clone_from_slice(&column),
                _ => {}
            }
            let text: Vec<&str> = text.iter().map(String::as_str).collect();
            let page = story(&sentence(&mut dice, tongue(own)), &text);
            pages.push((
                format!("http://paper{paper}.example/own/{own}"),
                format!("own {paper} {own}"),
                page,
            ));
        }
    }
    for day in 0..OWN {
        let mut text = column.clone();
        text.extend(paragraphs(&mut dice, Tongue::English, 2));
        let text: Vec<&str> = text.iter().map(String::as_str).collect();
        let page = story("The weather", &text);
        pages.push((
            format!("http://paper3.example/weather/{day}"),
            format!("weather {day}"),
            page,
        ));
    }
    pages
}

fn archive(desk: &Desk, name: &str, pages: &[(String, String, String)]) {
    let records = pages.iter().enumerate().flat_map(|(n, (url, _, page))| {
        let id = format!("00000000-0000-0000-0000-{n:012}");
        record(url, "2026-03-02T10:00:00Z", &id, OK, page)
    });
    let file = desk.file(name, records.collect::<Vec<u8>>());
    let told = desk
        .run(&["ingest", file.to_str().unwrap(), "--json"])
        .quiet()
        .json();
    assert_eq!(told["new_articles"], pages.len(), "{told}");
}

/// The stories that hold more than one article, each as the addresses of its articles.
fn stories(desk: &Desk) -> BTreeSet<BTreeSet<String>> {
    let rows = desk.sql("select group_concat(url, ' ') from articles group by story_id having count(*) > 1");
    rows.iter()
        .map(|urls| urls.split(' ').map(str::to_owned).collect())
        .collect()
}

fn desk() -> Desk {
    (0..PAPERS).fold(Desk::new(), |desk, n| {
        let host = format!("paper{n}.example");
        desk.site(&format!("paper{n}"), &rules(&host, ""))
    })
}

#[test]
fn wire_stories_are_found_in_twenty_papers_and_no_other_story_is_joined() {
    let (desk, pages) = (desk(), printed());
    archive(&desk, "all.warc", &pages);
    let told: BTreeMap<&str, &str> = pages
        .iter()
        .map(|(url, of, _)| (url.as_str(), of.as_str()))
        .collect();
    let stories = stories(&desk);
    let mut found = BTreeMap::new();
    for story in &stories {
        let of: BTreeSet<&str> = story.iter().map(|url| told[url.as_str()]).collect();
        assert_eq!(of.len(), 1, "one story: {story:?}");
        let most = found.entry(*of.first().unwrap()).or_insert(0);
        *most = story.len().max(*most);
    }
    assert!(found.keys().all(|of| of.starts_with("wire")), "{found:?}");
    let all: usize = found.values().sum();
    println!("{all} of {} prints found: {found:?}", WIRES * PAPERS);
    assert!(all * 100 >= WIRES * PAPERS * 95, "{all}: {found:?}");

    // What is not found is the paper's own words for the most part.
    let text = |url: &str| {
        desk.sql(&format!("select text from articles where url = '{url}'"))
            .remove(0)
    };
    let joined: BTreeSet<&String> = stories.iter().flatten().collect();
    for (url, of, _) in pages
        .iter()
        .filter(|(url, of, _)| of.starts_with("wire") && !joined.contains(url))
    {
        let whole = of.replace("wire ", "http://paper0.example/news/");
        let share = copydesk::likeness::containment(&text(url), &text(&whole));
        assert!(share < 0.5, "{url}: {share}");
    }

    // Whichever paper came first, the stories are the same.
    let late = self::desk();
    let few = |of: &str| ["wire 0", "wire 1", "wire 2", "wire 3"].contains(&of);
    let turned: Vec<_> = pages.iter().rev().filter(|(_, of, _)| few(of)).cloned().collect();
    archive(&late, "turned.warc", &turned);
    let same = stories
        .into_iter()
        .filter(|story| few(told[story.first().unwrap().as_str()]));
    assert_eq!(self::stories(&late), same.collect());
    let first = "select count(*) from articles a where story_id <> (select min(id) from articles b where b.story_id = a.story_id)";
    assert_eq!(late.sql(first), ["0"]);

    // What one number a text would have found: its nearest print is seldom three bits away (Manku 2007),
    // nor ten.
    let texts = desk.sql("select url || char(10) || text from articles where url like '%/news/%'");
    let prints: Vec<(&str, u64)> = texts
        .iter()
        .map(|row| row.split_once('\n').unwrap())
        .map(|(url, text)| (told[url], simhash(text)))
        .collect();
    let within = |bits: u32| {
        let near = |(n, (of, print)): &(usize, &(&str, u64))| {
            let others = prints.iter().enumerate().filter(|(m, _)| m != n);
            others
                .filter(|(_, (other, _))| other == of)
                .any(|(_, (_, p))| (p ^ print).count_ones() <= bits)
        };
        prints.iter().enumerate().filter(near).count()
    };
    println!("SimHash: {} within 3 bits, {} within 10", within(3), within(10));
    assert!(within(3) * 2 < prints.len() && within(10) * 100 < prints.len() * 95);
}

/// Charikar's fingerprint over runs of three words, in 64 bits.
fn simhash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let words: Vec<&str> = copydesk::text::words(text).collect();
    let mut votes = [0i32; 64];
    for run in words.windows(3) {
        let mut hasher = DefaultHasher::new();
        run.hash(&mut hasher);
        let hash = hasher.finish();
        for (bit, vote) in votes.iter_mut().enumerate() {
            *vote += if hash >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    votes
        .iter()
        .enumerate()
        .map(|(bit, vote)| u64::from(*vote > 0) << bit)
        .sum()
}

#[test]
fn a_story_and_its_correction_stay_one_article_and_leave_no_story_behind() {
    let desk = desk();
    let mut dice = Dice(11);
    let wire = paragraphs(&mut dice, Tongue::English, 8);
    let page = |text: &[String]| story("A headline", &text.iter().map(String::as_str).collect::<Vec<_>>());
    let (whole, half, end) = (page(&wire), page(&wire[..4]), page(&wire[4..]));
    let urls = [1, 2, 3].map(|n| format!("http://paper{n}.example/news/a"));
    let pages: Vec<_> = urls
        .iter()
        .zip([&half, &end, &whole])
        .map(|(url, page)| (url.clone(), String::new(), page.clone()))
        .collect();
    archive(&desk, "one.warc", &pages);
    // Two halves have no word in common: the whole one joined them.
    assert_eq!(
        desk.sql("select story_id from articles order by id"),
        ["1", "1", "1"]
    );
    let links = "select article_id || '-' || other_id from story_links order by 1";
    assert_eq!(desk.sql(links), ["1-3", "2-3", "3-1", "3-2"]);

    let later = |name: &str, id: &str, page: &str| {
        let url = &urls[2];
        let bytes = record(url, "2026-03-03T10:00:00Z", id, OK, page);
        desk.run(&["ingest", desk.file(name, bytes).to_str().unwrap(), "--json"])
            .quiet()
            .json()
    };
    let corrected = whole.replacen("It was said", "It was not said", 1);
    let told = later(
        "corrected.warc",
        "00000000-0000-0000-0001-000000000001",
        &corrected,
    );
    assert_eq!(told["revised"], 1);
    assert_eq!(
        desk.sql("select story_id, versions from articles order by id"),
        ["1 | 1", "1 | 1", "1 | 2"]
    );
    // Another story at that address: what it held together falls apart.
    let other = page(&paragraphs(&mut dice, Tongue::English, 8));
    let told = later("other.warc", "00000000-0000-0000-0001-000000000002", &other);
    assert_eq!(told["revised"], 1);
    assert_eq!(
        desk.sql("select story_id from articles order by id"),
        ["1", "2", "3"]
    );
    assert_eq!(desk.sql(links), [""; 0]);
}

#[test]
fn a_better_rule_and_an_older_database_find_their_stories() {
    let desk = desk();
    let mut dice = Dice(13);
    let wire = paragraphs(&mut dice, Tongue::English, 4);
    let page = |more: &str| {
        let mut text: Vec<&str> = wire.iter().map(String::as_str).collect();
        text.extend((!more.is_empty()).then_some(more));
        story("A headline", &text)
    };
    // Each paper prints half as much again, which a rule takes out later on.
    let mut noise = || {
        format!(
            "seven crowns today {}",
            paragraphs(&mut dice, Tongue::English, 2).join(" ")
        )
    };
    let pages: Vec<_> = [noise(), noise()]
        .iter()
        .enumerate()
        .map(|(n, more)| {
            (
                format!("http://paper{n}.example/news/a"),
                String::new(),
                page(more),
            )
        })
        .collect();
    archive(&desk, "one.warc", &pages);
    let shared = "select count(*) from articles group by story_id order by 1";
    // As a database was before stories were looked for.
    desk.change(
        "delete from story_links; delete from story_prints; update articles set story_id = id;
         insert into story_backlog select id from articles",
    );
    desk.run(&["reextract"]).quiet();
    assert_eq!(desk.sql(shared), ["2"]);
    assert_eq!(desk.sql("select count(*) from story_backlog"), ["0"]);
    let share = "select round(max(share), 1) from story_links";
    let before: f64 = desk.sql(share)[0].parse().unwrap();
    for n in 0..2 {
        desk.file(
            &format!("sites/paper{n}.toml"),
            rules(&format!("paper{n}.example"), super::APPEAL),
        );
    }
    desk.run(&["reextract"]).quiet();
    let after: f64 = desk.sql(share)[0].parse().unwrap();
    assert!(before < 1.0 && after == 1.0, "{before}, {after}");
}

/// Real pages that tell one story in two papers, both from one agency (EFE).
const TRULY: &[&str] = &["traf-2dc40d6e489d traf-9b4aad838cd5"];

#[test]
fn among_the_real_pages_only_those_that_tell_one_story_are_joined() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/realnews");
    if !pages.exists() {
        eprintln!("skipped: no real pages at {}", pages.display());
        return;
    }
    let desk = Desk::new();
    desk.run(&["ingest", "--all", &pages.display().to_string()])
        .quiet();
    let stories = desk.sql(
        "select group_concat(record_id, ' ') from
           (select story_id, record_id from articles join ingested using (fetch_id) order by record_id)
          group by story_id having count(*) > 1",
    );
    assert_eq!(stories, TRULY);
}
