"""Incoming calls: answered first, written to their row afterwards. Nothing slow precedes the answer."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from shared.acs.answering import IncomingCallResponder
from shared.calls.actions import EFFECT_SECONDS
from shared.calls.capabilities.lifecycle import Decision, IncomingCall, IncomingCallReceived, RequestRejected, decide
from shared.calls.capabilities.routing import PlanUnavailable
from shared.calls.emergency import is_emergency_service
from shared.calls.event import Event
from shared.calls.result_codes import Disposition, look_up
from shared.platform.settings import Settings
from shared.service import on_behalf
from shared.service.processor import Processor, TryAgain
from shared.service.time_limits import INVOCATION_SECONDS, within
from shared.service.wire import EventReader, WireEvent
from shared.storage import keys
from shared.storage.calls import Row

if TYPE_CHECKING:
    from shared.directory.directory import Directory
    from shared.directory.models import ResourceAccount
    from shared.service.choosing import PlanChooser
    from shared.service.outbound_guard import OutboundGuard

log = logging.getLogger(__name__)

REMEMBERED_ANSWERS = 1000
AFTER = timedelta(microseconds=1)  # what the app makes of the call stands after IncomingCall in the timeline
FORBIDDEN = "forbidden"  # the reason of a rejection
LONGEST_NAME = 256  # characters of a caller's display name, which callers choose themselves


def call_id_of(context: str, at: datetime) -> str:
    """A call's id, derived from its incoming-call context: ``20261121-`` and 32 hexadecimal digits."""
    return keys.call_id_of(hashlib.sha256(context.encode()).hexdigest(), at)


@dataclass(frozen=True)
class _Response:
    """The response to a ringing call. ``fault`` is an error of this app; the call goes on ringing then. ``refused``:
    why a client's call is rejected.
    """

    decision: Decision
    outcome: Event | None
    fault: Exception | None
    refused: str = ""


class Answering:
    """One for each process.

    ``processor``, ``directory`` and ``plans`` are built when they are first needed, which is after the answer: they
    load SDKs.
    """

    def __init__(
        self,
        settings: Settings,
        reader: EventReader,
        responder: IncomingCallResponder,
        now: Callable[[], datetime],
        *,
        processor: Callable[[], Processor],
        directory: Callable[[], Directory],
        plans: Callable[[], PlanChooser],
        guard: Callable[[], OutboundGuard],
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._responder = responder
        self._now = now
        self._processor = processor
        self._directory = directory
        self._plans = plans
        self._guard = guard
        self._answers: dict[str, asyncio.Task[Event]] = {}

    @within(INVOCATION_SECONDS)
    async def incoming_call(self, wire: WireEvent) -> None:
        """Answer or reject the call, then write its row. Raises TryAgain if ACS may take the answer later, or if the
        call's plan may be read later.
        """
        received_at = self._now()
        event = await self._reader.read(wire, "incoming_call", IncomingCall)
        if event is None:
            return
        payload: IncomingCall = event.data  # type: ignore[assignment]  # the reader has checked it
        call_id = call_id_of(payload.incoming_call_context, event.at)
        response = await self._answer_or_reject(call_id, event, payload, received_at)
        account = None if response.decision is Decision.NOT_OURS else await self._account(payload.to.raw_id)
        received = _received(payload, response.decision, received_at, account)
        events = [replace(event, data=received), *([response.outcome] if response.outcome else [])]
        if on_behalf.is_on_behalf(event, payload):
            if response.decision is not Decision.NOT_OURS:
                events.append(on_behalf.called(call_id, event.at + AFTER, payload, self._settings, response.refused))
        elif response.decision is Decision.ANSWER:
            events += await self._plans().choose(call_id, event.at + AFTER, received, payload.custom_context)
        async with self._reader.unless_unreadable_row(wire, "incoming_call"):
            await self._processor().process(call_id, events, Row())
        if response.fault is not None:
            raise response.fault
        if response.outcome is not None and _is_transient(response.outcome):
            raise TryAgain(f"call {call_id}: ACS did not take the answer; the event must be delivered again")
        if any(isinstance(each.data, PlanUnavailable) and each.data.is_transient for each in events):
            raise TryAgain(f"call {call_id}: its plan cannot be read; the event must be delivered again")

    async def _answer_or_reject(self, call_id: str, event: Event, payload: IncomingCall, now: datetime) -> _Response:
        decision, outcome, fault, refused = Decision.ANSWER, None, None, ""
        try:
            decision = await self._decision(payload, event.at, now)
            if decision is Decision.ANSWER and on_behalf.is_on_behalf(event, payload):
                refused = await self._refusal(payload)
                decision = Decision.REJECT if refused else decision
            outcome = await self._respond(decision, call_id, payload, refused)
        except Exception as error:  # noqa: BLE001  # a fault of this app; the call must reach its row
            fault = error
        return _Response(decision, outcome, fault, refused)

    async def _decision(self, payload: IncomingCall, called_at: datetime, now: datetime) -> Decision:
        callee = payload.to.raw_id
        if self._settings.linked_accounts_only and await self._directory().account_cache.is_elsewhere(callee):
            return Decision.NOT_OURS
        return decide(self._settings.call_policy, callee, called_at, now)

    async def _refusal(self, payload: IncomingCall) -> str:
        """Why a call on behalf of the resource account is rejected; empty if it is answered."""
        tenant = on_behalf.tenant_in(payload)
        if tenant is None and (account := await self._account(payload.to.raw_id)):
            tenant = account.tenant_id
        return await on_behalf.refusal(self._guard(), payload, tenant)

    async def _account(self, raw_id: str) -> ResourceAccount | None:
        """The callee in the directory; None if it is unknown or cannot be read. The directory is read after the answer,
        if the cache is some minutes old, or lacks the callee.
        """
        try:
            return await self._directory().account_cache.find(raw_id)
        except Exception as error:  # noqa: BLE001  # a fault of this app; the row can do without names
            log.error("the callee of a call cannot be looked up: %s", type(error).__name__)  # noqa: TRY400
            return None

    async def _respond(self, decision: Decision, call_id: str, payload: IncomingCall, refused: str) -> Event | None:
        context = payload.incoming_call_context
        match decision:
            case Decision.ANSWER:
                answer = partial(self._responder.answer, emergency=self._is_emergency(payload))
                return await self._once(call_id, partial(answer, call_id, context, EFFECT_SECONDS))
            case Decision.REJECT:
                reason = FORBIDDEN if refused else self._settings.call_policy.incoming
                respond = partial(self._responder.reject, call_id, context, reason, EFFECT_SECONDS)
                return await self._once(call_id, respond)
        return None

    def _is_emergency(self, payload: IncomingCall) -> bool:
        people = (*on_behalf.callees_of(payload), *([payload.from_.raw_id] if payload.from_ else []))
        return any(is_emergency_service(each, self._settings.emergency_numbers) for each in people)

    async def _once(self, call_id: str, respond: Callable[[], Awaitable[Event]]) -> Event:
        """One response for all deliveries of an event that reach this process, unless it must be tried again.

        ACS refuses the responses of other processes: it accepts a context once.
        """
        task = self._answers.get(call_id)
        if task is None:
            task = self._answers[call_id] = asyncio.ensure_future(respond())
            while len(self._answers) > REMEMBERED_ANSWERS:
                del self._answers[next(iter(self._answers))]
        try:
            outcome = await asyncio.shield(task)
        except BaseException:
            self._answers.pop(call_id, None)
            raise
        if _is_transient(outcome):
            self._answers.pop(call_id, None)
        return outcome


def _received(
    payload: IncomingCall, decision: Decision, received_at: datetime, account: ResourceAccount | None
) -> IncomingCallReceived:
    """The event as the row stores it. The row of a call to another application's account does not name the caller."""
    known = decision is not Decision.NOT_OURS
    return IncomingCallReceived(
        decision=decision,
        caller=payload.from_.raw_id if known and payload.from_ else None,
        callee=payload.to.raw_id,
        caller_name=(payload.caller_display_name or "")[:LONGEST_NAME] or None if known else None,
        server_call_id=payload.server_call_id,
        correlation_id=payload.correlation_id,
        received_at=received_at,
        tenant=account.tenant_id if account else None,
        callee_name=account.display_name or None if account else None,
        callee_number=account.phone_number if account else None,
    )


def _is_transient(outcome: Event) -> bool:
    rejected = isinstance(outcome.data, RequestRejected)
    return rejected and look_up(*outcome.data.codes).disposition is Disposition.TRANSIENT
