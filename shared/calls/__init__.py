"""The domain core: pure functions over plain data. No I/O, no clock, no randomness; a test holds it.

``event`` is the envelope, ``actions`` what can be asked of the world, ``operations`` what was asked for and how it
went, ``engine`` the fold. The engine is handed the list of ``capabilities`` and names none of them.
"""
