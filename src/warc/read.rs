//! Records out of a file, plain or gzipped record by record or as a whole.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// Longest header line, in bytes.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// Most header lines of a record.
const MAX_LINES: usize = 1000;
/// How a gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why no further record can be read.
#[derive(Debug, thiserror::Error)]
pub enum WarcError {
    /// The file cannot be read, or ends within a record.
    #[error("after {records} records")]
    Io {
        /// Records that were read whole.
        records: u64,
        /// Why.
        source: std::io::Error,
    },
    /// What stands there is no record.
    #[error("after {records} records: {what}; this is no WARC file, or it is damaged there")]
    Malformed {
        /// Records that were read whole.
        records: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// The head of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    fields: Vec<(String, String)>,
    /// Bytes of the block that follows.
    pub length: u64,
}

impl Head {
    /// A field by its name, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The address the record is about; wget writes it in angle brackets.
    pub fn target(&self) -> Option<&str> {
        let target = self.get("WARC-Target-URI")?;
        Some(target.trim_start_matches('<').trim_end_matches('>'))
    }
}

/// The block of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Whole.
    Whole(Vec<u8>),
    /// Passed over: not wanted, or longer than it may be.
    PassedOver,
}

/// The records of a file.
pub struct Records {
    input: Box<dyn BufRead + Send>,
    read: u64,
}

impl Records {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let mut file = BufReader::new(File::open(path)?);
        let input: Box<dyn BufRead + Send> = if file.fill_buf()?.starts_with(&GZIP) {
            Box::new(BufReader::new(MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        Ok(Self { input, read: 0 })
    }

    /// The next record; its block is read where `wanted` says so, and passed over otherwise.
    /// None: the file is at its end.
    ///
    /// # Errors
    /// When what follows is no record, or is cut off. What was read before is sound.
    pub fn next_record(
        &mut self,
        wanted: impl FnOnce(&Head) -> bool,
    ) -> Result<Option<(Head, Block)>, WarcError> {
        let Some(head) = self.head()? else { return Ok(None) };
        let io = |records| move |source| WarcError::Io { records, source };
        let mut block = self.input.by_ref().take(head.length);
        let (block, length) = if wanted(&head) {
            // As much as the file holds, however much the head claims.
            let mut bytes = Vec::new();
            let length = block.read_to_end(&mut bytes).map_err(io(self.read))? as u64;
            (Block::Whole(bytes), length)
        } else {
            let length = std::io::copy(&mut block, &mut std::io::sink()).map_err(io(self.read))?;
            (Block::PassedOver, length)
        };
        if length < head.length {
            return Err(io(self.read)(std::io::ErrorKind::UnexpectedEof.into()));
        }
        self.read += 1;
        Ok(Some((head, block)))
    }

    fn malformed(&self, what: &'static str) -> WarcError {
        WarcError::Malformed {
            records: self.read,
            what,
        }
    }

    fn line(&mut self) -> Result<Option<String>, WarcError> {
        let mut line = Vec::new();
        let read = self
            .input
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line);
        let records = self.read;
        match read.map_err(|source| WarcError::Io { records, source })? {
            0 => Ok(None),
            _ if !line.ends_with(b"\n") && line.len() as u64 == MAX_LINE_BYTES => {
                Err(self.malformed("a header line has no end"))
            }
            _ => {
                let text = String::from_utf8_lossy(&line);
                Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
        }
    }

    fn head(&mut self) -> Result<Option<Head>, WarcError> {
        let version = loop {
            match self.line()? {
                None => return Ok(None),
                // Two line ends stand between records; some writers leave more.
                Some(line) if line.is_empty() => {}
                Some(line) => break line,
            }
        };
        if !version.starts_with("WARC/") {
            return Err(self.malformed("a record should begin and does not"));
        }
        let mut head = Head::default();
        loop {
            let Some(line) = self.line()? else {
                return Err(self.malformed("the file ends in a record's head"));
            };
            if line.is_empty() {
                break;
            }
            if head.fields.len() == MAX_LINES {
                return Err(self.malformed("a record's head has no end"));
            }
            match line.split_once(':') {
                Some((name, value)) => head
                    .fields
                    .push((name.trim().to_owned(), value.trim().to_owned())),
                // A folded line goes on with the one before it.
                None => {
                    if let Some((_, value)) = head.fields.last_mut() {
                        value.push(' ');
                        value.push_str(line.trim());
                    }
                }
            }
        }
        let length = head.get("Content-Length").and_then(|l| l.parse().ok());
        head.length = length.ok_or_else(|| self.malformed("a record does not tell its length"))?;
        Ok(Some(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(bytes: &[u8]) -> Records {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Records::open(file.path()).unwrap()
    }

    const TWO: &[u8] = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <http://a.example/>\r\n\
        content-length: 3\r\n\r\nabc\r\n\r\nWARC/1.1\r\nContent-Length: 0\r\n\r\n\r\n\r\n";

    #[test]
    fn records_come_one_by_one_and_unwanted_ones_are_passed_over() {
        let mut two = records(TWO);
        let (head, block) = two.next_record(|_| true).unwrap().unwrap();
        assert_eq!(
            (head.target(), block),
            (Some("http://a.example/"), Block::Whole(b"abc".to_vec()))
        );
        assert_eq!(two.next_record(|_| false).unwrap().unwrap().1, Block::PassedOver);
        assert!(two.next_record(|_| true).unwrap().is_none());
    }

    #[test]
    fn what_is_cut_off_or_is_no_record_is_told_with_the_number_of_sound_ones() {
        let in_the_block = TWO.windows(3).position(|w| w == b"abc").unwrap() + 1;
        let mut cut = records(&TWO[..in_the_block]);
        assert!(matches!(
            cut.next_record(|_| true),
            Err(WarcError::Io { records: 0, .. })
        ));
        let mut none = records(b"<html>\n");
        assert!(matches!(
            none.next_record(|_| true),
            Err(WarcError::Malformed { .. })
        ));
        let mut huge = records(b"WARC/1.0\r\nContent-Length: 99999999999999\r\n\r\nabc");
        assert!(matches!(huge.next_record(|_| true), Err(WarcError::Io { .. })));
    }
}
