"""Outbound calls: a request becomes the first event of a new call, which is dialled at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from msgspec import json

from shared.calls.capabilities import Call
from shared.calls.capabilities.routing import PlanChosen
from shared.calls.event import CallRequested, own
from shared.service.commands import KeyReused
from shared.service.outbound_guard import OutboundGuard
from shared.service.processor import Processor
from shared.storage import keys
from shared.storage.calls import CallStore, UnreadableRow
from shared.storage.outbound import OutboundIndex, Placed

_encoder = json.Encoder(order="deterministic")
UNWRITTEN = timedelta(minutes=2)  # after which a call whose row is missing will not be dialled


class LinesBusy(Exception):
    """The account has as many outbound calls as it may have at a time."""


class CallDenied(Exception):
    """The outbound rules of the resource account do not allow the call. The text says why."""


class OutboundCalls:
    """``most`` is how many outbound calls a resource account has at a time."""

    def __init__(
        self,
        index: OutboundIndex,
        store: CallStore,
        processor: Processor,
        guard: OutboundGuard,
        now: Callable[[], datetime],
        *,
        most: int,
    ) -> None:
        self._index, self._store, self._processor = index, store, processor
        self._guard, self._now, self._most = guard, now, most

    async def place(self, requested: CallRequested, plan: PlanChosen | None, key: str, user: str | None) -> Call:
        """The call of a request, with a plan that begins when it is picked up. The same ``key`` of a caller is the same
        call, which is dialled once; without a key each request is a new one. ``user``: the object id of the one who
        calls, if it is a user. Raises KeyReused, CallDenied, LinesBusy, and TryAgain if others change its row all the
        time.
        """
        name = _digest(f"{requested.tenant} {requested.requested_by} {key or uuid4()}")
        body = _digest([requested, plan.plan.start if plan else None])
        placed = Placed(keys.call_id_of(name, self._now()), body)
        if key:
            placed = await self._index.placed(name, placed)
        if placed.body != body:
            raise KeyReused(placed.call_id)
        row = await self._store.read(placed.call_id)
        if row.call is not None:
            return row.call
        if refused := await self._guard.refusal(requested.tenant or "", requested.account, user, [requested.target]):
            raise CallDenied(refused)
        if not await self._index.take_line(requested.account, placed.call_id, self._most, self._is_over):
            raise LinesBusy(requested.account)
        now = self._now()  # not of an earlier request with the key, which has left no row
        events = [own(f"{placed.call_id}/requested", now, requested)]
        events += [own(f"{placed.call_id}/plan {plan.name} {plan.version}", now, plan)] if plan else []
        await self._processor.process(placed.call_id, events, row)
        return (await self._store.read(placed.call_id)).call or Call(id=placed.call_id)

    async def _is_over(self, call_id: str) -> bool:
        """Whether a call uses its line no longer. One whose row is missing was perhaps never dialled."""
        try:
            call = (await self._store.read(call_id)).call
        except UnreadableRow:
            return False
        return call.state.is_settled if call else self._now() - keys.began_at(call_id) > UNWRITTEN


def _digest(content: object) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else _encoder.encode(content)).hexdigest()
