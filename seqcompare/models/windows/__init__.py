"""Windows over sequences, and scikit-learn's estimators on them."""
