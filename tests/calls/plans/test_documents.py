"""Properties of all documents: the reader never fails, and what it accepts can be run."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, assume, given, settings

from shared.calls.capabilities import next_check_at
from shared.calls.plans.checking import check
from shared.calls.plans.document import Plan
from shared.calls.plans.reading import InvalidPlan, read
from tests.calls.plans.documents import changed, plans
from tests.calls.plans.driver import PlannedCall

SLOW = settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def plan_of(document: Any) -> Plan | None:
    try:
        return read(json.dumps(document).encode())
    except InvalidPlan as invalid:
        found = invalid.problems
    assert found
    assert all(each.text for each in found)
    return None


@SLOW
@given(changed())
def test_every_document_is_a_plan_or_has_errors(document: Any) -> None:
    plan = plan_of(document)
    if plan is not None:
        text = msgspec.json.encode(plan)
        assert read(text) == plan == msgspec.json.decode(text, type=Plan)
        assert all(each.text for each in check(plan, has_speech=False))


@SLOW
@given(plans())
def test_a_plan_that_passes_the_check_can_be_run(document: dict[str, Any]) -> None:
    """Whatever happens to its operations: it goes on, waits for something, or ends with a reason."""
    plan = plan_of(document)
    assume(plan is not None)
    assert plan is not None
    assume(not [each for each in check(plan, has_speech=True) if "unreachable" not in each.text])
    for step in plan.steps.values():
        assert set(step.exits().values()) <= plan.steps.keys()
    call = PlannedCall(document["steps"]).connect()
    for moment in range(100, 4000, 300):
        call.accepted(moment).wake(moment + 290)
        last = call.call.routing.visits[-1]
        assert last.step in plan.steps
        assert last.reason if last.left_at else next_check_at(call.call), last


@SLOW
@given(plans())
def test_every_step_that_a_step_names_must_exist(document: dict[str, Any]) -> None:
    for name, step in document["steps"].items():
        text = json.dumps(step).replace('"second"', '"lost"')
        plan = plan_of(document | {"steps": document["steps"] | {name: json.loads(text)}})
        assert plan is not None
        found = [each.path for each in check(plan, has_speech=True) if each.text == 'unknown step "lost"']
        assert len(found) == text.count('"lost"'), found
        assert all(path.startswith(f"steps.{name}.") for path in found)
