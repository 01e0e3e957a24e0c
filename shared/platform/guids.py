"""The form of GUIDs: the ids of tenants, users, resource accounts and applications."""

from __future__ import annotations

import re

GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

_GUID = re.compile(GUID)


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None
