"""The side tables of the machine of a comparison's winner."""

from __future__ import annotations

#: What is said of it, and its edges.
MACHINE_WORDS, MACHINE = "machine_words", "machine"
