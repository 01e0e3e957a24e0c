"""Call recording: the model, its life, its files, and the operations on it."""
