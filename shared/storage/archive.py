"""Copies recordings from ACS, which keeps them for 24 hours, to the archive's container.

A file is streamed block by block, so that memory does not grow with its size. It is visible only when it is complete:
the blob is committed once as many bytes have arrived as ACS announced. It is created conditionally, so that of two
concurrent copies the second one finds the blob of the first.
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
METADATA_TRIES = 10  # of a file, over half an hour; then the audio counts as archived without it


class NotReady(Exception):
    """The file is not available yet, or arrived incomplete: it is tried again."""


Metadata = dict[str, str]


def metadata_of(call: Call, recording_id: str) -> Metadata:
    """The ids of a recording, as metadata of its blob. Azure accepts letters and digits in names, and ASCII values."""
    ids = {"callid": call.id, "recordingid": recording_id, "account": call.lifecycle.callee or ""}
    return {name: value for name, value in ids.items() if value.isascii() and value.isprintable() and value}


class Elsewhere(Exception):
    """The URL of the file is not on a recording host of ACS: the SDK sends no credentials there."""


class NoContainer(Exception):
    """The archive's container does not exist: a fault of the deployment, not of the recording."""


async def archive(
    acs: CallAutomationClient, container: ContainerClient, chunk: Chunk, path: str, metadata: Metadata, *, tries: int
) -> tuple[str, int]:
    """Copy a file and its metadata to ``{path}.wav`` and ``{path}.json``; return the blob's name and length.

    The audio is copied first. From the second of its ``tries`` on, existing blobs are looked for before anything is
    fetched. Raises NotReady, Elsewhere, NoContainer, AzureError, TimeoutError.
    """
    name, is_retry = f"{path}.wav", tries > 1
    length = await length_of(container, name) if is_retry else None
    was_archived = length is not None
    if length is None:
        length = await _copy(acs, container, chunk.content, name, AUDIO, metadata)
    if chunk.metadata is None or (is_retry and await length_of(container, f"{path}.json") is not None):
        return name, length
    try:
        async with asyncio.timeout(METADATA_SECONDS):
            await _copy(acs, container, chunk.metadata, f"{path}.json", METADATA, metadata)
    except (NotReady, Elsewhere, AzureError, TimeoutError) as error:
        if _is_transient(error) and not (was_archived and tries >= METADATA_TRIES):
            raise
        log.warning("%s has no metadata: %s", name, type(error).__name__)
    return name, length


def _is_transient(error: Exception) -> bool:
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
    """Delete ACS's copy. A failure does no harm: ACS deletes it after 24 hours."""
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

    async with await _download(acs, url) as response:
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


async def _download(acs: CallAutomationClient, url: str) -> AsyncHttpResponse:
    """The response with the file, whose body is still to be read. Raises Elsewhere, NotReady, AzureError."""
    try:
        validate_recording_url(url, "url")  # the SDK checks it too, but its ValueError has other causes as well
    except (TypeError, ValueError) as error:
        raise Elsewhere("the file is not on a recording host of ACS") from error
    try:
        # Not compressed: the bytes of the response are counted and written as they are.
        response: AsyncHttpResponse = await acs.download_recording(  # type: ignore[assignment]
            url, headers={"Accept-Encoding": "identity"}
        )
    except ValueError as error:
        raise NotReady("the SDK could not read the response of ACS") from error
    return response


def _announced(response: AsyncHttpResponse) -> int | None:
    """The length in bytes; None for a chunked response, which marks its own end (RFC 9112, section 7.1)."""
    if "Content-Length" not in response.headers:
        if response.headers.get("Transfer-Encoding", "").lower() != "chunked":
            raise NotReady("the response has no length")
        return None
    length = int(response.headers["Content-Length"])
    if length == 0:
        raise NotReady("ACS has no bytes of the file yet")
    return length


async def _counted(response: AsyncHttpResponse, length: int | None) -> AsyncIterator[bytes]:
    """The bytes of the response. Raises NotReady at its end if some are missing.

    Blocks are joined into pieces: the storage SDK joins them one by one, in a time that grows with the square of their
    number.
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
        raise NotReady(f"{seen} of {length or 'more'} bytes arrived")
    yield bytes(piece)
