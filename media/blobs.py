"""An append blob that notices when another process appends to it.

Each append names the length that the blob must have. So a request that is repeated after a lost response appends
nothing twice, and what another process has appended is known before the next append.
"""

from __future__ import annotations

from collections.abc import Mapping

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobClient


class Full(Exception):
    """The blob takes no more appends: it has 50,000 (Storage REST API, "Append Block")."""


class Moved(Exception):
    """Another process has appended something. Nothing was appended by this one, unless it is at the known length."""


class AppendBlob:
    """``length``: the bytes that are known to be there."""

    largest = 4 * 1024 * 1024  # bytes of an append (Storage REST API, "Append Block")

    def __init__(self, client: BlobClient, kind: str) -> None:
        self._client, self._kind = client, kind
        self.name = str(client.blob_name)
        self.length = 0

    async def create(self, metadata: Mapping[str, str] | None = None) -> bool:
        """Whether it was created; False if it exists. Raises AzureError."""
        settings = ContentSettings(content_type=self._kind)
        try:
            await self._client.create_append_blob(settings, dict(metadata or {}), if_none_match="*")
        except ResourceExistsError:
            return False
        return True

    async def append(self, data: bytes) -> None:
        """Raises Moved, Full, AzureError."""
        try:
            await self._client.append_block(data, length=len(data), appendpos_condition=self.length)
        except HttpResponseError as error:
            match getattr(error, "error_code", None):
                case "AppendPositionConditionNotMet":
                    raise Moved(self.name) from None
                case "BlockCountExceedsLimit":
                    raise Full(self.name) from None
            raise
        self.length += len(data)

    async def tail(self) -> bytes:
        """What follows the known length, which becomes known. Raises AzureError."""
        try:
            data = await (await self._client.download_blob(offset=self.length)).readall()
        except HttpResponseError as error:
            if getattr(error, "error_code", None) != "InvalidRange":  # there is nothing more
                raise
            return b""
        self.length += len(data)
        return data

    async def skip_to_end(self) -> Mapping[str, str]:
        """The whole length becomes known, without a download. Returns the metadata. Raises AzureError."""
        properties = await self._client.get_blob_properties()
        self.length = properties.size
        return properties.metadata
