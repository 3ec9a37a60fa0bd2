"""Predictive distributions over numbers and counts: one interface, whatever model they come from."""
