"""Numbers by their rank, so that a few wild ones do not decide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from seqcompare.typing import Values


def normal_scores(x: Values) -> NDArray[np.float64]:
    """Return what normal numbers of these ranks would be on average, shape (n,); 0 for missing ones."""
    present = np.isfinite(x)
    score = np.zeros(len(x))
    score[present] = norm.ppf((rankdata(x[present]) - 0.5) / max(present.sum(), 1))
    return score
