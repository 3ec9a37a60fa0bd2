"""What models are measured against: chance, and machines made by hand."""
