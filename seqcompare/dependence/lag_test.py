"""Whether single steps tell of the target, lag by lag, and what would have been seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.dependence.information import NullBand, Pairs
from seqcompare.dependence.power import HALF, NINE_IN_TEN, least_seen
from seqcompare.dependence.settings import Settings
from seqcompare.typing import Record

FEWEST_PAIRS = 30

#: Steps of surrogates that are held at a time.
_MOST_STEPS = 4_000_000

Draw = Callable[[np.random.Generator], NDArray[np.int64]]
"""Returns, for each step or target, where the one in its place is taken from."""


@dataclass(frozen=True, eq=False)
class View:
    """One way to look at steps and targets.

    Parameters
    ----------
    name : str
        Of which channels; empty where there is one view only.
    pairs : Pairs
        Steps and targets.
    codes : ndarray of int64, shape (n_steps,), optional
        Symbols of the targets at all steps, where surrogates are new series, of which steps and targets are
        the same ones.
    """

    name: str
    pairs: Pairs
    codes: NDArray[np.int64] | None = None

    def surrogates(self, lags: NDArray[np.int64], taken: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the information at each lag in surrogates made of these places, one a row."""
        if self.codes is None:
            return self.pairs.information(lags, self.pairs.target[taken])
        return self.pairs.information(lags, self.codes[taken][:, self.pairs.at], self.pairs.source[taken])


def lag_bands(
    views: Sequence[View],
    lags: NDArray[np.int64],
    draws: dict[str, Draw],
    settings: Settings,
    share: float,
    *,
    first: int | None = None,
) -> dict[str, NullBand]:
    """Return the band of each null hypothesis over all lags of all views, views after each other.

    Parameters
    ----------
    views, lags, draws, settings
        As in `lag_table`.
    share : float
        False alarms over all lags.
    first : int, optional
        So many surrogates are made first, and the others only if none of these reaches as far as the data:
        where one does, no lag can be detected any more.
    """
    observed = np.concatenate([view.pairs.information(lags)[0] for view in views])
    bands = {}
    for number, (name, draw) in enumerate(draws.items()):
        rng = np.random.default_rng([settings.seed, number])
        surrogates = np.zeros((0, len(observed)))
        for n in (first or settings.n_permutations, settings.n_permutations):
            while len(surrogates) < n:
                # all at once would be as many copies of the data
                some = min(n - len(surrogates), max(1, _MOST_STEPS // len(views[0].pairs.source)))
                taken = np.array([draw(rng) for _ in range(some)])
                more = np.hstack([view.surrogates(lags, taken) for view in views])
                surrogates = np.vstack([surrogates, more])
            bands[name] = NullBand(observed, surrogates, share)
            if bands[name].p_values.min() > 1.5 / (n + 1):
                break
    return bands


def enough_pairs(pairs: Pairs, lags: NDArray[np.int64], notes: list[str]) -> NDArray[np.int64]:
    """Return the lags that have pairs enough to tell anything, and say how many have not."""
    enough = pairs.count(lags) >= FEWEST_PAIRS
    if not enough.all():
        notes.append(
            f"Lags with fewer than {FEWEST_PAIRS} pairs are not examined: "
            f"{int((~enough).sum())} of {len(lags)}; longer sequences, or more of them, would show them."
        )
    return lags[enough]


def lag_table(
    views: Sequence[View],
    lags: NDArray[np.int64],
    draws: dict[str, Draw],
    settings: Settings,
    far: Draw | None = None,
) -> tuple[pd.DataFrame, float]:
    """Return the table of lags and the p-value over all of them under the first null hypothesis.

    Parameters
    ----------
    views : sequence of View
        Steps and targets; of several views, each lag is shown in the one that tells most of it.
    lags : ndarray of int64, shape (n_lags,)
        The lags to examine.
    draws : dict of str to Draw
        Null hypotheses. Something is detected if it is above the bands of all.
    settings : Settings
        Surrogates, level and seed.
    far : Draw, optional
        One more null hypothesis, of targets from elsewhere, where something was detected under the others.
    """
    columns: Record = {"lag": lags, "n_pairs": views[0].pairs.count(lags)}
    numbers = ["information", "band", "far_band", "p_lag", "seen_half", "seen_nine_in_ten"]
    if not len(lags):
        empty = {name: np.zeros(0) for name in numbers}
        return pd.DataFrame({**columns, **empty, "detected": np.zeros(0, dtype=bool)}), 1.0
    bands = list(lag_bands(views, lags, draws, settings, settings.share).values())
    if far is not None and max(band.p_values.min() for band in bands) <= settings.share + 1e-9:
        targets_only = [replace(view, codes=None) for view in views]
        bands.extend(lag_bands(targets_only, lags, {"far": far}, settings, settings.share).values())
    shape = (len(views), len(lags))
    observed = bands[0].observed.reshape(shape)
    p_values = np.max([band.p_values for band in bands], axis=0).reshape(shape)
    chance = np.max([band.mean for band in bands], axis=0).reshape(shape)
    limit = np.max([band.band for band in bands], axis=0).reshape(shape)
    # of equal p-values the one further above its band
    best = np.lexsort((-(observed - limit), p_values), axis=0)[0]
    pick = (best, np.arange(len(lags)))
    far_bands = np.full(shape, np.nan)
    if len(bands) > 1:
        far_bands = np.max([band.band for band in bands[1:]], axis=0).reshape(shape) - chance
    half, nine = _seen(views, columns["n_pairs"], limit, chance)
    table = pd.DataFrame(
        {
            **columns,
            "information": (observed - chance)[pick],
            "band": (bands[0].band.reshape(shape) - chance)[pick],
            "far_band": far_bands[pick],
            "p_lag": p_values[pick],
            "seen_half": half,
            "seen_nine_in_ten": nine,
            "detected": p_values[pick] <= settings.share + 1e-9,
        }
    )
    if len(views) > 1:
        table["channel"] = [views[v].name for v in best]
    return table, float(bands[0].p_values.min())


def _seen(
    views: Sequence[View], n_pairs: NDArray[np.int64], limit: NDArray[np.float64], chance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each lag the information that is seen half of the time, and nine times in ten.

    Of several views, in the one that sees least: a dependence may be in any. Where most pairs of symbols are
    too rare to come, what is counted by chance has fewer degrees of freedom than the table has cells: its
    mean, which is that number, is measured on the surrogates.
    """
    found = []
    for power in (HALF, NINE_IN_TEN):
        sizes = np.zeros(limit.shape)
        for v, view in enumerate(views):
            n_sources, n_targets = view.pairs.n_sources, view.pairs.n_targets
            counted = 2 * np.log(2) * n_pairs * chance[v]
            freedom = np.clip(counted, 1, max(1, (n_sources - 1) * (n_targets - 1)))
            bits = least_seen(limit[v], n_pairs, freedom, power)
            # what is more than there can be would not be seen at all
            most = float(np.log2(max(2, min(n_sources, n_targets))))
            # a step that never differs, of which all surrogates count the same, has nothing to tell
            bits = np.where(limit[v] > chance[v] + 1e-12, bits, 0.0)
            sizes[v] = np.where(bits <= most, bits, np.nan)
        # a size that some view cannot show cannot be promised
        found.append(sizes.max(axis=0))
    return found[0], found[1]


def given_context(view: View, given: NDArray[np.int64]) -> View:
    """Return the view of what each lag adds to a context."""
    return replace(view, pairs=replace(view.pairs, given=given), codes=None)
