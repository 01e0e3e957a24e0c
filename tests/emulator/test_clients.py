"""Calling clients over a web socket: what the calling SDK does for a page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from azure.communication.callautomation import TeamsExtensionUserIdentifier

from emulator.listening import heard
from emulator.server import Emulator
from tests.emulator.calling_client import (
    TENANT,
    USERS,
    CallingClient,
    CommandError,
    agent_of,
    connected,
    teams_user,
    token_of,
)
from tests.emulator.client import CALLER, Application, Control, until

NUMBER = "4:+4915112345"
MEETING = "https://teams.microsoft.com/l/meetup-join/stand-up"
ACCOUNT = "28:orgid:11111111-1111-4111-8111-111111111111"

Connect = Callable[..., Awaitable[CallingClient]]


@pytest.fixture
async def connect(emulator: Emulator) -> AsyncIterator[Connect]:
    """Connect a client with an identity; it is disconnected after the test."""
    async with aiohttp.ClientSession() as http:
        yield lambda raw_id, **more: connected(emulator, http, raw_id, **more)


@pytest.fixture
async def grace(emulator: Emulator, connect: Connect) -> CallingClient:
    """Grace's agent, registered as ready."""
    return await connect(agent_of(emulator, "grace"))


def identifier_of(emulator: Emulator, user: str) -> TeamsExtensionUserIdentifier:
    return TeamsExtensionUserIdentifier(
        user_id=USERS[user], tenant_id=TENANT, resource_id=emulator.config.resource_id, cloud="public"
    )


def _participants(app: Application) -> list[dict[str, Any]]:
    return [each for data in app.of("ParticipantsUpdated") for each in data["participants"]]


def reason(view: dict[str, Any]) -> tuple[int, int]:
    return view["endReason"]["code"], view["endReason"]["subCode"]


# -- Registration --


@pytest.mark.parametrize(("kind", "tenant", "codes"), [("teams", None, (403, 40231)), ("guest", TENANT, (403, 40229))])
async def test_a_token_of_the_other_kind_is_refused(
    emulator: Emulator, session: aiohttp.ClientSession, kind: str, tenant: str | None, codes: tuple[int, int]
) -> None:
    client = CallingClient(await session.ws_connect(f"{emulator.url}/clients"))
    client.start()
    token = token_of(emulator, f"8:acs:{emulator.config.resource_id}_{USERS['grace']}", tenant=tenant)
    with pytest.raises(CommandError) as refused:
        await client.do("register", kind=kind, token=token)
    assert refused.value.args == codes


@pytest.mark.parametrize("token", ["", "no token", "{callback}"])
async def test_a_token_of_another_issuer_is_refused(
    emulator: Emulator, session: aiohttp.ClientSession, token: str
) -> None:
    client = CallingClient(await session.ws_connect(f"{emulator.url}/clients"))
    client.start()
    with pytest.raises(CommandError) as refused:
        await client.do("register", kind="teams", token=token.format(callback=emulator.service.callback_token()))
    assert refused.value.args == (401, 10009)


async def test_an_expired_token_registers_a_client_that_is_disconnected(emulator: Emulator, connect: Connect) -> None:
    client = await connect(agent_of(emulator, "grace"), expires_in=-60)
    assert client.of("connection") == [{"type": "connection", "state": "Disconnected", "reason": "invalidToken"}]
    await client.do("token", token=token_of(emulator, agent_of(emulator, "grace")))
    assert (await client.message("connection", 2))["state"] == "Connected"


# -- Rings --


async def test_an_agent_answers_and_both_hear_each_other(
    emulator: Emulator, answered: Any, app: Application, grace: CallingClient
) -> None:
    call = await answered()
    headers = {"X-Call-Id": "1"}
    await call.connection.add_participant(identifier_of(emulator, "grace"), voip_headers=headers)
    ring = await grace.message("ring")
    assert (ring["caller"], ring["headers"]) == (f"4:{CALLER}", headers)
    await grace.do("accept", ring=ring["ring"], call="one")
    view = await grace.state("one", "Connected")
    assert [each["rawId"] for each in view["participants"]] == [f"4:{CALLER}"]
    assert grace.states("one") == ["Connecting", "Connected"]
    await app.event("AddParticipantSucceeded")
    await until(lambda: grace.hears(300))
    await grace.speak(1000)
    await grace.do("mute", call="one")
    await grace.speak(2000)
    sounds = {f"{hertz}": hertz for hertz in (1000, 2000)}
    async with aiohttp.ClientSession() as http:
        url = f"{emulator.url}/_emulator/calls/{call.id}/heard/4:{CALLER}"
        wav = await (await http.get(url)).read()
    assert heard(wav, sounds) == {"1000"}


async def test_an_agent_declines(emulator: Emulator, answered: Any, app: Application, grace: CallingClient) -> None:
    call = await answered()
    await call.connection.add_participant(identifier_of(emulator, "grace"))
    await grace.do("reject", ring=(await grace.message("ring"))["ring"])
    failed = (await app.event("AddParticipantFailed"))["resultInformation"]
    assert (failed["code"], failed["subCode"]) == (603, 560603)


async def test_a_ring_that_is_not_answered_ends(
    emulator: Emulator, answered: Any, app: Application, grace: CallingClient
) -> None:
    call = await answered()
    await call.connection.add_participant(identifier_of(emulator, "grace"), invitation_timeout=10)
    ring = await grace.message("ring")
    assert (await app.event("AddParticipantFailed"))["resultInformation"]["subCode"] == 10004
    assert (await grace.message("ringEnded"))["ring"] == ring["ring"]
    with pytest.raises(CommandError) as refused:
        await grace.do("accept", ring=ring["ring"], call="one")
    assert refused.value.args == (400, 41006)


async def test_a_cancelled_ring_ends(emulator: Emulator, answered: Any, app: Application, grace: CallingClient) -> None:
    call = await answered()
    added = await call.connection.add_participant(identifier_of(emulator, "grace"))
    await grace.message("ring")
    await call.connection.cancel_add_participant_operation(added.invitation_id)
    assert reason(await grace.message("ringEnded")) == (487, 0)


async def test_the_first_of_two_pages_answers(
    emulator: Emulator, answered: Any, connect: Connect, grace: CallingClient
) -> None:
    other = await connect(agent_of(emulator, "grace"))
    call = await answered()
    await call.connection.add_participant(identifier_of(emulator, "grace"))
    ring = await other.message("ring")
    await other.do("accept", ring=ring["ring"], call="one")
    assert reason(await grace.message("ringEnded")) == (487, 10003)
    await other.state("one", "Connected")


async def test_an_agent_with_a_teams_users_client_alone_is_not_reached(
    emulator: Emulator, answered: Any, app: Application, connect: Connect
) -> None:
    await connect(teams_user("grace"))
    call = await answered()
    await call.connection.add_participant(identifier_of(emulator, "grace"), invitation_timeout=5)
    failed = (await app.event("AddParticipantFailed"))["resultInformation"]
    assert (failed["code"], failed["subCode"]) == (408, 10057)


async def test_a_command_that_is_not_understood_is_refused(grace: CallingClient) -> None:
    for what, more in (("dance", {}), ("accept", {}), ("start", {"call": "one", "callees": []})):
        with pytest.raises(CommandError) as refused:
            await grace.do(what, **more)
        assert refused.value.args == (400, 0)


# -- In a call --


async def test_a_caller_is_transferred_to_a_page(
    emulator: Emulator, answered: Any, app: Application, control: Control, grace: CallingClient
) -> None:
    call = await answered()
    await call.connection.transfer_call_to_participant(identifier_of(emulator, "grace"))
    await grace.do("accept", ring=(await grace.message("ring"))["ring"], call="one")
    view = await grace.state("one", "Connected")
    await app.event("CallTransferAccepted")
    assert [each["rawId"] for each in view["participants"]] == [f"4:{CALLER}"]
    await until(lambda: grace.hears(300))
    await control("POST", f"calls/{call.id}/hangup", {"who": f"4:{CALLER}"})
    assert reason(await grace.state("one", "Disconnected")) == (0, 560000)


@pytest.mark.parametrize(("end", "codes"), [("remove", (0, 5300)), ("terminate", (0, 7000))])
async def test_the_end_of_a_call_has_its_reason(
    emulator: Emulator, answered: Any, grace: CallingClient, *, end: str, codes: tuple[int, int]
) -> None:
    call, identifier = await answered(), identifier_of(emulator, "grace")
    await call.connection.add_participant(identifier)
    await grace.do("accept", ring=(await grace.message("ring"))["ring"], call="one")
    await grace.state("one", "Connected")
    if end == "remove":
        await call.connection.remove_participant(identifier)
    else:
        await call.connection.hang_up(is_for_everyone=True)
    assert reason(await grace.state("one", "Disconnected")) == codes


async def test_a_call_of_two_is_held_and_one_of_three_is_not(
    emulator: Emulator, answered: Any, app: Application, control: Control, grace: CallingClient
) -> None:
    call = await answered()
    await call.connection.add_participant(identifier_of(emulator, "grace"))
    await grace.do("accept", ring=(await grace.message("ring"))["ring"], call="one")
    await grace.state("one", "Connected")
    await grace.do("hold", call="one")
    await grace.state("one", "LocalHold")
    await until(lambda: any(each["isOnHold"] for each in _participants(app)))
    await grace.do("resume", call="one")
    await call.connection.add_participant(identifier_of(emulator, "alan"))
    await until(lambda: len(app.of("AddParticipantSucceeded")) == 2)
    with pytest.raises(CommandError):
        await grace.do("hold", call="one")


async def test_a_connection_that_is_lost_comes_back_into_the_call(
    emulator: Emulator, answered: Any, control: Control, connect: Connect, grace: CallingClient
) -> None:
    call = await answered()
    await call.connection.add_participant(identifier_of(emulator, "grace"))
    await grace.do("accept", ring=(await grace.message("ring"))["ring"], call="one")
    await grace.state("one", "Connected")
    await control("POST", f"clients/{agent_of(emulator, 'grace')}/cut", {"seconds": 0})
    await until(lambda: grace.socket.closed)
    again = await connect(agent_of(emulator, "grace"), session=grace.session)
    await again.state("one", "Connected")
    assert again.session == grace.session
    await again.socket.send_json({"do": "bye"})
    await until(lambda: emulator.clients.clients == {})
    described = await control("GET", f"calls/{call.id}")
    assert [each["identifier"]["rawId"] for each in described["participants"]] == [f"4:{CALLER}"]


# -- Calls that clients start --


async def test_a_teams_user_calls_a_number(control: Control, connect: Connect) -> None:
    ada = await connect(teams_user("ada"))
    await ada.do("start", call="one", callees=[NUMBER])
    await ada.state("one", "Connected")
    assert ada.states("one") == ["Connecting", "Ringing", "Connected"]
    await until(lambda: ada.hears(450))
    await ada.do("hangUp", call="one")
    assert reason(await ada.state("one", "Disconnected")) == (0, 0)


@pytest.mark.parametrize(("behaviour", "codes"), [("decline", (603, 560603)), ("no_answer", (480, 560480))])
async def test_a_number_that_does_not_answer_ends_the_call(
    control: Control, connect: Connect, behaviour: str, codes: tuple[int, int]
) -> None:
    await control("PUT", f"callees/{NUMBER}", {"behaviour": behaviour})
    ada = await connect(teams_user("ada"))
    await ada.do("start", call="one", callees=[NUMBER])
    assert reason(await ada.state("one", "Disconnected")) == codes


async def test_colleagues_talk_and_one_hangs_up(connect: Connect) -> None:
    ada, alan = await connect(teams_user("ada")), await connect(teams_user("alan"))
    await ada.do("start", call="out", callees=[teams_user("alan")])
    ring = await alan.message("ring")
    assert ring["caller"] == teams_user("ada")
    assert (await alan.message("caller"))["name"] == "Ada Lovelace"
    await alan.do("accept", ring=ring["ring"], call="in")
    await ada.state("out", "Connected")
    await ada.speak(1000)
    await until(lambda: alan.hears(1000))
    await ada.do("hold", call="out")
    await alan.state("in", "RemoteHold")
    await ada.do("resume", call="out")
    await alan.do("hangUp", call="in")
    assert reason(await ada.state("out", "Disconnected")) == (0, 0)


async def test_a_call_that_is_given_up_rings_no_longer(connect: Connect) -> None:
    ada, alan = await connect(teams_user("ada")), await connect(teams_user("alan"))
    await ada.do("start", call="out", callees=[teams_user("alan")])
    await alan.message("ring")
    await ada.do("hangUp", call="out")
    await alan.message("ringEnded")


async def test_an_agent_calls_on_behalf_of_a_resource_account(
    emulator: Emulator, control: Control, grace: CallingClient
) -> None:
    await grace.do("start", call="one", callees=[NUMBER], onBehalfOf=ACCOUNT, headers={"X-Reason": "callback"})
    await grace.state("one", "Ringing")
    await control.idle()
    (event,) = await control.events("IncomingCall")
    assert event["data"]["onBehalfOfCallee"]["rawId"] == NUMBER
    assert (event["data"]["from"]["rawId"], event["data"]["to"]["rawId"]) == (agent_of(emulator, "grace"), ACCOUNT)
    assert event["data"]["customContext"]["voipHeaders"] == {"X-Reason": "callback"}
    assert reason(await grace.state("one", "Disconnected")) == (480, 10037)  # no application answers


@pytest.mark.parametrize(
    ("user", "persona", "on_behalf_of", "codes"),
    [
        ("grace", "agent", "8:orgid:0000ada0-0000-4000-8000-0000000000a1", (422, 0)),
        ("grace", "agent", "28:orgid:00000000-0000-4000-8000-00000000dead", (404, 0)),
        ("ada", "teams", "8:orgid:0000a1a0-0000-4000-8000-0000000000a3", (403, 0)),
    ],
)
async def test_a_call_on_behalf_of_another_is_refused(
    emulator: Emulator, connect: Connect, *, user: str, persona: str, on_behalf_of: str, codes: tuple[int, int]
) -> None:
    client = await connect(agent_of(emulator, user) if persona == "agent" else teams_user(user))
    await client.do("start", call="one", callees=[NUMBER], onBehalfOf=on_behalf_of)
    assert reason(await client.state("one", "Disconnected")) == codes


async def test_a_delegate_calls_for_a_delegator_and_takes_calls_to_them(connect: Connect) -> None:
    alan, ada = await connect(teams_user("alan")), await connect(teams_user("ada"))
    await alan.do("start", call="out", callees=[NUMBER], onBehalfOf=teams_user("grace"))
    await alan.state("out", "Connected")
    await ada.do("start", call="to grace", callees=[teams_user("grace")])
    ring = await alan.message("ring")
    await alan.do("accept", ring=ring["ring"], call="in")
    await ada.state("to grace", "Connected")


async def test_a_guest_calls_a_voice_application_and_a_teams_user(
    emulator: Emulator, control: Control, connect: Connect
) -> None:
    guest = await connect(f"8:acs:{emulator.config.resource_id}_0000aaaa-0000-4000-8000-000000000001")
    await control("PUT", f"callees/{ACCOUNT}", {"behaviour": "accept"})
    await guest.do("start", call="queue", callees=[ACCOUNT])
    await guest.state("queue", "Connected")
    await guest.do("hangUp", call="queue")
    await guest.do("start", call="user", callees=[teams_user("ada")])
    await guest.state("user", "Connected")


# -- Meetings --


async def test_a_meeting_admits_from_its_lobby(connect: Connect) -> None:
    alan, ada = await connect(teams_user("alan")), await connect(teams_user("ada"))
    for client in (alan, ada):
        await client.do("join", call="meeting", meeting={"meetingLink": MEETING})
    view = await alan.state("meeting", "Connected")
    assert alan.states("meeting") == ["InLobby", "Connected"]
    assert view["participants"]
    await ada.state("meeting", "Connected")
    await ada.speak(1000)
    assert await alan.state("meeting", "Connected")


@pytest.mark.parametrize(
    ("admission", "codes"),
    [
        ({"outcome": "deny"}, (0, 5854)),
        ({"outcome": "wait"}, (408, 0)),
        ({"outcome": "admit", "removes_after": 5}, (0, 5300)),
    ],
)
async def test_a_meeting_that_ends_for_one(
    control: Control, connect: Connect, admission: dict[str, Any], codes: tuple[int, int]
) -> None:
    await control("PUT", "meetings", {"meeting": "123 456", **admission})
    alan = await connect(teams_user("alan"))
    await alan.do("join", call="meeting", meeting={"meetingId": "123 456", "passcode": "x"})
    assert reason(await alan.state("meeting", "Disconnected")) == codes


async def test_a_meeting_that_does_not_exist(connect: Connect) -> None:
    alan = await connect(teams_user("alan"))
    await alan.do("join", call="meeting", meeting={"meetingLink": "https://teams.microsoft.com/l/meetup-join/none"})
    assert reason(await alan.state("meeting", "Disconnected")) == (404, 0)
