//! What pages turn out to be, in several languages; and that stories about such pages are stories.

use super::tests::{read, rules};
use crate::article::Access;
use crate::outcome::Outcome;

const DECLARED: &str = "<meta property='og:type' content='article'>";
const DESCRIBED: &str = r#"<script type="application/ld+json">{"@type":"NewsArticle","headline":"Council votes","datePublished":"2026-05-04T10:00:00Z"}</script>"#;
const STORY: &str = "The council voted on Tuesday to dredge the inner basin, ending a dispute that has lasted for six \
                     years. Fishermen had asked for it since the last storm, and the yacht club will pay a third of the cost.";

fn page(title: &str, head: &str, body: &str) -> String {
    format!("<html><head><title>{title}</title>{head}</head><body>{body}</body></html>")
}

fn outcome(html: &str) -> Outcome {
    read(&rules("", ""), html).outcome
}

fn at(url: &str, html: &str) -> Outcome {
    let url = url::Url::parse(url).unwrap();
    let page = super::Page {
        html,
        url: Some(&url),
    };
    super::extract(page, &rules("", ""), None).unwrap().outcome
}

#[test]
fn lists_of_teasers_are_no_articles() {
    for teasers in [
        [
            "The decision ends six years of argument between fishermen and the yacht club.",
            "After nine years the ferry sails to the outer islands again, with beds for sixty.",
            "Pilots learn to bring ships past the rock without leaving the old cannery.",
            "Whoever borrows a rod brings it back clean, the librarians say, and mostly with a fish.",
        ],
        [
            "Nach sechs Jahren Streit hat der Stadtrat am Dienstag den Ausbau des Hafens beschlossen.",
            "Nach neun Jahren Pause legt die Nachtfähre zu den Inseln mit sechzig Betten wieder ab.",
            "Lotsen üben in einer alten Fabrik, wie sie große Schiffe am Felsen vorbei bringen.",
            "Wer eine Angel ausleiht, bringt sie sauber zurück, sagen sie in der Bücherei der Stadt.",
        ],
        [
            "六年にわたる漁業者とヨットクラブの対立に終止符を打つ決定となり、費用は双方が分担する。",
            "九年ぶりに離島への夜行フェリーが運航を再開し、六十人分の寝台が用意されている。",
            "水先人たちは古い缶詰工場で、大型船を岩のそばに通す方法を学んでいる。",
            "釣り竿を借りる人はきれいにして返す、と図書館の職員は話している。",
        ],
    ] {
        let cards: String = teasers
            .iter()
            .enumerate()
            .map(|(n, t)| {
                format!(
                    "<div class=t><img src=/{n}.jpg><h3><a href=/{n}>Headline {n}</a></h3><p>{t}</p></div>"
                )
            })
            .collect();
        for head in ["", DECLARED] {
            let html = page("World", head, &format!("<main><h1>World</h1>{cards}</main>"));
            assert_eq!(outcome(&html), Outcome::NotArticle, "{}", teasers[0]);
        }
    }
}

#[test]
fn a_post_under_a_linked_headline_and_a_list_that_is_a_story_are_articles() {
    let paragraphs: String = (1..6).map(|n| format!("<p>Paragraph {n}. {STORY}</p>")).collect();
    let post = format!("<main><h2><a href=/post>Council votes</a></h2>{paragraphs}</main>");
    assert_eq!(outcome(&page("Council votes", "", &post)), Outcome::Stored);
    let towns: String = (1..6)
        .map(|n| format!("<h2><a href=/t{n}>Town {n}</a></h2><p>In town {n}: {STORY}</p>"))
        .collect();
    let list = page(
        "Five towns",
        DESCRIBED,
        &format!("<article><h1>Five towns</h1>{towns}</article>"),
    );
    assert_eq!(outcome(&list), Outcome::Stored);
}

#[test]
fn front_pages_galleries_and_videos_are_no_articles() {
    let text = format!("<main><h1>News</h1><p>{STORY} {STORY}</p></main>");
    assert_eq!(
        at("https://paper.example/", &page("News", "", &text)),
        Outcome::NotArticle
    );
    assert_eq!(
        at("https://paper.example/a", &page("News", "", &text)),
        Outcome::Stored
    );
    assert_eq!(
        at("https://paper.example/", &page("News", DESCRIBED, &text)),
        Outcome::Stored
    );
    for kind in ["ImageGallery", "VideoObject", "CollectionPage"] {
        let head =
            format!(r#"<script type="application/ld+json">{{"@type":"{kind}","name":"News"}}</script>"#);
        assert_eq!(
            outcome(&page("News", &head, &text)),
            Outcome::NotArticle,
            "{kind}"
        );
        // A film beside a story is a film beside a story.
        assert_eq!(
            outcome(&page("News", &format!("{head}{DESCRIBED}"), &text)),
            Outcome::Stored,
            "{kind}"
        );
    }
    let pictures: String = (0..6)
        .map(|n| {
            format!(
                "<figure><img src=/{n}.jpg><figcaption>Boote am Leuchtturm, Bild {n}.</figcaption></figure>"
            )
        })
        .collect();
    let gallery = page(
        "Die Regatta",
        DESCRIBED,
        &format!("<article><h1>Die Regatta</h1>{pictures}</article>"),
    );
    let common = rules("", "[[strip]]\ncategory = \"caption\"\nselect = \"figcaption\"");
    assert_eq!(read(&common, &gallery).outcome, Outcome::NotArticle);
}

#[test]
fn consent_walls_are_known_in_many_languages() {
    for text in [
        "We and our 842 partners store and access information on a device, such as cookies.",
        "Besuchen Sie uns wie gewohnt mit Werbung und Tracking, oder nutzen Sie das Pur-Abo.",
        "Avec votre accord, nos 210 partenaires et nous utilisons des cookies.",
        "Nosotros y nuestros 750 socios almacenamos información, tales como cookies.",
        "Noi e i nostri 820 partner trattiamo dati personali.",
        "Wij en onze 600 partners gebruiken cookies.",
        "My i nasi partnerzy przetwarzamy dane osobowe.",
        "Vi och våra partner behandlar personuppgifter.",
        "Nós e os nossos 800 parceiros processamos dados pessoais.",
    ] {
        let body = format!("<div><h2>!</h2><p>{text}</p><button>OK</button></div>");
        for head in ["", DECLARED] {
            assert_eq!(
                outcome(&page("The Paper", head, &body)),
                Outcome::ConsentWall,
                "{text}"
            );
        }
    }
}

#[test]
fn challenges_are_known_by_their_words_and_by_what_they_load() {
    for (title, body) in [
        ("Just a moment...", "<p>Verifying you are human.</p>"),
        (
            "Access Denied",
            "<p>You don't have permission to access this on this server.</p>",
        ),
        (
            "paper.example",
            "<p>Please enable JS and disable any ad blocker</p>",
        ),
        (
            "Sicherheitsprüfung",
            "<p>Bitte bestätigen Sie, dass Sie kein Roboter sind.</p>",
        ),
        (
            "Vérification",
            "<p>Vérifiez que vous êtes humain avant de continuer.</p>",
        ),
        ("確認", "<h1>ロボットではないことを確認してください</h1>"),
        ("", "<iframe src='/_Incapsula_Resource?x=1'></iframe>"),
    ] {
        assert_eq!(
            outcome(&page(title, "", body)),
            Outcome::BotChallenge,
            "{title} {body}"
        );
    }
}

#[test]
fn error_pages_with_status_200_are_known_in_many_languages() {
    for heading in [
        "Page not found",
        "Error 404",
        "Sorry, this content is no longer available",
        "Diese Seite wurde leider nicht gefunden",
        "Page introuvable",
        "Página no encontrada",
        "Pagina non trovata",
        "Página não encontrada",
        "Pagina niet gevonden",
        "Nie znaleziono strony",
        "Sidan kunde inte hittas",
        "Sayfa bulunamadı",
        "Страница не найдена",
        "ページが見つかりません",
        "페이지를 찾을 수 없습니다",
        "الصفحة غير موجودة",
    ] {
        let body = format!("<main><h1>{heading}</h1><p>Try the front page.</p></main>");
        assert_eq!(
            outcome(&page("The Paper", "", &body)),
            Outcome::Soft404,
            "{heading}"
        );
    }
}

#[test]
fn stories_about_walls_are_stories() {
    for headline in [
        "Why every site says: we value your privacy",
        "Are you a robot? How the little pictures are failing",
        "Flat 404: how one address came to have nine hundred owners",
        "Just a moment of silence for the drowned of 1953",
    ] {
        let body = format!("<main><h1>{headline}</h1><p>{STORY}</p><p>And then: {STORY}</p></main>");
        for head in ["", DECLARED, DESCRIBED] {
            assert_eq!(
                outcome(&page(headline, head, &body)),
                Outcome::Stored,
                "{headline}"
            );
        }
    }
    let brief = page(
        "Council votes",
        DESCRIBED,
        "<article><h1>Council votes</h1><p>The council voted on Tuesday to dredge the inner basin after six years.</p></article>",
    );
    assert_eq!(outcome(&brief), Outcome::Stored);
}

#[test]
fn a_paid_story_is_a_teaser_where_only_its_beginning_is_sent() {
    let paid = |count: &str| DESCRIBED.replace("}<", &format!(r#","isAccessibleForFree":"False"{count}}}<"#));
    let paragraphs: String = (1..10)
        .map(|n| format!("<p>Paragraph {n}. {STORY}</p>"))
        .collect();
    let short = format!("<article><h1>Council votes</h1><p>{STORY}</p></article>");
    let long = format!("<article><h1>Council votes</h1>{paragraphs}</article>");
    assert_eq!(outcome(&page("", &paid(""), &short)), Outcome::PaywallTeaser);
    assert_eq!(outcome(&page("", &paid(""), &long)), Outcome::Stored);
    assert_eq!(
        outcome(&page("", &paid(r#","wordCount":900"#), &long)),
        Outcome::PaywallTeaser
    );
    assert_eq!(outcome(&page("", DESCRIBED, &short)), Outcome::Stored);
}

#[test]
fn a_text_that_ends_at_a_wall_is_told_to_be_paid_for() {
    let rules = rules(
        "[[layout]]\nbody = \"article\"\n[[strip]]\ncategory = \"paywall\"\nselect = \".wall\"\n",
        "",
    );
    let told = |html: &str| {
        let read = read(&rules, html);
        (read.outcome, read.article.meta.access)
    };
    let beginning = format!("<article><h1>Council votes</h1><p>{STORY}</p>");
    let cut = format!("{beginning}<p class=wall>Subscribe to read on.</p></article>");
    assert_eq!(
        told(&page("", DESCRIBED, &cut)),
        (Outcome::PaywallTeaser, Access::Paywalled)
    );
    let whole = format!("{beginning}</article>");
    assert_eq!(
        told(&page("", DESCRIBED, &whole)),
        (Outcome::Stored, Access::Unknown)
    );
}

#[test]
fn a_page_that_needs_a_program_to_show_text_is_empty() {
    let html = page("The Paper", "", "<div id=root></div><script>run()</script>");
    assert_eq!(outcome(&html), Outcome::Empty);
}
