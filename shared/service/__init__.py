"""The application layer: the handlers of the triggers."""
