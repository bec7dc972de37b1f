//! The sample newspaper, compiled in: its files, its rule files, and a small server that plays the
//! web for them as a forward proxy. Crawling it is `cmd::demo`; what its pages show is told in
//! `data/README.md`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::store::sha256_hex;

/// Files under `data/`, as `sample/<host>/<path>` and the like, with their bytes.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sample_files.rs"));

/// The rule files of the sample's sites: name and text.
pub fn rule_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES
        .iter()
        .filter_map(|(path, text)| Some((path.strip_prefix("sample-sites/")?, *text)))
}

/// A running server.
pub struct Server {
    /// Where it listens, on loopback.
    pub address: SocketAddr,
    later: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Starts it on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let later = Arc::new(AtomicBool::new(false));
        let edition = later.clone();
        let task = tokio::spawn(async move {
            // An accept that fails is a client that went away: the next one is served.
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let edition = edition.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let answer = answer(&request, edition.load(Ordering::SeqCst));
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    // What goes wrong with one connection is told to its client by its end.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self { address, later, task })
    }

    /// From now on the next day's pages are served: one story corrected, one appeal reworded.
    pub fn next_day(&self) {
        self.later.store(true, Ordering::SeqCst);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(request: &Request<Incoming>, later: bool) -> Response<Full<Bytes>> {
    let host = request.uri().host().unwrap_or_default();
    let Some((path, text)) = find(host, request.uri().path(), later) else {
        return reply(
            StatusCode::NOT_FOUND,
            "text/html; charset=utf-8",
            "<h1>Not found</h1>",
            None,
        );
    };
    let etag = format!("\"{}\"", &sha256_hex(text.as_bytes())[..16]);
    if request
        .headers()
        .get(IF_NONE_MATCH)
        .is_some_and(|v| v.as_bytes() == etag.as_bytes())
    {
        return reply(StatusCode::NOT_MODIFIED, content_type(path), "", Some(&etag));
    }
    reply(StatusCode::OK, content_type(path), text, Some(&etag))
}

fn reply(
    status: StatusCode,
    content_type: &str,
    body: &'static str,
    etag: Option<&str>,
) -> Response<Full<Bytes>> {
    let mut response = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, content_type);
    if let Some(etag) = etag {
        response = response.header(ETAG, etag);
    }
    response
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap_or_else(|_| Response::new(Full::new(Bytes::new())))
}

/// The file behind a path: `/` is `index.html`, `/a/b` is `a/b` or `a/b.html`.
fn find(host: &str, path: &str, later: bool) -> Option<(&'static str, &'static str)> {
    let path = path.trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let editions: &[&str] = if later {
        &["sample-later", "sample"]
    } else {
        &["sample"]
    };
    editions
        .iter()
        .flat_map(|edition| {
            [
                format!("{edition}/{host}/{path}"),
                format!("{edition}/{host}/{path}.html"),
            ]
        })
        .find_map(|wanted| FILES.iter().find(|(name, _)| *name == wanted).copied())
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("txt") => "text/plain; charset=utf-8",
        Some("xml") => "application/xml; charset=utf-8",
        _ => "text/html; charset=utf-8",
    }
}
