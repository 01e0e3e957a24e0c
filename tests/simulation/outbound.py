"""Outbound calls of the simulator: placed through the API's own handler, in an instance of the HTTP functions.

The requests are authorised already, and their bodies are read. A supervisor sends a request again, with the same key,
where the response is lost or says that it can be tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from emulator.acs.callees import CalleeBehaviour
from emulator.acs.calls import Script
from emulator.acs.service import Service
from shared.api.http import Request
from shared.api.problems import problem_of
from shared.api.route import RequestContext
from shared.api.router import SECONDS
from shared.api.v1.calls.outbound import NewCall, place_call
from shared.api.v1.calls.sources import OneSource
from shared.api.v1.calls.targets import OneTarget
from shared.directory.caller import Caller
from tests.simulation.host import Host
from tests.simulation.process import Crashed, here
from tests.simulation.supervisors import FUNCTION, PAUSE, ROLES, SUPERVISORS, TRIES, TRY_AGAIN

NUMBER = "+4930123{:04d}"


CALLEES = (
    CalleeBehaviour("accept", 4.0, script=Script(hangs_up_after=15.0)),
    CalleeBehaviour("accept", 8.0, script=Script(hangs_up_after=40.0)),
    CalleeBehaviour("decline", 3.0),
    CalleeBehaviour("no_answer"),
)


@dataclass(frozen=True)
class Outbound:
    """A request for an outbound call, to a number of its own. ``clicks`` are the moments, in seconds after ``at``, at
    which it is sent; all with the same key, or all without one.
    """

    at: float = 0.0
    key: str = "out"
    clicks: tuple[float, ...] = (0.0,)
    callee: CalleeBehaviour = CALLEES[0]
    greeting: str = "Good morning."
    step: str = ""


@dataclass
class Placement:
    """A sent request, and the response. ``status`` is 0 where there is none."""

    outbound: Outbound
    number: str
    sent_at: float
    status: int = 0
    answered_at: float = 0.0
    problem: str = ""
    call_id: str = ""


@dataclass
class Placements:
    host: Host
    account: str
    tenant: str
    time: Callable[[], float]
    sent: list[Placement] = field(default_factory=list)

    async def send(self, n: int, outbound: Outbound, service: Service) -> None:
        number = NUMBER.format(n)
        service.callees.set(f"4:{number}", outbound.callee)
        await asyncio.sleep(outbound.at)
        await asyncio.gather(*(self._click(outbound, number, after) for after in outbound.clicks))

    async def _click(self, outbound: Outbound, number: str, after: float) -> None:
        await asyncio.sleep(after)
        for n in range(TRIES if outbound.key else 1):
            placement = Placement(outbound, number, self.time())
            self.sent.append(placement)
            await self._place(placement)
            if placement.status and placement.status not in TRY_AGAIN:
                return
            await asyncio.sleep(PAUSE * 2**n)

    async def _place(self, placement: Placement) -> None:
        try:
            status, found = await self.host.run(FUNCTION, lambda: _respond(placement, self.account, self.tenant))
        except Crashed:
            return
        finally:
            placement.answered_at = self.time()
        placement.status = status
        if status in {200, 202}:
            placement.call_id = found
        else:
            placement.problem = found


async def _respond(placement: Placement, account: str, tenant: str) -> tuple[int, str]:
    """The status, and the call's id or the code of the problem."""
    outbound = placement.outbound
    request = Request("POST", "calls", headers={"idempotency-key": outbound.key} if outbound.key else {})
    body = NewCall(account, OneTarget(number=placement.number))
    if outbound.greeting:
        body = msgspec.structs.replace(body, greeting=OneSource(text=outbound.greeting))
    if outbound.step:
        body = msgspec.structs.replace(body, step=outbound.step)
    context = RequestContext(
        container=here().container,
        caller=Caller("user", tenant, SUPERVISORS["grace"], ROLES),
        request=request,
        path={},
        query=None,
        body=body,
        openapi=lambda: problem_of(NotImplementedError(), request, ""),
    )
    try:
        async with asyncio.timeout(SECONDS):
            result = await place_call(context)
    except Exception as error:  # noqa: BLE001  # as the router does
        response = problem_of(error, request, "api placeCall")
        return response.status, msgspec.json.decode(response.body)["code"]
    return result.status, result.data.id
