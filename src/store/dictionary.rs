//! Dictionaries: some pages of a site, joined, with which its other pages are packed to half. Owns which
//! pages make one, and packing and unpacking with it; when one is due is `packer`'s question.

use std::io;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// zstd level of bodies, with and without a dictionary. Over real news pages it leaves a tenth less than
/// the library's default, in four milliseconds a page.
const LEVEL: i32 = 6;
/// Level of the dictionaries themselves, which are written once.
const DICTIONARY_LEVEL: i32 = 15;
/// Level at which pages are tried as dictionaries: it is the order that counts.
const TRIAL_LEVEL: i32 = 3;
/// Pages that a dictionary is chosen from; a site has its first one with so many.
pub const DICTIONARY_SAMPLE: usize = 8;
/// Pages in a dictionary. Each one beyond the first is for another kind of page.
const MOST_PAGES: usize = 4;
/// Bytes of a dictionary.
const MOST_BYTES: usize = 1024 * 1024;
/// What a further page must leave of the sample, at most, to be worth its place.
const WORTH: f64 = 0.95;
/// Bytes with which zstd's own kind of dictionary begins: a page that does is none of ours.
const STRUCTURED: &[u8] = &[0x37, 0xa4, 0x30, 0xec];

/// Pages chosen as a dictionary.
#[derive(Debug, Clone, PartialEq)]
pub struct Dictionary {
    /// The pages, joined.
    pub bytes: Vec<u8>,
    /// What it leaves of a page: packed bytes of the sample's other pages by their own.
    pub share: f64,
}

impl Dictionary {
    /// Chooses the pages that make the others of this sample smallest. None where that is no gain.
    pub fn choose(sample: &[Vec<u8>]) -> Option<Self> {
        let fits = |n: &usize| sample[*n].len() <= MOST_BYTES && !sample[*n].starts_with(STRUCTURED);
        let candidates: Vec<usize> = (0..sample.len()).filter(fits).collect();
        let mut chosen: Vec<usize> = Vec::new();
        // A page in the dictionary packs to nothing: the others are what counts.
        let mut best = mean_share(sample, &chosen, &[])?;
        let mut bytes = Vec::new();
        while chosen.len() < MOST_PAGES {
            let mut found: Option<(f64, usize, Vec<u8>)> = None;
            for &n in candidates.iter().filter(|n| !chosen.contains(n)) {
                let with = [bytes.as_slice(), &sample[n]].concat();
                if with.len() > MOST_BYTES {
                    continue;
                }
                let Some(share) = mean_share(sample, &[chosen.as_slice(), &[n]].concat(), &with) else {
                    continue;
                };
                if found.as_ref().is_none_or(|(least, ..)| share < *least) {
                    found = Some((share, n, with));
                }
            }
            match found {
                Some((share, n, with)) if share < best * WORTH => {
                    best = share;
                    chosen.push(n);
                    bytes = with;
                }
                _ => break,
            }
        }
        (!chosen.is_empty()).then_some(Self { bytes, share: best })
    }
}

/// Packed bytes by bytes of the pages that are not in the dictionary. None where all are.
fn mean_share(sample: &[Vec<u8>], without: &[usize], dictionary: &[u8]) -> Option<f64> {
    let prepared = EncoderDictionary::copy(dictionary, TRIAL_LEVEL);
    let mut compressor = match dictionary {
        [] => Compressor::new(TRIAL_LEVEL),
        _ => Compressor::with_prepared_dictionary(&prepared),
    }
    .ok()?;
    let (mut packed, mut whole) = (0, 0);
    for (_, page) in (0..).zip(sample).filter(|(n, _)| !without.contains(n)) {
        packed += compressor.compress(page).ok()?.len();
        whole += page.len();
    }
    // Sizes of a handful of pages are far below what a float holds exactly.
    (whole > 0).then(|| packed as f64 / whole as f64)
}

/// A body packed, where that makes it smaller.
pub(super) fn pack(body: &[u8], with: Option<&EncoderDictionary<'static>>) -> Option<Vec<u8>> {
    let packed = match with {
        Some(dictionary) => {
            Compressor::with_prepared_dictionary(dictionary).and_then(|mut c| c.compress(body))
        }
        None => zstd::bulk::compress(body, LEVEL),
    };
    packed.ok().filter(|packed| packed.len() < body.len())
}

/// Unpacks a body of this length.
pub(super) fn unpack(
    packed: &[u8],
    length: usize,
    with: Option<&DecoderDictionary<'static>>,
) -> io::Result<Vec<u8>> {
    match with {
        Some(dictionary) => Decompressor::with_prepared_dictionary(dictionary)?.decompress(packed, length),
        None => zstd::bulk::decompress(packed, length),
    }
}

/// A dictionary, ready to pack with.
pub(super) fn encoder(bytes: &[u8]) -> EncoderDictionary<'static> {
    EncoderDictionary::copy(bytes, LEVEL)
}

/// A dictionary as it lies in the file.
pub(super) fn pack_dictionary(bytes: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(bytes, DICTIONARY_LEVEL)
}

/// A dictionary out of the file.
pub(super) fn unpack_dictionary(packed: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::decompress(packed, MOST_BYTES)
}

/// Bytes that a body takes, packed alone or with a dictionary of its site.
pub fn packed_bytes(body: &[u8], with: Option<&Dictionary>) -> usize {
    let with = with.map(|d| encoder(&d.bytes));
    pack(body, with.as_ref()).map_or(body.len(), |packed| packed.len())
}

/// Bytes that a dictionary takes in the file.
pub fn dictionary_bytes(dictionary: &Dictionary) -> usize {
    pack_dictionary(&dictionary.bytes).map_or(dictionary.bytes.len(), |packed| packed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of one paper: the same frame, other words.
    fn page(frame: u64, n: u64) -> Vec<u8> {
        let words = |seed: u64, count: u64| -> String {
            let word = |i: u64| {
                let mixed = (seed * 1_000_003 + i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                format!("{:x} ", mixed >> 24)
            };
            (0..count).map(word).collect()
        };
        format!(
            "<head><style>{}</style></head><p>{}</p>",
            words(frame, 900),
            words(1000 + n, 60)
        )
        .into_bytes()
    }

    #[test]
    fn one_page_of_each_kind_makes_the_dictionary() {
        let sample: Vec<Vec<u8>> = (0..8).map(|n| page(n % 2, n)).collect();
        let dictionary = Dictionary::choose(&sample).unwrap();
        let pages = String::from_utf8(dictionary.bytes.clone()).unwrap();
        let frame = |n| page(n, 0)[..2000].to_vec();
        for kind in [0, 1] {
            let frame = String::from_utf8(frame(kind)).unwrap();
            assert_eq!(pages.matches(&frame).count(), 1, "kind {kind}");
        }
        let new = page(1, 99);
        assert!(packed_bytes(&new, Some(&dictionary)) * 4 < packed_bytes(&new, None));
        assert!(dictionary.share < 0.2, "{}", dictionary.share);
    }

    #[test]
    fn pages_that_share_nothing_make_none() {
        let sample: Vec<Vec<u8>> = (0..8).map(|n| page(n, n)).collect();
        assert_eq!(Dictionary::choose(&sample), None);
        assert_eq!(Dictionary::choose(&[]), None);
        assert_eq!(Dictionary::choose(&sample[..1]), None);
    }

    #[test]
    fn a_page_in_the_dress_of_a_zstd_dictionary_is_none() {
        let dressed: Vec<Vec<u8>> = (0..8).map(|n| [STRUCTURED, &page(0, n)].concat()).collect();
        assert_eq!(Dictionary::choose(&dressed), None);
    }

    #[test]
    fn what_is_packed_with_a_dictionary_needs_it() {
        let dictionary = page(0, 1);
        let packed = pack(&page(0, 2), Some(&encoder(&dictionary))).unwrap();
        let length = page(0, 2).len();
        let with = DecoderDictionary::copy(&dictionary);
        assert_eq!(unpack(&packed, length, Some(&with)).unwrap(), page(0, 2));
        assert!(unpack(&packed, length, None).is_err());
        let stored = pack_dictionary(&dictionary).unwrap();
        assert_eq!(unpack_dictionary(&stored).unwrap(), dictionary);
    }
}
