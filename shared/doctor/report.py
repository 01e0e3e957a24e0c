"""What is found of a link, as data: fine, wrong, or not to be seen from here; and what mends it.

``what`` and ``remedy`` are sentences, ``command`` can be pasted into a shell (PowerShell for cmdlets). No secrets, no
numbers, no names of people are in them: of a resource account, its object id.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class Verdict(StrEnum):
    FINE = "fine"
    WRONG = "wrong"
    UNSEEN = "unseen"  # it can't be told from here: something before it is broken, or a right is missing


class Who(StrEnum):
    """Who can mend it. There are two administrators, who seldom are the same person."""

    NOBODY = ""
    AZURE = "Azure: the owner of the ACS resource and of this app"
    TEAMS = "Teams: the administrator of the tenant with the resource accounts"


class Finding(Struct, frozen=True, rename="camel"):
    """``about`` says which one, where a link has several: a table, a subscription, a resource account."""

    link: str
    verdict: Verdict
    what: str
    about: str = ""
    remedy: str = ""
    command: str = ""
    who: Who = Who.NOBODY


class Report(Struct, frozen=True, rename="camel"):
    """``healthy``: nothing is wrong. What could not be seen is no proof of health."""

    healthy: bool
    at: datetime
    seconds: float
    counts: dict[str, int]
    findings: tuple[Finding, ...]


def report(findings: Iterable[Finding], at: datetime, seconds: float) -> Report:
    found = tuple(findings)
    counts = {verdict.value: sum(each.verdict is verdict for each in found) for verdict in Verdict}
    return Report(not counts[Verdict.WRONG], at, round(seconds, 2), counts, found)


def fine(what: str, about: str = "") -> Finding:
    return Finding("", Verdict.FINE, what, about)


def wrong(what: str, remedy: str, command: str = "", *, about: str = "", who: Who = Who.AZURE) -> Finding:
    return Finding("", Verdict.WRONG, what, about, remedy, command, who)


def unseen(what: str, remedy: str = "", command: str = "", *, about: str = "", who: Who = Who.NOBODY) -> Finding:
    return Finding("", Verdict.UNSEEN, what, about, remedy, command, who)


def of(link: str, findings: Iterable[Finding]) -> list[Finding]:
    """The findings, with the link that they are of; one that names its link already keeps it."""
    return [each if each.link else replace(each, link=link) for each in findings]
