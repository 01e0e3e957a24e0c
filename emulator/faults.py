"""Rules that make the platform misbehave on purpose.

A rule says where it applies, to what, what happens and how often::

    {"where": "eventgrid", "match": {"type": "Microsoft.Communication.IncomingCall"},
     "do": "duplicate", "count": 5, "times": 1}

``where``
    ``acs`` (a request to Call Automation; facts: ``operation``), ``callbacks`` (an event on its way to the
    callback URL; facts: ``type``), ``eventgrid`` (a delivery to a subscription; facts: ``type``,
    ``subscription``, ``topic``), ``recording`` (a recording that was asked for; facts: ``call_connection_id``), or
    ``graph``, ``entra`` and ``arm`` (a request to Graph, Entra and Resource Manager; facts: ``operation``).
``do``
    ``duplicate`` (``count`` deliveries in all, at once), ``reorder`` (hold events until ``count`` are held
    or ``seconds`` passed, then send them in reverse), ``delay`` (``seconds``; at ``acs`` the effect takes
    place at once and only the answer is late, so that callbacks overtake it), ``drop`` (never happens),
    ``lose_ack`` (it happens, but the sender is not told), ``status`` (answer ``status`` with ``code``,
    ``message``, ``retry_after``), for recordings ``fail`` (StartRecordingFailed with ``code``, ``subCode``,
    ``message``), and at ``graph`` ``next_link`` (the next page's link leads to ``host``).
``times``
    How often the rule applies before it is used up; none means always.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

WHERE = {
    "acs": {"delay", "drop", "lose_ack", "status"},
    "callbacks": {"duplicate", "reorder", "delay", "drop", "lose_ack"},
    "eventgrid": {"duplicate", "reorder", "delay", "drop", "lose_ack"},
    "recording": {"fail"},
    "graph": {"delay", "drop", "lose_ack", "next_link", "status"},
    "entra": {"delay", "drop", "status"},
    "arm": {"status"},
}


class BadFault(ValueError):
    """A rule that cannot be understood; the text says why."""


@dataclass
class Fault:
    where: str
    do: str
    match: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    with_: dict[str, Any] = field(default_factory=dict)  # everything else the rule said: count, seconds, status…

    @classmethod
    def parse(cls, rule: Any) -> Fault:
        if not isinstance(rule, dict):
            raise BadFault(f"a fault is a JSON object, not {type(rule).__name__}")
        rest = dict(rule)
        where, do = rest.pop("where", None), rest.pop("do", None)
        if where not in WHERE:
            raise BadFault(f"'where' is one of {', '.join(WHERE)}, not {where!r}")
        if do not in WHERE[where]:
            raise BadFault(f"'do' at {where} is one of {', '.join(sorted(WHERE[where]))}, not {do!r}")
        match, times = rest.pop("match", {}), rest.pop("times", None)
        if not isinstance(match, dict):
            raise BadFault("'match' is an object of facts to compare")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise BadFault("'times' is a whole number from 1, or absent for always")
        return cls(where, do, match, times, rest)

    def describe(self) -> dict[str, Any]:
        return {"where": self.where, "do": self.do, "match": self.match, "times": self.times, **self.with_}


class Faults:
    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(self, rule: Any) -> Fault:
        """Take a rule on. Raises BadFault."""
        fault = Fault.parse(rule)
        self._rules.append(fault)
        return fault

    def take(self, where: str, **facts: str) -> Fault | None:
        """The first rule that applies here, used once; None if nothing is to go wrong."""
        for fault in self._rules:
            if fault.where == where and all(facts.get(k) == v for k, v in fault.match.items()):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._rules.remove(fault)
                return fault
        return None

    def rules(self) -> list[dict[str, Any]]:
        return [fault.describe() for fault in self._rules]

    def clear(self) -> None:
        self._rules.clear()
