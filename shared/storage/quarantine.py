"""Where events go that cannot be read or applied: a blob each, with the reason."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

log = logging.getLogger(__name__)


async def keep_aside(container: ContainerClient, event: Any, reason: str, source: str, now: datetime) -> str:
    """Keep the event with the reason at ``yyyy/mm/dd/{digest}.json``, and return that name.

    The same event is kept once a day, however often it comes. What it holds is not logged.
    """
    try:
        text = event if isinstance(event, str) else json.dumps(event, sort_keys=True, default=str)
    except (RecursionError, TypeError, ValueError) as error:
        event = text = f"it cannot be written as JSON: {type(error).__name__}"
    digest = hashlib.sha256(f"{source}\n{text}".encode(errors="replace")).hexdigest()[:32]
    name = f"{now:%Y/%m/%d}/{digest}.json"
    record = {"reason": reason, "source": source, "received_at": now.isoformat(), "event": event}
    try:
        # Not indented: what is deeply nested would grow with the square of its depth.
        await container.upload_blob(name, json.dumps(record, default=str), overwrite=False)
    except ResourceExistsError:
        log.info("quarantine: %s came again (%s)", name, source)
        return name
    log.error("quarantine: an event from %s was kept as %s: %s", source, name, reason)
    return name
