"""The findings of the checks: fine, wrong, or not visible from here, each with its remedy.

``what`` and ``remedy`` are sentences, ``command`` can be pasted into a shell (PowerShell for cmdlets). They contain no
secrets, phone numbers or names of people: a resource account is named by its object id.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class CheckStatus(StrEnum):
    FINE = "fine"
    WRONG = "wrong"
    UNSEEN = "unseen"  # not visible from here: something that the check needs is wrong, or a permission is missing


class Owner(StrEnum):
    """Who can apply the remedy: one of two administrators, who are rarely the same person."""

    NONE = ""
    AZURE = "Azure: the owner of the ACS resource and of this app"
    TEAMS = "Teams: the administrator of the tenant with the resource accounts"


class Finding(Struct, frozen=True, rename="camel"):
    """``about`` names the table, subscription, tenant or resource account, where a check looks at several."""

    check: str
    status: CheckStatus
    what: str
    about: str = ""
    remedy: str = ""
    command: str = ""
    owner: Owner = Owner.NONE


class Report(Struct, frozen=True, rename="camel"):
    """``healthy``: nothing is wrong. Findings that are unseen do not count as wrong."""

    healthy: bool
    at: datetime
    seconds: float
    counts: dict[str, int]
    findings: tuple[Finding, ...]


def report(findings: Iterable[Finding], at: datetime, seconds: float) -> Report:
    found = tuple(findings)
    counts = {status.value: sum(each.status is status for each in found) for status in CheckStatus}
    return Report(not counts[CheckStatus.WRONG], at, round(seconds, 2), counts, found)


def fine(what: str, about: str = "") -> Finding:
    return Finding("", CheckStatus.FINE, what, about)


def wrong(what: str, remedy: str, command: str = "", *, about: str = "", owner: Owner = Owner.AZURE) -> Finding:
    return Finding("", CheckStatus.WRONG, what, about, remedy, command, owner)


def unseen(what: str, remedy: str = "", command: str = "", *, about: str = "", owner: Owner = Owner.NONE) -> Finding:
    return Finding("", CheckStatus.UNSEEN, what, about, remedy, command, owner)


def of(check: str, findings: Iterable[Finding]) -> list[Finding]:
    """The findings, with the name of the check. A finding that has a name keeps it."""
    return [each if each.check else replace(each, check=check) for each in findings]
