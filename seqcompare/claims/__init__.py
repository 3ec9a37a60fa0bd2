"""The field's textbook claims, each an experiment with a verdict."""
