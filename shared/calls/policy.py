"""The policies of one call."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ANNOUNCEMENT = "announcement"  # the step that plays it
RESOURCE_ACCOUNT = "28:orgid:"  # the prefix of raw ids of Teams resource accounts; their object id follows


class CallPolicy(Struct, frozen=True, omit_defaults=True):
    """How a call is handled, fixed when the call is first seen.

    ``accounts`` are the object ids or raw ids of the resource accounts to answer for; empty means all.
    ``announcement`` and ``notice`` are text to speak or, when they begin with http, the URL of an audio file.
    ``recording_container`` is the URL of a container that ACS writes recordings to, in place of its own storage.
    ``emergency_numbers`` are further ones than those of ``emergency.CODES``. ``events``: whether the call publishes
    events for other applications.
    """

    accounts: tuple[str, ...] = ()
    incoming: Literal["answer", "busy", "forbidden"] = "answer"
    record: bool = True
    channels: Literal["mixed", "unmixed"] = "unmixed"
    announcement: str = ""
    on_recording_failure: Literal["continue", "end"] = "continue"
    notice: str = ""
    recording_container: str | None = None
    emergency_numbers: tuple[str, ...] = ()
    events: bool = False

    def includes(self, raw_id: str) -> bool:
        """Whether calls to the account are answered: it is listed by its raw id or its object id, in either case."""
        listed, raw_id = {account.lower() for account in self.accounts}, raw_id.lower()
        return not listed or raw_id in listed or resource_account(raw_id) in listed


def resource_account(raw_id: str) -> str | None:
    """The object id of a Teams resource account from its raw id ``28:orgid:{object id}``; None for others."""
    return raw_id.removeprefix(RESOURCE_ACCOUNT) if raw_id.startswith(RESOURCE_ACCOUNT) else None
