"""Inviting, removing, muting, holding and moving participants: the requests to ACS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from emulator.server import Emulator
from shared.acs.executor import EffectExecutor
from shared.calls.actions import (
    Action,
    AddParticipant,
    CancelInvitation,
    HoldParticipant,
    MoveParticipants,
    MuteParticipant,
    RemoveParticipant,
    TransferCall,
    UnholdParticipant,
)
from shared.calls.capabilities import Call
from shared.calls.capabilities.participants import ParticipantInvited, Participants
from shared.calls.emergency import REFUSAL
from shared.calls.event import ActionFailed, ActionPerformed
from shared.calls.policy import CallPolicy
from tests.support import Servers, a_call, an_effect, asked, perform, responding

CALLER, NUMBER = "4:+12065551212", "4:+12065550199"
AGENT = (
    "8:acs:ac5e0000-0000-4000-8000-000000000001_c0000000-0000-4000-8000-000000000001"
    "_0000c0de-0000-4000-8000-0000000000a2"
)


async def test_an_agent_is_invited_with_the_calls_id_and_nothing_else(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    effect = an_effect(AddParticipant(AGENT, ring_seconds=40))
    outcome = (await executor.perform(answered_call, effect, 8)).data
    (request,) = asked(emulator, "AddParticipant")
    body = request["body"]
    assert body["participantToAdd"]["rawId"] == AGENT
    assert body["participantToAdd"]["teamsExtensionUser"]["userId"] == "0000c0de-0000-4000-8000-0000000000a2"
    assert body["customCallingContext"] == {"voipHeaders": {"X-Call-Id": answered_call.id}}
    assert body["invitationTimeoutInSeconds"] == 40
    assert body["operationContext"] == request["headers"]["Repeatability-Request-ID"] == effect.id
    assert isinstance(outcome, ParticipantInvited)
    assert outcome.invitation_id


async def test_a_number_is_invited_without_headers_and_without_a_caller_id(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    await perform(executor, answered_call, AddParticipant(NUMBER))
    body = asked(emulator, "AddParticipant")[0]["body"]
    assert body["participantToAdd"]["phoneNumber"]["value"] == "+12065550199"
    assert body.keys() == {"participantToAdd", "operationContext"}


async def test_an_invitation_is_cancelled_by_its_id(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    invited = await perform(executor, answered_call, AddParticipant(AGENT))
    part = Participants(invitations={"operation": invited.invitation_id})
    call = replace(answered_call, participants=part)
    assert isinstance(await perform(executor, call, CancelInvitation("operation")), ActionPerformed)
    assert asked(emulator, "CancelAddParticipant")[0]["body"]["invitationId"] == invited.invitation_id


async def test_a_cancellation_waits_for_the_id_of_its_invitation(executor: EffectExecutor, emulator: Emulator) -> None:
    failed = await perform(executor, a_call(), CancelInvitation("operation"))
    assert isinstance(failed, ActionFailed)
    assert not failed.action.is_final(*failed.codes, 1)
    assert asked(emulator, "CancelAddParticipant") == []


@pytest.mark.parametrize("answer", [None, {}], ids=["without a body", "without an id"])
async def test_an_invitation_without_an_id_is_accepted_nevertheless(
    make_executor: Callable[..., EffectExecutor], servers: Servers, answer: Any
) -> None:
    executor = make_executor(ACS_ENDPOINT=await servers.start(responding(202, answer)))
    invited = await perform(executor, a_call(), AddParticipant(AGENT))
    assert isinstance(invited, ParticipantInvited)
    assert invited.invitation_id is None


async def test_a_participant_is_removed(executor: EffectExecutor, answered_call: Call, emulator: Emulator) -> None:
    effect = an_effect(RemoveParticipant(CALLER))
    assert isinstance((await executor.perform(answered_call, effect, 8)).data, ActionPerformed)
    (request,) = asked(emulator, "RemoveParticipant")
    assert request["body"]["participantToRemove"]["rawId"] == CALLER
    assert request["body"]["operationContext"] == request["headers"]["Repeatability-Request-ID"] == effect.id


ACTIONS: list[tuple[Action, str, bool]] = [
    (MuteParticipant(AGENT), "/participants:mute", True),
    (MoveParticipants((AGENT,), "other"), "/participants:moveHere", True),
    (HoldParticipant(AGENT, "https://music.example/hold.wav"), ":hold", False),
    (HoldParticipant(AGENT), ":hold", False),
    (UnholdParticipant(AGENT), ":unhold", False),
]


@pytest.mark.parametrize(("action", "path", "repeatable"), ACTIONS, ids=lambda each: str(each)[:30])
async def test_the_others_have_the_effects_id_and_are_repeatable_where_acs_allows_it(
    make_executor: Callable[..., EffectExecutor], servers: Servers, action: Any, path: str, repeatable: bool
) -> None:
    executor = make_executor(ACS_ENDPOINT=await servers.start(responding(200, {"operationContext": "x"})))
    effect = an_effect(action)
    assert isinstance((await executor.perform(a_call(), effect, 8)).data, ActionPerformed)
    (request,) = servers.requests
    assert request.path.endswith(path)
    assert request.headers.get("Repeatability-Request-ID") == (effect.id if repeatable else None)


@pytest.mark.parametrize("action", [HoldParticipant(AGENT), UnholdParticipant(AGENT)])
async def test_a_hold_is_sent_once(make_executor: Callable[..., EffectExecutor], servers: Servers, action: Any) -> None:
    executor = make_executor(ACS_ENDPOINT=await servers.start(503))
    failed = await perform(executor, a_call(), action)
    assert failed.code == 503
    assert len(servers.requests) == 1


@pytest.mark.parametrize("action", [AddParticipant("4:+112"), TransferCall("4:+49112"), AddParticipant("4:+10111")])
async def test_an_emergency_number_is_not_called_whatever_has_led_to_the_action(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator, action: AddParticipant | TransferCall
) -> None:
    call = replace(answered_call, policy=CallPolicy(emergency_numbers=("10111",)))
    failed = (await executor.perform(call, an_effect(action), 8)).data
    assert isinstance(failed, ActionFailed)
    assert (failed.code, failed.message) == (403, REFUSAL)
    assert action.is_final(403, 0, 1)
    assert not asked(emulator, "AddParticipant")
    assert not asked(emulator, "TransferToParticipant")
