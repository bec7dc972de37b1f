#!/usr/bin/env python3
"""Trains the forests of `blocks.txt`, and says how good they are on hosts left out.

    python3 data/model/train.py CORPUS            train and write data/model/blocks.txt
    python3 data/model/train.py CORPUS --judge    only judge: hosts left out from every step

CORPUS is a folder with `manifest.jsonl` (id, set, host, expected), `pages/<id>.html.gz` and the
program `score`. Needs Python 3.11 with lightgbm and numpy, and cargo; features come from the
program itself (src/extract/generic/training.rs). The same corpus gives the same file.

Steps: label blocks by the marked texts (align.py) → first forest, five folds by host → second
forest on features that hold the first's beliefs of hosts left out → what both believe firmly of
unmarked blocks becomes a weak label → both forests again with these.

Printed for hosts left out by the last step's five folds, at a threshold of 0.45:
    aeb     f1 0.9768  precision 0.9731  recall 0.9806  accuracy 0.4712
    traf    f1 0.9408  precision 0.9462  recall 0.9354  accuracy 0.9412
    fundus  f1 0.9759  precision 0.9643  recall 0.9878  exact 0.4833
"""
import argparse
import gzip
import hashlib
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import lightgbm
import numpy

import align

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDS = 5
TREES = 120
FOREST = dict(
    objective="binary", learning_rate=0.08, num_leaves=15, max_depth=6, min_data_in_leaf=20,
    min_sum_hessian_in_leaf=2, feature_fraction=0.3, bagging_fraction=0.7, bagging_freq=1, lambda_l2=5,
    verbose=-1, num_threads=2, seed=1, deterministic=True,
)
THRESHOLD = 0.45  # as in src/extract/generic/mod.rs
FIRM = (0.08, 0.9)  # beliefs below and above which an unmarked block gets a weak label
WEAK = 0.5  # weight of a weak label
SEGMENT = 1.4  # least weight of a block that holds a marked segment


def host_fold(row, folds=FOLDS):
    """Fold of a page: all hosts of one registered domain share one."""
    parts = row["host"].split(".")
    keep = 3 if len(parts) > 2 and parts[-2] in ("co", "com", "net", "org") else 2
    return int(hashlib.md5(".".join(parts[-keep:]).encode()).hexdigest(), 16) % folds


def read_page(path):
    """The page as text: UTF-8 where it is, else the charset it names."""
    raw = gzip.open(path).read()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        named = re.search(rb"charset=[\"']?([\w-]+)", raw[:4096])
        try:
            return raw.decode(named.group(1).decode() if named else "windows-1252", "replace")
        except LookupError:
            return raw.decode("utf-8", "replace")


class Page:
    """A page's blocks: features, texts, labels."""

    def __init__(self, row, described):
        self.row = row
        self.rows = numpy.array(described["rows"], numpy.float32)
        self.texts = described["texts"]
        self.stripped = described["stripped"]
        self.words = numpy.array([max(1, len(align.WORD.findall(t))) for t in self.texts], float)
        self.labels = align.labels(self.texts, row["expected"])
        self.weak = [False] * len(self.texts)


def describe(corpus, rows, first=None):
    """Asks the program for features; `first` holds beliefs by page id."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in"), Path(folder, "out")
        with open(source, "w") as f:
            for r in rows:
                page = {"id": r["id"], "html": read_page(corpus / "pages" / f"{r['id']}.html.gz")}
                if first:
                    page["first"] = first.get(r["id"])
                f.write(json.dumps(page) + "\n")
        env = dict(os.environ, COPYDESK_TRAIN_IN=str(source), COPYDESK_TRAIN_OUT=str(out))
        subprocess.run(["cargo", "test", "--quiet", "--lib", "describe_pages", "--", "--ignored"], cwd=ROOT, env=env,
                       check=True, stdout=subprocess.DEVNULL)
        by_id = {r["id"]: r for r in rows}
        described = [json.loads(line) for line in open(out)]
    names = next(d["names"] for d in described if d.get("rows"))
    return names, [Page(by_id[d["id"]], d) for d in described if d.get("rows")]


def table(pages):
    """Features, labels, weights. A wholly marked page weighs the same whatever its length, half by
    words (the F1 score) and half by blocks (exactness)."""
    features, truth, weight = [], [], []
    for page in pages:
        at = [i for i, l in enumerate(page.labels) if l is not None]
        if not at:
            continue
        story = numpy.array([page.labels[i] for i in at])
        words = page.words[at]
        even = 10 * (0.5 * numpy.minimum(words / max(1, words[story].sum()), 1) + 0.5 / max(1, story.sum()))
        if "with" in page.row["expected"]:
            weak = numpy.array([page.weak[i] for i in at])
            even = numpy.where(weak, even * WEAK, numpy.maximum(SEGMENT, even * WEAK))
        features.append(page.rows[at])
        truth.append(story)
        weight.append(even)
    return numpy.concatenate(features), numpy.concatenate(truth).astype(float), numpy.concatenate(weight)


def grow(pages):
    x, y, w = table(pages)
    return lightgbm.train(FOREST, lightgbm.Dataset(x, y, weight=w), TREES)


def left_out(pages):
    """Beliefs of each page by a forest that saw no page of its host."""
    beliefs = {}
    for fold in range(FOLDS):
        forest = grow([p for p in pages if host_fold(p.row) != fold])
        for p in pages:
            if host_fold(p.row) == fold:
                beliefs[p.row["id"]] = [round(float(b), 4) for b in forest.predict(p.rows)]
    return beliefs


def add_weak_labels(pages, beliefs):
    for p in pages:
        if "with" not in p.row["expected"]:
            continue
        for i, belief in enumerate(beliefs[p.row["id"]]):
            if p.labels[i] is None and not FIRM[0] <= belief <= FIRM[1]:
                p.labels[i], p.weak[i] = belief > FIRM[1], True


def train(corpus, rows):
    """Both forests with the names of their features."""
    names, pages = describe(corpus, rows)
    _, seconds = describe(corpus, rows, left_out(pages))
    beliefs = left_out(seconds)
    add_weak_labels(pages, beliefs)
    second_names, seconds = describe(corpus, rows, left_out(pages))
    add_weak_labels(seconds, beliefs)
    return [(names, grow(pages)), (second_names, grow(seconds))]


def write(forests, path):
    lines = ["# Two forests over the features of blocks, made by train.py: each tree is a line of inner nodes",
             "# (feature:threshold:left:right; a leaf n is written -n-1) and a line of leaves, in log odds."]
    for names, forest in forests:
        lines.append("forest " + " ".join(names))
        for tree in forest.dump_model()["tree_info"]:
            nodes, leaves = [], []

            def walk(node):
                if "leaf_value" in node:
                    leaves.append(f"{node['leaf_value']:.4g}")
                    return -len(leaves)
                place = len(nodes)
                nodes.append(None)
                left, right = walk(node["left_child"]), walk(node["right_child"])
                nodes[place] = f"{node['split_feature']}:{node['threshold']:.6g}:{left}:{right}"
                return place

            walk(tree["tree_structure"])
            lines += [" ".join(nodes), " ".join(leaves)]
    path.write_text("\n".join(lines) + "\n")


def judge(corpus, rows, folds=3):
    """Hosts left out from every step, weak labels too: what a page of an unknown host can expect."""
    lines = []
    for fold in range(folds):
        known = [r for r in rows if host_fold(r, folds) != fold]
        strange = [r for r in rows if host_fold(r, folds) == fold]
        (_, first), (_, second) = train(corpus, known)
        _, pages = describe(corpus, strange)
        beliefs = {p.row["id"]: [round(float(b), 4) for b in first.predict(p.rows)] for p in pages}
        for p in describe(corpus, strange, beliefs)[1]:
            kept = [t for t, b, s in zip(p.texts, second.predict(p.rows), p.stripped) if b > THRESHOLD and not s]
            kept = list(dict.fromkeys(kept))
            lines.append(json.dumps({"id": p.row["id"], "text": "\n\n".join(kept)}))
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.write("\n".join(lines) + "\n")
        f.flush()
        subprocess.run([corpus / "score", "--pred", f.name])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--judge", action="store_true")
    args = parser.parse_args()
    rows = [json.loads(line) for line in open(args.corpus / "manifest.jsonl", encoding="utf-8")]
    if args.judge:
        judge(args.corpus, rows)
    else:
        write(train(args.corpus, rows), HERE / "blocks.txt")


if __name__ == "__main__":
    main()
