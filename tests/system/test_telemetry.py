"""The telemetry of a call in the log of the Functions host: each event once, whatever is delivered twice."""

from __future__ import annotations

import json

from tests.system.conftest import System


def emitted(system: System, call_id: str) -> list[tuple[str, dict[str, object]]]:
    """The lines of telemetry about a call in the host's log, in order."""
    lines = (system.stack.logs / "host.log").read_text(errors="replace").splitlines()
    messages = [line.split("] ", 1)[-1] for line in lines if f'{{"call":"{call_id}"' in line]
    return [(name, json.loads(rest)) for name, _, rest in (message.partition(" ") for message in messages)]


async def test_each_phase_of_a_call_is_emitted_once(system: System) -> None:
    call_id = await system.dial(hangs_up_after=1)
    call = await system.over(call_id)
    events = dict(emitted(system, call_id))
    assert len(emitted(system, call_id)) == len(events), "an event was emitted twice"
    assert set(events) == {
        *("call.notified", "call.answered", "call.connected", "call.heard"),
        *("call.settled", "recording.settled"),
    }
    assert events["call.settled"]["state"] == "ended"
    assert events["recording.settled"]["status"] == "archived"
    assert {event["correlation"] for event in events.values()} == {call.correlation_id}


async def test_telemetry_names_no_person(system: System) -> None:
    call_id = await system.dial(hangs_up_after=1)
    call = await system.over(call_id)
    lines = json.dumps(emitted(system, call_id))
    part = call.lifecycle
    people = [part.caller, part.caller_name, part.callee, *call.participants.all_participants]
    assert not any(person in lines for person in people if person)
