"""What the Functions host hears of a call, as operators will: each fact once, whatever comes twice."""

from __future__ import annotations

import json

from tests.system.conftest import System


def told(system: System, call_id: str) -> list[tuple[str, dict[str, object]]]:
    """The lines of telemetry about a call in the host's log, in order."""
    lines = (system.stack.logs / "host.log").read_text(errors="replace").splitlines()
    messages = [line.split("] ", 1)[-1] for line in lines if f'{{"call":"{call_id}"' in line]
    return [(name, json.loads(rest)) for name, _, rest in (message.partition(" ") for message in messages)]


async def test_a_call_is_told_phase_by_phase(system: System) -> None:
    call_id = await system.dial(hangs_up_after=1)
    call = await system.over(call_id)
    facts = dict(told(system, call_id))
    assert len(told(system, call_id)) == len(facts), "something was told twice"
    assert set(facts) == {
        *("call.notified", "call.answered", "call.connected", "call.heard"),
        *("call.settled", "recording.settled"),
    }
    assert facts["call.settled"]["state"] == "ended"
    assert facts["recording.settled"]["status"] == "archived"
    assert {fact["correlation"] for fact in facts.values()} == {call.correlation_id}


async def test_nobody_is_named(system: System) -> None:
    call_id = await system.dial(hangs_up_after=1)
    call = await system.over(call_id)
    lines = json.dumps(told(system, call_id))
    part = call.lifecycle
    people = [part.caller, part.caller_name, part.callee, *call.participants.all_participants]
    assert not any(person in lines for person in people if person)
