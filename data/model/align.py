"""Which blocks of a page are its story: labels for training, from the texts that people marked.

A block is story if its words stand in the marked text, in order, or if it is a sentence or more of it
to the word. A dek that is marked apart from the text may stand above it or not: such a block is not
labelled. Pages of which only some segments are marked (`with`, `without`) label only the blocks that hold
one.
"""
import collections
import re

WORD = re.compile(r"\w+")
STORY = 0.5  # share of a block's words that makes it story
TOLD = 10  # a block of so many words that stand in the text as they are is story
LONG = 60  # a block of so many characters that stands on the page twice is story both times


def fold(text):
    return re.sub(r"\s+", " ", text or "").strip()


def labels(texts, expected):
    """One label a block: True, False, or None where the page's truth does not say."""
    if "with" in expected:
        return segments(texts, expected)
    shares = align(texts, expected["text"])
    good = {t for t, s in zip(texts, shares) if len(t) >= LONG and s >= STORY}
    told = f" {' '.join(WORD.findall(expected['text']))} "
    summary = fold(expected.get("summary"))
    out = []
    for text, share in zip(texts, shares):
        words = WORD.findall(text)
        whole = len(words) >= TOLD and f" {' '.join(words)} " in told
        story = share >= STORY or text in good or whole
        out.append(None if not story and summary and fold(text) == summary else story)
    return out


def segments(texts, expected):
    out = [None] * len(texts)
    folded = [fold(t) for t in texts]
    for segment in map(fold, expected["without"]):
        for i, text in enumerate(folded):
            if segment in text:
                out[i] = False
    for segment in map(fold, expected["with"]):
        hits = [i for i, text in enumerate(folded) if segment in text]
        hits = hits or [i for i, text in enumerate(folded) if len(text) > 12 and text in segment]
        for i in hits:
            out[i] = True
    return out


def align(texts, truth):
    """Share of each block's words that stand in the truth, where each piece of truth is used once and
    the order of blocks is the order of the truth: the heaviest chain of matches."""
    told = WORD.findall(truth)
    at = collections.defaultdict(list)
    for i, word in enumerate(told):
        at[word].append(i)
    triples = set(zip(told, told[1:], told[2:]))
    found = []  # block, start and end in the truth, weight, share
    for block, text in enumerate(texts):
        words = WORD.findall(text)
        n = len(words)
        if not n:
            continue
        whole = [s for s in at.get(words[0], ()) if told[s : s + n] == words]
        if whole:
            found += [(block, s, s + n, n, 1.0) for s in whole[:40]]
        elif n >= 6:
            found += partly(block, words, told, at, triples)
    return chain(found, len(texts), len(told))


def partly(block, words, told, at, triples):
    n = len(words)
    hits = [i for i in range(n - 2) if tuple(words[i : i + 3]) in triples]
    if len(hits) < max(3, 0.3 * n):
        return []
    votes = collections.Counter()
    for i in hits:
        for p in at[words[i]]:
            if told[p : p + 3] == words[i : i + 3]:
                votes[(p - i) // 20] += 1
    start = max(0, votes.most_common(1)[0][0] * 20) + 2
    share = len(hits) / (n - 2)
    return [(block, start, min(len(told), start + max(1, int(n * share))), len(hits), share)]


def chain(found, blocks, words):
    """The heaviest chain of matches that rises in blocks and in the truth (a Fenwick tree of maxima)."""
    size = words + 3
    tree = [(0, -1)] * size

    def best(end):
        out, end = (0, -1), min(end, size - 1) + 1
        while end > 0:
            out, end = max(out, tree[end - 1]), end - (end & -end)
        return out

    def put(end, value):
        end = min(end, size - 1) + 1
        while end <= size:
            tree[end - 1] = max(tree[end - 1], value)
            end += end & -end

    back = [-1] * len(found)
    i = 0
    while i < len(found):
        j = i
        while j < len(found) and found[j][0] == found[i][0]:
            j += 1
        fresh = []
        for k in range(i, j):
            score, back[k] = best(found[k][1])
            fresh.append((found[k][2], (score + found[k][3] ** 1.3, k)))
        for end, value in fresh:
            put(end, value)
        i = j
    shares = [0.0] * blocks
    k = best(size - 2)[1]
    while k != -1:
        shares[found[k][0]] = found[k][4]
        k = back[k]
    return shares
