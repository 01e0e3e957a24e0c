"""The custom context of an invitation or a transfer: what of it reaches whom.

azure-docs, ``articles/communication-services/quickstarts/tpe/``, the quickstart for an IVR: SIP headers are for phone
numbers only; of the additional information on the caller, entries beyond ten are ignored; a topic has 48 characters at
most. The others' kinds of headers are documented in ``how-tos/call-automation/custom-context.md``.
"""

from __future__ import annotations

import itertools
from typing import Any

from emulator.acs.errors import invalid
from emulator.acs.identifiers import Identifier

MOST_INFORMATION = 10
LONGEST_TOPIC = 48
TEAMS = ("voipHeaders", "teamsPhoneCallDetails")
TAKEN = {
    "phoneNumber": ("sipHeaders",),
    "communicationUser": ("voipHeaders",),
    "microsoftTeamsUser": TEAMS,
    "microsoftTeamsApp": TEAMS,
    "teamsExtensionUser": TEAMS,
}
CustomContext = dict[str, Any]


def delivered(target: Identifier, context: CustomContext) -> tuple[CustomContext, list[str]]:
    """What reaches the target, and the names of the rest. Raises AcsError for a topic that is too long."""
    details = context.get("teamsPhoneCallDetails") or {}
    if len(details.get("callTopic") or "") > LONGEST_TOPIC:
        name = "customCallingContext.teamsPhoneCallDetails.callTopic"
        raise invalid(f"The field '{name}' has more than {LONGEST_TOPIC} characters.")
    given = {name: value for name, value in context.items() if value}
    taken = {name: value for name, value in given.items() if name in TAKEN.get(target["kind"], ())}
    ignored = [name for name in given if name not in taken]
    if "teamsPhoneCallDetails" in taken:
        taken["teamsPhoneCallDetails"], more = _details(details)
        ignored += more
    return taken, ignored


def _details(details: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Call details with the first ten entries on the caller, and the names of the others."""
    caller = details.get("teamsPhoneCallerDetails") or {}
    information = caller.get("additionalCallerInformation") or {}
    if len(information) <= MOST_INFORMATION:
        return details, []
    kept = dict(itertools.islice(information.items(), MOST_INFORMATION))
    ignored = [f"additionalCallerInformation.{name}" for name in information if name not in kept]
    return {**details, "teamsPhoneCallerDetails": {**caller, "additionalCallerInformation": kept}}, ignored
