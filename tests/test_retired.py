"""What Microsoft retires of Azure Communication Services is used nowhere, and SDKs with breaking changes in few files.

Source: "Retirement and breaking changes guide for Azure Communication Services"; docs/retirement.md.
"""

from __future__ import annotations

import re

import pytest

from local.stack import ROOT
from tests.test_layout import DEPLOYED, imports_of

RETIRED = ("chat", "rooms", "jobrouter", "sms", "email", "messages", "phonenumbers")
PAGE = (ROOT / "docs/retirement.md").read_text()


@pytest.mark.parametrize("folder", ["shared", "emulator", "local", "tests"])
def test_no_sdk_of_a_retired_service_is_imported(folder: str) -> None:
    retired = tuple(f"azure.communication.{name}" for name in RETIRED)
    for path in (ROOT / folder).rglob("*.py"):
        assert not [name for name in imports_of(path) if name.startswith(retired)], path


def test_no_resource_of_a_retired_service_is_deployed() -> None:
    bicep = "\n".join(path.read_text() for path in (ROOT / "infra").rglob("*.bicep"))
    types = set(re.findall(r"'Microsoft\.Communication/(\S+)@", bicep))
    assert types == {"communicationServices"}, "email and SMS are retired"


def test_the_page_names_each_file_that_uses_an_sdk_with_breaking_changes() -> None:
    users = [p for p in DEPLOYED if any(name.startswith("azure.communication") for name in imports_of(p))]
    named = re.findall(r"`(shared/[^`]+)`", PAGE)
    for path in (str(path.relative_to(ROOT)) for path in users):
        assert any(path.startswith(each) for each in named), f"{path} is not in docs/retirement.md"
