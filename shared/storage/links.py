"""Links to files of recordings, signed for a few minutes.

Signed with a key that the storage account issues to the app's identity (a user delegation key), which takes the action
``generateUserDelegationKey`` at the account; with the account's key where CALL_STORAGE is a connection string.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobClient, BlobServiceClient

LIFETIME = timedelta(minutes=5)
CLOCK_SKEW = timedelta(minutes=5)  # of the storage service's clock behind this one


class Link(Struct, frozen=True, rename="camel"):
    """A URL that needs no other authorization until it expires. ``repr`` leaves it out."""

    url: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Link(expires_at={self.expires_at!r})"


async def link_to(blob: BlobClient, service: BlobServiceClient, now: datetime) -> Link:
    """A link for reading the blob, by ranges too. A browser that opens it saves a file. Raises AzureError."""
    from azure.storage.blob import BlobSasPermissions, generate_blob_sas

    expires_at = now + LIFETIME
    signature = generate_blob_sas(
        str(blob.account_name),
        blob.container_name,
        blob.blob_name,
        permission=BlobSasPermissions(read=True),
        content_disposition=f'attachment; filename="{str(blob.blob_name).rpartition("/")[2]}"',
        expiry=expires_at,
        **await _signed_with(service, now, expires_at),
    )
    return Link(f"{blob.url.partition('?')[0]}?{signature}", expires_at)


async def _signed_with(service: BlobServiceClient, now: datetime, expires_at: datetime) -> dict[str, Any]:
    account_key = getattr(service.credential, "account_key", None)
    if account_key:
        return {"account_key": account_key}
    return {"user_delegation_key": await service.get_user_delegation_key(now - CLOCK_SKEW, expires_at)}
