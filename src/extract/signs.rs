//! What walls and error pages say of themselves, by kind, in the languages of news sites: data, and
//! whether a text says it. What follows from it is `verdict`'s business.

use std::sync::LazyLock;

use regex::Regex;

/// Longest title of which a sign may be a small part, in characters.
const SHORT_TITLE_CHARS: usize = 20;

/// What one kind of page says.
pub(super) struct Signs {
    /// In its title or heading.
    title: Regex,
    /// In its text, and hardly in a story's.
    text: Regex,
    /// What must stand in the same text.
    beside: Option<Regex>,
}

impl Signs {
    fn new(title: &str, text: &str, beside: Option<&str>) -> Self {
        let known = |p: &str| {
            Regex::new(&format!("(?i){p}")).expect("a pattern of the program's own, run by its tests")
        };
        Self {
            title: known(title),
            text: known(text),
            beside: beside.map(known),
        }
    }

    /// The sign in a title. It must be three fifths of a part of it: stories are about such pages too.
    pub(super) fn in_title<'t>(&self, title: &'t str) -> Option<&'t str> {
        static PARTS: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"\s[|·–—-]\s|｜").expect("a pattern of the program's own"));
        PARTS.split(title).find_map(|part| {
            let sign = self.title.find(part)?.as_str();
            let (all, said) = (part.chars().count(), sign.chars().count());
            (said * 5 >= all * 3 || all <= SHORT_TITLE_CHARS).then_some(sign)
        })
    }

    /// The sign in a text.
    pub(super) fn in_text<'t>(&self, text: &'t str) -> Option<&'t str> {
        let sign = self.text.find(text)?.as_str();
        self.beside
            .as_ref()
            .is_none_or(|b| b.is_match(text))
            .then_some(sign)
    }
}

/// Interstitials of content delivery networks and bot managers.
pub(super) static CHALLENGE: LazyLock<Signs> = LazyLock::new(|| {
    Signs::new(
        r"^just a moment\b|attention required|access (to this page has been )?denied|pardon our interruption|bot verification|human verification|are you a (robot|human)|ddos-guard|security (check|verification)|checking your browser|verify(ing)? (that )?you are (a )?human|^(einen|un|um) moment(o)?\b|sicherheitsprüfung|vérifiez que vous êtes (un )?humain|verifica que eres un ser humano|verifica di essere umano|ロボットではない|セキュリティ(の)?確認|подтвердите, что вы не робот|проверка браузера|人机验证|安全验证|robot olmadığınızı",
        r"checking your browser|(verify(ing)?|confirm) (that )?(you are|you're) (a )?(not a robot|human)|let us know you're not a robot|enable (javascript|js) and (cookies to continue|disable any ad ?blocker)|unusual (traffic|activity) from your|access to this page has been denied|you don't have permission to access .{0,200}on this server|sorry, you have been blocked|request unsuccessful\. incapsula|incapsula incident id|security check to access|complete the security check|review the security of your connection|automation tools to browse|(dass|ob) sie (k?ein (roboter|mensch)) sind|que vous (êtes (un )?humain|n'êtes pas un robot)|que (no eres un robot|eres (un )?humano)|che non sei un robot|que (você )?não é um robô|dat je geen robot bent|że nie jesteś robotem|att du inte är en robot|ロボットではないこと|вы не робот|您不是机器人|로봇이 아닙니다|robot olmadığınızı",
        None,
    )
});

/// Addresses of scripts and frames that only a challenge loads.
pub(super) const CHALLENGE_FRAMES: &[&str] = &["_incapsula_resource", "captcha-delivery.com", "px-captcha"];

/// Consent pages of portals and of pay-or-consent models. Their text speaks for the house and its
/// partners, and of data.
pub(super) static CONSENT: LazyLock<Signs> = LazyLock::new(|| {
    Signs::new(
        r"before you continue to|we (value|care about) your privacy|your privacy choices|(cookie|gdpr) consent|bevor sie fortfahren|mit werbung weiterlesen|weiter mit werbung|zustimmung (erforderlich|erteilen)|ihre privatsphäre|accepter (et continuer|les cookies)|continuer sans accepter|votre vie privée|(su|tu) privacidad|la tua privacy|a sua privacidade|(jouw|uw) privacy|szanujemy twoją prywatność|värdesätter din integritet|vi (respekterer|værner om|verdsetter)( di[nt])? privat",
        r"\bwe(, | and )?(and )?our (\d[\d.,]* )?([a-z-]+ )?partners|wir und unsere (\d[\d.]* )?\p{L}*partner|unsere (bis zu )?\d[\d.]* \p{L}*partner|werbung (und tracking )?(weiterlesen|weiternutzen)|wie gewohnt mit werbung|nos (\d+ )?partenaires et nous|nous et nos (\d+ )?partenaires|continuer sans accepter|nosotros y nuestros (\d+ )?(socios|partners|colaboradores)|noi e (i nostri )?(\d+ )?(partner|terze parti)|nós e (os )?(nossos )?(\d+ )?parceiros|(wij|we) en (onze )?(\d+ )?partners|my i (nasi )?(\d+ )?(zaufani )?partnerzy|vi och våra (\d+ )?partner|vi og (vores|våre) (\d+ )?(samarbeids|samarbejds)?partnere|me ja (\d+ )?kumppanimme|my a naši (\d+ )?partneři|mi és (\d+ )?partnereink|noi și (\d+ )?partener|εμείς και οι (\d+ )?συνεργάτες|biz ve (\d+ )?(iş )?ortaklarımız|当社(と|および).{0,15}パートナー|мы и наши (\d+ )?партн[её]ры",
        Some(
            r"cookie|クッキー|personal data|personenbezogen|tracking|données (à caractère )?personnel|informations personnelles|datos personales|dati personali|dados pessoais|persoonsgegevens|dan(e|ych) osobow|personuppgifter|personoplysninger|personopplysninger|henkilötie|osobní údaje|személyes adat|date(le)? (cu caracter )?personal|προσωπικ|kişisel veri|персональн",
        ),
    )
});

/// Error pages sent with status 200.
pub(super) static SOFT_404: LazyLock<Signs> = LazyLock::new(|| {
    Signs::new(
        r"(error|fehler|erreur|errore|erro|fout|błąd|fel|fejl|feil|hata|ошибка|エラー|oops!?)?[\s:–-]*\b404\b([\s:–-]*(error|not found))?|(page|article|story|content) (was |is |could )?(not|no longer) (be )?(found|available|exist\w*)|^not found$|can(no|')t find (that|this|the) page|seite (wurde )?(leider )?nicht gefunden|seite existiert nicht|artikel (wurde )?(leider )?nicht (gefunden|mehr verfügbar)|page (introuvable|non trouvée|inexistante)|página no (encontrada|existe)|pagina (non trovata|niet gevonden)|página não encontrada|nie znaleziono|sidan (kunde inte hittas|finns inte|hittades inte)|siden (blev ikke fundet|findes ikke|finnes ikke|ble ikke funnet)|sivua ei löyty|stránka nenalezena|az oldal nem található|pagina nu (a fost găsită|există)|η σελίδα δεν βρέθηκε|sayfa bulunamadı|halaman tidak ditemukan|không tìm thấy trang|страница не найдена|сторінку не знайдено|ページ(が|は)見つかりません|页面不存在|找不到(该|此)?(页面|頁面)|페이지를 찾을 수 없습니다|الصفحة غير موجودة|पृष्ठ नहीं मिला|ไม่พบหน้า",
        r"page (that )?(you|you're) (are |were )?(looking for|requested)|(page|article|story|content) (you requested )?(has been removed|no longer exists|does not exist)|(artikel|seite|inhalt) (ist|existiert) (leider )?(nicht mehr|nicht verfügbar)|page que vous (cherchez|recherchez|demandez)|página que (busca|buscas|procura)|pagina che (stai cercando|cerchi)|pagina die (je|u) zoekt|strona, której szukasz|sidan du (letar efter|söker)|siden,? du leder efter|siden du leter etter|aradığınız sayfa|запрошенная страница|お探しのページ|您访问的页面|요청하신 페이지|الصفحة التي تبحث",
        None,
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_most_of_a_title_not_a_part_of_a_headline() {
        for (title, says) in [
            ("Just a moment...", true),
            ("Attention Required! | Cloudflare", true),
            ("Just a moment of silence for the drowned of 1953", false),
            ("Are you a robot? How the little pictures are failing", false),
        ] {
            assert_eq!(CHALLENGE.in_title(title).is_some(), says, "{title}");
        }
        for (title, says) in [
            ("Oops! 404", true),
            ("The Paper: Seite nicht gefunden", true),
            ("ページが見つかりません", true),
            (
                "Flat 404: how one address came to have nine hundred owners",
                false,
            ),
            ("Peugeot shows a new 404 at the motor show in Paris", false),
        ] {
            assert_eq!(SOFT_404.in_title(title).is_some(), says, "{title}");
        }
    }

    #[test]
    fn a_wall_speaks_for_itself_and_its_partners_and_of_data() {
        let wall = "We and our 842 partners store information on a device, such as cookies.";
        assert!(CONSENT.in_text(wall).is_some());
        assert!(
            CONSENT
                .in_text("Wir und unsere 215 Partner verwenden Cookies.")
                .is_some()
        );
        assert!(
            CONSENT
                .in_text("We and our partners built the bridge, she said.")
                .is_none()
        );
    }
}
