"""The application layer: what each trigger does."""
