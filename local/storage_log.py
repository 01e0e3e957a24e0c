"""The requests that Azurite has logged."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from shared.service.processor import CONFLICT

# Requests that belong to no call: the sweep's scans, and the copying of the resource accounts. A process reads that
# copy once, which counts.
NO_CALLS = (
    "GET calls()",
    "PUT directory",
    "GET directory(Part",
    "GET directory()?$filter=PartitionKey%20eq",
)
_LINE = re.compile(r'"(\w+) /(?:devstoreaccount1/)?(\S*) HTTP/[\d.]+" (\d+)')


@dataclass(frozen=True)
class StorageRequest:
    method: str
    path: str  # with its query, without the account
    status: int

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def polls(self) -> bool:
        """Whether it is the host's own: it polls queues, and deletes messages."""
        return self.method != "POST" and "/messages" in self.path

    @property
    def kind(self) -> str:
        if self.path == "$batch":  # a call's row, with its rows of lists
            return "row write"
        if self.path.startswith(("calls", "Tables")):
            table = "index" if self.path.startswith("callsindex") else "row"
            return f"{table} {'read' if self.method == 'GET' else 'write'}"
        for table, name in (("directory", "directory"), ("agents", "agent"), ("plans", "plan")):
            if self.path.startswith(table):
                return f"{name} {'read' if self.method == 'GET' else 'write'}"
        return "wake" if "/messages" in self.path else f"blob {self.method.lower()}"


def storage_requests(logs: Path) -> list[StorageRequest]:
    """All that Azurite has logged so far, but for the host's polling of its queues."""
    found = _LINE.findall((logs / "azurite.log").read_text())
    requests = [StorageRequest(method, path, int(status)) for method, path, status in found]
    return [request for request in requests if not request.polls]


def conflicts_logged(logs: Path) -> int:
    """How many conflicts the host's processes have logged. Azurite's log does not show those of transactions."""
    text = CONFLICT.removeprefix("call %s: ")
    return sum(log.read_text().count(text) for log in logs.glob("host*.log"))


@dataclass(frozen=True)
class Cost:
    """The storage requests of a call. Conflicts depend on timing, and are counted apart: each is a write that fails and
    one more read of the row.
    """

    requests: tuple[StorageRequest, ...]
    conflicts: int

    @classmethod
    def of(cls, requests: list[StorageRequest], conflicts: int) -> Cost:
        return cls(tuple(request for request in requests if not str(request).startswith(NO_CALLS)), conflicts)

    @property
    def count(self) -> int:
        return len(self.requests) - 2 * self.conflicts

    def __str__(self) -> str:
        kinds = Counter(request.kind for request in self.requests)
        for kind in ("row write", "row read"):
            kinds[kind] -= self.conflicts
        return ", ".join([*(f"{count} {kind}" for kind, count in kinds.most_common()), f"{self.conflicts} conflicts"])
