"""Networks of the user's own, written in PyTorch, as estimators."""
