//! Language tags: BCP 47 as pages write it, brought into its one spelling. Owns the spelling;
//! where a page states its language is `chain`'s business.

/// Names that pages write in place of a tag.
const NAMES: &[(&str, &str)] = &[
    ("english", "en"),
    ("german", "de"),
    ("deutsch", "de"),
    ("french", "fr"),
    ("français", "fr"),
    ("spanish", "es"),
    ("español", "es"),
    ("italian", "it"),
    ("italiano", "it"),
    ("portuguese", "pt"),
    ("dutch", "nl"),
    ("russian", "ru"),
    ("japanese", "ja"),
    ("turkish", "tr"),
    // Country codes that many pages take for language codes.
    ("jp", "ja"),
    ("cz", "cs"),
    ("gr", "el"),
    ("ua", "uk"),
];

/// The tag in BCP 47's recommended case (RFC 5646 §2.1.1): `de_at` is `de-AT`, `zh-hant` is
/// `zh-Hant`. None for what is no tag, or says nothing (`und`, `x-default`).
pub fn normalise(text: &str) -> Option<String> {
    let first = text.split([',', ';']).next().unwrap_or_default();
    let lower = first.trim().replace('_', "-").to_lowercase();
    // POSIX locales carry a charset: `de_DE.UTF-8`.
    let lower = lower.split('.').next().unwrap_or_default();
    if let Some((_, tag)) = NAMES.iter().find(|(name, _)| *name == lower) {
        return Some((*tag).to_owned());
    }
    let mut parts = lower.split('-');
    let primary = parts.next()?;
    let letters = |s: &str| s.bytes().all(|b| b.is_ascii_lowercase());
    if !matches!(primary.len(), 2 | 3) || !letters(primary) || matches!(primary, "und" | "mul" | "zxx") {
        return None;
    }
    let mut tag = primary.to_owned();
    for part in parts {
        let alphanumeric =
            !part.is_empty() && part.len() <= 8 && part.bytes().all(|b| b.is_ascii_alphanumeric());
        // A region written twice, or junk after the tag: what came before still holds.
        if !alphanumeric || part.len() == 1 {
            break;
        }
        tag.push('-');
        match part.len() {
            2 if letters(part) => tag.push_str(&part.to_uppercase()),
            4 if letters(part) => {
                tag.push_str(&part[..1].to_uppercase());
                tag.push_str(&part[1..]);
            }
            _ => tag.push_str(part),
        }
    }
    Some(tag)
}

/// The primary subtag, in lower case; the Norwegian written forms count as `no`.
pub(super) fn primary(tag: &str) -> String {
    let first = tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    match first.as_str() {
        "nb" | "nn" => "no".to_owned(),
        _ => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_get_one_spelling() {
        for (written, tag) in [
            ("de_DE", "de-DE"),
            ("EN-us", "en-US"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("pt_BR.UTF-8", "pt-BR"),
            ("en, de", "en"),
            ("Deutsch", "de"),
            ("jp", "ja"),
        ] {
            assert_eq!(normalise(written).as_deref(), Some(tag), "{written}");
        }
    }

    #[test]
    fn what_says_nothing_is_no_language() {
        for written in ["", "und", "x-default", "{{lang}}", "none of yours"] {
            assert_eq!(normalise(written), None, "{written}");
        }
    }
}
