"""Quarantined events and dead letters: listed, shown and replayed. ``python -m shared.service.replay --help``.

Two containers hold events that did not become part of a call: the quarantine (events that could not be read) and the
dead letters (events that Event Grid could not deliver in time). Replaying runs the app's own handlers here, with the
settings of the deployed app, so it needs the roles of the app's identity. It is safe to repeat: a known event changes
nothing, a call that no longer rings is not answered, and an effect is leased in the row before it is performed.
"""

KINDS = ("quarantine", "deadletters")
