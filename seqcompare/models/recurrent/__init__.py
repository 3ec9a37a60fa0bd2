"""Recurrent networks: cells, network, training, estimators, diagnostics."""
