from __future__ import annotations

import asyncio

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableClient

from shared.directory.chats import Chats
from shared.directory.directory import Directory
from shared.service.container import Container
from tests.directory.fixtures import ADA, ALAN, API, CONTOSO, GRACE, JOAN, SignedIn, upstream_error
from tests.emulator.client import Control

pytestmark = pytest.mark.usefixtures("table")  # nothing is kept of the test before


async def made(control: Control) -> int:
    """The number of requests to create a chat."""
    return len(await control.journal("graph.request", operation="CreateChat"))


async def deleted(control: Control, id: str) -> None:
    await control("PATCH", "directory", {"tenants": {"contoso": {"chats": {id: None}}}})


def elsewhere(directory: Directory, table: TableClient) -> Chats:
    """The same in another process: its own locks, the same table."""
    return Chats(directory.graph, directory.credentials, table)


async def test_a_chat_of_two_people_is_always_the_same(directory: Directory, signed_in: SignedIn) -> None:
    grace, alan = await signed_in("grace"), await signed_in("alan")
    chat, _ = await directory.chats.open(grace, (ALAN,))
    assert chat.kind == "oneOnOne"
    assert (await directory.chats.open(grace, (ALAN.upper(), GRACE)))[0] == chat
    assert (await directory.chats.open(alan, (GRACE,)))[0] == chat


async def test_all_members_of_a_call_get_the_thread_of_the_same_group(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    chat, new = await directory.chats.open(await signed_in("grace"), (ALAN, ADA))
    assert (chat.kind, new) == ("group", True)
    assert await directory.chats.open(await signed_in("alan"), (ADA, GRACE, ADA)) == (chat, False)
    assert await made(control) == 1


async def test_another_topic_is_another_group(directory: Directory, signed_in: SignedIn, control: Control) -> None:
    grace = await signed_in("grace")
    plain, _ = await directory.chats.open(grace, (ALAN, ADA))
    named, new = await directory.chats.open(grace, (ALAN, ADA), "Order 4711")
    assert new
    assert named != plain
    assert await directory.chats.open(grace, (ALAN, ADA), " Order  4711 ") == (named, False)
    two, _ = await directory.chats.open(grace, (ALAN,), "Order 4711")
    assert two.kind == "group"
    chats = (await control("GET", "directory"))["tenants"]["contoso"]["chats"]
    assert chats[named.id]["topic"] == "Order 4711"


async def test_concurrent_requests_for_the_same_group_create_one(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    grace, alan = await signed_in("grace"), await signed_in("alan")
    opened = await asyncio.gather(directory.chats.open(grace, (ALAN, ADA)), directory.chats.open(alan, (GRACE, ADA)))
    assert len({chat.id for chat, _ in opened}) == 1
    assert sorted(new for _, new in opened) == [False, True]
    assert await made(control) == 1


async def test_concurrent_requests_in_two_processes_return_one_thread(
    directory: Directory, signed_in: SignedIn, control: Control, table: TableClient
) -> None:
    grace = await signed_in("grace")
    await control.fault(where="graph", match={"operation": "CreateChat"}, do="delay", seconds=0.3)
    opened = await asyncio.gather(
        directory.chats.open(grace, (ALAN, ADA)), elsewhere(directory, table).open(grace, (ALAN, ADA))
    )
    assert await made(control) == 2
    assert len({chat.id for chat, _ in opened}) == 1
    assert (await directory.chats.open(grace, (ALAN, ADA)))[0] == opened[0][0]


async def test_a_group_that_graph_has_deleted_is_created_again(
    directory: Directory, signed_in: SignedIn, control: Control, table: TableClient
) -> None:
    grace = await signed_in("grace")
    gone, _ = await directory.chats.open(grace, (ALAN, ADA))
    await deleted(control, gone.id)
    opened = await asyncio.gather(
        directory.chats.open(grace, (ALAN, ADA)), elsewhere(directory, table).open(grace, (ALAN, ADA))
    )
    (id,) = {chat.id for chat, _ in opened}
    assert id != gone.id
    assert (await elsewhere(directory, table).open(grace, (ALAN, ADA)))[0].id == id


async def test_without_consent_to_read_chats_the_stored_chat_is_used(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    scopes = {"delegated": ["Chat.Create", "User.Read"]}
    await control("PATCH", "directory", {"tenants": {"contoso": {"apps": {API: scopes}}}})
    grace = await signed_in("grace")
    chat, _ = await directory.chats.open(grace, (ALAN, ADA))
    assert await directory.chats.open(grace, (ALAN, ADA)) == (chat, False)


async def test_a_creation_with_a_lost_response_stores_nothing(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    """Graph has created it, but its id is lost: the next request creates another group, which is stored."""
    grace = await signed_in("grace")
    await control.fault(where="graph", match={"operation": "CreateChat"}, do="lose_ack", times=1)
    assert (await upstream_error(directory.chats.open(grace, (ALAN, ADA)))).entry.status in {503, 504}
    assert await made(control) == 1
    chat, new = await directory.chats.open(grace, (ALAN, ADA))
    assert new
    assert await directory.chats.open(grace, (ALAN, ADA)) == (chat, False)


@pytest.mark.parametrize(
    ("members", "topic"),
    [
        ((), None),
        ((GRACE,), None),  # the caller only
        (("alan@contoso.com",), None),
        (("../users",), None),
        (tuple(f"00000000-0000-4000-8000-{n:012d}" for n in range(250)), None),
        ((ALAN, ADA), ""),
        ((ALAN, ADA), "a: b"),
        ((ALAN, ADA), "x" * 251),
        ((ALAN, ADA), "a\0b"),
    ],
)
async def test_an_invalid_chat_is_refused(
    directory: Directory, signed_in: SignedIn, members: tuple[str, ...], topic: str | None
) -> None:
    assert (await upstream_error(directory.chats.open(await signed_in("grace"), members, topic))).code == "NotValid"


async def test_groups_of_different_tenants_are_separate(
    directory: Directory, signed_in: SignedIn, table: TableClient
) -> None:
    await directory.chats.open(await signed_in("grace"), (ALAN, JOAN))
    rows = [row async for row in table.query_entities("PartitionKey eq @p", parameters={"p": f"chat {CONTOSO}"})]
    assert [set(row) - {"PartitionKey", "RowKey"} for row in rows] == [{"chat"}]  # neither people nor topic


async def test_an_app_without_a_user_opens_no_chat(directory: Directory, signed_in: SignedIn) -> None:
    assert (await upstream_error(directory.chats.open(await signed_in(app=API), (ALAN,)))).code == "NeedsUser"


async def test_without_a_table_no_group_is_created(
    environment: dict[str, str], signed_in: SignedIn, control: Control
) -> None:
    """Its thread id could not be stored: a missing table is a fault of the deployment, and is raised."""
    parts = Container(environment | {"DIRECTORY_TABLE": "missing"})
    with pytest.raises(ResourceNotFoundError):
        await parts.directory.chats.open(await signed_in("grace"), (ALAN, ADA))
    await parts.close()
    assert await made(control) == 0
