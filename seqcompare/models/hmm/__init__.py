"""Hidden Markov models: hmmlearn's engine under one interface."""
