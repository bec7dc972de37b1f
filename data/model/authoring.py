#!/usr/bin/env python3
"""Says what rule files that `copydesk sites new` writes are worth, unedited, on the pages they were written from.

    python3 data/model/authoring.py CORPUS [PROGRAM]

For every host with a wholly marked page (sets aeb and fundus) in CORPUS (`manifest.jsonl`, `pages/`), PROGRAM (default
target/release/copydesk) writes a rule file into an empty directory from all pages of the host. Then the pages are
extracted with these files in place of the built-in ones, and with --generic. Prints mean F1 over four-word shingles
of both, how many hosts gain, stay and lose, the worst of them, and whether the files' own checks pass.
Standard library only.
"""
import collections
import concurrent.futures
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

WORD = re.compile(r"\w+")


def shingles(text, n=4):
    words = WORD.findall(text or "")
    return collections.Counter(tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1)) if words[i : i + n])


def f1(true, said):
    t, p = shingles(true), shingles(said)
    common, total = sum((t & p).values()), sum(t.values()) + sum(p.values())
    return 2 * common / total if total else 1.0


def main():
    corpus = Path(sys.argv[1]).resolve()
    program = str(Path(sys.argv[2] if len(sys.argv) > 2 else "target/release/copydesk").resolve())
    rows = [json.loads(line) for line in open(corpus / "manifest.jsonl", encoding="utf-8")]
    marked = {r["id"]: r for r in rows if r["set"] in ("aeb", "fundus")}
    hosts = sorted({r["host"] for r in marked.values()})
    feed = "".join(
        json.dumps({"id": i, "url": r["url"], "path": str(corpus / "pages" / f"{i}.html.gz")}) + "\n" for i, r in marked.items()
    )
    work = Path(tempfile.mkdtemp(prefix="authoring-"))
    sites = work / "sites"
    sites.mkdir()

    def run(*args, feed=""):
        return subprocess.run([program, "--sites", str(sites), *args], input=feed, capture_output=True, text=True, cwd=work)

    # Each file is written before the next is: a directory with a faulty file would stop the others.
    def new(host):
        return host, run("sites", "new", "--pages", str(corpus), host, "--replace", "--json")

    told = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for host, done in pool.map(new, hosts):
            if done.returncode != 0 or not done.stdout:
                print(f"{host}: exit {done.returncode}: {done.stderr.strip()[:200]}")
            else:
                told[host] = json.loads(done.stdout)
    checks = run("sites", "check", *[t["id"] for t in told.values()], "--pages", str(corpus))
    print(checks.stdout.strip().splitlines()[-1] if checks.stdout else checks.stderr[:300])

    def extract(*args):
        done = run("extract", "--jsonl", *args, feed=feed)
        scores = {}
        for line in done.stdout.splitlines():
            said = json.loads(line)
            want = marked[said["id"]]["expected"]
            truths = [want["text"]] + ([want["summary"] + "\n\n" + want["text"]] if want.get("summary") else [])
            scores[said["id"]] = max(f1(t, said["text"]) for t in truths)
        return scores

    new, generic = extract(), extract("--generic")
    by_host = collections.defaultdict(list)
    for i, r in marked.items():
        by_host[r["host"]].append(i)
    mean = lambda ids, scores: statistics.mean(scores[i] for i in ids)
    gains = {h: mean(ids, new) - mean(ids, generic) for h, ids in by_host.items()}
    for name, ids in (
        ("all pages", list(marked)),
        ("pages of a host with several", [i for i in marked if sum(r["host"] == marked[i]["host"] for r in rows) > 1]),
        ("aeb", [i for i in marked if marked[i]["set"] == "aeb"]),
        ("fundus", [i for i in marked if marked[i]["set"] == "fundus"]),
    ):
        if not ids:
            continue
        exact = lambda s: sum(s[i] > 0.9999 for i in ids) / len(ids)
        print(f"{name:30} {len(ids):4} pages  new f1 {mean(ids, new):.4f} exact {exact(new):.3f}   generic f1 {mean(ids, generic):.4f} exact {exact(generic):.3f}")
    better, worse = sum(g > 0.0005 for g in gains.values()), sum(g < -0.0005 for g in gains.values())
    at_least = lambda f: sum(mean(ids, new) >= f for ids in by_host.values())
    print(f"{len(gains)} hosts: {better} better, {len(gains) - better - worse} as good, {worse} worse than --generic; "
          f"mean f1 at least 0.985 on {at_least(0.985)}, 0.95 on {at_least(0.95)}, 0.9 on {at_least(0.9)}")
    without = sum(t["layouts"] == 0 for t in told.values())
    print(f"{len(told)} files, {without} without a layout, {sum(t['strips'] for t in told.values())} strips")
    for host, gain in sorted(gains.items(), key=lambda g: g[1])[:20]:
        if gain < -0.0005:
            print(f"  {gain:+.3f} {host} {' '.join(f'{generic[i]:.3f}>{new[i]:.3f}' for i in by_host[host])}")
    print("files are in", sites)


main()
