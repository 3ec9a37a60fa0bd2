"""What holds for all tests."""

import os

from hypothesis import settings

# read once, when scipy is first imported; without it one of scikit-learn's checks is skipped in silence
os.environ["SCIPY_ARRAY_API"] = "1"

# a busy machine is no reason to fail
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
