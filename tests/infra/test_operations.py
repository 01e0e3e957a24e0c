"""Roles against operations, and what the check finds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from local.stack import ROOT
from tests.infra.operations import USES, Use, check_operations
from tests.infra.security import ROLES

OF_THE_APP = {scope: roles for (_, principal, scope), roles in ROLES.items() if principal == "appPrincipalId"}


def test_the_roles_allow_every_operation_of_the_app() -> None:
    assert list(check_operations(ROOT, OF_THE_APP)) == []


def test_releasing_a_message_needs_more_than_the_roles_for_triggers_in_the_documentation() -> None:
    """MicrosoftDocs/azure-docs#120932."""
    documented = {
        "Storage Queue Data Reader",
        "Storage Queue Data Message Processor",
        "Storage Queue Data Message Sender",
    }
    problems = list(check_operations(ROOT, OF_THE_APP | {"storage::queues::wakes": documented}))
    assert problems == ["storage::queues::wakes: no role of the app allows update_message"]


@pytest.mark.parametrize("resource", USES)
def test_a_missing_role_is_noticed(resource: str) -> None:
    assert any(resource in problem for problem in check_operations(ROOT, OF_THE_APP | {resource: set()}))


@pytest.mark.parametrize(
    ("name", "old", "new", "operation"),
    [
        ("wakes.py", ".send_message(", ".clear_messages(", "storage::queues::wakes: no role of the app allows clear_m"),
        # Contributor may write blobs and not their index tags.
        ("archive.py", "overwrite=False,", "overwrite=False, tags={},", "no role of the app allows upload_blob(tags=)"),
    ],
)
def test_a_new_operation_is_noticed(name: str, old: str, new: str, operation: str, tmp_path: Path) -> None:
    for folder in ("shared", "emulator"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("node_modules"))
    path = tmp_path / "shared/storage" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert any(operation in problem for problem in check_operations(tmp_path, OF_THE_APP))


def test_a_role_on_the_container_does_not_allow_links_to_be_signed(tmp_path: Path) -> None:
    """Get User Delegation Key acts on the account, where the app has a role for it alone."""
    (tmp_path / "links.py").write_text("key = await self._service.get_user_delegation_key(start, end)")
    for resource, problems in (
        ("storage", []),
        (
            "storage::blobs::recordings",
            ["storage::blobs::recordings: no role of the app allows get_user_delegation_key"],
        ),
    ):
        assert list(check_operations(tmp_path, OF_THE_APP, {resource: [Use("links.py")]})) == problems
