"""Sequence models, a file per concept; all are importable from `seqcompare`."""
