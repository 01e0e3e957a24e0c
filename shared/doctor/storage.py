"""Storage: each table, queue and container exists, and the app may write to it.

The permission is tested by writes that cannot succeed: an entity and a blob are changed on a condition that is never
met, which the service reports only to a caller who may write. A queue has no conditions: the message is sent
invisible, expires within a minute, and is deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError
from msgspec.structs import replace

from shared.doctor import commands
from shared.doctor.context import FORBIDDEN, DiagnosisContext, code_of, status_of, storage_code
from shared.doctor.report import CheckStatus, Finding, fine, unseen, wrong

# ETags that no object has, in the form of each service.
NO_BLOB = '"0x0000000000000000"'
NO_ENTITY = "W/\"datetime'2000-01-01T00%3A00%3A00.0000000Z'\""
INVISIBLE_SECONDS = 60  # a message lives a second longer, so that it never becomes visible
PROBE = "doctor"

ROLES = {
    "table": "Storage Table Data Contributor",
    "container": "Storage Blob Data Contributor",
    "queue": "Storage Queue Data Message Sender",
}
MISSING = {"TableNotFound", "QueueNotFound", "ContainerNotFound"}
EXPECTED = {"ResourceNotFound", "BlobNotFound", "ConditionNotMet", "UpdateConditionNotSatisfied"}


class Target(NamedTuple):
    """``account`` is set if it is not the calls' storage account, ``setting`` names the setting of its URL."""

    kind: str
    name: str
    write: Callable[[Any], Awaitable[None]]
    client: Callable[[], Any]
    account: str = ""
    setting: str = ""


async def storage(context: DiagnosisContext) -> list[Finding]:
    settings, clients = context.settings, context.clients
    targets = [
        Target("table", settings.calls_table, _table, lambda: clients.calls),
        Target("table", settings.calls_index_table, _table, lambda: clients.calls_index),
        Target("table", settings.directory_table, _table, lambda: clients.directory),
        Target("table", settings.customers_table, _table, lambda: clients.customers),
        Target("table", settings.agents_table, _table, lambda: clients.agents),
        Target("table", settings.plans_table, _table, lambda: clients.plans),
        Target("queue", settings.wakes_queue, _queue, lambda: clients.wakes),
        *(
            Target("container", name, write, partial(clients.container, name))
            for name, write in (
                (settings.recordings_container, _container),
                (settings.quarantine_container, _container),
                (settings.deadletters_container, _exists),  # Event Grid writes there
                (settings.transcripts_container, _exists),  # the media service writes there
            )
        ),
    ]
    if url := settings.recording_container_url:
        there, account = urlsplit(url), (urlsplit(url).hostname or "").partition(".")[0]
        values = ("container", there.path.strip("/"), _exists, lambda: clients.recording_container(url))
        targets.append(Target(*values, account, "RECORDING_CONTAINER_URL"))
    return _merged(await asyncio.gather(*(_check(each) for each in targets)))


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with one cause become one, such as a storage service that is unreachable."""
    merged: dict[tuple[str, str], Finding] = {}
    for each in findings:
        cause = (each.what, each.command if each.status is CheckStatus.WRONG else each.about)
        known = merged.get(cause)
        merged[cause] = replace(known, about=f"{known.about}, {each.about}") if known else each
    return list(merged.values())


async def _check(target: Target) -> Finding:
    kind, name, write = target.kind, target.name, target.write
    about = f"{kind} {name}" + (f" of {target.setting}" if target.setting else "")
    try:
        await write(target.client())
    except HttpResponseError as error:
        return _refused(target, about, error, may_write=write is not _exists)
    except AzureError as error:
        return wrong(
            f"storage is unreachable: {code_of(error)}",
            f"Check {target.setting or 'the CALL_STORAGE settings'}, and that the storage account allows the "
            "app's network.",
            commands.set_setting(
                target.setting or f"CALL_STORAGE__{kind if kind != 'container' else 'blob'}ServiceUri"
            ),
            about=about,
        )
    return fine("it exists" if write is _exists else "it exists and is writable", about)


def _refused(target: Target, about: str, error: HttpResponseError, *, may_write: bool) -> Finding:
    kind = target.kind
    if storage_code(error) in MISSING or (not may_write and error.status_code == 404):  # noqa: PLR2004
        remedy = "Create it; azd provision creates all of them. Everything that writes to it fails until then."
        return wrong(
            "it does not exist", remedy, commands.create_storage(kind, target.name, target.account), about=about
        )
    if status_of(error) == FORBIDDEN and not may_write:
        return unseen(
            "the app may not read its properties, and need not",
            "Run the doctor as a user who may, such as a member of OPERATOR_ID.",
            about=about,
        )
    if status_of(error) in (401, FORBIDDEN):
        remedy = f"Give the app's identity the role {ROLES[kind]}, or correct the key in CALL_STORAGE."
        return wrong(
            f"the app may not write to it: {code_of(error)}",
            remedy,
            commands.give_role(ROLES[kind], commands.STORAGE_SCOPE),
            about=about,
        )
    remedy = "Look the code up in the storage service's list of error codes."
    return wrong(f"storage returned an error: {code_of(error)}", remedy, about=about)


async def _table(table: Any) -> None:
    entity = {"PartitionKey": PROBE, "RowKey": PROBE}
    try:
        await table.update_entity(entity, mode="merge", etag=NO_ENTITY, match_condition=MatchConditions.IfNotModified)
    except HttpResponseError as error:
        _must_be_expected(error)


async def _container(container: Any) -> None:
    condition = {"etag": NO_BLOB, "match_condition": MatchConditions.IfNotModified}
    try:
        await container.upload_blob(PROBE, b"", overwrite=True, **condition)
    except HttpResponseError as error:
        _must_be_expected(error)


async def _queue(queue: Any) -> None:
    times = {"visibility_timeout": INVISIBLE_SECONDS, "time_to_live": INVISIBLE_SECONDS + 1}
    message = await queue.send_message(PROBE, **times)
    await queue.delete_message(message)


async def _exists(container: Any) -> None:
    await container.get_container_properties()


def _must_be_expected(error: HttpResponseError) -> None:
    if storage_code(error) not in EXPECTED:
        raise error
