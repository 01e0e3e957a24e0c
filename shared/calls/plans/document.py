"""A routing plan: a graph of named steps."""

from __future__ import annotations

from msgspec import Struct

from shared.calls.plans.base import StepName
from shared.calls.plans.branches import HoursStep, MatchStep
from shared.calls.plans.decide import DecideStep
from shared.calls.plans.inputs import CollectStep
from shared.calls.plans.leaving import HangUpStep, TransferStep
from shared.calls.plans.prompts import MenuStep, PlayStep
from shared.calls.plans.record import RecordStep
from shared.calls.plans.ring import RingStep

AnyStep = (
    PlayStep
    | MenuStep
    | CollectStep
    | MatchStep
    | HoursStep
    | RingStep
    | TransferStep
    | DecideStep
    | RecordStep
    | HangUpStep
)


class Plan(Struct, frozen=True, rename="camel", omit_defaults=True):
    """``start`` names the first step. A call keeps the plan that it began with."""

    start: StepName
    steps: dict[StepName, AnyStep]
