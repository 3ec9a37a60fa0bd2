"""Synthetic tasks whose dependency distance and optimum are known."""
