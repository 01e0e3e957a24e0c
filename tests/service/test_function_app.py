"""The functions that a Functions host indexes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from local.stack import LOCAL, ROOT

LIST = """
import json, sys
import function_app
functions = function_app.app.get_functions()
bindings = {f.get_function_name(): [b.get_dict_repr() for b in f.get_bindings()] for f in functions}
print(json.dumps({"bindings": bindings, "modules": sorted(sys.modules)}, default=str))
"""


@pytest.fixture(scope="module")
def indexed() -> dict[str, dict[str, list[dict[str, object]]]]:
    """The bindings and the imported modules, in a process with an empty environment."""
    done = subprocess.run([sys.executable, "-c", LIST], env={}, cwd=ROOT, capture_output=True, check=True)  # noqa: S603
    assert done.stderr == b""
    index: dict[str, dict[str, list[dict[str, object]]]] = json.loads(done.stdout)
    return index


def test_an_empty_environment_lists_every_function(indexed: dict[str, dict[str, list[dict[str, object]]]]) -> None:
    subscribed = {subscription["function"] for subscription in LOCAL["subscriptions"]}
    others = {"callbacks", "health", "api", "api_by_key", "wake_call", "refresh_directory", "sweep"}
    assert set(indexed["bindings"]) == subscribed | others


def test_subscribed_functions_are_event_grid_triggers(indexed: dict[str, dict[str, list[dict[str, object]]]]) -> None:
    for subscription in LOCAL["subscriptions"]:
        assert [b["type"] for b in indexed["bindings"][subscription["function"]]] == ["eventGridTrigger"]


def test_the_queue_of_the_trigger_exists(indexed: dict[str, dict[str, list[dict[str, object]]]]) -> None:
    (trigger,) = indexed["bindings"]["wake_call"]
    assert trigger["queueName"] in LOCAL["storage"]["queues"]
    assert trigger["connection"] == "CALL_STORAGE"


@pytest.mark.parametrize(
    "package",
    [
        *("azure.storage.blob", "azure.storage.queue", "azure.identity", "azure.eventgrid"),
        *("jwt", "cryptography", "azure.communication.identity", "shared.directory", "shared.api", "shared.doctor"),
    ],
)
def test_a_cold_start_loads_only_modules_that_an_answer_needs(
    indexed: dict[str, dict[str, list[dict[str, object]]]], package: str
) -> None:
    assert package not in indexed["modules"]
