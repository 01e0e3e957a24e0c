"""The commands on plans, and the plans of the documentation."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local.stack import ROOT
from shared.calls.plans.checking import check
from shared.calls.plans.reading import read
from shared.service.dry_run import Situation, dry_run

PLANS = sorted((ROOT / "docs/plans").glob("*.json"))


async def command(*arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


WAYS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "menu-then-agents": ({"keys": ["1"], "answers": {"agents": ["accepted"]}}, ["welcome", "agents", "bye"]),
    "menu-then-transfer": ({"keys": ["1"]}, ["menu", "sales"]),
    "office-hours": ({"keys": ["2"]}, ["hours", "closed", "bye"]),
    "account-number": (
        {"keys": ["12345678"], "answers": {"lookup": "premium", "premium": ["declined", "accepted"]}},
        ["account", "lookup", "premium", "bye"],
    ),
    "agents-with-waiting": (
        {"answers": {"agents": "unavailable", "colleague": "voicemail"}},
        ["welcome", "agents", "colleague", "sorry", "bye"],
    ),
}


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_plans_of_the_documentation_are_valid_and_lead_somewhere(path: Path) -> None:
    plan = read(path.read_bytes())
    assert check(plan, has_speech=True) == ()
    given, way = WAYS[path.stem]
    situation = msgspec.convert({"at": "2026-11-22T19:00:00", **given}, Situation)
    assert [step.visit.partition(".")[0] for step in dry_run(plan, situation).steps] == way


async def test_the_dry_run_of_a_plan_is_printed_in_words() -> None:
    options = ("--at", "2026-11-22T19:00", "--keys", "9 1")
    code, output = await command("local.dry_run", "--plan", "docs/plans/menu-then-transfer.json", *options)
    assert code == 0
    assert "+12065550100 calls on Sunday, 22 November 2026, at 19:00 (UTC)." in output
    assert output.count("the caller hears 'Thank you for calling Contoso.") == 2
    assert "→ sales: pressed 1" in output
    assert "s: transferred." in output


async def test_a_document_that_is_no_plan_is_refused_by_the_path_of_the_field() -> None:
    plan = ROOT / ".local/tests-no-plan.json"
    plan.parent.mkdir(exist_ok=True)
    plan.write_text('{"start": "a", "steps": {"a": {"type": "play", "then": "a"}}}')
    code, output = await command("local.dry_run", "--plan", str(plan))
    assert code == 1
    assert "steps.a" in output


async def test_a_plan_is_drawn_as_svg_and_as_mermaid_text() -> None:
    plan, picture = "docs/plans/office-hours.json", ROOT / ".local/tests-plan.svg"
    code, output = await command("local.draw", "--plan", plan, "--out", str(picture))
    assert (code, picture.read_text()[:4]) == (0, "<svg")
    assert str(picture) in output
    code, output = await command("local.draw", "--plan", plan, "--format", "mermaid")
    assert (code, output.splitlines()[0]) == (0, "flowchart TD")
