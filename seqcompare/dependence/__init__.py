"""What the data say about their dependencies before any model is chosen."""
