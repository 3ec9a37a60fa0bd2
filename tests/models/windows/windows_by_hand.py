"""Windows written out, to hold others against."""

import numpy as np


def rows_by_hand(X, before, after, symbols):
    """Write the one-hot of each tap, a pad column after the symbols of every tap but the one at t."""
    rows = []
    for x in X:
        for t in range(len(x)):
            row = []
            for k in range(t - before, t + after + 1):
                inside = 0 <= k < len(x)
                row += [float(inside and x[k] == s) for s in symbols]
                if k != t:
                    row.append(float(not inside))
            rows.append(row)
    return np.array(rows)
