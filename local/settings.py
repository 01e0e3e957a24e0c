"""Settings on this machine: the sample, and what a run changes of it.

``local.settings.sample.json`` is generated from the table of settings (``make docs``): each has its default, but those
that lead to the emulator. A run takes a setting from ``SET="NAME=value …"`` of the make target, or else from the
environment, or else from ``local.settings.json``, or else from the sample.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from local.processes import NotStarted
from shared.platform.settings import Settings
from shared.platform.settings.environment import values_in
from shared.platform.settings.setting import SetBy
from shared.platform.settings.table import TABLE

ROOT = Path(__file__).parent.parent
SAMPLE_FILE = ROOT / "local.settings.sample.json"
OWN_FILE = ROOT / "local.settings.json"

# Azurite's published account: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

EMULATOR = "http://127.0.0.1:7080"
EMULATOR_TLS = "https://127.0.0.1:7443"
_TOPICS = "/subscriptions/50b00000-0000-4000-8000-000000000001/resourceGroups/local/providers/Microsoft.EventGrid"


def storage(blob: int = 10000, queue: int = 10001, table: int = 10002) -> str:
    """The connection string of Azurite at these ports."""
    services = {"Blob": blob, "Queue": queue, "Table": table}
    endpoints = "".join(f"{name}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};" for name, port in services.items())
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints}"


# Settings that the Functions host and OpenSSL read, and the app does not.
HOST_SETTINGS = {
    "FUNCTIONS_WORKER_RUNTIME": "python",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "2097152",
    "AzureWebJobsStorage": storage(),
    "SSL_CERT_FILE": ".local/emulator-tls.pem",
}

# Where the sample differs from the defaults: the emulator, and the prompts of the demo.
EMULATED = {
    "CALL_STORAGE": storage(),
    "ACS_ENDPOINT": EMULATOR,
    "ACS_ACCESS_KEY": "ZW11bGF0b3ItYWNjZXNzLWtleS1mb3ItbG9jYWwtdXNl",
    "ACS_RESOURCE_ID": "ac5e0000-0000-4000-8000-000000000001",
    "ACS_RECORDING_ENDPOINT": EMULATOR,
    "CALLBACK_BASE_URL": "http://127.0.0.1:7071",
    "CALLBACK_TOKEN_ISSUER": EMULATOR,
    "CALLBACK_TOKEN_KEYS_URL": f"{EMULATOR}/calling/keys",
    "EVENTS_TOPIC_ENDPOINT": f"{EMULATOR}/eventgrid/topics/call-events/api/events",
    "EVENTS_TOPIC_KEY": "ZW11bGF0ZWQtdG9waWMta2V5",
    "EVENTS_TOPIC_ID": f"{_TOPICS}/topics/call-events",
    "ACS_SYSTEM_TOPIC_ID": f"{_TOPICS}/systemTopics/acs",
    "API_CLIENT_ID": "a9100000-0000-4000-8000-0000000000a1",
    "API_CLIENT_SECRET": "emulator-client-secret",
    "API_TENANTS": "c0000000-0000-4000-8000-000000000001,f0000000-0000-4000-8000-000000000002",
    "API_KEY_ROLES": "Administrator",
    "ACS_IDENTITIES_PER_TENANT": "1000",
    "AZURE_AUTHORITY_HOST": EMULATOR_TLS,
    "GRAPH_ENDPOINT": EMULATOR_TLS,
    "RESOURCE_MANAGER_ENDPOINT": EMULATOR_TLS,
    "COGNITIVE_SERVICES_ENDPOINT": EMULATOR,  # it speaks texts, and understands phrases
    "RECORDING_ANNOUNCEMENT": "This call is recorded.",
    "UNRECORDED_NOTICE": "We cannot take this call right now. Please call again later.",
}

SECRETS = {"ACS_ACCESS_KEY", "EVENTS_TOPIC_KEY", "API_CLIENT_SECRET", "CALL_STORAGE"}


def sample() -> dict[str, str]:
    """The values of ``local.settings.sample.json``: those that need an identity, or Azure, are left out."""
    defaults = {name: each.default if isinstance(each.default, str) else "" for name, each in TABLE.items()}
    absent = {
        name for name, each in TABLE.items() if each.set_by is SetBy.PLATFORM or name.startswith("CALL_STORAGE__")
    }
    return HOST_SETTINGS | {name: EMULATED.get(name, text) for name, text in defaults.items() if name not in absent}


class Change(NamedTuple):
    """A setting of a run that differs from the sample, and its source."""

    value: str
    source: str


def changes(given: str, environment: Mapping[str, str], own_file: Path = OWN_FILE) -> dict[str, Change]:
    """The settings of a run that differ from the sample. Raises NotStarted if one is unknown, missing or invalid."""
    found: dict[str, Change] = {}
    for source, values in (
        (own_file.name, _values_of(own_file)),
        ("environment", environment),
        ("SET", _assignments(given)),
    ):
        found |= {name: Change(values[name], source) for name in TABLE if name in values}
    standard = sample()
    found = {name: change for name, change in found.items() if change.value != standard.get(name, "")}
    if problems := Settings(standard | values_of(found)).problems():
        raise NotStarted("\n".join(map(str, problems)))
    return found


def values_of(changed: Mapping[str, Change]) -> dict[str, str]:
    return {name: change.value for name, change in changed.items()}


def describe(changed: Mapping[str, Change]) -> str:
    """The changed settings, one a line; keys and secrets without their values. Empty if there are none."""
    lines = [f"  {name}={_shown(name, change.value)}  ({change.source})" for name, change in changed.items()]
    return "\n".join(["Settings that differ from local.settings.sample.json:", *lines, ""]) if lines else ""


def _shown(name: str, value: str) -> str:
    return "…" if name in SECRETS and value else value


def _values_of(path: Path) -> dict[str, str]:
    """The settings of a file that need not be there."""
    try:
        return values_in(path) if path.exists() else {}
    except ValueError as error:
        raise NotStarted(str(error)) from None


def _assignments(given: str) -> dict[str, str]:
    """The pairs of ``NAME=value``, separated by spaces; quotes keep the spaces of a value."""
    try:
        words = shlex.split(given)
    except ValueError as error:
        raise NotStarted(f"SET cannot be read: {error}.") from None
    for word in words:
        if word.partition("=")[0] not in TABLE or "=" not in word:
            raise NotStarted(f"SET has {word!r}: write NAME=value, with a name of docs/settings.md.")
    return dict(word.split("=", 1) for word in words)
