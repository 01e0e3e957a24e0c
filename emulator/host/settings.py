"""App settings, host.json, and the connections they name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The account every storage emulator has: "Connect to the emulator with the well-known account",
# articles/storage/common/storage-connect-azurite.md
DEV_ACCOUNT = "devstoreaccount1"
DEV_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
DEV_STORAGE = (
    f"DefaultEndpointsProtocol=http;AccountName={DEV_ACCOUNT};AccountKey={DEV_KEY};"
    f"BlobEndpoint=http://127.0.0.1:10000/{DEV_ACCOUNT};QueueEndpoint=http://127.0.0.1:10001/{DEV_ACCOUNT};"
    f"TableEndpoint=http://127.0.0.1:10002/{DEV_ACCOUNT};"
)
TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?")


class BadSettings(ValueError):
    """A setting or a file of settings that cannot be used; the text names it."""


@dataclass(frozen=True)
class HostSettings:
    """The settings in host.json that this host supports. The defaults are those of "host.json reference for Azure
    Functions" (articles/azure-functions/functions-host-json.md) and of the queue trigger's page
    (functions-bindings-storage-queue.md, "host.json settings").
    """

    route_prefix: str = "api"
    visibility_timeout: int = 0  # seconds until a message whose function failed is visible again
    max_dequeue_count: int = 5
    batch_size: int = 16
    new_batch_threshold: int = 8  # half the batch; the real host multiplies it by the number of cores
    message_encoding: str = "base64"  # or "none"
    max_polling_interval: float = 60.0
    function_timeout: float | None = 1800.0  # of every plan but Consumption: 30 minutes; None is no limit


def read_host_json(path: Path) -> HostSettings:
    """The settings of a host.json; the defaults if there is none. Raises BadSettings."""
    if not path.exists():
        return HostSettings()
    whole = _object(path)
    extensions = _part(whole, "extensions", path)
    http, queues = _part(extensions, "http", path), _part(extensions, "queues", path)
    found: dict[str, Any] = {
        "route_prefix": _string(http, "routePrefix"),
        "visibility_timeout": _seconds(queues, "visibilityTimeout"),
        "max_dequeue_count": _whole(queues, "maxDequeueCount"),
        "batch_size": _whole(queues, "batchSize", most=32),  # storage gives at most 32 messages at once
        "new_batch_threshold": _whole(queues, "newBatchThreshold"),
        "message_encoding": _encoding(queues),
        "max_polling_interval": _seconds(queues, "maxPollingInterval"),
    }
    if found["batch_size"] and not found["new_batch_threshold"]:
        found["new_batch_threshold"] = found["batch_size"] // 2
    settings = {name: value for name, value in found.items() if value is not None}
    if "functionTimeout" in whole:
        unlimited = whole["functionTimeout"] == "-1"
        settings["function_timeout"] = None if unlimited else _seconds(whole, "functionTimeout")
    return HostSettings(**settings)


def read_values(path: Path) -> dict[str, str]:
    """The ``Values`` of a local.settings.json. Raises BadSettings."""
    whole = _object(path)
    if whole.get("IsEncrypted"):
        raise BadSettings(f"{path}: IsEncrypted is not supported here; `func settings decrypt` undoes it")
    values = _part(whole, "Values", path)
    for name, value in values.items():
        if not isinstance(value, str):
            raise BadSettings(f"{path}: the value of {name!r} is not a string: app settings are strings")
    return values


def apply(values: Mapping[str, str], environment: MutableMapping[str, str]) -> None:
    """Set the values as environment variables. Existing ones take precedence, as with Core Tools."""
    for name, value in values.items():
        environment.setdefault(name, value)


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """``%NAME%`` replaced by the setting of that name ("Binding expressions: app settings",
    functions-bindings-expressions-patterns.md). Raises BadSettings.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if not environment.get(name):
            raise BadSettings(f"%{name}%: there is no app setting of that name")
        return environment[name]

    return re.sub(r"%([^%]+)%", value, text)


@dataclass(frozen=True)
class Connection:
    """Where a storage queue is: by connection string, or by address and identity."""

    string: str | None = None
    queue_service: str | None = None


def connection(name: str, environment: Mapping[str, str]) -> Connection:
    """The connection a binding names, as the host looks for it: by its name, or with the prefix AzureWebJobs;
    a connection string, or identity-based with ``__queueServiceUri`` ("Connections",
    functions-bindings-storage-queue-trigger.md). Raises BadSettings.
    """
    name = name or "AzureWebJobsStorage"
    for candidate in (name, f"AzureWebJobs{name}"):
        if string := environment.get(candidate):
            return Connection(string=DEV_STORAGE if "UseDevelopmentStorage=true" in string else string)
        for suffix in ("queueServiceUri", "serviceUri"):
            if address := environment.get(f"{candidate}__{suffix}"):
                return Connection(queue_service=address)
        if account := environment.get(f"{candidate}__accountName"):
            return Connection(queue_service=f"https://{account}.queue.core.windows.net")
    raise BadSettings(f"connection {name!r}: there is neither a setting {name} nor {name}__queueServiceUri")


def seconds(text: str) -> float:
    """A .NET TimeSpan (``[d.]hh:mm:ss``) in seconds. Raises ValueError."""
    match = TIME_SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not of the form hh:mm:ss")
    days, hours, minutes, secs = (int(part or 0) for part in match.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + secs)


def _object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadSettings(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise BadSettings(f"{path} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadSettings(f"{path} is not a JSON object")
    return value


def _part(whole: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    part = whole.get(name) or {}
    if not isinstance(part, dict):
        raise BadSettings(f"{path}: {name!r} is not an object")
    return part


def _string(part: dict[str, Any], name: str) -> str | None:
    value = part.get(name)
    return None if value is None else str(value)


def _seconds(part: dict[str, Any], name: str) -> float | None:
    if part.get(name) is None:
        return None
    try:
        return seconds(str(part[name]))
    except ValueError as error:
        raise BadSettings(f"host.json: {name!r}: {error}") from error


def _whole(part: dict[str, Any], name: str, most: int = 2**31) -> int | None:
    value = part.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or not 1 <= value <= most:
        raise BadSettings(f"host.json: {name!r} is a whole number from 1 to {most}, not {value!r}")
    return value


def _encoding(queues: dict[str, Any]) -> str | None:
    value = queues.get("messageEncoding")
    if value is not None and str(value).lower() not in ("base64", "none"):
        raise BadSettings(f"host.json: 'messageEncoding' is base64 or none, not {value!r}")
    return None if value is None else str(value).lower()
