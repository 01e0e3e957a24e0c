"""Who is in a call, apart from the app itself."""

from __future__ import annotations

from typing import Any

from shared.calls.call import BaseCall
from shared.calls.identities import Kind, is_among, is_same, kind_of
from shared.calls.policy import RESOURCE_ACCOUNT


def is_teams_phone(call: BaseCall) -> bool:
    return (_lifecycle(call).callee or "").startswith(RESOURCE_ACCOUNT)


def others(call: BaseCall) -> list[str]:
    """Those in the call, without the app itself: the resource account or, in a Teams Phone call, an ACS user."""
    own_kinds = {Kind.ACS_USER} if is_teams_phone(call) else set()
    callee = _lifecycle(call).callee or ""
    present = _participants(call).present
    return [each for each in present if kind_of(each) not in own_kinds and not is_same(each, callee)]


def caller_of(call: BaseCall) -> str | None:
    """The caller or, where the platform does not name one, the only other participant."""
    if caller := _lifecycle(call).caller:
        return str(caller)
    present = others(call)
    return present[0] if len(present) == 1 else None


def caller_has_left(call: BaseCall) -> bool:
    """Whether the caller was in the call, and is no longer."""
    caller, people = _lifecycle(call).caller, _participants(call)
    return bool(caller) and is_among(caller, people.joined_at) and not is_among(caller, people.present)


def _lifecycle(call: BaseCall) -> Any:
    """The part of the capability, which every composed call has."""
    return call.lifecycle  # type: ignore[attr-defined]


def _participants(call: BaseCall) -> Any:
    return call.participants  # type: ignore[attr-defined]
