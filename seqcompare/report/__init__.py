"""Reads results and draws them."""
