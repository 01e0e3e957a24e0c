"""The roles at each table, queue and container allow the operations that the app and the Functions host perform there.

Operations are read from the source: calls of methods that the SDKs' clients have. The Functions host is represented by
the emulator's, whose queue trigger does what the Storage Queues extension does: it takes a message, renews and releases
it with Update Message, deletes it, and moves it to the poison queue.

Sources: "Permissions for calling data operations" in the Storage REST API ("Authorize with Microsoft Entra ID"), and
the data actions in "Azure built-in roles for Storage". The emulated storage, Azurite, knows no roles.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from azure.data.tables.aio import TableClient
from azure.storage.blob.aio import BlobClient, BlobServiceClient, ContainerClient
from azure.storage.queue.aio import QueueClient

CLIENTS = (BlobClient, BlobServiceClient, ContainerClient, QueueClient, TableClient)


class Use(NamedTuple):
    """Where an operation on one resource is called: files, and the object of the call if a file uses several."""

    files: str
    called_on: str = ""


USES = {
    "storage::tables::calls": [Use("shared/storage/calls.py", "self._calls"), Use("shared/storage/listing.py")],
    "storage::tables::callsIndex": [Use("shared/storage/calls.py", "self._index")],
    "storage::tables::directory": [Use("shared/directory/*.py")],
    "storage::tables::customers": [Use("shared/customers/store.py")],
    "storage::tables::agents": [Use("shared/agents/*.py")],
    "storage::tables::plans": [Use("shared/plans/*.py")],
    "storage::blobs::recordings": [Use("shared/storage/archive.py")],
    "storage::blobs::quarantine": [Use("shared/storage/quarantine.py")],
    "storage::queues::wakes": [Use("shared/storage/wakes.py"), Use("emulator/host/queues.py", "self._queue")],
    "storage::queues::poison": [Use("emulator/host/queues.py", "self._poison")],
}

# The data actions of which each method needs one.
NEEDED = {
    "create_entity": {"entities/write", "entities/add"},
    "delete_entity": {"entities/write", "entities/delete"},
    "get_entity": {"entities/read"},
    "query_entities": {"entities/read"},
    "submit_transaction": {"entities/write"},
    "update_entity": {"entities/write", "entities/update"},
    "upsert_entity": {"entities/write"},
    "get_user_delegation_key": {"generateUserDelegationKey"},
    "get_blob_properties": {"blobs/read"},
    "upload_blob": {"blobs/write", "blobs/add"},
    "upload_blob(tags=)": {"blobs/tags/write"},
    "delete_message": {"messages/delete", "messages/process"},
    "receive_messages": {"messages/process"},
    "send_message": {"messages/write", "messages/add"},
    "update_message": {"messages/write"},
}
NO_REQUEST = {"close", "get_blob_client"}
# Called only if the poison queue does not exist. The deployment creates it.
NOT_ALLOWED = {("storage::queues::poison", "create_queue")}

GRANTED = {
    "Storage Blob Data Contributor": {"blobs/read", "blobs/write", "blobs/add", "blobs/delete", "blobs/move"},
    "Storage Blob Data Owner": {"blobs/read", "blobs/write", "blobs/add", "blobs/delete", "blobs/tags/write"},
    "Storage Blob Delegator": {"generateUserDelegationKey"},
    "Storage Queue Data Contributor": {"messages/read", "messages/write", "messages/delete", "messages/process"},
    "Storage Queue Data Message Processor": {"messages/read", "messages/process"},
    "Storage Queue Data Message Sender": {"messages/add"},
    "Storage Queue Data Reader": {"messages/read"},
    "Storage Table Data Contributor": {
        *("entities/read", "entities/write", "entities/delete", "entities/add", "entities/update"),
    },
}


def check_operations(
    root: Path, roles: Mapping[str, set[str]], all_uses: Mapping[str, list[Use]] = USES
) -> Iterator[str]:
    """``roles``: those of the app's identity at each resource."""
    requests = {name for client in CLIENTS for name in dir(client) if not name.startswith("_")} - NO_REQUEST
    for resource, uses in all_uses.items():
        granted = {action for role in roles.get(resource, set()) for action in GRANTED[role]}
        called = {name for use in uses for name in _called(root, use) if name.partition("(")[0] in requests}
        if not called:
            yield f"nothing is done with {resource}"
        for name in sorted(name for name in called if (resource, name) not in NOT_ALLOWED):
            if not NEEDED.get(name, set()) & granted:
                yield f"{resource}: no role of the app allows {name}"


def _called(root: Path, use: Use) -> Iterator[str]:
    for path in root.glob(use.files):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if use.called_on in {"", ast.unparse(node.func.value)}:
                yield node.func.attr
                yield from (f"{node.func.attr}({each.arg}=)" for each in node.keywords if each.arg == "tags")
