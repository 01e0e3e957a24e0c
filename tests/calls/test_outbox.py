"""The outbox: the events that a call publishes, each once, with numbers that have no gaps."""

from __future__ import annotations

from msgspec.structs import replace

from shared.calls.actions import AddParticipant, PublishEvents
from shared.calls.capabilities.lifecycle import CallRejected, Decision
from shared.calls.capabilities.participants import ParticipantInvited
from shared.calls.effect import Effect
from shared.calls.event import ActionFailed, ActionPerformed, own
from shared.calls.policy import CallPolicy
from tests.calls.driver import CallDriver, answered, at, connected, incoming
from tests.golden import event

PUBLISHING = CallPolicy(record=False, events=True)
AGENT = "22222222-2222-4222-8222-222222222222"
RAW_ID = f"8:acs:11111111-1111-4111-8111-111111111111_c0000000-0000-4000-8000-000000000001_{AGENT}"


def publications(call: CallDriver) -> list[PublishEvents]:
    return [each.action for each in call.effects if isinstance(each.action, PublishEvents)]


def effect_of(call: CallDriver) -> Effect:
    return next(each for each in call.call.effects if isinstance(each.action, PublishEvents))


def published(call: CallDriver, now: float) -> CallDriver:
    effect = effect_of(call)
    return call.receive(own(f"{effect.id}/done", at(now), ActionPerformed(effect.id, effect.action)))


def failed(call: CallDriver, now: float, tries: int = 1) -> CallDriver:
    effect = replace(effect_of(call), tries=tries)
    call.call = replace(call.call, effects=(effect,))
    return call.receive(own(f"{effect.id}/failed/{tries}", at(now), ActionFailed(effect.id, effect.action, 503, 0, "")))


def keys(call: CallDriver) -> dict[str, int]:
    return call.call.outbox.published


def test_a_call_that_is_connected_and_ends_publishes_both_once() -> None:
    call = connected(PUBLISHING)
    assert publications(call) == [PublishEvents(("CallConnected",), 1, at(1))]
    call = published(call, 1.2).receive(event("call_disconnected", 9))
    assert [each.keys for each in publications(call)] == [("CallEnded",)]
    call = published(call, 9.2).receive(event("call_connected", 1)).receive(event("call_disconnected", 9))
    assert call.open == []
    assert keys(call) == {"CallConnected": 1, "CallEnded": 2}


def test_a_publication_under_way_is_not_joined_and_the_next_one_goes_on_from_its_number() -> None:
    call = connected(PUBLISHING).receive(event("call_disconnected", 2))
    assert publications(call) == [PublishEvents(("CallEnded",), 2, at(2))]
    assert len(call.open) == 2
    assert keys(published(published(call, 2.2), 2.3)) == {"CallConnected": 1, "CallEnded": 2}


def test_what_is_due_at_the_same_time_is_one_request_in_the_order_in_which_it_happened() -> None:
    call = CallDriver(PUBLISHING).receive(incoming()).receive(answered()).receive(event("call_disconnected", 9))
    call = published(call, 9.1)
    joined = [{"identifier": {"rawId": RAW_ID}}]
    call.call = replace(call.call, policy=CallPolicy(record=False))
    call.receive(event("call_connected", 1)).receive(event("participants_updated", 0.8, participants=joined))
    call.call = replace(call.call, policy=PUBLISHING)
    (publication,) = publications(call.wake(10))
    assert publication == PublishEvents((f"AgentConnected {AGENT}", "CallConnected"), 2, at(10))


def test_one_that_died_before_it_published_publishes_again_with_the_same_numbers() -> None:
    call = connected(PUBLISHING)
    first = effect_of(call)
    again = effect_of(call.wake(30))
    assert (again.id, again.action, again.tries) == (first.id, first.action, 2)


def test_a_topic_that_is_down_is_tried_again_for_most_of_a_day() -> None:
    call = failed(connected(PUBLISHING), 2)
    assert call.effects == ()
    assert len(publications(call.wake(10))) == 1
    assert keys(failed(call, 11, tries=29)) == {}
    assert keys(failed(call.wake(99_999), 100_000, tries=30)) == {"CallConnected": 1}
    assert not publications(call)
    assert call.call.timeline[-1].type == "ActionFailed"


def test_each_invitation_of_an_agent_is_published() -> None:
    call = published(connected(PUBLISHING), 1.2)
    for n, target in enumerate((RAW_ID, RAW_ID, "4:+12065550199")):
        invited = ParticipantInvited(effect_id=f"add {n}", action=AddParticipant(target))
        call = call.receive(own(f"add {n}/done", at(3 + n), invited))
    assert set(keys(published(published(call, 7), 8))) == {"CallConnected", "AgentRang add 0", "AgentRang add 1"}


def test_a_call_that_is_rejected_was_not_connected() -> None:
    call = CallDriver(PUBLISHING).receive(incoming(Decision.REJECT)).receive(own("reject", at(0.4), CallRejected()))
    assert [each.keys for each in publications(call)] == [("CallNotConnected rejected",)]


def test_a_call_that_stops_ringing_was_not_connected_until_it_is_known_better() -> None:
    call = CallDriver(PUBLISHING).receive(incoming()).wake(40)
    assert [each.keys for each in publications(call)] == [("CallNotConnected missed",)]
    call = published(call, 41).receive(event("call_connected", 1))
    assert publications(call) == [PublishEvents(("CallConnected",), 2, at(1))]


def test_a_call_that_failed_and_is_over_did_not_end() -> None:
    call = CallDriver(PUBLISHING).receive(incoming()).receive(answered()).receive(event("answer_failed", 2))
    call = published(call, 2.2).receive(event("call_disconnected", 2.5))
    assert call.open == []
    assert keys(call) == {"CallNotConnected failed": 1}


def test_a_recording_is_archived_once_all_of_its_files_are() -> None:
    call = published(connected(CallPolicy(events=True)), 1.2)
    call = (
        call.receive(event("recording_active", 2))
        .receive(event("call_disconnected", 9))
        .receive(event("recording_file", 15))
    )
    call = call.archived(16)
    assert any(key.startswith("CallArchived ") for each in publications(call) for key in each.keys)


def test_neither_a_call_of_another_application_nor_one_that_is_not_to_publish_does() -> None:
    assert not publications(CallDriver(PUBLISHING).receive(incoming(Decision.NOT_OURS)))
    assert not publications(connected(CallPolicy(record=False)))
