//! Unpacking of gzip files (RFC 1952): sitemaps that end in `.gz`, pages of a capture folder. Owns
//! recognition by magic and the cap on what comes out; HTTP's own compression is `fetch`'s.

use std::borrow::Cow;
use std::io::Read;

use flate2::bufread::GzDecoder;

/// First bytes of a gzip member with the only method there is.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Why a gzip file was not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum GzipError {
    /// More comes out than the caller allows.
    #[error("gzip file unpacks to more than {max} bytes and is not read: name its parts instead")]
    TooLarge {
        /// The caller's cap, in bytes.
        max: u64,
    },
    /// Cut off or damaged.
    #[error("gzip file is cut off or damaged: fetch it again")]
    Damaged(#[source] std::io::Error),
}

/// Unpacks `bytes` when they begin as a gzip file does, all members of it; other bytes come back
/// as they are. What stands after the last member (padding, as `tar` writes it) is ignored.
///
/// # Errors
/// When more than `max` bytes come out (memory in use stays within it), or the file is damaged.
pub fn gunzip(bytes: &[u8], max: u64) -> Result<Cow<'_, [u8]>, GzipError> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    let (mut out, mut rest) = (Vec::new(), bytes);
    while rest.starts_with(&MAGIC) {
        let room = max.saturating_add(1).saturating_sub(out.len() as u64);
        let mut member = GzDecoder::new(rest);
        member
            .by_ref()
            .take(room)
            .read_to_end(&mut out)
            .map_err(GzipError::Damaged)?;
        if out.len() as u64 > max {
            return Err(GzipError::TooLarge { max });
        }
        rest = member.into_inner();
    }
    Ok(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_not_gzip_passes_as_it_is() {
        assert!(matches!(
            gunzip(b"<urlset/>", 4).unwrap(),
            Cow::Borrowed(b"<urlset/>")
        ));
        assert_eq!(&*gunzip(b"", 4).unwrap(), b"");
    }

    #[test]
    fn all_members_are_read_and_padding_is_not() {
        let mut file = gzip(b"one ");
        file.extend(gzip(b"two"));
        assert_eq!(&*gunzip(&file, 100).unwrap(), b"one two");
        file.extend([0; 512]);
        assert_eq!(&*gunzip(&file, 100).unwrap(), b"one two");
    }

    #[test]
    fn a_bomb_stops_at_the_cap() {
        let bomb = gzip(&vec![0; 8 * 1024 * 1024]);
        assert!(matches!(
            gunzip(&bomb, 1024),
            Err(GzipError::TooLarge { max: 1024 })
        ));
        assert_eq!(gunzip(&gzip(&[7; 1024]), 1024).unwrap().len(), 1024);
    }

    #[test]
    fn a_cut_or_damaged_file_is_an_error() {
        let whole = gzip(b"some text that is long enough to be cut");
        assert!(matches!(
            gunzip(&whole[..whole.len() - 9], 100),
            Err(GzipError::Damaged(_))
        ));
        let mut wrong_sum = whole.clone();
        let at = wrong_sum.len() - 6;
        wrong_sum[at] ^= 0xff;
        assert!(matches!(gunzip(&wrong_sum, 100), Err(GzipError::Damaged(_))));
    }
}
