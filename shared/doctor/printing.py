"""The report on a terminal: a line for each check, its remedy below, and the counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby

from shared.doctor.report import CheckStatus, Finding, Owner, Report

MARKS = {CheckStatus.FINE: "✓", CheckStatus.WRONG: "✗", CheckStatus.UNSEEN: "?"}
COLOURS = {CheckStatus.FINE: "32", CheckStatus.WRONG: "31", CheckStatus.UNSEEN: "33"}
WIDTH = 18  # of the names of checks


def lines(report: Report, *, colour: bool) -> Iterator[str]:
    """A check with several findings takes one line if all of them are fine."""
    for check, each in groupby(report.findings, key=lambda finding: finding.check):
        findings = list(each)
        if len(findings) > 1 and all(finding.status is CheckStatus.FINE for finding in findings):
            yield from _lines(
                findings[0], check, f"{findings[0].what} ({len(findings)} of {len(findings)})", colour=colour
            )
            continue
        for finding in findings:
            about = f"{finding.about}: " if finding.about else ""
            yield from _lines(finding, check, f"{about}{finding.what}", colour=colour)
    counts = ", ".join(f"{count} {status}" for status, count in report.counts.items())
    yield ""
    yield f"{counts}, in {report.seconds:.1f} s"


def _lines(finding: Finding, check: str, what: str, *, colour: bool) -> Iterator[str]:
    yield f"{_painted(MARKS[finding.status], finding.status, colour=colour)} {check:<{WIDTH}} {what}"
    if finding.status is CheckStatus.FINE:
        return
    indent = " " * 4
    if finding.remedy:
        yield f"{indent}{finding.remedy}"
    if finding.owner is not Owner.NONE:
        yield f"{indent}Owner: {finding.owner}"
    if finding.command:
        yield f"{indent}$ {finding.command}"


def _painted(text: str, status: CheckStatus, *, colour: bool) -> str:
    return f"\x1b[{COLOURS[status]}m{text}\x1b[0m" if colour else text


def progress(findings: list[Finding]) -> None:
    """Show the check that finished last, in a line that the next one overwrites."""
    worst = next(
        (v for v in (CheckStatus.WRONG, CheckStatus.UNSEEN) if any(f.status is v for f in findings)), CheckStatus.FINE
    )
    sys.stderr.write(f"\r\x1b[K{MARKS[worst]} {findings[0].check if findings else ''}")
    sys.stderr.flush()
