"""Lists of calls: the rows that make each list a range of keys.

Beside the row of a call, in its partition and written in one transaction with it, stand a row for the list of its
account, one for that of its tenant and, unless the call has simply ended, one for that of its state. They hold the
columns of a list. A write that leases effects leaves them for the next write, which brings the effects' outcome: what
is urgent does not wait for lists.

``callsindex`` has a row for each number and each agent of a call, which only name the call.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from shared.calls.capabilities import Call
from shared.calls.identities import number_of, user_of
from shared.calls.policy import resource_account
from shared.calls.state import CallState
from shared.storage.keys import keys_of, newest_first_key

PREFIX = "list "  # of the row keys: they sort after those of calls
MARKER = "listed"  # property of a call's row: a digest of the listed columns, and the lists that it is in
COLUMNS = (
    "state",
    "tenant",
    "callee",
    "callee_name",
    "callee_number",
    "caller",
    "caller_name",
    "called_at",
    "connected_at",
    "ended_at",
    "recording_status",
    "recording_reason",
    "is_outbound",
    "present",
    "ringing",
    "step",
)
_NAME = re.compile(r"(account|tenant) [0-9a-z-]{1,64}|state [a-z ]+")
_encoder = msgspec.json.Encoder(order="deterministic")


class Change(Struct, frozen=True):
    """The rows of lists to write and to delete, and the marker of the call's row."""

    marker: str
    written: tuple[dict[str, Any], ...]
    deleted: tuple[dict[str, Any], ...]


def change(call_id: str, entity: Mapping[str, Any], marker: str) -> Change | None:
    """What the lists need after a call's row has become ``entity``; None if nothing. ``marker`` is the row's own."""
    columns = {name: entity[name] for name in COLUMNS if name in entity}
    names = names_of(columns)
    now = f"{hashlib.sha256(_encoder.encode(columns)).hexdigest()[:8]}|{'|'.join(names)}"
    if now == marker:
        return None
    left = [name for name in marker.split("|")[1:] if name and name not in names]
    account = {"account": account} if (account := account_of(columns)) else {}
    written = tuple(_keys(call_id, name) | columns | account for name in names)
    return Change(now, written, tuple(_keys(call_id, name) for name in left))


def names_of(columns: Mapping[str, Any]) -> list[str]:
    """The lists that a call is in."""
    found = [f"account {account_of(columns)}", f"tenant {columns.get('tenant', '').lower()}"]
    found += [] if columns["state"] == CallState.ENDED else [f"state {columns['state']}"]
    return [name for name in found if _NAME.fullmatch(name)]


def account_of(columns: Mapping[str, Any]) -> str | None:
    """The object id of the resource account that was called; None for other callees."""
    return (resource_account(columns.get("callee") or "") or "").lower() or None


def row_key(name: str, key: str) -> str:
    return f"{PREFIX}{name} {key}"


def _keys(call_id: str, name: str) -> dict[str, Any]:
    partition, key = keys_of(call_id)
    return {"PartitionKey": partition, "RowKey": row_key(name, key)}


# -- Numbers and agents ------------------------------------------------------------------------------------------


def number_partition(number: str) -> str:
    return f"number {number}"


def agent_partition(user: str) -> str:
    return f"agent {user}"


def indexed(call: Call) -> set[str]:
    """The partitions of the index that a call has a row in: the number of its caller or of those whom a client calls on
    behalf of the account, its agents, and the client's request. A call of another application has none.
    """
    if call.state is CallState.NOT_OURS:
        return set()
    people = {*call.participants.all_participants, *call.participants.invited}
    parties = (call.lifecycle.caller or "", *call.on_behalf_of.callees)
    numbers = {number_partition(number) for number in map(number_of, parties) if number}
    agents = {agent_partition(user) for user in map(user_of, people) if user}
    requests = {call.on_behalf_of.request} if call.on_behalf_of.request else set()
    return agents | requests | numbers


def request_name(user: str, id: str) -> str:
    """The partition of a client's request in the index, by the user's object id and the request id."""
    return f"request {hashlib.sha256(f'{user.lower()} {id}'.encode()).hexdigest()}"


def index_row(call_id: str, partition: str) -> dict[str, Any]:
    return {"PartitionKey": partition, "RowKey": newest_first_key(call_id)}
