"""SDK clients, built once for all simulated instances.

Building them takes longer than a short run, and with a process for each function a run has two dozen instances. A
client holds nothing of the instance that uses it: the transport is the same for all, and finds the instance by itself.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any
from unittest.mock import patch

from shared.platform.clients import Clients

SHARED = (
    *("call_automation", "call_automation_once", "topic"),
    *("calls", "calls_index", "directory", "agents", "wakes", "_blobs"),
)


def shared_clients() -> list[Any]:
    """Patches of ``Clients``, to be started."""
    return [patch.object(Clients, name, _shared(name, build)) for name, build in _BUILDERS.items()]


_BUILDERS = {name: vars(Clients)[name].func for name in SHARED}
_BUILT: dict[tuple[str, frozenset[tuple[str, str]]], Any] = {}  # by name and settings


def _shared(name: str, build: Any) -> Any:
    def client(self: Any) -> Any:
        key = name, frozenset(self._settings._environment.items())
        if key not in _BUILT:
            _BUILT[key] = build(self)
            return _BUILT[key]
        return self._keep(_BUILT[key])

    instead = cached_property(client)
    instead.__set_name__(Clients, name)
    return instead
