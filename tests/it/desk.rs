//! A desk to test at: a directory of its own with rule files and a database, a server that plays
//! the web, and the built binary. Owns how the program is called and what a failure shows; what
//! the server answers is `faults`, what should come of it is for each test to say.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use tempfile::TempDir;

use crate::faults::{FaultServer, Reply};

/// A place of work, gone when dropped.
pub(crate) struct Desk {
    dir: TempDir,
    server: Option<FaultServer>,
    sites: Vec<String>,
}

impl Desk {
    /// An empty one: no rule files of its own, no database, no network.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sites")).unwrap();
        Self {
            dir,
            server: None,
            sites: Vec::new(),
        }
    }

    /// With a rule file; `crawl` then crawls this site.
    pub(crate) fn site(mut self, id: &str, rules: &str) -> Self {
        self.file(&format!("sites/{id}.toml"), rules);
        self.sites.push(id.to_owned());
        self
    }

    /// With a server that answers these addresses, given without `http://`.
    pub(crate) fn serve<K: Into<String>>(mut self, routes: impl IntoIterator<Item = (K, Reply)>) -> Self {
        let routes = routes.into_iter().map(|(key, reply)| (key.into(), vec![reply]));
        self.server = Some(FaultServer::scripted(routes));
        self
    }

    /// The server.
    pub(crate) fn web(&self) -> &FaultServer {
        self.server.as_ref().expect("this desk serves nothing")
    }

    /// The working directory of every command.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Where the database is.
    pub(crate) fn db(&self) -> PathBuf {
        self.dir().join("data/copydesk.db")
    }

    /// Writes a file below the working directory.
    pub(crate) fn file(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A command that is ready to start.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copydesk"));
        command.args(args).current_dir(self.dir());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COPYDESK_")) {
            command.env_remove(name);
        }
        command
    }

    /// Runs the program to its end, without input.
    pub(crate) fn run(&self, args: &[&str]) -> Told {
        self.pipe(args, "")
    }

    /// Runs the program to its end, with this as its standard input.
    pub(crate) fn pipe(&self, args: &[&str], input: impl AsRef<[u8]>) -> Told {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.as_ref().to_vec();
        let writing = std::thread::spawn(move || {
            // A program that does not read its input closes it early, which is its right.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writing.join().unwrap();
        Told::new(args, &output)
    }

    fn crawl_args<'a>(&'a self, proxy: &'a str, args: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["crawl"];
        all.extend(self.sites.iter().map(String::as_str));
        all.extend(["--proxy", proxy, "--delay", "0", "--since", "2000-01-01"]);
        all.extend(args);
        all
    }

    /// Crawls the desk's sites, over its server, whatever their stories' age.
    pub(crate) fn crawl(&self, args: &[&str]) -> Told {
        let proxy = self.web().proxy().to_string();
        self.run(&self.crawl_args(&proxy, args))
    }

    /// Starts such a crawl and leaves it at work.
    pub(crate) fn start_crawl(&self, args: &[&str]) -> Running {
        let proxy = self.web().proxy().to_string();
        self.start(&self.crawl_args(&proxy, args))
    }

    /// Starts a watch over the desk's sites, over its server, and leaves it at work.
    pub(crate) fn start_watch(&self, args: &[&str]) -> Running {
        let proxy = self.web().proxy().to_string();
        let mut all = vec!["watch"];
        all.extend(self.sites.iter().map(String::as_str));
        all.extend(["--proxy", &proxy, "--delay", "0"]);
        all.extend(args);
        self.start(&all)
    }

    /// Starts the program and leaves it at work.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        let mut child = self
            .command(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running {
            args: args.iter().map(|a| (*a).to_owned()).collect(),
            stderr: BufReader::new(child.stderr.take().unwrap()),
            child,
            heard: String::new(),
        }
    }

    /// The database, for reading.
    pub(crate) fn database(&self) -> Connection {
        Connection::open_with_flags(self.db(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    /// The rows of a query, columns joined by " | ".
    pub(crate) fn sql(&self, query: &str) -> Vec<String> {
        let database = self.database();
        let mut statement = database.prepare(query).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cell = |i| {
                rusqlite::Result::Ok(match row.get_ref(i)? {
                    ValueRef::Null => "-".to_owned(),
                    ValueRef::Integer(n) => n.to_string(),
                    ValueRef::Real(n) => n.to_string(),
                    ValueRef::Text(t) | ValueRef::Blob(t) => String::from_utf8_lossy(t).into_owned(),
                })
            };
            let cells: rusqlite::Result<Vec<String>> = (0..columns).map(cell).collect();
            Ok(cells?.join(" | "))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Changes the database by hand, as time would.
    pub(crate) fn change(&self, statement: &str) {
        Connection::open(self.db())
            .unwrap()
            .execute_batch(statement)
            .unwrap();
    }

    /// The addresses of the stored articles, sorted, without `http://`.
    pub(crate) fn articles(&self) -> Vec<String> {
        self.sql("select replace(url, 'http://', '') from articles order by url")
    }

    /// The outcome of the last attempt at an address, given without `http://`, with its reason.
    pub(crate) fn outcome(&self, address: &str) -> String {
        let query = "select outcome || ': ' || coalesce(reason, '') from pages where url = 'http://";
        let rows = self.sql(&format!("{query}{address}'"));
        assert_eq!(rows.len(), 1, "{address}: {rows:?}");
        rows[0].clone()
    }
}

/// A command that is at work.
pub(crate) struct Running {
    args: Vec<String>,
    child: Child,
    stderr: BufReader<ChildStderr>,
    heard: String,
}

impl Running {
    /// Asks it to end, as `kill` does.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Asks it to end, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.signal("INT");
    }

    /// Sends it a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let done = Command::new("sh")
            .args(["-c", "kill -\"$1\" \"$0\"", &pid, name])
            .status();
        assert!(done.unwrap().success());
    }

    /// Waits until it has said this on stderr.
    pub(crate) fn hears(&mut self, words: &str) {
        while !self.heard.contains(words) {
            let read = self.stderr.read_line(&mut self.heard).unwrap();
            assert!(read > 0, "it ended without saying {words:?}:\n{}", self.heard);
        }
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end, and tells the most memory it held at any look, in bytes.
    pub(crate) fn end_measured(mut self) -> (Told, u64) {
        let status = format!("/proc/{}/status", self.child.id());
        let mut peak_kb = 0;
        while self.child.try_wait().unwrap().is_none() {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
            let kb = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
            peak_kb = peak_kb.max(kb.unwrap_or(0));
            std::thread::yield_now();
        }
        (self.end(), peak_kb * 1024)
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Told {
        self.stderr.read_to_string(&mut self.heard).unwrap();
        let output = self.child.wait_with_output().unwrap();
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let mut told = Told::new(&args, &output);
        told.stderr = self.heard;
        told
    }
}

/// What a command said and how it ended. Its checks show all of it when they fail.
pub(crate) struct Told {
    command: String,
    code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Told {
    fn new(args: &[&str], output: &Output) -> Self {
        Self {
            command: format!("copydesk {}", args.join(" ")),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    fn check(&self, holds: bool, wanted: &str) -> &Self {
        let Self {
            command,
            code,
            stdout,
            stderr,
        } = self;
        assert!(
            holds,
            "wanted: {wanted}\n$ {command}\nexit code: {code:?}\n-- stdout\n{stdout}\n-- stderr\n{stderr}"
        );
        self
    }

    /// It ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        self.check(self.code == Some(code), &format!("exit code {code}"))
    }

    /// It ended well.
    #[track_caller]
    pub(crate) fn well(&self) -> &Self {
        self.exits(0)
    }

    /// It ended well and said nothing on stderr: cron would send no mail.
    #[track_caller]
    pub(crate) fn quiet(&self) -> &Self {
        self.well().check(self.stderr.is_empty(), "an empty stderr")
    }

    /// Its stdout contains this.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        self.check(self.stdout.contains(words), &format!("{words:?} on stdout"))
    }

    /// Its stdout does not contain this.
    #[track_caller]
    pub(crate) fn never_says(&self, words: &str) -> &Self {
        self.check(!self.stdout.contains(words), &format!("no {words:?} on stdout"))
    }

    /// Its stderr contains this.
    #[track_caller]
    pub(crate) fn warns(&self, words: &str) -> &Self {
        self.check(self.stderr.contains(words), &format!("{words:?} on stderr"))
    }

    /// Its stdout is exactly this.
    #[track_caller]
    pub(crate) fn prints(&self, all: &str) -> &Self {
        self.check(self.stdout == all, &format!("on stdout exactly\n{all}"))
    }

    /// Its stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.stdout) {
            Ok(json) => json,
            Err(error) => {
                self.check(false, &format!("JSON on stdout ({error})"));
                unreachable!("the check has failed")
            }
        }
    }

    /// The lines of its stdout as JSON.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let lines = self.stdout.lines().map(serde_json::from_str);
        match lines.collect() {
            Ok(lines) => lines,
            Err(error) => {
                self.check(false, &format!("JSON lines on stdout ({error})"));
                unreachable!("the check has failed")
            }
        }
    }
}

/// A page that tells a story: a headline, and these paragraphs.
pub(crate) fn story(title: &str, paragraphs: &[&str]) -> String {
    let text: String = paragraphs.iter().map(|p| format!("<p>{p}</p>\n")).collect();
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title></head>\
         <body><nav><a href=/>Front page</a></nav>\n<article><h1>{title}</h1>\n{text}</article></body></html>"
    )
}

/// An RSS feed that names these addresses, given without `http://`.
pub(crate) fn rss(addresses: &[&str]) -> Reply {
    let items: String = addresses
        .iter()
        .map(|a| format!("<item><title>A story</title><link>http://{a}</link></item>"))
        .collect();
    let feed = format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>");
    Reply::status(200, &["Content-Type: application/rss+xml"], feed)
}
