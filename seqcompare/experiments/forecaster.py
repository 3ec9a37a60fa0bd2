"""The model to forecast by: the one that backtests name, fitted to everything and saved beside the winner."""

from __future__ import annotations

import warnings

from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.kept_model import FORECASTER, KeepingError, fit_to_all, keep_sum, save_to
from seqcompare.experiments.planned import PlannedComparison
from seqcompare.results.comparison import StoredComparison


def is_the_winner(found: StoredComparison) -> bool:
    """Whether the model that is named to forecast by is the one that is named for the next step."""
    named, verdict = found.result.forecaster, found.result.verdict
    return named is not None and (named.entry, named.candidate) == (verdict.entry, verdict.model)


def keep_forecaster(found: StoredComparison, dataset: SequenceDataset, planned: PlannedComparison) -> None:
    """Fit the model that is named to forecast by to all data, and save it, unless it is the winner."""
    path, named = found.folder / FORECASTER, found.result.forecaster
    path.unlink(missing_ok=True)
    if named is None or not named.is_model or is_the_winner(found):
        return
    contestant = next(c for c in planned.contestants if c.name == named.entry)
    candidate = next(c for c in contestant.candidates if c.label == named.candidate)
    try:
        save_to(path, fit_to_all(candidate, planned.source.problem(), dataset), candidate.label)
    except KeepingError as error:
        warnings.warn(str(error), RuntimeWarning, stacklevel=2)
    else:
        keep_sum(found, FORECASTER)
