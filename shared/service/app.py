"""The hall where the wings meet: an event comes in, the call is folded, effects go out.

Every trigger ends up in ``_advance``: read the row, fold the event, save, perform what the machine asked for, fold
how it went. Only incoming calls are answered before anything is saved.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast
from weakref import WeakValueDictionary

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import AsyncHttpTransport
from msgspec import to_builtins

from shared.acs import callbacks
from shared.acs.executors import Performer
from shared.calls.call import Call
from shared.calls.effects import ArchiveChunk, Effect
from shared.calls.events import (
    CallbackPayload,
    Event,
    IncomingCallPayload,
    Rang,
    Refused,
    Unreadable,
    parse,
    recording_id_of,
    server_call_id_of,
)
from shared.calls.fold import is_left_out
from shared.calls.machine import next_wake, reduce
from shared.calls.policy import Decision, decide
from shared.calls.result_codes import Verdict, look_up
from shared.platform import clock, telemetry
from shared.platform.clients import Clients
from shared.platform.settings import Settings
from shared.storage.calls import Conflict, Row, Store, not_ours, stretches
from shared.storage.quarantine import keep_aside
from shared.storage.wakes import wake_later

if TYPE_CHECKING:
    from shared.directory.directory import Directory
    from shared.directory.models import ResourceAccount
    from shared.platform import tokens

log = logging.getLogger(__name__)

Handler = TypeVar("Handler", bound=Callable[..., Any])

HANDLER_SECONDS = 9.0  # an invocation's time, whatever hangs; Event Grid waits for 30
EFFECT_SECONDS = 6.0  # an effect's share of it
WAKE_SECONDS = 570.0  # the same for the queue-triggered function, which may copy a long recording
COPY_SECONDS = 540.0
CONFLICTS = 8  # how often a row that changes under our hands is read again, before Event Grid must try again
UNCLAIMED = timedelta(minutes=10)  # after which a recording that no call of ours claims can be another application's
SOON = timedelta(seconds=60)  # what is due sooner than the sweep would find it is woken by the queue
SWEPT_DAYS = 4  # a call can last for a day, its recording's file come a day later, and be tried for another
KEPT_ANSWERS = 1000
CROWD = 8  # calls that ring at once in one process; more come only in a burst
CROWD_SECONDS = 3.0  # what else can wait for then
OK = 200
LONGEST_NAME = 256  # characters of a caller's display name, which callers choose themselves

_CALL_ID = re.compile(r"[0-9]{8}-[0-9a-f]{32}")


class TryAgain(Exception):
    """What was to be done can succeed later: raised, so that the event is delivered again."""


class WireEvent(Protocol):
    """What is used of ``azure.functions.CloudEvent``."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def time(self) -> datetime | None: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def extension_attrs(self) -> dict[str, Any]: ...
    def get_json(self) -> Any: ...


def call_id_of(context: str, at: datetime) -> str:
    """A call's id, derived from its incoming-call context: ``20261121-`` and 32 hexadecimal digits."""
    return f"{at:%Y%m%d}-{hashlib.sha256(context.encode()).hexdigest()[:32]}"


def within(seconds: float) -> Callable[[Handler], Handler]:
    """Bound the whole of an invocation: what hangs is given up, and delivered again."""

    def bind(handler: Handler) -> Handler:
        @wraps(handler)
        async def bounded(*args: Any, **kwargs: Any) -> Any:
            async with asyncio.timeout(seconds):
                return await handler(*args, **kwargs)

        return cast("Handler", bounded)

    return bind


class Desk:
    """Where the invocations of this process that are at work on the same call share its row.

    Events of one call tend to come together. At a desk they take turns and need not read what the last one wrote;
    an invocation elsewhere is noticed by the ETag all the same. A desk lasts as long as somebody is at it.
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.row: Row | None = None


class Crowd:
    """Lets answers go first: while many calls ring at once in this process, everything else waits, but not for long.

    ``with crowd:`` around each answer, ``await crowd.passed()`` before other work.
    """

    def __init__(self) -> None:
        self._ringing = 0
        self._over = asyncio.Event()
        self._over.set()

    def __enter__(self) -> None:
        self._ringing += 1
        if self._ringing > CROWD:
            self._over.clear()

    def __exit__(self, *_: object) -> None:
        self._ringing -= 1
        if self._ringing <= CROWD:
            self._over.set()

    async def passed(self) -> None:
        if self._over.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(CROWD_SECONDS):
                await self._over.wait()


class App:
    """One for each process. Settings are read, and clients are made, when they are first needed.

    ``environment``, ``now`` and ``transport`` take the place of the process's, the clock and HTTP in a simulation.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = clock.now,
        transport: AsyncHttpTransport[Any, Any] | None = None,
    ) -> None:
        self.settings = Settings(environment)
        self.clients = Clients(self.settings, transport)
        self._now = now
        self._transport = transport
        self._answers: dict[str, asyncio.Task[Event]] = {}
        self._crowd = Crowd()
        self._desks: WeakValueDictionary[str, Desk] = WeakValueDictionary()

    @cached_property
    def _performer(self) -> Performer:
        return Performer(self.settings, self.clients, self._now)

    @cached_property
    def store(self) -> Store:
        return Store(self.clients.calls)

    @cached_property
    def _keys(self) -> tokens.SigningKeys:
        from shared.platform import tokens  # cryptography takes its time, and no answer needs it

        return tokens.SigningKeys(self.settings.callback_keys_url, self._transport)

    @cached_property
    def directory(self) -> Directory:
        from shared.directory.directory import Directory  # not for the sake of an answer

        return Directory(self.settings, self.clients, self._now, self._transport)

    async def close(self) -> None:
        if "directory" in self.__dict__:
            await self.directory.close()
        if "_keys" in self.__dict__:
            await self._keys.close()
        await self.clients.close()

    # -- Incoming calls ------------------------------------------------------------------------------------

    @within(HANDLER_SECONDS)
    async def incoming_call(self, wire: WireEvent) -> None:
        """Answer first, then write the row: nothing slow stands between the event and the answer."""
        received_at = self._now()
        event = await self._read(wire, "incoming_call", IncomingCallPayload)
        if event is None:
            return
        payload: IncomingCallPayload = event.data
        call_id = call_id_of(payload.incoming_call_context, event.at)
        decision = decide(self.settings.plan, payload, event.at, received_at)
        if self.settings.linked_accounts_only and await self.directory.snapshot.is_elsewhere(payload.to.raw_id):
            decision = Decision.NOT_OURS
        outcome, fault = None, None
        with self._crowd:
            try:
                outcome = await self._respond(decision, call_id, payload.incoming_call_context)
            except Exception as error:  # noqa: BLE001  # a fault of ours; that somebody called is to be known all the same
                fault = error
        account = None if decision is Decision.NOT_OURS else await self._account(payload.to.raw_id)
        rang = _rang(payload, decision, received_at, account)
        events = [Event(event.id, "IncomingCall", event.at, rang), *([outcome] if outcome else [])]
        await self._advance(call_id, events, Row())
        if fault is not None:
            raise fault
        if outcome is not None and _can_pass(outcome):
            raise TryAgain(f"call {call_id}: ACS did not take the answer; the event must be delivered again")

    async def _account(self, raw_id: str) -> ResourceAccount | None:
        """What the directory knows of a callee, read behind the answer if it has not been for some minutes."""
        await self.directory.snapshot.catch_up()
        return self.directory.snapshot.account(raw_id)

    async def _respond(self, decision: Decision, call_id: str, context: str) -> Event | None:
        match decision:
            case Decision.ANSWER:
                return await self._once(call_id, lambda: self._performer.answer(call_id, context, EFFECT_SECONDS))
            case Decision.REJECT:
                reason = self.settings.plan.incoming
                respond = partial(self._performer.reject, call_id, context, reason, EFFECT_SECONDS)
                return await self._once(call_id, respond)
        return None

    async def _once(self, call_id: str, respond: Callable[[], Any]) -> Event:
        """One response for all deliveries of an event that reach this process, unless it must be tried again.

        Those that reach another process are held off by ACS, which takes a context once.
        """
        task = self._answers.get(call_id)
        if task is None:
            task = self._answers[call_id] = asyncio.ensure_future(respond())
            while len(self._answers) > KEPT_ANSWERS:
                del self._answers[next(iter(self._answers))]
        try:
            outcome = await asyncio.shield(task)
        except BaseException:
            self._answers.pop(call_id, None)
            raise
        if _can_pass(outcome):
            self._answers.pop(call_id, None)
        return outcome

    async def quiet(self) -> None:
        """Return when not many calls ring in this process: what is no call lets them go first, but not for long."""
        await self._crowd.passed()

    # -- Everything that comes later -----------------------------------------------------------------------

    @within(HANDLER_SECONDS)
    async def call_event(self, wire: WireEvent) -> None:
        """A callback, delivered by the custom topic. The ``callid`` attribute tells which call it is about."""
        await self._crowd.passed()
        event = await self._read(wire, "call_event", CallbackPayload)
        if event is None:
            return
        call_id = str(wire.extension_attrs.get(callbacks.CALL_ID, ""))
        if not _CALL_ID.fullmatch(call_id):
            await self._keep_aside(_as_json(wire), f"its attribute {callbacks.CALL_ID} is no call id", "call_event")
            return
        await self._advance(call_id, [event])

    @within(HANDLER_SECONDS)
    async def recording_file_ready(self, wire: WireEvent) -> None:
        """A recording's files are there. The event names no call; the index knows it by the recording's id."""
        event = await self._read(wire, "recording_file_ready")
        if event is None:
            return
        try:
            recording_id = recording_id_of(event.subject)
        except Unreadable as error:
            await self._keep_aside(_as_json(wire), str(error), "recording_file_ready")
            return
        call_id = await self.store.call_of_recording(recording_id)
        if call_id is None and (server_call_id := server_call_id_of(event.subject)):
            call_id = await self.store.call_of_recording(server_call_id)
            if call_id is None and self._now() - event.at > UNCLAIMED:
                call_id = await self.store.call_of_recording(not_ours(server_call_id))
        if call_id is None:
            raise TryAgain(f"event {event.id}: no call is known yet for its recording; it must be delivered again")
        await self._advance(call_id, [event])

    @within(WAKE_SECONDS)
    async def wake(self, call_id: str) -> None:
        """The moment that a call asked to be woken at has come."""
        if not _CALL_ID.fullmatch(call_id):
            await self._keep_aside(call_id, "it is no call id", "wake_call")
            return
        await self._advance(call_id, [_woken(self._now())], limit=COPY_SECONDS)

    @within(HANDLER_SECONDS)
    async def sweep(self) -> int:
        """Wake the calls whose moment has passed: their wake was lost, or something hangs. Returns how many."""
        now = self._now()
        sweeping = (self._sweep(stretch, now) for stretch in stretches(now, SWEPT_DAYS))
        results = await asyncio.gather(*sweeping, return_exceptions=True)
        for error in results:  # what one scan could not see does not keep the others from waking
            if isinstance(error, BaseException):
                raise error
        count = sum(result for result in results if isinstance(result, int))
        if count:
            log.warning("sweep: %d calls woken", count)
        telemetry.tell(telemetry.Swept(count))
        return count

    @within(WAKE_SECONDS)
    async def refresh_directory(self) -> int:
        """Copy the resource accounts of every tenant from Graph. Returns how many there are."""
        return await self.directory.refresh()

    async def _sweep(self, stretch: tuple[str, str], now: datetime) -> int:
        count = 0
        async for call_id in self.store.due(stretch, now):
            await wake_later(self.clients.wakes, call_id, timedelta())
            count += 1
        return count

    # -- Callbacks over HTTP -------------------------------------------------------------------------------

    async def callbacks(self, call_id: str, authorization: str, body: bytes) -> int:
        """Take a callback in, and tell if it was not taken. Returns the HTTP status to answer with."""
        status = await self._take(call_id, authorization, body)
        if status != OK:
            telemetry.tell(telemetry.CallbackRefused(status))
        return status

    async def _take(self, call_id: str, authorization: str, body: bytes) -> int:
        """Accept a callback: verify it, publish it unchanged, and say so with a bare status.

        200 it is safe; 401 its token is not ACS's; 413 it is too large; 503 the keys, the topic or the storage
        can't be reached now, which makes ACS send it again where a 4xx would lose it.
        """
        from shared.platform import tokens  # as above

        if len(body) > callbacks.LARGEST_BODY:
            return 413
        await self._crowd.passed()
        issuer, audience = self.settings.callback_issuer, self.settings.acs_resource_id
        try:
            async with asyncio.timeout(HANDLER_SECONDS):
                await tokens.verify(authorization, self._keys, issuer=issuer, audience=audience)
                return await self._accept(call_id, body)
        except tokens.Forbidden as error:
            log.warning("callback refused: %s", error)
            return 401
        except tokens.KeysUnavailable as error:
            log.error("callback not accepted now: %s", error)  # noqa: TRY400  # the text says it all
            return 503
        except (AzureError, TimeoutError) as error:
            log.error("callback not accepted now: %s", type(error).__name__)  # noqa: TRY400
            return 503

    async def _accept(self, call_id: str, body: bytes) -> int:
        events, unreadable = callbacks.read(body)
        if not _CALL_ID.fullmatch(call_id):
            unreadable += [(event, "its callback URL names no call") for event in events]
            events = []
        batches, too_large = callbacks.batches([callbacks.address(event, call_id) for event in events])
        unreadable += [(event, "it is too large for the topic") for event in too_large]
        for event, reason in unreadable:
            await self._keep_aside(event, reason, "callbacks")
        for batch in batches:
            await self.clients.topic.send(batch)
        return OK

    # -- The one way an event goes -------------------------------------------------------------------------

    async def _advance(
        self, call_id: str, events: list[Event], row: Row | None = None, *, limit: float = EFFECT_SECONDS
    ) -> None:
        """Fold events into the call, perform what it asks for, and fold how that went, until nothing is left.

        ``row`` spares the read where there is most likely no row yet; ``limit`` is how long a file may be copied.
        """
        desk = self._desks.setdefault(call_id, Desk())
        desk.row = desk.row or row
        async with desk.lock, asyncio.timeout(HANDLER_SECONDS):  # who may take longer must not hold up the others
            call, effects = await self._record(desk, call_id, events)
        if effects:
            await self._perform(call, effects, limit)

    async def _record(self, desk: Desk, call_id: str, events: list[Event]) -> tuple[Call, list[Effect]]:
        """Fold the events into the row and save it; return the call and what to perform, which is claimed now."""
        tried: tuple[Call, list[Effect]] | None = None
        before: Call | None = None
        for conflicts in range(CONFLICTS + 1):
            remembered = desk.row is not None
            row = desk.row = desk.row or await self.store.read(call_id)
            if tried is not None and row.call == tried[0]:
                await self._wake_on_time(before, tried[0], self._now())
                telemetry.tell(*telemetry.news(before, row.call, events))
                return tried  # the conflict was with our own write, whose answer was lost
            call = row.call or Call(id=call_id, plan=self.settings.plan)
            now = self._now()
            unknown = row.call is None and all(event.type == "Woken" for event in events)
            call, effects = (call, []) if unknown else _fold(call, events, now)
            for event in events:
                if is_left_out(call, event):
                    await self._keep_aside(to_builtins(event), f"the timeline of call {call_id} is full", "timeline")
            if unknown or call == row.call:
                if not remembered:
                    return call, effects
                desk.row = None  # it may be old, and that nothing is to be done no ETag would prove wrong
                continue
            try:
                desk.row = await self._save(row, call, now)
            except Conflict:
                desk.row, tried, before = None, (call, effects), row.call
                await asyncio.sleep(random.uniform(0, 0.05 * conflicts))  # noqa: S311  # to part two rivals
                continue
            if row.call is None or call.state is not row.call.state:
                log.info("call %s: %s", call_id, call.state)
            telemetry.tell(*telemetry.news(row.call, call, events))
            return call, effects
        raise TryAgain(f"call {call_id}: its row changed {CONFLICTS + 1} times under our hands; deliver again")

    async def _save(self, row: Row, call: Call, now: datetime) -> Row:
        saved = await self.store.write(row, call, now)
        await self._wake_on_time(row.call, call, now)
        return saved

    async def _wake_on_time(self, before: Call | None, call: Call, now: datetime) -> None:
        """Have the queue wake the call that was just saved, if it wants that sooner than the sweep would find it."""
        due = next_wake(call)
        if due is None or due - now >= SOON or (before is not None and due == next_wake(before)):
            return
        try:
            await wake_later(self.clients.wakes, call.id, due - now)
        except AzureError as error:
            log.warning("call %s: not to be woken on time, the sweep will: %s", call.id, type(error).__name__)

    async def _perform(self, call: Call, effects: list[Effect], limit: float) -> None:
        """Perform the effects beside each other, and fold how each went as soon as it is known: none waits for a copy
        that takes minutes, and one that fails for a fault of ours does not hide the others.
        """
        performing = (self._carry_out(call, effect, limit) for effect in effects)
        results = await asyncio.gather(*performing, return_exceptions=True)
        for error in results:
            if error is not None:
                raise error

    async def _carry_out(self, call: Call, effect: Effect, limit: float) -> None:
        seconds = limit if isinstance(effect.action, ArchiveChunk) else EFFECT_SECONDS
        outcome = await self._performer.perform(call, effect, seconds)
        await self._advance(call.id, [outcome], limit=limit)

    # -- What can't be read --------------------------------------------------------------------------------

    async def _read(self, wire: WireEvent, source: str, shape: type | None = None) -> Event | None:
        """The event, typed; None if it could not be read and was kept aside."""
        try:
            return _typed(wire, shape)
        except Unreadable as error:
            await self._keep_aside(_as_json(wire), str(error), source)
            return None

    async def _keep_aside(self, event: Any, reason: str, source: str) -> None:
        container = self.clients.container(self.settings.quarantine_container)
        await keep_aside(container, event, reason, source, self._now())
        telemetry.tell(telemetry.Quarantined(source))


def _fold(call: Call, events: list[Event], now: datetime) -> tuple[Call, list[Effect]]:
    asked: dict[str, Effect] = {}
    for event in events:
        call, effects = reduce(call, event, now)
        asked |= {effect.id: effect for effect in effects}
    open_ids = {effect.id for effect in call.effects}
    return call, [effect for effect in asked.values() if effect.id in open_ids]


def _typed(wire: WireEvent, shape: type | None) -> Event:
    if not hasattr(wire, "extension_attrs"):
        raise Unreadable("it is not in the CloudEvents schema: check the subscription's delivery schema")
    event = parse(wire.type, wire.id, wire.time, wire.subject, wire.get_json())
    if shape is not None and not isinstance(event.data, shape):
        raise Unreadable(f"{event.type} is not for this trigger: check the subscription's event types")
    return event


def _rang(
    payload: IncomingCallPayload, decision: Decision, received_at: datetime, account: ResourceAccount | None
) -> Rang:
    """The event as the row keeps it. A call that is not ours leaves no trace of who called."""
    ours = decision is not Decision.NOT_OURS
    return Rang(
        decision=decision.value,
        caller=payload.from_.raw_id if ours else "",
        callee=payload.to.raw_id,
        caller_name=(payload.caller_display_name or "")[:LONGEST_NAME] or None if ours else None,
        on_behalf_of=payload.on_behalf_of_callee.raw_id if ours and payload.on_behalf_of_callee else None,
        server_call_id=payload.server_call_id,
        correlation_id=payload.correlation_id,
        received_at=received_at,
        tenant=account.tenant_id if account else None,
        callee_name=account.display_name or None if account else None,
        callee_number=account.phone_number if account else None,
    )


def _woken(now: datetime) -> Event:
    return Event(f"woken {now.isoformat()}", "Woken", now, None)


def _can_pass(outcome: Event) -> bool:
    refused = outcome.data
    return isinstance(refused, Refused) and look_up(refused.code, refused.sub_code).verdict is Verdict.TRANSIENT


def _as_json(wire: WireEvent) -> dict[str, Any]:
    names = ("id", "source", "type", "time", "subject", "event_type", "event_time", "topic")
    known = {name: getattr(wire, name) for name in names if getattr(wire, name, None) is not None}
    return known | {"data": wire.get_json()} | getattr(wire, "extension_attrs", {})
