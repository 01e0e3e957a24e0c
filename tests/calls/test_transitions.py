"""The table of transitions, and the promises the pure wing makes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shared.calls.call import PROVES, TRANSITIONS, State
from shared.calls.result_codes import CATALOGUE, Verdict, look_up

PURE = sorted((Path(__file__).parents[2] / "shared/calls").glob("*.py"))
IMPURE = {
    "asyncio",
    "azure",
    "aiohttp",
    "time",
    "random",
    "logging",
    "os",
    "socket",
    "shared.platform",
    "shared.service",
}


def test_the_table_has_an_answer_for_every_state_and_event() -> None:
    assert set(TRANSITIONS) == {(state, proof) for state in State for proof in PROVES}


def test_a_call_only_rises_and_the_end_absorbs_everything() -> None:
    for (state, _), after in TRANSITIONS.items():
        assert after.rank >= state.rank
    assert {after for (state, _), after in TRANSITIONS.items() if state is State.ENDED} == {State.ENDED}


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.name)
def test_the_pure_wing_neither_awaits_nor_reads_a_clock_nor_imports_the_world(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Await | ast.AsyncFunctionDef)
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "utcnow", "today"}
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert not any(name == bad or name.startswith(f"{bad}.") for bad in IMPURE), name


def test_every_outcome_of_the_catalogue_is_found_and_says_what_to_do() -> None:
    for outcome in CATALOGUE:
        assert look_up(outcome.code, outcome.sub_code) is outcome
        assert outcome.meaning
        assert outcome.remedy.endswith(".")


@pytest.mark.parametrize(
    ("code", "sub_code", "verdict"),
    [
        (400, 8559, Verdict.ALREADY),
        (429, 1, Verdict.TRANSIENT),
        (500, 1, Verdict.TRANSIENT),
        (503, 0, Verdict.TRANSIENT),
        (408, 1, Verdict.TRANSIENT),
        (400, 1, Verdict.FINAL),
        (403, 1, Verdict.FINAL),
        (603, 1, Verdict.FINAL),
    ],
)
def test_an_unknown_code_is_judged_by_its_class(code: int, sub_code: int, verdict: Verdict) -> None:
    assert look_up(code, sub_code).verdict is verdict
