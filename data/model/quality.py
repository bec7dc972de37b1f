#!/usr/bin/env python3
"""Says whether `quality` means something: its rank correlation with each page's F1 score.

    python3 data/model/quality.py CORPUS [COMMAND...]

Runs COMMAND (default: target/release/copydesk extract --jsonl --generic) over the wholly marked pages of
CORPUS (sets aeb and fundus; `manifest.jsonl`, `pages/`) and prints Spearman's coefficient between `quality`
and F1 over four-word shingles, and the pages below 0.5 of either. Standard library only.
"""
import collections
import json
import re
import subprocess
import sys
from pathlib import Path

WORD = re.compile(r"\w+")


def shingles(text, n=4):
    words = WORD.findall(text or "")
    return collections.Counter(tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1)) if words[i : i + n])


def f1(true, said):
    t, p = shingles(true), shingles(said)
    common, total = sum((t & p).values()), sum(t.values()) + sum(p.values())
    return 2 * common / total if total else 1.0


def truths(expected):
    """A summary may stand above the text or be left to `subtitle`."""
    summary = expected.get("summary")
    return [expected["text"]] + ([summary + "\n\n" + expected["text"]] if summary else [])


def score(expected, said):
    return max(f1(t, said) for t in truths(expected))


def ranks(values):
    """Ranks, ties sharing their mean."""
    order = sorted(range(len(values)), key=values.__getitem__)
    out = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        for i in order[at:end]:
            out[i] = (at + end - 1) / 2
        at = end
    return out


def correlation(a, b):
    a, b = ranks(a), ranks(b)
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    cov = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    var = lambda v, m: sum((x - m) ** 2 for x in v)
    return cov / (var(a, mean_a) * var(b, mean_b)) ** 0.5


def main():
    corpus = Path(sys.argv[1]).resolve()
    command = sys.argv[2:] or ["target/release/copydesk", "extract", "--jsonl", "--generic"]
    rows = [json.loads(line) for line in open(corpus / "manifest.jsonl", encoding="utf-8")]
    rows = {r["id"]: r for r in rows if r["set"] in ("aeb", "fundus")}
    feed = "".join(
        json.dumps({"id": i, "url": r["url"], "path": str(corpus / "pages" / f"{i}.html.gz")}) + "\n" for i, r in rows.items()
    )
    done = subprocess.run(command, input=feed.encode(), stdout=subprocess.PIPE, check=True)
    scores, qualities = [], []
    for line in done.stdout.decode().splitlines():
        said = json.loads(line)
        want = rows[said["id"]]["expected"]
        found, quality = score(want, said["text"]), said["quality"] or 0.0
        scores.append(found)
        qualities.append(quality)
        if found < 0.5 or quality < 0.5:
            print(f"{said['id']}  f1 {found:.3f}  quality {quality:.2f}  {said['outcome']}")
    print(f"{len(scores)} pages, rank correlation of quality and f1: {correlation(qualities, scores):.3f}")


if __name__ == "__main__":
    main()
