"""Customers: who calls. ``lookup`` is the one place to ask, and the one to replace by a CRM."""
