"""Steps that are left at once: by the caller, and by the time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shared.calls.plans import opening
from shared.calls.plans.branches import HoursStep, MatchStep
from tests.calls.driver import at, timer
from tests.calls.plans.driver import PlannedCall

ENDS: dict[str, dict[str, Any]] = {
    "yes": {"type": "play", "prompt": {"file": "https://audio/yes.wav"}, "then": "no"},
    "no": {"type": "hangUp"},
}
BERLIN: dict[str, Any] = {
    "type": "hours",
    "timeZone": "Europe/Berlin",
    "open": {"mon-fri": ["08:00-18:00"], "sat": ["09:00-12:00", "22:00-02:00"]},
    "closed": ["2026-12-25"],
    "then": "yes",
    "otherwise": "no",
}


def of_match(**conditions: Any) -> dict[str, dict[str, Any]]:
    return {"match": {"type": "match", **conditions, "then": "yes", "otherwise": "no"}, **ENDS}


def matched(
    call: PlannedCall, caller: str | None = "4:+1", customer: bool | None = None, context: dict[str, str] | None = None
) -> tuple[str, str]:
    """Where the call went on from its first step, and why."""
    call.call = replace(
        call.call,
        lifecycle=replace(call.call.lifecycle, caller=caller),
        routing=replace(call.call.routing, is_customer=customer, context=context or {}),
    )
    first = call.connect().call.routing.visits[0]
    return first.to or "", first.reason


@pytest.mark.parametrize(
    ("caller", "to", "reason"),
    [
        ("4:+4930123", "yes", "every condition holds"),
        ("4:+43123456", "yes", "every condition holds"),
        ("4:+4430123", "no", "the caller's number has another beginning"),
        ("8:acs:anonymous", "no", "the caller's number is not known"),
    ],
)
def test_the_beginning_of_the_callers_number(caller: str, to: str, reason: str) -> None:
    assert matched(PlannedCall(of_match(callers=["+49", "+43"])), caller) == (to, reason)


@pytest.mark.parametrize(
    ("wanted", "is_customer", "to", "reason"),
    [
        ("known", True, "yes", "every condition holds"),
        ("known", False, "no", "the caller is no customer"),
        ("unknown", False, "yes", "every condition holds"),
        ("unknown", True, "no", "the caller is a customer"),
        ("known", None, "no", "it is not known whether the caller is a customer"),
        ("unknown", None, "no", "it is not known whether the caller is a customer"),
    ],
)
def test_a_customer_or_not(wanted: str, is_customer: bool | None, to: str, reason: str) -> None:
    assert matched(PlannedCall(of_match(customer=wanted)), customer=is_customer) == (to, reason)


def test_the_names_of_the_context_are_compared_in_any_case() -> None:
    plan = of_match(context={"X-Tier": "gold"})
    assert matched(PlannedCall(plan), context={"x-tier": "gold"})[0] == "yes"
    assert matched(PlannedCall(plan), context={"x-tier": "Gold"}) == ("no", "the context X-Tier differs")
    assert matched(PlannedCall(plan)) == ("no", "the context X-Tier differs")


def test_all_conditions_must_hold() -> None:
    plan = of_match(callers=["+1"], customer="known")
    assert matched(PlannedCall(plan), "4:+12065551212", customer=True)[0] == "yes"
    assert matched(PlannedCall(plan), "4:+442071234567", customer=True)[0] == "no"


def test_a_match_needs_a_condition() -> None:
    step = msgspec.convert(of_match()["match"], MatchStep)
    assert step.problems() == {"": "at least one of callers, customer and context is needed"}


# -- Hours -------------------------------------------------------------------------------------------------------


def is_open(local: str, hours: dict[str, list[str]], *closed: str) -> bool:
    return opening.is_open(hours, closed, datetime.fromisoformat(local))


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-23T07:59:59", False),  # a Monday
        ("2026-11-23T08:00", True),
        ("2026-11-27T17:59:59", True),
        ("2026-11-27T18:00", False),
        ("2026-11-29T10:00", False),  # a Sunday
    ],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(local: str, expected: bool) -> None:
    assert is_open(local, {"mon-fri": ["08:00-18:00"]}) is expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-28T21:59", False),  # a Saturday
        ("2026-11-28T23:00", True),
        ("2026-11-29T05:59", True),
        ("2026-11-29T06:00", False),
        ("2026-11-29T23:00", False),
        ("2026-11-28T05:00", False),
    ],
)
def test_hours_over_midnight_belong_to_the_day_on_which_they_begin(local: str, expected: bool) -> None:
    assert is_open(local, {"sat": ["22:00-06:00"]}) is expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-12-24T23:00", True),
        ("2026-12-25T00:00", False),  # although the hours of the day before last longer
        ("2026-12-25T23:00", False),
        ("2026-12-26T05:00", False),  # these began on the holiday
        ("2026-12-26T23:00", True),
    ],
)
def test_a_holiday_is_closed_from_midnight_to_midnight(local: str, expected: bool) -> None:
    assert is_open(local, {"mon-sun": ["22:00-06:00"]}, "2026-12-25") is expected


def test_days_can_go_over_the_end_of_the_week() -> None:
    assert opening.days_of("sat-mon") == (5, 6, 0)
    assert opening.days_of("mon-sun") == (0, 1, 2, 3, 4, 5, 6)
    assert opening.days_of("wed") == (2,)


def test_a_day_can_be_open_as_a_whole() -> None:
    assert is_open("2026-11-23T00:00", {"mon": ["00:00-24:00"]})
    assert is_open("2026-11-23T23:59:59", {"mon": ["00:00-24:00"]})
    assert not is_open("2026-11-24T00:00", {"mon": ["00:00-24:00"]})


@pytest.mark.parametrize(
    ("utc", "to"),
    [
        ("2026-03-27T07:00", "yes"),  # 08:00 in winter
        ("2026-03-27T06:59", "no"),
        ("2026-03-30T06:00", "yes"),  # 08:00 in summer
        ("2026-03-30T05:59", "no"),
        ("2026-10-24T23:30", "yes"),  # Sunday 01:30, before the clocks go back
        ("2026-10-25T00:30", "no"),  # 02:30
        ("2026-10-25T01:30", "no"),  # 02:30 again
    ],
)
def test_the_clocks_of_the_time_zone_count(utc: str, to: str) -> None:
    step = msgspec.convert(BERLIN, HoursStep)
    context: Any = type("At", (), {"time": datetime.fromisoformat(utc).replace(tzinfo=UTC)})
    left = step.leave(context)
    assert left is not None
    assert left.to == to


def test_what_the_hours_decided_is_kept() -> None:
    """The call comes in on a Saturday at 10:00 in Berlin; at noon it is still where it went."""
    call = PlannedCall({"hours": BERLIN, **ENDS}).connect().accepted(1.1)
    assert call.way == [("hours.1", "open"), ("yes.1", "")]
    assert call.receive(timer(7300)).way[0] == ("hours.1", "open")
    assert call.call.routing.visits[0].left_at == at(1)


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("timeZone", "Europe/Atlantis", "timeZone"),
        ("timeZone", "Europe", "timeZone"),
        ("timeZone", "../etc/passwd", "timeZone"),
        ("timeZone", "", "timeZone"),
        ("open", {}, "open"),
        ("open", {"monday": ["08:00-18:00"]}, "open.monday"),
        ("open", {"mon": ["8-18"]}, "open.mon.0"),
        ("open", {"mon": ["08:00-18:00", "24:00-01:00"]}, "open.mon.1"),
        ("open", {"mon": ["08:00-08:00"]}, "open.mon.0"),
        ("closed", ["2026-02-30"], "closed.0"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_path(field: str, value: Any, path: str) -> None:
    assert list(msgspec.convert(BERLIN | {field: value}, HoursStep).problems()) == [path]


def test_hours_that_can_be_read_have_no_problems() -> None:
    assert msgspec.convert(BERLIN, HoursStep).problems() == {}
