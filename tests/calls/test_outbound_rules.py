"""The rules that allow and deny outbound calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest

from shared.calls.outbound_rules import NO_RULE, OutboundRules, refusal

GRACE, ALAN = "0000c0de-0000-4000-8000-0000000000a2", "0000a1a0-0000-4000-8000-0000000000a3"
MONDAY, EVENING = "2026-11-23T09:00:00+00:00", "2026-11-23T19:00:00+00:00"
HOURS = {"timeZone": "Europe/Berlin", "open": {"mon-fri": ["08:00-18:00"]}}


def why(*rules: dict[str, Any], number: str = "+4930123", agent: str | None = GRACE, at: str = MONDAY) -> str | None:
    read = msgspec.convert({"rules": rules}, OutboundRules).rules
    return refusal(read, f"4:{number}", agent, datetime.fromisoformat(at))


def test_without_rules_every_call_is_allowed() -> None:
    assert why() is None


def test_a_call_that_no_rule_allows_is_denied() -> None:
    assert why({"do": "allow", "prefixes": ["+1"]}) == NO_RULE


def test_the_first_rule_that_applies_decides() -> None:
    deny, allow = {"do": "deny", "prefixes": ["+49900"]}, {"do": "allow", "prefixes": ["+49"]}
    assert why(deny, allow) is None
    assert why(deny, allow, number="+499001") == "rule 1 of the outbound rules denies the call"
    assert why(allow, deny, number="+499001") is None


def test_a_denial_has_the_reason_of_its_rule() -> None:
    assert why({"do": "deny", "reason": "No calls today."}) == "No calls today."


def test_a_rule_holds_for_its_agents_alone() -> None:
    rule = {"do": "allow", "agents": [GRACE.upper()]}
    assert [why(rule, agent=each) is None for each in (GRACE, ALAN, None)] == [True, False, False]


def test_a_rule_holds_within_its_hours_where_it_names_them() -> None:
    rule = {"do": "allow", "hours": HOURS}
    assert [why(rule, at=each) is None for each in (MONDAY, EVENING)] == [True, False]


def test_agents_and_teams_users_can_always_be_called() -> None:
    read = msgspec.convert({"rules": [{"do": "deny"}]}, OutboundRules).rules
    assert refusal(read, f"8:orgid:{GRACE}", ALAN, datetime.fromisoformat(MONDAY)) is None


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"do": "block"}, "$.rules[0].do"),
    ({"do": "deny", "prefixes": ["49"]}, "$.rules[0].prefixes[0]"),
    ({"do": "deny", "agents": ["grace"]}, "$.rules[0].agents[0]"),
    ({"do": "deny", "until": "2027"}, "$.rules[0]"),
    ({"do": "deny", "hours": HOURS | {"timeZone": "Berlin"}}, "timeZone: unknown time zone"),
    ({"do": "deny", "hours": HOURS | {"open": {"mon": ["8-18"]}}}, "open.mon.0: must be hours such as"),
    ({"do": "deny", "hours": HOURS | {"closed": ["2026-02-30"]}}, "closed.0: there is no such date"),
]


@pytest.mark.parametrize(("rule", "path"), INVALID, ids=[path for _, path in INVALID])
def test_an_invalid_rule_is_refused_with_its_path(rule: dict[str, Any], path: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        why(rule)
    assert path in str(refused.value)
    assert "$.rules[0]" in str(refused.value)
