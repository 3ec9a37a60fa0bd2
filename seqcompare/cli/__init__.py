"""The command line: parses and calls, nothing else. Whatever is slow to import waits for its command."""

from seqcompare.cli.app import app, main

__all__ = ["app", "main"]
