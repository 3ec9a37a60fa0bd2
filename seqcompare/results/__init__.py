"""Rows in, frozen results out; knows no model.

The way of the data: ``store`` and ``folder`` (rows as they lie on disk), ``statistics`` (intervals and
tests), ``skill``, ``growth`` and ``horizon`` (tables of a sweep), ``grids`` and ``judgement`` (tables of a
comparison), ``findings`` and ``verdict`` (sentences), and last ``sweep`` and ``comparison``: one result each,
in which all of it is computed once.
"""
