"""Drives a call through its plan, with the engine and the capabilities of real calls, in virtual time."""

from __future__ import annotations

from collections import defaultdict

from shared.calls.actions import Action, Play, Recognize
from shared.calls.capabilities import Call, next_check_at, reduce
from shared.calls.effect import Effect
from shared.calls.event import Event, timer_fired
from shared.calls.identities import described
from shared.calls.plans.document import Plan
from shared.calls.state import CallState
from shared.service.dry_run.platform import CALL, InventedPlatform
from shared.service.dry_run.result import DryRun, DryRunStep, Heard
from shared.service.dry_run.situation import Answers, Situation, check

MOST_EVENTS = 600
STOPPED = f"the dry run stops after {MOST_EVENTS} events"


def dry_run(plan: Plan, situation: Situation) -> DryRun:
    """The way of a call through a plan. Pure; raises SituationError."""
    check(plan, situation)
    return _Run(plan, situation).result()


class _Run:
    def __init__(self, plan: Plan, situation: Situation) -> None:
        self.plan, self.began = plan, situation.begins_at(plan)
        self.call, self.answers = Call(id=CALL), Answers(situation)
        self.platform = InventedPlatform(situation, self.answers, self.began)
        self.agenda = self.platform.agenda
        self.heard: dict[str, list[Heard]] = defaultdict(list)
        self.platform.begin(plan)

    def result(self) -> DryRun:
        stopped = not any(self._is_over() for _ in range(MOST_EVENTS))
        return DryRun(
            steps=tuple(self._steps()),
            ended=STOPPED if stopped else self._reason(),
            seconds=(self.agenda.now - self.began).total_seconds(),
            unused=tuple(self.answers.unused()),
        )

    def _is_over(self) -> bool:
        """Whether the call has ended; if not, the next thing happens."""
        if self.call.state is CallState.ENDED:
            return True
        check_at = next_check_at(self.call)
        if (event := self.agenda.next_event(check_at)) is not None:
            self._receive(event)
        elif check_at is not None:
            self._receive(timer_fired(self.agenda.wait_until(check_at)))
        return False

    def _receive(self, event: Event) -> None:
        self.call, effects = reduce(self.call, event, self.agenda.now)
        visit = self.call.routing.visits[-1].name if self.call.routing.visits else ""
        for effect in effects:
            self._note(effect, visit)
            self.platform.perform(effect, visit)

    def _note(self, effect: Effect, visit: str) -> None:
        """Who hears what."""
        caller = self.call.lifecycle.caller or ""
        for by in _targets(effect.action) or (caller,):
            who = "caller" if by == caller else described(by)
            if isinstance(effect.action, Play | Recognize) and effect.action.source:
                loop = isinstance(effect.action, Play) and effect.action.loop
                self.heard[visit].append(Heard(self.agenda.now, who, effect.action.source, loop))

    def _steps(self) -> list[DryRunStep]:
        return [
            DryRunStep(
                visit=visit.name,
                type=str(self.plan.steps[visit.step].__struct_config__.tag),
                at=visit.begun_at,
                heard=tuple(self.heard[visit.name]),
                next=visit.to,
                reason=visit.reason,
            )
            for visit in self.call.routing.visits
        ]

    def _reason(self) -> str:
        last = self.call.routing.visits[-1:]
        return (last[0].reason if last else "") or "the app hangs up"


def _targets(action: Action) -> tuple[str, ...]:
    """Who hears a prompt; none for everyone."""
    match action:
        case Play(targets=targets):
            return targets
        case Recognize(target=target):
            return (target,)
    return ()
