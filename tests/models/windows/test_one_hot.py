"""Products with one-hot rows that are never made are those with the rows."""

import numpy as np
import pytest

from seqcompare import SlidingWindow
from seqcompare.models.windows.one_hot import OneHotRows

RNG = np.random.default_rng(5)
SEEN = ["".join(RNG.choice(list("abcd"), n)) for n in (1, 2, 9, 30)]
# unseen symbols leave their blocks zero
UNSEEN = ["axb", "x", "dcbaxxbca"]


@pytest.mark.parametrize("reach", [(0, 0), (3, 0), (2, 2), (0, 1)])
@pytest.mark.parametrize(
    "settings", [{}, {"pairs": True}, {"mark_edges": False}, {"pairs": True, "mark_edges": False}]
)
@pytest.mark.parametrize("n_lines", [1, 3, 4, 11])
def test_products_are_those_with_rows(reach, settings, n_lines):
    window = SlidingWindow(*reach, **settings).fit(SEEN)
    sequences = window._check(UNSEEN)
    rows, _ = window.rows(UNSEEN)
    weights = RNG.normal(size=(rows.shape[1] + 2, n_lines))
    weights[-1] = 0
    answers = RNG.normal(size=(rows.shape[0], n_lines))
    for steps in (None, np.array([0, 3, 4, 12])):
        chosen = slice(None) if steps is None else steps
        tiles = list(OneHotRows.of(window.layout_, sequences, steps).tiles(5))
        product = np.concatenate([tile.times(weights) for tile in tiles])
        np.testing.assert_allclose(product, rows[chosen] @ weights[:-2] + weights[-2], rtol=1e-12, atol=1e-12)
        total, at = np.zeros(weights.shape), 0
        for tile in tiles:
            tile.add_transposed(answers[chosen][at : at + 5], total)
            at += 5
        np.testing.assert_allclose(total[:-2], rows[chosen].T @ answers[chosen], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(total[-2], answers[chosen].sum(axis=0), rtol=1e-12)


def test_more_symbols_than_a_byte_holds():
    x = np.arange(300)
    window = SlidingWindow(1).fit([x])
    (tile,) = OneHotRows.of(window.layout_, window._check([x])).tiles(300)
    assert (tile.of_ones[:, :2] == np.stack([np.r_[300, x[:-1]], 301 + x], axis=1)).all()
