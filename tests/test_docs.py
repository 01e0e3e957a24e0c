"""What is generated is up to date, and what is written by hand agrees with the code."""

from __future__ import annotations

import json
import re

import pytest

from local.docs import GENERATED
from local.stack import ROOT

PLUMBING = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"}


@pytest.mark.parametrize("name", GENERATED)
def test_generated_documents_are_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text() == GENERATED[name](), "run `make docs`"


def test_the_readme_lists_every_setting_of_the_sample() -> None:
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), flags=re.MULTILINE))
    assert set(values) - PLUMBING <= listed
    assert {name for name in listed if name.isupper()} - {"AZURE_CLIENT_ID", "AZURE_TOKEN_CREDENTIALS"} <= (
        set(values) | {"WEBSITE_HOSTNAME"} | {name for name in listed if name.startswith("CALL_STORAGE__")}
    )


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "emulator/README.md"]:
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"
