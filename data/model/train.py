#!/usr/bin/env python3
"""Trains the forests of `blocks.txt` and says how good they are.

    python3 data/model/train.py CORPUS            train and write both files
    python3 data/model/train.py CORPUS --judge    only judge: hosts left out from every step
                                                  (--folds N: 5 unless said)

CORPUS is a folder with `manifest.jsonl` (id, set, url, host, expected), `pages/<id>.html.gz` and the
program `score`. Needs Python 3.11 with lightgbm and numpy, and cargo; features come from the
program itself (src/extract/generic/training.rs). The same corpus gives the same file.

Steps: label blocks by the marked texts (align.py), and by a site's rule file where little is marked
and one of its layouts fits → first forest, five folds by host → what it
believes firmly of unmarked blocks becomes a weak label → first forest again → second forest, on
features that hold the first's beliefs of hosts left out.
"""
import argparse
import collections
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
import quality

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDS = 5
TREES = 120
FOREST = dict(
    objective="binary", learning_rate=0.08, num_leaves=15, max_depth=6, min_data_in_leaf=20,
    min_sum_hessian_in_leaf=2, feature_fraction=0.3, bagging_fraction=0.7, bagging_freq=1, lambda_l2=5,
    verbose=-1, num_threads=1, seed=1, deterministic=True,
)
THRESHOLD = 0.5  # as in src/extract/generic/mod.rs
FIRM = (0.08, 0.9)  # beliefs below and above which an unmarked block gets a weak label
WEAK = 0.5  # weight of a weak label
RULED = 300  # a text of fewer characters that a rule file found labels nothing: it may be a teaser
SEGMENT = 1.4  # least weight of a block that holds a marked segment
KINDS = ["paragraph", "heading", "list item", "quote", "table row", "preformatted"]
LIST_ITEM = KINDS.index("list item")


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
        self.kinds = self.rows[:, described["names"].index("kind")].astype(int)
        self.words = numpy.array([max(1, len(align.WORD.findall(t))) for t in self.texts], float)
        ruled = described.get("ruled")
        self.ruled = ruled if ruled and len(ruled["text"]) > RULED and not self.marked_whole() else None
        self.unlabel()

    def marked_whole(self):
        """Whether people marked all of its text."""
        return "text" in self.row["expected"]

    def labelled_whole(self):
        """Whether all of its blocks are labelled, by people or by a rule file."""
        return self.marked_whole() or self.ruled is not None

    def unlabel(self):
        """Leaves no labels but the firm ones; what people marked goes over what a rule file says."""
        self.labels = align.labels(self.texts, self.row["expected"])
        if self.ruled:
            told = align.labels(self.texts, self.ruled)
            self.labels = [t if l is None else l for l, t in zip(self.labels, told)]
        self.weak = [False] * len(self.texts)


def ask(corpus, rows, **beliefs):
    """The program's answers about these pages; `first` or `last` holds beliefs by page id."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in"), Path(folder, "out")
        with open(source, "w") as f:
            for r in rows:
                page = {"id": r["id"], "url": r["url"], "html": read_page(corpus / "pages" / f"{r['id']}.html.gz")}
                page.update((name, by_id[r["id"]]) for name, by_id in beliefs.items() if r["id"] in by_id)
                f.write(json.dumps(page) + "\n")
        env = dict(os.environ, COPYDESK_TRAIN_IN=str(source), COPYDESK_TRAIN_OUT=str(out))
        tool = ["cargo", "test", "--release", "--quiet", "--lib", "describe_pages", "--", "--ignored"]
        subprocess.run(tool, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
        return [json.loads(line) for line in open(out)]


def describe(corpus, rows, **beliefs):
    """Names of the features, and the pages that have any block."""
    by_id = {r["id"]: r for r in rows}
    described = [d for d in ask(corpus, rows, **beliefs) if d.get("rows")]
    return described[0]["names"], [Page(by_id[d["id"]], d) for d in described]


def table(pages):
    """Features, labels, weights. A wholly labelled page weighs the same whatever its length, half by
    words (the F1 score) and half by blocks (exactness)."""
    features, truth, weight = [], [], []
    for page in pages:
        at = [i for i, l in enumerate(page.labels) if l is not None]
        if not at:
            continue
        story = numpy.array([page.labels[i] for i in at])
        words = page.words[at]
        even = 10 * (0.5 * numpy.minimum(words / max(1, words[story].sum()), 1) + 0.5 / max(1, story.sum()))
        if not page.labelled_whole():
            weak = numpy.array([page.weak[i] for i in at])
            even = numpy.where(weak, even * WEAK, numpy.maximum(SEGMENT, even * WEAK))
        features.append(page.rows[at])
        truth.append(story)
        weight.append(even)
    return numpy.concatenate(features), numpy.concatenate(truth).astype(float), numpy.concatenate(weight)


def grow(pages):
    x, y, w = table(pages)
    return lightgbm.train(FOREST, lightgbm.Dataset(x, y, weight=w), TREES)


def believe(forest, pages):
    """Beliefs of each page's blocks, by page id."""
    return {p.row["id"]: [round(float(b), 4) for b in forest.predict(p.rows, num_threads=1)] for p in pages}


def left_out(pages):
    """Beliefs of each page by a forest that saw no page of its host."""
    beliefs = {}
    for fold in range(FOLDS):
        forest = grow([p for p in pages if host_fold(p.row) != fold])
        beliefs.update(believe(forest, [p for p in pages if host_fold(p.row) == fold]))
    return beliefs


def with_weak_labels(pages, beliefs):
    """Labels the unmarked blocks of which something is believed firmly."""
    for p in pages:
        p.unlabel()
        if p.labelled_whole():
            continue
        for i, belief in enumerate(beliefs[p.row["id"]]):
            if p.labels[i] is None and not FIRM[0] <= belief <= FIRM[1]:
                p.labels[i], p.weak[i] = belief > FIRM[1], True


def train(corpus, pages, strangers=()):
    """Both forests, the names of the second's features, and the pages as the second look sees them;
    `strangers` are only looked at."""
    with_weak_labels(pages, left_out(pages))
    first = grow(pages)
    beliefs = left_out(pages) | believe(first, strangers)
    names, seen = describe(corpus, [p.row for p in [*pages, *strangers]], first=beliefs)
    labelled = {p.row["id"]: p for p in pages}
    for p in seen:
        if p.row["id"] in labelled:
            known = labelled[p.row["id"]]
            p.labels, p.weak, p.ruled = known.labels, known.weak, known.ruled
    known = [p for p in seen if p.row["id"] in labelled]
    return first, grow(known), names, known, [p for p in seen if p.row["id"] not in labelled]


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


def judge(corpus, rows, folds):
    """Hosts left out from every step, weak labels too: what a page of an unknown host can expect."""
    _, pages = describe(corpus, rows)
    beliefs, seen = {}, []
    for fold in range(folds):
        known = [p for p in pages if host_fold(p.row, folds) != fold]
        strangers = [p for p in pages if host_fold(p.row, folds) == fold]
        _, second, _, _, looked = train(corpus, known, strangers)
        beliefs |= believe(second, looked)
        seen += looked
    by_id = {r["id"]: r for r in rows}
    answers = [d for d in ask(corpus, rows, last=beliefs) if "kept" in d]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps({"id": d["id"], "text": "\n\n".join(d["kept"])}) + "\n" for d in answers)
        f.flush()
        subprocess.run([corpus / "score", "--pred", f.name, "--worst", "12"])
    whole = [d for d in answers if "text" in by_id[d["id"]]["expected"]]
    scores = [quality.score(by_id[d["id"]]["expected"], "\n\n".join(d["kept"])) for d in whole]
    print(f"quality: rank correlation with f1 {quality.correlation([d['quality'] for d in whole], scores):.3f}")
    count_kinds(seen, beliefs)
    count_lists({r["id"]: r for r in rows}, answers)


def count_kinds(pages, beliefs):
    """Blocks lost and leaking by kind, on wholly marked pages."""
    lost, leaks = collections.defaultdict(list), collections.defaultdict(list)
    for p in (p for p in pages if p.marked_whole()):
        for i, belief in enumerate(beliefs[p.row["id"]]):
            kept, kind = belief > THRESHOLD and not p.stripped[i], KINDS[p.kinds[i]]
            if kind == "paragraph" and len(p.texts[i]) > 150:
                kind = "long paragraph"
            if p.labels[i] is not None and kept != p.labels[i]:
                (leaks if kept else lost)[kind].append(p.row["id"])
    for kind in sorted({*lost, *leaks}):
        told = [f"{len(ids)} ({len(set(ids))})" for ids in (lost[kind], leaks[kind])]
        print(f"{kind}: lost {told[0]}, leaks {told[1]} blocks (pages)")


def count_lists(by_id, answers):
    """Pages of the set fundus whose text is its truth but for lists."""
    only = 0
    for d in answers:
        row = by_id[d["id"]]
        if row["set"] == "fundus":
            truths = [align.fold(t) for t in quality.truths(row["expected"])]
            text = lambda kinds: align.fold("\n\n".join(t for t, k in zip(d["kept"], d["kinds"]) if k not in kinds))
            only += text(()) not in truths and text((LIST_ITEM,)) in truths
    print(f"fundus: {only} pages differ from their truth by lists alone")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--folds", type=int, default=5)
    args = parser.parse_args()
    corpus = args.corpus.resolve()
    rows = [json.loads(line) for line in open(corpus / "manifest.jsonl", encoding="utf-8")]
    if args.judge:
        judge(corpus, rows, args.folds)
        return
    names, pages = describe(corpus, rows)
    first, second, second_names, _, _ = train(corpus, pages)
    write([(names, first), (second_names, second)], HERE / "blocks.txt")


if __name__ == "__main__":
    main()
