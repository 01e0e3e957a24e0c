"""The engine: folds an event into a call, and derives the effects to perform now.

It is handed the list of capabilities and names none of them. Effects are not accumulated from event to event but
derived from the call: an effect is open as long as a capability wants it, and dropped when none does any more. So a
crash loses nothing, and late and repeated events do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec.structs import replace

from shared.calls import commands, operations, outbox, timeline
from shared.calls.call import BaseCall
from shared.calls.capability import Capabilities, Capability
from shared.calls.effect import Effect, Wanted, effect_id
from shared.calls.event import ActionFailed, ActionPerformed, CallbackPayload, Event, TimerFired, own
from shared.calls.joins import known
from shared.calls.operations import Outcome, OutcomeStatus
from shared.calls.queues import COMMANDS, WantedEffect, in_turn
from shared.calls.state import CallState, higher

IDS = ("call_connection_id", "server_call_id", "correlation_id")
SLOWEST_RETRY = timedelta(hours=1)
SHORT_OUTCOME = timedelta(seconds=10)

Call = TypeVar("Call", bound=BaseCall)


def reduce(call: Call, event: Event, now: datetime, capabilities: Capabilities) -> tuple[Call, tuple[Effect, ...]]:
    """The call after the event, and the effects to perform now, leased to this invocation.

    Pure: the result depends on the arguments alone.
    """
    call = _apply(call, event, now, capabilities)
    call = _time_out(call, now, capabilities)
    call = _reconcile(call, now, capabilities)
    return _lease(call, now)


def next_check_at(call: BaseCall, capabilities: Capabilities) -> datetime | None:
    """When the sweep should look at the call, if nothing else happens; None when nothing is left to do."""
    moments = [effect.leased_until or effect.due for effect in call.effects]
    for capability in capabilities:
        moments += capability.deadlines(call, _part(call, capability))
        moments += capability.timers(call, _part(call, capability))
    return min(moments, default=None)


def next_timer_at(call: BaseCall, capabilities: Capabilities) -> datetime | None:
    """When the queue should wake the call: the next effect that waits for its moment, or for an outcome that comes
    within seconds; and the timers of the capabilities. The sweep finds those whose outcome can take longer.
    """
    canceled = _being_canceled(call)
    moments = [e.due for e in call.effects if _needs_timer(e) and e.id not in canceled]
    for capability in capabilities:
        moments += capability.timers(call, _part(call, capability))
    return min(moments, default=None)


def _needs_timer(effect: Effect) -> bool:
    if effect.performed:
        return effect.action.outcome_timeout <= SHORT_OUTCOME
    return effect.leased_until is None


def command_outcome(call: BaseCall, context: str, capabilities: Capabilities) -> Outcome | None:
    """The outcome of a command; None as long as nothing is known of it."""
    for capability in capabilities:
        if found := capability.command_outcome(call, _part(call, capability), context):
            return found
    return commands.outcome(call, context)


def command_result(call: BaseCall, context: str, capabilities: Capabilities) -> dict[str, Any] | None:
    """What a command has brought, for the API; None if it brings nothing, or not yet."""
    for capability in capabilities:
        if (found := capability.command_result(call, _part(call, capability), context)) is not None:
            return found
    return None


def _part(call: BaseCall, capability: Capability[Any]) -> Any:
    return getattr(call, capability.name, None) or capability.part()


# -- Folding -----------------------------------------------------------------------------------------------------


def _apply(call: Call, event: Event, now: datetime, capabilities: Capabilities) -> Call:
    """The call after the event. An event that has been folded before changes nothing."""
    call, concerns_call = _note_on_effect(call, event, now)
    if not concerns_call:
        return _in_timeline(call, call, event, now, capabilities)
    return _fold(call, event, now, capabilities)


def _fold(call: Call, event: Event, now: datetime, capabilities: Capabilities) -> Call:
    after = _with_parts(call, capabilities, lambda capability, part: capability.fold(part, event))
    after = _with_ids(after, event)
    after = replace(after, operations=_operations(after, event, capabilities), outbox=outbox.fold(after.outbox, event))
    after = _with_state(after, event, now, capabilities)
    return _in_timeline(call, after, event, now, capabilities)


def _with_parts(call: Call, capabilities: Capabilities, change: Callable[[Capability[Any], Any], Any]) -> Call:
    """The call with the parts that ``change`` makes different."""
    before = {capability.name: _part(call, capability) for capability in capabilities}
    after = {capability.name: change(capability, before[capability.name]) for capability in capabilities}
    changed = {name: part for name, part in after.items() if part != before[name]}
    return replace(call, **changed) if changed else call


def _with_ids(call: Call, event: Event) -> Call:
    """The call with the ids that the event carries."""
    ids = {name: known(getattr(call, name), getattr(event.data, name, None)) for name in IDS}
    return replace(call, **ids)


def _operations(call: BaseCall, event: Event, capabilities: Capabilities) -> operations.Operations:
    table = {shape: status for capability in capabilities for shape, status in capability.outcomes.items()}
    contexts = {
        effect_id(call.id, step)
        for capability in capabilities
        for step in capability.steps(call, _part(call, capability))
    }
    return operations.fold(call.operations, event, table, contexts, call.id)


def _with_state(call: Call, event: Event, now: datetime, capabilities: Capabilities) -> Call:
    """The call in the highest state that its events imply."""
    implied = CallState.NEW
    for capability in capabilities:
        implied = higher(implied, capability.implied_state(call, _part(call, capability), event, now))
    if implied is CallState.NEW:
        return call
    reached = dict(call.reached)
    if not isinstance(event.data, TimerFired):
        reached[implied] = min(reached.get(implied, event.at), event.at)
    return replace(call, state=higher(call.state, implied), reached=dict(sorted(reached.items())))


def _in_timeline(before: Call, call: Call, event: Event, now: datetime, capabilities: Capabilities) -> Call:
    known_already = timeline.knows(before.timeline, event)
    if event.data.is_sign_of_life and not known_already and (event.data.in_timeline or call != before):
        call = replace(call, last_event_at=max(call.last_event_at or now, now))
    if not event.data.in_timeline:
        return call
    words = next((text for capability in capabilities if (text := capability.describe(event.data))), "")
    return replace(call, timeline=timeline.with_event(call.timeline, event, timeline.describe(event, words), now))


# -- Effects -----------------------------------------------------------------------------------------------------


def _note_on_effect(call: Call, event: Event, now: datetime) -> tuple[Call, bool]:
    """The call with the state of the effect that the event is about, and whether the event concerns the call itself. A
    failure that is tried again does not; nor does one of an effect that ACS is known to have accepted.
    """
    match event.data:
        case ActionPerformed(effect_id=id):
            return _change(call, id, lambda e: _performed(e, now)), True
        case ActionFailed() as failed:
            return _note_failure(call, failed, now)
        case CallbackPayload(operation_context=str(id)):  # any event about an operation shows that ACS accepted it
            return _change(call, id, lambda e: e if e.performed else _performed(e, now)), True
    return call, True


def _note_failure(call: Call, failed: ActionFailed, now: datetime) -> tuple[Call, bool]:
    effect = next((e for e in call.effects if e.id == failed.effect_id), None)
    if effect is None or (effect.performed and not failed.silent):
        return call, False
    outcome = call.operations.outcome(effect.id)
    begun = outcome is not None and outcome.status is OutcomeStatus.PROGRESSED
    nothing_left = failed.silent and effect.action.cancels is not None  # ACS reports what a cancellation has ended
    if begun or nothing_left or failed.action.is_final(*failed.codes, effect.tries):
        return call, True
    return _change(call, effect.id, lambda e: _later(e, now, failed.retry_after)), False


def _change(call: Call, id: str, change: Callable[[Effect], Effect]) -> Call:
    return replace(call, effects=tuple(change(e) if e.id == id else e for e in call.effects))


def _performed(effect: Effect, now: datetime) -> Effect:
    return replace(effect, performed=True, leased_until=None, due=now + effect.action.outcome_timeout)


def _later(effect: Effect, now: datetime, retry_after: float) -> Effect:
    delay = max(_backoff(timedelta(seconds=1), effect.tries), timedelta(seconds=retry_after))
    return replace(effect, performed=False, leased_until=None, due=now + delay)


def _backoff(delay: timedelta, tries: int) -> timedelta:
    return min(delay * int(2 ** min(tries, 16)), max(SLOWEST_RETRY, delay))


def _time_out(call: Call, now: datetime, capabilities: Capabilities) -> Call:
    """The call after the changes that follow from the time alone. An effect whose outcome never came has failed."""
    for effect in call.effects:
        if reason := _lost(effect, now):
            failed = ActionFailed(effect.id, effect.action, 408, 0, reason, silent=True)
            call = _apply(call, own(f"{effect.id}/silence/{effect.tries}", now, failed), now, capabilities)
    after = _with_parts(call, capabilities, lambda capability, part: capability.expire(call, part, now))
    return _with_decisions(call, after, now, capabilities) if after is not call else call


def _lost(effect: Effect, now: datetime) -> str:
    """Why the outcome of an effect is lost; empty if it is not."""
    if effect.performed:
        return "no event reported the outcome" if effect.due <= now else ""
    is_abandoned = effect.leased_until is not None and effect.leased_until <= now
    return "the response to the request is lost" if is_abandoned and effect.action.is_sent_once else ""


def _with_decisions(before: Call, call: Call, now: datetime, capabilities: Capabilities) -> Call:
    for capability in capabilities:
        for event in capability.decided(call, _part(before, capability), _part(call, capability)):
            call = _in_timeline(before, call, event, now, capabilities)
    return call


def _reconcile(call: Call, now: datetime, capabilities: Capabilities) -> Call:
    """The open effects are exactly those that are wanted and whose turn it is."""
    open_effects = {effect.id: effect for effect in call.effects}
    effects = {}
    for name, id, wanted in in_turn(call, _wanted(call, now, capabilities), now):
        due = now + timedelta(seconds=wanted.delay_seconds)
        effects[id] = open_effects.get(id) or Effect(id, wanted.action, due, name)
    return replace(call, effects=tuple(sorted(effects.values(), key=lambda e: e.id)))


def _wanted(call: BaseCall, now: datetime, capabilities: Capabilities) -> Iterator[WantedEffect]:
    for capability in capabilities:
        for wanted in capability.wanted(call, _part(call, capability), now):
            yield capability.name, effect_id(call.id, wanted.step), wanted
    if call.state is CallState.CONNECTED:
        for context, requested in commands.under_way(call):
            if not requested.action.steps:
                yield COMMANDS, context, Wanted(context, requested.action)
    for wanted in _publications(call, now, capabilities):
        yield outbox.OUTBOX, effect_id(call.id, wanted.step), wanted


def _publications(call: BaseCall, now: datetime, capabilities: Capabilities) -> Iterator[Wanted]:
    if call.policy.events and call.state is not CallState.NOT_OURS:
        happened = [each for capability in capabilities for each in capability.published(call, _part(call, capability))]
        yield from outbox.wanted(call.outbox, call.effects, happened, now)


def _lease(call: Call, now: datetime) -> tuple[Call, tuple[Effect, ...]]:
    """Lease the effects that are due. The lease is saved with the call before anything is performed. It lasts longer
    with each try: an effect that makes every invocation die is tried less and less often. One that is being
    cancelled is not sent again.
    """
    kept, leased = [], []
    canceled = _being_canceled(call)
    for effect in call.effects:
        if effect.performed or effect.due > now or effect.is_being_sent(now) or effect.id in canceled:
            kept.append(effect)
            continue
        until = now + _backoff(effect.action.lease, effect.tries)
        held = replace(effect, tries=effect.tries + 1, leased_until=until)
        kept.append(held)
        leased.append(held)
    return replace(call, effects=tuple(kept)), tuple(leased)


def _being_canceled(call: BaseCall) -> set[str | None]:
    """The ids of the effects whose cancellation is open."""
    return {effect.action.cancels for effect in call.effects}
