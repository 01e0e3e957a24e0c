"""Settings on this machine: the sample, and what a run changes of it.

``local.settings.sample.json`` is generated from the table of settings (``make docs``): each has its default, but those
that lead to the emulator. A run takes the sample, then what ``local.settings.json`` has otherwise, then the
environment, then ``SET="NAME=value …"`` of the make targets, the last one first.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from shared.platform.settings import Settings
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


# What the Functions host and OpenSSL read, and the app does not.
PLUMBING = {
    "FUNCTIONS_WORKER_RUNTIME": "python",
    "AzureWebJobsStorage": storage(),
    "SSL_CERT_FILE": ".local/emulator-tls.pem",
}

# Where the sample departs from the defaults: the emulator, and what there is to be heard in a demonstration.
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
    "AZURE_AUTHORITY_HOST": EMULATOR_TLS,
    "GRAPH_ENDPOINT": EMULATOR_TLS,
    "RESOURCE_MANAGER_ENDPOINT": EMULATOR_TLS,
    "RECORDING_ANNOUNCEMENT": "This call is recorded.",
    "UNRECORDED_NOTICE": "We cannot take this call right now. Please call again later.",
}


class BadSettings(Exception):
    """A setting of a local run cannot be used. The text names it and says what to do."""


def sample() -> dict[str, str]:
    """The values of ``local.settings.sample.json``: those that need an identity, or Azure, are left out."""
    defaults = {name: each.default if isinstance(each.default, str) else "" for name, each in TABLE.items()}
    absent = {
        name for name, each in TABLE.items() if each.set_by is SetBy.PLATFORM or name.startswith("CALL_STORAGE__")
    }
    return PLUMBING | {name: EMULATED.get(name, text) for name, text in defaults.items() if name not in absent}


def overrides(given: str, environment: Mapping[str, str], own_file: Path = OWN_FILE) -> dict[str, str]:
    """The settings that a run changes. Raises BadSettings for what is no assignment or no setting."""
    standard = sample()
    own = json.loads(own_file.read_text())["Values"] if own_file.exists() else {}
    in_file = {name: str(value) for name, value in own.items() if name in TABLE and value != standard.get(name)}
    in_environment = {name: environment[name] for name in TABLE if name in environment}
    return in_file | in_environment | _assignments(given)


def _assignments(given: str) -> dict[str, str]:
    found = dict(word.partition("=")[::2] for word in shlex.split(given))
    for word in shlex.split(given):
        if "=" not in word or word.partition("=")[0] not in TABLE:
            raise BadSettings(f"{word!r} sets no setting: write NAME=value, with a NAME of docs/settings.md.")
    return found


def check(environment: Mapping[str, str]) -> None:
    """Raise BadSettings, with what the app would report, if it cannot run with these settings as they are meant."""
    if problems := Settings(environment).problems():
        raise BadSettings("\n".join(map(str, problems)))
