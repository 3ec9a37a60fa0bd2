"""The smallest automaton that is practically as good as a fitted model."""
