//! What goes wrong in the month: passing faults, which any request may meet, papers that are down for days,
//! and addresses that never lead to a story. Owns the two tables, by the numbers of the project's list of
//! faults, and how each is made; what should come of them is the month's to check.
//!
//! What a server behind a plain proxy cannot play stays with tests of its own: TLS (F24: `fetch::tls`), names
//! (F22, F23: `fetch::guard`). What is the same at every visit, too: charsets (F27, F28: `decode`), hostile
//! pages and listings (H, X: `hostile_pages`, `hostile_listings`), addresses (C: `address`, `discover`), the
//! disk (D: `store::faults`).

use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;

use super::world::{DAY, HOUR, Page, dice, host};
use crate::faults::{Reply, Seen, Step};

/// Of a thousand requests so many meet a passing fault.
const PER_MILLE: u64 = 45;
/// Between two bytes of a server that is too slow.
const PAUSE: Duration = Duration::from_millis(40);
/// A little more than the limit of a page.
const TOO_MANY_BYTES: usize = 10 * 1024 * 1024 + 1;

/// A fault that is gone the next time.
pub(super) struct Passing {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    whose: Whose,
    pub(super) reply: fn(&Page, Timestamp) -> Reply,
}

/// Which requests it may hit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Any,
    /// All but robots.txt, of which it would say that there is none.
    NotRobots,
    Listings,
}

/// An address that never tells a story.
pub(super) struct Lasting {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// What may become of it.
    pub(super) outcomes: &'static [&'static str],
    pub(super) reply: fn(&Seen) -> Reply,
}

const fn any(code: &'static str, name: &'static str, reply: fn(&Page, Timestamp) -> Reply) -> Passing {
    Passing {
        code,
        name,
        whose: Whose::Any,
        reply,
    }
}

const fn of(
    whose: Whose,
    code: &'static str,
    name: &'static str,
    reply: fn(&Page, Timestamp) -> Reply,
) -> Passing {
    Passing {
        code,
        name,
        whose,
        reply,
    }
}

/// What may go wrong with any request.
pub(super) const PASSING: &[Passing] = &[
    any("F01", "slow head", |_, _| {
        Reply(vec![Step::Drip(
            "HTTP/1.1 200 OK\r\nServer: slow\r\n".repeat(9).into(),
            PAUSE,
        )])
    }),
    any("F02", "slow body", |_, _| {
        Reply::body([Step::Drip(b"<p>and so on".repeat(90), PAUSE)])
    }),
    any("F03", "silence", |_, _| Reply(vec![Step::Hold])),
    any("F07", "gzip cut", |page, _| {
        gzipped(page, |mut packed| {
            packed.truncate(packed.len() / 2);
            packed
        })
    }),
    any("F07", "gzip with a wrong sum", |page, _| {
        gzipped(page, |mut packed| {
            let sum = packed.len() - 6;
            packed[sum] ^= 0x55;
            packed
        })
    }),
    any("F07", "no gzip at all", |page, _| {
        gzipped(page, |_| page.body.clone())
    }),
    any("F08", "body cut", |page, _| {
        Reply::raw(
            [
                head(200, &format!("Content-Length: {}\r\n", page.body.len() + 99)),
                page.body.clone(),
            ]
            .concat(),
        )
    }),
    any("F10", "two lengths", |page, _| {
        Reply::raw(
            [
                head(200, "Content-Length: 7\r\nContent-Length: 70\r\n"),
                page.body.clone(),
            ]
            .concat(),
        )
    }),
    any("F11", "chunks cut", |_, _| chunked("40\r\n<p>and so on\r\n")),
    any("F11", "a chunk of no size", |_, _| {
        chunked("zz\r\n<p>and so on\r\n0\r\n\r\n")
    }),
    any("F12", "reset before the head", |_, _| Reply(vec![Step::Reset])),
    any("F12", "closed before the head", |_, _| Reply(Vec::new())),
    any("F12", "reset in the body", |page, _| {
        Reply(vec![
            Step::Send([head(200, "Content-Length: 9999\r\n"), page.body.clone()].concat()),
            Step::Reset,
        ])
    }),
    any("F13", "ten thousand headers", |_, _| {
        Reply::raw(head(200, &"X-Odd: 1\r\n".repeat(10_000)))
    }),
    any("F13", "a header of a megabyte", |_, _| {
        Reply::raw(head(200, &format!("X-Odd: {}\r\n", "x".repeat(1 << 20))))
    }),
    any("F13", "no head at all", |_, _| {
        Reply::raw("what is this, then?\r\n\r\n")
    }),
    any("F14", "status 999", |_, _| Reply::status(999, &[], "")),
    of(Whose::NotRobots, "F14", "status 204", |_, _| {
        Reply::status(204, &[], "")
    }),
    of(Whose::NotRobots, "F14", "status 206 unasked", |page, _| {
        Reply::status(206, &["Content-Range: bytes 0-99/999"], &page.body)
    }),
    of(Whose::NotRobots, "F14", "status 304 unasked", |page, _| {
        Reply::status(if page.asked_if { 500 } else { 304 }, &[], "")
    }),
    any("F14", "early hints without end", |_, _| {
        Reply(vec![
            Step::Drip(
                "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(60).into(),
                Duration::from_millis(1),
            ),
            Step::Hold,
        ])
    }),
    any("F25", "429", |_, _| Reply::status(429, &[], "")),
    any("F25", "429 for a quarter of an hour", |_, _| {
        Reply::status(429, &["Retry-After: 900"], "")
    }),
    any("F25", "429 until a date", |_, now| {
        let until = (now + HOUR).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Reply::status(429, &[&format!("Retry-After: {until}")], "")
    }),
    any("F25", "429 until a date that has passed", |_, now| {
        let until = (now - DAY).strftime("%A, %d-%b-%y %H:%M:%S GMT").to_string();
        Reply::status(429, &[&format!("Retry-After: {until}")], "")
    }),
    any("F25", "429 for ten years", |_, _| {
        Reply::status(429, &["Retry-After: 315360000"], "")
    }),
    any("F25", "429 until soon", |_, _| {
        Reply::status(429, &["Retry-After: soon"], "")
    }),
    any("F26", "status 500", |_, _| Reply::status(500, &[], "")),
    any("F26", "status 502", |_, _| {
        Reply::status(502, &["Content-Type: text/html"], "<h1>Bad gateway</h1>")
    }),
    any("F26", "status 503", |_, _| Reply::status(503, &[], "")),
    any("F26", "503 for ten minutes", |_, _| {
        Reply::status(503, &["Retry-After: 600"], "")
    }),
    any("F26", "status 504", |_, _| Reply::status(504, &[], "")),
    of(Whose::Listings, "X05", "a listing cut", |page, _| {
        Reply::page(&page.body[..page.body.len() / 2])
    }),
    of(Whose::Listings, "X05", "a page in the listing's place", |_, _| {
        Reply::page("<!doctype html><html><title>Sorry</title><body><p>We are busy.</p></body></html>")
    }),
];

/// Addresses that lead to no story.
pub(super) const LASTING: &[Lasting] = &[
    Lasting {
        code: "F04",
        name: "endless",
        outcomes: &["too-large"],
        reply: |_| Reply::body([Step::Endless(b"<p>and so on</p>".repeat(4_096))]),
    },
    Lasting {
        code: "F05",
        name: "gzip-bomb",
        outcomes: &["too-large"],
        reply: |_| bomb("gzip"),
    },
    Lasting {
        code: "F05",
        name: "zstd-bomb",
        outcomes: &["too-large"],
        reply: |_| bomb("zstd"),
    },
    Lasting {
        code: "F06",
        name: "packed-twice",
        outcomes: &["failed"],
        reply: |_| packed_as("gzip, gzip"),
    },
    Lasting {
        code: "F06",
        name: "packed-oddly",
        outcomes: &["failed"],
        reply: |_| packed_as("x-bzip2"),
    },
    Lasting {
        code: "F14",
        name: "forbidden",
        outcomes: &["failed"],
        reply: |_| Reply::status(403, &[], ""),
    },
    Lasting {
        code: "F15",
        name: "circle",
        outcomes: &["failed"],
        reply: |seen| Reply::redirect(302, &seen.path),
    },
    Lasting {
        code: "F15",
        name: "chain",
        outcomes: &["failed"],
        reply: |seen| Reply::redirect(302, &format!("{}0", seen.path)),
    },
    Lasting {
        code: "F16",
        name: "elsewhere",
        outcomes: &["redirected"],
        reply: |_| Reply::redirect(302, &format!("http://{}/s/1-as-told", host(1_000_000))),
    },
    Lasting {
        code: "F17",
        name: "private",
        outcomes: &["failed"],
        reply: |seen| {
            const PRIVATE: [&str; 5] = [
                "http://10.0.0.1/",
                "http://0x7f.1/",
                "http://[::ffff:127.0.0.1]/",
                "http://169.254.169.254/",
                "http://localhost/",
            ];
            Reply::redirect(302, PRIVATE[last_byte(seen) % 5])
        },
    },
    Lasting {
        code: "F18",
        name: "no-web",
        outcomes: &["failed"],
        reply: |seen| {
            const OTHERS: [&str; 4] = [
                "file:///etc/passwd",
                "javascript:alert(1)",
                "data:text/html,x",
                "ftp://paper1.example/x",
            ];
            Reply::redirect(302, OTHERS[last_byte(seen) % 4])
        },
    },
    Lasting {
        code: "F19",
        name: "nowhere",
        outcomes: &["failed"],
        reply: |_| Reply::status(302, &[], ""),
    },
    Lasting {
        code: "F21",
        name: "refresh",
        outcomes: &["empty", "not-article"],
        reply: |_| {
            Reply::page(
                "<html><head><meta http-equiv=refresh content='0; url=/x/refresh/0'></head><body></body></html>",
            )
        },
    },
    Lasting {
        code: "F26",
        name: "always-500",
        outcomes: &["failed"],
        reply: |_| Reply::status(500, &[], ""),
    },
    Lasting {
        code: "F29",
        name: "pdf",
        outcomes: &["not-html"],
        reply: |_| Reply::page("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"),
    },
    Lasting {
        code: "F29",
        name: "image",
        outcomes: &["not-html"],
        reply: |_| Reply::page(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01"),
    },
    Lasting {
        code: "F31",
        name: "login",
        outcomes: &["failed"],
        reply: |_| Reply::status(401, &["WWW-Authenticate: Basic"], ""),
    },
    Lasting {
        code: "R11",
        name: "denied",
        outcomes: &["robots-denied", "gone"],
        reply: |_| Reply::status(404, &[], ""),
    },
    Lasting {
        code: "H01",
        name: "nested",
        outcomes: &["too-large"],
        reply: |_| Reply::page("<div>".repeat(200_000)),
    },
    Lasting {
        code: "H09",
        name: "lost",
        outcomes: &["soft-404"],
        reply: |_| {
            Reply::page(
                "<html><head><title>Page not found</title></head><body><h1>404</h1><p>The page you were looking for does not exist.</p></body></html>",
            )
        },
    },
    Lasting {
        code: "H09",
        name: "gone",
        outcomes: &["gone"],
        reply: |_| Reply::status(410, &[], ""),
    },
    Lasting {
        code: "H10",
        name: "challenge",
        outcomes: &["bot-challenge"],
        reply: |_| {
            Reply::status(
                403,
                &["Content-Type: text/html"],
                "<html><head><title>Just a moment...</title></head><body><div id='challenge-running'>Checking your browser before you may go on.</div></body></html>",
            )
        },
    },
    Lasting {
        code: "H10",
        name: "consent",
        outcomes: &["consent-wall"],
        reply: |_| {
            Reply::page(
                "<html><head><title>The Paper</title></head><body><div><h2>!</h2><p>We and our 842 partners store and access information on a device, such as cookies.</p><button>OK</button></div></body></html>",
            )
        },
    },
    Lasting {
        code: "H11",
        name: "script-only",
        outcomes: &["empty"],
        reply: |_| Reply::page("<html><body><div id=app></div><script>start()</script></body></html>"),
    },
];

/// The fault that this visit of an address meets, if it does.
pub(super) fn passing(address: &str, visit: usize, page: &Page) -> Option<&'static Passing> {
    let number = dice((address, visit));
    if number % 1_000 >= PER_MILLE {
        return None;
    }
    let may = |fault: &&Passing| match fault.whose {
        Whose::Any => true,
        Whose::NotRobots => page.note != "robots",
        Whose::Listings => page.note == "listing",
    };
    let faults: Vec<&Passing> = PASSING.iter().filter(may).collect();
    let place = usize::try_from(number / 1_000 % faults.len() as u64).unwrap();
    Some(faults[place])
}

/// What a paper answers, whatever it is asked, while it is down.
pub(super) fn outage(site: usize, now: Duration) -> Option<Reply> {
    match site % 25 {
        11 if (DAY * 2..HOUR * 84).contains(&now) => Some(Reply::status(503, &[], "")),
        12 if (HOUR * 60..DAY * 3).contains(&now) => Some(Reply(vec![Step::Reset])),
        _ => None,
    }
}

fn last_byte(seen: &Seen) -> usize {
    seen.path.bytes().last().map_or(0, usize::from)
}

fn head(status: u16, lines: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Reason\r\nConnection: close\r\nContent-Type: text/html\r\n{lines}\r\n").into()
}

fn chunked(body: &str) -> Reply {
    Reply::raw([head(200, "Transfer-Encoding: chunked\r\n"), body.into()].concat())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The page packed, and the packed bytes spoilt.
fn gzipped(page: &Page, spoil: impl Fn(Vec<u8>) -> Vec<u8>) -> Reply {
    let body = spoil(gzip(&page.body));
    Reply::status(200, &["Content-Type: text/html", "Content-Encoding: gzip"], body)
}

fn packed_as(encoding: &str) -> Reply {
    let body = gzip(&gzip(b"<p>A story that nobody can read.</p>"));
    Reply::status(
        200,
        &[
            "Content-Type: text/html",
            &format!("Content-Encoding: {encoding}"),
        ],
        body,
    )
}

fn bomb(encoding: &str) -> Reply {
    static GZIP: OnceLock<Vec<u8>> = OnceLock::new();
    static ZSTD: OnceLock<Vec<u8>> = OnceLock::new();
    let zeros = || vec![b' '; TOO_MANY_BYTES];
    let body = match encoding {
        "gzip" => GZIP.get_or_init(|| gzip(&zeros())),
        _ => ZSTD.get_or_init(|| zstd::bulk::compress(&zeros(), 3).unwrap()),
    };
    Reply::status(
        200,
        &[
            "Content-Type: text/html",
            &format!("Content-Encoding: {encoding}"),
        ],
        body,
    )
}
