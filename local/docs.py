"""Documents that are generated from the code: ``python -m local.docs`` writes them.

A test holds that they are up to date.
"""

from __future__ import annotations

import json
from itertools import groupby

from emulator import coverage
from local.stack import ROOT
from shared.api.openapi import document
from shared.api.routes import ROUTES
from shared.calls.call import PROVES, TRANSITIONS, State
from shared.calls.result_codes import CATALOGUE, REFUSALS, Refusal, Source

MEANINGS = {
    State.NEW: "nothing is known yet",
    State.RINGING: "IncomingCall came in time, and is being answered or rejected",
    State.NOT_OURS: "the resource account is not on the list of ours: left alone",
    State.MISSED: "it had rung out before it could be answered",
    State.REFUSED: "ACS did not take the answer",
    State.REJECTED: "the policy is not to take calls",
    State.ANSWERED: "ACS accepted the answer",
    State.FAILED: "answered, but the call could not be set up, or nothing was ever heard of it",
    State.CONNECTED: "the caller and the app are in the call",
    State.ENDED: "the call is over",
}


LIVE = {State.NEW, State.RINGING, State.ANSWERED, State.CONNECTED}


def calls() -> str:
    """docs/calls.md: the states, their diagram and the table of transitions."""
    rises = [(a, proof, b) for (a, proof), b in TRANSITIONS.items() if a is not b]
    arrows = []
    for (a, b), group in groupby(sorted(rises, key=lambda r: (r[0].rank, r[2].rank)), key=lambda r: (r[0], r[2])):
        proofs = [proof for _, proof, _ in group if a is not State.NEW or proof.startswith("IncomingCall")]
        if proofs and a in LIVE:
            arrows.append(f"    {_id(a)} --> {_id(b)}: {', '.join(proofs)}")
    states = [f"| {state.rank} | **{state.value}** | {MEANINGS[state]} |" for state in State]
    table = [f"| {proof} | {state.value} |" for proof, state in PROVES.items()]
    return "\n".join(
        [
            "# The states of a call",
            "",
            "Generated from `shared/calls/call.py` by `make docs`; do not edit.",
            "",
            "A call only ever rises in rank. An event proves a state; the call goes there unless it has risen further",
            "already. So every order of the same events leads to the same state, and an event that comes again",
            "changes nothing.",
            "",
            "| rank | state | meaning |",
            "|---|---|---|",
            *states,
            "",
            "## What proves what",
            "",
            "| event | proves |",
            "|---|---|",
            *table,
            "",
            "`Answered`, `AnswerRefused` and `Rejected` are what ACS said to our request, `Found` is what",
            "`GET /callConnections/{id}` said, and `Woken` is the passing of time. All others are events of the",
            "platform.",
            "",
            "## The diagram",
            "",
            "Drawn from the table for the states that a call lives in. Any other event may be the first as well: then",
            "*new* goes straight to what it proves. The settled states (not ours, missed, refused, rejected, failed)",
            "rise in the same way when the platform proves that the call was answered after all.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            "    [*] --> new",
            *arrows,
            "    ended --> [*]",
            "```",
            "",
        ]
    )


def outcomes() -> str:
    """docs/errors.md: the catalogues of result codes and of refusals."""
    rows = [f"| {o.code}/{o.sub_code} | {o.meaning} | {o.verdict.value} | {o.remedy} |" for o in CATALOGUE]
    return "\n".join(
        [
            "# Errors",
            "",
            "Generated from `shared/calls/result_codes.py` by `make docs`; do not edit.",
            "",
            "- [Result codes](#result-codes) of calls",
            *(f"- Refusals: [{_SOURCES[source][0]}](#{_heading(source)})" for source in _SOURCES),
            "",
            "## Result codes",
            "",
            "`code/subCode` as ACS reports them in `resultInformation`, or as HTTP status and `error.code`. A",
            "*transient* failure can pass, a *final* one does not, and *already* means that what was asked for is so",
            "already. Codes that are not listed are judged by their first part: 408, 425, 429 and 5xx are transient.",
            "",
            "| code | meaning | verdict | what to do |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Refusals",
            "",
            "Why something of the directory can't be had, and what the app's own API answers then. A code that is not",
            "listed is judged by the status it came with: 408, 425, 429 and 5xx are transient, all others final.",
            "",
            *(line for source in _SOURCES for line in _refusals(source)),
        ]
    )


_SOURCES: dict[Source, tuple[str, str]] = {
    "Entra": ("Microsoft Entra ID", "By the number in Entra's text. It refuses the exchange of a caller's token."),
    "Graph": ("Microsoft Graph", "By `error.code`."),
    "ACS": ("Azure Communication Services", "Of identities and access: by `error.code`, or else by HTTP status."),
    "Teams": ("Teams", "What is missing in the set-up of a resource account."),
    "here": ("The app itself", "What the app refuses before it asks anybody, and where nobody answered."),
}


def _heading(source: Source) -> str:
    return _SOURCES[source][0].lower().replace(" ", "-")


def _refusals(source: Source) -> list[str]:
    name, note = _SOURCES[source]
    rows = [_refusal(refusal) for refusal in REFUSALS if refusal.source == source]
    head = "| code | meaning | verdict | our answer | what to do |"
    return [f"### {name}", "", note, "", head, "|---|---|---|---|---|", *rows, ""]


def _refusal(r: Refusal) -> str:
    """A row, with an anchor to link to."""
    anchor = f'<a id="{r.anchor}"></a>'
    return f"| {anchor}{r.code} | {r.meaning} | {r.verdict.value} | {r.status} | {r.remedy} |"


def openapi() -> str:
    """docs/openapi.json: the API, as the running app describes it."""
    return json.dumps(document(ROUTES), indent=2) + "\n"


def _id(state: State) -> str:
    return state.value.replace(" ", "_")


GENERATED = {
    "docs/calls.md": calls,
    "docs/errors.md": outcomes,
    "docs/openapi.json": openapi,
    "docs/emulator-coverage.md": coverage.page,
}


def main() -> None:
    for name, render in GENERATED.items():
        (ROOT / name).write_text(render())
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
