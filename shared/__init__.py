"""The application. Imports run one way: function_app → api → app → platform → calls."""
