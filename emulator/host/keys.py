"""Function keys. On a developer's machine they are not required, as with Core Tools."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Keys:
    key: str
    enforced: bool = False

    def allow(self, level: str, request: web.Request) -> bool:
        """Whether a request may pass: by the header x-functions-key or the query's ``code``
        ("API key authorization", functions-bindings-http-webhook-trigger.md). One key serves for all levels.
        """
        if not self.enforced or level.lower() == "anonymous":
            return True
        given = request.headers.get("x-functions-key") or request.query.get("code") or ""
        return hmac.compare_digest(given.encode(), self.key.encode())
