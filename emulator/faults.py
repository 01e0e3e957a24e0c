"""Fault injection: rules by which the platform fails on purpose.

A rule says where it applies, to what, what happens and how often::

    {"where": "eventgrid", "match": {"type": "Microsoft.Communication.IncomingCall"},
     "do": "duplicate", "count": 5, "times": 1}

``where``
    ``acs`` (a request to Call Automation; facts: ``operation``), ``callbacks`` (an event sent to the
    callback URL; facts: ``type``), ``eventgrid`` (a delivery to a subscription; facts: ``type``,
    ``subscription``, ``topic``), ``recording`` (a requested recording; facts: ``call_connection_id``), ``outcome`` (an
    operation on a call, once it is accepted; facts: ``operation``), ``streams`` (a message on the web socket of a
    stream; facts: ``kind``, ``call_connection_id``), or
    ``graph``, ``entra`` and ``arm`` (a request to Graph, Entra and Resource Manager; facts: ``operation``).
``do``
    ``duplicate`` (``count`` deliveries in all, at once), ``reorder`` (hold events until ``count`` are held
    or ``seconds`` passed, then send them in reverse), ``delay`` (``seconds``; at ``acs`` the effect takes
    place at once and only the answer is late, so that callbacks overtake it), ``drop`` (never happens),
    ``lose_ack`` (it happens, but the acknowledgement is lost), ``status`` (answer ``status`` with ``code``,
    ``message``, ``retry_after``), for recordings and outcomes ``fail`` (StartRecordingFailed,
    PlayFailed… with ``code``, ``subCode``, ``message``), at ``streams`` ``close`` (the message is lost, and the socket
    is closed), and at ``graph`` ``next_link`` (the next page's link leads to ``host``).
``times``
    How often the rule applies before it is used up; none means always.
``label``
    A name for the rule, which the journal shows where it was applied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


WHERE = {
    "acs": {"delay", "drop", "lose_ack", "status"},
    "callbacks": {"duplicate", "reorder", "delay", "drop", "lose_ack"},
    "eventgrid": {"duplicate", "reorder", "delay", "drop", "lose_ack"},
    "recording": {"fail"},
    "outcome": {"fail"},
    "streams": {"duplicate", "delay", "drop", "close"},
    "graph": {"delay", "drop", "lose_ack", "next_link", "status"},
    "entra": {"delay", "drop", "status"},
    "arm": {"status"},
}
FACTS = {
    "callbacks": {"type"},
    "eventgrid": {"type", "subscription", "topic"},
    "recording": {"call_connection_id"},
    "streams": {"kind", "call_connection_id"},
    **{where: {"operation"} for where in ("acs", "outcome", "graph", "entra", "arm")},
}
PARAMETERS = {
    "duplicate": {"count"},
    "reorder": {"count", "seconds"},
    "delay": {"seconds"},
    "status": {"status", "code", "message", "retry_after"},
    "fail": {"code", "subCode", "message"},
    "next_link": {"host"},
}
CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "count": (lambda value: _is_whole(value) and value > 0, "a whole number from 1"),
    "seconds": (lambda value: _is_number(value) and value >= 0, "a number of seconds from 0"),
    "retry_after": (lambda value: _is_number(value) and value >= 0, "a number of seconds from 0"),
    "status": (lambda value: _is_whole(value) and 100 <= value <= 599, "an HTTP status"),  # noqa: PLR2004
    "code": (lambda value: _is_whole(value) or isinstance(value, str), "a number or a string"),
    "subCode": (_is_whole, "a whole number"),
    "message": (lambda value: isinstance(value, str), "a string"),
    "host": (lambda value: isinstance(value, str), "a string"),
    "label": (lambda value: isinstance(value, str), "a string"),
}


class BadFault(ValueError):
    """A rule that cannot be understood; the text says why."""


@dataclass
class Fault:
    where: str
    do: str
    match: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    with_: dict[str, Any] = field(default_factory=dict)  # the parameters: count, seconds, status…

    @classmethod
    def parse(cls, rule: Any) -> Fault:
        """Raises BadFault."""
        if not isinstance(rule, dict):
            raise BadFault(f"a fault is a JSON object, not {type(rule).__name__}")
        rest = dict(rule)
        where, do = rest.pop("where", None), rest.pop("do", None)
        if where not in WHERE:
            raise BadFault(f"'where' is one of {', '.join(WHERE)}, not {where!r}")
        if do not in WHERE[where]:
            raise BadFault(f"'do' at {where} is one of {', '.join(sorted(WHERE[where]))}, not {do!r}")
        match, times = rest.pop("match", {}), rest.pop("times", None)
        _check_match(where, match)
        if times is not None and not (_is_whole(times) and times > 0):
            raise BadFault("'times' is a whole number from 1, or absent for always")
        _check_parameters(do, rest)
        return cls(where, do, match, times, rest)

    def describe(self) -> dict[str, Any]:
        return {"where": self.where, "do": self.do, "match": self.match, "times": self.times, **self.with_}


def _check_match(where: str, match: Any) -> None:
    if not isinstance(match, dict):
        raise BadFault("'match' is an object of facts to compare")
    for name in match:
        if name not in FACTS[where]:
            raise BadFault(f"a rule at {where} matches {', '.join(sorted(FACTS[where]))}, not {name!r}")


def _check_parameters(do: str, parameters: dict[str, Any]) -> None:
    known = PARAMETERS.get(do, set()) | {"label"}
    for name, value in parameters.items():
        if name not in known:
            raise BadFault(f"{do!r} takes {', '.join(sorted(known))}, not {name!r}")
        check, what = CHECKS[name]
        if not check(value):
            raise BadFault(f"{name!r} is {what}, not {value!r}")


class Faults:
    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(self, rule: Fault | dict[str, Any]) -> Fault:
        """Add a rule. Raises BadFault."""
        fault = rule if isinstance(rule, Fault) else Fault.parse(rule)
        self._rules.append(fault)
        return fault

    def take(self, where: str, **facts: str) -> Fault | None:
        """The first rule that applies, used once; None without one."""
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
