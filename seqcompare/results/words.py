"""Scores and counts in words, each with its unit."""

from __future__ import annotations


def score_words(score: float, metric: str) -> str:
    """Return a score with its unit."""
    if metric == "bits":
        return f"{score:.3f} bits a step"
    if metric == "label bits":
        return f"{score:.3f} bits a label"
    if metric == "accuracy":
        return f"{100 * score:.1f}% right"
    return f"a mean squared error of {score:.4g}"


def loss_words(loss: float, metric: str) -> str:
    """Return a difference of losses with its unit."""
    if metric in ("bits", "label bits"):
        return f"{loss:.3f} bit"
    if metric == "accuracy":
        return f"{100 * loss:.1f} percentage points"
    return f"{loss:.3g} in mean squared error"


def in_figures(score: float, metric: str) -> str:
    """Return a score without its unit, as intervals show it."""
    return f"{100 * score:.1f}%" if metric == "accuracy" else f"{score:.3f}"


def steps(k: int) -> str:
    """Return a number of steps in words."""
    return "step" if k == 1 else f"{k} steps"


def capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]
