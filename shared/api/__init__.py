"""The HTTP side of the app."""
