"""What azd writes into the console before it deploys it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CONSOLE = Path(__file__).parents[2] / "console"
OUTPUTS = {
    "FUNCTION_APP_HOST": "func-x.azurewebsites.net",
    "ACS_ENDPOINT": "https://acs-x.communication.azure.com",
    "AZURE_TENANT_ID": "home",
    "API_CLIENT_ID": "api",
    "CONSOLE_CLIENT_ID": "console",
}


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "dist").mkdir()
    shutil.copy(CONSOLE / "settings.mjs", tmp_path)
    shutil.copy(CONSOLE / "public/staticwebapp.config.json", tmp_path / "dist")
    return tmp_path


def write(build: Path, **environment: str) -> tuple[Any, str]:
    """The settings and the file of headers after a run; the output of a failed one raises."""
    command = ["node", "settings.mjs"]
    path = {"PATH": os.environ["PATH"]}
    subprocess.run(command, cwd=build, env=path | environment, check=True, capture_output=True, text=True)  # noqa: S603
    settings = json.loads((build / "dist/config.json").read_text())
    return settings, (build / "dist/staticwebapp.config.json").read_text()


def test_the_settings_come_from_the_outputs_of_the_infrastructure(build: Path) -> None:
    settings, rules = write(build, **OUTPUTS)
    assert settings == {
        "api": "https://func-x.azurewebsites.net/api/v1",
        "apiClientId": "api",
        "clientId": "console",
        "authority": "https://login.microsoftonline.com/home",
        "calls": "acs",
        "acsEndpoint": "https://acs-x.communication.azure.com",
        "embedders": [],
    }
    # Of the console and of the page that others embed.
    assert rules.count("connect-src 'self' https://func-x.azurewebsites.net ") == 2
    json.loads(rules)


def test_a_second_deployment_of_one_build_changes_nothing(build: Path) -> None:
    assert write(build, **OUTPUTS) == write(build, **OUTPUTS)


def test_several_tenants_sign_in_where_entra_finds_out_whose_an_account_is(build: Path) -> None:
    settings, _ = write(build, **OUTPUTS, API_TENANTS="home,other")
    assert settings["authority"] == "https://login.microsoftonline.com/organizations"


def test_without_an_api_nothing_is_deployed(build: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        write(build, **OUTPUTS | {"FUNCTION_APP_HOST": ""})
    assert "run azd provision" in failed.value.stderr


def test_the_page_that_others_embed_has_the_policy_of_the_console_but_for_recordings() -> None:
    rules = json.loads((CONSOLE / "public/staticwebapp.config.json").read_text())
    guest = next(each for each in rules["routes"] if each["route"] == "/guest")
    own, embedded = (each["Content-Security-Policy"] for each in (rules["globalHeaders"], guest["headers"]))
    without_files = own.replace(" https://*.blob.core.windows.net", "")
    assert embedded == without_files.replace("frame-ancestors 'self'", "frame-ancestors https: http://localhost:*")


def test_the_sites_that_embed_the_guests_page_are_listed(build: Path) -> None:
    settings, _ = write(build, **OUTPUTS, CONSOLE_EMBEDDERS="https://www.contoso.com, https://shop.contoso.com")
    assert settings["embedders"] == ["https://www.contoso.com", "https://shop.contoso.com"]
