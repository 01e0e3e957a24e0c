"""Storage: each table, queue and container is there, and the app may write to it.

Whether it may is asked by writes that can't succeed: an entity and a blob are changed on a condition that does not
hold, which is refused as such only to who may write. A message can't be sent so; it is sent invisible, to expire in a
minute, and deleted.
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
from shared.doctor.patient import FORBIDDEN, Patient, code_of, status_of, storage_code
from shared.doctor.report import Finding, Verdict, fine, unseen, wrong

# ETags that nothing has, each in the form that its service understands.
NO_BLOB = '"0x0000000000000000"'
NO_ENTITY = "W/\"datetime'2000-01-01T00%3A00%3A00.0000000Z'\""
INVISIBLE_SECONDS = 60  # a message lives for a second longer, so that nobody ever sees it
PROBE = "doctor"

ROLES = {
    "table": "Storage Table Data Contributor",
    "container": "Storage Blob Data Contributor",
    "queue": "Storage Queue Data Message Sender",
}
MISSING = {"TableNotFound", "QueueNotFound", "ContainerNotFound"}
REFUSED_AS_HOPED = {"ResourceNotFound", "BlobNotFound", "ConditionNotMet", "UpdateConditionNotSatisfied"}


class Look(NamedTuple):
    """``account`` is another than the calls', with the setting that names it."""

    kind: str
    name: str
    write: Callable[[Any], Awaitable[None]]
    client: Callable[[], Any]
    account: str = ""
    setting: str = ""


async def storage(patient: Patient) -> list[Finding]:
    settings, clients = patient.settings, patient.clients
    looks = [
        Look("table", settings.calls_table, _table, lambda: clients.calls),
        Look("table", settings.directory_table, _table, lambda: clients.directory),
        Look("queue", settings.wakes_queue, _queue, lambda: clients.wakes),
        *(
            Look("container", name, write, partial(clients.container, name))
            for name, write in (
                (settings.recordings_container, _container),
                (settings.quarantine_container, _container),
                (settings.deadletters_container, _exists),  # Event Grid writes there
            )
        ),
    ]
    if url := settings.recording_container_url:
        there, account = urlsplit(url), (urlsplit(url).hostname or "").partition(".")[0]
        look = ("container", there.path.strip("/"), _exists, lambda: clients.recording_container)
        looks.append(Look(*look, account, "RECORDING_CONTAINER_URL"))
    return _merged(await asyncio.gather(*(_look(each) for each in looks)))


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """What has one cause is told once: a service that is not reached, for all that is kept there."""
    merged: dict[tuple[str, str], Finding] = {}
    for each in findings:
        cause = (each.what, each.command if each.verdict is Verdict.WRONG else each.about)
        known = merged.get(cause)
        merged[cause] = replace(known, about=f"{known.about}, {each.about}") if known else each
    return list(merged.values())


async def _look(look: Look) -> Finding:
    kind, name, write = look.kind, look.name, look.write
    about = f"{kind} {name}" + (f" of {look.setting}" if look.setting else "")
    try:
        await write(look.client())
    except HttpResponseError as error:
        return _refused(look, about, error, may_write=write is not _exists)
    except AzureError as error:
        return wrong(
            f"storage is not reached: {code_of(error)}",
            f"Check {look.setting or 'the CALL_STORAGE settings'}, and whether the storage account lets the app's "
            "network in.",
            commands.set_setting(look.setting or f"CALL_STORAGE__{kind if kind != 'container' else 'blob'}ServiceUri"),
            about=about,
        )
    return fine("it is there" if write is _exists else "it is there and can be written", about)


def _refused(look: Look, about: str, error: HttpResponseError, *, may_write: bool) -> Finding:
    kind = look.kind
    if storage_code(error) in MISSING or (not may_write and error.status_code == 404):  # noqa: PLR2004
        remedy = "Create it; azd provision does so with all of them. Whatever was to go there has been failing."
        return wrong("it does not exist", remedy, commands.create_storage(kind, look.name, look.account), about=about)
    if status_of(error) == FORBIDDEN and not may_write:
        return unseen(
            "the app may not look at it, and need not",
            "Run the doctor as somebody who may, such as a member of OPERATOR_ID.",
            about=about,
        )
    if status_of(error) in (401, FORBIDDEN):
        remedy = f"Give the app's identity the role {ROLES[kind]}, or mend the key of CALL_STORAGE."
        return wrong(
            f"the app may not write to it: {code_of(error)}",
            remedy,
            commands.give_role(ROLES[kind], commands.STORAGE_SCOPE),
            about=about,
        )
    remedy = "Look the code up in the storage service's list of error codes."
    return wrong(f"storage refuses: {code_of(error)}", remedy, about=about)


async def _table(table: Any) -> None:
    entity = {"PartitionKey": PROBE, "RowKey": PROBE}
    try:
        await table.update_entity(entity, mode="merge", etag=NO_ENTITY, match_condition=MatchConditions.IfNotModified)
    except HttpResponseError as error:
        _must_be_as_hoped(error)


async def _container(container: Any) -> None:
    condition = {"etag": NO_BLOB, "match_condition": MatchConditions.IfNotModified}
    try:
        await container.upload_blob(PROBE, b"", overwrite=True, **condition)
    except HttpResponseError as error:
        _must_be_as_hoped(error)


async def _queue(queue: Any) -> None:
    times = {"visibility_timeout": INVISIBLE_SECONDS, "time_to_live": INVISIBLE_SECONDS + 1}
    message = await queue.send_message(PROBE, **times)
    await queue.delete_message(message)


async def _exists(container: Any) -> None:
    await container.get_container_properties()


def _must_be_as_hoped(error: HttpResponseError) -> None:
    if storage_code(error) not in REFUSED_AS_HOPED:
        raise error
