"""Events that cannot be read or applied: one blob each, with the reason."""

from __future__ import annotations

import hashlib
import json
import logging
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError

from shared.platform import telemetry

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

log = logging.getLogger(__name__)


class Quarantine:
    """``open_container`` builds the blob container's client when the first event arrives."""

    def __init__(self, open_container: Callable[[], ContainerClient], now: Callable[[], datetime]) -> None:
        self._open_container = open_container
        self._now = now

    async def add(self, event: Any, reason: str, source: str) -> str:
        """Store the event with the reason at ``yyyy/mm/dd/{digest}.json``, and return that name.

        The same event is stored once a day, however often it is delivered. Its content is not logged. ``source`` is
        the function that could not handle it.
        """
        try:
            text = event if isinstance(event, str) else json.dumps(event, sort_keys=True, default=_plain)
        except (RecursionError, TypeError, ValueError) as error:
            event = text = f"the event cannot be written as JSON: {type(error).__name__}"
        now = self._now()
        digest = hashlib.sha256(f"{source}\n{text}".encode(errors="replace")).hexdigest()[:32]
        name = f"{now:%Y/%m/%d}/{digest}.json"
        record = {"reason": reason, "source": source, "received_at": now.isoformat(), "event": event}
        try:
            # Not indented: deeply nested JSON would grow with the square of its depth.
            await self._open_container().upload_blob(name, json.dumps(record, default=_plain), overwrite=False)
            log.error("quarantine: an event from %s is stored as %s: %s", source, name, reason)
        except ResourceExistsError:
            log.info("quarantine: %s was delivered again (%s)", name, source)
        telemetry.emit(telemetry.Quarantined(source))
        return name


def _plain(value: Any) -> str:
    """A value that JSON has no type for: bytes, such as a compressed property, in Base64; anything else as text."""
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
