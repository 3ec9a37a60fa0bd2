"""What a profile found: tables, a figure and a few sentences."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from seqcompare.data.dataset import Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Profile:
    """How far dependence reaches in data, before any model is chosen.

    Parameters
    ----------
    name : str
        The data.
    role : {"next", "step", "sequence", "value"}
        What is predicted.
    n_sequences, n_steps : int
        How much data there is.
    alpha : float
        Share of data sets without any dependence in which some is seen all the same; a half is for single
        lags and a half for contexts.
    p_value : float
        Chance to see as much information at any lag in shuffled data.
    reach : int or None
        The largest lag with detected information; None if there is none. For the roles ``sequence`` and
        ``value`` a lag counts from the last step of a sequence.
    look_ahead : int or None
        For the role ``step``: how many steps after a label still tell of it.
    order : int or None
        The longest context in which one more step told more of the target, by a test.
    lags : pandas.DataFrame
        A row for each lag: ``lag``, ``n_pairs``, ``information`` in bits a pair, minus its mean in shuffled
        data; ``band``, below which the maximum over all lags stays in shuffled data; ``far_band``, the same
        for targets from elsewhere in the data; ``detected``: above both.
    orders : pandas.DataFrame
        A row for each step added to the context: ``lag`` of that step, ``bits`` a prediction costs with it
        (cross-validated backoff chain), ``gain`` in bits over the context without it and its standard error
        ``gain_error``, ``test_information`` in bits (conditional, minus its mean in permuted data), ``p``,
        the chance of as much at any of these lags, and ``recurring``: the share of targets whose shorter
        context occurs again with another target.
    entropy : pandas.DataFrame
        ``estimate`` and ``bits``: what is to be predicted, by itself and given the past.
    notes : tuple of str
        How it was computed, and what limits it.
    """

    name: str
    role: Role
    n_sequences: int
    n_steps: int
    alpha: float
    p_value: float
    reach: int | None
    look_ahead: int | None
    order: int | None
    lags: pd.DataFrame
    orders: pd.DataFrame
    entropy: pd.DataFrame
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Return `lags` and `orders` side by side, one row a lag."""
        return self.lags.merge(self.orders, on="lag", how="outer").sort_values("lag", ignore_index=True)

    def summary(self) -> str:
        """Return a few sentences, a line each: what was found, what was not, and what could not be."""
        return "\n".join([*self._sentences(), *self.notes])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw information against lag, with what chance gives, and the gain of each further step.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        """
        from seqcompare.style import ACCENT, INK, QUIET, look, new_axes

        with look():
            ax = new_axes() if ax is None else ax
            lags = self.lags
            hit = lags["detected"].to_numpy(dtype=bool)
            for chosen, color in ((hit, INK), (~hit, QUIET)):
                ax.vlines(lags["lag"][chosen], 0, lags["information"][chosen], color=color, linewidth=1.4)
            ax.plot(
                lags["lag"][hit], lags["information"][hit], "o", color=INK, markersize=3, label="detected"
            )
            limit = lags[["band", "far_band"]].max(axis=1)
            ax.fill_between(lags["lag"], 0, limit, color=QUIET, alpha=0.2, linewidth=0, label="chance")
            gains = self.orders.dropna(subset="gain")
            if len(gains):
                ax.errorbar(
                    gains["lag"],
                    gains["gain"],
                    yerr=gains["gain_error"],
                    color=ACCENT,
                    marker="o",
                    linestyle="none",
                    label="gain of one more step",
                )
            ax.axhline(0, color=QUIET, linewidth=0.7)
            # what counting too long contexts costs is in the table, and would dwarf all else
            bottom, top = ax.get_ylim()
            ax.set_ylim(max(bottom, -0.15 * top), top)
            ax.set_xlabel(self._lag_label)
            ax.set_ylabel("bits")
            ax.set_title(self.name)
            ax.legend()
        return ax

    @property
    def _lag_label(self) -> str:
        if self.role in ("sequence", "value"):
            return "steps before the last of a sequence"
        return "lag (steps back)" if self.role == "next" else "lag (steps back; negative: ahead)"

    def _sentences(self) -> list[str]:
        target = {"next": "the next step", "step": "a step's label"}.get(self.role, "a sequence's target")
        plural = "" if self.n_sequences == 1 else "s"
        said = [
            f"{self.name}: {self.n_sequences:,} sequence{plural}, {self.n_steps:,} steps, role {self.role}."
        ]
        said.append(self._lag_sentence(target))
        if not self.lags["detected"].any() and self.p_value <= self.alpha / 2:
            said.append(
                "Yet lags share more than shuffled steps do, and no more than steps from elsewhere in the "
                "data: both change slowly, or go by their position."
            )
        tested = self.orders.dropna(subset="p")
        for ahead in (False, True):
            side = tested[(tested["lag"] < 0) == ahead]
            if len(side):
                said.append(self._order_sentence(target, side, ahead))
        bits = zip(self.entropy["estimate"], self.entropy["bits"], strict=True)
        known = [f"{estimate} {value:.3f}" for estimate, value in bits if np.isfinite(value)]
        if known:
            said.append(f"Bits to predict {target}: {'; '.join(known)}.")
        said.append(f"In data without any dependence, {self.alpha:.0%} of such profiles detect some.")
        return said

    def _lag_sentence(self, target: str) -> str:
        lags = self.lags.assign(limit=self.lags[["band", "far_band"]].max(axis=1))
        seen = lags[lags["detected"]]
        if not len(lags):
            return "No lag has enough pairs of steps to tell anything."
        if not len(seen):
            return (
                f"No single lag tells of {target}: the largest of {len(lags)} has p = {self.p_value:.2g}. "
                f"{_least_seen(lags)}"
            )
        best = int(np.argmax(seen["information"]))
        reach = [] if self.reach is None else [f"up to lag {self.reach}"]
        ahead = [] if self.look_ahead is None else [f"up to {self.look_ahead} ahead"]
        text = (
            f"Information on {target} is detected {' and '.join(reach + ahead)}, most of it at lag "
            f"{seen['lag'].to_numpy()[best]} ({seen['information'].to_numpy()[best]:.2g} bit)."
        )
        beyond = lags[lags["lag"] > (self.reach or 0)]
        if len(beyond):
            return f"{text} Beyond, nothing is detected. {_least_seen(beyond)}"
        return f"{text} There the examined lags end: the reach may be longer."

    def _order_sentence(self, target: str, tested: pd.DataFrame, ahead: bool) -> str:
        distance = tested["lag"].abs().to_numpy()
        p_values = tested["p"].to_numpy()
        told = p_values <= self.alpha / 2
        where = "ahead" if ahead else "back"
        if not told.any():
            return f"Contexts tell nothing of {target}; tested up to {distance.max()} steps {where}."
        order = int(distance[told].max())
        p = float(p_values[distance == order][0])
        chance = f"p = {p:.2g}" if p > 1e-4 else "p < 0.0001"
        if self.role in ("sequence", "value") and order == 0:
            return (
                f"A bag of steps tells of {target} ({chance}), and their order no more that was detected "
                f"(contexts of up to {distance.max()} steps tested)."
            )
        end = f"and no more from there to {distance.max()}"
        if order == distance.max():
            end = "the last that could be tested"
        return f"Contexts tell more of {target} up to {order} steps {where} ({chance}), {end}."

    def __repr__(self) -> str:
        reach = "nothing detected" if self.reach is None else f"reach {self.reach}"
        order = "" if self.order is None else f", order {self.order}"
        return f"<Profile of {self.name}: {reach}{order}>"

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.summary().split("\n"))
        table = self.frame().to_html(index=False, float_format=_short, na_rep="", border=0)
        return f"<ul>{lines}</ul>{table}"


def _least_seen(lags: pd.DataFrame) -> str:
    """Say how little information would have been seen, at these lags."""
    limit, lag = lags["limit"].to_numpy(), lags["lag"].to_numpy()
    text = f"The least that would have been seen: {limit[0]:.2g} bit at lag {lag[0]}"
    return f"{text}." if len(lags) == 1 else f"{text}, {limit[-1]:.2g} bit at lag {lag[-1]}."


def _short(value: Any) -> str:
    return f"{value:.3g}"
