"""The budgets of the app, measured: ``python -m local.bench``."""
