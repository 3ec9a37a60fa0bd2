"""A task of one's own: the label of a step is the opposite of the bit some steps before."""

from dataclasses import dataclass

import numpy as np

from seqcompare.tasks import Echo, register_task


@register_task
@dataclass(frozen=True)
class Opposite(Echo):
    """The label of a step is the other bit than the one `distance` steps before."""

    def _label(self, now, then):
        return 1 - then

    @property
    def symbols(self):
        return np.arange(2)
