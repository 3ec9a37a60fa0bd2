"""What a profile found: tables, a figure and a few sentences."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seqcompare.dependence.measured import Measured
from seqcompare.dependence.wording import (
    clock_sentence,
    gain_sentence,
    headline,
    lag_sentence,
    number_sentence,
    power_sentence,
    reach_sentence,
    sentences,
)
from seqcompare.quantities import number
from seqcompare.typing import Floats, Record
from seqcompare.user_text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NEAREST = 10


@dataclass(frozen=True, eq=False)
class Profile(Measured):
    """How far dependence reaches in data, before any model is chosen.

    Parameters
    ----------
    name : str
        The data.
    role : {"next", "step", "step-value", "sequence", "value"}
        What is predicted.
    n_sequences, n_steps, n_channels : int
        How much data there is.
    alpha : float
        Share of data sets without any dependence in which some is seen all the same; a half is for single
        lags, the rest for contexts and for lags together with the last step.
    p_value : float
        Chance to see as much information at any lag in shuffled data.
    reach : int or None
        How many steps back matter: the longest context that tells more than shorter ones, or, if that is
        further, the largest lag that tells more than this context; None if there is none. Beyond what the
        position in the sequence tells. For the roles ``sequence`` and ``value`` a lag counts from the last
        step of a sequence, and the reach is the largest one that tells anything.
    look_ahead : int or None
        For the role ``step``: how many steps after a label still tell of it.
    order : int or None
        The longest context in which one more step told more of the target, by a test.
    told : tuple of int
        The lags whose step tells more than those nearer than it.
    period : int, float or None
        Steps after which frequencies come back, for as long as the data last; None without such a clock.
    beyond_clock : int or None
        The largest lag that tells more than the phase of the clock does; None if none does.
    beyond_clock_p : float
        Chance to see as much information at any lag where there is nothing but the clock; NaN without one.
    timescale : float
        Mean distance in steps of what the past tells, each step weighed by the bits it adds; NaN if nothing.
    gain, gain_error : float
        Bits a prediction that the best context saves on data left out, and the standard error; NaN if that
        could not be computed.
    drift : str
        Where the source changes, and how; empty if that was not found.
    kept : tuple of str
        What is not laid to lags, as null hypotheses keep it: nothing ("any"), the "position", each
        "sequence"'s own frequencies, slow changes with "time".
    lags : pandas.DataFrame
        A row for each lag: ``lag``, ``n_pairs``, ``information`` in bits a pair, minus its mean in shuffled
        data; ``band``, below which the maximum over all lags stays in shuffled data; ``far_band``, the same
        under further null hypotheses; ``p_lag``, the chance of as much at any lag; ``seen_half`` and
        ``seen_nine_in_ten``, the bits at this lag alone that would be detected as often, NaN where that is
        more than there can be; ``detected``: above all bands; ``beyond``, the bits that the lag adds to the
        context that tells; ``channel``, where each is examined by itself.
    orders : pandas.DataFrame
        A row for each step added to the context: ``lag`` of that step, ``bits`` a prediction costs with it
        (cross-validated backoff chain), ``gain`` in bits over the context without it and its standard error
        ``gain_error``, ``test_information`` in bits (conditional, minus its mean in permuted data), ``p``,
        the chance of as much at any of these lags, and ``recurring``: the share of targets whose shorter
        context occurs again with another target.
    entropy : pandas.DataFrame
        ``estimate`` and ``bits``: what is to be predicted, by itself and given the past.
    numbers : pandas.DataFrame
        For numbers to be told of numbers, without bins: a row for each ``channel`` and ``part`` that tells.
        The parts are nested: the "level" by a straight line on earlier numbers, the "shape" by any curve, the
        "spread" by the size of earlier numbers and errors. ``sources`` are the channels that tell, ``lags``
        how many steps back, ``bits`` what is saved a step on data left out beyond the parts before,
        ``error`` its standard error, ``p`` the chance of as much, ``distance`` how many steps back that lies
        on average, each lag weighed by the bits that it adds to those nearer than it.
    checks : tuple of Finding
        What to be wary of in the data.
    notes : tuple of str
        How it was computed, and what limits it.
    """

    def summary(self) -> str:
        """Return a few sentences, a line each: what was found, what was not, and what could not be."""
        return "\n".join([*sentences(self), *self.notes])

    def facts(self) -> Record:
        """Return what a verdict or a report needs, as numbers and sentences.

        Returns
        -------
        dict
            ``sentence``, the headline; ``reach``, ``look_ahead``, ``order``, ``period``, ``beyond_clock``,
            ``timescale``, ``gain``, ``gain_error``, ``p_value``, ``drift``, as the attributes; ``most_seen``,
            the bits at the lag that tells most (NaN if none does); ``curve``, ``curve_error``, the bits that
            curves of earlier numbers tell beyond straight lines, and their standard error; ``least_seen``,
            the bits that would be detected nine times in ten at the lag that hides most among the nearest
            ten, and ``least_seen_lag``, which one that is; ``power``, the same in words; ``lag_sentence``,
            ``reach_sentence``, ``clock_sentence``, ``gain_sentence``, ``number_sentence``; ``findings``,
            what to be wary of.
        """
        lags = self.lags
        near = lags.iloc[np.argsort(lags["lag"].abs().to_numpy(), kind="stable")[:_NEAREST]]
        least, at = 1.0, None
        if len(near):
            # what cannot be seen at all is all that there can be, and more
            bits = near["seen_nine_in_ten"].fillna(np.inf).to_numpy()
            worst = int(np.argmax(bits))
            least, at = float(bits[worst]), int(near["lag"].to_numpy()[worst])
        curves = self.numbers[self.numbers["part"] == "shape"]
        names = ("reach", "look_ahead", "order", "period", "beyond_clock", "timescale", "gain", "gain_error")
        return {
            "sentence": headline(self),
            **{name: getattr(self, name) for name in (*names, "p_value", "drift")},
            "most_seen": float(lags.loc[lags["detected"].astype(bool), "information"].max()),
            "curve": float(curves["bits"].sum()),
            "curve_error": float(np.sqrt((curves["error"] ** 2).sum())),
            "least_seen": least,
            "least_seen_lag": at,
            "power": power_sentence(self),
            "lag_sentence": lag_sentence(self),
            "reach_sentence": reach_sentence(self),
            "clock_sentence": clock_sentence(self),
            "gain_sentence": gain_sentence(self),
            "number_sentence": number_sentence(self),
            "findings": " ".join(map(str, self.checks)),
        }

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

    def __repr__(self) -> str:
        reach = "nothing detected" if self.reach is None else f"reach {self.reach}"
        order = "" if self.order is None else f", order {self.order}"
        return visible(f"<Profile of {self.name}: {reach}{order}>")

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.summary().split("\n"))
        table = self.frame().to_html(index=False, float_format=_short, na_rep="", border=0)
        return visible(f"<ul>{lines}</ul>{table}")


def _short(value: float | Floats) -> str:
    return number(float(value))
