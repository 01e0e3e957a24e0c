"""Reads the transcripts that the media service appends to while people talk: ``{call id}.jsonl``, an object a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from msgspec import Struct

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

BEYOND_THE_END = 416  # the HTTP status of a range that a blob does not have
PART = 1024 * 1024  # bytes; no line is as long


class Part(Struct, frozen=True):
    """Whole lines, and the offset in bytes of those that follow. ``is_last``: none followed at the time."""

    lines: tuple[bytes, ...]
    next_offset: int
    is_last: bool


async def read(container: ContainerClient, name: str, offset: int) -> Part | None:
    """The lines that begin at the offset or after it; None if there is no such blob. Raises AzureError."""
    start = max(0, offset - 1)  # the byte before shows whether a line begins at the offset
    try:
        stream = await container.download_blob(name, offset=start, length=PART)
        data = await stream.readall()
    except ResourceNotFoundError:
        return None
    except HttpResponseError as error:
        if error.status_code != BEYOND_THE_END:
            raise
        return Part((), offset, is_last=True)
    begin = data.find(b"\n") + 1 if offset else 0
    if offset and not begin:  # within a line that has no end yet
        return Part((), offset, is_last=len(data) < PART)
    end = data.rfind(b"\n") + 1
    return Part(tuple(data[begin:end].splitlines()), start + end, is_last=len(data) < PART)
