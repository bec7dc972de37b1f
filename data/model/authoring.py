#!/usr/bin/env python3
"""Says what rule files that `copydesk sites new` writes are worth, unedited, on the pages they were written from.

    python3 data/model/authoring.py CORPUS [PROGRAM]
    python3 data/model/authoring.py CORPUS [PROGRAM] --judge    by models that saw no page of the host
                                                                (--folds N: 3 unless said)

For every host with a wholly marked page (sets aeb and fundus) in CORPUS (`manifest.jsonl`, `pages/`), PROGRAM (default
target/release/copydesk) writes a rule file into an empty directory from all pages of the host. Then the pages are
extracted with these files in place of the built-in ones, and with --generic. Prints mean F1 over four-word shingles
of both, how many hosts gain, stay and lose, the worst of them, and whether the files' own checks pass.

The model in the program was trained on CORPUS, and flatters --generic there. With --judge each fold of hosts is read by a
copy of PROGRAM in which a model stands that was trained on the other folds, as train.py trains: PROGRAM must have
been built with blocks.txt as it is. This needs what train.py needs; all else the standard library only.
"""
import argparse
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


def write_files(program, corpus, marked, sites):
    """Has a rule file written for each host; what the program said of each, by host."""

    def new(host):
        return host, run(program, sites, "sites", "new", "--pages", str(corpus), host, "--replace", "--json")

    told = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for host, done in pool.map(new, sorted({r["host"] for r in marked.values()})):
            if done.returncode != 0 or not done.stdout:
                print(f"{host}: exit {done.returncode}: {done.stderr.strip()[:200]}")
            else:
                told[host] = json.loads(done.stdout)
    checks = run(program, sites, "sites", "check", *[t["id"] for t in told.values()], "--pages", str(corpus))
    print(checks.stdout.strip().splitlines()[-1] if checks.stdout else checks.stderr[:300])
    return told


def run(program, sites, *args, feed=""):
    return subprocess.run([program, "--sites", str(sites), *args], input=feed, capture_output=True, text=True, cwd=sites.parent)


def extract(program, corpus, marked, sites, *args):
    """F1 of each page."""
    feed = "".join(
        json.dumps({"id": i, "url": r["url"], "path": str(corpus / "pages" / f"{i}.html.gz")}) + "\n" for i, r in marked.items()
    )
    scores = {}
    for line in run(program, sites, "extract", "--jsonl", *args, feed=feed).stdout.splitlines():
        said = json.loads(line)
        want = marked[said["id"]]["expected"]
        truths = [want["text"]] + ([want["summary"] + "\n\n" + want["text"]] if want.get("summary") else [])
        scores[said["id"]] = max(f1(t, said["text"]) for t in truths)
    return scores


def strangers(program, corpus, rows, folds, work):
    """For each fold of hosts: a program whose model saw none of their pages, and whether a page is of the fold."""
    import train

    source, built = Path(program).read_bytes(), (train.HERE / "blocks.txt").read_bytes()
    if source.count(built) != 1:
        sys.exit(f"{program} was not built with blocks.txt as it is: cargo build --release")
    names, pages = train.describe(corpus, rows)
    for fold in range(folds):
        first, second, second_names, _, _ = train.train(corpus, [p for p in pages if train.host_fold(p.row, folds) != fold])
        model = work / f"blocks-{fold}.txt"
        train.write([(names, first), (second_names, second)], model)
        copy = work / f"copydesk-{fold}"
        copy.write_bytes(source.replace(built, fitted(model.read_text(), len(built))))
        copy.chmod(0o755)
        yield str(copy), lambda row, fold=fold: train.host_fold(row, folds) == fold


def fitted(model, room):
    """A model's file in just so many bytes: thresholds lose a digit where it is too long, and a comment fills the rest."""
    lines = [l for l in model.splitlines() if not l.startswith("#")]
    over = sum(len(l) + 1 for l in lines) + len("#  \n") - room
    for at, line in enumerate(lines):
        if over > 0 and ":" in line and not line.startswith("forest "):
            shorter = re.sub(r":(-?\d*\.\d{3,})\d:", r":\1:", line)
            over -= len(line) - len(shorter)
            lines[at] = shorter
    if over > 0:
        sys.exit("the model of a fold is longer than the program's: take fewer folds")
    body = "\n".join(lines) + "\n"
    return ("# " + "." * (room - len(body) - len("# \n")) + "\n" + body).encode()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("program", nargs="?", type=Path, default=Path("target/release/copydesk"))
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--folds", type=int, default=3)
    args = parser.parse_args()
    corpus, program = args.corpus.resolve(), str(args.program.resolve())
    rows = [json.loads(line) for line in open(corpus / "manifest.jsonl", encoding="utf-8")]
    marked = {r["id"]: r for r in rows if r["set"] in ("aeb", "fundus")}
    work = Path(tempfile.mkdtemp(prefix="authoring-"))
    programs = strangers(program, corpus, rows, args.folds, work) if args.judge else [(program, lambda row: True)]
    told, new, generic = {}, {}, {}
    for n, (one, reads) in enumerate(programs):
        part = {i: r for i, r in marked.items() if reads(r)}
        sites = work / f"part-{n}" / "sites"
        sites.mkdir(parents=True)
        told |= write_files(one, corpus, part, sites)
        new |= extract(one, corpus, part, sites)
        generic |= extract(one, corpus, part, sites, "--generic")
    report(rows, marked, told, new, generic)
    print("files are in", work)


def report(rows, marked, told, new, generic):
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


if __name__ == "__main__":
    main()
