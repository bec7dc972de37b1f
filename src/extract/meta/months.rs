//! Words inside dates, as data: month names by language, zone abbreviations, marks of the hour.
//! How a date is put together from them is `dates`' business.

/// One language's month names: twelve entries, each with its spellings separated by `|`, lower
/// case. Inflected forms (Slavic genitives, Finnish partitives) are listed as dates use them.
/// Abbreviations stand without their dot.
pub(super) struct Months {
    /// Primary language subtag.
    pub(super) language: &'static str,
    names: [&'static str; 12],
}

/// The languages of news sites that print dates in words.
#[rustfmt::skip]
const MONTHS: &[Months] = &[
    Months { language: "en", names: ["january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug", "september|sept|sep", "october|oct", "november|nov", "december|dec"] },
    Months { language: "de", names: ["januar|jan|jänner|jän", "februar|feb|feber", "märz|mär|mrz|maerz", "april|apr", "mai", "juni|jun", "juli|jul", "august|aug", "september|sept|sep", "oktober|okt", "november|nov", "dezember|dez"] },
    Months { language: "fr", names: ["janvier|janv", "février|févr|fév|fevrier", "mars", "avril|avr", "mai", "juin", "juillet|juil", "août|aout", "septembre|sept", "octobre|oct", "novembre|nov", "décembre|déc|decembre"] },
    Months { language: "es", names: ["enero|ene", "febrero|feb", "marzo|mar", "abril|abr", "mayo|may", "junio|jun", "julio|jul", "agosto|ago", "septiembre|setiembre|sept|sep", "octubre|oct", "noviembre|nov", "diciembre|dic"] },
    Months { language: "pt", names: ["janeiro|jan", "fevereiro|fev", "março|mar", "abril|abr", "maio|mai", "junho|jun", "julho|jul", "agosto|ago", "setembro|set", "outubro|out", "novembro|nov", "dezembro|dez"] },
    Months { language: "it", names: ["gennaio|gen", "febbraio|feb", "marzo|mar", "aprile|apr", "maggio|mag", "giugno|giu", "luglio|lug", "agosto|ago", "settembre|set|sett", "ottobre|ott", "novembre|nov", "dicembre|dic"] },
    Months { language: "nl", names: ["januari|jan", "februari|feb", "maart|mrt", "april|apr", "mei", "juni|jun", "juli|jul", "augustus|aug", "september|sept|sep", "oktober|okt", "november|nov", "december|dec"] },
    Months { language: "da", names: ["januar|jan", "februar|feb", "marts|mar", "april|apr", "maj", "juni|jun", "juli|jul", "august|aug", "september|sept|sep", "oktober|okt", "november|nov", "december|dec"] },
    Months { language: "no", names: ["januar|jan", "februar|feb", "mars|mar", "april|apr", "mai", "juni|jun", "juli|jul", "august|aug", "september|sept|sep", "oktober|okt", "november|nov", "desember|des"] },
    Months { language: "sv", names: ["januari|jan", "februari|feb", "mars|mar", "april|apr", "maj", "juni|jun", "juli|jul", "augusti|aug", "september|sept|sep", "oktober|okt", "november|nov", "december|dec"] },
    Months { language: "fi", names: ["tammikuuta|tammikuu", "helmikuuta|helmikuu", "maaliskuuta|maaliskuu", "huhtikuuta|huhtikuu", "toukokuuta|toukokuu", "kesäkuuta|kesäkuu", "heinäkuuta|heinäkuu", "elokuuta|elokuu", "syyskuuta|syyskuu", "lokakuuta|lokakuu", "marraskuuta|marraskuu", "joulukuuta|joulukuu"] },
    Months { language: "pl", names: ["stycznia|styczeń|sty", "lutego|luty|lut", "marca|marzec", "kwietnia|kwiecień|kwi", "maja|maj", "czerwca|czerwiec|cze", "lipca|lipiec|lip", "sierpnia|sierpień|sie", "września|wrzesień|wrz", "października|październik|paź", "listopada|listopad|lis", "grudnia|grudzień|gru"] },
    Months { language: "cs", names: ["ledna|leden", "února|únor", "března|březen", "dubna|duben", "května|květen", "června|červen", "července|červenec", "srpna|srpen", "září", "října|říjen", "listopadu|listopad", "prosince|prosinec"] },
    Months { language: "hu", names: ["január", "február", "március", "április", "május", "június", "július", "augusztus", "szeptember", "október", "november", "december"] },
    Months { language: "ro", names: ["ianuarie", "februarie", "martie", "aprilie", "mai", "iunie", "iulie", "august", "septembrie", "octombrie", "noiembrie", "decembrie"] },
    Months { language: "tr", names: ["ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim", "kasım", "aralık"] },
    Months { language: "id", names: ["januari|jan", "februari|feb", "maret|mar", "april|apr", "mei", "juni|jun", "juli|jul", "agustus|agu|ags", "september|sep", "oktober|okt", "november|nov", "desember|des"] },
    Months { language: "ru", names: ["января|январь|янв", "февраля|февраль|фев", "марта|март|мар", "апреля|апрель|апр", "мая|май", "июня|июнь|июн", "июля|июль|июл", "августа|август|авг", "сентября|сентябрь|сен", "октября|октябрь|окт", "ноября|ноябрь|ноя", "декабря|декабрь|дек"] },
    Months { language: "uk", names: ["січня|січень", "лютого|лютий", "березня|березень", "квітня|квітень", "травня|травень", "червня|червень", "липня|липень", "серпня|серпень", "вересня|вересень", "жовтня|жовтень", "листопада|листопад", "грудня|грудень"] },
    Months { language: "el", names: ["ιανουαρίου|ιαν", "φεβρουαρίου|φεβ", "μαρτίου|μαρ", "απριλίου|απρ", "μαΐου|μαϊ", "ιουνίου|ιουν", "ιουλίου|ιουλ", "αυγούστου|αυγ", "σεπτεμβρίου|σεπ", "οκτωβρίου|οκτ", "νοεμβρίου|νοε", "δεκεμβρίου|δεκ"] },
    Months { language: "ar", names: ["يناير|كانون الثاني", "فبراير|شباط", "مارس|آذار", "أبريل|إبريل|نيسان", "مايو|أيار", "يونيو|حزيران", "يوليو|تموز", "أغسطس|آب", "سبتمبر|أيلول", "أكتوبر|تشرين الأول", "نوفمبر|تشرين الثاني", "ديسمبر|كانون الأول"] },
    Months { language: "hi", names: ["जनवरी", "फरवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"] },
];

impl Months {
    fn number(&self, word: &str) -> Option<i8> {
        (1..)
            .zip(self.names)
            .find_map(|(n, names)| names.split('|').any(|name| name == word).then_some(n))
    }
}

/// The month a word names, 1 to 12. The page's own language is asked first, then all: a few words
/// mean different months in two languages (`listopad` is October in Croatian, November in Polish).
pub(super) fn month(word: &str, language: Option<&str>) -> Option<i8> {
    let word = word.to_lowercase();
    let word = word.trim_end_matches('.');
    let own = language.map(super::language::primary);
    MONTHS
        .iter()
        .filter(|m| own.as_deref() == Some(m.language))
        .chain(MONTHS)
        .find_map(|m| m.number(word))
}

/// English month names, long and short, as strptime reads them.
pub(super) const ENGLISH: [(&str, &str); 12] = [
    ("January", "Jan"),
    ("February", "Feb"),
    ("March", "Mar"),
    ("April", "Apr"),
    ("May", "May"),
    ("June", "Jun"),
    ("July", "Jul"),
    ("August", "Aug"),
    ("September", "Sep"),
    ("October", "Oct"),
    ("November", "Nov"),
    ("December", "Dec"),
];

/// Zone abbreviations as news sites print them, and the IANA zone each stands for. Zones, not
/// offsets: sites write "EST" and "CET" in summer too. Abbreviations with several common meanings
/// (`CST`, `IST`, `AST`, `BST`) are settled by the site's own zone where that knows them.
#[rustfmt::skip]
const ZONES: &[(&str, &str)] = &[
    ("utc", "UTC"), ("gmt", "UTC"), ("z", "UTC"),
    ("et", "America/New_York"), ("est", "America/New_York"), ("edt", "America/New_York"),
    ("ct", "America/Chicago"), ("cst", "America/Chicago"), ("cdt", "America/Chicago"),
    ("mt", "America/Denver"), ("mst", "America/Denver"), ("mdt", "America/Denver"),
    ("pt", "America/Los_Angeles"), ("pst", "America/Los_Angeles"), ("pdt", "America/Los_Angeles"),
    ("bst", "Europe/London"), ("cet", "Europe/Paris"), ("cest", "Europe/Paris"),
    ("mez", "Europe/Berlin"), ("mesz", "Europe/Berlin"),
    ("eet", "Europe/Athens"), ("eest", "Europe/Athens"), ("msk", "Europe/Moscow"), ("мск", "Europe/Moscow"),
    ("ist", "Asia/Kolkata"), ("pkt", "Asia/Karachi"), ("wib", "Asia/Jakarta"), ("wita", "Asia/Makassar"),
    ("sgt", "Asia/Singapore"), ("hkt", "Asia/Hong_Kong"), ("jst", "Asia/Tokyo"), ("kst", "Asia/Seoul"),
    ("aest", "Australia/Sydney"), ("aedt", "Australia/Sydney"), ("awst", "Australia/Perth"),
    ("nzst", "Pacific/Auckland"), ("nzdt", "Pacific/Auckland"),
    ("sast", "Africa/Johannesburg"), ("eat", "Africa/Nairobi"), ("wat", "Africa/Lagos"), ("cat", "Africa/Harare"),
    ("brt", "America/Sao_Paulo"), ("art", "America/Argentina/Buenos_Aires"),
];

/// The IANA zone that an abbreviation stands for.
pub(super) fn zone(abbreviation: &str) -> Option<&'static str> {
    let lower = abbreviation.to_lowercase();
    ZONES.iter().find(|(a, _)| *a == lower).map(|(_, zone)| *zone)
}

/// Labels of a table or list that tells the day of publication, lower case.
pub(super) const DATE_LABELS: &[&str] = &[
    "date",
    "datum",
    "published",
    "veröffentlicht",
    "erschienen",
    "fecha",
    "publicado",
    "publié",
    "data",
    "дата",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_in_many_languages() {
        for (word, number) in [
            ("Feb.", 2),
            ("März", 3),
            ("août", 8),
            ("мая", 5),
            ("Nisan", 4),
            ("października", 10),
        ] {
            assert_eq!(month(word, None), Some(number), "{word}");
        }
        assert_eq!(month("Monday", Some("en")), None);
    }

    #[test]
    fn the_language_of_the_page_settles_a_word_of_two_meanings() {
        assert_eq!(month("mar", Some("es-AR")), Some(3));
        assert_eq!(month("set", Some("it")), Some(9));
    }

    #[test]
    fn every_zone_is_in_the_database() {
        for (_, name) in ZONES {
            assert!(jiff::tz::TimeZone::get(name).is_ok(), "{name}");
        }
    }
}
