"""Networks whose steps look at other steps directly: attention with relative positions."""
