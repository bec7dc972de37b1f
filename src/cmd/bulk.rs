//! `extract --jsonl`: many pages, all cores, one line out per line in, in input order, in memory
//! that does not grow with the input.

use std::io::{BufRead, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::decode;
use crate::fetch::MAX_PAGE_BYTES;
use crate::outcome::Outcome;
use crate::pipeline::reading::{self, Choice, Rulebook, Source};

use super::article_json::ArticleJson;

/// Lines that may be in work or waiting for an earlier one, per core.
const AHEAD_PER_CORE: usize = 8;
/// Longest line read, in bytes: a page of the largest size, JSON-escaped.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// One line in, but for its `id`, which is echoed whatever else is wrong.
#[derive(Deserialize)]
struct Request {
    url: Option<String>,
    html: Option<String>,
    path: Option<String>,
}

/// Reads requests and writes articles until the input ends.
///
/// # Errors
/// When the input cannot be read or the output not be written.
pub(super) fn run(
    input: impl BufRead + Send,
    output: &mut impl Write,
    rulebook: &Rulebook,
    choice: &Choice,
) -> std::io::Result<()> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        // Each worker has its own lane; line n goes through lane n modulo their number, so reading
        // the lanes in turn gives the input's order.
        let mut lanes: Vec<SyncSender<(usize, Vec<u8>)>> = Vec::new();
        let mut answers: Vec<Receiver<(String, bool)>> = Vec::new();
        for _ in 0..workers {
            let (give, take) = sync_channel::<(usize, Vec<u8>)>(AHEAD_PER_CORE);
            let (tell, hear) = sync_channel::<(String, bool)>(AHEAD_PER_CORE);
            lanes.push(give);
            answers.push(hear);
            scope.spawn(move || {
                for (number, line) in take {
                    if tell.send(answer(number, &line, rulebook, choice)).is_err() {
                        break;
                    }
                }
            });
        }
        let (finished, lines) = sync_channel::<std::io::Result<()>>(1);
        scope.spawn(move || {
            // The other side is gone only when the output failed, which ends the program.
            let _ = finished.send(feed(input, lanes));
        });
        let (mut lines_out, mut failed) = (0_u64, 0_u64);
        for lane in answers.iter().cycle() {
            let Ok((line, has_failed)) = lane.recv() else {
                break;
            };
            lines_out += 1;
            failed += u64::from(has_failed);
            output.write_all(line.as_bytes())?;
            output.write_all(b"\n")?;
        }
        output.flush()?;
        if failed > 0 {
            tracing::info!("{failed} of {lines_out} lines failed: each tells its reason");
        }
        lines.recv().unwrap_or(Ok(()))
    })
}

fn feed(mut input: impl BufRead, lanes: Vec<SyncSender<(usize, Vec<u8>)>>) -> std::io::Result<()> {
    let mut lane = lanes.iter().cycle();
    for number in 1.. {
        let mut line = Vec::new();
        if input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() as u64 == MAX_LINE_BYTES && !line.ends_with(b"\n") {
            // Cut off it is no JSON, and is answered as such; its rest must not pass for lines.
            line.truncate(1);
            input.skip_until(b'\n')?;
        }
        if lane.next().is_none_or(|l| l.send((number, line)).is_err()) {
            break;
        }
    }
    Ok(())
}

/// The line out, and whether the line in could not be read.
fn answer(number: usize, line: &[u8], rulebook: &Rulebook, choice: &Choice) -> (String, bool) {
    let failed = |id: Value, reason: String| ArticleJson::failed(id, Outcome::Failed, Some(reason));
    let request = serde_json::from_slice::<Map<String, Value>>(line).map(|mut object| {
        let id = object.remove("id").unwrap_or_default();
        (id, serde_json::from_value::<Request>(object.into()))
    });
    let json = match request {
        Err(e) => {
            let mut object =
                serde_json::to_value(failed(Value::Null, format!("line {number}: not a request: {e}")))
                    .unwrap_or_default();
            object["line"] = number.into();
            return (object.to_string(), true);
        }
        Ok((id, Err(e))) => failed(id, format!("line {number}: not a request: {e}")),
        Ok((id, Ok(request))) => match page(&request) {
            Err(reason) => failed(id, reason),
            Ok((bytes, url)) => {
                let content_type = request.html.is_some().then_some("text/html; charset=utf-8");
                let source = Source {
                    bytes: &bytes,
                    content_type,
                    url: url.as_ref(),
                };
                ArticleJson::new(id, reading::read(source, rulebook, choice, None))
            }
        },
    };
    let line = serde_json::to_string(&json)
        .unwrap_or_else(|e| format!("{{\"id\":null,\"outcome\":\"failed\",\"reason\":\"{e}\"}}"));
    (line, json.has_failed())
}

fn page(request: &Request) -> Result<(Vec<u8>, Option<Url>), String> {
    // An address that is none costs the page its rules and its relative links, not its text.
    let url = request
        .url
        .as_deref()
        .and_then(|url| crate::address::parse(url).ok());
    let bytes = match (&request.html, &request.path) {
        (Some(html), None) => html.clone().into_bytes(),
        (None, Some(path)) => {
            let raw = std::fs::read(path).map_err(|e| format!("cannot read {path}: {e}"))?;
            decode::gunzip(&raw, MAX_PAGE_BYTES as u64)
                .map_err(|e| format!("cannot read {path}: {e}"))?
                .into_owned()
        }
        (None, None) => return Err("neither `html` nor `path` is given".to_owned()),
        (Some(_), Some(_)) => return Err("give `html` or `path`, not both".to_owned()),
    };
    Ok((bytes, url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::Sites;

    fn answers(input: impl BufRead + Send) -> Vec<Value> {
        let rulebook = Rulebook::new(Sites::from_sources([("common.toml", "")]).unwrap());
        let mut out = Vec::new();
        run(input, &mut out, &rulebook, &Choice::ByAddress).unwrap();
        let lines = out.split(|b| *b == b'\n').filter(|l| !l.is_empty());
        lines.map(|l| serde_json::from_slice(l).unwrap()).collect()
    }

    #[test]
    fn every_line_has_its_answer_in_order_and_its_id_whatever_is_wrong_with_it() {
        let input = "{\"id\":7,\"html\":5}\n\n{\"id\":[\"a\"],\"html\":\"<p>x</p>\"}\n{\"id\":8}\n[1]";
        let answers = answers(input.as_bytes());
        let ids: Vec<String> = answers.iter().map(|a| a["id"].to_string()).collect();
        assert_eq!(ids, ["7", "null", "[\"a\"]", "8", "null"]);
        assert_eq!(answers[0]["outcome"], "failed");
        assert_eq!((&answers[1]["line"], &answers[4]["line"]), (&2.into(), &5.into()));
    }

    #[test]
    fn a_line_over_the_limit_is_one_failure_and_the_next_line_is_read() {
        let long = std::io::repeat(b'x').take(MAX_LINE_BYTES + 5);
        let input = long.chain(&b"\n{\"id\":1,\"html\":\"<p>x</p>\"}\n"[..]);
        let answers = answers(std::io::BufReader::new(input));
        let ids: Vec<&Value> = answers.iter().map(|a| &a["id"]).collect();
        assert_eq!(ids, [&Value::Null, &1.into()]);
    }
}
