"""What the version before this one would have written: a deploy in mid-call finds such rows."""

from __future__ import annotations

import base64
import re
from typing import Any

import msgspec

from shared.storage import calls as store
from tests.simulation.storage import plain

# Fields of a call that the version before did not know, and its number.
ADDED = ("tenant", "callee_name", "callee_number")
VERSION = 1
_PIECE = re.compile(r"(call(_z)?(_\d+)?|" + "|".join(ADDED) + r")(@odata\.type)?")


def as_before(properties: dict[str, Any]) -> dict[str, Any]:
    """A call's entity, as it is on the wire, without what this version added to it; the same if there is nothing."""
    call = msgspec.json.decode(store._joined(plain(properties), "call"))
    known = {name: value for name, value in call.items() if name not in ADDED}
    for failure in known.get("recording_failures", {}).values():
        failure.pop("until", None)
    written = {name: value for name, value in properties.items() if not _PIECE.fullmatch(name)}
    return written | _pieces(msgspec.json.encode(known)) | {"version": min(VERSION, properties["version"])}


def _pieces(encoded: bytes) -> dict[str, Any]:
    pieces = store._pieces("call", msgspec.Raw(encoded))
    found: dict[str, Any] = {}
    for name, piece in pieces.items():
        binary = isinstance(piece, bytes)
        found[name] = base64.b64encode(piece).decode() if binary else piece
        found[f"{name}@odata.type"] = "Edm.Binary" if binary else "Edm.String"
    return found
