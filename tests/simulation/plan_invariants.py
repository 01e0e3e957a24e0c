"""What must hold of calls with a routing plan after every run, with any faults."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from emulator.acs.calls import Call as AcsCall
from shared.calls.capabilities import Call
from shared.calls.capabilities.routing import StepReached
from shared.calls.plans.base import Visit
from shared.calls.plans.invitations import INVITED
from shared.calls.plans.leaving import HangUpStep
from shared.calls.timeline import TimelineEntry
from tests.simulation.command_invariants import may_repeat
from tests.simulation.plans import LONGEST_WALK
from tests.simulation.spans import (
    AWAITED,
    LEASED,
    Span,
    attended,
    gaps,
    lost,
    on_its_way,
    others,
    presence,
    seconds_of,
    sounds,
    together,
)
from tests.simulation.versions import NEWER, UNDECODABLE
from tests.simulation.world import BENT, RunResult, id_of

SILENCE = 10.0  # seconds without a sound and without a reason in the timeline
TOGETHER = 15.0  # seconds for which one who came in too late can be in the call: until it is known, and removed
EXPIRED = 30.0  # seconds from a claim to the invitation
MARGIN = 1.0  # seconds between a failure and the time of its entry
HELD_UP = {  # seconds that a fault can hold a call up, of which its row can say nothing
    "crash": LEASED,
    "zombie": LEASED,
    "deploy": LEASED,
    "setting wrong": LEASED,
    "storage 503": 30.0,
    "storage time-out": 30.0,
    "storage committed, not said": 30.0,
    BENT: AWAITED,
}

HEARS_NOTHING = "the caller hears nothing"  # in the timeline, where a step rings without music


def walks_on(result: RunResult) -> Iterator[str]:
    """A walk goes on where the row says that it stands: no later row has fewer visits, or begins anew. Every step that
    the timeline says was reached is among the visits.
    """
    for id, walks in result.walks.items():
        for before, after in itertools.pairwise(walks):
            begun = [_begin(visit) for visit in before]
            if [_begin(visit) for visit in after[: len(before)]] != begun:
                yield f"call {id}: its plan stood at {_names(before)}, and then at {_names(after)}"
    for id, call in result.calls.items():
        visited = {f"{id}/plan/{visit.name}" for visit in call.routing.visits}
        for entry in call.timeline:
            if entry.type == StepReached.__name__ and entry.id not in visited:
                yield f"call {id}: it has reached {entry.text}, and its row says {_names(call.routing.visits)}"


def decided_once(result: RunResult) -> Iterator[str]:
    """What a visit chose, and where the call went on, stays as it was decided."""
    for id, walks in result.walks.items():
        for before, after in itertools.pairwise(walks):
            for was, now in zip(before, after, strict=False):
                decided = was.left_at is not None and (was.left_at, was.to, was.reason) != (
                    now.left_at,
                    now.to,
                    now.reason,
                )
                if decided or any(now.choices.get(name) != choice for name, choice in was.choices.items()):
                    yield f"call {id}: {was.name} led to {was.to} ({was.reason}), and then to {now.to} ({now.reason})"


def _begin(visit: Visit) -> tuple[str, int, datetime]:
    return visit.step, visit.number, visit.begun_at


def _names(visits: Iterable[Visit]) -> str:
    return ", ".join(visit.name for visit in visits) or "no step"


def reaches_an_end(result: RunResult) -> Iterator[str]:
    """A caller who waits long enough reaches an end of the plan, unless a command has taken the call over."""
    for acs, call in _planned(result):
        waits = acs.script.hangs_up_after or 0.0
        if waits > LONGEST_WALK + _delayed(result) and _was_answered(acs) and not _has_ended(call):
            yield f"call {call.id}: after {waits:.0f} s its plan stands at {_names(call.routing.visits)}"


def _was_answered(acs: AcsCall) -> bool:
    return acs.answered_at is not None


def _has_ended(call: Call) -> bool:
    last, plan = call.routing.visits[-1:], call.routing.plan
    return bool(last and plan and (last[0].left_at or isinstance(plan.steps[last[0].step], HangUpStep)))


def _delayed(result: RunResult) -> float:
    """The longest that the faults of a run can hold a call up, in seconds."""
    return float("inf") if {NEWER, UNDECODABLE} & set(result.schedule.kinds) else 24 * 3600.0


def never_silent(result: RunResult) -> Iterator[str]:
    """A caller who is in the call hears a prompt, music or another party, or is listened to; or the timeline says why
    not: an operation failed, or an event arrived late.

    Except while no row can be read or written, while the work of an instance that died waits for another one, and
    while an outcome is awaited whose event never arrives.
    """
    if {NEWER, UNDECODABLE} & set(result.schedule.kinds):
        return
    longest = SILENCE + _held_up(result)
    for acs, call in _planned(result):
        for begin, end in _silences(result, acs, call):
            if end - begin > longest + result.skewed and not _explained(call, begin, end):
                yield f"call {call.id}: its caller heard nothing from {begin:.1f} to {end:.1f} s"


def dialled_once(result: RunResult) -> Iterator[str]:
    """Within a visit no party is invited twice, and no request is carried out twice.

    Except where ACS does not recognize a repeated request, as in "10 carried out once".
    """
    for acs, call in _planned(result):
        by_plan = Counter(target for visit in call.routing.visits for target in _invited(visit))
        by_commands = Counter(getattr(each.action, "target", "") for each in call.operations.requested.values())
        for target, done in invitations(result, acs).items():
            allowed = by_plan[target] + by_commands[target]
            if len(done) > max(allowed, 1) and not may_repeat(result, done):
                yield f"call {call.id}: {target[-12:]} was invited {len(done)} times instead of {allowed}"


def _invited(visit: Visit) -> list[str]:
    return [name.removeprefix(INVITED) for name in visit.choices if name.startswith(INVITED)]


def invitations(result: RunResult, acs: AcsCall) -> dict[str, list[dict[str, Any]]]:
    """The requests of a call that ACS carried out, by the raw id of whom they invite."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in result.journal:
        is_done = entry["kind"] == "acs.request" and entry["status"] in range(200, 300) and not entry["repeated"]
        if (
            is_done
            and entry["operation"] == "AddParticipant"
            and f"/{acs.connection_id}/" in f"{entry['path']}/".replace(":", "/")
        ):
            found.setdefault(entry["body"]["participantToAdd"]["rawId"], []).append(entry)
    return found


def one_agent(result: RunResult) -> Iterator[str]:
    """No two of those whom a plan has invited are in the call at once, for longer than it takes to remove one of them
    once it is known; and none of them is in two calls at once.
    """
    longest = TOGETHER + _held_up(result)
    for acs, call in _planned(result):
        invited = {target for visit in call.routing.visits for target in _invited(visit)}
        for one, other in itertools.combinations(sorted(invited), 2):
            for begin, end in together(result, (acs, one), (acs, other)):
                if _known(result, call, begin, end) > longest and not _could_not_remove(call, begin, end):
                    yield f"call {call.id}: {one[-12:]} and {other[-12:]} were in it from {begin:.1f} to {end:.1f} s"
    for first, second in itertools.combinations(result.acs, 2):
        for agent in _agents(first) & _agents(second):
            for begin, end in together(result, (first, agent), (second, agent)):
                if end - begin > longest:
                    yield f"{agent[-12:]} was in two calls from {begin:.1f} to {end:.1f} s"


def _agents(acs: AcsCall) -> set[str]:
    own = acs.own.raw_id if acs.own else ""
    return {raw_id for raw_id in acs.participants if raw_id.startswith("8:acs:") and raw_id != own}


def _known(result: RunResult, call: Call, begin: float, end: float) -> float:
    """The longest part of a span, in seconds, in which no event of the call was on its way to the app."""
    return max((b - a for a, b in gaps((begin, end), [*on_its_way(call), *lost(result, call)])), default=0.0)


def rings_the_living(result: RunResult) -> Iterator[str]:
    """No agent is rung whose client has not renewed the presence in time."""
    for raw_id, at, expired in result.dialled:
        if expired > EXPIRED + result.skewed + _held_up(result):
            yield f"{raw_id[-12:]} was rung at {at:.1f} s, {expired:.0f} s after the presence had expired"


def _knows(call: Call | None, agent: str) -> bool:
    """Whether a call knows of its claim on an agent."""
    offers = call.routing.offers.values() if call else ()
    return any(target.endswith(agent) for offer in offers for target in offer.targets)


def released(result: RunResult) -> Iterator[str]:
    """When all calls are over, no agent is claimed. Except by a call whose row can never be read again, and by one that
    never learnt of the claim, since the instance died that made it: such a lease ends by itself.
    """
    gone = {UNDECODABLE, NEWER} & set(result.schedule.kinds)
    for agent in result.agents:
        if agent.claim is not None and not gone and _knows(result.calls.get(agent.claim.call), agent.id):
            yield f"agent {agent.id[-2:]} is still claimed by call {agent.claim.call}"


def _held_up(result: RunResult) -> float:
    return sum(seconds * result.struck[kind] for kind, seconds in HELD_UP.items())


def _planned(result: RunResult) -> Iterator[tuple[AcsCall, Call]]:
    for acs in result.acs:
        call = result.calls.get(id_of(acs))
        if call is not None and call.routing.plan is not None:
            yield acs, call


def _silences(result: RunResult, acs: AcsCall, call: Call) -> list[Span]:
    """When the caller was in the call with the app, and heard nothing while the plan was under way."""
    spans = presence(acs, acs.far_end["rawId"], result.seconds)
    heard = [*sounds(result, acs), *others(result, acs), *attended(result), *on_its_way(call), *lost(result, call)]
    ended = [visit.left_at for visit in call.routing.visits[-1:] if visit.left_at]
    heard += [(seconds_of(at), result.seconds) for at in ended]
    return [gap for span in spans for gap in gaps(span, heard)]


def _explained(call: Call, begin: float, end: float) -> bool:
    entries = _entries(call, begin - MARGIN, end + MARGIN)
    return any(entry.type.endswith("Failed") or HEARS_NOTHING in entry.text for entry in entries)


def _could_not_remove(call: Call, begin: float, end: float) -> bool:
    found = (f"{each.type} {each.text}" for each in _entries(call, begin, end))
    return any("Failed" in text and "RemoveParticipant" in text for text in found)


def _entries(call: Call, begin: float, end: float) -> list[TimelineEntry]:
    return [entry for entry in call.timeline if begin <= seconds_of(entry.at) <= end]
