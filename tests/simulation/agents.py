"""Agents whom plans ring, and the application that decides for plans: what each does, through the API's own handlers.

An agent's client is rung by ACS, reports the answer to the API, and renews the agent's presence. A client that
dies does neither any more.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from emulator.acs.callees import CalleeBehaviour, CalleeBehaviours, Outcome
from emulator.acs.calls import Script
from emulator.acs.identifiers import Identifier
from shared.agents import rows
from shared.agents.models import Agent, Claim, Group
from shared.agents.states import available
from shared.api.http import Request
from shared.api.problems import problem_of
from shared.api.route import RequestContext
from shared.api.router import SECONDS
from shared.api.v1.calls import steps
from shared.calls import identities
from shared.directory.caller import Caller
from shared.service.processor import TryAgain
from tests.simulation.host import Host
from tests.simulation.plans import GROUP, NUMBER
from tests.simulation.process import Crashed, here
from tests.simulation.supervisors import FUNCTION, RESOURCE, TRY_AGAIN

FIRST = 4  # the numbers of those whom commands add are lower
RENEWED = 25.0  # seconds between two renewals
TRIES = 4
WRAP_UP = 5  # seconds


@dataclass(frozen=True)
class Behaviour:
    """What an agent does when rung, ``after`` so many seconds: accept, decline or no_answer. ``says``: the client
    reports it to the API. ``talks``: seconds until the agent hangs up. ``presence``: seconds that the
    presence lasts at first, negative if it has expired; the client renews it for the seconds ``renews``. ``dies``: the
    client is gone once it rings.
    """

    does: str = "accept"
    after: float = 1.0
    says: bool = True
    talks: float = 15.0
    presence: float = 60.0
    renews: float = 300.0
    dies: bool = False
    reported_as_added: bool = False  # though the agent declined

    @property
    def callee(self) -> CalleeBehaviour:
        return CalleeBehaviour(self.does, self.after, self.reported_as_added, Script(hangs_up_after=self.talks))


ACCEPTS = Behaviour()
SILENT = Behaviour(says=False)
QUICK = Behaviour(after=1.2, talks=6.0)
DECLINES = Behaviour("decline", 2.0)
DECLINES_AT_THE_PHONE = Behaviour("decline", 2.0, says=False)
REPORTED = Behaviour("decline", 2.0, reported_as_added=True)
RINGS_OUT = Behaviour("no_answer")
DIES_RINGING = Behaviour("no_answer", dies=True)
DIES_TALKING = Behaviour(talks=8.0, dies=True)
GONE = Behaviour(presence=-3600.0, renews=0.0)
BEHAVIOURS = (
    ACCEPTS, SILENT, QUICK, DECLINES, DECLINES_AT_THE_PHONE, REPORTED, RINGS_OUT, DIES_RINGING, DIES_TALKING, GONE,
)  # fmt: skip

# What the application that is asked does: for each answer, seconds after the event and the step that it chooses.
Decider = tuple[tuple[float, str], ...]
DECIDERS: tuple[Decider, ...] = (
    (),
    ((1.0, "sales"),),
    ((1.0, "sorry"),),
    ((1.0, "sorry"), (1.0, "sales")),
    ((9.0, "sorry"),),
)


def agent_id(number: int) -> str:
    return f"0000c0de-0000-4000-8000-{0xB0 + number:012x}"


def raw_id(number: int, tenant: str) -> str:
    return identities.agent(RESOURCE, tenant, agent_id(number))


def some(rng: random.Random) -> tuple[Behaviour, ...]:
    """One to three agents."""
    return tuple(rng.choice(BEHAVIOURS) for _ in range(rng.choice((1, 2, 2, 3))))


@dataclass
class Clients:
    """The agents' clients, and the application that decides. ``claim_on`` returns what the row of an agent says
    of the call that the agent is rung for.
    """

    host: Host
    tenant: str
    behaviours: tuple[Behaviour, ...]
    decider: Decider
    now: Callable[[], datetime]
    claim_on: Callable[[str], Claim | None]
    start: Callable[[Coroutine[Any, Any, None]], object]

    def __post_init__(self) -> None:
        self._dead: set[int] = set()

    # -- The rows --

    def rows(self) -> list[dict[str, Any]]:
        """Those of the agents and their group, at the beginning."""
        now, found = self.now(), []
        for number, each in enumerate(self.behaviours, FIRST):
            said_at, until = now - timedelta(hours=1), now + timedelta(seconds=each.presence)
            agent = available(Agent(agent_id(number)), until, said_at)
            found.append(rows.entity(self.tenant, rows.AGENT, agent))
        members = tuple(agent_id(number) for number, _ in enumerate(self.behaviours, FIRST))
        found.append(rows.entity(self.tenant, rows.GROUP, Group(GROUP, "Sales", members, WRAP_UP)))
        return found

    # -- Presence --

    async def renew(self, number: int) -> None:
        """Renew the presence of an agent, for as long as the client lives."""
        times = int(self.behaviours[number - FIRST].renews // RENEWED)
        for _ in range(times):
            await asyncio.sleep(RENEWED)
            if number in self._dead:
                return
            with suppress(Crashed, Exception):
                await self.host.run(FUNCTION, lambda: self._renewed(number))

    async def _renewed(self, number: int) -> None:
        until = self.now() + timedelta(seconds=self.behaviours[number - FIRST].presence)
        await here().container.agents.change_agent(
            self.tenant, agent_id(number), lambda each: available(each, until, self.now()) if each else None
        )

    # -- Ringing --

    def attend(self, callees: CalleeBehaviours) -> None:
        """The clients are rung by this service."""
        rung = callees.rung
        for number, behaviour in enumerate(self.behaviours, FIRST):
            callees.set(raw_id(number, self.tenant), behaviour.callee)
        callees.set(f"4:{NUMBER}", CalleeBehaviour(script=Script(hangs_up_after=20.0, presses=[(1.0, "one")])))

        def ringing(callee: Identifier, timeout: float) -> Outcome:
            self._rung(str(callee["rawId"]))
            return rung(callee, timeout)

        callees.rung = ringing  # type: ignore[method-assign]

    def _rung(self, callee: str) -> None:
        for number, behaviour in enumerate(self.behaviours, FIRST):
            if callee != raw_id(number, self.tenant):
                continue
            if behaviour.dies:
                self._dead.add(number)
            elif behaviour.says and behaviour.does != "no_answer":
                self.start(self._answer(number, behaviour, accepted=behaviour.does == "accept"))

    async def _answer(self, number: int, behaviour: Behaviour, *, accepted: bool) -> None:
        await asyncio.sleep(behaviour.after)
        caller = Caller("user", self.tenant, agent_id(number), frozenset({"Agent"}))
        if (claim := self.claim_on(agent_id(number))) is not None:
            await self._post(steps.answer, caller, claim.call, claim.visit, steps.NewAnswer(accepted))

    # -- Decisions --

    async def decide(self, event: dict[str, Any]) -> None:
        """The application gets an event DecisionRequested."""
        caller = Caller("app", self.tenant, "0000c0de-0000-4000-8000-0000000000d1", frozenset({"Supervisor"}))
        for seconds, choice in self.decider:
            await asyncio.sleep(seconds)
            data = event["data"]
            await self._post(steps.decide, caller, data["callId"], data["visit"], steps.NewDecision(choice))

    async def _post(self, handler: Any, caller: Caller, call_id: str, visit: str, body: Any) -> None:
        """Like any client, again where the response is lost or says that it can be tried again."""
        for n in range(TRIES):
            with suppress(Crashed):
                if (
                    await self.host.run(FUNCTION, lambda: _status(handler, caller, call_id, visit, body))
                    not in TRY_AGAIN
                ):
                    return
            await asyncio.sleep(2**n)


async def _status(handler: Any, caller: Caller, call_id: str, visit: str, body: Any) -> int:
    request = Request("POST", f"calls/{call_id}/steps/{visit}")
    context = RequestContext(
        container=here().container,
        caller=caller,
        request=request,
        path={"callId": call_id, "visit": visit},
        query=None,
        body=body,
        openapi=lambda: problem_of(NotImplementedError(), request, ""),
    )
    try:
        async with asyncio.timeout(SECONDS):
            await handler(context)
    except (Exception, TryAgain) as error:  # noqa: BLE001  # as the router does
        return int(problem_of(error, request, "api step").status)
    return 200


def decision_requests(body: bytes) -> list[dict[str, Any]]:
    """The events DecisionRequested among those that are published."""
    if b"DecisionRequested" not in body:
        return []
    decoded = msgspec.json.decode(body)
    events = decoded if isinstance(decoded, list) else [decoded]
    return [event for event in events if event["type"].endswith("DecisionRequested")]
