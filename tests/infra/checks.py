"""All checks of the infrastructure. Each returns a list of problems, so that mutations can show that it finds them."""

from __future__ import annotations

import re

from tests.infra import limits, schema, security, structure, subscriptions
from tests.infra.bicep import text_of
from tests.infra.project import Infra


def check_always_ready(infra: Infra) -> list[str]:
    """Callbacks and incoming calls have always-ready instances, under names that the platform accepts."""
    file, params = infra.files["function.bicep"], infra.files["main.bicep"].params
    entries = re.findall(r"{ name: '([\w:]+)', instanceCount: (\w+) }", file.source.decode())
    counts = {name.removeprefix("function:"): count for name, count in entries}
    unknown = counts.keys() - infra.functions("event_grid_trigger", "queue_trigger", "timer_trigger") - {"http"}
    problems = [f"always-ready instances of {name}, which is no function" for name in sorted(unknown)]
    for name in ("http", "incoming_call"):
        default = params[counts[name]].default if counts.get(name) in params else None
        if default is None or int(text_of(default)) < 1:
            problems.append(f"no instance is always ready for {name}")
    return problems


def check_storage_names(infra: Infra) -> list[str]:
    """All tables, queues and containers of local.json, which the local platform uses, are created."""
    names = infra.files["call-storage.bicep"].variables
    problems = []
    for kind in ("tables", "queues", "containers"):
        used = {int(index) for node in names.values() for index in re.findall(rf"names\.{kind}\[(\d)\]", text_of(node))}
        if used != set(range(len(infra.local["storage"][kind]))):
            problems.append(f"not all {kind} of local.json are created")
    return problems


def check_versions(infra: Infra) -> list[str]:
    """Deleted blobs are gone after soft deletion: versions would stay, since no rule deletes them."""
    return [
        f"{file.name}: old versions of blobs are never deleted"
        for file, each in infra.resources("Microsoft.Storage/storageAccounts/blobServices")
        if each.body.text("properties", "isVersioningEnabled") not in {"", "false"}
    ]


CHECKS = (
    *structure.CHECKS,
    *subscriptions.CHECKS,
    *security.CHECKS,
    *limits.CHECKS,
    *schema.CHECKS,
    check_always_ready,
    check_storage_names,
    check_versions,
)
