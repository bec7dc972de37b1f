//! A web server whose every byte the test dictates, so that it can do what real servers do wrong.
//! Owns the scripts, the log of requests and the count of those in flight; runs in a thread of
//! its own, for tests with and without a runtime. It speaks as an origin, and as a forward proxy
//! for plain http: then a route is found by host and path, or by path alone.

#![allow(dead_code, reason = "every test uses the words it needs")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use url::Url;

/// How long a silent connection is held when the client does not leave first.
const HOLD: Duration = Duration::from_secs(30);
/// Longest request head that is read, in bytes.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// Longest wait for requests that a test expects; reached only when it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// One thing the server does after it has read a request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes one at a time, with a pause before each.
    Drip(Vec<u8>, Duration),
    /// Sends these bytes again and again until the client leaves.
    Endless(Vec<u8>),
    /// Says nothing until the client leaves.
    Hold,
    /// Says nothing until the gate is opened.
    Wait(Gate),
    /// Breaks the connection with a TCP reset; the last step.
    Reset,
}

/// Holds replies back until the test opens it; clones are the same gate.
#[derive(Debug, Clone)]
pub(crate) struct Gate(watch::Sender<bool>);

impl Gate {
    /// A gate that is shut.
    pub(crate) fn shut() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets everything through from now on.
    pub(crate) fn open(&self) {
        self.0.send_replace(true);
    }
}

/// What the server does for one request; the connection is closed at its end.
#[derive(Debug, Clone)]
pub(crate) struct Reply(pub(crate) Vec<Step>);

impl Reply {
    /// Exactly these bytes.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self(vec![Step::Send(bytes.into())])
    }

    /// A well-formed response; `headers` are lines without their ends.
    pub(crate) fn status(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let mut head = format!("HTTP/1.1 {status} Reason\r\nConnection: close\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.as_ref().len()));
        Self::raw([head.as_bytes(), body.as_ref()].concat())
    }

    /// Status 200 with this body.
    pub(crate) fn page(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, &["Content-Type: text/html"], body)
    }

    /// A robots.txt.
    pub(crate) fn robots(body: &str) -> Self {
        Self::status(200, &["Content-Type: text/plain"], body)
    }

    /// A redirect.
    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::status(status, &[&format!("Location: {location}")], "")
    }

    /// The same, held back until the gate is opened.
    pub(crate) fn behind(self, gate: &Gate) -> Self {
        let mut steps = vec![Step::Wait(gate.clone())];
        steps.extend(self.0);
        Self(steps)
    }

    /// Status 200 with a body of unknown length, then these steps.
    pub(crate) fn body(steps: impl IntoIterator<Item = Step>) -> Self {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n";
        let mut all = vec![Step::Send(head.into())];
        all.extend(steps);
        Self(all)
    }
}

/// A request as it was seen.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The host asked for, without its port.
    pub(crate) host: String,
    /// Path and query.
    pub(crate) path: String,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// When its head had been read, from the start of the server.
    pub(crate) started: Duration,
    /// When the last bytes of the reply began to be sent: the client cannot have had the end before.
    pub(crate) answered: Option<Duration>,
    /// When the reply had been sent, if it has.
    pub(crate) ended: Option<Duration>,
    /// What whoever plays the web says of the reply.
    pub(crate) note: &'static str,
}

impl Seen {
    /// The value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

#[derive(Debug, Default)]
struct Log {
    requests: Vec<Seen>,
    in_flight: HashMap<String, usize>,
    most_in_flight: HashMap<String, usize>,
    served: HashMap<String, usize>,
}

/// The scripts, by route.
type Routes = Arc<Mutex<HashMap<String, Vec<Reply>>>>;
/// What answers in place of scripts: the reply, and a note for the log.
type Play = Box<dyn Fn(&Seen) -> (Reply, &'static str) + Send + Sync>;

/// What the server answers from and what it notes.
#[derive(Clone)]
struct Stage {
    routes: Routes,
    play: Option<Arc<Play>>,
    log: Arc<Mutex<Log>>,
    /// Told when a request begins and when it ends.
    asked: Arc<Condvar>,
    start: Instant,
}

/// A running server; it ends when dropped.
pub(crate) struct FaultServer {
    address: SocketAddr,
    routes: Routes,
    log: Arc<Mutex<Log>>,
    asked: Arc<Condvar>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl FaultServer {
    /// Starts a server. A route is a path ("/a"), or a host and path ("news.example/a"), and its
    /// replies, given in turn, the last one for ever. What has no route is 404.
    pub(crate) fn start<R>(routes: R) -> Self
    where
        R: IntoIterator<Item = (&'static str, Vec<Reply>)>,
    {
        Self::scripted(routes.into_iter().map(|(key, replies)| (key.to_owned(), replies)))
    }

    /// The same, for routes that are put together while the test runs.
    pub(crate) fn scripted(routes: impl IntoIterator<Item = (String, Vec<Reply>)>) -> Self {
        Self::on(routes.into_iter().collect(), None)
    }

    /// A server whose every reply is made when it is asked for.
    pub(crate) fn playing(play: impl Fn(&Seen) -> (Reply, &'static str) + Send + Sync + 'static) -> Self {
        Self::on(HashMap::new(), Some(Arc::new(Box::new(play))))
    }

    fn on(routes: HashMap<String, Vec<Reply>>, play: Option<Arc<Play>>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let stage = Stage {
            routes: Arc::new(Mutex::new(routes)),
            play,
            log: Arc::default(),
            asked: Arc::default(),
            start: Instant::now(),
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn({
            let stage = stage.clone();
            move || serve(listener, &stage, stopped)
        });
        Self {
            address,
            routes: stage.routes,
            log: stage.log,
            asked: stage.asked,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The address of a path on this server.
    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// The server as a proxy.
    pub(crate) fn proxy(&self) -> Url {
        self.url("/")
    }

    /// Replaces what a route answers from now on.
    pub(crate) fn put(&self, key: &str, reply: Reply) {
        self.routes.lock().unwrap().insert(key.to_owned(), vec![reply]);
    }

    /// Waits until a path has been asked for.
    pub(crate) fn wait_for(&self, path: &str) {
        let log = self.log.lock().unwrap();
        let (log, _) = self
            .asked
            .wait_timeout_while(log, PATIENCE, |log| {
                log.requests.iter().all(|seen| seen.path != path)
            })
            .unwrap();
        let asked: Vec<&str> = log.requests.iter().map(|seen| seen.path.as_str()).collect();
        assert!(asked.contains(&path), "{path} was not asked for, only {asked:?}");
    }

    /// Forgets the requests so far.
    pub(crate) fn forget(&self) {
        let log = self.log.lock().unwrap();
        // A client may have left with the last byte before the server noted the end.
        let busy = |log: &mut Log| log.in_flight.values().any(|n| *n > 0);
        let (mut log, waited) = self.asked.wait_timeout_while(log, PATIENCE, busy).unwrap();
        assert!(!waited.timed_out(), "requests are in flight");
        log.requests.clear();
    }

    /// All requests so far, in the order in which their heads were read.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.log.lock().unwrap().requests.clone()
    }

    /// The paths asked for, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|seen| seen.path).collect()
    }

    /// "host/path" of what was asked for, in order.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|seen| seen.host + &seen.path)
            .collect()
    }

    /// The most requests that were ever in flight for one host.
    pub(crate) fn most_in_flight(&self, host: &str) -> usize {
        self.log
            .lock()
            .unwrap()
            .most_in_flight
            .get(host)
            .copied()
            .unwrap_or(0)
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            // A second panic would hide the test's own.
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

fn serve(listener: std::net::TcpListener, stage: &Stage, mut stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener).unwrap();
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                accepted = listener.accept() => {
                    let (stream, _) = accepted.unwrap();
                    tokio::spawn(answer(stream, stage.clone()));
                }
            }
        }
    });
}

async fn answer(mut stream: TcpStream, stage: Stage) {
    let Stage {
        routes,
        play,
        log,
        asked,
        start,
    } = stage;
    let Some(mut seen) = read_request(&mut stream, start).await else {
        return;
    };
    let played = play.map(|play| play(&seen));
    let host = seen.host.clone();
    let (index, reply) = {
        let mut log = log.lock().unwrap();
        let reply = match played {
            Some((reply, note)) => {
                seen.note = note;
                reply
            }
            None => scripted(&seen, &routes.lock().unwrap(), &mut log.served),
        };
        let now = log.in_flight.entry(host.clone()).or_default();
        *now += 1;
        let now = *now;
        let most = log.most_in_flight.entry(host.clone()).or_default();
        *most = now.max(*most);
        log.requests.push(seen);
        asked.notify_all();
        (log.requests.len() - 1, reply)
    };
    let resets = matches!(reply.0.last(), Some(Step::Reset));
    let steps = reply.0.len();
    let mut answered = None;
    for (n, step) in reply.0.into_iter().enumerate() {
        if n + 1 == steps && matches!(step, Step::Send(_) | Step::Reset) {
            answered = Some(start.elapsed());
        }
        if act(&mut stream, step).await.is_err() {
            break;
        }
    }
    {
        // Noted before the connection is closed: a client cannot know the end of a body any
        // earlier, so no request that follows it can seem to overlap.
        let mut log = log.lock().unwrap();
        log.requests[index].answered = answered;
        log.requests[index].ended = Some(start.elapsed());
        *log.in_flight.entry(host).or_default() -= 1;
        asked.notify_all();
    }
    if !resets {
        // The client may be gone already, which is no concern of the server.
        let _ = stream.shutdown().await;
    }
}

/// The next reply of the route that fits best.
fn scripted(seen: &Seen, routes: &HashMap<String, Vec<Reply>>, served: &mut HashMap<String, usize>) -> Reply {
    let bare = seen.path.split('?').next().unwrap_or_default();
    let candidates = [
        format!("{}{}", seen.host, seen.path),
        seen.path.clone(),
        format!("{}{bare}", seen.host),
        bare.to_owned(),
    ];
    let Some(key) = candidates.into_iter().find(|key| routes.contains_key(key)) else {
        return Reply::status(404, &[], "");
    };
    let replies = &routes[&key];
    let turn = served.entry(key).or_default();
    *turn += 1;
    replies[(*turn - 1).min(replies.len() - 1)].clone()
}

async fn act(stream: &mut TcpStream, step: Step) -> std::io::Result<()> {
    match step {
        Step::Send(bytes) => stream.write_all(&bytes).await,
        Step::Drip(bytes, pause) => {
            for byte in bytes {
                tokio::time::sleep(pause).await;
                stream.write_all(&[byte]).await?;
            }
            Ok(())
        }
        Step::Endless(bytes) => loop {
            stream.write_all(&bytes).await?;
        },
        Step::Hold => {
            // Reading ends when the client closes its side; what it says is of no interest.
            let _ = tokio::time::timeout(HOLD, stream.read(&mut [0; 1])).await;
            Ok(())
        }
        Step::Wait(gate) => {
            // The gate cannot be gone: this reply holds it.
            let _ = gate.0.subscribe().wait_for(|open| *open).await;
            Ok(())
        }
        // Takes effect when the stream is dropped.
        Step::Reset => stream.set_zero_linger(),
    }
}

async fn read_request(stream: &mut TcpStream, start: Instant) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > MAX_REQUEST_BYTES {
            return None;
        }
        // Nobody sends a second request behind the first, so all that comes is this one.
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let (authority, path) = match target.strip_prefix("http://") {
        Some(rest) => match rest.find('/') {
            Some(slash) => (rest[..slash].to_owned(), rest[slash..].to_owned()),
            None => (rest.to_owned(), "/".to_owned()),
        },
        None => {
            let host = headers.iter().find(|(name, _)| name == "host");
            (host.map(|(_, value)| value.clone()).unwrap_or_default(), target)
        }
    };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host.to_owned(),
        _ => authority,
    };
    Some(Seen {
        host,
        path,
        headers,
        started: start.elapsed(),
        answered: None,
        ended: None,
        note: "",
    })
}
