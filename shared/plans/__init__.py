"""Routing plans as they are saved: for each resource account, and a default for its tenant."""
