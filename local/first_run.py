"""The first contents of a contact centre on this machine: two agents, their group, and a routing plan of the support
line, so that a call rings the page of an agent at once. Anything that exists stays as it is.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import aiohttp

from local.scenarios import ACCOUNT
from local.stack import ROOT, Stack, control

GRACE = "0000c0de-0000-4000-8000-0000000000a2"
ALAN = "0000a1a0-0000-4000-8000-0000000000a3"
PLAN = ROOT / "docs/plans/menu-then-agents.json"

BEGINNING: dict[str, Any] = {
    f"agents/{GRACE}": {},
    f"agents/{ALAN}": {},
    "groups/support": {"name": "Support", "members": [GRACE, ALAN]},
    f"plans/{ACCOUNT}": json.loads(PLAN.read_text()),
}


async def prepare(http: aiohttp.ClientSession, stack: Stack) -> list[str]:
    """Create what is missing, as an administrator does over the API; return the paths that were created.

    Raises RuntimeError with what the app answered.
    """
    issued = await control(http, stack, "POST", "entra/tokens", {"user": "ada"})
    headers = {"Authorization": f"Bearer {issued['token']}"}
    return [
        path
        for path, body in BEGINNING.items()
        if await _create(http, f"{stack.host_url}/api/v1/{path}", body, headers)
    ]


async def _create(http: aiohttp.ClientSession, url: str, body: Any, headers: dict[str, str]) -> bool:
    async with http.get(url, headers=headers) as found:
        if found.status != HTTPStatus.NOT_FOUND:
            return False
    async with http.put(url, json=body, headers=headers) as answer:
        if not answer.ok:
            raise RuntimeError(f"PUT {url} was answered with {answer.status}: {await answer.text()}")
        return True
