"""The data sets that come with the package; data/README.md says where they are from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.readers.fasta import read_fasta
from seqcompare.data.readers.text import cut_paragraphs
from seqcompare.data.readers.ts import read_ts
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.source import read_text

_PACKAGE = Path(__file__).parent.parent

NO_STRESS = "-"


@dataclass(frozen=True)
class Bundled:
    """A data set that comes with the package.

    Parameters
    ----------
    summary : str
        What it is, in a line.
    role : {"next", "step", "sequence", "value"}
        What is predicted.
    make : callable
        Reads it.
    """

    summary: str
    role: Role
    make: Callable[[], SequenceDataset]


def data_file(name: str) -> Path:
    """Return where a bundled file is: inside an installed package, or in ``data/`` of a checkout.

    Raises
    ------
    FileNotFoundError
        If the file is in neither place: the installation is broken.
    """
    places = [_PACKAGE / "_data" / name, _PACKAGE.parent / "data" / name]
    for place in places:
        if place.is_file():
            return place
    raise FileNotFoundError(f"{name} is missing; looked for it at {' and '.join(map(str, places))}")


def load(name: str) -> SequenceDataset:
    """Read one of the bundled data sets.

    Parameters
    ----------
    name : str
        A key of `DATASETS`.

    Returns
    -------
    SequenceDataset
        Sequences, what to predict, which steps count, and the official test part where there is one.

    Raises
    ------
    ValueError
        If there is no data set of this name; the message lists them.

    Examples
    --------
    >>> from seqcompare import datasets
    >>> datasets.load("japanese_vowels").X
    <Sequences: 640 of 7-29 steps, real, 12 channel(s)>
    """
    if name not in DATASETS:
        raise ValueError(f"there is no data set {name!r}; there are {', '.join(DATASETS)}")
    return DATASETS[name].make()


def _japanese_vowels() -> SequenceDataset:
    train, test = (read_ts(data_file(f"japanese_vowels_{part}.ts.gz")) for part in ("train", "test"))
    assert train.target is not None
    assert test.target is not None
    series = train.series + test.series
    return SequenceDataset(
        X=Sequences(np.concatenate(series), offsets_of([len(x) for x in series])),
        y=np.concatenate([train.target, test.target]),
        sample_weight=None,
        role="sequence",
        name="japanese_vowels",
        test=np.repeat([False, True], [len(train.series), len(test.series)]),
    )


def _lambda_phage(n_blocks: int = 100) -> SequenceDataset:
    _, (genome,) = read_fasta(data_file("lambda_phage.fa"))
    bounds = [len(block) for block in np.array_split(np.arange(len(genome)), n_blocks)]
    X = Sequences([genome]).cut(offsets_of(bounds)).detached()
    return SequenceDataset(X=X, y=None, sample_weight=None, role="next", name="lambda_phage")


def _cmudict_stress(n_letters: int = 5) -> SequenceDataset:
    rows = [line.split("\t") for line in read_text(data_file("cmudict_stress.tsv")).splitlines()[1:]]
    phones = [row[1].split() for row in rows]
    X = Sequences(np.concatenate(phones), offsets_of([len(word) for word in phones]))
    stress = np.concatenate([row[2].split() for row in rows])
    return SequenceDataset(
        X=X,
        y=X.with_values(stress),
        sample_weight=X.with_values((stress != NO_STRESS).astype(np.float64)),
        role="step",
        name="cmudict_stress",
        groups=np.array([row[0][:n_letters] for row in rows]),
    )


def _python_docs() -> SequenceDataset:
    topics = [cut_paragraphs(page) for page in read_text(data_file("python_docs.txt")).split("\f")]
    return SequenceDataset(
        X=Sequences([paragraph for topic in topics for paragraph in topic]).detached(),
        y=None,
        sample_weight=None,
        role="next",
        name="python_docs",
        groups=np.repeat(np.arange(len(topics)), [len(topic) for topic in topics]),
    )


def _digits() -> SequenceDataset:
    from sklearn.datasets import load_digits

    digits = load_digits()
    n, n_rows, n_pixels = digits.images.shape
    X = Sequences(digits.images.reshape(n * n_rows, n_pixels), np.arange(n + 1) * n_rows)
    return SequenceDataset(X=X, y=digits.target, sample_weight=None, role="sequence", name="digits")


DATASETS = {
    "japanese_vowels": Bundled(
        "640 utterances of 7-29 steps of 12 cepstrum coefficients: which of 9 men speaks?",
        "sequence",
        _japanese_vowels,
    ),
    "lambda_phage": Bundled(
        "the genome of phage lambda, 48,502 bases in 100 blocks: which base comes next?",
        "next",
        _lambda_phage,
    ),
    "cmudict_stress": Bundled(
        "10,000 English words as phones: which stress does each vowel bear?", "step", _cmudict_stress
    ),
    "python_docs": Bundled(
        "paragraphs of Python's help, 120,000 characters: which character comes next?",
        "next",
        _python_docs,
    ),
    "digits": Bundled(
        "1,797 handwritten digits as 8 rows of 8 pixels: which digit is it?", "sequence", _digits
    ),
}
