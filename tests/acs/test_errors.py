"""All executors, when ACS rejects a request, is slow, or cannot be reached."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from emulator.server import Emulator
from shared.acs.answering import IncomingCallResponder
from shared.acs.executor import EffectExecutor
from shared.calls.actions import AnyAction, FetchCallState, HangUp, Play, StartRecording
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import RequestRejected
from shared.calls.event import ActionFailed
from tests.support import CALL_ID, Servers, a_call, closed_port, drip, hang, perform, responding

MakeExecutor = Callable[..., EffectExecutor]
MakeResponder = Callable[..., IncomingCallResponder]

# Each action, and ACS's operation for it.
OPERATIONS: dict[AnyAction, str] = {
    StartRecording(1): "StartRecording",
    Play("announcement", "Hello."): "Play",
    HangUp(): "TerminateCall",
    FetchCallState(): "GetCall",
}
ACTIONS = list(OPERATIONS)


def name(action: AnyAction) -> str:
    return action.name


@pytest.mark.parametrize("action", ACTIONS, ids=name)
@pytest.mark.parametrize("codes", [(400, 8559), (403, 7504), (409, 8519), (429, 8529), (500, 8511)], ids=str)
async def test_a_failure_has_the_codes_of_acs(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator, action: AnyAction, codes: tuple[int, int]
) -> None:
    rule = {"where": "acs", "do": "status", "status": codes[0], "code": str(codes[1]), "message": "because"}
    emulator.faults.add(rule | {"match": {"operation": OPERATIONS[action]}})
    failed = await perform(executor, answered_call, action)
    assert isinstance(failed, ActionFailed)
    assert (failed.code, failed.sub_code, failed.message) == (*codes, "because")
    assert failed.action == action


@pytest.mark.parametrize(
    "body",
    [
        *(None, "text", [], {}, {"error": None}, {"error": "x"}, {"error": []}),
        {"error": {"code": "²", "message": 7}},
        {"error": {"code": ["8519"], "message": {}}},
    ],
)
@pytest.mark.parametrize("action", [StartRecording(1), Play("notice", "Bye."), HangUp()], ids=name)
async def test_a_response_without_codes_is_classified_by_its_status(
    make_executor: MakeExecutor, servers: Servers, action: AnyAction, body: Any
) -> None:
    executor = make_executor(ACS_ENDPOINT=await servers.start(responding(400, body)))
    failed = await perform(executor, a_call(), action)
    assert isinstance(failed, ActionFailed)
    assert failed.codes == (400, 0)


async def test_a_sub_code_may_be_a_number(make_executor: MakeExecutor, servers: Servers) -> None:
    body = {"error": {"code": 8523, "message": 7}}
    failed = await perform(make_executor(ACS_ENDPOINT=await servers.start(responding(400, body))), a_call(), HangUp())
    assert (failed.codes, failed.message) == ((400, 8523), "7")


@pytest.mark.parametrize("action", [StartRecording(1), Play("notice", "Bye.")], ids=name)
async def test_an_action_on_an_unknown_call_fails(
    executor: EffectExecutor, emulator: Emulator, action: AnyAction
) -> None:
    failed = await perform(executor, a_call("unknown"), action)
    assert failed.codes == (404, 8522)


@pytest.mark.parametrize(("pause", "requests"), [("60", 1), ("soon", 1), ("0.1", 3)])
async def test_a_long_retry_after_is_reported_and_not_waited_for(
    make_responder: MakeResponder, make_executor: MakeExecutor, servers: Servers, pause: str, requests: int
) -> None:
    async def throttled(_: web.Request) -> web.Response:
        said = {"error": {"code": "8516", "message": "too many"}}
        return web.json_response(said, status=429, headers={"Retry-After": pause})

    url, started = await servers.start(throttled), time.monotonic()
    rejected = await make_responder(ACS_ENDPOINT=url).answer(CALL_ID, "context", 6)
    assert rejected.data == RequestRejected(429, 8516, "too many")
    assert len(servers.requests) == requests
    failed = await perform(make_executor(ACS_ENDPOINT=url), a_call(), StartRecording(1))
    assert (*failed.codes, failed.retry_after) == (429, 8516, 30 if pause == "60" else 0)
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("action", ACTIONS, ids=name)
async def test_an_endpoint_that_cannot_be_reached_is_a_transient_failure(
    make_executor: MakeExecutor, action: AnyAction
) -> None:
    failed = await perform(make_executor(ACS_ENDPOINT=closed_port()), a_call(), action)
    assert failed.codes == (503, 0)


async def throttled_for_a_minute(_: web.Request) -> web.Response:
    return web.Response(status=429, headers={"Retry-After": "60"})


@pytest.mark.parametrize("trouble", [hang, drip, throttled_for_a_minute])
async def test_no_request_takes_longer_than_its_limit(
    make_responder: MakeResponder, make_executor: MakeExecutor, servers: Servers, trouble: Any
) -> None:
    url = await servers.start(trouble)
    executor, responder, started = make_executor(ACS_ENDPOINT=url), make_responder(ACS_ENDPOINT=url), time.monotonic()
    waits: list[Any] = [perform(executor, a_call(), action, 0.3) for action in ACTIONS]
    waits += [responder.answer(CALL_ID, "context", 0.3), responder.reject(CALL_ID, "context", "busy", 0.3)]
    outcomes = await asyncio.gather(*waits)
    assert time.monotonic() - started < 1.5
    codes = [getattr(outcome, "data", outcome).code for outcome in outcomes]
    assert set(codes) <= {408, 429}
