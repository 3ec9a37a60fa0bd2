"""Real data: bundled, or the user's own files."""
