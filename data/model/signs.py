"""Weighs the signs of doubt about a text (src/extract/generic/quality.rs) against its F1 score.

The weights order the pages: a ridge regression of the rank of the score, no weight below zero. The
curve over that order is then laid so that quality comes near the score itself, and made steeper.
"""
import numpy

import quality

NAMES = ["wrong", "doubt", "gaps", "off-shape"]  # after the expected F1 score, which is a factor
RIDGE = 3.0
APART = 3  # the curve that comes nearest to the scores leaves nearly all pages tied: this much steeper parts them


def fit(signs, scores):
    """`sure` and the weights of the signs."""
    told = signs[:, 1:]
    spread = told.std(0) + 1e-9
    z = (told - told.mean(0)) / spread
    bad = 1 - numpy.array(quality.ranks(list(scores))) / len(scores)
    bad -= bad.mean()
    used = list(range(z.shape[1]))
    while True:
        a = z[:, used]
        w = numpy.linalg.solve(a.T @ a + RIDGE * numpy.eye(len(used)), a.T @ bad)
        if (w >= 0).all():
            break
        used = [u for u, v in zip(used, w) if v >= 0]
    weights = numpy.zeros(z.shape[1])
    weights[used] = w
    weights /= spread
    laid = [numpy.concatenate([[sure], steep * weights])
            for sure in numpy.arange(2.5, 5.01, 0.25) for steep in numpy.arange(2, 10.1, 0.5)]
    nearest = min(laid, key=lambda x: ((expect(x, signs) - scores) ** 2).sum())
    return numpy.concatenate([nearest[:1], nearest[1:] * APART])


def expect(weights, signs):
    """The quality that the program tells."""
    return signs[:, 0] / (1 + numpy.exp(signs[:, 1:] @ weights[1:] - weights[0]))


def write(weights, path):
    lines = ["# Weights of the signs of doubt about a text, made by train.py."]
    lines += [f"{name} {weight:.4g}" for name, weight in zip(["sure", *NAMES], weights)]
    path.write_text("\n".join(lines) + "\n")
