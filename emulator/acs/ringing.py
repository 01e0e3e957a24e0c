"""Callees ring: at the calling clients of their identity where there are any, and else as they are scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from emulator.acs.callees import Outcome
from emulator.acs.calls import Call
from emulator.acs.custom_context import CustomContext
from emulator.acs.identifiers import Identifier
from emulator.acs.provenance import RING
from emulator.acs.results import INVITATION_TIMEOUT, RING_TIMEOUT, Result
from emulator.acs.rings import Ring
from emulator.acs.service import Service

Settle = Callable[[Outcome], None]


def start(
    service: Service,
    call: Call,
    callee: Identifier,
    settle: Settle,
    *,
    seconds: float = RING.seconds,
    context: CustomContext | None = None,
) -> asyncio.Task[None]:
    """Ring a callee for at most some seconds; ``settle`` is called with the outcome. Cancelling the task ends it."""
    raw_id = callee["rawId"]
    if service.rings.registered(raw_id) or (service.rings.known(raw_id) and raw_id not in service.callees):
        ring = Ring(service.new_id(), call, callee, context or {}, asyncio.get_running_loop().create_future())
        return service.background.start(_at_clients(service, ring, seconds, settle), busy=False)
    if _has_the_wrong_persona(service, callee):
        outcome = Outcome(seconds, INVITATION_TIMEOUT)
    else:
        outcome = service.callees.rung(callee, seconds)
    return service.background.after(outcome.after, lambda: settle(outcome))


async def _at_clients(service: Service, ring: Ring, seconds: float, settle: Settle) -> None:
    service.rings.begin(ring)
    try:
        settle(Outcome(0.0, await _answer(service, ring, seconds)))
    finally:
        service.rings.end(ring)


async def _answer(service: Service, ring: Ring, seconds: float) -> Result:
    try:
        return await service.clock.within(seconds, ring.answer)
    except TimeoutError:
        return RING_TIMEOUT


def _has_the_wrong_persona(service: Service, callee: Identifier) -> bool:
    """An agent whose client is registered as a Teams user alone is not reached as an agent."""
    agent = callee.get("teamsExtensionUser")
    return agent is not None and service.rings.registered(f"8:orgid:{agent['userId']}")
