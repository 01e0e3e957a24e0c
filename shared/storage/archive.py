"""Recordings: from where ACS keeps them for 24 hours to our own container.

A file is streamed block by block, so that memory does not grow with it, and is visible only when it is whole:
the blob is committed once as many bytes have passed as ACS announced. The blob is created conditionally, so that
whoever comes second finds it there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from azure.communication.callautomation.recording_url_validator import validate_recording_url
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError

from shared.calls.capabilities import Call
from shared.calls.capabilities.recording import Chunk
from shared.calls.result_codes import Disposition, look_up

if TYPE_CHECKING:
    from azure.communication.callautomation.aio import CallAutomationClient
    from azure.core.rest import AsyncHttpResponse
    from azure.storage.blob.aio import ContainerClient

log = logging.getLogger(__name__)

AUDIO, METADATA = "audio/wav", "application/json"

PIECE = 1024 * 1024  # bytes
METADATA_SECONDS = 5.0
METADATA_TRIES = 10  # of a file, over half an hour: then the audio is ours without


class NotReady(Exception):
    """The file cannot be copied yet, or came incomplete: worth another try."""


Metadata = dict[str, str]


def metadata_of(call: Call, recording_id: str) -> Metadata:
    """The ids that a blob is found by, in full. Azure takes names of letters and digits, and values in ASCII."""
    ids = {"callid": call.id, "recordingid": recording_id, "account": call.lifecycle.callee or ""}
    return {name: value for name, value in ids.items() if value.isascii() and value.isprintable() and value}


class Elsewhere(Exception):
    """The file is said to be where ACS keeps no recordings: the SDK does not send credentials there."""


class NoContainer(Exception):
    """Our own container is not there: a fault of the deployment, and none of the recording."""


async def archive(
    acs: CallAutomationClient, container: ContainerClient, chunk: Chunk, path: str, metadata: Metadata, *, tries: int
) -> tuple[str, int]:
    """Copy a file and its metadata to ``{path}.wav`` and ``{path}.json``; return the blob's name and length.

    The audio goes first, since the call is in it. From the second of its ``tries`` on, each is looked for before it is
    fetched. Raises NotReady, Elsewhere, NoContainer, AzureError, TimeoutError.
    """
    name, look_first = f"{path}.wav", tries > 1
    length = await length_of(container, name) if look_first else None
    was_there = length is not None
    if length is None:
        length = await _copy(acs, container, chunk.content, name, AUDIO, metadata)
    if chunk.metadata is None or (look_first and await length_of(container, f"{path}.json") is not None):
        return name, length
    try:
        async with asyncio.timeout(METADATA_SECONDS):
            await _copy(acs, container, chunk.metadata, f"{path}.json", METADATA, metadata)
    except (NotReady, Elsewhere, AzureError, TimeoutError) as error:
        if _can_pass(error) and not (was_there and tries >= METADATA_TRIES):
            raise
        log.warning("%s has no metadata: %s", name, type(error).__name__)
    return name, length


def _can_pass(error: Exception) -> bool:
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return look_up(error.status_code, 0).disposition is Disposition.TRANSIENT
    return not isinstance(error, Elsewhere)


async def length_of(container: ContainerClient, name: str) -> int | None:
    """A blob's length in bytes, or None if there is no such blob."""
    try:
        return int((await container.get_blob_client(name).get_blob_properties()).size)
    except ResourceNotFoundError as error:
        if getattr(error, "error_code", None) == "ContainerNotFound":
            raise NoContainer(container.container_name) from error
        return None


async def delete_source(acs: CallAutomationClient, chunk: Chunk) -> None:
    """Delete ACS's copy. That it can't be deleted does no harm: it is gone after 24 hours anyway."""
    if chunk.delete is None:
        return
    try:
        await acs.delete_recording(chunk.delete)
    except (AzureError, ValueError) as error:
        log.warning("the source of an archived recording was not deleted: %s", type(error).__name__)


async def _copy(  # noqa: PLR0917  # from where and to where
    acs: CallAutomationClient, container: ContainerClient, url: str, name: str, kind: str, metadata: Metadata
) -> int:
    from azure.storage.blob import ContentSettings

    try:
        validate_recording_url(url, "url")  # the SDK's own check, of whose errors it has others of the same kind
    except (TypeError, ValueError) as error:
        raise Elsewhere("the file is on no recording host of ACS") from error
    try:
        # Not compressed: what is counted, and written, is what came over the wire.
        response: AsyncHttpResponse = await acs.download_recording(  # type: ignore[assignment]
            url, headers={"Accept-Encoding": "identity"}
        )
    except ValueError as error:
        raise NotReady("the SDK could not read what ACS answered") from error
    async with response:
        length = _announced(response)
        try:
            await container.upload_blob(
                name,
                _counted(response, length),
                length=length,
                overwrite=False,
                content_settings=ContentSettings(content_type=kind),
                metadata=metadata,
            )
        except ResourceNotFoundError as error:
            raise NoContainer(container.container_name) from error
        except ResourceExistsError:
            there = await length_of(container, name)
            if length not in (None, there) and kind == AUDIO:
                raise NotReady(f"{name} is there with {there} bytes, but ACS has {length}") from None
    return length or await length_of(container, name) or 0


def _announced(response: AsyncHttpResponse) -> int | None:
    """How many bytes will come; None if that is not told, but their end will be (RFC 9112, section 7.1)."""
    if "Content-Length" not in response.headers:
        if response.headers.get("Transfer-Encoding", "").lower() != "chunked":
            raise NotReady("ACS does not tell how long the file is")
        return None
    length = int(response.headers["Content-Length"])
    if length == 0:
        raise NotReady("ACS has no bytes of the file yet")
    return length


async def _counted(response: AsyncHttpResponse, length: int | None) -> AsyncIterator[bytes]:
    """The bytes of the response, with an error in place of the end if they are not all there.

    Pieces are joined before they are handed on: the storage SDK joins them one by one, in a time that grows with
    the square of their number.
    """
    seen, piece = 0, bytearray()
    async for block in response.iter_raw():
        seen += len(block)
        piece += block
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
        if length is not None and seen >= length:
            break
    if seen == 0 or length not in (None, seen):
        raise NotReady(f"{seen} of {length or 'more'} bytes came")
    yield bytes(piece)
