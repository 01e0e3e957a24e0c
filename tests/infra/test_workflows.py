"""The workflows and azure.yaml: pinned actions, minimal permissions, names that exist."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Parser

from local.stack import ROOT
from tests.infra.bicep import walk

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_the_release_in_a_comment(path: Path) -> None:
    uses = re.findall(r"uses: (.+)", path.read_text())
    assert uses
    for each in uses:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_only_the_permissions_of_its_jobs(path: Path) -> None:
    text = path.read_text()
    assert "\npermissions: {}\n" in text
    granted = set(re.findall(r"^      ([\w-]+: \w+)", text, flags=re.MULTILINE)) & {
        f"{what}: write" for what in ("contents", "packages", "actions", "id-token", "pull-requests", "checks")
    }
    assert granted <= ({"id-token: write"} if path.name == "azure-dev.yml" else set())


def test_no_workflow_has_a_secret() -> None:
    assert not any("secrets." in path.read_text() for path in WORKFLOWS)


def test_templates_are_compiled_and_previewed_before_a_deployment() -> None:
    deploy = (ROOT / ".github/workflows/azure-dev.yml").read_text()
    for word in ("az bicep lint", "az bicep build", "what-if", "--preview", "needs: preview"):
        assert word in deploy
    assert "az bicep build" in (ROOT / ".github/workflows/ci.yml").read_text()
    # A runner has no .azure/: without a refresh every deployment looks like the first.
    assert deploy.index("azd env refresh") < deploy.index("azd env get-values")


def test_both_jobs_pass_every_variable_of_azd() -> None:
    """A missing one would silently have its default: calls recorded despite RECORDING=off."""
    parameters = (ROOT / "infra/main.parameters.json").read_text()
    of_azd = set(re.findall(r"\$\{(\w+)", parameters))
    jobs = (ROOT / ".github/workflows/azure-dev.yml").read_text().split("    env:\n")[1:]
    assert len(jobs) == 2
    for job in jobs:
        handed = dict(re.findall(r"^      (\w+): \$\{\{ vars\.(\w+) }}$", job, flags=re.MULTILINE))
        assert set(handed) == of_azd | {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"}
        assert all(name == variable for name, variable in handed.items())


def test_the_federated_subjects_are_those_that_github_issues() -> None:
    """GitHub's immutable subjects, ``repo:OWNER@ID/REPO@ID:…``, are the default of repositories since 15 July 2026.

    Microsoft Entra documentation, "Migrate GitHub Actions federated credentials to immutable subjects"; azd trusts
    ``sub_claim_prefix`` of the same API (Azure/azure-dev pull request 9430). Only the instructions are checked here.
    """
    head, _, jobs = (ROOT / ".github/workflows/azure-dev.yml").read_text().partition("\nname:")
    environments = set(re.findall(r"^    environment: (\S+)$", jobs, re.MULTILINE))
    assert environments == set(re.findall(r"PREFIX:environment:([\w-]+)", head))
    assert "actions/oidc/customization/sub --jq .sub_claim_prefix" in head
    assert "repo:OWNER@OWNER_ID/REPO@REPO_ID" in head


def test_workflows_run_existing_make_targets() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for path in WORKFLOWS:
        assert set(re.findall(r"\bmake ([a-z]+)", path.read_text())) <= targets


def test_the_files_named_in_azure_yaml_exist() -> None:
    text = (ROOT / "azure.yaml").read_text()
    hooks = re.findall(r"run: (infra\S+)", text)
    assert hooks == ["infra/hooks/postdeploy.sh", "infra/hooks/postdeploy.ps1"]
    assert all((ROOT / hook).exists() for hook in hooks)
    assert os.access(ROOT / hooks[0], os.X_OK)
    assert (ROOT / "infra/main.bicep").exists()
    assert text.count("continueOnError: false") == text.count("run: ")
    assert (ROOT / "console/settings.mjs").exists()


@pytest.mark.parametrize("path", sorted((ROOT / "infra").rglob("*.ps1")), ids=lambda path: path.name)
def test_powershell_can_be_parsed(path: Path) -> None:
    """Parsed only: PowerShell is not available to the tests."""
    root = Parser(Language(tree_sitter_powershell.language())).parse(path.read_bytes()).root_node
    wrong = [node.start_point[0] + 1 for node in walk(root) if node.is_missing or node.type == "ERROR"]
    assert not wrong, f"{path.name}, lines {wrong}"
