"""Deliberate defects of commands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

import shared.acs.dtmf
import shared.api.v1.calls.command
import shared.calls.engine
from shared.calls import commands, operations
from shared.calls.effect import Wanted
from tests.simulation.mutant import Mutant


def _without_keys() -> list[Any]:
    def anew(*_: Any) -> str:
        return str(uuid.uuid4())

    return [patch.object(shared.api.v1.calls.command, "context_of", anew)]


def _without_repeatability() -> list[Any]:
    return [patch.object(shared.acs.dtmf, "repeatable", lambda _: {})]


def _again_until_its_outcome() -> list[Any]:
    performed = shared.calls.engine._performed

    def open_still(effect: Any, now: Any) -> Any:
        accepted = performed(effect, now)
        return replace(accepted, performed=False, due=now) if effect.wanted_by == "commands" else accepted

    return [patch.object(shared.calls.engine, "_performed", open_still)]


def _after_the_end() -> list[Any]:
    wanted = shared.calls.engine._wanted

    def whatever_the_state(call: Any, now: Any, capabilities: Any) -> Iterator[Any]:
        yield from wanted(call, now, capabilities)
        for context, requested in commands.in_order(call) if call.state.is_settled else ():
            if not requested.action.steps and not commands.is_over(call, context):
                yield "commands", context, Wanted(context, requested.action)

    return [patch.object(shared.calls.engine, "_wanted", whatever_the_state)]


def _unchecked() -> list[Any]:
    return [patch.object(shared.api.v1.calls.command, "_check", lambda *_: None)]


def _open_for_ever() -> list[Any]:
    def as_reported(_: Any, __: Any, outcome: Any) -> Any:
        return (outcome.status.value if outcome and outcome.is_final else "accepted"), None, None

    return [patch.object(shared.api.v1.calls.command, "_status", as_reported)]


def _latest_outcome() -> list[Any]:
    """Of two outcomes the one that came last counts."""

    def last(before: Any, context: str, outcome: Any) -> Any:
        return replace(before, outcomes=before.outcomes | {context: outcome})

    return [patch.object(operations, "_joined", last)]


COMMAND_MUTANTS: dict[str, Mutant] = {
    "keys-ignored": Mutant("each request is a command of its own", "11 one for each key", _without_keys),
    "no-repeatability": Mutant(
        "requests to ACS bear no repeatability id of the command", "10 carried out once", _without_repeatability
    ),
    "sent-again": Mutant(
        "a command that ACS has accepted is sent again until its outcome comes",
        "10 carried out once",
        _again_until_its_outcome,
    ),
    "after-the-end": Mutant(
        "commands are carried out whatever has become of the call", "14 nothing after the end", _after_the_end
    ),
    "unchecked": Mutant("commands are taken in every state of the call", "13 leaves no trace", _unchecked),
    "open-for-ever": Mutant("the end of a call is no outcome", "12 has an outcome", _open_for_ever),
    "last-outcome": Mutant("the outcome that comes last counts", "4 order-free", _latest_outcome),
}
