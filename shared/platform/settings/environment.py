"""The process's environment. Nothing else in the app reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal


def process_environment() -> Mapping[str, str]:
    return os.environ


def azure_variable(name: Literal["WEBSITE_SITE_NAME", "WEBSITE_RESOURCE_GROUP", "AZURE_CLIENT_ID"]) -> str:
    """A variable by which Azure describes the app to itself; empty elsewhere."""
    return os.environ.get(name, "")


def add_to_environment(file: Path) -> None:
    """Add the settings of a file to those of the process, which take precedence. Raises ValueError as ``values_in``."""
    os.environ |= {**values_in(file), **os.environ}


def values_in(file: Path) -> dict[str, str]:
    """The ``Values`` of a file in the form of ``local.settings.json``. Raises ValueError, whose text names the file."""
    try:
        return {name: str(value) for name, value in json.loads(file.read_text())["Values"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"no settings can be read from {file}: {type(error).__name__}") from None
