"""The timeline of a call between clients: the same from its events in any order, each once or twice."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from shared.calls.client_calls import fold, id_of, kept, parse
from shared.calls.event import Unreadable
from tests.golden import START

USER = "8:acs:11111111-1111-4111-8111-111111111111_0000000c-1fb9-4878-07fd-0848220077e1"
SERVER_CALL = "aHR0cHM6Ly9jb252"
COMMON = {"serverCallId": SERVER_CALL, "startedBy": {"rawId": USER}, "isTwoParty": True}
DATA: dict[str, dict[str, Any]] = {
    "CallStarted": COMMON,
    "CallParticipantAdded": COMMON | {"user": {"rawId": USER}, "displayName": "Sharif Edge"},
    "CallParticipantRemoved": COMMON | {"user": {"rawId": USER}, "displayName": "Sharif Edge"},
    "CallEnded": COMMON | {"durationOfCall": 49.7},
}
EVENTS = [
    parse(f"Microsoft.Communication.{kind}", kind, START + timedelta(seconds=seconds), "call/x", data)
    for seconds, (kind, data) in enumerate(DATA.items())
]
ID = id_of(SERVER_CALL)


def test_the_events_make_the_same_call_in_every_order() -> None:
    call = fold(ID, map(kept, EVENTS))
    assert [entry.type for entry in call.timeline] == list(DATA)
    assert (call.started_at, call.ended_at) == (START, START + timedelta(seconds=3))
    assert (call.started_by, call.two_party, call.seconds, call.participants) == (USER, True, 49.7, (USER,))
    for order in permutations(EVENTS):
        assert fold(ID, map(kept, (*order, *order[:2]))) == call


def test_no_name_is_kept() -> None:
    assert "Sharif" not in str([kept(event) for event in EVENTS])


def test_a_call_whose_start_is_missing_has_a_timeline() -> None:
    call = fold(ID, [kept(EVENTS[-1])])
    assert call.started_at is None
    assert call.started_by == USER


@pytest.mark.parametrize("data", [{}, {"serverCallId": 7}, None])
def test_an_event_that_names_no_call_is_unreadable(data: Any) -> None:
    with pytest.raises(Unreadable):
        parse("Microsoft.Communication.CallStarted", "id", START, "", data)


def test_an_event_of_another_kind_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="not for this trigger"):
        parse("Microsoft.Communication.IncomingCall", "id", START, "", COMMON)
