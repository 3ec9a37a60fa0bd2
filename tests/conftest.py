"""What holds for all tests."""

import os

# read once, when scipy is first imported; without it one of scikit-learn's checks is skipped in silence
os.environ["SCIPY_ARRAY_API"] = "1"
