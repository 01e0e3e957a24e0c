"""``GET /api/health``: whether every setting that the app uses can be read.

A deployment waits for it. It needs no authentication, so it names settings and shows no values. It sends no request:
it is called often, and a short failure of another service is no reason to replace an instance. The doctor checks the
rest.
"""

from __future__ import annotations

import json

from shared.platform.settings import Settings

OK = 200
UNAVAILABLE = 503
MISCONFIGURED = "misconfigured"


def check_health(settings: Settings) -> tuple[int, str]:
    """The status, and a body of JSON."""
    if names := [error.name for error in settings.problems()]:
        return UNAVAILABLE, json.dumps({"status": MISCONFIGURED, "settings": names})
    return OK, json.dumps({"status": "ok"})
