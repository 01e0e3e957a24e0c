from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from azure.communication.callautomation._generated import models
from azure.communication.callautomation._generated.aio import operations as generated
from azure.communication.callautomation._generated.operations import _operations as builders
from azure.communication.callautomation._version import VERSION
from azure.communication.identity._generated import models as identity_models
from azure.communication.identity._generated.operations import _operations as identity_builders
from azure.communication.identity._version import VERSION as IDENTITY_VERSION

from emulator.acs import wire
from emulator.acs.operations import (
    IDENTITY_OPERATIONS,
    IDENTITY_SDK_VERSION,
    OPERATIONS,
    SDK_VERSION,
)
from emulator.coverage import FILE, page

ROOT = Path(__file__).parents[2]
GROUPS = ("CallConnectionOperations", "CallMediaOperations", "CallRecordingOperations")
MIXIN = "azure_communication_call_automation_service"


def _generated_operations(module: Any = builders) -> dict[str, Any]:
    """The SDK's generated operations in CamelCase, each with the function that builds its request."""
    found = {}
    for name, builder in inspect.getmembers(module, inspect.isfunction):
        if match := re.fullmatch(
            rf"build_(?:{MIXIN}_|call_connection_|call_media_|call_recording_|)(\w+)_request", name
        ):
            found["".join(part.capitalize() for part in match[1].split("_"))] = builder
    return found


def test_the_table_is_about_the_installed_sdk() -> None:
    assert (VERSION, IDENTITY_VERSION) == (SDK_VERSION, IDENTITY_SDK_VERSION)
    assert all(hasattr(generated, group) for group in GROUPS)


def test_every_operation_of_the_sdk_is_routed() -> None:
    assert set(_generated_operations()) == {operation.name for operation in OPERATIONS}
    identities = {operation.name for operation in IDENTITY_OPERATIONS}
    assert set(_generated_operations(identity_builders)) == identities


@pytest.mark.parametrize("operation", [*OPERATIONS, *IDENTITY_OPERATIONS], ids=lambda operation: operation.name)
def test_an_operation_is_where_the_sdk_sends_it(operation: Any) -> None:
    builder = (_generated_operations() | _generated_operations(identity_builders))[operation.name]
    ids = [name for name in inspect.signature(builder).parameters if name != "kwargs"]
    request = builder(**dict.fromkeys(ids, "x"), headers={}, params={})
    path = re.sub(r"\{[^}]*\}", "x", operation.path)
    assert (request.method, request.url.partition("?")[0]) == (operation.method, path)
    assert ("Repeatability-Request-ID" in request.headers) is operation.repeatable


SDKS_OWN = (*wire.MODELS, *(name for name in wire.OTHER_MODELS if not name.startswith("TeamsExtension")))


@pytest.mark.parametrize("name", SDKS_OWN)
def test_a_model_has_the_fields_of_the_sdks_own(name: str) -> None:
    model = getattr(models, name, None) or getattr(identity_models, name)
    fields = {field.name: field.required for field in (wire.MODELS | wire.OTHER_MODELS)[name]}
    keys = {attribute: about["key"] for attribute, about in model._attribute_map.items()}
    required = {keys[attribute] for attribute, rule in model._validation.items() if rule.get("required")}
    assert fields == {key: key in required for key in keys.values()}


def test_the_page_in_the_docs_is_up_to_date() -> None:
    assert (ROOT / FILE).read_text(encoding="utf-8") == page(), "run `python -m emulator.coverage`"
