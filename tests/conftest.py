"""What holds for all tests."""

import os
import sys

import pytest
from hypothesis import settings

# read once, when scipy is first imported; without it one of scikit-learn's checks is skipped in silence
os.environ["SCIPY_ARRAY_API"] = "1"

# a busy machine is no reason to fail
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _close_figures():
    """Close what a test has drawn: from twenty open figures on, matplotlib warns whoever draws next."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
