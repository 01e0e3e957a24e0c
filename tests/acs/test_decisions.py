"""A request for a decision, from the effect to the topic."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator

from emulator.server import Emulator
from local.stack import ROOT
from shared.acs.executor import EffectExecutor
from shared.calls.actions import RequestDecision
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.capabilities.routing import Routing
from shared.calls.event import ActionFailed, ActionPerformed
from shared.calls.plans.base import Visit
from shared.calls.published import DecisionRequested
from tests.golden import START
from tests.support import CALL_ID, Servers, a_call, an_effect, closed_port, perform

ACCOUNT, TENANT = "11111111-1111-4111-8111-111111111111", "c0000000-0000-4000-8000-000000000001"
REQUEST = RequestDecision("lookup.1", ("vip", "sales"), 5)


def call() -> Call:
    visits = (Visit("account", 1, START, left_at=START, to="lookup"), Visit("lookup", 1, START))
    people = Lifecycle(caller="4:+12065551212", callee=f"28:orgid:{ACCOUNT}", caller_name="Ada", tenant=TENANT)
    return a_call(lifecycle=people, routing=Routing(name="default", version=7, visits=visits))


def published(emulator: Emulator) -> list[dict[str, Any]]:
    return [entry["event"] for entry in emulator.journal.entries("event")]


async def test_the_event_has_what_a_decision_needs(executor: EffectExecutor, emulator: Emulator) -> None:
    assert isinstance(await perform(executor, call(), REQUEST), ActionPerformed)
    (event,) = published(emulator)
    assert event["id"] == an_effect(REQUEST).id
    assert event["type"] == "TeamsPhone.DecisionRequested"
    assert (event["source"], event["subject"]) == (f"/calls/{CALL_ID}", "lookup.1")
    assert datetime.fromisoformat(event["time"]) == START
    assert msgspec.convert(event["data"], DecisionRequested) == DecisionRequested(
        call_id=CALL_ID,
        visit="lookup.1",
        choices=("vip", "sales"),
        deadline=START + timedelta(seconds=5),
        account=ACCOUNT,
        tenant=TENANT,
        plan_id="default",
        plan_version=7,
        visits=("account.1", "lookup.1"),
    )


async def test_the_data_is_as_the_documented_schema_says(executor: EffectExecutor, emulator: Emulator) -> None:
    await perform(executor, call(), REQUEST)
    schema = json.loads((ROOT / "docs/events/DecisionRequested.schema.json").read_text())
    (event,) = published(emulator)
    validator = Draft202012Validator(schema, validate_formats=True)
    assert validator.is_valid(event["data"])
    assert not validator.is_valid(event["data"] | {"choices": "vip"})


async def test_the_event_has_no_number_and_no_name(executor: EffectExecutor, emulator: Emulator) -> None:
    await perform(executor, call(), REQUEST)
    text = str(published(emulator))
    assert "+1206" not in text
    assert "Ada" not in text


async def test_a_repeated_publication_has_the_same_id(executor: EffectExecutor, emulator: Emulator) -> None:
    for _ in range(2):
        await perform(executor, call(), REQUEST)
    first, second = published(emulator)
    assert first["id"] == second["id"]


async def test_a_topic_that_refuses_is_a_failure(make_executor: Callable[..., EffectExecutor]) -> None:
    failed = await perform(make_executor(EVENTS_TOPIC_KEY="d3Jvbmc="), call(), REQUEST)
    assert isinstance(failed, ActionFailed)
    assert failed.action.is_final(*failed.codes, 1)


async def test_a_topic_that_does_not_answer_can_be_tried_again(
    make_executor: Callable[..., EffectExecutor], servers: Servers
) -> None:
    for endpoint in (closed_port(), await servers.start(503)):
        failed = await perform(make_executor(EVENTS_TOPIC_ENDPOINT=endpoint), call(), REQUEST)
        assert isinstance(failed, ActionFailed)
        assert not failed.action.is_final(*failed.codes, 1)
