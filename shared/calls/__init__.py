"""The domain core: pure functions over plain data. No I/O, no clock, no randomness; a test holds it.

``event`` is the envelope; ``actions`` are the requests that a call can lead to; ``operations`` holds their outcomes;
``engine`` is the fold. The engine is handed the list of ``capabilities`` and names none of them.
"""
