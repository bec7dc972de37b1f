//! Words around authors' names, as data: what leads a byline, what joins two names, what is a
//! role and what is nobody's name. How a byline is read with them is `authors`' business.

/// Words that lead a byline, lower case; with a colon or white space after them. Each is what
/// papers in that language print before names. Longer ones stand before their own beginnings.
#[rustfmt::skip]
pub(super) const LEADS: &[&str] = &[
    // English
    "written by", "words by", "story by", "reported by", "reporting by", "posted by", "published by",
    "article by", "analysis by", "opinion by", "review by", "interview by", "text by", "by",
    // German
    "verfasst von", "geschrieben von", "aufgezeichnet von", "ein kommentar von", "kommentar von",
    "eine analyse von", "analyse von", "ein gastbeitrag von", "gastbeitrag von", "eine kolumne von",
    "eine reportage von", "ein interview von", "interview von", "ein essay von", "eine rezension von",
    "von unserem korrespondenten", "von unserer korrespondentin", "von unserem redakteur",
    "von unserer redakteurin", "von", "autorin/autor", "autor/in", "autor(in)", "autor:in", "autorinnen",
    "autoren", "autorin", "redaktion:", "bericht:",
    // French, Spanish, Portuguese, Catalan, Italian
    "propos recueillis par", "écrit par", "publié par", "par", "auteur", "escrito por", "publicado por", "por",
    "redação", "texto", "autora", "per", "scritto da", "a cura di", "di", "autore",
    // Dutch, Scandinavian, Finnish
    "door", "geschreven door", "skrevet af", "skrevet av", "skriven av", "af", "av", "kirjoittanut", "teksti",
    "tekst", "journalist", "skribent",
    // Slavic, Turkish, Indonesian, Greek
    "autor", "autorzy", "opracowanie", "автор", "авторы", "автори", "текст", "yazan", "haber", "oleh", "penulis",
    "reporter", "του", "της",
    // Labels on every page
    "author", "authors", "text", "story", "bericht",
];

/// Leads that are also part of noble names: `von Storch` alone is a name, `Von Jane Doe` is not.
#[rustfmt::skip]
pub(super) const NOBLE: &[&str] = &["von", "di", "af", "av", "per"];

/// Leads that only mean something with a colon after them, or as the label of a table: they are
/// names and nouns otherwise.
#[rustfmt::skip]
pub(super) const LABELS: &[&str] = &[
    "text", "texto", "tekst", "teksti", "story", "bericht", "haber", "author", "authors", "autor", "autora",
    "autoren", "autorin", "autorinnen", "auteur", "autore", "journalist", "reporter", "redação", "skribent",
    "autorzy", "opracowanie", "автор", "авторы", "автори", "текст", "yazan", "penulis",
];

/// A language and its words for "and" between two names.
#[rustfmt::skip]
pub(super) const AND: &[(&str, &[&str])] = &[
    ("en", &["and", "with"]),
    ("de", &["und", "sowie", "mit"]),
    ("fr", &["et", "avec"]),
    ("es", &["y", "e"]),
    ("pt", &["e"]),
    ("it", &["e", "ed"]),
    ("ca", &["i"]),
    ("nl", &["en"]),
    ("af", &["en"]),
    ("da", &["og"]),
    ("no", &["og"]),
    ("sv", &["och"]),
    ("is", &["og"]),
    ("fi", &["ja"]),
    ("et", &["ja"]),
    ("pl", &["i", "oraz"]),
    ("cs", &["a"]),
    ("sk", &["a"]),
    ("hr", &["i"]),
    ("sr", &["i", "и"]),
    ("sl", &["in"]),
    ("hu", &["és"]),
    ("ro", &["și", "şi"]),
    ("ru", &["и"]),
    ("bg", &["и"]),
    ("uk", &["та", "і", "й"]),
    ("tr", &["ve"]),
    ("id", &["dan"]),
    ("ms", &["dan"]),
    ("vi", &["và"]),
    ("sw", &["na"]),
    ("el", &["και"]),
    ("ar", &["و"]),
    ("hi", &["और"]),
    ("lb", &["an", "a"]),
];

/// Joining words that mean "and" wherever they stand alone between two names.
pub(super) const AND_ANYWHERE: &[&str] = &["and", "und", "et", "og", "och"];

/// Words of which one makes a part of a byline a role: `Jane Doe, Political Editor`. Matched at
/// the start of a word of the part, lower case.
#[rustfmt::skip]
pub(super) const ROLES: &[&str] = &[
    "editor", "correspondent", "reporter", "writer", "columnist", "journalist", "producer", "contributor",
    "photographer", "analyst", "chief", "bureau", "staff", "columnist", "freelance", "critic", "professor",
    "lecturer", "director", "redakteur", "korrespondent", "reporter", "chefredakteur", "ressortleiter",
    "volontär", "leiter", "autor", "kolumnist", "praktikant", "mitarbeiter", "fotograf", "journaliste",
    "rédact", "correspondant", "envoyé", "redactor", "redactora", "periodista", "corresponsal", "redattore",
    "giornalista", "jornalista", "repórter", "redacteur", "verslaggever", "journalistin", "redaktør", "dziennikarz",
    "redaktor", "muhabir", "editör", "корреспондент", "журналист", "кореспондент", "журналіст",
];

/// Whole names that nobody bears: defaults of content systems and buttons beside a byline.
/// Compared without case.
#[rustfmt::skip]
pub(super) const NOBODY: &[&str] = &[
    "admin", "administrator", "adm", "webmaster", "editor", "editors", "the editors", "staff", "staff writer",
    "staff writers", "staff reporter", "staff report", "staff reports", "from staff reports", "staff and wire reports", "wire reports",
    "from wire reports", "wire services", "news services", "news service reports", "agency reports", "web desk", "news desk", "newsroom staff",
    "guest", "guest author", "contributor", "contributors", "unknown", "anonymous", "anonym", "anonyme", "anónimo", "anonimo", "author", "authors",
    "no author", "n/a", "na", "none", "null", "undefined", "nan", "false", "true", "root", "user", "default",
    "super user", "superuser", "wordpress", "email the author", "email", "e-mail", "mail", "follow", "following",
    "share", "twitter", "facebook", "instagram", "view profile", "see all", "more", "read more", "profile", "bio",
    "website", "autor", "autorin", "auteur", "redakteur", "redakteurin", "gast", "gastautor", "mehr", "tips meg",
    "seguir", "suivre", "folgen", "artikel", "kommentar", "anzeige", "anzeigen", "werbung", "advertisement", "publicidad",
    "publicité", "pubblicità", "reklama", "reklame", "annonce", "comments", "posted", "published", "updated",
];

/// Suffixes that belong to the name before the comma.
pub(super) const SUFFIXES: &[&str] = &["jr", "sr", "ii", "iii", "iv", "phd", "ph.d", "md", "m.d", "esq"];

/// What stands before a name without a lead: `5 Minutes Ago Jon Russell`. Lower case.
#[rustfmt::skip]
pub(super) const AGO: &[&str] = &[
    "seconds ago", "second ago", "minutes ago", "minute ago", "mins ago", "min ago", "hours ago", "hour ago",
    "hrs ago", "days ago", "day ago", "weeks ago", "week ago", "months ago", "month ago", "years ago", "year ago",
];

/// Labels by which content systems say "written by" in Twitter's label and data pairs.
#[rustfmt::skip]
pub(super) const WRITTEN_BY: &[&str] = &[
    "written by", "verfasst von", "geschrieben von", "écrit par", "escrito por", "scritto da", "geschreven door",
    "skrevet av", "skrevet af", "skriven av", "napisane przez", "автор", "написано", "yazan", "ditulis oleh", "author",
    "autor", "by",
];

/// Labels of a table or list that names the author, lower case.
#[rustfmt::skip]
pub(super) const AUTHOR_LABELS: &[&str] = &[
    "author", "authors", "autor", "autorin", "autoren", "autorin/autor", "autor/in", "autor:in", "autor(in)",
    "auteur", "autora", "autore", "автор", "yazar", "penulis", "forfatter", "författare",
];
