"""A plan in a call of an emergency service: no prompts and no choices. The call goes to the nearest step that rings."""

from __future__ import annotations

from shared.calls.actions import Action, Play, Recognize
from shared.calls.emergency import REASON
from shared.calls.identities import is_among, is_same
from shared.calls.plans.base import Exit, Step, VisitContext
from shared.calls.plans.document import Plan
from shared.calls.plans.leaving import HangUpStep, TransferStep
from shared.calls.plans.ring import RingStep

NO_STEP = f"{REASON}, and the plan has no step that rings"


def leave(at: VisitContext) -> Exit | None:
    """Where the call goes on at once; None if the current step is carried out. It ends only after a step that rings."""
    plan: Plan = at.routing.plan
    has_rung = any(isinstance(plan.steps[each.step], RingStep) for each in at.routing.visits)
    kinds: tuple[type[Step], ...] = (RingStep, TransferStep, *((HangUpStep,) if has_rung else ()))
    if isinstance(plan.steps[at.visit.step], kinds):
        return None
    to = next((to for kind in kinds if (to := _nearest(plan, at.visit.step, kind))), None)
    return Exit(to, REASON if to else NO_STEP)


def _nearest(plan: Plan, start: str, kind: type[Step]) -> str | None:
    """The step of a kind that the fewest steps are before, from ``start``."""
    waiting, reached = [start], {start}
    for name in waiting:
        if isinstance(plan.steps[name], kind):
            return name
        following = [to for to in plan.steps[name].exits().values() if to not in reached]
        reached.update(following)
        waiting += dict.fromkeys(following)
    return None


def is_heard_by(caller: str | None, action: Action) -> bool:
    """Whether the caller would hear it, or be asked by it."""
    match action:
        case Play(targets=targets):
            return not targets or caller is None or is_among(caller, targets)
        case Recognize(target=target):
            return caller is None or is_same(caller, target)
    return False
