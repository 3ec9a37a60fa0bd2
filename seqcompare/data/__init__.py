"""Sequences, and the data sets they come in: `sequences` and `dataset` are the forms, `readers` the files."""
