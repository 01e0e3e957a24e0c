"""The process's environment, which nothing else reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal


def process_environment() -> Mapping[str, str]:
    return os.environ


def azure_variable(name: Literal["WEBSITE_SITE_NAME", "WEBSITE_RESOURCE_GROUP", "AZURE_CLIENT_ID"]) -> str:
    """A variable by which Azure describes the app to itself; empty elsewhere."""
    return os.environ.get(name, "")


def add_to_environment(values: Mapping[str, str]) -> None:
    """Add the settings of a file to those of the process, which take precedence."""
    os.environ |= {**values, **os.environ}
