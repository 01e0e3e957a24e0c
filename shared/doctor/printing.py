"""The report on a terminal: a line for each link, what mends it below, and the sum."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby

from shared.doctor.report import Finding, Report, Verdict, Who

MARKS = {Verdict.FINE: "✓", Verdict.WRONG: "✗", Verdict.UNSEEN: "?"}
COLOURS = {Verdict.FINE: "32", Verdict.WRONG: "31", Verdict.UNSEEN: "33"}
WIDTH = 18  # of the names of links


def lines(report: Report, *, colour: bool) -> Iterator[str]:
    """Links that are fine throughout take one line, whatever they consist of."""
    for link, each in groupby(report.findings, key=lambda finding: finding.link):
        findings = list(each)
        if len(findings) > 1 and all(finding.verdict is Verdict.FINE for finding in findings):
            yield from _lines(
                findings[0], link, f"{findings[0].what} ({len(findings)} of {len(findings)})", colour=colour
            )
            continue
        for finding in findings:
            about = f"{finding.about}: " if finding.about else ""
            yield from _lines(finding, link, f"{about}{finding.what}", colour=colour)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in report.counts.items())
    yield ""
    yield f"{counts}, in {report.seconds:.1f} s"


def _lines(finding: Finding, link: str, what: str, *, colour: bool) -> Iterator[str]:
    yield f"{_painted(MARKS[finding.verdict], finding.verdict, colour=colour)} {link:<{WIDTH}} {what}"
    if finding.verdict is Verdict.FINE:
        return
    indent = " " * 4
    if finding.remedy:
        yield f"{indent}{finding.remedy}"
    if finding.who is not Who.NOBODY:
        yield f"{indent}Who: {finding.who}"
    if finding.command:
        yield f"{indent}$ {finding.command}"


def _painted(text: str, verdict: Verdict, *, colour: bool) -> str:
    return f"\x1b[{COLOURS[verdict]}m{text}\x1b[0m" if colour else text


def progress(findings: list[Finding]) -> None:
    """Tell which link was looked at last, in a line that the next one overwrites."""
    worst = next((v for v in (Verdict.WRONG, Verdict.UNSEEN) if any(f.verdict is v for f in findings)), Verdict.FINE)
    sys.stderr.write(f"\r\x1b[K{MARKS[worst]} {findings[0].link if findings else ''}")
    sys.stderr.flush()
