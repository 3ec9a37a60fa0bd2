"""A metric of one's own: how many kinds of answers were given at all."""

import numpy as np

from seqcompare.metrics import Metric, register_metric

VARIETY = Metric(
    "variety",
    "kinds",
    True,
    "labels",
    score=lambda answers: float(len(np.unique(answers.guess))),
    roles=("step", "sequence"),
    words="{value:.0f} kinds of answers",
)

register_metric(VARIETY)
