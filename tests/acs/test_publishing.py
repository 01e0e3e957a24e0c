"""Events of calls for other applications, from the effect to the topic."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from emulator.server import Emulator
from local.stack import ROOT
from shared.acs.executor import EffectExecutor
from shared.calls.actions import PublishEvents
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.capabilities.on_behalf_of import OnBehalfOf
from shared.calls.capabilities.participants import Participants, Ring
from shared.calls.capabilities.recording import Chunk, Recording, Recordings, digest_of
from shared.calls.capabilities.routing import Routing
from shared.calls.effect import effect_id
from shared.calls.event import ActionFailed, ActionPerformed
from shared.calls.plans.base import Visit
from shared.calls.published import CALL_EVENTS
from shared.calls.state import CallState
from tests.golden import START
from tests.support import CALL_ID, a_call, perform

ACCOUNT, TENANT = "11111111-1111-4111-8111-111111111111", "c0000000-0000-4000-8000-000000000001"
AGENT = "22222222-2222-4222-8222-222222222222"
RAW_ID = f"8:acs:{ACCOUNT}_{TENANT}_{AGENT}"
NUMBER, NAME = "+12065551212", "Ada Lovelace"
RECORDING = digest_of("recording")
ALL = (
    "CallConnected",
    "CallNotConnected missed",
    "StepReached menu.1",
    "StepReached agents.1",
    "AgentRang add",
    f"AgentConnected {AGENT}",
    "CallEnded",
    f"CallArchived {RECORDING} 1",
    "CallArchived",
)


def call() -> Call:
    visits = (
        Visit("menu", 1, START, {"try": "4711"}, left_at=START, to="agents", reason="pressed 4711"),
        Visit("agents", 1, START),
    )
    return a_call(
        reached={CallState.CONNECTED: START, CallState.ENDED: START},
        lifecycle=Lifecycle(
            caller=f"4:{NUMBER}", caller_name=NAME, callee=f"28:orgid:{ACCOUNT}", tenant=TENANT, called_at=START
        ),
        participants=Participants(joined_at={RAW_ID: START}, rings={"add": Ring(RAW_ID, START)}),
        recording=Recordings({"recording": Recording(chunks={"0": Chunk("https://a", path="2026/0", length=44)})}),
        routing=Routing(name="default", version=7, visits=visits),
    )


def published(emulator: Emulator) -> list[dict[str, Any]]:
    return [entry["event"] for entry in emulator.journal.entries("event")]


def by_type(emulator: Emulator) -> dict[str, dict[str, Any]]:
    return {each["type"].rpartition(".")[2]: each for each in reversed(published(emulator))}


async def test_all_that_is_due_is_published_in_the_order_of_its_numbers(
    executor: EffectExecutor, emulator: Emulator
) -> None:
    assert isinstance(await perform(executor, call(), PublishEvents(ALL, 4, START)), ActionPerformed)
    events = published(emulator)
    assert [each["data"]["sequence"] for each in events] == list(range(4, 4 + len(ALL)))
    assert {each["source"] for each in events} == {f"/calls/{CALL_ID}"}
    assert [each["id"] for each in events] == [effect_id(CALL_ID, f"publish {key}") for key in ALL]


async def test_an_event_says_what_has_happened_and_when(executor: EffectExecutor, emulator: Emulator) -> None:
    await perform(executor, call(), PublishEvents(ALL, 1, START + timedelta(hours=1)))
    found = by_type(emulator)
    assert found["CallConnected"]["time"] == "2026-11-21T09:00:00.000Z"
    assert found["CallArchived"]["time"] == "2026-11-21T10:00:00.000Z"
    data = {name: each["data"] for name, each in found.items()}
    assert (data["StepReached"]["visit"], data["StepReached"]["before"]) == ("menu.1", None)
    assert data["AgentRang"]["agent"] == data["AgentConnected"]["agent"] == AGENT
    assert data["CallNotConnected"]["state"] == "missed"
    assert (data["CallArchived"]["recording"], data["CallArchived"]["status"]) == (RECORDING, "archived")
    lost = published(emulator)[-1]["data"]
    assert (lost["recording"], lost["status"], lost["files"]) == (None, "lost", 0)
    assert {(each["account"], each["tenant"], each["direction"]) for each in data.values()} == {
        (ACCOUNT, TENANT, "inbound")
    }


async def test_each_type_is_as_its_documented_schema_says(executor: EffectExecutor, emulator: Emulator) -> None:
    await perform(executor, call(), PublishEvents(ALL, 1, START))
    found = by_type(emulator)
    assert found.keys() == {each.__name__ for each in CALL_EVENTS}
    for name, event in found.items():
        schema = json.loads((ROOT / f"docs/events/{name}.schema.json").read_text())
        assert Draft202012Validator(schema, validate_formats=True).is_valid(event["data"])


@pytest.mark.parametrize(("setting", "shown"), [("on", (None, None)), ("with-callers", (NUMBER, NAME))])
async def test_a_number_and_a_name_stand_in_events_only_if_the_setting_allows_it(
    make_executor: Callable[..., EffectExecutor], emulator: Emulator, setting: str, shown: tuple[str | None, str | None]
) -> None:
    await perform(make_executor(CALL_EVENTS=setting), call(), PublishEvents(ALL, 1, START))
    assert {(each["data"]["caller"], each["data"]["callerName"]) for each in published(emulator)} == {shown}
    text = str(published(emulator))
    assert (NUMBER in text, NAME in text) == (shown[0] is not None, shown[1] is not None)
    assert "4711" not in text


async def test_a_call_on_behalf_of_the_account_is_outbound(
    make_executor: Callable[..., EffectExecutor], emulator: Emulator
) -> None:
    people = Lifecycle(caller=RAW_ID, caller_name="Grace", callee=f"28:orgid:{ACCOUNT}")
    placed = a_call(lifecycle=people, on_behalf_of=OnBehalfOf(called_at=START, callees=(f"4:{NUMBER}",)))
    executor = make_executor(CALL_EVENTS="with-callers")
    await perform(executor, placed, PublishEvents(("CallConnected",), 1, START))
    data = published(emulator)[0]["data"]
    assert (data["direction"], data["caller"], data["callerName"]) == ("outbound", NUMBER, None)


async def test_a_topic_with_a_wrong_setting_is_tried_again(make_executor: Callable[..., EffectExecutor]) -> None:
    wrong = make_executor(EVENTS_TOPIC_ENDPOINT="call-events")
    failed = await perform(wrong, call(), PublishEvents(ALL, 1, START))
    assert isinstance(failed, ActionFailed)
    assert "EVENTS_TOPIC_ENDPOINT" in failed.message
    assert not failed.action.is_final(*failed.codes, 1)


async def test_an_event_of_a_newer_version_waits_for_it(executor: EffectExecutor, emulator: Emulator) -> None:
    failed = await perform(executor, call(), PublishEvents(("CallConnected", "CallParked 1"), 1, START))
    assert isinstance(failed, ActionFailed)
    assert not failed.action.is_final(*failed.codes, 1)
    assert published(emulator) == []
