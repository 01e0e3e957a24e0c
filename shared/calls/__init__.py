"""The pure wing: what a call is and what should happen to it.

Nothing here awaits, reads a clock, logs or imports Azure; ``tests/calls/test_transitions.py`` holds that.
"""
