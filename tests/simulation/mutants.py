"""Deliberate defects of the app, to test the tests. Each mutant names the invariant that must catch it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

import shared.acs.answering
import shared.acs.executor
import shared.calls.capabilities.lifecycle
import shared.calls.capabilities.prompts
import shared.calls.capabilities.recording
import shared.calls.engine
import shared.service.answering
import shared.service.ingress
import shared.service.processor
import shared.service.sweeper
import shared.service.time_limits
import shared.storage.archive
import shared.storage.calls
from emulator.acs.calls import Call as AcsCall
from emulator.acs.service import Service
from shared.acs.executor import EffectExecutor
from shared.calls.actions import PublishEvents
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Decision, IncomingCall, decide
from shared.calls.effect import Effect
from shared.calls.event import ActionFailed, ActionPerformed, Event
from shared.calls.policy import CallPolicy
from shared.service.answering import Answering
from shared.service.events import CallEvents
from shared.service.ingress import CallbackIngress
from shared.service.processor import Processor
from shared.service.sweeper import Sweeper
from shared.storage.calls import Row
from tests.simulation.command_mutants import COMMAND_MUTANTS
from tests.simulation.mutant import Mutant
from tests.simulation.plan_mutants import PLAN_MUTANTS


def _without_etags() -> list[Any]:
    return [patch.object(shared.storage.calls, "_over", lambda _: {"mode": "replace"})]


def _with_effects_in_memory_alone() -> list[Any]:
    encode = shared.storage.calls.encode

    def forgetful(call: Call, row: Row) -> Any:
        return encode(replace(call, effects=()), row)

    return [patch.object(shared.storage.calls, "encode", forgetful)]


def _without_what_is_unknown() -> list[Any]:
    encode = shared.storage.calls.encode

    def overwriting(call: Call, row: Row) -> Any:
        return encode(call, replace(row, unknown={}))

    return [patch.object(shared.storage.calls, "encode", overwriting)]


def _without_deterministic_ids() -> list[Any]:
    perform = EffectExecutor.perform

    async def under_another_id(self: EffectExecutor, call: Call, effect: Effect, limit: float) -> Event:
        outcome = await perform(self, call, replace(effect, id=str(uuid.uuid4())), limit)
        if isinstance(outcome.data, ActionPerformed | ActionFailed):
            return replace(outcome, data=replace(outcome.data, effect_id=effect.id))
        return outcome

    return [
        patch.object(EffectExecutor, "perform", under_another_id),
        patch.object(shared.acs.answering, "effect_id", lambda *_: str(uuid.uuid4())),
    ]


def _answering_anew() -> list[Any]:
    async def every_time(_: Answering, __: str, respond: Callable[[], Any]) -> Any:
        return await respond()

    return [
        patch.object(Answering, "_once", every_time),
        patch.object(shared.acs.answering, "effect_id", lambda *_: str(uuid.uuid4())),
    ]


def _answering_twice() -> list[Any]:
    return [*_answering_anew(), forgetful_acs()]


def forgetful_acs() -> Any:
    """ACS accepts a context any number of times: a second answer is still recognised, because it has the id of the
    first. Not a mistake of the app's, but what one of its own is held off by.
    """
    ringing = Service.ringing

    def still_ringing(self: Service, context: str) -> AcsCall:
        call = self.calls.by_context(context)
        return call if call is not None and call.state == "connected" else ringing(self, context)

    return patch.object(Service, "ringing", still_ringing)


def _answering_whatever_its_age() -> list[Any]:
    def always(policy: CallPolicy, callee: str, called_at: datetime, now: datetime) -> Decision:
        decision = decide(policy, callee, called_at, now)
        return Decision.ANSWER if decision is Decision.TOO_LATE else decision

    return [patch.object(shared.service.answering, "decide", always)]


def _effects_before_they_are_recorded() -> list[Any]:
    fold = Processor._folded

    async def fold_and_perform(self: Processor, *arguments: Any) -> Any:
        change = await fold(self, *arguments)
        for effect in change.effects:
            await self._executor.perform(change.call, effect, 8)
        return change

    return [patch.object(Processor, "_folded", fold_and_perform)]


def _refusing_for_good() -> list[Any]:
    accept = CallbackIngress.accept

    async def never_503(self: CallbackIngress, call_id: str, authorization: str, body: bytes) -> int:
        status = await accept(self, call_id, authorization, body)
        return 401 if status == 503 else status

    return [patch.object(CallbackIngress, "accept", never_503)]


def _accepting_before_it_is_saved() -> list[Any]:
    callback = CallEvents.callback

    async def whatever_comes_of_it(self: CallEvents, wire: Any) -> None:
        try:
            await callback(self, wire)
        except Exception:  # noqa: BLE001  # that is the mistake
            return

    return [patch.object(CallEvents, "callback", whatever_comes_of_it)]


def _latest_instead_of_earliest() -> list[Any]:
    def last(a: datetime | None, b: datetime | None) -> datetime | None:
        return b or a

    def last_of_two(*values: Any, **how: Any) -> Any:
        return values[1] if isinstance(values[0], datetime) else min(*values, **how)

    capabilities = shared.calls.capabilities
    joining = (capabilities.lifecycle, capabilities.prompts, capabilities.recording)
    return [
        patch.object(shared.calls.engine, "min", last_of_two, create=True),
        *(patch.object(module, "earliest", last) for module in joining),
    ]


def _naming_the_caller() -> list[Any]:
    received = shared.service.answering._received

    def telling(payload: IncomingCall, *more: Any) -> Any:
        shared.service.processor.log.info("a call from %s", payload.from_ and payload.from_.raw_id)
        return received(payload, *more)

    return [patch.object(shared.service.answering, "_received", telling)]


def _without_a_sweep() -> list[Any]:
    async def idle(_: Sweeper) -> int:
        return 0

    return [patch.object(Sweeper, "sweep", idle)]


def _unbounded() -> list[Any]:
    @contextmanager
    def forever() -> Iterator[None]:
        yield

    class NoTimeout:
        async def __aenter__(self) -> None:
            return None

        async def __aexit__(self, *_: object) -> None:
            return None

    apart = SimpleNamespace(
        **{name: getattr(asyncio, name) for name in asyncio.__all__} | {"timeout": lambda _: NoTimeout()}
    )
    bounded = (
        shared.acs.executor,
        shared.acs.answering,
        shared.service.ingress,
        shared.service.processor,
        shared.service.time_limits,
    )
    return [patch.object(module, "asyncio", apart) for module in bounded]


def _archived_without_a_look() -> list[Any]:
    async def believed(*_: Any) -> int:
        return 1

    return [patch.object(shared.storage.archive, "_copy", believed)]


def _failures_forgotten() -> list[Any]:
    failed = EffectExecutor._failed

    def performed_anyway(self: EffectExecutor, effect: Effect, *arguments: Any) -> Event:
        is_publication = isinstance(effect.action, PublishEvents)
        return self._context.performed(effect) if is_publication else failed(self, effect, *arguments)

    return [patch.object(EffectExecutor, "_failed", performed_anyway)]


MUTANTS: dict[str, Mutant] = {
    "no-etags": Mutant(
        "rows are written whatever they have become since they were read", "3 accounted for", _without_etags
    ),
    "unsaved-effects": Mutant("rows are written without the effects", "8 asked for", _with_effects_in_memory_alone),
    "unknown-dropped": Mutant(
        "properties of a newer version are not written again", "9 kept", _without_what_is_unknown
    ),
    "random-ids": Mutant("requests bear an id of the moment", "8 asked for", _without_deterministic_ids),
    "answers-anew": Mutant(
        "each try to answer bears an id of its own, and ACS alone holds the second off",
        "1 answered once",
        _answering_anew,
    ),
    "answers-twice": Mutant(
        "the same, and ACS takes a context as often as it comes", "1 answered once", _answering_twice
    ),
    "no-age-check": Mutant("calls are answered however old the event is", "8 asked for", _answering_whatever_its_age),
    "effects-first": Mutant(
        "effects are performed before they are recorded", "8 asked for", _effects_before_they_are_recorded
    ),
    "401-for-503": Mutant(
        "what can't be verified or published now is refused for good", "3 accounted for", _refusing_for_good
    ),
    "accept-first": Mutant(
        "an event is accepted whatever comes of it", "3 accounted for", _accepting_before_it_is_saved
    ),
    "arrival-order": Mutant("the last word counts, not the earliest time", "4 order-free", _latest_instead_of_earliest),
    "names-callers": Mutant("the caller's number is logged", "5 secret", _naming_the_caller),
    "unbounded": Mutant("invocations wait as long as it takes", "6 quick", _unbounded),
    "no-sweep": Mutant("calls whose wake message is lost are not swept", "7 ends", _without_a_sweep),
    "unverified-archive": Mutant("files are believed to be copied", "2 recorded truly", _archived_without_a_look),
    "forgets-events": Mutant(
        "an event that the topic did not accept counts as published", "27 published", _failures_forgotten
    ),
    **COMMAND_MUTANTS,
    **PLAN_MUTANTS,
}


@contextmanager
def mutated(name: str | None) -> Iterator[None]:
    """The app with the mutant's defect; unchanged for None."""
    with ExitStack() as stack:
        for each in MUTANTS[name].patches() if name else []:
            stack.enter_context(each)
        yield
