"""The model to take home: the winner of a comparison, fitted to everything and saved."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.kept_model import MODEL, KeepingError, fit_to_all, keep_sum, save_to
from seqcompare.experiments.models import Candidate, Contestant, Entered, candidates_of, plain_params
from seqcompare.families import Problem
from seqcompare.models.persistence import untrusted_types
from seqcompare.results.comparison import UNSAVED, StoredComparison
from seqcompare.results.reach import reach_of
from seqcompare.results.store import STORE, Store
from seqcompare.whole_file import write_whole

SNIPPET = "use_model.py"

_ANSWERS = {
    "next": (
        "proba = model.predict_next_proba(X)  # row t: of step t + 1, in the order of symbols_\n",
        "bits = -model.score_samples(X) / 0.6931  # bits that each sequence costs\n",
    ),
    "step": (
        "labels = model.predict(X)  # a label for every step\n",
        "proba = model.predict_proba(X)  # its probabilities, in the order of model.classes_\n",
    ),
    "sequence": (
        "classes = model.predict(X)  # a class for every sequence\n",
        "proba = model.predict_proba(X)  # its probabilities, in the order of model.classes_\n",
    ),
    "value": ("values = model.predict(X)  # a number for every sequence\n",),
    "step-value": ("values = model.predict(X)  # a number for every step\n",),
}


def final_candidate(contestant: Contestant, grids: pd.DataFrame) -> Candidate:
    """Return the candidate that is named: that of most folds; the first without a choice."""
    named = grids["entry"] == contestant.name
    chosen = set(grids[named & grids["chosen"].astype(bool)]["model"])
    return next((c for c in contestant.candidates if c.label in chosen), contestant.candidates[0])


def shorter_candidate(contestant: Contestant, found: StoredComparison, problem: Problem) -> Candidate | None:
    """Return the named candidate at the size that its context curve says is enough.

    None where its size is not how far it sees, or the curve says that it needs all of it.
    """
    candidate = final_candidate(contestant, found.grids())
    reach = reach_of(found.contexts(), contestant.name, problem.role)
    key = candidate.spec.size_key
    if reach is None or candidate.spec.limit is None or not np.isfinite(candidate.capacity):
        return None
    wanted = plain_params(candidate.limited(reach.context).spec.build(problem, **candidate.settings))
    if wanted == plain_params(candidate.spec.build(problem, **candidate.settings)):
        return None
    for size in range(int(candidate.capacity)):
        settings = {**candidate.settings, key: size}
        if plain_params(candidate.spec.build(problem, **settings)) == wanted:
            entered = Entered(contestant.family, candidate.spec)
            (made,) = candidates_of(entered, [settings], candidate.params)
            return made
    return None


def keep_winner(
    found: StoredComparison, dataset: SequenceDataset, planned: Any
) -> Callable[[], tuple[Any, bool]] | None:
    """Fit the winner to all data; save it in the folder of the run, with a snippet that uses it.

    Returns
    -------
    callable or None
        Builds it, and says whether it is fitted; None where no model is named, or it cannot be fitted.
    """
    judged = found.result.judgement
    contestant = next((c for c in planned.contestants if c.name == judged.winner), None)
    if contestant is None or contestant.name in found.result.references:
        return None
    candidate = final_candidate(contestant, found.grids())
    shorter = found.result.shorter
    if shorter is not None and shorter.named:
        candidate = shorter_candidate(contestant, found, planned.source.problem()) or candidate
    problem = planned.source.problem()
    # names are the user's: as literals on one line they cannot become code
    which = f"{candidate.label!r:.200}, fitted to all of {dataset.name!r:.200}"
    build: Callable[[], tuple[Any, bool]] | None = None
    try:
        model = fit_to_all(candidate, problem, dataset)
        build = partial(candidate.build, problem, 0)
        save_to(found.folder / MODEL, model, candidate.label)
    except KeepingError as error:
        why = f"{error}; the comparison is complete, and the model can be fitted anew"
        warnings.warn(why, RuntimeWarning, stacklevel=2)
        (found.folder / MODEL).unlink(missing_ok=True)
        snippet = f"# There is no file of {which}.\nraise SystemExit({why!r})\n"
        write_whole(found.folder / SNIPPET, snippet)
        _keep_problem(found, why)
        return build
    _keep_problem(found, "")
    keep_sum(found, MODEL)
    own = untrusted_types(found.folder / MODEL)
    probable = dataset.role == "next" or hasattr(model, "predict_proba")
    answers = "".join(line for line in _ANSWERS[dataset.role] if probable or "_proba(" not in line)
    importable = ""
    if any(name.startswith("__main__.") for name in own):
        importable = "# Its classes were defined in a script of yours: define them here first.\n"
    elif own:
        importable = "# Its classes are your own: their modules must be importable (PYTHONPATH).\n"
    snippet = (
        f"# How to use {which}.\n{importable}"
        "import sys\nfrom pathlib import Path\n\nimport seqcompare\n\n"
        f'model = seqcompare.load(Path(__file__).with_name("{MODEL}"){_trusted(own)})\n'
        f"X = {_example(dataset.X)}  # a list of sequences: put in yours\n"
        f"{answers}"
        "# of a file of yours, read as the run read its data: python use_model.py NEW.csv\n"
        "if __name__ == '__main__' and len(sys.argv) > 1:\n"
        "    run = seqcompare.load_run(Path(__file__).parent)\n"
        f"    print(run.predict(sys.argv[1]{_trusted(own)}).to_string())\n"
        "# to fit it anew, as a part of a search or a pipeline of scikit-learn:\n"
        "# from sklearn.base import clone; clone(model).fit(X"
        f"{'' if dataset.role == 'next' else ', y'})\n"
    )
    write_whole(found.folder / SNIPPET, snippet)
    return build


def _keep_problem(found: StoredComparison, problem: str) -> None:
    """Keep why the winner is in no file, for the page; empty where it is in one."""
    with Store(found.folder / STORE) as store:
        store.keep_table(UNSAVED, pd.DataFrame({"problem": [problem]}))


def _trusted(own: list[str]) -> str:
    """Return the argument that names the classes of the user's own in a model; empty if there are none."""
    return f", trusted={own!r}" if own else ""


def _example(X: Sequences) -> str:
    """Return a short sequence like those of the data, and none of them, as Python."""
    if X.kind == "symbols":
        return repr([X.present()[:3].tolist()])
    if X.kind == "real":
        return repr([np.ones_like(X[0][:3]).tolist()])
    kinds = [channel.kind for channel in X.schema]
    one = tuple(X.channel(i).present()[0].item() if k == "symbols" else 1.0 for i, k in enumerate(kinds))
    return repr([[one] * 3])
