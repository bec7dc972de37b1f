//! Canonical URLs: one spelling for one address. Owns normalisation, tracking parameters, the
//! limits on addresses and host comparison; which addresses are articles is `sites`' business.

use url::Url;

/// Longest address that is followed, in bytes.
pub const MAX_URL_BYTES: usize = 2_083;
/// Most path segments of an address that is followed.
pub const MAX_PATH_SEGMENTS: usize = 20;
/// Most times one path segment may occur in an address (`/a/b/a/b/…` is a trap).
pub const MAX_SEGMENT_REPEATS: usize = 4;

/// Query parameters that only tell where a reader came from. Each is in use on real news sites;
/// a name ending in `*` stands for all that begin so.
const TRACKING: &[&str] = &[
    "utm_*",
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "igshid",
    "igsh",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "oly_anon_id",
    "oly_enc_id",
    "ns_mchannel",
    "ns_source",
    "ns_campaign",
    "ns_linkname",
    "ns_fee",
    "at_medium",
    "at_campaign",
    "at_custom*",
    "at_link*",
    "at_format",
    "at_ptr_name",
    "at_bbc_team",
    "wt_zmc",
    "wt_mc",
    "xtor",
    "ncid",
    "cmpid",
    "icid",
    "smid",
    "smtyp",
    "sr_share",
    "__twitter_impression",
    "ftag",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "traffic_source",
    "dicbo",
    "vero_id",
    "vero_conv",
    "s_cid",
    "sref",
    "spm",
    "scid",
    "trk",
    "trkCampaign",
];

/// Why an address is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL.
    #[error("not an address: {0}")]
    Invalid(String),
    /// Without a scheme, or a host: only the address of a page it stands on would tell what is meant.
    #[error("not an address: {0}; write it whole, as https://news.example/story")]
    Relative(String),
    /// Anything but http and https.
    #[error("scheme {0}: is not fetched, only http and https are")]
    Scheme(String),
    /// Over [`MAX_URL_BYTES`].
    #[error("address of {0} bytes, over the limit of {MAX_URL_BYTES}")]
    TooLong(usize),
    /// Over [`MAX_PATH_SEGMENTS`] or [`MAX_SEGMENT_REPEATS`].
    #[error("the path repeats itself or is too deep: {0}")]
    Trap(String),
}

/// Resolves `text` against `base` and brings it into canonical form.
///
/// # Errors
/// When it is no address, is not http or https, or exceeds the limits above.
pub fn resolve(base: &Url, text: &str) -> Result<Url, AddressError> {
    let url = base
        .join(text.trim())
        .map_err(|e| AddressError::Invalid(format!("{text}: {e}")))?;
    checked(url)
}

/// Reads an absolute address and brings it into canonical form.
///
/// # Errors
/// As [`resolve`].
pub fn parse(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text.trim()).map_err(|e| match e {
        url::ParseError::RelativeUrlWithoutBase => AddressError::Relative(text.to_owned()),
        e => AddressError::Invalid(format!("{text}: {e}")),
    })?;
    checked(url)
}

fn checked(url: Url) -> Result<Url, AddressError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(AddressError::Scheme(url.scheme().to_owned()));
    }
    let url = canonical(url);
    if url.as_str().len() > MAX_URL_BYTES {
        return Err(AddressError::TooLong(url.as_str().len()));
    }
    let segments: Vec<&str> = url
        .path_segments()
        .map(|s| s.filter(|s| !s.is_empty()).collect())
        .unwrap_or_default();
    let repeats = |s: &&str| segments.iter().filter(|t| *t == s).count();
    if segments.len() > MAX_PATH_SEGMENTS || segments.iter().any(|s| repeats(s) > MAX_SEGMENT_REPEATS) {
        return Err(AddressError::Trap(url.path().to_owned()));
    }
    Ok(url)
}

/// The canonical spelling (DESIGN §4): scheme and host in lower case and the default port gone
/// (the URL parser's doing), userinfo, fragment, a host's trailing dot and tracking parameters
/// dropped; path, trailing slash, other parameters and their order, http or https kept.
pub fn canonical(mut url: Url) -> Url {
    url.set_fragment(None);
    // Both fail only for addresses without a host, which have no userinfo either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Some(host) = url.host_str()
        && let Some(bare) = host.strip_suffix('.')
    {
        let bare = bare.to_owned();
        // Fails only for a host of dots alone, which then stays as it is.
        let _ = url.set_host(Some(&bare));
    }
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| !is_tracking(pair.split('=').next().unwrap_or_default()))
            .collect();
        let kept = kept.join("&");
        url.set_query((!kept.is_empty()).then_some(&kept));
    }
    url
}

fn is_tracking(name: &str) -> bool {
    TRACKING.iter().any(|t| match t.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *t,
    })
}

/// The host without a leading `www.`: the form in which hosts are compared.
pub fn bare_host(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// Scheme, host and port (RFC 6454): what a robots.txt is valid for.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canon(text: &str) -> String {
        parse(text).unwrap().into()
    }

    #[test]
    fn one_spelling_for_one_address() {
        assert_eq!(
            canon("HTTPS://user:pw@News.Example.:443/A/b/?utm_source=x&id=3&fbclid=y#top"),
            "https://news.example/A/b/?id=3"
        );
        assert_eq!(
            canon("http://news.example?utm_medium=rss"),
            "http://news.example/"
        );
    }

    #[test]
    fn what_may_matter_is_kept() {
        assert_eq!(
            canon("http://www.news.example/story/?b=2&a=1&ref=rss"),
            "http://www.news.example/story/?b=2&a=1&ref=rss"
        );
    }

    #[test]
    fn traps_and_foreign_schemes_are_refused() {
        assert!(matches!(
            parse("javascript:alert(1)"),
            Err(AddressError::Scheme(_))
        ));
        assert!(matches!(
            parse(&format!("http://a.example/{}", "x".repeat(3000))),
            Err(AddressError::TooLong(_))
        ));
        assert!(matches!(
            parse("http://a.example/a/b/a/b/a/b/a/b/a/b"),
            Err(AddressError::Trap(_))
        ));
    }

    #[test]
    fn canonical_is_idempotent() {
        for text in ["http://a.example/?x=%e3&utm_a=b", "https://b.example/ü?q=ä b"] {
            let once = canon(text);
            assert_eq!(canon(&once), once);
        }
    }
}
