"""Event payloads: which fields are read, and the error texts of unreadable ones."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shared.calls.actions import ArchiveChunk
from shared.calls.capabilities import Call, parse, reduce
from shared.calls.capabilities.lifecycle import Decision, IncomingCall, decide
from shared.calls.capabilities.recording import recording_id_of, server_call_id_of
from shared.calls.event import Event, Unreadable, in_utc
from shared.calls.policy import CallPolicy, resource_account
from tests.calls.driver import CALL, incoming
from tests.golden import FOLDER, START, cloud_event, event
from tests.support import HOST

ACCOUNT = "cc123456-5678-5678-1234-ccc123456789"
VALID = sorted(path.stem for path in FOLDER.glob("*.json") if not path.stem.endswith("_invalid"))
INVALID = sorted(path.stem for path in FOLDER.glob("*_invalid.json"))


def decided(name: str, policy: CallPolicy, age: float = 1) -> Decision:
    incoming = event(name).data
    assert isinstance(incoming, IncomingCall)
    return decide(policy, incoming.to.raw_id, START, START + timedelta(seconds=age))


@pytest.mark.parametrize("name", VALID)
def test_every_golden_payload_is_read(name: str) -> None:
    assert event(name).type == cloud_event(name)["type"].rpartition(".")[2]


@pytest.mark.parametrize("name", INVALID)
def test_every_invalid_twin_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="its data is no"):
        event(name)


def test_an_error_names_the_field_and_not_its_value() -> None:
    with pytest.raises(Unreadable) as caught:
        event("incoming_call_invalid")
    assert "incomingCallContext" in str(caught.value)
    assert "+12065551212" not in str(caught.value)


def test_an_unknown_value_is_not_quoted() -> None:
    with pytest.raises(Unreadable) as caught:
        event("recording_active", state="+12065551212")
    assert "$.state" in str(caught.value)
    assert "+12065551212" not in str(caught.value)


@pytest.mark.parametrize("quotes", ["'", '"', "'\""])
def test_a_value_with_quotes_in_it_is_not_quoted(quotes: str) -> None:
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
def test_null_or_unused_fields_do_not_make_an_event_unreadable(name: str, data: dict[str, Any]) -> None:
    call, _ = reduce(Call(id="20261121-x"), event(name, **data), START)
    assert [entry.type for entry in call.timeline] == [event(name).type]
    assert msgspec.json.decode(msgspec.json.encode(call), type=Call) == call


@pytest.mark.parametrize(
    ("type", "id", "at", "words"),
    [
        ("Another.Vendor.Happened", "1", START, "type"),
        ("Microsoft.Communication.CallConnected", "", START, "id"),
        ("Microsoft.Communication.CallConnected", "1", None, "time"),
    ],
)
def test_an_event_needs_its_envelope(type: str, id: str, at: datetime | None, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        parse(type, id, at, "", cloud_event("call_connected")["data"])


@pytest.mark.parametrize(
    "type", ["TeamsPhone.Media.CallDisconnected", "Microsoft.Communication.TranscriptWritten", "TeamsPhone.Media.New"]
)
def test_the_media_service_and_the_platform_have_event_types_of_their_own(type: str) -> None:
    with pytest.raises(Unreadable, match="has no event"):
        parse(type, "1", START, "", cloud_event("transcript_written")["data"])


def test_unknown_types_of_the_platform_and_unknown_fields_are_accepted() -> None:
    data = cloud_event("call_connected", newField={"a": 1})["data"]
    assert parse("Microsoft.Communication.SomethingNew", "1", START, None, data).type == "SomethingNew"


def test_a_time_without_a_zone_is_utc() -> None:
    assert in_utc(datetime(2026, 11, 21, 9)) == datetime(2026, 11, 21, 9, tzinfo=UTC)  # noqa: DTZ001


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"])
def test_a_time_outside_the_range_of_deadlines_is_unreadable(time: str) -> None:
    with pytest.raises(Unreadable, match="its time"):
        parse("Microsoft.Communication.CallDisconnected", "1", datetime.fromisoformat(time), "", {})


def test_a_resource_account_is_identified_by_its_raw_id() -> None:
    assert resource_account(f"28:orgid:{ACCOUNT}") == ACCOUNT
    assert resource_account("4:+12065551212") is None


def test_a_recording_is_identified_by_its_subject() -> None:
    assert recording_id_of("/recording/call/a/serverCallId/b/recordingId/c") == "c"
    assert server_call_id_of("/recording/call/a/serverCallId/b/recordingId/c") == "b"
    assert server_call_id_of("/recording/call/a/recordingId/c") is None
    for subject in ("", "/recording/call/a", "/recording/call/a/serverCallId/b/recordingId/"):
        with pytest.raises(Unreadable, match="recordingId"):
            recording_id_of(subject)


@pytest.mark.parametrize("name", ["incoming_call", "incoming_call_acs", "incoming_call_on_behalf_of"])
def test_calls_of_teams_phone_and_of_acs_are_answered(name: str) -> None:
    assert decided(name, CallPolicy()) is Decision.ANSWER


def test_a_call_older_than_the_ring_window_is_too_late() -> None:
    assert decided("incoming_call", CallPolicy(), age=30) is Decision.ANSWER
    assert decided("incoming_call", CallPolicy(), age=30.1) is Decision.TOO_LATE


@pytest.mark.parametrize("listed", [ACCOUNT, f"28:orgid:{ACCOUNT}", ACCOUNT.upper(), f"28:OrgId:{ACCOUNT.upper()}"])
def test_a_call_to_a_listed_resource_account_is_answered(listed: str) -> None:
    assert decided("incoming_call", CallPolicy(accounts=("other", listed))) is Decision.ANSWER


def test_a_call_to_an_unlisted_resource_account_is_ignored_even_when_late() -> None:
    assert decided("incoming_call", CallPolicy(accounts=("other",)), age=99) is Decision.NOT_OURS


def test_calls_are_rejected_by_policy() -> None:
    assert decided("incoming_call", CallPolicy(incoming="busy")) is Decision.REJECT


# -- Lenient reading: a field that is not needed makes no event unreadable ----

ODD_INCOMING_CALLS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"from": None}, ()),
    ({"from": {"kind": "unknown"}}, ("from",)),
    ({"from": {"rawId": 5}}, ("from",)),
    ({"from": "4:+12065551212"}, ("from",)),
    ({"onBehalfOfCallee": {}}, ("onBehalfOfCallee",)),
    ({"correlationId": 7}, ("correlationId",)),
    ({"callerDisplayName": ["Ada"]}, ("callerDisplayName",)),
    ({"serverCallId": {}, "from": []}, ("from", "serverCallId")),
]


@pytest.mark.parametrize(("data", "unread"), ODD_INCOMING_CALLS, ids=str)
def test_an_incoming_call_is_read_without_its_unreadable_fields(data: dict[str, Any], unread: tuple[str, ...]) -> None:
    read = event("incoming_call", **data)
    assert isinstance(read.data, IncomingCall)
    assert read.data.incoming_call_context == cloud_event("incoming_call")["data"]["incomingCallContext"]
    assert read.unread == unread
    call, _ = reduce(Call(id=CALL), replace(read, data=incoming().data), START)
    assert [entry.text for entry in call.timeline] == [f"unreadable: {', '.join(unread)}" if unread else ""]


@pytest.mark.parametrize("needed", ["incomingCallContext", "to"])
def test_an_incoming_call_is_unreadable_without_the_fields_of_an_answer(needed: str) -> None:
    data = cloud_event("incoming_call")["data"]
    del data[needed]
    with pytest.raises(Unreadable, match=needed):
        parse("Microsoft.Communication.IncomingCall", "1", START, "", data)


@pytest.mark.parametrize("to", [None, {}, {"rawId": None}, "28:orgid:a"], ids=str)
def test_an_incoming_call_is_unreadable_without_the_raw_id_of_its_callee(to: Any) -> None:
    with pytest.raises(Unreadable, match=r"\$\.to"):
        event("incoming_call", to=to)


def test_an_unreadable_field_is_named_beside_the_events_own_text() -> None:
    read = event("participants_updated", correlationId=7)
    call, _ = reduce(Call(id=CALL), read, START)
    assert [entry.text for entry in call.timeline] == ["2 participants; unreadable: correlationId"]


GOOD = {"contentLocation": f"{HOST}/v1/2", "index": 1}
NOWHERE = "ACS named no location of the file"


def file_event(*chunks: Any) -> Event:
    return event("recording_file", recordingStorageInfo={"recordingChunks": list(chunks)})


@pytest.mark.parametrize(
    ("bad", "unread"),
    [
        ({"index": 0}, ()),
        ({"index": 0, "contentLocation": None, "documentId": "x"}, ()),
        ({"index": 0, "contentLocation": 7}, ("recordingStorageInfo.recordingChunks.0.contentLocation",)),
    ],
    ids=["missing", "null", "a number"],
)
def test_of_two_files_the_good_one_is_archived_and_the_other_is_lost(
    bad: dict[str, Any], unread: tuple[str, ...]
) -> None:
    read = file_event(bad, GOOD)
    assert read.unread == unread
    call, effects = reduce(Call(id=CALL), read, START)
    (recording,) = call.recording.recordings.values()
    assert (recording.chunks["0"].lost, recording.chunks["1"].lost) == (NOWHERE, None)
    assert [effect.action.index for effect in effects if isinstance(effect.action, ArchiveChunk)] == [1]


def test_a_file_that_is_not_an_object_is_named() -> None:
    read = file_event("x", GOOD)
    assert read.unread == ("recordingStorageInfo.recordingChunks.0",)
    call, effects = reduce(Call(id=CALL), read, START)
    assert [effect.action.index for effect in effects if isinstance(effect.action, ArchiveChunk)] == [1]
    assert [entry.text for entry in call.timeline] == ["1 file; unreadable: recordingStorageInfo.recordingChunks.0"]


def test_a_file_that_is_good_in_a_later_delivery_is_archived() -> None:
    call = Call(id=CALL)
    for chunks in ([{"index": 1}, GOOD | {"index": 0}], [GOOD, GOOD | {"index": 0}]):
        call, _ = reduce(call, file_event(*chunks), START)
    (recording,) = call.recording.recordings.values()
    assert [chunk.lost for chunk in recording.chunks.values()] == [None, None]


@pytest.mark.parametrize("chunks", [[], [{}], [{"index": 0}, "x"], [{"contentLocation": 7}, {"contentLocation": ""}]])
def test_an_event_without_any_file_is_unreadable(chunks: list[Any]) -> None:
    with pytest.raises(Unreadable, match="no file"):
        file_event(*chunks)


# -- Every field of every payload: removed, and of every other type ------------------------------------------------

# The required fields; any other field can have any value. The path of an item of a list has a ``*``.
NEEDED: dict[str, set[str]] = {
    "TranscriptWritten": {"blob", "startedAt"},
    "AudioReceived": {"subscriptionId", "startedAt", "until"},
    "IncomingCall": {"to", "to.rawId", "incomingCallContext"},
    "ParticipantsUpdated": {"participants"},
    "RecordingStateChanged": {"recordingId", "state"},
    "ContinuousDtmfRecognitionToneReceived": {"tone"},
    "RecordingFileStatusUpdated": {
        "recordingStorageInfo",
        "recordingStorageInfo.recordingChunks",
        "recordingStorageInfo.recordingChunks.*",  # the golden event has one
        "recordingStorageInfo.recordingChunks.*.contentLocation",
    },
}
MISSING = object()
OTHERS: list[Any] = [MISSING, None, True, 7, -1, 2**70, 1e400, 0.5, "", "x", "\ud800", "0001-01-01T00:00:00+14:00"]
OTHERS += [[], {}, [None], [[]], {"a": 1}, {"rawId": {}}, ["x"] * 3]

Path = tuple[str | int, ...]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


def changed_at(data: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The data with another value at the path, or without it."""
    changed = deepcopy(data)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    if value is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


def is_needed(name: str, path: Path) -> bool:
    return ".".join("*" if isinstance(key, int) else key for key in path) in NEEDED.get(name, set())


FIELDS = [(name, path) for name in VALID for path in paths(cloud_event(name)["data"])]


@pytest.mark.parametrize(("name", "path"), FIELDS, ids=lambda each: each if isinstance(each, str) else str(each))
def test_only_needed_fields_make_an_event_unreadable(name: str, path: Path) -> None:
    """An event that was read can be folded and saved."""
    wire = cloud_event(name)
    needed = is_needed(wire["type"].rpartition(".")[2], path)
    for other in OTHERS:
        data = changed_at(wire["data"], path, other)
        try:
            read = parse(wire["type"], "1", START, wire.get("subject"), data)
        except Unreadable:
            assert needed, other
            continue
        assert not needed or other is not MISSING
        call, _ = reduce(Call(id=CALL), read, START)
        assert msgspec.json.decode(msgspec.json.encode(call), type=Call) == call, other


@pytest.mark.parametrize("data", [None, [], "x", 7, [{}]], ids=str)
@pytest.mark.parametrize("name", VALID)
def test_data_that_is_not_an_object_is_unreadable(name: str, data: Any) -> None:
    with pytest.raises(Unreadable):
        parse(cloud_event(name)["type"], "1", START, "", data)
