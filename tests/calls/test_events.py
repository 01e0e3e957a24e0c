"""Wire payloads: what is read, and what is refused with which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.calls.call import Call
from shared.calls.events import (
    OUR_OWN,
    IncomingCallPayload,
    Unreadable,
    in_utc,
    parse,
    recording_id_of,
    resource_account,
    server_call_id_of,
)
from shared.calls.machine import reduce
from shared.calls.policy import Decision, Plan, decide
from tests.golden import FOLDER, START, cloud_event, event

ACCOUNT = "cc123456-5678-5678-1234-ccc123456789"
VALID = sorted(path.stem for path in FOLDER.glob("*.json") if not path.stem.endswith("_invalid"))
INVALID = sorted(path.stem for path in FOLDER.glob("*_invalid.json"))


def decided(name: str, plan: Plan, age: float = 1) -> Decision:
    incoming = event(name).data
    assert isinstance(incoming, IncomingCallPayload)
    return decide(plan, incoming, START, START + timedelta(seconds=age))


@pytest.mark.parametrize("name", VALID)
def test_every_golden_payload_is_read(name: str) -> None:
    assert event(name).type == cloud_event(name)["type"].removeprefix("Microsoft.Communication.")


@pytest.mark.parametrize("name", INVALID)
def test_every_invalid_twin_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="its data is no"):
        event(name)


def test_a_refusal_says_what_is_wrong_but_not_what_was_sent() -> None:
    with pytest.raises(Unreadable) as caught:
        event("incoming_call_invalid")
    assert "incomingCallContext" in str(caught.value)
    assert "+12065551212" not in str(caught.value)


def test_not_even_an_unknown_value_is_quoted() -> None:
    with pytest.raises(Unreadable) as caught:
        event("recording_active", state="+12065551212")
    assert "$.state" in str(caught.value)
    assert "+12065551212" not in str(caught.value)


@pytest.mark.parametrize("quotes", ["'", '"', "'\""])
def test_not_even_one_with_quotes_in_it(quotes: str) -> None:
    with pytest.raises(Unreadable) as caught:
        event("recording_active", state=f"{quotes}4:+12065551212{quotes} Ada")
    assert str(caught.value).endswith("Invalid enum value '…' - at `$.state`")


NULLS = [
    ("call_disconnected", {"resultInformation": {"code": 200, "subCode": None, "message": None}}),
    ("start_recording_failed", {"resultInformation": {"code": 500, "subCode": None, "message": None}}),
    ("participants_updated", {"participants": [{"identifier": {"rawId": "4:+1"}, "isMuted": None}]}),
    ("participants_updated", {"sequenceNumber": None}),
    ("recording_file", {"recordingDurationMs": 1000.5}),
    ("recording_file", {"recordingStartTime": "", "sessionEndReason": 7}),
]


@pytest.mark.parametrize(("name", "data"), NULLS)
def test_what_is_null_or_not_used_costs_no_event(name: str, data: dict[str, Any]) -> None:
    call, _ = reduce(Call(id="20261121-x"), event(name, **data), START)
    assert [entry.type for entry in call.timeline] == [event(name).type]
    assert msgspec.json.decode(msgspec.json.encode(call), type=Call) == call


@pytest.mark.parametrize("name", sorted(OUR_OWN))
def test_nobody_else_can_tell_events_of_our_own(name: str) -> None:
    with pytest.raises(Unreadable, match="of its own"):
        parse(f"Microsoft.Communication.{name}", "1", START, None, cloud_event("call_connected")["data"])


@pytest.mark.parametrize(
    ("type", "id", "at", "words"),
    [
        ("Somebody.Else.Happened", "1", START, "type"),
        ("Microsoft.Communication.CallConnected", "", START, "id"),
        ("Microsoft.Communication.CallConnected", "1", None, "time"),
    ],
)
def test_an_event_needs_its_envelope(type: str, id: str, at: datetime | None, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        parse(type, id, at, "", cloud_event("call_connected")["data"])


def test_unknown_types_of_the_platform_and_unknown_fields_are_let_pass() -> None:
    data = cloud_event("call_connected", newField={"a": 1})["data"]
    assert parse("Microsoft.Communication.SomethingNew", "1", START, None, data).type == "SomethingNew"


def test_a_time_without_a_zone_is_utc() -> None:
    assert in_utc(datetime(2026, 11, 21, 9)) == datetime(2026, 11, 21, 9, tzinfo=UTC)  # noqa: DTZ001


def test_a_resource_account_is_known_by_its_raw_id() -> None:
    assert resource_account(f"28:orgid:{ACCOUNT}") == ACCOUNT
    assert resource_account("4:+12065551212") is None


def test_a_recording_is_known_by_its_subject() -> None:
    assert recording_id_of("/recording/call/a/serverCallId/b/recordingId/c") == "c"
    assert server_call_id_of("/recording/call/a/serverCallId/b/recordingId/c") == "b"
    assert server_call_id_of("/recording/call/a/recordingId/c") is None
    for subject in ("", "/recording/call/a", "/recording/call/a/serverCallId/b/recordingId/"):
        with pytest.raises(Unreadable, match="recordingId"):
            recording_id_of(subject)


@pytest.mark.parametrize("name", ["incoming_call", "incoming_call_acs", "incoming_call_on_behalf_of"])
def test_calls_of_teams_phone_and_of_acs_are_answered(name: str) -> None:
    assert decided(name, Plan()) is Decision.ANSWER


def test_a_call_older_than_the_ring_window_is_too_late() -> None:
    assert decided("incoming_call", Plan(), age=30) is Decision.ANSWER
    assert decided("incoming_call", Plan(), age=30.1) is Decision.TOO_LATE


@pytest.mark.parametrize("listed", [ACCOUNT, f"28:orgid:{ACCOUNT}", ACCOUNT.upper(), f"28:OrgId:{ACCOUNT.upper()}"])
def test_a_listed_resource_account_is_ours(listed: str) -> None:
    assert decided("incoming_call", Plan(accounts=("other", listed))) is Decision.ANSWER


def test_a_resource_account_that_is_not_listed_is_left_alone_even_when_late() -> None:
    assert decided("incoming_call", Plan(accounts=("other",)), age=99) is Decision.NOT_OURS


def test_the_policy_may_be_to_reject() -> None:
    assert decided("incoming_call", Plan(incoming="busy")) is Decision.REJECT
