"""Rules of a resource account that allow and deny outbound calls to phone numbers, by number, agent and time.

The first rule that applies decides. A call to which no rule applies is denied, unless there are no rules at all. Agents
and Teams users can always be called.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from shared.calls.identities import number_of
from shared.calls.plans import opening

MOST_RULES, MOST_ENTRIES = 100, 100
NO_RULE = "none of the outbound rules allows the call"

Prefix = Annotated[str, Meta(pattern=r"^\+[0-9]{1,15}$", examples=["+49"])]
AgentId = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class OpeningHours(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """As in the `hours` step of a plan."""

    time_zone: Annotated[str, Meta(max_length=64, examples=["Europe/Berlin"])]
    open: Annotated[dict[opening.Days, tuple[opening.Hours, ...]], Meta(examples=[{"mon-fri": ["08:00-18:00"]}])]
    closed: tuple[Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")], ...] = ()

    def __post_init__(self) -> None:
        for path, problem in opening.problems(self.time_zone, self.open, self.closed).items():
            raise ValueError(f"{path}: {problem}")

    def include(self, at: datetime) -> bool:
        return opening.is_open_at(self.time_zone, self.open, self.closed, at)


class Rule(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A rule applies if all that it names applies; one that names nothing always does.

    ``prefixes``: beginnings of numbers in E.164. ``agents``: object ids of those who place the call; a holder of a key
    is none. ``reason`` is what those read whose call is denied; it holds no numbers.
    """

    do: Literal["allow", "deny"]
    prefixes: Annotated[tuple[Prefix, ...], Meta(max_length=MOST_ENTRIES)] = ()
    agents: Annotated[tuple[AgentId, ...], Meta(max_length=MOST_ENTRIES)] = ()
    hours: OpeningHours | None = None
    reason: Annotated[str, Meta(max_length=200, examples=["Premium numbers are not called."])] = ""

    def applies(self, number: str, agent: str | None, at: datetime) -> bool:
        is_listed = not self.agents or (agent or "").lower() in {each.lower() for each in self.agents}
        reaches = not self.prefixes or number.startswith(self.prefixes)
        return reaches and is_listed and (self.hours is None or self.hours.include(at))


class OutboundRules(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    rules: Annotated[tuple[Rule, ...], Meta(max_length=MOST_RULES)]


def refusal(rules: Sequence[Rule], callee: str, agent: str | None, at: datetime) -> str | None:
    """Why a callee, by raw id, is not called; None if it may be. ``agent``: the object id of the user who calls."""
    number = number_of(callee)
    if number is None or not rules:
        return None
    for place, rule in enumerate(rules, 1):
        if rule.applies(number, agent, at):
            return None if rule.do == "allow" else rule.reason or f"rule {place} of the outbound rules denies the call"
    return NO_RULE
