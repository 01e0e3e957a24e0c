"""Participants over the API: invited, removed, cancelled, and what a call does not allow."""

from __future__ import annotations

import asyncio
from typing import Any

from shared.calls.state import CallState
from tests.api.calls.conftest import Line
from tests.api.calls.parties import (
    ALAN,
    CALLER,
    GRACE,
    NUMBER,
    answers,
    caller_hangs_up,
    raw_id,
    requests,
    with_agents,
)
from tests.api.conftest import Reply


async def add(line: Line, call_id: str, *targets: dict[str, str], wait: int = 5, **more: Any) -> Reply:
    return await line.command(f"calls/{call_id}/participants", {"targets": list(targets)} | more, wait=wait)


def statuses(reply: Reply) -> list[str]:
    return [each["status"] for each in reply.data["value"]]


async def test_an_agent_and_a_number_ring_at_once_and_join(line: Line) -> None:
    call_id = await line.connected()
    await answers(line, raw_id(GRACE))
    await answers(line, f"4:{NUMBER}", "decline")
    added = await add(line, call_id, {"agent": GRACE}, {"number": NUMBER}, ringSeconds=20)
    assert (added.status, statuses(added)) == (200, ["succeeded", "failed"]), added.body
    failure = added.data["value"][1]["failure"]
    assert (failure["code"], failure["meaning"]) == (603, "the call was declined")
    await line.system.until(call_id, lambda call: raw_id(GRACE) in call.participants.present)
    first, second = await requests(line, "AddParticipant")
    assert first["customCallingContext"] == {"voipHeaders": {"X-Call-Id": call_id}}
    assert "customCallingContext" not in second
    assert first["invitationTimeoutInSeconds"] == 20
    seen = (await line.get(f"calls/{call_id}/participants")).data
    grace = next(each for each in seen["participants"] if each.get("userId") == GRACE)
    assert (grace["present"], grace["muted"], grace["onHold"], grace["kind"]) == (True, False, False, "agent")
    assert grace["joinedAt"]
    invited = {each["target"]["id"]: (each["status"], each["present"]) for each in seen["invitations"]}
    assert invited == {raw_id(GRACE): ("succeeded", True), f"4:{NUMBER}": ("failed", False)}
    for entry in (await line.call(call_id)).timeline:
        assert "+1206" not in entry.text


async def test_an_addition_that_acs_reports_as_succeeded_is_not_taken_for_presence(line: Line) -> None:
    call_id = await line.connected()
    await answers(line, raw_id(GRACE), "decline", declined_as_succeeded=True)
    added = await add(line, call_id, {"agent": GRACE})
    assert statuses(added) == ["succeeded"]
    (invitation,) = (await line.get(f"calls/{call_id}/participants")).data["invitations"]
    assert (invitation["status"], invitation["present"]) == ("succeeded", False)


async def test_an_invitation_is_cancelled_and_can_be_made_again(line: Line) -> None:
    call_id = await line.connected()
    await answers(line, raw_id(GRACE), after=20)
    added = await add(line, call_id, {"agent": GRACE}, wait=0)
    (operation,) = added.data["value"]
    again = await add(line, call_id, {"agent": GRACE}, {"agent": ALAN}, wait=0)
    assert again.data["value"][0]["id"] == operation["id"], "the same invitation"
    other = await line.client.token(user="joan", roles=["Supervisor"])
    body = {"targets": [{"agent": GRACE}]}
    refused = await line.command(f"calls/{call_id}/participants", body, token=other)
    assert (refused.status, refused.data["code"]) == (409, "NotAllowed")
    assert operation["id"] in refused.data["detail"]
    cancel = f"calls/{call_id}/operations/{operation['id']}/cancel"
    canceled = await line.command(cancel)
    assert (canceled.status, canceled.data["status"]) == (200, "succeeded"), canceled.body
    state = (await line.get(f"calls/{call_id}/operations/{operation['id']}")).data
    assert state["status"] == "canceled"
    refused = await line.command(cancel)
    assert (refused.status, refused.data["code"]) == (409, "NotAllowed")
    assert "canceled already" in refused.data["detail"]
    await answers(line, raw_id(GRACE), after=0)
    assert statuses(await add(line, call_id, {"agent": GRACE})) == ["succeeded"]


async def test_what_cannot_be_cancelled_says_so(line: Line) -> None:
    call_id = await with_agents(line, GRACE)
    removed = await line.command(f"calls/{call_id}/participants/remove", {"target": {"agent": GRACE}})
    refused = await line.command(f"calls/{call_id}/operations/{removed.data['id']}/cancel")
    assert (refused.status, refused.data["code"]) == (409, "NotCancelable")
    unknown = await line.command(f"calls/{call_id}/operations/{'0' * 8}-0000-4000-8000-{'0' * 12}/cancel")
    assert (unknown.status, unknown.data["code"]) == (404, "NotFound")


async def test_a_double_clicked_removal_happens_once(line: Line) -> None:
    call_id = await with_agents(line, GRACE)
    remove = f"calls/{call_id}/participants/remove"
    replies = await asyncio.gather(*(line.command(remove, {"target": {"agent": GRACE}}) for _ in "two"))
    assert {reply.data.get("status") or reply.data["code"] for reply in replies} <= {"succeeded", "NotAllowed"}
    assert "succeeded" in {reply.data.get("status") for reply in replies}
    call = await line.system.until(call_id, lambda call: raw_id(GRACE) not in call.participants.present)
    assert call.state is CallState.CONNECTED
    assert len(await requests(line, "RemoveParticipant")) == 1
    gone = await line.command(remove, {"target": {"agent": GRACE}})
    assert (gone.status, gone.data["code"]) == (409, "NotAllowed")
    assert "is not in the call" in gone.data["detail"]


async def test_two_supervisors_remove_at_once_and_each_learns_the_outcome(line: Line) -> None:
    call_id = await with_agents(line, GRACE)
    other = await line.client.token(user="joan", roles=["Supervisor"])
    remove, body = f"calls/{call_id}/participants/remove", {"target": {"agent": GRACE}}
    replies = await asyncio.gather(line.command(remove, body), line.command(remove, body, token=other))
    outcomes = sorted(reply.data.get("status") or reply.data["code"] for reply in replies)
    assert outcomes[-1] == "succeeded", [reply.body for reply in replies]
    assert outcomes[0] in {"failed", "NotAllowed", "succeeded"}
    call = await line.system.until(call_id, lambda call: raw_id(GRACE) not in call.participants.present)
    assert call.state is CallState.CONNECTED


async def test_the_caller_hangs_up_while_an_agent_rings(line: Line) -> None:
    call_id = await line.connected()
    await answers(line, raw_id(GRACE), after=20)
    added = asyncio.create_task(add(line, call_id, {"agent": GRACE}, wait=10))
    await line.system.until(call_id, lambda call: bool(call.participants.invitations))
    await caller_hangs_up(line, call_id)
    reply = await added
    (operation,) = reply.data["value"]
    assert (reply.status, operation["status"]) == (200, "failed"), reply.body
    assert operation["failure"]["code"] == 404


async def test_the_last_participant_is_removed_and_the_call_ends(line: Line) -> None:
    call_id = await with_agents(line)
    removed = await line.command(f"calls/{call_id}/participants/remove", {"target": {"number": CALLER}}, wait=10)
    assert (removed.status, removed.data["status"]) == (200, "succeeded"), removed.body
    await line.system.until(call_id, lambda call: call.state is CallState.ENDED)


async def test_agents_act_on_the_calls_that_they_are_in_and_see_those_they_are_invited_to(line: Line) -> None:
    call_id = await with_agents(line, GRACE)
    grace = await line.client.token(user="grace", roles=["Agent"])
    alan = await line.client.token(user="alan", roles=["Agent"])
    participants = f"calls/{call_id}/participants"
    assert (await line.get(participants, alan)).status == 404
    await answers(line, raw_id(ALAN), after=20)
    body = {"targets": [{"agent": ALAN}]}
    invited = await line.command(participants, body, wait=0, token=grace)
    assert invited.status == 202, invited.body
    assert (await line.get(participants, alan)).status == 200
    refused = await line.command(f"{participants}/remove", {"target": {"agent": GRACE}}, token=alan)
    assert (refused.status, refused.data["code"]) == (403, "NotInCall")


async def test_mute_and_hold_are_refused_in_a_teams_phone_call_with_the_reason(line: Line) -> None:
    call_id = await with_agents(line, GRACE)
    for name in ("mute", "hold", "unhold"):
        refused = await line.command(f"calls/{call_id}/participants/{name}", {"target": {"agent": GRACE}})
        assert (refused.status, refused.data["code"]) == (409, "NotAllowed"), name
        assert "client" in refused.data["detail"]
    assert [each["operation"] for each in await line.system.journal("acs.request") if "Hold" in each["operation"]] == []


async def test_targets_are_refused_by_the_name_of_their_field(line: Line) -> None:
    call_id = await with_agents(line)
    bodies: list[tuple[Any, str]] = [
        ({"targets": []}, "targets"),
        ({"targets": [{"number": "0199"}]}, "number"),
        ({"targets": [{"agent": GRACE}] * 2}, "another identity"),
        ({"targets": [{"agent": GRACE, "number": NUMBER}]}, "exactly one"),
        ({"targets": [{"rawId": "grace"}]}, "rawid"),
        ({"targets": [{"agent": GRACE}], "ringSeconds": 181}, "ringseconds"),
    ]
    for body, named in bodies:
        refused = await line.command(f"calls/{call_id}/participants", body)
        assert (refused.status, refused.data["code"]) == (400, "BadBody"), body
        assert named in refused.data["detail"].lower()
    assert await requests(line, "AddParticipant") == []


async def test_a_caller_moves_from_one_call_to_another(line: Line) -> None:
    here = await with_agents(line, GRACE)
    there = await line.connected(**{"from": NUMBER})
    body = {"targets": [{"number": NUMBER}], "fromCall": there}
    moved = await line.command(f"calls/{here}/participants/move", body)
    assert statuses(moved) == ["succeeded"], moved.body
    await line.system.until(here, lambda call: f"4:{NUMBER}" in call.participants.present)
    await line.system.until(there, lambda call: call.state is CallState.ENDED)
    unknown = body | {"fromCall": "20261121-" + "0" * 32}
    refused = await line.command(f"calls/{here}/participants/move", unknown)
    assert (refused.status, refused.data["code"]) == (404, "NotFound")


async def test_in_an_acs_call_a_participant_is_held_and_resumed_and_muted(line: Line) -> None:
    """Calls that are not Teams Phone's have no tenant: only holders of a key see them."""
    caller = "8:acs:ac5e0000-0000-4000-8000-000000000001_0000000a-0000-4000-8000-000000000001"
    call_id = await line.connected(**{"kind": "acs", "from": caller, "to": caller.replace("000a", "000b")})
    await line.system.until(call_id, lambda call: caller in call.participants.present)

    async def send(name: str) -> Reply:
        path, body = f"calls/{call_id}/participants/{name}", {"target": {"rawId": caller}}
        return await line.client.ask("POST", path, None, body, keyed=True, Prefer="wait=5")

    assert [(await send(name)).data["status"] for name in ("hold", "mute")] == ["succeeded"] * 2
    await line.system.until(call_id, lambda call: call.participants.on_hold == call.participants.muted == (caller,))
    path = f"calls/{call_id}/participants"
    seen = (await line.client.ask("GET", path, None, keyed=True)).data["participants"]
    assert [(each["onHold"], each["muted"]) for each in seen if each["id"] == caller] == [(True, True)]
    assert (await send("unhold")).data["status"] == "succeeded"
    await line.system.until(call_id, lambda call: call.participants.on_hold == ())


async def test_the_same_key_invites_once_and_another_body_with_it_is_refused(line: Line) -> None:
    call_id = await line.connected()
    await answers(line, raw_id(GRACE), after=20)

    async def send(*targets: dict[str, str]) -> Reply:
        path, body = f"calls/{call_id}/participants", {"targets": list(targets)}
        return await line.client.ask("POST", path, line.supervisor, body, Idempotency_Key="k")

    replies = await asyncio.gather(*(send({"agent": GRACE}, {"number": NUMBER}) for _ in "two"))
    assert {reply.status for reply in replies} == {202}
    assert len({tuple(each["id"] for each in reply.data["value"]) for reply in replies}) == 1
    assert len(await requests(line, "AddParticipant")) == 2
    reused = await send({"agent": ALAN}, {"number": NUMBER})
    assert (reused.status, reused.data["code"]) == (409, "KeyReused")
