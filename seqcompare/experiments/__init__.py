"""Runs models and yields rows."""
