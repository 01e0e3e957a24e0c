"""The row that a deploy finds: what this version added to a call is not in it."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest

from shared.storage import calls as store
from tests.simulation.plans import KINDS
from tests.simulation.storage import plain
from tests.simulation.versions import ADDED, as_before
from tests.simulation.world import Caller, Plan, live


def row() -> dict[str, Any]:
    life = live(Plan("row", callers=(Caller(0.0, 5.0),)))
    (entity,) = life.entities.values()
    return entity


def test_what_was_added_is_not_in_it() -> None:
    entity = row()
    assert set(ADDED) <= {*json.loads(entity["call"])}
    before = as_before(entity)
    assert not set(ADDED) & {*before, *json.loads(before["call"])}
    assert before["version"] == 1


def test_everything_else_is() -> None:
    entity = row()
    assert store._call(plain(as_before(entity))).timeline == store._call(plain(entity)).timeline


def test_a_long_call_is_compressed_there_too() -> None:
    entity = row()
    call = json.loads(entity.pop("call")) | {"took_part": [f"4:+1206555{n:04d}" for n in range(8000)], "tenant": "new"}
    packed = zlib.compress(json.dumps(call).encode())
    long = entity | {"call_z": base64.b64encode(packed).decode(), "call_z@odata.type": "Edm.Binary"}
    before = as_before(long)
    assert "call" not in before
    assert before["call_z@odata.type"] == "Edm.Binary"
    assert json.loads(store._joined(plain(before), "call")) == {k: v for k, v in call.items() if k not in ADDED}


@pytest.mark.parametrize("at", [0.05, 0.2, 1.0, 8.0, 30.0])
def test_a_deploy_at_any_moment_of_a_call_leaves_it_archived(at: float) -> None:
    assert "deploy" in KINDS
    life = live(Plan("deploy", callers=(Caller(0.0, 20.0),), deploys=(at,)))
    (entity,) = life.entities.values()
    assert (entity["state"], entity["recording"]) == ("ended", "archived")
