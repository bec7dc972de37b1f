//! Capture folders, written: a page's bytes first, then its line of the manifest, so that a kill at any
//! moment leaves a folder that can be read. Nothing is ever overwritten.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::errand::Fetched;
use super::CaptureError;

/// Longest page id before its time, in characters: file systems allow 255 bytes to a name.
const MAX_STEM_CHARS: usize = 96;
/// Captures of one address within one second that get names of their own.
const MAX_SAME_SECOND: usize = 1_000;

/// A page that was saved: its line of the manifest.
#[derive(Debug, Clone, Serialize)]
pub struct SavedPage {
    /// Its name in the folder.
    pub id: String,
    /// The address that answered, canonical.
    pub url: String,
    /// The address asked for, where it was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_url: Option<String>,
    /// When, in UTC.
    pub fetched: String,
    /// Status of the answer.
    pub status: u16,
    /// Its Content-Type.
    pub content_type: Option<String>,
    /// Its headers, names in lower case, without Set-Cookie.
    pub headers: Map<String, Value>,
    /// Size of the body.
    pub bytes: usize,
}

/// Saves a page in a folder, which is made where it is not there.
///
/// # Errors
/// When a file cannot be written; the folder then is as it was, but perhaps for a page file that no
/// line of the manifest names.
pub fn save(dir: &Path, page: &Fetched) -> Result<SavedPage, CaptureError> {
    let pages = dir.join("pages");
    fs::create_dir_all(&pages).map_err(|source| unwritable(&pages, source))?;
    let fetched = page.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (id, path, file) = create(&pages, &stem(&page.url), &fetched.replace(['-', ':'], ""))?;
    pack(file, &page.body).map_err(|source| unwritable(&path, source))?;
    let url = crate::address::canonical(page.url.clone());
    let saved = SavedPage {
        id,
        requested_url: (page.requested_url != url).then(|| page.requested_url.to_string()),
        url: url.into(),
        fetched,
        status: page.status,
        content_type: page.content_type.clone(),
        headers: joined(&page.headers),
        bytes: page.body.len(),
    };
    let line = serde_json::to_string(&saved).expect("strings and numbers are always JSON");
    let manifest = dir.join("manifest.jsonl");
    append(&manifest, &line).map_err(|source| unwritable(&manifest, source))?;
    Ok(saved)
}

fn unwritable(path: &Path, source: io::Error) -> CaptureError {
    CaptureError::Unwritable {
        path: path.to_owned(),
        source,
    }
}

/// A new page file, by a name that nothing has yet.
fn create(pages: &Path, stem: &str, time: &str) -> Result<(String, PathBuf, File), CaptureError> {
    for n in 1..=MAX_SAME_SECOND {
        let id = match n {
            1 => format!("{stem}-{time}"),
            n => format!("{stem}-{time}-{n}"),
        };
        let path = pages.join(format!("{id}.html.gz"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((id, path, file)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && n < MAX_SAME_SECOND => {}
            Err(source) => return Err(unwritable(&path, source)),
        }
    }
    unreachable!("the last name is taken or an error")
}

fn pack(file: File, body: &[u8]) -> io::Result<()> {
    let mut packer = GzEncoder::new(file, Compression::default());
    packer.write_all(body)?;
    packer.finish()?.sync_all()
}

/// Appends one line by one write. What stands behind the last line end of a file that somebody
/// edited gets its own; a write that fails half-way is undone.
fn append(manifest: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(manifest)?;
    let before = file.metadata()?.len();
    let mut whole = String::with_capacity(line.len() + 2);
    if before > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            whole.push('\n');
        }
    }
    whole.push_str(line);
    whole.push('\n');
    if let Err(error) = file.write_all(whole.as_bytes()).and_then(|()| file.sync_all()) {
        file.set_len(before)?;
        return Err(error);
    }
    Ok(())
}

/// Host, path and query in letters a file name may have.
fn stem(url: &url::Url) -> String {
    let host = crate::address::bare_host(url.host_str().unwrap_or_default());
    let told = format!("{host} {} {}", url.path(), url.query().unwrap_or_default());
    let mut stem = String::new();
    for c in told.chars() {
        if c.is_ascii_alphanumeric() || (c == '.' && stem.len() < host.len()) {
            stem.push(c.to_ascii_lowercase());
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
        if stem.len() == MAX_STEM_CHARS {
            break;
        }
    }
    stem.trim_matches(['-', '.']).to_owned()
}

/// One object; of a header that was sent more than once the values are joined.
fn joined(headers: &[(String, String)]) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, value) in headers {
        match object.get_mut(name) {
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(value);
            }
            _ => drop(object.insert(name.clone(), value.clone().into())),
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn page(url: &str, body: &str) -> Fetched {
        Fetched {
            requested_url: Url::parse(url).unwrap(),
            url: Url::parse(url).unwrap(),
            status: 200,
            headers: vec![("a".into(), "1".into()), ("a".into(), "2".into())],
            content_type: Some("text/html".into()),
            fetched_at: "2026-11-25T19:00:00Z".parse().unwrap(),
            body: body.into(),
        }
    }

    #[test]
    fn names_tell_host_path_and_time() {
        let dir = tempfile::tempdir().unwrap();
        let saved = save(
            dir.path(),
            &page("https://www.paper.example/news/2026/Ferry%20sails.html?id=3", "x"),
        );
        assert_eq!(
            saved.unwrap().id,
            "paper.example-news-2026-ferry-20sails-html-id-3-20261125T190000Z"
        );
        let long = format!("https://a.example/{}", "x".repeat(2_000));
        assert!(save(dir.path(), &page(&long, "x")).unwrap().id.len() < 130);
        assert!(
            save(dir.path(), &page("https://a.example/../..", "x"))
                .unwrap()
                .id
                .starts_with("a.example-2026")
        );
    }

    #[test]
    fn the_same_page_twice_in_a_second_is_two_pages() {
        let dir = tempfile::tempdir().unwrap();
        let ids = ["one", "two"].map(|b| save(dir.path(), &page("https://a.example/x", b)).unwrap().id);
        assert_eq!(ids[1], format!("{}-2", ids[0]));
        let captures = super::super::Captures::open(&[dir.path().to_owned()]).unwrap();
        let newest = captures
            .find(&Url::parse("https://a.example/x").unwrap())
            .unwrap();
        assert_eq!(newest.bytes().unwrap(), b"two");
    }

    #[test]
    fn a_manifest_without_a_last_line_end_keeps_its_last_line() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = dir.path().join("manifest.jsonl");
        fs::write(&manifest, "{\"id\":\"a\",\"url\":\"https://a.example/a\"}").unwrap();
        save(dir.path(), &page("https://a.example/x", "x")).unwrap();
        let text = fs::read_to_string(&manifest).unwrap();
        assert_eq!(text.lines().count(), 2);
        let row: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(row["headers"]["a"], "1, 2");
    }
}
