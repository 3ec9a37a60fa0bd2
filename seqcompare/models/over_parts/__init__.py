"""One model fitted to data that come in parts, of which only sums are ever put together."""
