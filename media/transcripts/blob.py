"""An append blob with one writer at a time, and the others noticed.

Each append names the length that the blob must have. So a request that is repeated after a lost response appends
nothing, and what another process has appended is read before the next append.
"""

from __future__ import annotations

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobClient


class Full(Exception):
    """The blob takes no more appends: it has 50,000 (Storage REST API, "Append Block")."""


class Moved(Exception):
    """Another process has appended ``data`` meanwhile."""

    def __init__(self, data: bytes) -> None:
        super().__init__(f"{len(data)} bytes were appended by another process")
        self.data = data


class AppendBlob:
    largest = 4 * 1024 * 1024  # bytes of an append (Storage REST API, "Append Block")

    def __init__(self, client: BlobClient, kind: str) -> None:
        self._client, self._kind = client, kind
        self.name = str(client.blob_name)
        self.length = 0

    async def open(self) -> bytes:
        """Create the blob, or return what it has. Raises AzureError."""
        try:
            await self._client.create_append_blob(
                content_settings=ContentSettings(content_type=self._kind), if_none_match="*"
            )
        except ResourceExistsError:
            return await self._tail()
        return b""

    async def append(self, data: bytes) -> None:
        """Raises Moved, with what has been appended by others: nothing is appended then. Raises Full, AzureError."""
        try:
            await self._client.append_block(data, length=len(data), appendpos_condition=self.length)
        except HttpResponseError as error:
            if _code(error) == "BlockCountExceedsLimit":
                raise Full(self.name) from error
            if _code(error) != "AppendPositionConditionNotMet":
                raise
            await self._after_conflict(data)
            return
        self.length += len(data)

    async def _after_conflict(self, data: bytes) -> None:
        """Return if the data is there: the response to an earlier attempt was lost. Raises Moved."""
        there = await self._tail()
        if there != data:
            raise Moved(there)

    async def _tail(self) -> bytes:
        """What follows the known length, which becomes known."""
        try:
            stream = await self._client.download_blob(offset=self.length)
            data = await stream.readall()
        except HttpResponseError as error:
            if _code(error) != "InvalidRange":  # there is nothing more
                raise
            data = b""
        self.length += len(data)
        return data


def _code(error: HttpResponseError) -> str:
    return str(getattr(error, "error_code", ""))
