"""Targets in bodies: each way to name a participant, and its raw id."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from shared.api.problems import Problem
from shared.api.v1.calls.targets import OneTarget, raw_id_of
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle

RESOURCE, TENANT = "ac5e0000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000001"
USER = "0000c0de-0000-4000-8000-0000000000a2"
CALL = Call(id="20261121-00112233445566778899aabbccddeeff", lifecycle=Lifecycle(tenant=TENANT))
CONTEXT: Any = SimpleNamespace(settings=SimpleNamespace(acs_resource_id=RESOURCE))


def target(body: dict[str, str]) -> OneTarget:
    return msgspec.convert(body, OneTarget)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"agent": USER.upper()}, f"8:acs:{RESOURCE}_{TENANT}_{USER}"),
        ({"number": "+498912345"}, "4:+498912345"),
        ({"teamsUser": USER.upper()}, f"8:orgid:{USER}"),
        ({"account": USER.upper()}, f"28:orgid:{USER}"),
        ({"rawId": "4:+498912345"}, "4:+498912345"),
    ],
)
def test_each_way_to_name_a_target_has_its_raw_id(body: dict[str, str], expected: str) -> None:
    assert raw_id_of(CONTEXT, CALL, target(body)) == expected


@pytest.mark.parametrize(
    "body",
    [{}, {"agent": USER, "number": "+498912345"}, {"number": "08912345"}, {"agent": "grace"}, {"name": "Grace"}],
)
def test_a_target_is_named_in_exactly_one_way_and_in_its_form(body: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        target(body)


@pytest.mark.parametrize(
    ("call", "body"), [(CALL, {"rawId": "grace"}), (Call(id=CALL.id), {"agent": USER})], ids=["form", "no tenant"]
)
def test_a_target_without_a_raw_id_is_a_problem(call: Call, body: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        raw_id_of(CONTEXT, call, target(body))
    assert refused.value.code == "BadBody"
    assert "rawId" in refused.value.detail
