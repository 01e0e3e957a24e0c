"""Meetings that clients join: those of the directory's calendars, each with its lobby."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.acs.calls import Call
from emulator.acs.identifiers import Identifier, parse
from emulator.directory import Directory

OUTCOMES = ("admit", "deny", "wait")


@dataclass(frozen=True)
class Admission:
    """What becomes of those who wait in the lobby: after some seconds they are admitted or denied, or the lobby times
    out. Who was admitted can be removed some seconds later.
    """

    outcome: str = "admit"
    after: float = 1.0
    removes_after: float | None = None


@dataclass(eq=False)
class Meeting:
    organizer: Identifier
    admission: Admission
    call: Call | None = None


class Meetings:
    """By link, or by id as ``{meetingId}`` where no link was given."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._admissions: dict[str, Admission] = {}
        self._held: dict[str, Meeting] = {}

    def set(self, name: str, admission: Admission) -> None:
        self._admissions[name] = admission

    def clear(self) -> None:
        self._admissions.clear()
        self._held.clear()

    def find(self, locator: dict[str, Any]) -> Meeting | None:
        """The meeting of ``meetingLink`` or ``meetingId``; None if there is none."""
        name = str(locator.get("meetingLink") or locator.get("meetingId") or "")
        organizer = self._organizer(name)
        if organizer is None:
            return None
        meeting = self._held.setdefault(name, Meeting(organizer, Admission()))
        meeting.admission = self._admissions.get(name, Admission())
        return meeting

    def _organizer(self, name: str) -> Identifier | None:
        """The organizer whom the calendar names; any user organizes a meeting that was set up here alone."""
        for tenant in self._directory.tenants():
            users = tenant["users"]
            for each in (one for calendar in tenant.get("meetings", {}).values() for one in calendar):
                if each.get("joinUrl") == name and not each.get("isCancelled"):
                    return parse(f"8:orgid:{users[each['organizer']]['id']}")
        first = next(iter(next(self._directory.tenants())["users"].values()))
        return parse(f"8:orgid:{first['id']}") if name in self._admissions else None
