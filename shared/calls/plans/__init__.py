"""Routing plans: what happens to a call, as a document. Each step type is a class, in a module of its kind."""
