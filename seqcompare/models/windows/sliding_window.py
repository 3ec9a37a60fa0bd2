"""Windows over sequences as rows of a design matrix."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.utils import Tags, check_scalar
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import choose_alphabet
from seqcompare.models.base import Reading, check_sequences
from seqcompare.models.bases import BaseEstimator, TransformerMixin
from seqcompare.models.constraints import check_parameters
from seqcompare.models.filling import Missing, check_missing, learn_filling
from seqcompare.models.output import FramesOutput
from seqcompare.models.windows.layout import WindowLayout
from seqcompare.typing import Labels, SequencesLike, TargetsLike

if TYPE_CHECKING:
    import pandas as pd


class SlidingWindow(
    FramesOutput,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # type: ignore[call-arg]  # scikit-learn has no types
):
    """See each step together with its neighbours: taps ``t-before..t+after``.

    Symbols become a one-hot block a tap. A tap beyond the ends of its sequence shows a pad symbol of its own;
    over real-valued steps it is zero, and 1 in a column that says so. A symbol that was not there in ``fit``
    leaves its block all zero.

    Parameters
    ----------
    before, after : int, default=0
        Steps seen before and after step t.
    pairs : bool, default=False
        Whether each pair of taps gets columns of its own: the one-hot of the pair of symbols, or the products
        of the channels. They let a linear model see how two steps act together; there are
        ``n_taps * (n_taps - 1) / 2`` pairs.
    mark_edges : bool, default=True
        Whether taps beyond the ends are marked. Marks tell a model where a sequence begins and ends; without
        them such a tap is all zero.
    symbols : array-like, optional
        The alphabet; by default what ``fit`` finds.
    dtype : dtype, default="float64"
        Type of the rows.
    missing : {"error", "allow"}, default="error"
        "allow" takes NaN for a missing number. In its place stands what a linear prediction expects, given
        the steps up to the last of the window (see `seqcompare.models.filling`), and each channel has a
        column for each tap that is 1 where its number is missing.

    Attributes
    ----------
    symbols_ : ndarray or None
        The sorted alphabet; None for real-valued input.
    kind_ : {"symbols", "real"}
        What a step is.
    n_channels_ : int
        Numbers in a step; 1 for symbols.
    lags_ : ndarray of int, shape (before + after + 1,)
        How many steps back each tap looks, in the order of the columns: ``before, ..., 0, ..., -after``.
    n_features_out_ : int
        Columns of a row.
    layout_ : WindowLayout
        How windows become columns.

    Examples
    --------
    >>> from seqcompare import SlidingWindow
    >>> window = SlidingWindow(before=1).fit(["AB", "B"])
    >>> rows, index = window.rows(["AB", "B"])
    >>> window.get_feature_names_out()
    array(['t-1=A', 't-1=B', 't-1=<pad>', 't=A', 't=B'], dtype=object)
    >>> rows.toarray()
    array([[0., 0., 1., 1., 0.],
           [1., 0., 0., 0., 1.],
           [0., 0., 1., 0., 1.]])
    >>> index
    array([[0, 0],
           [0, 1],
           [1, 0]])
    """

    def __init__(
        self,
        before: int = 0,
        after: int = 0,
        *,
        pairs: bool = False,
        mark_edges: bool = True,
        symbols: ArrayLike | None = None,
        dtype: DTypeLike = "float64",
        missing: Missing = "error",
    ) -> None:
        self.before = before
        self.after = after
        self.pairs = pairs
        self.mark_edges = mark_edges
        self.symbols = symbols
        self.dtype = dtype
        self.missing = missing

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {"mixed": "numbers", "allow_nan": self.missing == "allow"}

    def fit(self, X: SequencesLike, y: TargetsLike | None = None) -> SlidingWindow:
        """Find out what a step is, and the alphabet.

        Parameters
        ----------
        X : sequences
            Symbols or real-valued steps.
        y : ignored
            For scikit-learn's tools.

        Raises
        ------
        ValueError
            If the window reaches back or ahead by less than nothing, or `X` is not sequences or holds what is
            not among `symbols`.
        """
        check_parameters(self)
        check_scalar(self.before, "before", Integral, min_val=0)
        check_scalar(self.after, "after", Integral, min_val=0)
        if np.dtype(self.dtype).kind != "f":
            raise ValueError(f"dtype must be a floating type, got {np.dtype(self.dtype)}")
        check_missing(self.missing)
        sequences = check_sequences(self, X, reset=True, **self.reading)
        if sequences.kind == "symbols":
            self.symbols_: Labels | None = choose_alphabet(sequences.values, self.symbols)
        elif self.symbols is None:
            self.symbols_ = None
        else:
            raise ValueError("symbols were given, but the steps of X are real-valued")
        filling = None
        if self.missing == "allow" and sequences.kind == "real":
            filling = learn_filling(sequences)
        self.layout_ = WindowLayout(
            before=int(self.before),
            after=int(self.after),
            symbols=self.symbols_,
            n_channels=self.n_channels_ * (1 if filling is None else 2),
            pairs=self.pairs,
            mark_edges=self.mark_edges,
            dtype=np.dtype(self.dtype),
            filling=filling,
        )
        self.lags_ = self.layout_.lags
        self.n_features_out_ = self.layout_.n_columns
        return self

    def transform(self, X: SequencesLike) -> SequencesLike:
        """Return one dense matrix of windows a sequence.

        Parameters
        ----------
        X : sequences
            Of the kind seen in ``fit``.

        Returns
        -------
        list of ndarray (T_i, n_features_out_), ndarray of shape (n, T, n_features_out_), or Sequences
            In the container of `X`. For many symbols or long windows, `rows` is smaller.
        """
        sequences = self._check(X)
        rows = self.layout_.expand(self.layout_.base(sequences))
        packed = sequences.pack(rows if sequences.kind == "real" else rows.toarray())
        return self._in_container(packed, X)

    def rows(self, X: SequencesLike) -> tuple[Any, NDArray[np.int64]]:
        """Stack the windows of all steps, and say where each comes from.

        Parameters
        ----------
        X : sequences
            Of the kind seen in ``fit``.

        Returns
        -------
        rows : csr_matrix or ndarray of shape (n_steps, n_features_out_)
            Sparse for symbols. Dense for real-valued steps; for a single sequence without marks a read-only
            view of its steps, which takes no memory of its own.
        index : ndarray of int, shape (n_steps, 2)
            The sequence and the step of each row.
        """
        sequences = self._check(X)
        index = np.stack([sequences.sequence_index, sequences.step_index], axis=1)
        return self.layout_.expand(self.layout_.base(sequences)), index

    def frame(self, X: SequencesLike) -> pd.DataFrame:
        """Return `rows` as a data frame, indexed by sequence and step; its columns are sparse for symbols."""
        import pandas as pd

        rows, index = self.rows(X)
        names = self.get_feature_names_out()
        levels = pd.MultiIndex.from_arrays([index[:, 0], index[:, 1]], names=["sequence", "step"])
        if isinstance(rows, np.ndarray):
            return pd.DataFrame(rows, index=levels, columns=names)
        sparse: Any = pd.DataFrame.sparse  # the stubs do not know what is in it
        return sparse.from_spmatrix(rows, index=levels, columns=names)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Name the columns.

        Parameters
        ----------
        input_features : array-like of str, shape (n_channels_,), optional
            Names of the channels of real-valued steps; by default their numbers.

        Returns
        -------
        ndarray of str, shape (n_features_out_,)
            ``t-2=A``, ``t-2=<pad>``; ``t-2`` for one channel, ``t-2[0]`` for several; ``t-1=A & t=B`` and
            ``t-1 * t`` for pairs.

        Raises
        ------
        ValueError
            If there is not one name a channel.
        """
        check_is_fitted(self)
        channels = None
        if input_features is not None and self.kind_ == "real":
            channels = [str(name) for name in np.asarray(input_features)]
            if len(channels) != self.n_channels_:
                raise ValueError(
                    f"input_features has {len(channels)} names but a step has {self.n_channels_} channel(s)"
                )
        if self.layout_.filling is not None:
            shown = channels or [str(c) for c in range(self.n_channels_)]
            channels = [*shown, *(f"{name} missing" for name in shown)]
        return np.array(self.layout_.names(channels), dtype=object)

    @property
    def causal(self) -> bool:
        """Whether the window ends at the step itself."""
        return (self.layout_ if hasattr(self, "layout_") else self).after == 0

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "allow"
        return tags

    def _check(self, X: SequencesLike) -> Sequences:
        check_is_fitted(self)
        return check_sequences(self, X, reset=False, **self.reading)
