"""Markov chains: contexts counted, smoothed and walked."""
