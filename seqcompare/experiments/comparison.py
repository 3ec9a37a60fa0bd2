"""A comparison that was made: its results, its report, and its winner at work."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.encoding import with_joint_symbols
from seqcompare.data.input_checks import locate_step
from seqcompare.data.read import read_new
from seqcompare.experiments.explaining import explain_table
from seqcompare.experiments.forecaster import is_the_winner
from seqcompare.experiments.kept_model import FORECASTER, MODEL, check_sum
from seqcompare.experiments.predicting import forecast_table, predict_table
from seqcompare.models.export.to_onnx import to_onnx
from seqcompare.models.persistence import load
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.described import predicted_channel, role_of_reach
from seqcompare.typing import FittedModel, Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from seqcompare.report.answer import ShownAnswer


class Comparison(StoredComparison):
    """The results of a comparison.

    Parameters
    ----------
    folder : path
        A folder that `compare` has written.
    """

    def report(self) -> Path:
        """Write the report, its tables and figures into the folder; return the path of the page."""
        from seqcompare.report.page import write_report

        return Path(write_report(self.folder))

    def answer(self) -> ShownAnswer:
        """Return what is said of every model.

        Returns
        -------
        ShownAnswer
            ``.frame()``, ``.plot()``, ``.slide()``, ``.to_markdown()``, ``.to_text()``, ``.to_latex()``,
            ``.to_dict()``; a page in notebooks.
        """
        from seqcompare.report.answer import shown_answer

        return shown_answer(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the test score of each contestant with its interval; the one that is enough is ringed.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ValueError
            If no contestant has ended well.
        """
        from seqcompare.report.plots import plot_contest

        return plot_contest(self, ax)

    def model(self, trusted: Sequence[str | type] = ()) -> FittedModel:
        """Return the model that is enough, fitted to all data.

        Parameters
        ----------
        trusted : sequence of str or type, default=()
            Classes of your own that it is made of; see `seqcompare.load`.

        Returns
        -------
        estimator

        Raises
        ------
        FileNotFoundError
            If the run keeps no model: none was named, or it could not be saved.
        RunError
            If the file of the model was changed or replaced.
        ValueError
            If the model has classes that are not trusted.
        """
        path = self.folder / MODEL
        if not path.is_file():
            verdict, result = self.verdict(), self.result
            gone = f"its file {MODEL} is gone; the same comparison again writes it"
            named = verdict.model is not None and result.judgement.winner not in result.references
            why = self.unsaved() or (gone if named else verdict.sentences[0])
            raise FileNotFoundError(f"{self.folder} keeps no model: {why}")
        check_sum(self, MODEL)
        return load(path, trusted)

    def to_onnx(self, path: str | os.PathLike[str], trusted: Sequence[str | type] = ()) -> None:
        """Write the model that is enough as an ONNX graph; see `seqcompare.to_onnx`.

        Parameters
        ----------
        path : path
            Where to write it.
        trusted : sequence of str or type, default=()
            Classes of your own that the model is made of.

        Raises
        ------
        FileNotFoundError
            If the run keeps no model.
        TypeError
            If there is no graph for such a model.
        """
        to_onnx(self.model(trusted), path)

    def predict(self, data: object, trusted: Sequence[str | type] = (), **reading: Any) -> pd.DataFrame:
        """Return what the model that is enough says of new sequences.

        Parameters
        ----------
        data : anything `seqcompare.datasets.read` accepts
            The sequences, read as those of the run were; targets may be there, and are not looked at.
        trusted : sequence of str or type, default=()
            Classes of your own that the model is made of.
        **reading
            Options of `seqcompare.datasets.read`, where the new data are laid out in another way.

        Returns
        -------
        DataFrame
            See `seqcompare.experiments.predicting.predict_table`.

        Raises
        ------
        FileNotFoundError
            If the run keeps no model.
        ValueError
            If the data cannot be read, or the model does not take such sequences.
        """
        model, new, ahead = self.model(trusted), self._read(data, reading), self._ahead
        with _naming_what_is_missing(new):
            table = predict_table(model, new, str(self.config["data"]["role"]), ahead)
        # of one channel that is predicted the first step is not: nothing comes before it
        return table if ahead is None else table[table["step"] > 0].reset_index(drop=True)

    def forecaster(self, trusted: Sequence[str | type] = ()) -> FittedModel:
        """Return the model that backtests name to forecast several steps by, fitted to all data.

        Who that is, and why, is `answer().forecaster`; often it is the model that is enough, and where nobody
        is named that one is returned.

        Parameters
        ----------
        trusted : sequence of str or type, default=()
            Classes of your own that it is made of; see `seqcompare.load`.

        Returns
        -------
        estimator

        Raises
        ------
        FileNotFoundError
            If the run keeps no such model.
        RunError
            If the file of the model was changed or replaced.
        ValueError
            If the model has classes that are not trusted.
        """
        named, path = self.result.forecaster, self.folder / FORECASTER
        if named is None or not named.is_model or is_the_winner(self):
            return self.model(trusted)
        if not path.is_file():
            raise FileNotFoundError(
                f"{self.folder} keeps no model of {named.entry}, which is named to forecast by: its file "
                f"{FORECASTER} could not be written, or is gone; the same comparison again writes it"
            )
        check_sum(self, FORECASTER)
        return load(path, trusted)

    def who_forecasts(self, steps: int, model: str | None = None) -> str:
        """Return whom `forecast` asks, by the name that the answer has for it.

        Parameters
        ----------
        steps : int
            How many steps to look ahead: one is told by the model that is enough, several by whom backtests
            name.
        model : str, optional
            Whom to ask in place of that: who is named for the one or the other.

        Raises
        ------
        ValueError
            If the run keeps no such model.
        """
        winner, several = self.verdict().entry, self._for_several
        kept = [name for name in dict.fromkeys((winner, several)) if name is not None]
        if model is not None and model not in kept:
            raise ValueError(
                f"model must be {' or '.join(map(repr, kept))}, which the run keeps fitted; got {model!r}"
            )
        return model or str(winner if steps == 1 and winner is not None else several)

    def forecast(
        self,
        data: object,
        steps: int,
        *,
        model: str | None = None,
        n_samples: int | None = None,
        random_state: int = 0,
        trusted: Sequence[str | type] = (),
        **reading: Any,
    ) -> pd.DataFrame:
        """Return what is expected of the steps after the end of sequences.

        The next step is told by the model that is enough, several by the one that backtests name for that.

        Parameters
        ----------
        data : anything `seqcompare.datasets.read` accepts
            What came so far, read as the data of the run were.
        steps : int
            How many steps to look ahead.
        model : str, optional
            Whom to ask in place of that; see `who_forecasts`.
        n_samples : int, optional
            Continuations that are drawn where there is no closed form.
        random_state : int, default=0
            What these are drawn with.
        trusted : sequence of str or type, default=()
            Classes of your own that the model is made of.
        **reading
            Options of `seqcompare.datasets.read`, where the data are laid out in another way.

        Returns
        -------
        DataFrame
            A row for each sequence and step ahead, with the mean and quantiles of numbers, or the probability
            of each symbol; see `seqcompare.experiments.predicting.forecast_table`.

        Raises
        ------
        FileNotFoundError
            If the run keeps no model.
        ValueError
            If the next step was not what was predicted, `steps` is not a whole number from 1, the run keeps
            no such model, the data cannot be read, or the model does not take such sequences.
        """
        role = self.config["data"]["role"]
        if role != "next":
            raise ValueError(f"a forecast is of the next steps, but this run predicts the role {role}")
        check_scalar(steps, "steps", Integral, min_val=1)
        who = self.who_forecasts(int(steps), model)
        best = who == self.verdict().entry and (steps == 1 or who != self._for_several)
        asked = self.model(trusted) if best else self.forecaster(trusted)
        new = self._read(data, reading)
        with _naming_what_is_missing(new):
            return forecast_table(asked, new, int(steps), n_samples, random_state)

    def explain(
        self,
        data: object,
        sequence: object = 0,
        step: int | None = None,
        *,
        trusted: Sequence[str | type] = (),
        **reading: Any,
    ) -> pd.DataFrame:
        """Return which steps one prediction of the model that is enough used.

        Parameters
        ----------
        data : anything `seqcompare.datasets.read` accepts
            The sequences, read as those of the run were; targets may be there, and are not looked at.
        sequence : object, default=0
            What the data call the sequence; where they call none, its number from 0.
        step : int, optional
            The position that the prediction is about, from 0; by default the last. Of whole sequences none.
        trusted : sequence of str or type, default=()
            Classes of your own that the model is made of.
        **reading
            Options of `seqcompare.datasets.read`, where the data are laid out in another way.

        Returns
        -------
        DataFrame
            A row for each step that is hidden in turn, with what the answer loses without it, in bits or in
            its own units; see `seqcompare.experiments.explaining.explain_table`.
            `seqcompare.report.plots.plot_explanation` draws it.

        Raises
        ------
        FileNotFoundError
            If the run keeps no model.
        ValueError
            If there is no such sequence or step, nothing came before it, the data cannot be read, or the
            model does not take such sequences.
        """
        model = self.model(trusted)
        new, role = self._read(data, reading), str(self.config["data"]["role"])
        with _naming_what_is_missing(new):
            return explain_table(model, new, role, sequence, step, self._ahead)

    @property
    def _for_several(self) -> str | None:
        """Who is asked for forecasts of several steps."""
        named = self.result.forecaster
        return named.entry if named is not None and named.is_model else self.verdict().entry

    @property
    def _ahead(self) -> int | None:
        """How many steps after the one that it stands at an answer about one channel is about."""
        told = self.config["data"]
        return int(role_of_reach(told) == "next") if predicted_channel(told) else None

    def _read(self, data: object, reading: Record) -> SequenceDataset:
        """Return new data, read as those of the run were."""
        told = dict(self.config["data"].get("reading", {}))
        if "kind" in reading:
            told.pop("kinds", None)
        if {"values", "wide", "cell"} & reading.keys():
            told.pop("steps", None)
        new = read_new(data, {**told, **reading})
        if self.config["data"]["role"] == "next":
            new = with_joint_symbols(new)
        if new.X.kind != self.config["data"]["kind"]:
            raise ValueError(
                f"the steps are {new.X.kind}, and those of the run are {self.config['data']['kind']}; "
                "say how to read them (kind, values)"
            )
        return new

    def __repr__(self) -> str:
        verdict = self.verdict()
        return f"<Comparison in {self.folder}: {verdict.sentences[0]}>"

    def _repr_html_(self) -> str:
        return self.answer()._repr_html_()


@contextmanager
def _naming_what_is_missing(new: SequenceDataset) -> Iterator[None]:
    """Say with an error that a model raises where its data have no value first, by their own names."""
    try:
        yield
    except ValueError as error:
        if not new.X.has_missing:
            raise
        place, step = locate_step(new.X, int(np.argmax(new.X.missing.any(axis=1))))
        name = place if new.ids is None else new.ids[place]
        where = f"of these data, sequence {name!s} has no value at step {step}"
        raise ValueError(f"{error} ({where})") from error
