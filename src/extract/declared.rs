//! What a page says of itself as a whole: that it is an article, and, where it does not say, in which
//! language its text is.

use whatlang::{Lang, detect};

use crate::article::{FieldValue, Metadata};
use crate::dom::{Dom, Element, Selector};
use crate::optout::Signal;

use super::meta::JsonLd;

/// Shortest text whose language is guessed, in characters: of shorter ones the guess is noise.
const GUESS_CHARS: usize = 200;
/// schema.org's types for pages and things that are no story.
const OTHER_KINDS: &[&str] = &[
    "CollectionPage",
    "SearchResultsPage",
    "ProfilePage",
    "ImageGallery",
    "MediaGallery",
    "VideoGallery",
    "VideoObject",
    "PodcastEpisode",
    "RadioEpisode",
    "TVEpisode",
];

/// Whether the page calls itself an article, in JSON-LD, Open Graph or microdata.
pub(super) fn is_article(dom: &Dom, ld: &JsonLd) -> bool {
    thread_local! {
        static MARKS: Selector = Selector::known(
            "meta[property='og:type'][content='article' i], [itemtype$='Article'], [itemtype$='BlogPosting']",
        );
    }
    let may = |e: &Element<'_>| e.name() == "meta" || e.attr("itemtype").is_some();
    let mut all = std::iter::once(dom.root()).chain(dom.root().descendants());
    ld.has_article() || MARKS.with(|marks| all.any(|e| may(&e) && e.matches(marks)))
}

/// What the page's meta tags say of its being kept: robots directives for everyone or for copydesk, and
/// the reservation of text and data mining.
pub(super) fn signals(dom: &Dom) -> Vec<Signal> {
    let said = metas(dom).filter_map(|meta| {
        let name = meta.attr("name")?.trim().to_ascii_lowercase();
        let ours = matches!(name.as_str(), "robots" | "copydesk" | "tdm-reservation");
        ours.then_some(Signal::new(&format!("meta:{name}"), meta.attr("content")?))
    });
    said.collect()
}

/// What a page calls itself that is no story, where it describes none: a collection, a gallery, a video.
pub(super) fn other_kind(dom: &Dom, ld: &JsonLd) -> Option<String> {
    thread_local! {
        static KIND: Selector = Selector::known(
            "meta[property='og:type'][content^='video' i], meta[property='og:type'][content='profile' i], \
             meta[property='og:type'][content^='music' i]",
        );
    }
    if ld.has_article() {
        return None;
    }
    let named = ld.all_types().iter().find(|t| OTHER_KINDS.contains(&t.as_str()));
    named
        .cloned()
        .or_else(|| KIND.with(|k| Some(metas(dom).find(|e| e.matches(k))?.attr("content")?.to_owned())))
}

/// The page's meta tags: asked for by name, for a selector is slow on a whole page.
fn metas(dom: &Dom) -> impl Iterator<Item = Element<'_>> {
    dom.root().descendants().filter(|e| e.name() == "meta")
}

/// Words of the story by the page's own account: JSON-LD's `wordCount`, or what its `articleBody` has.
pub(super) fn told_words(ld: &JsonLd) -> Option<usize> {
    let count = ld.get("wordCount").first().and_then(|n| n.parse().ok());
    let body = ld.article_body().map(|b| crate::text::word_count(&b));
    count.max(body)
}

/// Fills in the language from the text, when the page says none and the guess is sure.
pub(super) fn guess_language(meta: &mut Metadata, text: &str) {
    if meta.language.is_some() || text.chars().count() < GUESS_CHARS {
        return;
    }
    let Some(tag) = detect(text)
        .filter(whatlang::Info::is_reliable)
        .and_then(|i| tag(i.lang()))
    else {
        return;
    };
    meta.language = Some(tag.to_owned());
    meta.fields.push(FieldValue {
        field: "language",
        value: tag.to_owned(),
        source: "text".to_owned(),
    });
}

/// The BCP 47 tag (ISO 639-1 where there is one) of a language the guesser knows.
fn tag(lang: Lang) -> Option<&'static str> {
    Some(match lang {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        _ => return None,
    })
}
