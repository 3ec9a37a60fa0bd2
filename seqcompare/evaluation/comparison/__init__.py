"""What a comparison on real data is made of: splits, ladders of models, measures, and the context curve."""
