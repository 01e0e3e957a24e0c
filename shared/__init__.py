"""The application. Imports run one way: function_app → app → platform → calls."""
