"""The states, the catalogue of result codes, and the imports of the domain core."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shared.calls.capabilities.lifecycle import BY_DECISION, IMPLIED_STATE, Decision
from shared.calls.result_codes import CATALOGUE, SUB_CODES, Disposition, look_up
from shared.calls.state import CallState, higher

PURE = sorted((Path(__file__).parents[2] / "shared/calls").rglob("*.py"))
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
    "shared.service.app",
}


def test_the_state_of_a_call_only_rises_and_ended_is_final() -> None:
    for before in CallState:
        for implied in CallState:
            assert higher(before, implied).rank >= before.rank
        assert higher(CallState.ENDED, before) is CallState.ENDED


def test_every_decision_implies_a_state() -> None:
    assert set(BY_DECISION) == set(Decision)
    assert CallState.NEW not in {*BY_DECISION.values(), *IMPLIED_STATE.values()}


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.name)
def test_the_core_neither_awaits_nor_reads_a_clock_nor_imports_other_layers(path: Path) -> None:
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


def test_every_result_code_of_the_catalogue_is_found_and_has_a_remedy() -> None:
    for outcome in CATALOGUE:
        assert look_up(outcome.code, outcome.sub_code) is outcome
        assert outcome.meaning
        assert outcome.remedy.endswith(".")
    assert len({(each.code, each.sub_code) for each in CATALOGUE}) == len(CATALOGUE)
    for each in SUB_CODES:
        assert look_up(999, each.sub_code).meaning == each.meaning
        assert each.remedy.endswith(".")
    assert len({each.sub_code for each in SUB_CODES}) == len(SUB_CODES)


@pytest.mark.parametrize(
    ("code", "sub_code", "disposition", "meaning"),
    [
        (400, 8565, Disposition.FINAL, "the AI service failed"),
        (429, 8565, Disposition.TRANSIENT, "the AI service has too many requests"),
        (480, 8541, Disposition.FINAL, "the callee is not available"),
        (500, 8541, Disposition.FINAL, "the callee is not available"),
        (400, 9999, Disposition.FINAL, "ACS failed"),
        (503, 9998, Disposition.TRANSIENT, "ACS failed"),
        (403, 1, Disposition.FINAL, "the app may not do this"),
    ],
)
def test_a_pair_is_looked_up_by_both_codes_then_by_its_sub_code_then_by_its_code(
    code: int, sub_code: int, disposition: Disposition, meaning: str
) -> None:
    found = look_up(code, sub_code)
    assert (found.code, found.sub_code) in {(code, sub_code), (code, 0)}
    assert (found.disposition, found.meaning) == (disposition, meaning)


@pytest.mark.parametrize(
    ("code", "sub_code", "verdict"),
    [
        (400, 8559, Disposition.ALREADY),
        (429, 1, Disposition.TRANSIENT),
        (500, 1, Disposition.TRANSIENT),
        (503, 0, Disposition.TRANSIENT),
        (408, 1, Disposition.TRANSIENT),
        (400, 1, Disposition.FINAL),
        (403, 1, Disposition.FINAL),
        (603, 1, Disposition.FINAL),
    ],
)
def test_an_unknown_code_is_classified_by_its_hundred(code: int, sub_code: int, verdict: Disposition) -> None:
    assert look_up(code, sub_code).disposition is verdict


def test_the_engine_names_no_capability_and_capabilities_do_not_import_each_other() -> None:
    for path in PURE:
        tree = ast.parse(path.read_text())
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if path.name != "__init__.py":
            assert not any(name.startswith("shared.calls.capabilities") for name in imported), path
