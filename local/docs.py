"""Documents that are generated from the code: ``python -m local.docs`` writes them.

A test holds that they are up to date.
"""

from __future__ import annotations

from itertools import groupby

from emulator import coverage
from local.stack import ROOT
from shared.calls.call import PROVES, TRANSITIONS, State
from shared.calls.outcomes import CATALOGUE

MEANINGS = {
    State.NEW: "nothing is known yet",
    State.RINGING: "IncomingCall came in time, and is being answered or rejected",
    State.NOT_OURS: "the resource account is not on the list of ours: left alone",
    State.MISSED: "it had rung out before it could be answered",
    State.REFUSED: "ACS did not take the answer",
    State.REJECTED: "the policy is not to take calls",
    State.ANSWERED: "ACS accepted the answer",
    State.FAILED: "answered, but the call could not be set up",
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
    """docs/errors.md: the catalogue of result codes."""
    rows = [f"| {o.code}/{o.sub_code} | {o.meaning} | {o.verdict.value} | {o.remedy} |" for o in CATALOGUE]
    return "\n".join(
        [
            "# Result codes",
            "",
            "Generated from `shared/calls/outcomes.py` by `make docs`; do not edit.",
            "",
            "`code/subCode` as ACS reports them in `resultInformation`, or as HTTP status and `error.code`. A",
            "*transient* failure can pass, a *final* one does not, and *already* means that what was asked for is so",
            "already. Codes that are not listed are judged by their first part: 408, 425, 429 and 5xx are transient.",
            "",
            "| code | meaning | verdict | what to do |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _id(state: State) -> str:
    return state.value.replace(" ", "_")


GENERATED = {"docs/calls.md": calls, "docs/errors.md": outcomes, "docs/emulator-coverage.md": coverage.page}


def main() -> None:
    for name, render in GENERATED.items():
        (ROOT / name).write_text(render())
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
